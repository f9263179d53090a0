// Telephone numbers as people write them: what of the digits is the number itself.
//
// Guarantees
// - `+49 (0)30 1234567`, `0049 30 1234567`, `030/1234567` and `30 1234567` have the same digits; the first two also say the country. In North
//   America so do `+1 312 555 0100`, `1-312-555-0100` and `(312) 555-0100`; but eleven digits with a 1 in front are as well a number of another
//   country that begins so, as `+86 138 1234 5678` and `+49 1511 2345678`. The form keeps that 1, and the key leaves it out.
// - What cannot be a number that somebody is reached at has no form: fewer than six digits or more than fifteen, one digit all along.

enum PhoneNumber {
    /// Digits that a number has, without country and trunk prefix: E.164 ends at fifteen, and what is shorter is an extension.
    static let digitCounts = 6...15

    /// Country codes of E.164 that have two digits; 1 and 7 are those of one, all others have three.
    private static let twoDigitCodes: Set<Int> = [
        20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60, 61,
        62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98,
    ]

    /// Appends the number's digits, then, where it says its country, `+` and the country's. False, with nothing appended, where it is no
    /// number.
    ///
    /// - Parameter folded: the folded text, in which all digits are ASCII.
    static func form(_ folded: ArraySlice<UInt8>, into bytes: inout [UInt8]) -> Bool {
        var (digits, isInternational) = digits(of: folded)
        if !isInternational, digits.starts(with: [zero, zero]) {
            isInternational = true
            digits.removeFirst(2)
        }
        var country: [UInt8] = []
        if isInternational {
            country = Array(digits.prefix(countryLength(digits)))
            digits.removeFirst(country.count)
        }
        let number = digits.drop { $0 == zero }
        let key = key(number)
        guard let first = key.first, digitCounts.contains(number.count), key.contains(where: { $0 != first }) else {
            return false
        }
        bytes += number
        if !country.isEmpty {
            bytes.append(plus)
            bytes += country
        }
        return true
    }

    /// The part of a form that two numbers have in common when they may be the same: the digits, without a 1 that North America may have dialled.
    static func key(_ form: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = form.prefix { $0 != plus }
        return digits.count == 11 && digits.first == zero + 1 ? digits.dropFirst() : digits
    }

    /// Whether two forms are of one number: the same digits, and not of two countries; or, where one has a 1 in front and no country, North
    /// America's with and without its trunk prefix.
    static func areSame(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Bool {
        let (left, right) = (parts(a), parts(b))
        if left.digits.elementsEqual(right.digits) {
            return left.country.isEmpty || right.country.isEmpty || left.country.elementsEqual(right.country)
        }
        return isWithTrunk(left, right) || isWithTrunk(right, left)
    }

    /// A form's digits, and its country.
    private typealias Parts = (digits: ArraySlice<UInt8>, country: ArraySlice<UInt8>)

    private static func parts(_ form: ArraySlice<UInt8>) -> Parts {
        let digits = form.prefix { $0 != plus }
        return (digits, form[digits.endIndex...].dropFirst())
    }

    /// Whether the first number is the other one behind North America's 1; its numbers have ten digits.
    private static func isWithTrunk(_ long: Parts, _ short: Parts) -> Bool {
        let one = zero + 1
        return long.country.isEmpty && (short.country.isEmpty || short.country.elementsEqual([one]))
            && short.digits.count == 10 && long.digits.first == one
            && long.digits.dropFirst().elementsEqual(short.digits)
    }

    private static let zero = UInt8(ascii: "0")
    private static let plus = UInt8(ascii: "+")

    /// The digits up to an extension: to a letter, `#` or `;` behind six digits. A zero in brackets is not dialled from abroad.
    private static func digits(of text: ArraySlice<UInt8>) -> (digits: [UInt8], isInternational: Bool) {
        var digits: [UInt8] = []
        var isInternational = false
        for byte in text {
            switch byte {
            case 0x30...0x39: digits.append(byte)
            case plus where digits.isEmpty: isInternational = true
            case 0x61...0x7A, UInt8(ascii: "#"), UInt8(ascii: ";"):
                if digits.count >= digitCounts.lowerBound { return (digits, isInternational) }
            default: break
            }
            // More cannot be a number, however long the text is.
            if digits.count > 40 { return ([], false) }
        }
        return (digits, isInternational)
    }

    private static func countryLength(_ digits: [UInt8]) -> Int {
        guard digits.count >= 2 else { return 0 }
        if digits[0] == zero + 1 || digits[0] == zero + 7 { return 1 }
        return twoDigitCodes.contains(Int(digits[0] - zero) * 10 + Int(digits[1] - zero)) ? 2 : min(3, digits.count)
    }
}

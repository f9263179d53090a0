// CAST. A text that is no value of the type is an error that shows it; numbers are cut off at the point or, into a decimal,
// rounded.

extension Evaluator {
    func cast(
        _ function: ScalarFunction,
        _ vector: Vector,
        _ operands: [Bound],
        to type: QueryType,
        _ count: Int
    ) throws(QueryError) {
        let from = operands[0].type
        if function == .castText { return try castToText(vector, from, count) }
        if from.isText { try readTexts(vector, type, count) }
        switch function {
        case .castInteger: try castToInteger(vector, from, count)
        case .castDecimal: try castToDecimal(vector, from, operands, type, count)
        case .castDouble: if !from.isText { toDouble(vector, from, count) }
        case .castBoolean:
            for index in 0..<count where !from.isText && vector.isValid(index) {
                vector.numbers[index] = vector.numbers[index] == 0 ? 0 : 1
            }
        case .castDate:
            for index in 0..<count where from == .instant && vector.isValid(index) {
                vector.numbers[index] = Int64(environment.calendar.day(vector.numbers[index]))
            }
        default: break
        }
    }

    /// Texts as values: numbers as floating point or, for exact types, in `type`'s units.
    private func readTexts(_ vector: Vector, _ type: QueryType, _ count: Int) throws(QueryError) {
        for index in 0..<count where vector.isValid(index) {
            let text = String(decoding: vector.texts[index], as: UTF8.self)
            guard let number = read(text.trimmingBlanks, type) else {
                throw QueryError(.type, "'\(text.shortened)' cannot be cast to \(type.name)")
            }
            vector.numbers[index] = number
        }
    }

    private func read(_ text: String, _ type: QueryType) -> Int64? {
        switch type {
        case .integer:
            guard case .integer(let number)? = Self.decimal(text)?.cut else { return nil }
            return number
        case .decimal(let scale):
            guard let value = Self.decimal(text) else { return nil }
            return value.scale > scale
                ? Self.divided(value.units, by: Decimal64.powersOfTen[Int(value.scale - scale)])
                : value.rescaled(to: scale)?.units
        case .double:
            guard let real = Double(text), real.isFinite else { return nil }
            return Int64(bitPattern: real.bitPattern)
        case .date:
            return CalendarText.date(text).map(Int64.init)
                ?? CalendarText.instant(text).map { Int64(environment.calendar.day($0)) }
        case .instant: return CalendarText.instant(text)
        case .boolean:
            switch text.lowercased() {
            case "yes", "true", "1": return 1
            case "no", "false", "0": return 0
            default: return nil
            }
        default: return nil
        }
    }

    private static func decimal(_ text: String) -> Decimal64? {
        switch Value(number: text) {
        case .integer(let number): Decimal64(units: number, scale: 0)
        case .decimal(let decimal) where text.utf8.contains { $0 &- 0x30 < 10 }: decimal
        default: nil
        }
    }

    private func castToInteger(_ vector: Vector, _ from: QueryType, _ count: Int) throws(QueryError) {
        if from == .double {
            for index in 0..<count where vector.isValid(index) {
                guard let number = Int64(exactly: vector.double(index).rounded(.towardZero)) else {
                    throw Self.overflow()
                }
                vector.numbers[index] = number
            }
        } else if from.scale > 0 {
            let unit = Decimal64.powersOfTen[Int(from.scale)]
            for index in 0..<count where vector.isValid(index) { vector.numbers[index] /= unit }
        }
    }

    private func castToDecimal(
        _ vector: Vector,
        _ from: QueryType,
        _ operands: [Bound],
        _ type: QueryType,
        _ count: Int
    ) throws(QueryError) {
        guard case .number(let digits) = operands[1].node else { return }
        let largest = Decimal64.powersOfTen[Int(digits)]
        for index in 0..<count where vector.isValid(index) {
            if from == .double {
                let scaled =
                    Self.rounded(vector.double(index), Int(type.scale))
                    * Double(Decimal64.powersOfTen[Int(type.scale)])
                guard let units = Int64(exactly: scaled.rounded()) else { throw Self.overflow() }
                vector.numbers[index] = units
            } else if !from.isText {
                let number = vector.numbers[index]
                if from.scale > type.scale {
                    vector.numbers[index] = Self.divided(
                        number,
                        by: Decimal64.powersOfTen[Int(from.scale - type.scale)]
                    )
                } else {
                    guard let value = Decimal64(units: number, scale: from.scale).rescaled(to: type.scale) else {
                        throw Self.overflow()
                    }
                    vector.numbers[index] = value.units
                }
            }
            guard vector.numbers[index].magnitude < largest.magnitude else {
                throw QueryError(
                    .overflow,
                    "\(Decimal64(units: vector.numbers[index], scale: type.scale)) has more than \(digits) digits"
                )
            }
        }
    }

    private func castToText(_ vector: Vector, _ from: QueryType, _ count: Int) throws(QueryError) {
        for index in 0..<count {
            guard vector.isValid(index) else {
                vector.texts[index] = UnsafeBufferPointer(start: nil, count: 0)
                continue
            }
            let number = vector.numbers[index]
            let text: String =
                switch from.value(number) {
                case .boolean(let truth): truth ? "yes" : "no"
                case .integer(let number): String(number)
                case .option(let number): String(number)
                case .decimal(let decimal): decimal.description
                case .double(let real): real.description
                case .date(let days): CalendarText.text(days: days)
                case .instant(let microseconds): CalendarText.text(microseconds: microseconds)
                case .reference(let id): schema.text(of: id)
                case .null, .text: ""
                }
            vector.texts[index] = try keep(text)
        }
    }

    /// A text in the arena.
    private func keep(_ text: String) throws(QueryError) -> UnsafeBufferPointer<UInt8> {
        let utf8 = text.utf8
        let place = try room(utf8.count)
        for (offset, byte) in utf8.enumerated() { place[offset] = byte }
        return UnsafeBufferPointer(start: place, count: utf8.count)
    }
}

extension Decimal64 {
    /// The number cut off at the point.
    fileprivate var cut: Value { .integer(units / Decimal64.powersOfTen[Int(scale)]) }
}

extension String {
    fileprivate var trimmingBlanks: String {
        var rest = self[...]
        while rest.first == " " { rest = rest.dropFirst() }
        while rest.last == " " { rest = rest.dropLast() }
        return String(rest)
    }
}

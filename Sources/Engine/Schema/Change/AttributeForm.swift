// The forms that an attribute's type can have: what each is called, what it takes, and both ways between a type and that.
//
// This is the only list of them: files, their errors, the bytes of a document, `diff`, `export` and the documentation follow
// from it. A new `AttributeType` gets one entry in `AttributeForm.all`, and a new parameter one case in
// `AttributeParameter`.

/// What a form may take. Names are those of files, numbers those of the document's bytes.
public enum AttributeParameter: UInt8, Sendable, CaseIterable, Comparable {
    /// Characters of a text at most.
    case length = 1
    /// Digits behind the point.
    case digits = 2
    /// The smallest number.
    case minimum = 3
    /// The largest number.
    case maximum = 4
    /// Name of a shared option set.
    case set = 5
    /// Names of the entities that a lookup may refer to.
    case to = 6
    /// What an auto-number looks like.
    case format = 7
    /// What a calculated attribute is computed from.
    case expression = 8
    /// The form of what is computed.
    case result = 9
    /// Content types that a file may have.
    case types = 20
    /// As what those take part whom a party list names: an option's label or number.
    case role = 21
    /// How texts are compared: part of the attribute and not of its type.
    case collation = 22

    /// Which aggregate a roll-up is.
    case aggregate = 10
    /// What a roll-up adds up.
    case of = 11
    /// The records that a roll-up is over: `<entity>.<lookup>`.
    case over = 12
    /// Which of them.
    case `where` = 13

    /// The field's name in a file.
    public var name: String { "\(self)" }

    /// By number.
    public static func < (a: AttributeParameter, b: AttributeParameter) -> Bool { a.rawValue < b.rawValue }
}

/// One form.
struct AttributeForm: Sendable {
    /// What it is called in files.
    let name: String
    /// What it takes.
    let parameters: [AttributeParameter]
    /// Whether it has an option set: a shared one, or options of its own.
    var takesOptions = false
    /// The type, from what was given.
    let type: @Sendable (FormReader) throws(FormError) -> AttributeType
    /// What a type of this form was made from; nil for types of other forms.
    let given: @Sendable (AttributeType, FormNames) -> [AttributeParameter: [String]]?

    static let all: [AttributeForm] =
        [
            AttributeForm(name: "text", parameters: [.length, .collation]) { form throws(FormError) in
                .text(lengthMax: try form.length(100))
            } given: { type, _ in
                if case .text(let length) = type { [.length: ["\(length)"]] } else { nil }
            },
            AttributeForm(name: "memo", parameters: [.length, .collation]) { form throws(FormError) in
                .memo(lengthMax: try form.length(100_000))
            } given: { type, _ in
                if case .memo(let length) = type { [.length: ["\(length)"]] } else { nil }
            },
            AttributeForm(name: "integer", parameters: [.minimum, .maximum]) { form throws(FormError) in
                let (low, high) = try form.bounds(scale: 0, Int64(Int32.min)...Int64(Int32.max))
                return .integer(minimum: low, maximum: high)
            } given: { type, _ in
                guard case .integer(let low, let high) = type else { return nil }
                return [.minimum: ["\(low)"], .maximum: ["\(high)"]]
            },
            AttributeForm(name: "decimal", parameters: [.digits, .minimum, .maximum]) { form throws(FormError) in
                let scale = UInt8(try form.whole(.digits, 0...10, otherwise: 2))
                let limit = 100_000_000_000 * Decimal64.powersOfTen[Int(min(scale, 7))]
                let (low, high) = try form.bounds(scale: scale, -limit...limit)
                return .decimal(scale: scale, minimum: low, maximum: high)
            } given: { type, _ in
                guard case .decimal(let scale, let low, let high) = type else { return nil }
                let shown = { (units: Int64) in [Decimal64(units: units, scale: scale).shortest] }
                return [.digits: ["\(scale)"], .minimum: shown(low), .maximum: shown(high)]
            },
            AttributeForm(name: "money", parameters: []) { _ in
                .money
            } given: { type, _ in
                type == .money ? [:] : nil
            },
            AttributeForm(name: "yesno", parameters: []) { _ in
                .boolean
            } given: { type, _ in
                type == .boolean ? [:] : nil
            },
            AttributeForm(name: "option", parameters: [.set], takesOptions: true) { form throws(FormError) in
                .option(try form.optionSet())
            } given: { type, names in
                if case .option(let set) = type { names.shared(set) } else { nil }
            },
            AttributeForm(name: "date", parameters: []) { _ in
                .date
            } given: { type, _ in
                type == .date ? [:] : nil
            },
            AttributeForm(name: "instant", parameters: []) { _ in
                .instant
            } given: { type, _ in
                type == .instant ? [:] : nil
            },
            AttributeForm(name: "lookup", parameters: [.to]) { form throws(FormError) in
                .lookup(try form.entities())
            } given: { type, names in
                if case .lookup(let targets) = type { [.to: targets.map(names.entity)] } else { nil }
            },
        ] + further

    /// The form with this name.
    static func named(_ name: String) -> AttributeForm? { all.first { $0.name == name } }

    /// The form of a type, and what the type was made from; nil for types that clients cannot declare.
    static func of(_ type: AttributeType, _ names: FormNames) -> (AttributeForm, [AttributeParameter: [String]])? {
        for form in all { if let given = form.given(type, names) { return (form, given) } }
        return nil
    }
}

/// Why a form cannot be made of what was given.
struct FormError: Error {
    var message: String
}

/// What forms need to print a type.
struct FormNames {
    var entity: (EntityID) -> String
    var optionSet: (OptionSetID) -> OptionSet?
    /// The set of the roles of parties, where there is one.
    var roles: OptionSet?

    /// Says a set's name when it is shared; one of the attribute's own goes without saying.
    func shared(_ id: OptionSetID) -> [AttributeParameter: [String]] {
        optionSet(id).flatMap { $0.isShared ? [.set: [$0.name]] : nil } ?? [:]
    }
}

/// What a form reads a type from.
struct FormReader {
    var given: [AttributeParameter: [String]]
    /// The number of an entity.
    var entity: (String) throws(FormError) -> EntityID
    /// The attribute's option set: the shared one of this name, or its own.
    var set: (String?) throws(FormError) -> OptionSetID
    /// The role that a label or number means.
    var role: (String) throws(FormError) -> Int32

    func text(_ parameter: AttributeParameter) throws(FormError) -> String? {
        guard let texts = given[parameter] else { return nil }
        guard texts.count == 1, !texts[0].isEmpty else { throw FormError(message: "'\(parameter)' must be one value") }
        return texts[0]
    }

    func whole(_ parameter: AttributeParameter, _ range: ClosedRange<Int>, otherwise: Int) throws(FormError) -> Int {
        guard let text = try text(parameter) else { return otherwise }
        guard let number = Int(text), range.contains(number) else {
            throw FormError(
                message: "'\(parameter)' must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    func length(_ otherwise: Int) throws(FormError) -> Int {
        try whole(.length, 1...Limits.textBytesMax, otherwise: otherwise)
    }

    func bounds(scale: UInt8, _ otherwise: ClosedRange<Int64>) throws(FormError) -> (Int64, Int64) {
        let low = try number(.minimum, scale) ?? otherwise.lowerBound
        let high = try number(.maximum, scale) ?? otherwise.upperBound
        guard low <= high else { throw FormError(message: "'minimum' is above 'maximum'") }
        return (low, high)
    }

    private func number(_ parameter: AttributeParameter, _ scale: UInt8) throws(FormError) -> Int64? {
        guard let text = try text(parameter) else { return nil }
        if let number = Decimal64(declared: text)?.rescaled(to: scale) { return number.units }
        throw FormError(
            message: "'\(parameter)' must be a number"
                + (scale > 0 ? " with at most \(scale) digits behind the point" : "")
        )
    }

    func optionSet() throws(FormError) -> OptionSetID { try set(try text(.set)) }

    func entities() throws(FormError) -> [EntityID] {
        guard let names = given[.to], !names.isEmpty else {
            throw FormError(message: "a lookup needs 'to', the entities that it may refer to")
        }
        var ids: [EntityID] = []
        for name in names {
            let id = try entity(name)
            guard !ids.contains(id) else { throw FormError(message: "'to' names \(name) twice") }
            ids.append(id)
        }
        return ids
    }
}

extension Decimal64 {
    /// Without zeros at the end that say nothing: `-90`, `0.5`.
    fileprivate var shortest: String {
        guard description.contains(".") else { return description }
        var text = Substring(description)
        while text.last == "0" { text.removeLast() }
        return String(text.last == "." ? text.dropLast() : text)
    }

    /// Reads `-12.50`: digits, and at most one point between them. Nil for anything else, and for what 64 bits do not hold.
    package init?(declared text: String) {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count),
            parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { $0 &- 0x30 < 10 } }),
            parts.count == 1 || parts[1].utf8.count <= 18, let units = Int64(text.filter { $0 != "." })
        else { return nil }
        self.init(units: units, scale: UInt8(parts.count == 2 ? parts[1].utf8.count : 0))
    }
}

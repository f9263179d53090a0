// Forms of attributes that the engine fills, and of those that hold several options. They are part of `AttributeForm.all`.

extension AttributeForm {
    static let further: [AttributeForm] = [
        AttributeForm(name: "options", parameters: [.set], takesOptions: true) { form throws(FormError) in
            .options(try form.optionSet())
        } given: { type, names in
            if case .options(let set) = type { names.shared(set) } else { nil }
        },
        AttributeForm(name: "autonumber", parameters: [.format]) { form throws(FormError) in
            guard let format = try form.text(.format) else {
                throw FormError(message: "An auto-number needs a 'format', such as CAS-{SEQNUM:5}.")
            }
            do throws(AutoNumberFormat.Flaw) { _ = try AutoNumberFormat(format) } catch {
                throw FormError(message: "The format: \(error.message).")
            }
            return .autoNumber(format: format)
        } given: { type, _ in
            if case .autoNumber(let format) = type { [.format: [format]] } else { nil }
        },
        AttributeForm(
            name: "calculated",
            parameters: [.expression, .result, .length, .digits, .minimum, .maximum, .set]
        ) { form throws(FormError) in
            guard let expression = try form.text(.expression) else {
                throw FormError(message: "A calculated attribute needs an 'expression'.")
            }
            guard expression.utf8.count <= Limits.expressionBytesMax else {
                throw FormError(message: "An expression has at most \(Limits.expressionBytesMax) bytes.")
            }
            return .calculated(expression: expression, result: try result(form))
        } given: { type, names in
            guard case .calculated(let expression, let result) = type,
                let (form, given) = AttributeForm.of(result, names)
            else { return nil }
            return given.merging([.expression: [expression], .result: [form.name]]) { first, _ in first }
        },
        AttributeForm(name: "exchangerate", parameters: []) { _ in
            .exchangeRate
        } given: { type, _ in
            type == .exchangeRate ? [:] : nil
        },
    ]

    /// The type of what is computed: the form that `result` names, with the same parameters.
    private static func result(_ form: FormReader) throws(FormError) -> AttributeType {
        let names = ["text", "integer", "decimal", "money", "yesno", "option", "date", "instant"]
        guard let name = try form.text(.result), names.contains(name), let result = named(name) else {
            throw FormError(message: "'result' must be one of \(names.joined(separator: ", ")).")
        }
        if let stray = form.given.keys.sorted().first(where: {
            $0 != .result && $0 != .expression && !result.parameters.contains($0)
        }) {
            throw FormError(message: "'\(stray)' does not go with 'result: \(name)'.")
        }
        return try result.type(form)
    }
}

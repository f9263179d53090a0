// Forms of attributes that the engine fills, and of those that hold several options. They are part of `AttributeForm.all`.

extension AttributeForm {
    static let further: [AttributeForm] = [
        AttributeForm(name: "options", parameters: [.set], takesOptions: true) { form throws(FormError) in
            .options(try form.optionSet())
        } given: { type, names in
            if case .options(let set) = type { names.shared(set) } else { nil }
        },
        AttributeForm(name: "autonumber", parameters: [.format, .collation]) { form throws(FormError) in
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
            return .calculated(expression: expression, result: try result(form, [.expression]))
        } given: { type, names in
            guard case .calculated(let expression, let result) = type,
                let (form, given) = AttributeForm.of(result, names)
            else { return nil }
            return given.merging([.expression: [expression], .result: [form.name]]) { first, _ in first }
        },
        AttributeForm(
            name: "rollup",
            parameters: rollUpParameters + [.result, .length, .digits, .minimum, .maximum, .set]
        ) { form throws(FormError) in
            .rollUp(try rollUp(form), result: try result(form, rollUpParameters))
        } given: { type, names in
            guard case .rollUp(let rollUp, let result) = type, let (form, given) = AttributeForm.of(result, names)
            else {
                return nil
            }
            var parameters: [AttributeParameter: [String]] = [
                .aggregate: [rollUp.function.name], .over: ["\(rollUp.entity).\(rollUp.lookup)"], .result: [form.name],
            ]
            parameters[.of] = rollUp.operand.map { [$0] }
            parameters[.where] = rollUp.filter.map { [$0] }
            return given.merging(parameters) { first, _ in first }
        },
        AttributeForm(name: "exchangerate", parameters: []) { _ in
            .exchangeRate
        } given: { type, _ in
            type == .exchangeRate ? [:] : nil
        },
        file,
        partyList,
    ]

    private static let rollUpParameters: [AttributeParameter] = [.aggregate, .of, .over, .where]

    private static func rollUp(_ form: FormReader) throws(FormError) -> RollUp {
        let names = AggregateFunction.allCases.map(\.name).joined(separator: ", ")
        guard let name = try form.text(.aggregate),
            let function = AggregateFunction.allCases.first(where: { $0.name == name })
        else { throw FormError(message: "A roll-up needs an 'aggregate': one of \(names).") }
        let operand = try form.text(.of)
        guard operand != nil || function == .count else {
            throw FormError(message: "'aggregate: \(name)' needs 'of', the value of each record that goes into it.")
        }
        let over = try form.text(.over)?.split(separator: ".", omittingEmptySubsequences: false).map(String.init) ?? []
        guard over.count == 2, !over[0].isEmpty, !over[1].isEmpty else {
            throw FormError(
                message: "A roll-up needs 'over': the records that refer to this one, as <entity>.<lookup>."
            )
        }
        let filter = try form.text(.where)
        for text in [operand, filter] where text?.utf8.count ?? 0 > Limits.expressionBytesMax {
            throw FormError(message: "An expression has at most \(Limits.expressionBytesMax) bytes.")
        }
        return RollUp(function, of: operand, over: over[0], over[1], where: filter)
    }

    /// The type of what is computed: the form that `result` names, with the same parameters, those of the computing apart.
    private static func result(_ form: FormReader, _ computing: [AttributeParameter]) throws(FormError) -> AttributeType
    {
        let names = ["text", "integer", "decimal", "money", "yesno", "option", "date", "instant"]
        guard let name = try form.text(.result), names.contains(name), let result = named(name) else {
            throw FormError(message: "'result' must be one of \(names.joined(separator: ", ")).")
        }
        if let stray = form.given.keys.sorted().first(where: {
            $0 != .result && !computing.contains($0) && !result.parameters.contains($0)
        }) {
            throw FormError(message: "'\(stray)' does not go with 'result: \(name)'.")
        }
        return try result.type(form)
    }
}

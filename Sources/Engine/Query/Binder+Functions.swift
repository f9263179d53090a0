// Types of functions and of CASE.
//
//   CASE, COALESCE      the one type that all results go together in: of numbers the one that holds them all exactly, floating
//                       point if one is; of a date and a moment the moment; texts adapt to what they stand beside
//   ABS, MOD            the type of the operands
//   ROUND               a decimal with so many digits; a whole number without digits
//   FLOOR, CEILING      a whole number
//   all other           what the table in ScalarFunction+Table.swift says

extension Binder {
    // MARK: Choice

    mutating func bindCase(
        _ operand: Expression?,
        _ branches: [CaseBranch],
        _ otherwise: Expression?,
        _ expected: QueryType?,
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        guard !branches.isEmpty else { throw QueryError(.syntax, "CASE needs a WHEN", at: location) }
        var conditions: [Bound] = []
        var value: Bound?
        if let operand {
            let (bound, values) = try bindValues(operand, branches.map(\.condition), at: location)
            value = bound
            conditions = values
        } else {
            for branch in branches { conditions.append(try condition(branch.condition)) }
        }
        let results = try bindAlike(branches.map(\.result) + (otherwise.map { [$0] } ?? []), expected, at: location)
        let type = results.type
        return Bound(
            .caseWhen(
                operand: value,
                zip(conditions, results.values).map { BoundBranch(condition: $0, result: $1) },
                otherwise: otherwise == nil ? Bound(.null, type) : results.values[branches.count]
            ),
            type
        )
    }

    /// Binds the operand of a CASE and what it is compared with.
    private mutating func bindValues(
        _ operand: Expression,
        _ values: [Expression],
        at location: SourceLocation
    ) throws(QueryError) -> (Bound, [Bound]) {
        var bound = try bind(operand, expecting: Self.isUntyped(operand) ? .text(.general) : nil)
        var result: [Bound] = []
        for value in values {
            let other = try bind(value, expecting: Self.adapts(value) ? bound.type : nil)
            // The comparison knows about dates and moments.
            guard case .compare(_, let left, let right) = try compare(.equal, bound, other, at: value.location).node
            else { continue }
            if left != bound {
                guard result.isEmpty || result.allSatisfy({ $0.type == .null }) else {
                    throw QueryError(.type, "WHEN compares with a date here and with a moment there", at: location)
                }
                bound = left
            }
            result.append(right)
        }
        return (bound, result)
    }

    /// Binds expressions of which any may be the result, and brings them to one type.
    mutating func bindAlike(
        _ expressions: [Expression],
        _ expected: QueryType?,
        at location: SourceLocation
    ) throws(QueryError) -> (values: [Bound], type: QueryType) {
        var values: [Bound?] = []
        for expression in expressions {
            values.append(Self.adapts(expression) ? nil : try bind(expression, expecting: expected))
        }
        var type = try Self.commonType(values.compactMap { $0?.type }, at: location)
        if type == .null { type = expected ?? .null }
        var result: [Bound] = []
        for (expression, value) in zip(expressions, values) {
            if let value {
                result.append(value)
            } else {
                result.append(try bind(expression, expecting: type == .null ? nil : type))
            }
        }
        type = try Self.commonType(result.map(\.type), at: location)
        return (result.map { Self.converted($0, to: type) }, type)
    }

    private static func commonType(_ types: [QueryType], at location: SourceLocation) throws(QueryError) -> QueryType {
        var common = QueryType.null
        for type in types where type != common && type != .null {
            switch (common, type) {
            case (.null, _): common = type
            case (.text, .text): common = .texts([common, type])
            case (.option, .option), (.option, .integer), (.integer, .option): common = .integer
            case (.date, .instant), (.instant, .date): common = .instant
            default:
                guard common.isNumber, type.isNumber else {
                    throw QueryError(
                        .type,
                        "the results are \(common.name) and \(type.name): convert one by CAST",
                        at: location
                    )
                }
                common =
                    common == .double || type == .double ? .double : .decimal(scale: max(common.scale, type.scale))
            }
        }
        return common
    }

    /// The value as the type that `commonType` found.
    static func converted(_ value: Bound, to type: QueryType) -> Bound {
        if value.type == type { return value }
        // The collation is the result's: a group key that stands in it is still that key.
        if value.type.isText, type.isText { return value }
        if value.node == .null || value.type == .null { return Bound(.null, type) }
        if value.type == .date, type == .instant { return Bound(.startOfDay(value), type) }
        return Bound(.convert(value), type)
    }

    // MARK: Functions

    mutating func bindFunction(
        _ function: ScalarFunction,
        _ operands: [Expression],
        _ expected: QueryType?,
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        guard let signature = function.signature, signature.accepts(operands.count) else {
            let refusal = function.signature?.countRefusal ?? "a function has a wrong number of operands"
            throw QueryError(.syntax, refusal, at: location)
        }
        switch function {
        case .coalesce:
            let (values, type) = try bindAlike(operands, expected, at: location)
            return Bound(.function(.coalesce, values), type)
        case .nullIf:
            let (left, right) = try bindPair(operands[0], operands[1])
            guard case .compare(_, let a, let b) = try compare(.equal, left, right, at: location).node else { break }
            let value = Bound(.function(.nullIf, [a, b]), a.type)
            // A date that is compared with a moment stays a date.
            return left.type == .date && a.type == .instant ? Bound(.function(.castDate, [value]), .date) : value
        case .now: return Bound(.function(.now, []), .instant)
        case .today: return Bound(.function(.today, []), .date)
        case .currentUser: return Bound(.function(.currentUser, []), .id)
        case .truncate, .dateAdd, .dateDifference: return try bindDate(function, operands, signature)
        default: break
        }
        var values: [Bound] = []
        for (place, operand) in operands.enumerated() {
            values.append(try bindOperand(operand, signature, place))
        }
        return try bindFunction(function, values, operands, at: location)
    }

    /// Binds an operand of the kind that the table asks for.
    mutating func bindOperand(
        _ operand: Expression,
        _ signature: ScalarFunction.Signature,
        _ place: Int
    ) throws(QueryError) -> Bound {
        let name = signature.names[0].uppercased()
        func wanted(_ what: String, _ found: QueryType) -> QueryError {
            var hint = ""
            if what == "a text", case .option = found { hint = ": its label is the attribute with \"name\" behind it" }
            return QueryError(.type, "\(name) needs \(what) here, not \(found.name)\(hint)", at: operand.location)
        }
        switch signature.kind(place) {
        case .any:
            return try bind(operand, expecting: Self.isUntyped(operand) ? .text(.general) : nil)
        case .text:
            let value = try bind(operand, expecting: .text(.general))
            guard value.type.isText || value.type == .null else { throw wanted("a text", value.type) }
            return value.type == .null ? Bound(.null, .text(.general)) : value
        case .number:
            let value = try bind(operand, expecting: nil)
            guard value.type.isNumber || value.type == .null else { throw wanted("a number", value.type) }
            return value
        case .integer:
            let value = try bind(operand, expecting: .integer)
            guard value.type == .integer || value.type == .null else { throw wanted("a whole number", value.type) }
            return value.type == .null ? Bound(.null, .integer) : value
        case .constant:
            guard case .literal(.integer(let number)) = operand.kind, number >= 0, number <= 18 else {
                throw QueryError(
                    .type,
                    "\(name) needs a number of digits that is written out here",
                    at: operand.location
                )
            }
            return Bound(.number(number), .integer)
        case .date, .moment:
            let isMoment = signature.kind(place) == .moment
            let value = try bind(operand, expecting: Self.isUntyped(operand) ? dateType(operand, isMoment) : nil)
            guard value.type == .instant || value.type == .date && !isMoment || value.type == .null else {
                throw wanted(isMoment ? "a moment" : "a date or a moment", value.type)
            }
            return value
        case .unit:
            guard case .literal(.text(let name)) = operand.kind else {
                throw QueryError(.type, "\(name) needs the name of a unit here: day, month, …", at: operand.location)
            }
            guard let unit = CalendarUnit(name: name.lowercased()) else {
                let known = CalendarUnit.allCases.map(\.name)
                throw QueryError(
                    .unknownName,
                    "there is no unit \"\(name.shortened)\"",
                    at: operand.location,
                    suggestion: nearestName(to: name.lowercased(), among: known)
                )
            }
            return Bound(.number(Int64(unit.rawValue)), .integer)
        }
    }

    private func bindFunction(
        _ function: ScalarFunction,
        _ values: [Bound],
        _ operands: [Expression],
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        func result(_ type: QueryType) -> Bound { Bound(.function(function, values), type) }
        let type = values[0].type
        switch function {
        case .absolute: return result(type)
        case .round:
            var digits: UInt8 = 0
            if values.count > 1, case .number(let number) = values[1].node { digits = UInt8(number) }
            guard digits <= 10 else {
                throw QueryError(.type, "ROUND keeps at most 10 digits", at: operands[1].location)
            }
            if type == .double || type == .null { return result(type) }
            // More digits than there are change nothing.
            return result(digits == 0 ? .integer : type.scale <= digits ? type : .decimal(scale: digits))
        case .floor, .ceiling: return result(type == .double || type == .null ? type : .integer)
        case .modulo:
            if type == .null || values[1].type == .null { return Bound(.null, .null) }
            if type == .double || values[1].type == .double { return result(.double) }
            let scale = max(type.scale, values[1].type.scale)
            let common: QueryType = scale == 0 ? .integer : .decimal(scale: scale)
            return Bound(.function(.modulo, values.map { Self.converted($0, to: common) }), common)
        case .lower, .upper, .trim, .trimStart, .trimEnd, .substring, .replace, .left, .right:
            return result(.texts(values.map(\.type)))
        case .length, .position: return result(.integer)
        case .concatenate, .append:
            return Bound(.function(function, values.map(Self.asText)), .texts(values.map(\.type)))
        case .coalesce, .nullIf: return result(type)
        case .year, .quarter, .month, .week, .weekYear, .day, .weekday, .dayOfYear, .hour, .minute, .second,
            .fiscalYear,
            .fiscalQuarter, .fiscalPeriod:
            return type == .null ? Bound(.null, .integer) : result(.integer)
        case .castText: return Self.asText(values[0])
        default: return try bindCast(function, values, at: location)
        }
    }

    /// The value as a text: options by their label.
    private static func asText(_ value: Bound) -> Bound {
        switch value.type {
        case .text: value
        case .null: Bound(.null, .text(.general))
        case .option: Bound(.label(value), .text(.general))
        default: Bound(.function(.castText, [value]), .text(.general))
        }
    }

    private func bindCast(
        _ function: ScalarFunction,
        _ values: [Bound],
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        let value = values[0]
        let target: QueryType
        switch function {
        case .castInteger: target = .integer
        case .castDecimal:
            guard case .number(let digits) = values[1].node, case .number(let scale) = values[2].node, digits >= 1,
                scale <= min(digits, 10)
            else {
                throw QueryError(
                    .type,
                    "DECIMAL has 1 to 18 digits, at most 10 of them behind the point",
                    at: location
                )
            }
            target = .decimal(scale: UInt8(scale))
        case .castDouble: target = .double
        case .castDate: target = .date
        case .castInstant: target = .instant
        default: target = .boolean
        }
        if value.type == .null { return Bound(.null, target) }
        if value.type == target, function != .castDecimal { return value }
        let isKnown =
            switch (value.type, target) {
            case (.text, _), (.date, .instant), (.instant, .date): true
            case (.boolean, .integer), (.option, .integer), (.integer, .boolean): true
            default: value.type.isNumber && target.isNumber
            }
        guard isKnown else {
            throw QueryError(.type, "\(value.type.name) cannot be cast to \(target.name)", at: location)
        }
        if value.type == .date { return Bound(.startOfDay(value), .instant) }
        return Bound(.function(function, values), target)
    }
}

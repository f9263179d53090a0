// Puts parameters into a bound query and prepares its expressions for evaluation: constants are folded where that is
// cheap, NOT moves inwards to the comparisons, patterns and lists of constants are compiled. Runs once per execution.

struct Specializer {
    let context: ExecutionContext
    let parameters: [Value]
    /// For what is said of a value that does not fit; empty where a name is.
    let parameterNames: [String]
    /// In a query inside another one that runs for one row outside: the values of that row.
    var outer: [Bound] = []
    /// The query was specialised before, without the values of the row outside: queries inside it need no second time.
    var isSpecialized = false
    var coercion: Coercion { context.coercion }
    var environment: QueryEnvironment { context.environment }

    init(
        context: ExecutionContext,
        parameters: [Value] = [],
        parameterNames: [String] = [],
        outer: [Bound] = [],
        isSpecialized: Bool = false
    ) {
        self.context = context
        self.parameters = parameters
        self.parameterNames = parameterNames
        self.outer = outer
        self.isSpecialized = isSpecialized
    }

    func query(_ query: BoundQuery) throws(QueryError) -> BoundQuery {
        var query = query
        for table in query.tables {
            try context.prepare(table) { branches throws(QueryError) in
                var result: [BoundQuery] = []
                for branch in branches {
                    result.append(
                        try Specializer(context: context, parameters: parameters, parameterNames: parameterNames)
                            .query(branch)
                    )
                }
                return result
            }
        }
        for index in query.joins.indices {
            query.joins[index].conditions = try conditions(query.joins[index].conditions)
        }
        query.filter = try conditions(query.filter)
        query.groups = try list(query.groups)
        for index in query.aggregates.indices {
            if let operand = query.aggregates[index].operand {
                query.aggregates[index].operand = try expression(operand)
            }
        }
        query.groupFilter = try conditions(query.groupFilter)
        for index in query.windows.indices {
            query.windows[index].operand = try query.windows[index].operand.map { operand throws(QueryError) in
                try expression(operand)
            }
            query.windows[index].partition = try list(query.windows[index].partition)
            for key in query.windows[index].order.indices {
                let written = query.windows[index].order[key].expression
                query.windows[index].order[key].expression = try expression(written)
            }
        }
        for index in query.outputs.indices {
            query.outputs[index].expression = try expression(query.outputs[index].expression)
        }
        for index in query.order.indices {
            query.order[index].expression = try expression(query.order[index].expression)
        }
        query.limit = try rowCount(query.limit, "LIMIT")
        query.offset = try rowCount(query.offset, "OFFSET")
        return query
    }

    /// LIMIT and OFFSET: a number of rows, never negative; nil when there is none.
    private func rowCount(_ bound: Bound?, _ what: String) throws(QueryError) -> Bound? {
        guard let bound else { return nil }
        let count = try expression(bound)
        guard case .number(let number) = count.node, number >= 0 else {
            throw QueryError(.parameter, "\(what) is not a number of rows")
        }
        return count
    }

    func list(_ list: [Bound]) throws(QueryError) -> [Bound] {
        var result: [Bound] = []
        result.reserveCapacity(list.count)
        for item in list { result.append(try expression(item)) }
        return result
    }

    private func conditions(_ list: [Bound]) throws(QueryError) -> [Bound] {
        var result: [Bound] = []
        for item in list { result += Binder.conjuncts(try expression(item)) }
        return result
    }

    /// `isOperand`: the other operand of a comparison says how numbers are read, so any numeric type will do.
    private func expression(_ bound: Bound, isOperand: Bool = false) throws(QueryError) -> Bound {
        switch bound.node {
        case .parameter(let index):
            return try parameter(index, as: bound.type, isOperand: isOperand)
        case .compare(let sign, let left, let right):
            let (left, right) = (try expression(left, isOperand: true), try expression(right, isOperand: true))
            // The constant stands on the right, so that tests and indexes look in one place.
            if left.isConstant, !right.isConstant {
                return Bound(.compare(sign.mirrored, right, left), .boolean)
            }
            return Bound(.compare(sign, left, right), .boolean)
        case .contains(let operand, let list, let set, let all, let negated):
            let operand = try expression(operand)
            var bits: UInt64 = 0
            for item in list { bits |= try coercion.selectionBit(try expression(item, isOperand: true), in: set) }
            return Bound(.hasBits(operand, bits, all: all, negated: negated), .boolean)
        case .isIn(let operand, let list, let negated):
            let operand = try expression(operand)
            var items: [Bound] = []
            items.reserveCapacity(list.count)
            for item in list { items.append(try expression(item, isOperand: true)) }
            if let set = ConstantSet(items, for: operand.type) {
                return Bound(.inSet(operand, set, negated: negated), .boolean)
            }
            return Bound(.isIn(operand, items, negated: negated), .boolean)
        case .like(let operand, let pattern, let escape, let negated):
            let (operand, pattern) = (try expression(operand), try expression(pattern))
            switch pattern.node {
            case .null: return Bound(.null, .boolean)
            case .text(let text):
                let collation = operand.type.collation.joined(with: pattern.type.collation)
                let compiled = try withExtendedLifetime(text) { () throws(QueryError) in
                    try LikePattern(text.bytes, escape: escape, collation)
                }
                return Bound(.matches(operand, compiled, negated: negated), .boolean)
            default: return Bound(.like(operand, pattern, escape: escape, negated: negated), .boolean)
            }
        case .not(let operand): return negation(of: try expression(operand))
        case .negate(let operand):
            let operand = try expression(operand)
            if case .number(let number) = operand.node, number != .min { return Bound(.number(-number), operand.type) }
            if case .real(let real) = operand.node { return Bound(.real(-real), operand.type) }
            return Bound(.negate(operand), bound.type)
        case .startOfDay(let operand):
            return inTimeZone(Bound(.startOfDay(try expression(operand)), .instant))
        case .function(.now, _): return Bound(.number(environment.nowMicroseconds), .instant)
        case .function(.today, _): return Bound(.number(Int64(environment.today)), .date)
        case .function(.currentUser, _):
            return environment.user == .none
                ? Bound(.null, .id) : Bound(.number(Int64(bitPattern: environment.user.rawValue)), .id)
        case .outer(let number): return number < outer.count ? outer[number] : bound
        case .subquery(let subquery, let operands): return try settled(subquery, try list(operands), bound.type)
        case .and(let list): return Bound(.and(try self.list(list).flatMap(Binder.conjuncts)), .boolean)
        case .during(let operand, let kind, let unit, let list, let negated):
            let operand = try expression(operand)
            var numbers: [Int64] = []
            for item in list {
                guard case .number(let number) = try expression(item).node else { return Bound(.null, .boolean) }
                numbers.append(number)
            }
            let range = try environment.range(kind, unit, numbers, isMoment: operand.type == .instant)
            return Bound(.within(operand, range, negated: negated), .boolean)
        case .inTree(let operand, let direction, let root, let orEqual, let negated):
            return try TreeSets(context: context).condition(
                try expression(operand),
                direction,
                root: try expression(root),
                orEqual: orEqual,
                negated: negated
            )
        case .function, .caseWhen, .convert, .arithmetic:
            return folded(try bound.mapChildren { child throws(QueryError) in try expression(child) })
        default: return try bound.mapChildren { child throws(QueryError) in try expression(child) }
        }
    }

    /// The first moment of a constant day as a constant.
    private func inTimeZone(_ bound: Bound) -> Bound {
        guard case .startOfDay(let operand) = bound.node, case .number(let day) = operand.node else { return bound }
        return Bound(.number(environment.calendar.moment(ofDay: Int(day))), .instant)
    }

    /// The value of a parameter. What is wrong with it is said of the parameter, whose value stands nowhere in the query.
    private func parameter(_ index: Int, as type: QueryType, isOperand: Bool) throws(QueryError) -> Bound {
        do throws(QueryError) {
            let constant = inTimeZone(try coercion.constant(parameters[index], as: type, at: .unknown))
            return isOperand ? constant : try exact(constant, as: type)
        } catch {
            var named = error
            let name = Binder.parameterName(index, index < parameterNames.count ? parameterNames[index] : "")
            named.message = "the parameter \(name): \(error.message)"
            throw named
        }
    }

    /// A parameter that stands in arithmetic or in the result has exactly the type that was promised for it.
    private func exact(_ constant: Bound, as type: QueryType) throws(QueryError) -> Bound {
        switch (constant.node, type) {
        case (.number(let number), .decimal(let scale)):
            if let value = Decimal64(units: number, scale: constant.type.scale).rescaled(to: scale) {
                return Bound(.number(value.units), type)
            }
        case (.number(let number), .integer) where constant.type.scale > 0:
            if let value = Decimal64(units: number, scale: constant.type.scale).rescaled(to: 0) {
                return Bound(.number(value.units), type)
            }
        case (.number(let number), .double):
            return Bound(.real(Double(number) / Double(Decimal64.powersOfTen[Int(constant.type.scale)])), type)
        case (.real, .integer), (.real, .decimal): break
        default: return Bound(constant.node, type)
        }
        throw QueryError(.parameter, "the value does not fit \(type.name)")
    }

    /// The condition that is true exactly where this one is false.
    private func negation(of condition: Bound) -> Bound {
        let node: Bound.Node =
            switch condition.node {
            case .null: .null
            case .number(let truth): .number(truth == 0 ? 1 : 0)
            case .compare(let sign, let left, let right): .compare(sign.negated, left, right)
            case .and(let list): .or(list.map(negation))
            case .or(let list): .and(list.map(negation))
            case .not(let operand): operand.node
            case .isNull(let operand, let negated): .isNull(operand, negated: !negated)
            case .isIn(let operand, let list, let negated): .isIn(operand, list, negated: !negated)
            case .inSet(let operand, let set, let negated): .inSet(operand, set, negated: !negated)
            case .like(let operand, let pattern, let escape, let negated):
                .like(operand, pattern, escape: escape, negated: !negated)
            case .matches(let operand, let pattern, let negated): .matches(operand, pattern, negated: !negated)
            case .hasBits(let operand, let bits, let all, let negated):
                .hasBits(operand, bits, all: all, negated: !negated)
            case .subquery(let subquery, let operands) where subquery.negated != nil:
                .subquery(subquery.negated ?? subquery, operands)
            case .within(let operand, let range, let negated): .within(operand, range, negated: !negated)
            default: .not(condition)
            }
        return Bound(node, .boolean)
    }
}

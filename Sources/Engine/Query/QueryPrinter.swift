// Writes a tree as SQL that parses to the same tree: for EXPLAIN, logs, tests and names of columns.

/// Prints queries and expressions.
package enum QueryPrinter {
    /// The query as one line of SQL.
    package static func text(of query: Query) -> String {
        var text = query.isExplain ? "EXPLAIN " : ""
        if !query.named.isEmpty {
            let named = query.named.map { "\(name($0.name)) AS (\(self.text(of: $0.query)))" }
            text += "WITH \(named.joined(separator: ", ")) "
        }
        text += "SELECT "
        if query.isDistinct { text += "DISTINCT " }
        text += query.columns.map { column in
            switch column {
            case .expression(let expression, let alias):
                self.text(of: expression) + (alias.map { " AS \(name($0))" } ?? "")
            case .all(let source, _): source.map { "\(name($0)).*" } ?? "*"
            }
        }.joined(separator: ", ")
        text += " FROM \(source(query.source))"
        for join in query.joins {
            text += join.kind == .left ? " LEFT JOIN " : " JOIN "
            text += "\(source(join.source)) ON \(self.text(of: join.condition))"
        }
        if let filter = query.filter { text += " WHERE \(self.text(of: filter))" }
        if !query.groups.isEmpty { text += " GROUP BY \(list(query.groups))" }
        if let filter = query.groupFilter { text += " HAVING \(self.text(of: filter))" }
        for union in query.unions { text += " UNION ALL \(self.text(of: union))" }
        if !query.order.isEmpty {
            text += " ORDER BY \(order(query.order))"
        }
        if let limit = query.limit { text += " LIMIT \(self.text(of: limit))" }
        if let offset = query.offset { text += " OFFSET \(self.text(of: offset))" }
        return text
    }

    /// The expression, with parentheses wherever an operand is itself composed.
    package static func text(of expression: Expression) -> String {
        switch expression.kind {
        case .literal(let value): literal(value)
        case .name(let parts): parts.map(name).joined(separator: ".")
        case .parameter(_, let name): name.isEmpty ? "?" : ":\(name)"
        case .negate(let operand):
            // Two signs would begin a comment, and a sign in front of a number belongs to it.
            operandText(operand).first.map { $0 == "-" || $0.isNumber } == true
                ? "-(\(operandText(operand)))" : "-\(operandText(operand))"
        case .arithmetic(let sign, let left, let right):
            "\(operandText(left)) \(sign.symbol) \(operandText(right))"
        case .compare(let sign, let left, let right):
            "\(operandText(left)) \(sign.symbol) \(operandText(right))"
        case .and(let list): list.map(operandText).joined(separator: " AND ")
        case .or(let list): list.map(operandText).joined(separator: " OR ")
        case .not(let operand): "NOT \(operandText(operand))"
        case .isNull(let operand, let negated): "\(operandText(operand)) IS \(negated ? "NOT " : "")NULL"
        case .isIn(let operand, let items, let negated):
            "\(operandText(operand)) \(negated ? "NOT " : "")IN (\(list(items)))"
        case .between(let operand, let low, let high, let negated):
            "\(operandText(operand)) \(negated ? "NOT " : "")BETWEEN \(operandText(low)) AND \(operandText(high))"
        case .like(let operand, let pattern, let escape, let negated):
            "\(operandText(operand)) \(negated ? "NOT " : "")LIKE \(operandText(pattern))"
                + (escape.map { " ESCAPE \(quoted($0))" } ?? "")
        case .contains(let operand, let items, let all, let negated):
            "\(operandText(operand)) \(negated ? "NOT " : "")CONTAINS \(all ? "ALL " : "")(\(list(items)))"
        case .aggregate(let function, let operand, let distinct):
            "\(function.name)(\(distinct ? "DISTINCT " : "")\(operand.map(text) ?? "*"))"
        case .function(let function, let operands): call(function, operands)
        case .caseWhen(let operand, let branches, let otherwise):
            "CASE" + (operand.map { " \(text(of: $0))" } ?? "")
                + branches.map { " WHEN \(text(of: $0.condition)) THEN \(text(of: $0.result))" }.joined()
                + (otherwise.map { " ELSE \(text(of: $0))" } ?? "") + " END"
        case .exists(let query, let negated): "\(negated ? "NOT " : "")EXISTS (\(text(of: query)))"
        case .inQuery(let operand, let query, let negated):
            "\(operandText(operand)) \(negated ? "NOT " : "")IN (\(text(of: query)))"
        case .scalarQuery(let query): "(\(text(of: query)))"
        case .during(let operand, let period, let negated):
            "\(operandText(operand)) \(negated ? "NOT " : "")DURING \(text(of: period))"
        case .inTree(let operand, let direction, let root, let orEqual, let negated):
            "\(operandText(operand)) \(negated ? "NOT " : "")\(direction == .under ? "UNDER" : "ABOVE")"
                + "\(orEqual ? " OR EQUAL" : "") \(operandText(root))"
        case .window(let function, let operand, let window): self.window(function, operand, window)
        }
    }

    static func operandText(_ expression: Expression) -> String {
        switch expression.kind {
        case .name, .parameter, .aggregate, .caseWhen, .scalarQuery, .window: text(of: expression)
        case .function(let function, _) where function != .append: text(of: expression)
        case .literal(let value):
            // A negative number behind a minus or in front of anything reads as two tokens all the same.
            literal(value)
        default: "(\(text(of: expression)))"
        }
    }

    private static func window(_ function: WindowFunction, _ operand: Expression?, _ window: Window) -> String {
        var inside = operand.map(text) ?? (function == .aggregate(.count) ? "*" : "")
        switch function {
        case .lag(let rows) where rows != 1, .lead(let rows) where rows != 1: inside += ", \(rows)"
        default: break
        }
        var parts: [String] = []
        if !window.partition.isEmpty { parts.append("PARTITION BY \(list(window.partition))") }
        if !window.order.isEmpty { parts.append("ORDER BY \(order(window.order))") }
        return "\(function.name)(\(inside)) OVER (\(parts.joined(separator: " ")))"
    }

    private static func order(_ order: [Query.Order]) -> String {
        order.map { text(of: $0.expression) + ($0.isDescending ? " DESC" : "") }.joined(separator: ", ")
    }

    static func list(_ expressions: [Expression]) -> String {
        expressions.map(text).joined(separator: ", ")
    }

    private static func source(_ source: Query.Source) -> String {
        if let query = source.query { return "(\(text(of: query))) AS \(name(source.alias))" }
        return source.alias == source.entity ? name(source.entity) : "\(name(source.entity)) AS \(name(source.alias))"
    }

    private static func name(_ name: String) -> String {
        let isPlain = name.utf8.enumerated().allSatisfy { index, byte in
            byte &- 0x61 < 26 || byte == 0x5F || (index > 0 && byte &- 0x30 < 10)
        }
        return isPlain && !name.isEmpty && !SQLParser.isReserved(name)
            ? name : "\"\(doubling("\"", in: name))\""
    }

    private static func quoted(_ text: String) -> String { "'\(doubling("'", in: text))'" }

    private static func doubling(_ quote: Character, in text: String) -> String {
        text.reduce(into: "") { result, character in
            result.append(character)
            if character == quote { result.append(character) }
        }
    }

    private static func literal(_ value: Value) -> String {
        switch value {
        case .null: "NULL"
        case .boolean(let truth): truth ? "TRUE" : "FALSE"
        case .integer(let number): String(number)
        case .option(let number): String(number)
        case .decimal(let decimal): decimal.description
        case .double(let real): real.description.contains("e") ? real.description : "\(real)e0"
        case .text(let text): quoted(text)
        // These stand in trees that programs make; SQL writes them as texts, which take the type of the other operand.
        case .date(let days): quoted(CalendarText.text(days: days))
        case .instant(let microseconds): quoted(CalendarText.text(microseconds: microseconds))
        case .reference(let id): quoted("\(id.entity.rawValue)/\(id.code)")
        }
    }
}

import ArgumentParser
import Engine

struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Ask a question in SQL.",
        discussion: """
            Prints the answer to one SELECT. Option sets, states and statuses compare by label or number; a lookup's \
            attributes are reached through it (customerid.name); statecode yields the number, statecodename the label.

            A value of --param is a number, TRUE, FALSE, NULL, or else a text; in single quotes it is always a text. \
            With a name it stands for :name, without one for the next ?.

            In CSV a null is an empty cell and an empty text is "". A cell that begins with =, +, - or @ is a formula to \
            some spreadsheets: import it there as text.

            EXAMPLES
              kith query --at ./data 'SELECT name FROM account ORDER BY name LIMIT 10'
              kith query --at kith://127.0.0.1:7411 --format csv \\
                "SELECT owneridname, SUM(actualvalue) AS won FROM opportunity
                 WHERE statecode = 'Won' GROUP BY owneridname"
              kith query --at ./data --param city=Oslo \\
                'SELECT name FROM account WHERE address1_city = :city'
              kith query --at ./data 'EXPLAIN SELECT COUNT(*) FROM contact'
              kith query --at ./data --as-of 2026-05-01 'SELECT COUNT(*) FROM lead'
            """
    )

    @OptionGroup var at: AtOption

    @Option(help: "table (for people), json, csv or ndjson (one JSON object a line).")
    var format = RowFormat.table

    @Option(name: .customLong("param"), help: ArgumentHelp("A parameter's value.", valueName: "[name=]value"))
    var parameters: [String] = []

    @OptionGroup var moment: AsOfOption

    @Argument(help: "One SELECT, or EXPLAIN SELECT.")
    var sql: String

    func run() async throws {
        var values = QueryParameters()
        for parameter in parameters {
            if let equals = parameter.firstIndex(of: "="), QueryCommand.isName(parameter[..<equals]) {
                let name = String(parameter[..<equals])
                let value = QueryCommand.value(parameter[parameter.index(after: equals)...])
                guard values.named.updateValue(value, forKey: name) == nil else {
                    throw ValidationError("The parameter :\(name) is given twice.")
                }
            } else {
                values.positional.append(QueryCommand.value(parameter[...]))
            }
        }
        let (sql, format, parameters) = (sql, format, values)
        do {
            if let point = try moment.point() {
                try await at.place.withPast(point) { past in
                    var writer = RowWriter(format)
                    try await past.query(sql, parameters, into: &writer)
                }
            } else {
                try await at.place.withConnection { connection in
                    var writer = RowWriter(format)
                    try await connection.query(sql, parameters, into: &writer)
                }
            }
        } catch let error as QueryError {
            var failure = CommandFailure(error) ?? CommandFailure(.usage, "")
            failure.message = error.rendered(in: sql)
            if error.code == .type, let value = parameters.firstThatIsNoText {
                failure.message +=
                    "\nA value of --param like this one is no text unless it is quoted: --param \"NAME='\(value)'\""
            }
            throw failure
        }
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.unicodeScalars.first, first.properties.isAlphabetic || first == "_" else { return false }
        return text.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || $0 == "_" || ("0"..."9").contains($0) }
    }

    /// Reads a value as SQL writes it; whatever is no literal is a text.
    static func value(_ text: Substring) -> Value {
        switch text.uppercased() {
        case "NULL": return .null
        case "TRUE": return .boolean(true)
        case "FALSE": return .boolean(false)
        default: break
        }
        if text.count >= 2, text.hasPrefix("'"), text.hasSuffix("'") {
            return .text(
                text.dropFirst().dropLast().split(separator: "''", omittingEmptySubsequences: false)
                    .joined(separator: "'")
            )
        }
        if let number = Int64(text) { return .integer(number) }
        return decimal(text).map(Value.decimal) ?? .text(String(text))
    }

    /// `-12.50`; nil for anything else and for more digits than 64 bits hold.
    private static func decimal(_ text: Substring) -> Decimal64? {
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { $0 &- 0x30 < 10 } }),
            parts[1].utf8.count <= 10, let units = Int64(text.filter { $0 != "." })
        else { return nil }
        return Decimal64(units: units, scale: UInt8(parts[1].utf8.count))
    }
}

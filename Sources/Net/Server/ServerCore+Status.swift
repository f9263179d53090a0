import Engine

extension ServerCore {
    /// The server's account of itself as a JSON object; the fields stand in docs/protocol.md.
    func status(_ view: View) -> String {
        // Entities' names are lower-case letters and digits: only the organisation's needs care.
        let records = view.schema.entities.map { "\"\($0.name)\":\(view.recordCount($0.id))" }
        let fields = [
            "\"organisation\":\(quoted(organisation))",
            "\"position\":\(view.position)",
            "\"durablePosition\":\(database.durablePosition)",
            "\"schemaEpoch\":\(view.schema.epoch)",
            "\"records\":{\(records.joined(separator: ","))}",
            "\"connections\":\(connections.count)",
            "\"bufferedBytes\":\(bufferedBytes)",
        ]
        return "{\(fields.joined(separator: ","))}"
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\u{0}"..<"\u{20}":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

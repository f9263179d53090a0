// What the declarations say, for people: the page docs/messages.md, and what `kith do --about` prints.

import Engine

/// Messages described.
public enum MessageReference {
    /// A message with its arguments, as it is typed: `qualify lead/… [--account] [--customer RECORD]`.
    public static func signature(_ head: MessageHead) -> String {
        let targets = head.targets.map { $0.described == $0.entity ? "\($0.entity)/…" : "…" }
        let arguments = head.arguments.map { argument in
            let text =
                argument.type == .flag ? "--\(argument.name)" : "--\(argument.name) \(placeholder(argument.type))"
            return argument.isRequired ? text : "[\(text)]"
        }
        return ([head.verb, targets.joined(separator: "|")] + arguments).joined(separator: " ")
    }

    private static func placeholder(_ type: ArgumentType) -> String {
        switch type {
        case .flag: ""
        case .record: "RECORD"
        case .text: "TEXT"
        case .decimal, .integer: "NUMBER"
        case .date: "DATE"
        case .instant: "MOMENT"
        case .option: "OPTION"
        }
    }

    /// All messages of a verb in plain text; nil when there is none.
    public static func text(_ verb: String, _ schema: Schema) -> String? {
        let heads = Messages.heads.filter { $0.verb == verb }
        guard !heads.isEmpty else { return nil }
        return heads.map { head in
            var lines = [signature(head), "", head.summary]
            for target in head.targets where !target.states.isEmpty {
                lines.append("\(target.described): \(states(target, schema)).")
            }
            if !head.arguments.isEmpty { lines.append("") }
            let width = head.arguments.map(\.name.utf8.count).max() ?? 0
            for argument in head.arguments {
                let pad = String(repeating: " ", count: width - argument.name.utf8.count)
                lines.append("  --\(argument.name)\(pad)  \(argument.summary) (\(argument.type.described))")
            }
            if !head.rules.isEmpty { lines += ["", "Refused by"] + head.rules.map { "  \($0.name): \($0.summary)" } }
            return lines.joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }

    private static func states(_ target: MessageTarget, _ schema: Schema) -> String {
        // The states of all activities are numbered alike, and called as those of tasks.
        let name = target.entity == MessageTarget.ownActivity ? "task" : target.entity
        guard let entity = schema.entity(named: name), let attribute = entity.attributeID("statecode"),
            let set = entity[attribute].type.optionSet
        else { return "" }
        return target.states.map { schema[set].label(of: $0) ?? String($0) }.joined(separator: " or ")
    }

    /// The list of all messages in Markdown, under the standard schema.
    package static var markdown: String {
        Messages.areas.map { area in
            "## \(area.title)\n\n" + area.messages.map { markdown($0.head) }.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private static func markdown(_ head: MessageHead) -> String {
        var text =
            "### \(head.verb) \(head.targetNames)\n\n`\(signature(head))` (message \(head.number))\n\n\(head.summary)\n"
        let stated = head.targets.filter { !$0.states.isEmpty }
        if !stated.isEmpty {
            let list = stated.map { "\($0.described) \(states($0, .standard))" }
            text += "\nIn these states: \(list.joined(separator: "; ")).\n"
        }
        if !head.arguments.isEmpty {
            text += "\n| Argument | Number | Type | |\n|---|---|---|---|\n"
            for argument in head.arguments {
                let name = "`--\(argument.name)`" + (argument.isRequired ? " (required)" : "")
                text += "| \(name) | \(argument.number) | \(argument.type.described) | \(argument.summary) |\n"
            }
        }
        if !head.rules.isEmpty {
            text += "\n| Refused by | |\n|---|---|\n"
            for rule in head.rules { text += "| `\(rule.name)` | \(rule.summary) |\n" }
        }
        return text
    }
}

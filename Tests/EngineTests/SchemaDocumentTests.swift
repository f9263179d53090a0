import Engine
import Foundation
import Testing

/// `docs/schema.md` lists what the schema declares, neither more nor less.
@Suite struct SchemaDocumentTests {
    private let marker = "<!-- The rest is written by SchemaDocumentTests: KITH_REWRITE_GOLDEN=1 writes it anew. -->\n"

    @Test func documentListsTheStandardEntities() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/schema.md")
        let document = try String(contentsOf: url, encoding: .utf8)
        let start = try #require(document.range(of: marker)).upperBound
        let current = Schema.standard.entities.map(section).joined()
        if ProcessInfo.processInfo.environment["KITH_REWRITE_GOLDEN"] == "1" {
            try Data((document[..<start] + current).utf8).write(to: url)
            return
        }
        #expect(document[start...] == current, "set KITH_REWRITE_GOLDEN=1 and run again to write the lists anew")
    }

    /// One entity as Markdown.
    private func section(_ entity: Entity) -> String {
        let ownership = entity.ownership == .user ? "owned by users and teams" : "owned by the organisation"
        let keys = entity.keys.map { key in key.attributes.map { "`\(entity[$0].name)`" }.joined(separator: " + ") }
        var text = "\n## \(entity.name)\n\n"
        text +=
            "\(entity.displayName); number \(entity.id.rawValue); \(ownership). Keys: \(keys.joined(separator: ", ")). "
        text += "Shown by `\(entity[entity.primaryName].name)`.\n\n"
        if let model = entity.stateModel, let states = optionSet(entity, "statecode"),
            let statuses = optionSet(entity, "statuscode")
        {
            let lines = model.states.map { state in
                let names = state.statuses.map { "\($0) \(statuses.label(of: $0) ?? "")" }.joined(separator: ", ")
                return "\(state.value) **\(states.label(of: state.value) ?? "")** (\(names))"
            }
            text += "States: \(lines.joined(separator: "; ")).\n\n"
        }
        text += "| Attribute | Label | Type | |\n|---|---|---|---|\n"
        // The attributes before `externalid` are the same everywhere and described once.
        for attribute in entity.attributes.dropFirst(SystemAttribute.count) where !attribute.isDeleted {
            text += "| `\(attribute.name)` | \(attribute.displayName) | \(type(attribute)) | \(rules(attribute)) |\n"
        }
        return text
    }

    private func optionSet(_ entity: Entity, _ attribute: String) -> OptionSet? {
        entity.attributeID(attribute).flatMap { entity[$0].type.optionSet }.map { Schema.standard[$0] }
    }

    private func type(_ attribute: Attribute) -> String { type(attribute.type) }

    private func type(_ type: AttributeType) -> String {
        switch type {
        case .text(let lengthMax): "text(\(lengthMax))"
        case .memo(let lengthMax): "memo(\(lengthMax))"
        case .integer(let minimum, let maximum):
            minimum == 0 && maximum == 1_000_000_000 ? "integer from 0" : "integer \(minimum) to \(maximum)"
        case .decimal(let scale, _, _): "decimal(\(scale))"
        case .money: "money"
        case .boolean: "yes/no"
        case .option(let id):
            "option: "
                + Schema.standard[id].options.map { "\($0.value) \($0.label)" }.joined(separator: ", ")
        case .state: "state"
        case .status: "status"
        case .date: "date"
        case .instant: "instant"
        case .lookup(let targets):
            "lookup: " + targets.compactMap { Schema.standard.entity($0)?.name }.joined(separator: ", ")
        case .identifier: "id"
        case .version: "version"
        case .options(let id):
            "options: " + Schema.standard[id].options.map { "\($0.value) \($0.label)" }.joined(separator: ", ")
        case .autoNumber(let format): "auto-number `\(format)`"
        case .exchangeRate: "exchange rate"
        case .file(let bytesMax, _): "file of at most \(bytesMax) bytes"
        case .partyList(let role):
            "party list: "
                + (Schema.standard.parties.flatMap { Schema.standard[$0.roles].label(of: role) } ?? "\(role)")
        case .calculated(let expression, let result): "\(self.type(result)) = `\(expression)`"
        case .rollUp(let rollUp, let result):
            "\(self.type(result)) = \(rollUp.function.name) of `\(rollUp.operand ?? "*")` over `\(rollUp.entity).\(rollUp.lookup)`"
                + (rollUp.filter.map { " where `\($0)`" } ?? "")
        }
    }

    private func rules(_ attribute: Attribute) -> String {
        var rules: [String] = []
        if attribute.isRequired { rules.append("required") }
        if attribute.isOrdered { rules.append("ordered") }
        if attribute.isSearched { rules.append("searched") }
        switch attribute.defaultValue {
        case .null: break
        case .boolean(let value): rules.append("default \(value ? "yes" : "no")")
        case .integer(let value): rules.append("default \(value)")
        case .option(let value): rules.append("default \(value)")
        default: rules.append("default \(attribute.defaultValue)")
        }
        if !attribute.type.lookupTargets.isEmpty, attribute.onDelete != .removeLink {
            rules.append("delete: \(attribute.onDelete)")
        }
        return rules.joined(separator: ", ")
    }
}

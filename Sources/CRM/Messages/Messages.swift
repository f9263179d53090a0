// All messages, and how one is carried out: found by its number, read, checked against its declaration, planned.

import Engine

/// Messages that belong together, under a heading of docs/messages.md.
package struct Area: Sendable {
    /// The heading.
    package let title: String
    /// In the order in which people read them.
    package let messages: [any Message.Type]
}

/// The registry of messages.
public enum Messages {
    /// All of them, in order of their numbers.
    public static let all: [any Message.Type] = areas.flatMap(\.messages).sorted { $0.head.number < $1.head.number }

    /// By area, as docs/messages.md lists them.
    package static let areas: [Area] = [
        .records, .customers, .merging, .sales, .documents, .products, .activities, .series, .time, .service, .queues,
        .contracts, .targets, .knowledge, .scheduling, .lists, .campaigns, .distribution, .responses, .duplicates,
    ]

    private static let byNumber: [UInt16: any Message.Type] = Dictionary(
        uniqueKeysWithValues: all.map { ($0.head.number, $0) }
    )

    /// The message with this number; nil when there is none.
    public static func message(_ number: UInt16) -> (any Message.Type)? { byNumber[number] }

    /// Numbers of those that start bulk work: whoever carries them out has it worked off.
    package static let startingJobs: Set<UInt16> = [
        CopyListMembers.head.number, DistributeCampaignActivity.head.number, DispatchCampaignActivity.head.number,
    ]

    /// Numbers of those after which other duplicate rules are published.
    package static let publishing: Set<UInt16> = [PublishDuplicateRule.head.number, UnpublishDuplicateRule.head.number]

    /// What is known of all of them, in order of their numbers.
    public static let heads: [MessageHead] = all.map { $0.head }

    /// What is known of the message that a verb means for records of an entity; nil when it means none.
    public static func head(_ verb: String, for entity: Entity) -> MessageHead? {
        heads.first { $0.verb == verb && $0.targets.contains { $0.includes(entity) } }
    }

    /// The transaction that carries a request out, with its number and key.
    ///
    /// Throws a refusal when it is not well formed, its record is not there or in another state, or a rule forbids it.
    package static func plan(
        _ request: MessageRequest,
        key: RequestKey?,
        _ records: Records
    ) throws(Refusal) -> Transaction {
        guard let type = message(request.number) else {
            throw Refusal(.malformed, "There is no message \(request.number).")
        }
        let message = try type.read(request)
        try check(message, request, type.head, records)
        try message.requireArguments()
        var transaction = try message.plan(records).transaction
        transaction.message = request.number
        transaction.refusesDuplicates = request.refusesDuplicates
        transaction.key = key
        return transaction
    }

    /// What is said to who sends a message to a record that it is not for.
    static func notFor(_ id: RecordID, _ verb: String, _ heads: [MessageHead], _ schema: Schema) -> String {
        let names = heads.map(\.targetNames).joined(separator: ", ")
        let text = "'\(verb)' is for \(names), not for \(schema.text(of: id))"
        guard let entity = schema.entity(id.entity), entity.isOwn,
            heads.contains(where: { $0.targets.contains { $0.entity == entity.name } })
        else { return text }
        return text + ": '\(entity.name)' is an entity of the organisation's own here, and not the standard's"
    }

    private static func check(
        _ message: any Message,
        _ request: MessageRequest,
        _ head: MessageHead,
        _ records: Records
    ) throws(Refusal) {
        let id = message.record
        guard let entity = records.schema.entity(id.entity),
            let target = head.targets.first(where: { $0.includes(entity) })
        else {
            throw Refusal(
                .wrongReferenceEntity,
                entity: records.schema.entity(id.entity)?.name ?? "",
                record: id,
                "\(notFor(id, head.verb, [head], records.schema))."
            )
        }
        try records.require(id)
        for argument in head.arguments {
            guard case .record(let entities) = argument.type else { continue }
            let value = request.arguments.first { $0.number == argument.number }?.value
            if case .reference(let other)? = value, other != .none {
                let name = records.schema.entity(other.entity)?.name ?? ""
                let isOwn = records.schema.entity(other.entity)?.isOwn ?? false
                guard entities.isEmpty || (entities.contains(name) && !isOwn) else {
                    throw Refusal(
                        .wrongReferenceEntity,
                        entity: name,
                        record: other,
                        "\(argument.shown) is \(argument.type.described), not \(records.schema.text(of: other))."
                    )
                }
                try records.require(other)
            }
        }
        guard !target.states.isEmpty, let state = records.state(of: id), !target.states.contains(state) else { return }
        let needed = target.states.map { records.stateLabel($0, of: entity.name) }.joined(separator: " or ")
        throw records.refusal(
            .state,
            id,
            "\(records.schema.text(of: id)) is \(records.stateLabel(state, of: entity.name)); "
                + "to \(head.said), it must be \(needed)."
        )
    }
}

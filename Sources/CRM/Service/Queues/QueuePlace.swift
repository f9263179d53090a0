// Where a record waits: in one queue, or in none.
//
// Guarantees
// - A record has one queue item at most: the key of `queueitem` over `objectid` refuses a second one, also by a plain change.
// - What is closed waits for nobody: every message that ends a case or an activity takes it out of its queue.

import Engine

extension Rule {
    static let notInQueue = Rule("not-in-queue", "The record is in no queue.")
}

enum QueuePlace {
    /// What can wait in a queue.
    static let entities = ["incident", "task", "phonecall", "email", "appointment", "letter", "fax"]

    /// An item, or what has one.
    static let targets = (["queueitem"] + entities).map { MessageTarget($0) }

    /// What can wait, while it is open.
    static let openTargets = entities.map { entity in
        MessageTarget(
            entity,
            states: [ActivityState.open] + (entity == "appointment" ? [ActivityState.scheduled] : [])
        )
    }
}

extension Records {
    /// The item of a record; `.none` where it is in no queue.
    func queueItem(of id: RecordID) throws(Refusal) -> RecordID {
        try referring(to: id, "queueitem", "objectid").first ?? .none
    }

    /// The item that a message is about: the record itself, or the item of it.
    func requireQueueItem(_ id: RecordID) throws(Refusal) -> RecordID {
        if id.entity == schema.standardEntity(named: "queueitem")?.id { return id }
        let item = try queueItem(of: id)
        guard item != .none else { throw refusal(.notInQueue, id, "\(name(id)) is in no queue.") }
        return item
    }
}

extension Plan {
    /// Takes records out of the queues where they wait.
    mutating func leaveQueue(_ ids: [RecordID], _ records: Records) throws(Refusal) {
        var items: [RecordID] = []
        for id in ids {
            let item = try records.queueItem(of: id)
            if item != .none { items.append(item) }
        }
        try delete(items)
    }

    /// Takes a record out of the queue where it waits.
    mutating func leaveQueue(_ id: RecordID, _ records: Records) throws(Refusal) {
        try leaveQueue([id], records)
    }
}

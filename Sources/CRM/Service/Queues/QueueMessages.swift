// Queues: what waits for somebody to look after it.
//
//   a case or activity ──route──▶ in a queue, nobody works on it ──pick──▶ a user works on it ──release──▶ nobody does
//                      in a queue ──route──▶ in another one, or with a user; ──remove-from-queue──▶ in none; closed: in none

import Engine

extension Area {
    /// Queues.
    static let queues = Area(
        title: "Queues",
        messages: [RouteRecord.self, PickItem.self, ReleaseItem.self, RemoveItem.self]
    )
}

/// Takes up what waits in a queue.
public struct PickItem: Message {
    /// The queue item, or the record that waits.
    public var target = RecordID.none
    /// Who works on it.
    public var user = RecordID.none

    public init() {}

    /// A request to take up what waits in a queue.
    public init(_ target: RecordID, user: RecordID = .none) { (self.target, self.user) = (target, user) }

    static let isWorkedOn = Rule("worked-on", "Somebody works on it already.")
    static let workerMissing = Rule("worker-missing", "Nobody is named who works on it.")
    static let workerDisabled = Rule("worker-disabled", "The user who is to work on it is disabled.")

    public static let declaration = MessageDeclaration<PickItem>(
        225,
        "pick",
        """
        Takes up what waits in a queue: a user works on it, and others see that. It stays in the queue, and its owner stays the owner.
        """,
        to: QueuePlace.targets,
        record: \.target,
        arguments: [
            .record(
                1,
                "user",
                \.user,
                to: ["systemuser"],
                "Who works on it; the acting user where it is not given."
            )
        ],
        rules: [.notInQueue, isWorkedOn, workerMissing, workerDisabled]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let item = try records.requireQueueItem(target)
        let present = records.reference(item, "workerid")
        guard present == .none else {
            throw records.refusal(
                Self.isWorkedOn,
                target,
                "\(records.name(present)) works on \(records.name(item)) already: release it first."
            )
        }
        let worker = user == .none ? records.actor : user
        guard worker != .none else {
            throw records.refusal(Self.workerMissing, target, "Who works on it? Give --user.")
        }
        guard records.value(worker, "isdisabled") != .boolean(true) else {
            throw records.refusal(
                Self.workerDisabled,
                target,
                "\(records.name(worker)) is disabled and cannot work on anything."
            )
        }
        var plan = Plan(records)
        try plan.update(
            item,
            [("workerid", .reference(worker)), ("workedonsince", .instant(records.timeMicroseconds))]
        )
        return plan
    }
}

/// Puts back what somebody works on.
public struct ReleaseItem: Message {
    /// The queue item, or the record that waits.
    public var target = RecordID.none

    public init() {}

    /// A request to put back what somebody works on.
    public init(_ target: RecordID) { self.target = target }

    static let isNotWorkedOn = Rule("not-worked-on", "Nobody works on it.")

    public static let declaration = MessageDeclaration<ReleaseItem>(
        226,
        "release",
        "Puts back what somebody works on: it waits in its queue again, as long as it has been there.",
        to: QueuePlace.targets,
        record: \.target,
        rules: [.notInQueue, isNotWorkedOn]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let item = try records.requireQueueItem(target)
        guard records.reference(item, "workerid") != .none else {
            throw records.refusal(Self.isNotWorkedOn, target, "Nobody works on \(records.name(item)).")
        }
        var plan = Plan(records)
        try plan.update(item, [("workerid", .null), ("workedonsince", .null)])
        return plan
    }
}

/// Takes a record out of its queue.
public struct RemoveItem: Message {
    /// The queue item, or the record that waits.
    public var target = RecordID.none

    public init() {}

    /// A request to take a record out of its queue.
    public init(_ target: RecordID) { self.target = target }

    public static let declaration = MessageDeclaration<RemoveItem>(
        227,
        "remove-from-queue",
        "Takes a case or activity out of its queue; the record itself stays as it is.",
        said: "take it out of its queue",
        to: QueuePlace.targets,
        record: \.target,
        rules: [.notInQueue]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.delete(try records.requireQueueItem(target))
        return plan
    }
}

// A record goes where somebody looks after it: into a queue, or to a user.

import Engine

/// Puts a record into a queue, or gives it to a user.
public struct RouteRecord: Message {
    /// The case or activity.
    public var target = RecordID.none
    /// The queue.
    public var queue = RecordID.none
    /// The user.
    public var user = RecordID.none
    /// Where the routing rules say.
    public var rules = false

    public init() {}

    /// A request to put a record into a queue.
    public init(_ target: RecordID, toQueue queue: RecordID) { (self.target, self.queue) = (target, queue) }

    /// A request to give a record to a user.
    public init(_ target: RecordID, toUser user: RecordID) { (self.target, self.user) = (target, user) }

    /// A request to bring a record where the routing rules say.
    public init(byRules target: RecordID) { (self.target, self.rules) = (target, true) }

    static let destinationMissing = Rule("destination-missing", "Not one destination is given.")
    static let queueInactive = Rule("queue-inactive", "The queue is not used any more.")
    static let isInQueue = Rule("in-queue", "The record is in this queue already.")
    static let noRuleApplies = Rule("no-rule-applies", "No routing rule applies to the record.")
    static let ruleUnreadable = Rule("rule-unreadable", "A routing rule says what cannot be asked of the record.")

    public static let declaration = MessageDeclaration<RouteRecord>(
        224,
        "route",
        """
        Brings an open case or activity to a queue, out of the one where it is, or to a user, who owns it from then on and in whose hands it waits in \
        no queue. With --rules, the first routing rule whose conditions hold says where. In another queue nobody works on it yet.
        """,
        to: QueuePlace.openTargets,
        record: \.target,
        arguments: [
            .record(1, "queue", \.queue, to: ["queue"], "The queue."),
            .record(2, "user", \.user, to: ["systemuser"], "The user."),
            .flag(3, "rules", \.rules, "Where the routing rules say."),
        ],
        rules: [
            destinationMissing, queueInactive, isInQueue, AssignRecord.ownerDisabled, noRuleApplies, ruleUnreadable,
        ]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard [queue != .none, user != .none, rules].filter({ $0 }).count == 1 else {
            throw records.refusal(
                Self.destinationMissing,
                target,
                "Where to? Give one of --queue, --user and --rules."
            )
        }
        var (queue, user) = (queue, user)
        if rules {
            guard let found = try RoutingRule.first(for: target, records) else {
                throw records.refusal(
                    Self.noRuleApplies,
                    target,
                    "No routing rule applies to \(records.name(target)): route it by hand."
                )
            }
            (queue, user) = (found.queue, found.user)
        }
        return queue != .none ? try toQueue(queue, records) : try toUser(user, records)
    }

    private func toQueue(_ queue: RecordID, _ records: Records) throws(Refusal) -> Plan {
        guard records.state(of: queue) ?? 0 == 0 else {
            throw records.refusal(Self.queueInactive, target, "The queue \(records.name(queue)) is not used any more.")
        }
        let item = try records.queueItem(of: target)
        guard item == .none || records.reference(item, "queueid") != queue else {
            throw records.refusal(
                Self.isInQueue,
                target,
                "\(records.name(target)) is in \(records.name(queue)) already."
            )
        }
        let place: [(String, Value)] = [
            ("queueid", .reference(queue)), ("enteredon", .instant(records.timeMicroseconds)),
        ]
        var plan = Plan(records)
        if item == .none {
            let made = try plan.create(
                "queueitem",
                place + [("title", .text(records.name(target))), ("objectid", .reference(target))]
            )
            guard made != nil else { throw records.missing("queueitem") }
        } else {
            try plan.update(item, place + [("workerid", .null), ("workedonsince", .null)])
        }
        return plan
    }

    private func toUser(_ user: RecordID, _ records: Records) throws(Refusal) -> Plan {
        var plan = try AssignRecord(target, to: user).plan(records)
        try plan.leaveQueue(target, records)
        return plan
    }
}

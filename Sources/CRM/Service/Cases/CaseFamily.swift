// Parent and child cases: many customers report one cause, or one case is done in parts.
//
// Guarantees
// - By messages, no case is below itself, and none is open below one that is closed.
// - What plain changes made otherwise does not hang a message: every walk meets a case once.
// - However many cases end together, their end is a few operations: it is written by entity.

import Engine

extension Rule {
    static let childrenOpen = Rule("children-open", "Child cases are still open.")
    static let activitiesOpen = Rule("activities-open", "Activities about the case are still open.")
    static let parentClosed = Rule("parent-closed", "The parent case is closed.")
}

/// A case that is about to end.
struct EndingCase {
    let incident: RecordID
    /// Minutes of its completed activities together.
    let minutes: Int64
}

extension Records {
    /// Cases that end in one message, at most: with activities and queue items 30,000 rows, about as much of the writer's turn and of the
    /// log as the lines of the largest document.
    private static let endingMax = 10_000

    /// The cases that end together: the case itself, then, where they are to end with it, all open ones below it.
    ///
    /// Refuses those about which something is left to do, and open child cases that are not to end.
    func endingCases(_ incident: RecordID, withChildren: Bool) throws(Refusal) -> [EndingCase] {
        var met: Set<RecordID> = [incident]
        var order = [incident]
        var ending: [EndingCase] = []
        while ending.count < order.count {
            let parent = order[ending.count]
            let open = try referring(to: parent, "incident", "parentcaseid").filter {
                state(of: $0) == CaseState.active
            }
            guard withChildren || open.isEmpty else {
                throw refusal(
                    .childrenOpen,
                    incident,
                    "\(name(incident)) still has \(Self.listed(open, "open child case", self)): close "
                        + "\(open.count == 1 ? "it" : "them") first, or give --children."
                )
            }
            for child in open where met.insert(child).inserted { order.append(child) }
            guard order.count <= Self.endingMax else { throw tooMany(incident, Self.endingMax) }
            ending.append(EndingCase(incident: parent, minutes: try minutesSpent(on: parent, closing: incident)))
        }
        return ending
    }

    /// Minutes of a case's completed activities together, but for those that say that it ended before; refused while there are open ones.
    private func minutesSpent(on incident: RecordID, closing: RecordID) throws(Refusal) -> Int64 {
        var minutes: Int64 = 0
        var open: [RecordID] = []
        for entity in schema.entities where entity.isActivity && entity.name != Closing.incident.entity {
            for activity in try referring(to: incident, entity.name, "regardingobjectid") {
                switch state(of: activity) {
                case ActivityState.open, ActivityState.scheduled: open.append(activity)
                case ActivityState.completed:
                    minutes = minutes.addingClamped(integer(activity, "actualdurationminutes") ?? 0)
                default: break
                }
            }
        }
        guard open.isEmpty else {
            throw refusal(
                .activitiesOpen,
                closing,
                "\(name(incident)) still has \(Self.listed(open, "open activity", self)): complete or cancel "
                    + "\(open.count == 1 ? "it" : "them") first."
            )
        }
        return minutes
    }

    /// `an open activity ('Call back')`, `4 open activities ('Call back', 'Visit', 'Letter' and so on)`.
    private static func listed(_ ids: [RecordID], _ what: String, _ records: Records) -> String {
        let names = ids.prefix(3).map { "'\(records.name($0))'" }.joined(separator: ", ")
        if ids.count == 1 { return "an \(what) (\(names))" }
        let plural = what.hasSuffix("y") ? what.dropLast() + "ies" : what + "s"
        return "\(ids.count) \(plural) (\(names)\(ids.count > 3 ? " and so on" : ""))"
    }

    /// Refuses a parent that is closed.
    func requireOpenParent(_ parent: RecordID, of incident: RecordID) throws(Refusal) {
        guard let state = state(of: parent), state != CaseState.active else { return }
        throw refusal(
            .parentClosed,
            incident,
            "The parent case \(name(parent)) is \(stateLabel(state, of: "incident")): reopen it first."
        )
    }
}

/// Puts a case below another one.
public struct MakeChildCase: Message {
    /// The case.
    public var incident = RecordID.none
    /// The case that it is a part or a consequence of.
    public var parent = RecordID.none

    public init() {}

    /// A request to put a case below another one.
    public init(_ incident: RecordID, of parent: RecordID) { (self.incident, self.parent) = (incident, parent) }

    static let parentIsBelow = Rule("parent-below", "The case would be below itself.")

    public static let declaration = MessageDeclaration<MakeChildCase>(
        213,
        "make-child",
        "Puts an active case below another one, which is then not closed before it, or closes it as well.",
        said: "make it a child",
        to: [MessageTarget("incident", states: [CaseState.active])],
        record: \.incident,
        arguments: [
            .record(
                1,
                "parent",
                \.parent,
                to: ["incident"],
                isRequired: true,
                "The case that it is a part or a consequence of."
            )
        ],
        rules: [parentIsBelow, .parentClosed]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var met: Set<RecordID> = []
        var above = parent
        while above != .none, met.insert(above).inserted {
            guard above != incident else {
                throw records.refusal(
                    Self.parentIsBelow,
                    incident,
                    parent == incident
                        ? "\(records.name(incident)) cannot be below itself."
                        : "\(records.name(parent)) is itself below \(records.name(incident))."
                )
            }
            above = records.reference(above, "parentcaseid")
        }
        try records.requireOpenParent(parent, of: incident)
        var plan = Plan(records)
        try plan.update(incident, [("parentcaseid", .reference(parent))])
        return plan
    }
}

/// Takes a case out from below another one.
public struct MakeIndependentCase: Message {
    /// The case.
    public var incident = RecordID.none

    public init() {}

    /// A request to take a case out from below another one.
    public init(_ incident: RecordID) { self.incident = incident }

    static let hasNoParent = Rule("no-parent", "The case is below no other one.")

    public static let declaration = MessageDeclaration<MakeIndependentCase>(
        214,
        "make-independent",
        "Takes a case out from below another one, with its own child cases.",
        said: "make it independent",
        to: [MessageTarget("incident", states: [CaseState.active])],
        record: \.incident,
        rules: [hasNoParent]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.reference(incident, "parentcaseid") != .none else {
            throw records.refusal(
                Self.hasNoParent,
                incident,
                "\(records.name(incident)) is below no other case."
            )
        }
        var plan = Plan(records)
        try plan.update(incident, [("parentcaseid", .null)])
        return plan
    }
}

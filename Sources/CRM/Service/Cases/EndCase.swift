// Cases that come to nothing, and those that come back.

import Engine

/// Closes a case without a solution.
public struct CancelCase: Message {
    /// The case.
    public var incident = RecordID.none
    /// Its open child cases are canceled as well.
    public var children = false

    public init() {}

    /// A request to close a case without a solution.
    public init(_ incident: RecordID, children: Bool = false) { (self.incident, self.children) = (incident, children) }

    public static let declaration = MessageDeclaration<CancelCase>(
        209,
        "cancel",
        """
        Closes a case without a solution: it was a mistake, or nobody asks any more. As when it is resolved, nothing about it may be left \
        to do.
        """,
        to: [MessageTarget("incident", states: [CaseState.active])],
        record: \.incident,
        arguments: [.flag(1, "children", \.children, "Its open child cases are canceled as well.")],
        rules: [.childrenOpen, .activitiesOpen]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let endings = try records.endingCases(incident, withChildren: children)
        var rows: [(record: RecordID, values: [(String, Value)])] = []
        for ending in endings {
            var values: [(String, Value)] = [("statecode", .option(CaseState.canceled))]
            if var targets = CaseTargets(ending.incident, records) {
                try targets.cancel(at: records.timeMicroseconds)
                values += targets.values
            }
            rows.append((ending.incident, values))
        }
        var plan = Plan(records)
        try plan.update(rows: rows)
        try plan.leaveQueue(endings.map(\.incident), records)
        return plan
    }
}

/// Opens a resolved or canceled case again.
public struct ReopenCase: Message {
    /// The case.
    public var incident = RecordID.none

    public init() {}

    /// A request to open a case again.
    public init(_ incident: RecordID) { self.incident = incident }

    public static let declaration = MessageDeclaration<ReopenCase>(
        210,
        "reopen",
        """
        Opens a resolved or canceled case again, as In Progress: empties what its end brought, cancels the activity that says so, and gives back to the contract line what it took. Its \
        child cases stay as they are; below a case that is closed, none is opened.
        """,
        to: [MessageTarget("incident", states: [CaseState.resolved, CaseState.canceled])],
        record: \.incident,
        rules: [.parentClosed, .allotmentsChanged, .hoursUnreadable, .hoursTooFew]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireOpenParent(records.reference(incident, "parentcaseid"), of: incident)
        var plan = Plan(records)
        var allotments = Allotments()
        let ends = try Closing.incident.completed(incident, records)
        allotments.giveBack(of: ends, records)
        try allotments.write(to: &plan, records)
        try plan.update(ends, Closing.canceled)
        var values: [(String, Value)] = [
            ("statecode", .option(CaseState.active)), ("resolvedon", .null), ("resolution", .null),
            ("actualserviceunits", .null), ("billedserviceunits", .null), ("kbarticleid", .null),
        ]
        if var targets = CaseTargets(incident, records) {
            try targets.reopen(at: records.timeMicroseconds, records)
            values += targets.values
        }
        try plan.update(incident, values)
        return plan
    }
}

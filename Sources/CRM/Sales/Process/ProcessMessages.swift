// A deal enters a sales process, and leaves it before its end.

import Engine

/// Starts a sales process for an opportunity.
public struct StartProcess: Message {
    /// The opportunity.
    public var opportunity = RecordID.none
    /// The process.
    public var process = RecordID.none

    public init() {}

    /// A request to start a sales process.
    public init(_ opportunity: RecordID, process: RecordID) {
        (self.opportunity, self.process) = (opportunity, process)
    }

    static let isRunning = Rule("process-running", "The opportunity runs through a sales process already.")
    static let isInactive = Rule("process-inactive", "The sales process is not used any more.")
    static let isEmpty = Rule("process-empty", "The sales process has no stages.")

    public static let declaration = MessageDeclaration<StartProcess>(
        40,
        "start-process",
        """
        Starts a sales process for an opportunity: it enters the first stage, whose name and probability it takes over, and the \
        steps and activities of the stage are planned.
        """,
        said: "start a process for it",
        to: [MessageTarget("opportunity", states: [OpportunityState.open])],
        record: \.opportunity,
        arguments: [
            .record(1, "process", \.process, to: ["salesprocess"], isRequired: true, "The sales process.")
        ],
        rules: [isRunning, isInactive, isEmpty]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        if let run = try ProcessRun(of: opportunity, records) {
            throw records.refusal(
                Self.isRunning,
                opportunity,
                "\(records.name(opportunity)) runs through \(records.name(run.process)) already: stop that first."
            )
        }
        guard records.state(of: process) ?? 0 == 0 else {
            throw records.refusal(Self.isInactive, opportunity, "\(records.name(process)) is not used any more.")
        }
        guard let first = try ProcessRun.stages(of: process, records).first else {
            throw records.refusal(Self.isEmpty, opportunity, "\(records.name(process)) has no stages.")
        }
        var plan = Plan(records)
        let instance = try plan.create(
            "salesprocessinstance",
            [
                ("opportunityid", .reference(opportunity)), ("salesprocessid", .reference(process)),
                ("salesstageid", .reference(first)), ("startedon", .instant(records.timeMicroseconds)),
                ("enteredstageon", .instant(records.timeMicroseconds)),
            ]
        )
        try ProcessRun.enter(first, opportunity, instance, &plan, records)
        return plan
    }
}

/// Takes an opportunity out of its sales process.
public struct StopProcess: Message {
    /// The opportunity.
    public var opportunity = RecordID.none

    public init() {}

    /// A request to stop the sales process of an opportunity.
    public init(_ opportunity: RecordID) { self.opportunity = opportunity }

    public static let declaration = MessageDeclaration<StopProcess>(
        44,
        "stop-process",
        """
        Takes an opportunity out of its sales process, so that another can be started. What was planned stays; the stage's name is \
        emptied and the probability kept.
        """,
        said: "stop its process",
        to: [MessageTarget("opportunity", states: [OpportunityState.open])],
        record: \.opportunity,
        rules: [.noProcess]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let run = try records.processRun(opportunity)
        var plan = Plan(records)
        try plan.update(
            run.instance,
            [
                ("statecode", .option(ProcessRun.stateStopped)), ("stoppedon", .instant(records.timeMicroseconds)),
            ]
        )
        try plan.update(opportunity, [("stepname", .null)])
        return plan
    }
}

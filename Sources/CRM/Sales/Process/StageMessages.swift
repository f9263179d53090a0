// From stage to stage: onwards when what is required was done, and back at any time.

import Engine

/// Brings an opportunity to the next stage of its sales process.
public struct AdvanceStage: Message {
    /// The opportunity.
    public var opportunity = RecordID.none

    public init() {}

    /// A request to advance an opportunity.
    public init(_ opportunity: RecordID) { self.opportunity = opportunity }

    static let stepsUnfinished = Rule("steps-unfinished", "Required steps of the stage are not completed.")
    static let isLastStage = Rule("last-stage", "The opportunity is in the last stage of its sales process.")

    public static let declaration = MessageDeclaration<AdvanceStage>(
        41,
        "advance",
        """
        Brings an opportunity to the next stage of its sales process when the required steps of its stage are completed. It takes \
        over the stage's name and probability, and the steps and activities of the stage are planned.
        """,
        to: [MessageTarget("opportunity", states: [OpportunityState.open])],
        record: \.opportunity,
        rules: [.noProcess, isLastStage, stepsUnfinished]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let run = try records.processRun(opportunity)
        guard let next = try run.neighbours(records).after else {
            throw records.refusal(
                Self.isLastStage,
                opportunity,
                "\(records.name(run.stage)) is the last stage of \(records.name(run.process)): win or lose "
                    + "\(records.name(opportunity))."
            )
        }
        let unfinished = try run.steps(in: run.stage, records).filter {
            records.value($0, "isrequired") != .boolean(false) && !ProcessRun.isDone($0, records)
        }
        guard unfinished.isEmpty else {
            let names = unfinished.map { "'\(records.name($0))'" }.joined(separator: ", ")
            throw records.refusal(
                Self.stepsUnfinished,
                opportunity,
                "\(records.name(opportunity)) cannot leave \(records.name(run.stage)) yet: to be completed "
                    + "\(unfinished.count == 1 ? "is" : "are") \(names)."
            )
        }
        var plan = Plan(records)
        try run.enter(next, &plan, records)
        return plan
    }
}

/// Brings an opportunity back to the stage before.
public struct StepBack: Message {
    /// The opportunity.
    public var opportunity = RecordID.none

    public init() {}

    /// A request to bring an opportunity back to the stage before.
    public init(_ opportunity: RecordID) { self.opportunity = opportunity }

    static let isFirstStage = Rule("first-stage", "The opportunity is in the first stage of its sales process.")

    public static let declaration = MessageDeclaration<StepBack>(
        42,
        "step-back",
        """
        Brings an opportunity back to the stage before. Steps that were completed stay so; nothing is planned a second time.
        """,
        said: "step it back",
        to: [MessageTarget("opportunity", states: [OpportunityState.open])],
        record: \.opportunity,
        rules: [.noProcess, isFirstStage]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let run = try records.processRun(opportunity)
        guard let before = try run.neighbours(records).before else {
            throw records.refusal(
                Self.isFirstStage,
                opportunity,
                "\(records.name(opportunity)) is in the first stage of \(records.name(run.process))."
            )
        }
        var plan = Plan(records)
        try run.enter(before, &plan, records)
        return plan
    }
}

/// Completes a step of the stage in which an opportunity is.
public struct CompleteStep: Message {
    /// The opportunity.
    public var opportunity = RecordID.none
    /// The step of this opportunity.
    public var step = RecordID.none

    public init() {}

    /// A request to complete a step.
    public init(_ opportunity: RecordID, step: RecordID) { (self.opportunity, self.step) = (opportunity, step) }

    static let stepOfAnother = Rule("step-of-another", "The step is none of the stage in which the opportunity is.")
    static let isDone = Rule("step-completed", "The step is completed already.")
    static let activityOpen = Rule("activity-open", "The step's activity is still to be completed.")

    /// States of an activity that is neither completed nor canceled: open, or in the calendar.
    private static let activityStates: Set<Int32> = [0, 3]

    public static let declaration = MessageDeclaration<CompleteStep>(
        43,
        "complete-step",
        """
        Completes a step of the stage in which an opportunity is. A step with an activity is completed by completing that, or by \
        this when the activity was canceled or deleted.
        """,
        said: "complete a step of it",
        to: [MessageTarget("opportunity", states: [OpportunityState.open])],
        record: \.opportunity,
        arguments: [
            .record(1, "step", \.step, to: ["salesstepinstance"], isRequired: true, "The step of this opportunity.")
        ],
        rules: [.noProcess, stepOfAnother, isDone, activityOpen]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let run = try records.processRun(opportunity)
        guard try run.steps(in: run.stage, records).contains(step) else {
            throw records.refusal(
                Self.stepOfAnother,
                opportunity,
                "'\(records.name(step))' is no step of \(records.name(opportunity)) in \(records.name(run.stage))."
            )
        }
        guard !ProcessRun.isDone(step, records) else {
            throw records.refusal(Self.isDone, opportunity, "'\(records.name(step))' is completed already.")
        }
        let activity = records.reference(step, "activityid")
        if let state = records.state(of: activity), Self.activityStates.contains(state) {
            throw records.refusal(
                Self.activityOpen,
                opportunity,
                "'\(records.name(step))' is completed by completing \(records.schema.text(of: activity))."
            )
        }
        var plan = Plan(records)
        try plan.update(step, ProcessRun.completed(records))
        return plan
    }
}

// A deal on its way through a sales process.
//
// The definition is records: a process (salesprocess), its stages by number (salesstage), and what is to be done in each
// (salesstep). A deal that runs through it has a salesprocessinstance with the stage where it is, and a salesstepinstance for
// each step of each stage that it has entered: a copy, so that a change of the definition does not change what was agreed for
// deals under way. A step is done when it is completed, or when the activity that was planned for it is.

import Engine

/// The running process of an opportunity.
struct ProcessRun {
    static let stateRunning: Int32 = 0
    static let stateStopped: Int32 = 1
    private static let stepCompleted: Int32 = 1
    private static let activityCompleted: Int32 = 1

    let opportunity: RecordID
    let instance: RecordID
    let process: RecordID
    let stage: RecordID

    /// The process through which an opportunity runs; nil when there is none.
    init?(of opportunity: RecordID, _ records: Records) throws(Refusal) {
        let instances = try records.referring(to: opportunity, "salesprocessinstance", "opportunityid")
        guard let instance = instances.last(where: { records.state(of: $0) == ProcessRun.stateRunning }) else {
            return nil
        }
        self.opportunity = opportunity
        self.instance = instance
        process = records.reference(instance, "salesprocessid")
        stage = records.reference(instance, "salesstageid")
    }

    /// The stages of a process in order.
    static func stages(of process: RecordID, _ records: Records) throws(Refusal) -> [RecordID] {
        let stages = try records.referring(to: process, "salesstage", "salesprocessid")
        let numbers = stages.map { records.integer($0, "stagenumber") ?? .max }
        return zip(numbers, stages).sorted { $0 < $1 }.map(\.1)
    }

    /// The stages before and behind the one where the deal is.
    func neighbours(_ records: Records) throws(Refusal) -> (before: RecordID?, after: RecordID?) {
        let stages = try ProcessRun.stages(of: process, records)
        guard let place = stages.firstIndex(of: stage) else { return (nil, stages.first) }
        return (
            place > stages.startIndex ? stages[place - 1] : nil,
            place + 1 < stages.endIndex ? stages[place + 1] : nil
        )
    }

    /// The deal's steps in a stage, in order.
    func steps(in stage: RecordID, _ records: Records) throws(Refusal) -> [RecordID] {
        let steps = try records.referring(to: instance, "salesstepinstance", "salesprocessinstanceid")
            .filter { records.reference($0, "salesstageid") == stage }
        let numbers = steps.map { records.integer($0, "stepnumber") ?? .max }
        return zip(numbers, steps).sorted { $0 < $1 }.map(\.1)
    }

    /// Whether a step is done.
    static func isDone(_ step: RecordID, _ records: Records) -> Bool {
        records.state(of: step) == stepCompleted
            || records.state(of: records.reference(step, "activityid")) == activityCompleted
    }

    /// The changes that complete a step.
    static func completed(_ records: Records) -> [(String, Value)] {
        [
            ("statecode", .option(stepCompleted)), ("completedon", .instant(records.timeMicroseconds)),
            ("completedby", records.actor == .none ? .null : .reference(records.actor)),
        ]
    }

    /// Puts the deal into a stage: its name and probability follow, and what is to be done there is noted, unless it was before.
    func enter(_ stage: RecordID, _ plan: inout Plan, _ records: Records) throws(Refusal) {
        try plan.update(
            instance,
            [("salesstageid", .reference(stage)), ("enteredstageon", .instant(records.timeMicroseconds))]
        )
        // A step whose activity was completed is completed with the stage: what becomes of the activity later changes nothing.
        for step in try steps(in: self.stage, records)
        where records.state(of: step) != ProcessRun.stepCompleted && ProcessRun.isDone(step, records) {
            try plan.update(step, ProcessRun.completed(records))
        }
        let isNew = try steps(in: stage, records).isEmpty
        try ProcessRun.enter(stage, opportunity, isNew ? instance : nil, &plan, records)
    }

    /// As above, for a deal that enters its process.
    static func enter(
        _ stage: RecordID,
        _ opportunity: RecordID,
        _ instance: RecordID?,
        _ plan: inout Plan,
        _ records: Records
    ) throws(Refusal) {
        var values: [(String, Value)] = [("stepname", .text(records.name(stage)))]
        if let probability = records.integer(stage, "closeprobability") {
            values.append(("closeprobability", .integer(probability)))
        }
        try plan.update(opportunity, values)
        guard let instance else { return }
        let steps = try records.referring(to: stage, "salesstep", "salesstageid")
        let numbers = steps.map { records.integer($0, "stepnumber") ?? .max }
        for (_, step) in zip(numbers, steps).sorted(by: { $0 < $1 }) {
            let activity = try planActivity(step, opportunity, &plan, records)
            try plan.create(
                "salesstepinstance",
                [
                    ("salesprocessinstanceid", .reference(instance)), ("salesstageid", .reference(stage)),
                    ("salesstepid", .reference(step)), ("activityid", activity.map(Value.reference) ?? .null),
                ] + records.copied(step, ["name", "stepnumber", "isrequired"].map { ($0, $0) })
            )
        }
    }

    private static let microsecondsPerDay: Int64 = 86_400_000_000

    /// Plans the activity of a step, where one is wanted.
    private static func planActivity(
        _ step: RecordID,
        _ opportunity: RecordID,
        _ plan: inout Plan,
        _ records: Records
    ) throws(Refusal) -> RecordID? {
        let entities: [Int32: String] = [4201: "appointment", 4210: "phonecall", 4212: "task"]
        guard let entity = records.option(step, "activitytypecode").flatMap({ entities[$0] }) else { return nil }
        // At most 3,650 days, which fit as long as moments end in the year 9999.
        let due = records.integer(step, "dueafterdays").map {
            records.timeMicroseconds + min(max($0, 0), 3650) * microsecondsPerDay
        }
        return try plan.create(
            entity,
            [
                ("subject", .text(records.name(step))), ("regardingobjectid", .reference(opportunity)),
                ("ownerid", records.value(opportunity, "ownerid")), ("scheduledend", due.map(Value.instant) ?? .null),
                ("description", records.value(step, "description")),
            ]
        )
    }
}

extension Rule {
    static let noProcess = Rule("no-process", "The opportunity runs through no sales process.")
}

extension Records {
    /// The process through which an opportunity runs; refused when there is none.
    func processRun(_ opportunity: RecordID) throws(Refusal) -> ProcessRun {
        if let run = try ProcessRun(of: opportunity, self) { return run }
        throw refusal(
            .noProcess,
            opportunity,
            "\(name(opportunity)) runs through no sales process: start one with 'start-process'."
        )
    }
}

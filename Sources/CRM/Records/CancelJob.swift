// Bulk work as messages see it: whose it is, where it is in its life, and its end before its time.

import Engine

/// Options of a job's `statecode` and `statuscode`.
enum JobState {
    static let open: Int32 = 0
    static let canceledState: Int32 = 2
    static let aborted: Int32 = 3
    static let canceled: Int32 = 5
}

extension Records {
    /// As whom a job works: whoever started it. One that the clock started has nobody: its owner, where that is a user.
    package func worker(of job: RecordID) -> RecordID {
        let starter = reference(job, "createdby")
        if starter != .none { return starter }
        let owner = reference(job, "ownerid")
        return owner.entity == schema.standardEntity(named: "systemuser")?.id ? owner : .none
    }
}

/// Ends a job; what it has done stays done.
public struct CancelJob: Message {
    /// The job.
    public var job = RecordID.none

    public init() {}

    /// A request to end a job.
    public init(_ job: RecordID) { self.job = job }

    public static let declaration = MessageDeclaration<CancelJob>(
        5,
        "cancel",
        "Ends bulk work before its next record; what was done stays done.",
        to: [MessageTarget("bulkoperation", states: [JobState.open])],
        record: \.job
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(
            job,
            [("statecode", .option(JobState.canceledState)), ("completedon", .instant(records.timeMicroseconds))]
        )
        return plan
    }
}

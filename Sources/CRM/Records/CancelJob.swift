// Bulk work that is not to go on.

import Engine

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
        to: [MessageTarget("bulkoperation", states: [0])],
        record: \.job
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(job, [("statecode", .option(2)), ("completedon", .instant(records.timeMicroseconds))])
        return plan
    }
}

import CRM
import Engine

/// A session that answers questions about the time of people and equipment (docs/scheduling.md).
public protocol ScheduleSession: Session {
    /// When something can be done, or whether what is booked still stands; returns when what it saw is durable.
    ///
    /// Throws `Refusal` for a record that is not there, and where more would have to be looked at than may.
    func schedule(_ question: ScheduleQuestion) async throws -> ScheduleAnswer
}

extension Database: ScheduleSession {
    /// When something can be done, or whether what is booked still stands. Answered from a view, on the calling task's thread, while writing
    /// goes on.
    ///
    /// Complexity: O(resources × days + what is booked in that time and 31 days before).
    public func schedule(_ question: ScheduleQuestion) async throws -> ScheduleAnswer {
        let cancellation = QueryCancellation()
        let answer = try await withTaskCancellationHandler {
            try self.answer(question, cancellation: cancellation)
        } onCancel: {
            cancellation.cancel()
        }
        try await settle(answer.position)
        return answer
    }

    /// As `schedule(_:)`; what it has seen may not be durable yet.
    package func answer(
        _ question: ScheduleQuestion,
        cancellation: QueryCancellation? = nil
    ) throws(Refusal) -> ScheduleAnswer {
        let view = currentView
        let records = Records(Engine(copying: view), actor: .none, timeMicroseconds: options.clock()) {
            [knownCalendar] in knownCalendar.calendar(view)
        }
        return try question.answer(records, cancellation: cancellation)
    }
}

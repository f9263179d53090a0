import CRM
import Engine

/// A session that answers questions about activities of all kinds (docs/crm.md).
public protocol ActivitySession: Session {
    /// The timeline of a record, or what a calendar shows; returns when what it saw is durable.
    ///
    /// Throws `Refusal` for a record that is not there, and where more would have to be looked at than may.
    func activities(_ question: ActivityQuestion) async throws -> ActivityAnswer
}

extension Database: ActivitySession {
    /// The timeline of a record, or what a calendar shows. Answered from a view, on the calling task's thread, while writing goes on.
    ///
    /// Complexity: O(entities + activities found, and for an agenda + series that may lie in it).
    public func activities(_ question: ActivityQuestion) async throws -> ActivityAnswer {
        let answer = try answer(question)
        try await settle(answer.position)
        return answer
    }

    /// As `activities(_:)`; what it has seen may not be durable yet.
    package func answer(_ question: ActivityQuestion) throws(Refusal) -> ActivityAnswer {
        let view = currentView
        let records = Records(Engine(copying: view), actor: .none, timeMicroseconds: options.clock()) {
            [knownCalendar] in knownCalendar.calendar(view)
        }
        return try question.answer(records)
    }
}

// What booking, a search or a validation may look at, in one count.
//
// Guarantees
// - Whatever is stored and asked, so many looks end in `limitExceeded`; a question that is called off ends within 4,096 of them.

import Engine

/// Counts looks: at a resource for a place, at a day of its hours, at what else takes its time. Thread rule: one thread at a time.
final class ScheduleWork {
    /// Looks of a message, which has the writer's turn: some tenths of a second.
    static let messageMax = 5_000_000
    private static let blockMax = 4_096

    private let looksMax: Int
    private let cancellation: QueryCancellation?
    private var left: Int
    /// Looks until the next question whether it was called off.
    private var untilAsked = 0

    init(looksMax: Int = messageMax, cancellation: QueryCancellation? = nil) {
        (self.looksMax, self.cancellation) = (looksMax, cancellation)
        left = looksMax
    }

    /// Something is looked at, or so many things.
    func look(_ count: Int = 1) throws(Refusal) {
        guard count <= left else {
            throw Refusal(
                .limitExceeded,
                "More than \(looksMax) looks at who is there and free: ask for fewer resources or a shorter time."
            )
        }
        left -= count
        untilAsked -= count
        guard untilAsked <= 0 else { return }
        untilAsked = Self.blockMax
        if let cancellation, cancellation.isCancelled {
            throw .calledOff
        }
    }
}

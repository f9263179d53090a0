// Work that goes ahead of the disk: for one who has very much to do in order, and tells nobody of it before it is durable, as a simulation.
//
// Each call takes effect before it returns and waits for no sync, so that what a hundred of them wrote is synced together. Whoever has
// called them waits at last, with `settle`; what was lost with the power before that was never told. Where more waits for the disk than
// may, a call blocks its thread until there is room.

import CRM
import Engine
import Snapshot

extension Database {
    /// Carries a message out as `actor`; it is durable when `settle` has returned for the reply's position.
    package func performAhead(_ request: MessageRequest, as actor: RecordID) throws -> TransactionReply {
        let encoded = request.encoded(key: nil)
        return try ahead { turn, reply throws(Refusal) in
            try encoded.withUnsafeBytes { bytes in
                Result { () throws(Refusal) in try turn.perform(bytes, actor: actor, reply: &reply) }
            }.get()
        }
    }

    /// Executes a transaction as `actor`; it is durable when `settle` has returned for the reply's position.
    package func executeAhead(_ transaction: borrowing Transaction, as actor: RecordID) throws -> TransactionReply {
        let encoded = transaction.encoded()
        return try ahead { turn, reply throws(Refusal) in
            try encoded.withUnsafeBytes { bytes in
                Result { () throws(Refusal) in try turn.execute(bytes, actor: actor, reply: &reply) }
            }.get()
        }
    }

    /// Carries out everything that is due up to a moment, as `advance(to:)` does; it is durable when `settle` has returned for the position of
    /// what is done next.
    package func advanceAhead(to moment: Int64) throws -> ClockReport {
        var report = ClockReport()
        while !report.isDone {
            let (step, obstacle, position) = carryOut(through: moment, limit: .max)
            report.performedCount += step.performedCount
            report.refused += step.refused
            report.isDone = step.isDone
            if let obstacle { try waitForRoom(obstacle, position) }
        }
        return report
    }

    private func ahead(
        _ change: (inout WriterTurn, inout ByteWriter) throws(Refusal) -> Void
    ) throws -> TransactionReply {
        while true {
            var reply = ByteWriter()
            let (refusal, position) = turn { turn -> (Refusal?, Position) in
                do throws(Refusal) {
                    try change(&turn, &reply)
                    return (nil, turn.position)
                } catch {
                    return (error, turn.position)
                }
            }
            guard let refusal else { return try reply.withUnsafeBytes { try TransactionReply(decoding: $0) } }
            try waitForRoom(refusal, position)
        }
    }

    /// Throws a refusal that no waiting mends.
    private func waitForRoom(_ refusal: Refusal, _ position: Position) throws {
        guard refusal.code == .overloaded else { throw refusal }
        do throws(DirectoryError) {
            try directory.queue.waitUntilDurable(min(durablePosition + 1, position))
        } catch {
            throw DatabaseError.directory(error)
        }
    }
}

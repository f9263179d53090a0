// Indexes that are made beside the writer, from a view, while changes go on: quick find and the keys of duplicates.

import Engine

extension Database {
    /// Rows that may have changed when an index is taken over in the writer's turn: some milliseconds of work.
    private static let lateRowsMax = 1000
    /// Rounds of catching up beside the writer, before the rest is done in its turn whatever it is.
    private static let roundsMax = 5

    /// Brings an index that was made from a view up to date, round by round, and returns it with the view that it is of; nil where it is good
    /// for its view only.
    /// - Parameters:
    ///   - next: the rows that have changed since the last view, and a new one, in the writer's turn.
    ///   - update: brings one row from the one view to the other.
    func caughtUp<Index>(
        _ made: consuming Index,
        of view: View,
        _ next: (inout WriterTurn, Schema) -> (rows: [UInt32], view: View)?,
        update: (_ index: inout Index, _ row: UInt32, _ old: View, _ new: View) -> Void
    ) -> (index: Index, view: View)? {
        // Taken over, so that it has one owner and what is updated is not copied.
        var index = consume made
        var view = view
        for _ in 0..<Database.roundsMax {
            let schema = view.schema
            guard let (rows, new) = turn({ next(&$0, schema) }) else { return nil }
            for row in rows { update(&index, row, view, new) }
            view = new
            if rows.count <= Database.lateRowsMax { break }
        }
        return (index, view)
    }
}

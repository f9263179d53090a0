import Engine
import Kith

/// Which rows of a batch are like records that are there, or like rows before them, and what is said of each. Pure.
struct AlikeRows: Sendable {
    let handling: ImportDuplicates
    /// By row of the batch.
    private(set) var faults: [Int: RowFault] = [:]

    /// Others that are named for a row.
    private static let namedMax = 3

    /// - Parameter report: what the batch's transaction, of all its rows, would be like.
    /// - Parameter line: the line of a row.
    init(_ report: DuplicateReport, _ handling: ImportDuplicates, _ schema: Schema, line: (Int) -> Int) {
        self.handling = handling
        var others: [Int: [String]] = [:]
        // In the order of the rows. Whatever is like a row that does not go in is like nothing.
        for hit in report.hits {
            guard let row = DuplicateReport.row(hit.record)?.row else { continue }
            var who = schema.text(of: hit.other)
            if let earlier = DuplicateReport.row(hit.other)?.row {
                if handling == .reject, others[earlier] != nil { continue }
                who = "line \(line(earlier))"
            }
            let reasons = hit.reasons.map { "\(report.reasons[$0].name): \(report.reasons[$0].because)" }
            others[row, default: []].append("\(who) (\(reasons.joined(separator: "; ")))")
        }
        for (row, all) in others {
            let further = all.count > Self.namedMax ? ", and \(all.count - Self.namedMax) more" : ""
            faults[row] = RowFault(column: "", "like " + all.prefix(Self.namedMax).joined(separator: ", ") + further)
        }
    }
}

import Engine
import Kith

/// Which rows of a batch are like records that are there, or like rows before them, and what is said of each. Pure.
struct AlikeRows: Sendable {
    let handling: ImportDuplicates
    /// Rows that are like something, by row of the batch.
    private(set) var faults: [Int: RowFault] = [:]
    /// Rows that could not be compared under an alternative, by row of the batch.
    private(set) var omissions: [Int: RowFault] = [:]

    /// Others that are named for a row.
    private static let namedMax = 3

    init(_ handling: ImportDuplicates) { self.handling = handling }

    /// Takes what a transaction of these rows would be like.
    /// - Parameter line: the line of a row.
    mutating func add(_ report: DuplicateReport, rows: [Int], _ schema: Schema, line: (Int) -> Int) {
        func row(_ id: RecordID) -> Int? {
            guard let place = DuplicateReport.row(id)?.row, rows.indices.contains(place) else { return nil }
            return rows[place]
        }
        func text(_ reason: Int) -> String { "\(report.reasons[reason].name): \(report.reasons[reason].because)" }
        var others: [Int: [String]] = [:]
        // In the order of the rows. Whatever is like a row that does not go in is like nothing.
        for hit in report.hits {
            guard let found = row(hit.record) else { continue }
            var who = schema.text(of: hit.other)
            if let earlier = row(hit.other) {
                if handling == .reject, others[earlier] != nil { continue }
                who = "line \(line(earlier))"
            }
            others[found, default: []].append("\(who) (\(hit.reasons.map(text).joined(separator: "; ")))")
        }
        for (row, all) in others {
            let further = all.count > Self.namedMax ? ", and \(all.count - Self.namedMax) more" : ""
            faults[row] = RowFault(column: "", "like " + all.prefix(Self.namedMax).joined(separator: ", ") + further)
        }
        var omitted: [Int: [String]] = [:]
        for omission in report.omissions {
            if let found = row(omission.record) { omitted[found, default: []].append(text(omission.reason)) }
        }
        for (row, all) in omitted {
            omissions[row] = RowFault(
                column: "",
                "not compared (\(all.joined(separator: "; "))): more than \(DuplicateSearch.blockMax) records have the same there"
            )
        }
    }

    /// A row that is more than one question may be about.
    mutating func addTooLarge(_ row: Int) {
        omissions[row] = RowFault(column: "", "not compared: it would take more comparisons than one question may")
    }
}

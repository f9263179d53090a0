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

    /// Takes what a transaction of these rows would be like. Where rows that are like something are rejected, it takes what is said up to the
    /// first of them, and returns that one: what is said of those behind it is said of a state that will not be.
    /// - Parameter line: the line of a row.
    mutating func add(_ report: DuplicateReport, rows: [Int], _ schema: Schema, line: (Int) -> Int) -> Int? {
        func row(_ id: RecordID) -> Int? {
            guard let place = DuplicateReport.row(id)?.row, rows.indices.contains(place) else { return nil }
            return rows[place]
        }
        func text(_ reason: Int) -> String { "\(report.reasons[reason].name): \(report.reasons[reason].because)" }
        var others: [Int: [String]] = [:]
        for hit in report.hits {
            guard let found = row(hit.record) else { continue }
            let who = row(hit.other).map { "line \(line($0))" } ?? schema.text(of: hit.other)
            others[found, default: []].append("\(who) (\(hit.reasons.map(text).joined(separator: "; ")))")
        }
        let rejected = handling == .reject ? others.keys.min() : nil
        let last = rejected ?? .max
        for (row, all) in others where row <= last {
            let further = all.count > Self.namedMax ? ", and \(all.count - Self.namedMax) more" : ""
            faults[row] = RowFault(column: "", "like " + all.prefix(Self.namedMax).joined(separator: ", ") + further)
        }
        var omitted: [Int: [String]] = [:]
        for omission in report.omissions {
            if let found = row(omission.record), found <= last {
                omitted[found, default: []].append(text(omission.reason))
            }
        }
        for (row, all) in omitted {
            omissions[row] = RowFault(
                column: "",
                "not compared (\(all.joined(separator: "; "))): more than \(DuplicateSearch.blockMax) records have the same there"
            )
        }
        return rejected
    }

    /// A row that is more than one question may be about.
    mutating func addTooLarge(_ row: Int) {
        omissions[row] = RowFault(column: "", "not compared: it would take more comparisons than one question may")
    }
}

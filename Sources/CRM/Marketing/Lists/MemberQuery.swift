// Who is on a list, as a query: the records of `listmember` of a static list, what its own query gives of a dynamic one.
//
// A message runs no query: it would hold up the writer for as long as that takes. It writes the text down as the list of a job, which asks
// it beside the writer when it begins, within the bounds of jobs.

import Engine

enum MemberQuery {
    /// Bytes of a dynamic list's query: several of them go into that of one job.
    static let lengthBytesMax = 4_000

    /// Why a text is no query of members.
    struct Flaw: Error {
        let reason: String
    }

    /// Refuses what gives no records, and returns the name of the column with them.
    static func check(_ text: String, _ schema: Schema) throws(Flaw) -> String {
        let query = try prepared(text, schema)
        guard query.parameterNames.isEmpty else { throw Flaw(reason: "it has parameters, which nobody would give") }
        let first = query.columns[0]
        guard first.type == .id else {
            throw Flaw(reason: "its first column has to be the members, and '\(first.name)' is no record's id")
        }
        // What stands inside another query has no column twice.
        _ = try prepared(inside(text, first.name), schema)
        return first.name
    }

    private static func prepared(_ text: String, _ schema: Schema) throws(Flaw) -> PreparedQuery {
        do throws(QueryError) {
            return try PreparedQuery(text, schema: schema)
        } catch {
            throw Flaw(reason: "\(error)")
        }
    }

    /// The members of these lists, one list's behind the other's; nil where none of them says who they are.
    static func text(of lists: [RecordID], _ records: Records) -> String? {
        var parts: [String] = []
        let codes = lists.filter { !records.isDynamic($0) }.map { "'\(records.schema.text(of: $0))'" }
        if !codes.isEmpty {
            parts.append("SELECT entityid FROM listmember WHERE listid IN (\(codes.joined(separator: ", ")))")
        }
        for list in lists where records.isDynamic(list) {
            guard let query = records.text(list, "query") else { continue }
            // One that a plain change has made unreadable is left to who asks it, and says so then.
            let column = try? check(query, records.schema)
            parts.append(column.map { inside(query, $0) } ?? query)
        }
        return parts.isEmpty ? nil : parts.joined(separator: "\nUNION ALL ")
    }

    /// The members of a list that are not on another.
    static func text(of list: RecordID, without other: RecordID, _ records: Records) -> String? {
        guard let members = text(of: [list], records) else { return nil }
        let query = records.isDynamic(list) ? records.text(list, "query") : nil
        let column = quoted(query.flatMap { try? check($0, records.schema) } ?? "entityid")
        let present = "SELECT entityid FROM listmember WHERE listid = '\(records.schema.text(of: other))'"
        return "SELECT \(column) FROM (\(members)\n) AS members WHERE \(column) NOT IN (\(present))"
    }

    private static func inside(_ text: String, _ column: String) -> String {
        // The line ends a comment at the end of the text.
        "SELECT \(quoted(column)) FROM (\(text)\n) AS members"
    }

    private static func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }
}

extension Records {
    /// Whether a list's members are those that its query gives.
    func isDynamic(_ list: RecordID) -> Bool { option(list, "type") == ListType.dynamic }
}

extension Plan {
    /// Bytes that a job's query may have.
    private static let queryBytesMax = 16_000

    /// Starts bulk work as the acting user: a message for every record that a query gives, which is asked when the work begins. Refusals do
    /// not abort it, however many there are.
    ///
    /// - Parameter owner: as whom the work is done where nobody acts; a team is nobody.
    mutating func startJob(
        _ name: String,
        message: String,
        query: String,
        owner: RecordID = .none,
        _ records: Records
    ) throws(Refusal) -> RecordID {
        guard query.utf8.count <= Plan.queryBytesMax else {
            throw Refusal(
                .limitExceeded,
                "The queries of the lists have \(query.utf8.count) bytes together, and a job's may have \(Plan.queryBytesMax)."
            )
        }
        var values: [(String, Value)] = [
            ("name", .text(name)), ("message", .text(message)), ("querytext", .text(query)),
            ("processedcount", .integer(0)), ("failedcount", .integer(0)), ("failurecountmax", .integer(1_000_000)),
        ]
        if records.actor == .none, owner != .none { values.append(("ownerid", .reference(owner))) }
        let job = try create("bulkoperation", values)
        guard let job else { throw records.missing("bulkoperation") }
        return job
    }
}

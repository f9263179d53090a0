// A case that is solved: what solved it, how long it took, and how much of that is billed.

import Engine

/// Closes a case as resolved.
public struct ResolveCase: Message {
    /// The case.
    public var incident = RecordID.none
    /// How: a status of Resolved.
    public var status: Int32?
    /// What solved it.
    public var resolution: String?
    /// How many minutes it took.
    public var minutes: Int64?
    /// How many of them are billed.
    public var billable: Int64?
    /// Its open child cases are resolved as well.
    public var children = false
    /// The article that solved it.
    public var article = RecordID.none

    public init() {}

    /// A request to close a case as resolved.
    public init(
        _ incident: RecordID,
        resolution: String? = nil,
        minutes: Int64? = nil,
        billable: Int64? = nil,
        children: Bool = false
    ) {
        (self.incident, self.resolution, self.children) = (incident, resolution, children)
        (self.minutes, self.billable) = (minutes, billable)
    }

    static let articleNotPublished = Rule("article-not-published", "The article is not published.")

    /// Minutes of a case: what its attributes hold.
    private static let minutesRange: ClosedRange<Int64> = 0...1_000_000_000

    public static let declaration = MessageDeclaration<ResolveCase>(
        208,
        "resolve",
        """
        Closes a case as resolved and writes an activity with the time that it took. Nothing about it may be left to do: its \
        activities are completed or canceled, and so are its child cases, unless --children resolves them with it, by the same resolution and each with \
        its own time. A case that names a contract line takes of it: a case, or the minutes that are billed.
        """,
        to: [MessageTarget("incident", states: [CaseState.active])],
        record: \.incident,
        arguments: [
            .option(
                1,
                "status",
                \.status,
                of: "incident",
                "statuscode",
                "How: a status of Resolved; Problem Solved where it is not given."
            ),
            .text(2, "resolution", \.resolution, lengthBytesMax: 10_000, "What solved it."),
            .integer(
                3,
                "minutes",
                \.minutes,
                minutesRange,
                "How many minutes it took; where it is not given, those of its completed activities together."
            ),
            .integer(
                4,
                "billable",
                \.billable,
                minutesRange,
                "How many minutes are billed; all that it took where it is not given."
            ),
            .flag(5, "children", \.children, "Its open child cases are resolved as well."),
            .record(6, "article", \.article, to: ["kbarticle"], "The published article that solved it."),
        ],
        rules: [
            .status, .childrenOpen, .activitiesOpen, .lineNotInForce, .lineOfOtherCustomer, .allotmentsUsedUp,
            .allotmentsChanged, articleNotPublished,
        ]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let close = try records.close(incident, CaseState.resolved, status)
        if article != .none, let state = records.state(of: article), state != ArticleState.published {
            throw records.refusal(
                Self.articleNotPublished,
                incident,
                "The article \(records.name(article)) is \(records.stateLabel(state, of: "kbarticle")): only what is "
                    + "published solves a case."
            )
        }
        let endings = try records.endingCases(incident, withChildren: children)
        var allotments = Allotments()
        var former: [RecordID] = []
        var closings: [[(String, Value)]] = []
        var rows: [(record: RecordID, values: [(String, Value)])] = []
        for ending in endings {
            // A plain change opened it again: its former end counts no more.
            let ends = try Closing.incident.completed(ending.incident, records)
            former += ends
            allotments.giveBack(of: ends, records)
            let isMain = ending.incident == incident
            let minutes = (isMain ? minutes : nil) ?? ending.minutes
            let billable = (isMain ? billable : nil) ?? minutes
            let taken = try allotments.take(for: ending.incident, minutes: billable, closing: incident, records)
            closings.append(
                Closing.incident.row(
                    ending.incident,
                    "Resolved",
                    [
                        ("contractdetailid", taken.map { .reference($0.line) } ?? .null),
                        ("allotmentsused", taken.map { .integer($0.count) } ?? .null),
                        ("actualdurationminutes", .integer(minutes)), ("timespent", .integer(minutes)),
                        ("billabletime", .integer(billable)), ("description", Value(resolution)),
                    ],
                    records
                )
            )
            let values =
                close + [
                    ("resolvedon", .instant(records.timeMicroseconds)), ("resolution", Value(resolution)),
                    ("actualserviceunits", .integer(minutes)), ("billedserviceunits", .integer(billable)),
                    ("kbarticleid", article == .none ? .null : .reference(article)),
                ] + Self.targets(of: ending.incident, records)
            rows.append((ending.incident, values))
        }
        var plan = Plan(records)
        try plan.update(former, Closing.canceled)
        try plan.create(Closing.incident.entity, rows: closings)
        try plan.update(rows: rows)
        try plan.leaveQueue(endings.map(\.incident), records)
        try allotments.write(to: &plan, records)
        return plan
    }

    /// What becomes of a case's targets: who is told the solution has been answered.
    private static func targets(of incident: RecordID, _ records: Records) -> [(String, Value)] {
        let now = records.timeMicroseconds
        var values: [(String, Value)] = []
        if records.value(incident, "firstresponsesent") != .boolean(true) {
            values = [("firstresponsesent", .boolean(true)), ("firstresponsesenton", .instant(now))]
        }
        guard var targets = CaseTargets(incident, records) else { return values }
        targets.resolve(at: now)
        return values + targets.values
    }
}

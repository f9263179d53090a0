import CRM
import Engine

/// Messages as text: records, what is done to them, and what is seen afterwards. Cases are independent: each begins with an
/// empty organisation under the standard schema and with what stands before the first case.
///
///     ## qualify makes an account       begins a case; the rest of the line is its name
///     time 2026-05-15T10:00:00Z         the moment of what follows
///     advance 2026-06-01T00:00:00Z      carries out what is due until then
///     jobs                              works off the bulk work that messages have started
///     user U                            who acts from here on
///     lead L: companyname=Acme | revenue=100.50
///                                       makes a record, called L from here on; `customerid=A` refers to another
///     set L: companyname=Acme AG        changes it
///     schema account.parentaccountid: assign all
///                                       sets how far an action reaches, before any record is made
///     schema task.category: required    so, or unique or deleted, is an attribute from here on; text adds one of the organisation's own
///     activitytype visit                adds an activity type of the organisation's own, before any record is made
///     call M recordmerge                calls the newest record of an entity M, which a message has made
///     do qualify L --account            must succeed
///     refused company-missing: The lead …
///                                       behind a `do`: it must be refused by this rule, or with this code, and these words
///     timeline A related                the lines behind ---- up to an empty line are its entries, as of
///     agenda 2026-05-18 2026-05-25 A
///     availability 2026-05-18 2026-05-19 service=S minutes=60
///                                       so are the times at which something can be done, and by whom
///     validate B                        so is what does not stand of a service appointment
///     validate 2026-05-18 2026-05-25 U  or of what is booked then, of somebody or everybody
///     query                             the lines up to ---- are a query, those up to an empty line its rows
struct MessageScript {
    struct Failure: Error, CustomStringConvertible { var description: String }

    struct Case {
        var name: String
        var line: Int
        /// With the setup, and the places of the lines in the file.
        var lines: [(number: Int, text: String)]
    }

    /// What a case has shown of a message: its effect, or a rule.
    struct Seen: Hashable {
        var message: UInt16
        /// Empty: the effect.
        var rule: String
    }

    let cases: [Case]

    init(_ text: String) {
        var setup: [(Int, String)] = []
        var cases: [Case] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("## ") {
                cases.append(Case(name: String(line.dropFirst(3)), line: index + 1, lines: setup))
            } else if cases.isEmpty {
                setup.append((index + 1, String(line)))
            } else {
                cases[cases.count - 1].lines.append((index + 1, String(line)))
            }
        }
        self.cases = cases
    }
}

/// Runs one case.
struct CaseRun {
    private(set) var seen: Set<MessageScript.Seen> = []
    private(set) var differences: [String] = []
    /// The rows that queries gave, by the place of the expected ones.
    private(set) var answers: [(lines: Range<Int>, rows: [String])] = []
    private var organisation = TestOrganisation()

    init(_ script: MessageScript.Case) throws {
        var at = script.lines.startIndex
        while at < script.lines.endIndex {
            let (number, line) = script.lines[at]
            at += 1
            if line.isEmpty || line.hasPrefix("#") { continue }
            let words = line.split(separator: " ").map(String.init)
            switch words[0] {
            case "time": organisation.timeMicroseconds = CalendarText.instant(words[1])!
            case "user": organisation.actor = try organisation.record(words[1])
            case "advance": try organisation.advance(to: CalendarText.instant(words[1])!)
            case "jobs": seen.formUnion(try organisation.runJobs())
            case "activitytype": try organisation.addActivityType(words[1])
            case "schema": try organisation.changeSchema(String(line.dropFirst("schema ".count)))
            case "do":
                var expected: String?
                if at < script.lines.endIndex, script.lines[at].text.hasPrefix("refused ") {
                    expected = String(script.lines[at].text.dropFirst("refused ".count))
                    at += 1
                }
                try perform(String(line.dropFirst(3)), expected, number)
            case "timeline", "agenda", "availability", "validate":
                at += 1
                let first = at
                while at < script.lines.endIndex, !script.lines[at].text.isEmpty { at += 1 }
                let expected = script.lines[min(first, at)..<at].map(\.text)
                let isActivities = words[0] == "timeline" || words[0] == "agenda"
                let rows = try isActivities ? organisation.activities(words) : organisation.schedule(words)
                answers.append(((number + 2)..<(number + 2 + expected.count), rows))
                if rows != expected {
                    differences.append("line \(number): \(rows.joined(separator: "\n")) instead of \(expected)")
                }
            case "query":
                var sql: [String] = []
                while at < script.lines.endIndex, script.lines[at].text != "----" {
                    sql.append(script.lines[at].text)
                    at += 1
                }
                at += 1
                let first = at
                while at < script.lines.endIndex, !script.lines[at].text.isEmpty { at += 1 }
                let expected = script.lines[min(first, at)..<at].map(\.text)
                let rows = organisation.rows(sql.joined(separator: "\n"))
                let start = number + sql.count + 2
                answers.append((start..<(start + expected.count), rows))
                if rows != expected {
                    differences.append("line \(number): \(rows.joined(separator: "\n")) instead of \(expected)")
                }
            case "call": try organisation.call(words[1], theNewest: words[2])
            case "set": try organisation.set(String(line.dropFirst(4)))
            default: try organisation.create(line)
            }
        }
    }

    private mutating func perform(_ text: String, _ expected: String?, _ line: Int) throws {
        let request = try MessageRequest(text, in: organisation.engine.schema, named: organisation.names)
        let digest = organisation.engine.digest
        do {
            try organisation.perform(request)
            seen.insert(.init(message: request.number, rule: ""))
            if let expected { differences.append("line \(line): done, but should be refused: \(expected)") }
        } catch let refusal as Refusal {
            let code = refusal.code == .ruleBroken ? refusal.rule : "\(refusal.code)"
            let shown = "\(code): \(organisation.naming(refusal.message))"
            if shown != expected { differences.append("line \(line): refused \(shown)") }
            if organisation.engine.digest != digest { differences.append("line \(line): a refusal changed something") }
            seen.insert(.init(message: request.number, rule: code))
        }
    }
}

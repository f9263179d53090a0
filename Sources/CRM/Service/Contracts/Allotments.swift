// What cases take of contract lines: a case, the minutes that are billed, or nothing but the days on which the line is in force.
//
// Guarantees
// - By messages, what is used and what is left of a line are together its total, and neither falls below 0. What is used is what cases took.
// - A case takes once, when it is resolved, and how much stands in the activity of its end. What is given back when it is reopened is
//   that, whatever has become of case and line meanwhile.
// - Several cases that end in one transaction take of the same line one after the other.

import Engine

extension Rule {
    static let lineNotInForce = Rule("line-not-in-force", "The contract line of the case is not in force.")
    static let lineOfOtherCustomer = Rule(
        "line-of-other-customer",
        "The contract line of the case is another customer's."
    )
    static let allotmentsMissing = Rule("allotments-missing", "A line does not say how many cases or minutes it has.")
    static let allotmentsBelowUsed = Rule(
        "allotments-below-used",
        "Cases have taken more of a line than it would have."
    )
    static let allotmentsChanged = Rule(
        "allotments-changed",
        "The line from which a case gives back has less used than that: it was changed otherwise."
    )
    static let lineOutside = Rule("line-outside", "A line would be in force on days on which its contract is not.")
    static let allotmentsUsedUp = Rule("allotments-used-up", "The contract line of the case has not enough left.")
}

/// What one message takes of contract lines, and gives back to them.
struct Allotments {
    /// By line; below 0 what is given back.
    private var taken: [RecordID: Int64] = [:]

    /// Takes what a case uses of the line that it names; nil where it names none.
    ///
    /// Refuses a line that is not in force today, or has less left.
    mutating func take(
        for incident: RecordID,
        minutes: Int64,
        closing: RecordID,
        _ records: Records
    ) throws(Refusal) -> (line: RecordID, count: Int64)? {
        let line = records.reference(incident, "contractdetailid")
        guard line != .none else { return nil }
        let contract = records.reference(line, "contractid")
        try Allotments.requireUsable(line, for: incident, closing, records)
        let type = records.option(contract, "allotmenttypecode")
        let count = type == AllotmentType.dates ? 0 : type == AllotmentType.time ? minutes : 1
        let left = (records.integer(line, "allotmentsremaining") ?? 0).subtractingClamped(taken[line] ?? 0)
        guard count <= left || count == 0 else {
            let unit = type == AllotmentType.time ? "minutes" : "cases"
            throw records.refusal(
                .allotmentsUsedUp,
                closing,
                "\(records.name(line)) has \(left) \(unit) left, and \(records.name(incident)) takes \(count): renew "
                    + "\(records.name(contract)), or take the line off the case."
            )
        }
        taken[line] = (taken[line] ?? 0).addingClamped(count)
        return (line, count)
    }

    /// Gives back what cases took when they were resolved, as the activities of their ends say.
    mutating func giveBack(of resolutions: [RecordID], _ records: Records) {
        for resolution in resolutions {
            let line = records.reference(resolution, "contractdetailid")
            if let count = records.integer(resolution, "allotmentsused"), records.exists(line) {
                taken[line] = (taken[line] ?? 0).subtractingClamped(count)
            }
        }
    }

    /// Writes what is left.
    func write(to plan: inout Plan, _ records: Records) throws(Refusal) {
        let changed = taken.filter { $0.value != 0 }.sorted { $0.key < $1.key }
        var rows: [(record: RecordID, values: [(String, Value)])] = []
        for (line, count) in changed {
            let used = (records.integer(line, "allotmentsused") ?? 0).addingClamped(count)
            let left = (records.integer(line, "allotmentsremaining") ?? 0).subtractingClamped(count)
            guard used >= 0 else {
                throw records.refusal(
                    .allotmentsChanged,
                    line,
                    "\(records.name(line)) would get back more than is used of it: allot counts anew what cases took."
                )
            }
            rows.append((line, [("allotmentsused", .integer(used)), ("allotmentsremaining", .integer(left))]))
        }
        try plan.update(rows: rows)
    }

    /// Refuses a line that is not in force today, and one of a contract of another customer than the case's or those above them.
    static func requireUsable(
        _ line: RecordID,
        for incident: RecordID,
        _ closing: RecordID,
        _ records: Records
    ) throws(Refusal) {
        let contract = records.reference(line, "contractid")
        let customers = [records.reference(contract, "customerid"), records.reference(contract, "billingcustomerid")]
            .filter { $0 != .none }
        let own = records.reference(incident, "customerid")
        guard own == .none || customers.isEmpty || records.isOne(of: customers, own) else {
            throw records.refusal(
                .lineOfOtherCustomer,
                closing,
                "\(records.name(line)) is of \(records.name(contract)), the contract of \(records.name(customers[0])), and "
                    + "\(records.name(incident)) is of \(records.name(own))."
            )
        }
        func refuse(_ why: String) -> Refusal {
            records.refusal(
                .lineNotInForce,
                closing,
                "\(records.name(line)) of \(records.name(contract)) is not in force: \(why)."
            )
        }
        if let state = records.state(of: contract), state != ContractState.active {
            throw refuse("the contract is \(records.stateLabel(state, of: "contract"))")
        }
        if let state = records.state(of: line),
            ![ContractLineState.existing, ContractLineState.renewed].contains(state)
        {
            throw refuse("the line is \(records.stateLabel(state, of: "contractdetail"))")
        }
        if let from = records.date(line, "activeon"), from > records.today {
            throw refuse("it begins on \(CalendarText.text(days: from))")
        }
        if let to = records.date(line, "expireson"), to < records.today {
            throw refuse("it ended on \(CalendarText.text(days: to))")
        }
    }
}

extension Records {
    /// Whether a customer, or an account above it, is one of these. What a plain change put in a circle is walked once.
    fileprivate func isOne(of customers: [RecordID], _ customer: RecordID) -> Bool {
        var met: Set<RecordID> = []
        var next = customer
        while next != .none, met.insert(next).inserted {
            if customers.contains(next) { return true }
            let isAccount = schema.entity(next.entity)?.name == "account"
            next = reference(next, isAccount ? "parentaccountid" : "parentcustomerid")
        }
        return false
    }

    /// What a line of a contract that is agreed on has: its days, the contract's where it says none, its allotments with so many more, and what
    /// is left of them by what cases took.
    func agreed(
        _ line: RecordID,
        of contract: RecordID,
        in period: (from: Int32, to: Int32),
        more: Int64 = 0,
        refusing about: RecordID
    ) throws(Refusal) -> [(String, Value)] {
        let from = date(line, "activeon") ?? period.from
        let to = date(line, "expireson") ?? period.to
        guard from >= period.from, to <= period.to, from <= to else {
            throw refusal(
                .lineOutside,
                about,
                "\(name(line)) would be in force from \(CalendarText.text(days: from)) to \(CalendarText.text(days: to)); "
                    + "the contract is from \(CalendarText.text(days: period.from)) to \(CalendarText.text(days: period.to))."
            )
        }
        let days: [(String, Value)] = [("activeon", .date(from)), ("expireson", .date(to))]
        let type = option(contract, "allotmenttypecode")
        guard type != AllotmentType.dates else {
            return days + [("allotmentsused", .null), ("allotmentsremaining", .null)]
        }
        let unit = type == AllotmentType.time ? "minutes" : "cases"
        let total = (integer(line, "totalallotments") ?? 0).addingClamped(more)
        guard total > 0 else {
            throw refusal(
                .allotmentsMissing,
                about,
                "\(name(line)) does not say how many \(unit) it has: fill in totalallotments."
            )
        }
        var used: Int64 = 0
        for end in try referring(to: line, Closing.incident.entity, "contractdetailid")
        where state(of: end) == ActivityState.completed {
            used = used.addingClamped(integer(end, "allotmentsused") ?? 0)
        }
        guard used <= total else {
            throw refusal(
                .allotmentsBelowUsed,
                about,
                "\(name(line)) would have \(total) \(unit), and cases have taken \(used) of it."
            )
        }
        return days + [
            ("totalallotments", .integer(total)), ("allotmentsused", .integer(used)),
            ("allotmentsremaining", .integer(total - used)),
        ]
    }
}

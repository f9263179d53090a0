// What cases take of contract lines: a case, the minutes that are billed, or nothing but the days on which the line is in force.
//
// Guarantees
// - What is used and what is left of a line are together its total, at every commit; neither falls below 0.
// - A case takes once, when it is resolved, and how much stands in the activity of its end. What is given back when it is reopened is
//   that, whatever has become of case and line meanwhile.
// - Several cases that end in one transaction take of the same line one after the other.

import Engine

extension Rule {
    static let lineNotInForce = Rule("line-not-in-force", "The contract line of the case is not in force.")
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
        try Allotments.requireInForce(line, of: contract, closing, records)
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

    /// Gives back what a case took when it was resolved.
    mutating func giveBack(of incident: RecordID, _ records: Records) throws(Refusal) {
        for resolution in try records.referring(to: incident, Closing.incident.entity, "regardingobjectid")
        where records.state(of: resolution) == ActivityState.completed {
            let line = records.reference(resolution, "contractdetailid")
            if let count = records.integer(resolution, "allotmentsused"), records.exists(line) {
                taken[line] = (taken[line] ?? 0).subtractingClamped(count)
            }
        }
    }

    /// Writes what is left.
    func write(to plan: inout Plan, _ records: Records) throws(Refusal) {
        let changed = taken.filter { $0.value != 0 }.sorted { $0.key < $1.key }
        try plan.update(
            rows: changed.map { line, count in
                let used = (records.integer(line, "allotmentsused") ?? 0).addingClamped(count)
                let left = (records.integer(line, "allotmentsremaining") ?? 0).subtractingClamped(count)
                return (line, [("allotmentsused", .integer(used)), ("allotmentsremaining", .integer(left))])
            }
        )
    }

    private static func requireInForce(
        _ line: RecordID,
        of contract: RecordID,
        _ closing: RecordID,
        _ records: Records
    ) throws(Refusal) {
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

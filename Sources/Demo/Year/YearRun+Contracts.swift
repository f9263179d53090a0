import Engine
import Kith

// Contracts: drafted by a template, agreed on, in force by the clock, renewed before they end; some rest for a while, some are canceled. What cases
// take of them is counted here as it is there: when they are resolved, and given back when they come back.

/// A contract with its one line.
struct YearContract {
    enum Step { case draft, hold, release, cancel, renew }

    var random: RecordStream
    let customer: Int
    /// Of minutes instead of cases.
    let isMinutes: Bool
    var steps: [(step: Step, moment: Int64)] = []
    var record = RecordID.none
    var line = RecordID.none
    var firstDay: Int
    var lastDay: Int
    var allotments: Int
    var priceCents: Int
    var used = 0
    var isAgreed = false
    var isHeld = false
    var isCanceled = false
}

extension YearRun {
    /// Customers with a contract: a fifth, the first ones.
    var contractCount: Int { max(1, year.customerCount / 5) }

    /// Everybody who pays for service signs within the first weeks.
    func planContracts() throws {
        for customer in 0..<contractCount {
            var random = year.random(.contract, customer)
            let day = DemoText.workingDay(year.firstDay + random.below(20))
            let first = day + random.within(-5...15)
            let isMinutes = random.chance(400)
            let index = contracts.count
            contracts.append(
                YearContract(
                    random: random,
                    customer: customer,
                    isMinutes: isMinutes,
                    firstDay: first,
                    lastDay: first + random.within(60...180),
                    allotments: isMinutes ? 60 * random.within(4...40) : random.within(3...40),
                    priceCents: 50_000 * random.within(1...20)
                )
            )
            contracts[index].random = random
            planStep(index, .draft, YearTime.moment(day, hours: 8...17, &contracts[index].random))
        }
    }

    private func planStep(_ index: Int, _ step: YearContract.Step, _ moment: Int64) {
        contracts[index].steps.append((step, moment))
        agenda.plan(.contract(index), at: moment)
    }

    func goOn(contract index: Int) throws {
        guard let place = contracts[index].steps.firstIndex(where: { $0.moment == now }) else { return }
        let step = contracts[index].steps.remove(at: place).step
        guard !contracts[index].isCanceled else { return }
        switch step {
        case .draft: try draft(index)
        case .hold: try hold(index)
        case .release:
            guard contracts[index].isHeld else { return }
            try stage.perform(ReleaseContract(contracts[index].record))
            contracts[index].isHeld = false
        case .cancel:
            try stage.perform(CancelContract(contracts[index].record))
            contracts[index].isCanceled = true
        case .renew: try renew(index)
        }
    }

    private func draft(_ index: Int) throws {
        let contract = contracts[index]
        let made = try stage.perform(
            DraftContract(
                company.templates[contract.isMinutes ? 1 : 0],
                customer: company.customers[contract.customer],
                from: Int32(contract.firstDay),
                to: Int32(contract.lastDay)
            )
        )
        let record = try made.one("contract")
        contracts[index].record = record
        contracts[index].line = try stage.create(
            "contractdetail",
            [
                "title": "Service", "contractid": .reference(record), "totalallotments": .number(contract.allotments),
                "price": .cents(contract.priceCents),
            ]
        )
        try agree(index)
    }

    /// The contract is agreed on, and its further course is known.
    private func agree(_ index: Int) throws {
        try stage.perform(InvoiceContract(contracts[index].record))
        contracts[index].isAgreed = true
        contractsOfCustomer[contracts[index].customer].append(index)
        ledger.contracts += 1
        ledger.contracted += contracts[index].priceCents
        var contract = contracts[index]
        let (first, last) = (max(contract.firstDay, YearTime.day(now)), contract.lastDay)
        func plan(_ step: YearContract.Step, after first: Int, within days: ClosedRange<Int>) -> Int? {
            let day = DemoText.workingDay(first + contract.random.within(days))
            guard day < last else { return nil }
            let moment = YearTime.moment(day, hours: 8...17, &contract.random)
            contract.steps.append((step, moment))
            agenda.plan(.contract(index), at: moment)
            return day
        }
        if contract.random.chance(80) {
            if let day = plan(.hold, after: first, within: 10...25) { _ = plan(.release, after: day, within: 5...14) }
        } else if contract.random.chance(60) {
            _ = plan(.cancel, after: first, within: 20...50)
        }
        if contract.random.chance(850) { _ = plan(.renew, after: last - 20, within: 0...12) }
        contracts[index] = contract
    }

    /// One that rests at its end rests until then.
    private func hold(_ index: Int) throws {
        guard isInForce(index) else { return }
        try stage.perform(HoldContract(contracts[index].record))
        contracts[index].isHeld = true
    }

    private func renew(_ index: Int) throws {
        let made = try stage.perform(RenewContract(contracts[index].record))
        let old = contracts[index]
        let next = contracts.count
        contracts.append(
            YearContract(
                random: year.random(.contract, 100_000 + next),
                customer: old.customer,
                isMinutes: old.isMinutes,
                record: try made.one("contract"),
                line: try made.one("contractdetail"),
                firstDay: old.lastDay + 1,
                lastDay: YearRun.lastDay(of: old),
                allotments: old.allotments,
                priceCents: old.priceCents
            )
        )
        try agree(next)
    }

    /// The last day of the next period: as long as the last one, in months where that had whole ones.
    private static func lastDay(of old: YearContract) -> Int {
        let (first, next) = (CivilDay(old.firstDay), CivilDay(old.lastDay + 1))
        guard first.day == next.day else { return old.lastDay + 1 + old.lastDay - old.firstDay }
        return next.adding(months: next.monthIndex - first.monthIndex) - 1
    }

    /// The contract of a customer whose line a case can name today.
    func contract(ofCustomer customer: Int) -> Int? { contractsOfCustomer[customer].first { isInForce($0) } }

    /// Whether cases can name its line today.
    private func isInForce(_ index: Int) -> Bool {
        let contract = contracts[index]
        let today = YearTime.day(now)
        return contract.isAgreed && !contract.isHeld && !contract.isCanceled && contract.firstDay <= today
            && contract.lastDay >= today
    }

    /// What a case takes of its contract. One that is not in force any more pays nothing: the line is taken off the case. One that is used up gets
    /// more.
    func settleContract(_ incident: inout YearIncident, _ agent: RecordID) throws {
        guard let index = incident.contract else { return }
        guard isInForce(index) else {
            try stage.fillIn(incident.record, ["contractdetailid": .null], as: agent)
            incident.contract = nil
            return
        }
        let count = contracts[index].isMinutes ? incident.billed : 1
        if contracts[index].used + count > contracts[index].allotments {
            let more = max(contracts[index].isMinutes ? 240 : 5, count)
            try stage.perform(
                AllotContract(contracts[index].record, line: contracts[index].line, more: Int64(more)),
                as: agent
            )
            contracts[index].allotments += more
        }
        contracts[index].used += count
        incident.taken = (index, count)
    }

    func giveBack(_ incident: inout YearIncident) {
        guard let taken = incident.taken else { return }
        contracts[taken.contract].used -= taken.count
        incident.taken = nil
    }
}

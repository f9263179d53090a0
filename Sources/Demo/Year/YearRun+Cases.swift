import Engine
import Kith

// Cases: they come in, are routed by rules, answered, worked on, sometimes wait, and are resolved or come to nothing; some come back.

/// A case, with its targets as the ledger counts them.
struct YearIncident {
    enum Step { case open, answer, work, resume, end, reopen, done }

    var random: RecordStream
    var step = Step.open
    var record = RecordID.none
    var agent = 0
    var customer = 0
    var title = ""
    /// Place in the company's agreements.
    var agreement = 0
    /// Place of the contract whose line it names.
    var contract: Int?
    /// What it took of a line when it was resolved.
    var taken: (contract: Int, count: Int)?
    var minutes = 0
    var billed = 0
    var isAnswered = false
    var wasReopened = false
    var targets = YearTargets()
}

/// What has passed of the time that was promised for a case: only what counts is added up, so that nothing has to be moved when it waits.
struct YearTargets {
    enum Outcome { case none, running, paused, kept, missed, canceled }

    /// Since when time counts; nil while the case waits or is closed.
    private var since: Int64?
    private var passed: Int64 = 0
    private(set) var response = Outcome.none
    private(set) var resolution = Outcome.none

    mutating func start(at moment: Int64) {
        since = moment
        (response, resolution) = (.running, .running)
    }

    /// Adds up what has passed, and says what was missed by it.
    mutating func count(to moment: Int64, _ agreement: YearAgreement) {
        if let since { passed += agreement.hours.passed(from: since, to: moment) }
        if since != nil { since = moment }
        // What is used up at closing time is missed in the evening, although no business time has passed since.
        if response == .running, passed >= agreement.response { response = .missed }
        if resolution == .running, passed >= agreement.resolution { resolution = .missed }
    }

    mutating func respond(at moment: Int64, _ agreement: YearAgreement) {
        count(to: moment, agreement)
        if response == .running || response == .paused { response = .kept }
    }

    mutating func pause(at moment: Int64, _ agreement: YearAgreement) {
        count(to: moment, agreement)
        since = nil
        if response == .running { response = .paused }
        if resolution == .running { resolution = .paused }
    }

    mutating func resume(at moment: Int64) {
        since = moment
        if response == .paused { response = .running }
        if resolution == .paused { resolution = .running }
    }

    /// The case is resolved; whoever was not answered before is by that.
    mutating func resolve(at moment: Int64, _ agreement: YearAgreement) {
        respond(at: moment, agreement)
        since = nil
        if resolution == .running || resolution == .paused { resolution = .kept }
    }

    mutating func cancel(at moment: Int64, _ agreement: YearAgreement) {
        pause(at: moment, agreement)
        if response == .paused { response = .canceled }
        if resolution == .paused { resolution = .canceled }
    }

    /// A case that was resolved is open again: a resolution that was in time is none any more.
    mutating func reopen(at moment: Int64) {
        if resolution == .kept { resolution = .running }
        since = moment
    }
}

extension YearRun {
    func planIncident(_ day: Int, _ random: inout RecordStream) {
        incidents.append(YearIncident(random: year.random(.incident, incidents.count)))
        agenda.plan(.incident(incidents.count - 1), at: YearTime.moment(day, hours: 6...21, &random))
    }

    func goOn(incident index: Int) throws {
        var incident = incidents[index]
        switch incident.step {
        case .open: try open(&incident, index)
        case .answer: try answer(&incident, index)
        case .work: try work(on: &incident, index)
        case .resume: try resume(&incident, index)
        case .end: try end(&incident, index)
        case .reopen: try reopen(&incident, index)
        case .done: break
        }
        incidents[index] = incident
    }

    private func plan(_ incident: inout YearIncident, _ index: Int, _ step: YearIncident.Step, days: ClosedRange<Int>) {
        incident.step = step
        agenda.plan(.incident(index), at: YearTime.later(now, days: days, &incident.random))
    }

    private func open(_ incident: inout YearIncident, _ index: Int) throws {
        incident.agent = incident.random.below(year.agentCount)
        incident.customer = incident.random.below(year.customerCount)
        // Those who pay for service ask for it.
        if incident.random.chance(500) { incident.customer = incident.random.below(contractCount) }
        let priority = incident.random.weighted([2, 5, 3])
        incident.agreement = priority
        incident.title = incident.random.pick(DemoWords.caseTitles)
        let contract = contract(ofCustomer: incident.customer)
        let agent = Value.reference(company.agents[incident.agent])
        incident.record = try stage.create(
            "incident",
            [
                "title": .text(incident.title), "customerid": .reference(company.customers[incident.customer]),
                "prioritycode": .option(Int32(priority + 1)),
                "caseorigincode": .option(incident.random.pick([1, 2, 3])),
                "productid": .reference(company.products[incident.random.below(18)]), "ownerid": agent,
                "contractdetailid": contract.map { .reference(contracts[$0].line) } ?? .null,
            ]
        )
        incident.contract = contract
        ledger.cases += 1
        if contract != nil {
            incident.agreement = 3
            try stage.perform(StartTargets(incident.record))
        } else {
            try stage.perform(StartTargets(incident.record, sla: company.agreements[priority].record))
        }
        incident.targets.start(at: now)
        try stage.perform(RouteRecord(byRules: incident.record))
        ledger.waiting += 1
        // Most are answered within the day; what is urgent at once, by whoever is there.
        let hours = incident.agreement == 0 ? 4 : incident.agreement == 3 ? 5 : 10
        var moment =
            now + Int64(incident.random.below(hours * 3600) + 60) * YearTime.second
            + Int64(incident.random.below(999_983))
        let day = YearTime.day(moment)
        if incident.agreement > 0,
            !YearTime.isWorkday(day) || (moment - YearTime.midnight(day)) > 17 * 60 * YearTime.minute
        {
            moment = YearTime.moment(DemoText.workingDay(day + 1), hours: 8...12, &incident.random)
        }
        incident.step = .answer
        agenda.plan(.incident(index), at: moment)
    }

    /// Somebody takes it out of the queue and answers, in one of three ways; some only write down what they will do.
    private func answer(_ incident: inout YearIncident, _ index: Int) throws {
        let agent = company.agents[incident.agent]
        try stage.perform(PickItem(incident.record, user: agent), as: agent)
        switch incident.random.weighted([8, 6, 5, 1]) {
        case 0:
            try stage.perform(RespondToCase(incident.record), as: agent)
            respond(&incident)
        case 1:
            let call = try stage.create(
                "phonecall",
                [
                    "subject": .text("Your case: \(incident.title)"), "regardingobjectid": .reference(incident.record),
                    "directioncode": true, "ownerid": .reference(agent),
                ],
                as: agent
            )
            let minutes = incident.random.within(2...25)
            try stage.perform(CompletePhoneCall(call, minutes: Int64(minutes)), as: agent)
            incident.minutes += minutes
            ledger.calls += 1
            ledger.callsMade += 1
            respond(&incident)
        case 2:
            let mail = try stage.create(
                "email",
                [
                    "subject": .text("Your case: \(incident.title)"), "regardingobjectid": .reference(incident.record),
                    "directioncode": true, "to": "somebody@customers.example", "ownerid": .reference(agent),
                ],
                as: agent
            )
            try stage.perform(SendEmail(mail), as: agent)
            ledger.mailsSent += 1
            respond(&incident)
        default: break
        }
        plan(&incident, index, .work, days: 1...2)
    }

    private func respond(_ incident: inout YearIncident) {
        incident.targets.respond(at: now, company.agreements[incident.agreement])
    }

    /// Work on it is a task, done at once; then it waits for somebody, is given up, or is about to be solved.
    private func work(on incident: inout YearIncident, _ index: Int) throws {
        let agent = company.agents[incident.agent]
        if incident.random.chance(700) {
            let task = try stage.create(
                "task",
                [
                    "subject": .text("Find out: \(incident.title)"), "regardingobjectid": .reference(incident.record),
                    "ownerid": .reference(agent),
                ],
                as: agent
            )
            let minutes = 5 * incident.random.within(1...12)
            try stage.perform(CompleteTask(task, minutes: Int64(minutes)), as: agent)
            incident.minutes += minutes
            ledger.tasks += 1
            ledger.tasksDone += 1
        }
        if incident.random.chance(200) {
            try stage.perform(HoldCase(incident.record, status: incident.random.pick([2, 3])), as: agent)
            incident.targets.pause(at: now, company.agreements[incident.agreement])
            return plan(&incident, index, .resume, days: 1...9)
        }
        plan(&incident, index, .end, days: incident.agreement == 0 ? 1...1 : 1...4)
    }

    private func resume(_ incident: inout YearIncident, _ index: Int) throws {
        try stage.perform(ResumeCase(incident.record), as: company.agents[incident.agent])
        incident.targets.resume(at: now)
        plan(&incident, index, .work, days: 1...2)
    }

    private func end(_ incident: inout YearIncident, _ index: Int) throws {
        let agent = company.agents[incident.agent]
        let agreement = company.agreements[incident.agreement]
        if !incident.wasReopened, incident.random.chance(40) {
            try stage.perform(CancelCase(incident.record), as: agent)
            incident.targets.cancel(at: now, agreement)
            ledger.casesCanceled += 1
            ledger.waiting -= 1
            incident.step = .done
            return
        }
        incident.billed = incident.random.chance(300) ? incident.minutes / 2 : incident.minutes
        try settleContract(&incident, agent)
        let billable = incident.billed == incident.minutes ? nil : Int64(incident.billed)
        try stage.perform(
            ResolveCase(
                incident.record,
                resolution: incident.random.pick(DemoWords.resolutions),
                billable: billable
            ),
            as: agent
        )
        incident.targets.resolve(at: now, agreement)
        ledger.casesResolved += 1
        ledger.minutesBilled += incident.billed
        // One that comes back was not routed again, and waits in no queue.
        if !incident.wasReopened { ledger.waiting -= 1 }
        incident.step = .done
        if !incident.wasReopened, incident.random.chance(60) { plan(&incident, index, .reopen, days: 1...10) }
    }

    private func reopen(_ incident: inout YearIncident, _ index: Int) throws {
        try stage.perform(ReopenCase(incident.record), as: company.agents[incident.agent])
        incident.targets.reopen(at: now)
        incident.wasReopened = true
        ledger.casesResolved -= 1
        ledger.minutesBilled -= incident.billed
        incident.billed = 0
        giveBack(&incident)
        plan(&incident, index, .work, days: 1...3)
    }
}

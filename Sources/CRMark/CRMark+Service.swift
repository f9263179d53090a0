import Demo
import Engine

// What follows: cases, and the daily work of tasks, calls, mails and meetings.

extension CRMark {
    private static let titles = Word.list(DemoWords.caseTitles)
    private static let resolutions = Word.list(DemoWords.resolutions)
    private static let priorityWeights = [15, 60, 25]
    /// Longest handling by priority, in days.
    private static let handlingDays = [4, 12, 30]
    private static let activeStatusWeights = [6, 1, 2, 1]
    private static let taskSubjects = Word.list(DemoWords.taskSubjects)
    private static let callSubjects = Word.list(DemoWords.callSubjects)
    private static let mailSubjects = Word.list(DemoWords.mailSubjects)
    private static let meetingSubjects = Word.list(DemoWords.meetingSubjects)
    private static let notes = Word.list(DemoWords.noteTexts)
    /// Activities that are still to come lie within a month.
    private static let planMinutes = 30 * 1_440

    static let incidentAttributes = [
        "title", "ticketnumber", "statecode", "statuscode", "prioritycode", "casetypecode", "caseorigincode",
        "customerid", "followupby", "resolvedon", "resolution", "ownerid", "overriddencreatedon",
    ]

    func appendIncident(_ index: Int, to rows: inout CRMarkRows) {
        var random = random(.incident, index)
        let account = busyAccount(&random)
        let created = CRMark.today - random.recent(CRMark.historyDays)
        let priority = random.weighted(CRMark.priorityWeights)
        let due = created + 1 + random.below(CRMark.handlingDays[priority])
        rows.text(CRMark.titles[random.below(CRMark.titles.count)])
        rows.add("CAS-")
        rows.add(index, digits: 8)
        rows.endText()
        // Cases that are due later are open, and a few that were due are overdue.
        let isOpen = due > CRMark.today || random.chance(30)
        let isResolved = !isOpen && !random.chance(50)
        rows.number(isOpen ? 0 : isResolved ? 1 : 2)
        rows.number(isOpen ? 1 + random.weighted(CRMark.activeStatusWeights) : isResolved ? 5 : 6)
        rows.number(priority + 1)
        rows.number(random.within(1...3))
        rows.number(random.within(1...3))
        rows.link(.account, account)
        rows.moment(due * 1_440 + 960)
        if isResolved {
            rows.moment(due * 1_440 + random.below(960))
            rows.text(CRMark.resolutions[random.below(CRMark.resolutions.count)])
        } else {
            rows.null()
            rows.null()
        }
        rows.link(.systemuser, random.below(userCount))
        rows.moment(created * 1_440 + 480 + random.below(540))
        rows.end()
    }

    private static let activityAttributes = [
        "subject", "statecode", "statuscode", "regardingobjectid", "scheduledstart", "scheduledend", "actualend",
        "actualdurationminutes", "prioritycode", "description", "ownerid",
    ]

    static func attributes(ofActivity kind: CRMarkEntity) -> [String] {
        switch kind {
        case .task: activityAttributes + ["percentcomplete"]
        case .phonecall: activityAttributes + ["phonenumber", "directioncode"]
        case .email: activityAttributes + ["directioncode", "messageid"]
        default: activityAttributes + ["location"]
        }
    }

    /// An activity is about an account (seven in ten, by Zipf's law), a deal, or a case. One in twenty-five is still to come;
    /// the others are the more frequent the more recent.
    func appendActivity(_ kind: CRMarkEntity, _ index: Int, to rows: inout CRMarkRows) {
        let subjects: [Word]
        let purpose: CRMarkPurpose
        switch kind {
        case .task: (subjects, purpose) = (CRMark.taskSubjects, .task)
        case .phonecall: (subjects, purpose) = (CRMark.callSubjects, .phonecall)
        case .email: (subjects, purpose) = (CRMark.mailSubjects, .email)
        default: (subjects, purpose) = (CRMark.meetingSubjects, .appointment)
        }
        var random = random(purpose, index)
        rows.text(subjects[random.below(subjects.count)])
        let isPlanned = random.chance(40)
        // Kinds number their statuses each in their own way.
        let status: (planned: Int, done: Int) =
            switch kind {
            case .task: (2, 5)
            case .phonecall: (1, random.chance(600) ? 2 : 4)
            case .email: (1, random.chance(500) ? 3 : 4)
            default: (5, 3)
            }
        rows.number(isPlanned ? (kind == .appointment ? 3 : 0) : 1)
        rows.number(isPlanned ? status.planned : status.done)
        let owner: Int
        switch random.below(10) {
        case 0..<7:
            let account = busyAccount(&random)
            owner = self.account(account).owner
            rows.link(.account, account)
        case 7, 8:
            owner = random.below(userCount)
            rows.link(.opportunity, random.below(count(of: .opportunity)))
        default:
            owner = random.below(userCount)
            rows.link(.incident, random.below(count(of: .incident)))
        }
        let ago = isPlanned ? -random.below(CRMark.planMinutes) : random.recent(CRMark.historyDays * 1_440)
        let moment = CRMark.today * 1_440 - ago
        let duration = 5 * random.within(1...18)
        rows.moment(moment)
        rows.moment(moment + duration)
        if isPlanned {
            rows.null()
            rows.null()
        } else {
            rows.moment(moment + duration)
            rows.number(duration)
        }
        rows.number(random.below(3))
        if random.chance(300) { rows.text(CRMark.notes[random.below(CRMark.notes.count)]) } else { rows.null() }
        rows.link(.systemuser, owner)
        switch kind {
        case .task: rows.number(isPlanned ? 25 * random.below(4) : 100)
        case .phonecall:
            rows.add("+49 555 ")
            rows.add(random.below(10_000_000), digits: 7)
            rows.endText()
            rows.flag(random.chance(600))
        case .email:
            rows.flag(random.chance(500))
            rows.add("<")
            rows.add(index, digits: 10)
            rows.add("@crmark.example>")
            rows.endText()
        default: rows.text(CRMark.meetingPlaces[random.below(CRMark.meetingPlaces.count)])
        }
        rows.end()
    }

    private static let meetingPlaces = Word.list(DemoWords.meetingPlaces)
}

import Engine

// Daily work: tasks, calls, e-mails and appointments, most of it about deals and within their lives.

/// One activity of any kind.
struct DemoActivity: Sendable {
    enum Kind: Sendable { case task, phoneCall, email, appointment }
    enum State: Sendable { case open, completed, canceled }

    var index: Int
    var kind: Kind
    var regarding: DemoReference
    var owner: DemoReference
    /// Minutes since 1970-01-01T00:00Z.
    var start: Int
    var durationMinutes: Int
    var state: State
    /// Option of `prioritycode`: 0 Low, 1 Normal, 2 High.
    var priority: Int32
    /// Draw for whatever text the kind has.
    var text: Int
    var isOutgoing: Bool

    var end: Int { start + durationMinutes }
    /// When it was really over.
    var actualEnd: Int? { state == .completed ? end : nil }

    var stateCode: Int32 {
        switch (kind, state) {
        case (.appointment, .open): 3
        case (_, .open): 0
        case (_, .completed): 1
        case (_, .canceled): 2
        }
    }

    var statusCode: Int32 {
        switch (kind, state) {
        case (.task, .open): text % 3 == 0 ? 3 : 2
        case (.task, .completed): 5
        case (.task, .canceled): 6
        case (.phoneCall, .open): 1
        case (.phoneCall, .completed): isOutgoing ? 2 : 4
        case (.phoneCall, .canceled): 3
        case (.email, .open): 1
        case (.email, .completed): isOutgoing ? 3 : 4
        case (.email, .canceled): 5
        case (.appointment, .open): 5
        case (.appointment, .completed): 3
        case (.appointment, .canceled): 4
        }
    }
}

extension Demo {
    /// What an activity is about: the record, who works on it, the days it lies within, and whether it is over.
    private func occasion(
        _ random: inout RecordStream
    ) -> (
        record: DemoReference, owner: DemoReference, days: ClosedRange<Int>, isOver: Bool
    ) {
        let horizon = today + Demo.planDays
        switch random.weighted([45, 25, 10, 10, 10]) {
        case 0:
            let deal = opportunity(random.below(opportunityCount))
            let isOver = deal.state != .open
            return (
                DemoReference("opportunity", deal.index), salesUser(deal.salesperson),
                deal.created...(isOver ? deal.closes : horizon), isOver
            )
        case 1:
            let account = account(random.busy(accountCount))
            return (
                DemoReference("account", account.index), salesUser(account.salesperson),
                today - Demo.historyDays...horizon, false
            )
        case 2:
            let contact = contact(random.below(contactCount))
            return (
                DemoReference("contact", contact.index), salesUser(contact.account.salesperson),
                today - Demo.historyDays...horizon, false
            )
        case 3:
            let lead = lead(random.below(leadCount))
            let isOver = lead.state != 0
            let last = lead.opportunity?.created ?? min(isOver ? today : horizon, lead.created + 60)
            return (DemoReference("lead", lead.index), salesUser(lead.salesperson), lead.created...last, isOver)
        default:
            let incident = incident(random.below(incidentCount))
            let isOver = incident.state != 0
            return (
                DemoReference("incident", incident.index), incident.owner,
                incident.created...(isOver ? incident.due : max(incident.due, today + 7)), isOver
            )
        }
    }

    func activity(_ kind: DemoActivity.Kind, _ index: Int) -> DemoActivity {
        let purpose: DemoPurpose =
            switch kind {
            case .task: .task
            case .phoneCall: .phoneCall
            case .email: .email
            case .appointment: .appointment
            }
        var random = random(purpose, index)
        let occasion = occasion(&random)
        let day = DemoText.workingDay(random.within(occasion.days))
        // Between eight and a quarter to five, on the quarter of an hour.
        let start = day * 1440 + 8 * 60 + 15 * random.below(36)
        let duration: Int =
            switch kind {
            case .task: 15 * random.within(1...8)
            case .phoneCall: random.within(2...35)
            case .email: 0
            case .appointment: 30 * random.within(1...6)
            }
        // The nearer to today, the more is still to do; what is over has no loose ends.
        let age = today - day
        let openPerMille =
            switch age {
            case _ where occasion.isOver: 0
            case ..<0: 960
            case 0: 500
            case ...30: 130
            case ...90: 20
            default: 2
            }
        let isOpen = random.chance(openPerMille)
        let isCanceled = age < 0 || random.chance(40)
        return DemoActivity(
            index: index,
            kind: kind,
            regarding: occasion.record,
            owner: occasion.owner,
            start: start,
            durationMinutes: duration,
            state: isOpen ? .open : isCanceled ? .canceled : .completed,
            priority: Int32(random.weighted([2, 6, 2])),
            text: random.below(1 << 16),
            isOutgoing: random.chance(650)
        )
    }

    var activitySteps: [DemoStep] {
        [
            step(
                "task",
                .task,
                taskCount,
                subjects: DemoWords.taskSubjects,
                [
                    .value("percentcomplete") { .number($1.state == .completed ? 100 : $1.statusCode == 3 ? 50 : 0) }
                ]
            ),
            step(
                "phonecall",
                .phoneCall,
                phoneCallCount,
                subjects: DemoWords.callSubjects,
                [
                    .value("directioncode") { .boolean($1.isOutgoing) }
                ]
            ),
            step(
                "email",
                .email,
                emailCount,
                subjects: DemoWords.mailSubjects,
                [
                    .value("directioncode") { .boolean($1.isOutgoing) },
                    .text("from") { $0.party(of: $1, isSender: true) },
                    .text("to") { $0.party(of: $1, isSender: false) },
                    .text("messageid") { "<\($1.index).\($1.text)@mail.alder-finch.example>" },
                    .value("senton") { .minute($1.state == .completed && $1.isOutgoing ? $1.end : nil) },
                ]
            ),
            step(
                "appointment",
                .appointment,
                appointmentCount,
                subjects: DemoWords.meetingSubjects,
                [
                    .text("location") { DemoWords.meetingPlaces[$1.text / 8 % DemoWords.meetingPlaces.count] }
                ]
            ),
        ]
    }

    private func step(
        _ entity: String,
        _ kind: DemoActivity.Kind,
        _ count: Int,
        subjects: [String],
        _ columns: [DemoColumn<DemoActivity>]
    ) -> DemoStep {
        let shared: [DemoColumn<DemoActivity>] = [
            .text("subject") { subjects[$1.text % subjects.count] },
            .value("statecode") { .option($1.stateCode) },
            .value("statuscode") { .option($1.statusCode) },
            .link("regardingobjectid") { $1.regarding },
            .value("scheduledstart") { .minute($1.start) },
            .value("scheduledend") { .minute($1.end) },
            .value("scheduleddurationminutes") { .number($1.durationMinutes) },
            .value("actualend") { .minute($1.actualEnd) },
            .value("actualdurationminutes") { .number($1.state == .completed ? $1.durationMinutes : nil) },
            .value("prioritycode") { .option($1.priority) },
            .link("ownerid") { $1.owner },
        ]
        return DemoStep(entity, indexCount: count, columns: shared + columns, number: { $0.index }) {
            [$0.activity(kind, $1)]
        }
    }
}

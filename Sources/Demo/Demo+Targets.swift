import Engine

// What the company promises of a case by its priority, around the clock, and what became of it: as the messages of docs/service.md would have
// left it.

extension Demo {
    /// By priority, the highest first: minutes within which the customer is answered and the case resolved.
    fileprivate static let promises = [
        (name: "Urgent", response: 240, resolution: 2 * 1440), (name: "Standard", response: 480, resolution: 7 * 1440),
        (name: "In its time", response: 1440, resolution: 21 * 1440),
    ]

    /// The minute from which the demonstration's cases are looked at: noon, when those of the morning have been answered.
    fileprivate var noon: Int { today * 1440 + 12 * 60 }

    var promiseSteps: [DemoStep] {
        [
            numbered(
                "sla",
                Demo.promises.count,
                [
                    .text("name") { Demo.promises[$1].name },
                    .value("responseminutes") { .number(Demo.promises[$1].response) },
                    .value("resolveminutes") { .number(Demo.promises[$1].resolution) },
                ]
            )
        ]
    }

    var targetColumns: [DemoColumn<DemoIncident>] {
        [
            .link("slaid") { DemoReference("sla", Int($1.priority) - 1) },
            .value("responseby") { .minute($1.responseDue) },
            .value("resolveby") { .minute($1.resolutionDue) },
            .value("firstresponsesent") { .boolean($1.answered($0) != nil) },
            .value("firstresponsesenton") { .minute($1.answered($0)) },
            .value("firstresponseslastatus") { .option($1.responseStatus($0)) },
            .value("resolvebyslastatus") { .option($1.resolutionStatus($0)) },
            .value("targetspausedsince") { .minute($1.pausedSince($0)) },
            .value("targetbreachat") { demo, incident in
                let due = [
                    incident.responseStatus(demo) == 1 ? incident.responseDue : nil,
                    incident.resolutionStatus(demo) == 1 ? incident.resolutionDue : nil,
                ]
                return .minute(due.compactMap { $0 }.min())
            },
        ]
    }
}

// Options of both statuses: 1 In Progress, 3 Succeeded, 4 Noncompliant, 5 Paused, 6 Canceled.
extension DemoIncident {
    private var begun: Int { created * 1440 + 9 * 60 }
    private var promise: (name: String, response: Int, resolution: Int) { Demo.promises[Int(priority) - 1] }
    fileprivate var responseDue: Int { begun + promise.response }
    fileprivate var resolutionDue: Int { begun + promise.resolution }
    private var closed: Int? { state == 0 ? nil : due * 1440 + 15 * 60 }
    /// On Hold or Waiting for Details.
    private var isWaiting: Bool { state == 0 && (status == 2 || status == 3) }

    /// The minute at which the customer was answered: mostly in time; whoever waits has been.
    fileprivate func answered(_ demo: Demo) -> Int? {
        var random = demo.random(.incident, index + 1 << 42)
        let minute = begun + random.within(10...(promise.response * 11 / 10))
        if state == 1, let closed { return min(minute, closed) }
        if isWaiting { return max(begun, min(minute, demo.noon)) }
        return state == 0 && minute <= demo.noon ? minute : nil
    }

    fileprivate func pausedSince(_ demo: Demo) -> Int? { isWaiting ? answered(demo) : closed }

    fileprivate func responseStatus(_ demo: Demo) -> Int32 {
        if let answered = answered(demo) { return answered <= responseDue ? 3 : 4 }
        if state != 0 { return 6 }
        return responseDue <= demo.noon ? 4 : 1
    }

    fileprivate func resolutionStatus(_ demo: Demo) -> Int32 {
        if state == 2 { return 6 }
        if state == 1, let closed { return closed <= resolutionDue ? 3 : 4 }
        if let since = pausedSince(demo), since < resolutionDue { return 5 }
        return resolutionDue <= demo.noon ? 4 : 1
    }
}

import Engine
import Kith

// Salespeople's own work: tasks, calls and meetings, planned for a day, with or without a reminder; done, put off, called off, or left lying. The
// clock rings, and makes the tasks that repeat.

/// A task, call or meeting.
struct YearActivity {
    enum Kind { case task, call, meeting }
    enum Step { case plan, putOff, end, done }

    var random: RecordStream
    let salesperson: Int
    let kind: Kind
    var step = Step.plan
    var record = RecordID.none
    /// When it begins.
    var start: Int64 = 0
    /// When its reminder rings; nil after it has, and without one.
    var ringsAt: Int64?
    var remindMinutes = 0
    /// The reminder has rung and was not dismissed.
    var hasRung = false
}

extension YearRun {
    func planActivity(_ day: Int, _ salesperson: Int, _ random: inout RecordStream) {
        let index = activities.count
        let kind: YearActivity.Kind = [.task, .call, .meeting][random.weighted([4, 4, 2])]
        activities.append(
            YearActivity(random: year.random(.activity, index), salesperson: salesperson, kind: kind)
        )
        agenda.plan(.activity(index), at: YearTime.moment(day, hours: 8...17, &random))
    }

    func goOn(activity index: Int) throws {
        var activity = activities[index]
        // The clock was here before.
        activity.ring(by: now)
        let owner = company.salespeople[activity.salesperson]
        switch activity.step {
        case .plan: try plan(&activity, index, owner)
        case .putOff: try putOff(&activity, index, owner)
        case .end: try end(&activity, owner)
        case .done: break
        }
        activities[index] = activity
    }

    private func plan(_ activity: inout YearActivity, _ index: Int, _ owner: RecordID) throws {
        activity.start = officeHour(days: 1...14, &activity.random)
        let customer = company.customers[activity.random.below(year.customerCount)]
        let (entity, subjects) =
            switch activity.kind {
            case .task: ("task", DemoWords.taskSubjects)
            case .call: ("phonecall", DemoWords.callSubjects)
            case .meeting: ("appointment", DemoWords.meetingSubjects)
            }
        let minutes = 15 * activity.random.within(1...8)
        activity.record = try stage.create(
            entity,
            [
                "subject": .text(activity.random.pick(subjects)), "regardingobjectid": .reference(customer),
                "scheduledstart": .instant(activity.start),
                "scheduledend": .instant(activity.start + Int64(minutes) * YearTime.minute),
                "ownerid": .reference(owner),
            ],
            as: owner
        )
        switch activity.kind {
        case .task: ledger.tasks += 1
        case .call: ledger.calls += 1
        case .meeting:
            ledger.meetings += 1
            try stage.perform(ScheduleAppointment(activity.record), as: owner)
        }
        if activity.random.chance(400) {
            activity.remindMinutes = activity.random.pick([10, 30, 60])
            try stage.perform(SetReminder(activity.record, before: Int64(activity.remindMinutes)), as: owner)
            activity.ringsAt = activity.start - Int64(activity.remindMinutes) * YearTime.minute
        }
        planNext(&activity, index)
    }

    /// A quarter of an hour in office hours, so many days later.
    private func officeHour(days: ClosedRange<Int>, _ random: inout RecordStream) -> Int64 {
        let day = DemoText.workingDay(YearTime.day(now) + random.within(days))
        return YearTime.midnight(day) + Int64(8 * 60 + 15 * random.below(36)) * YearTime.minute
    }

    /// It is put off before it begins, ended at about that time, or forgotten.
    private func planNext(_ activity: inout YearActivity, _ index: Int) {
        let isPutOff = activity.step == .plan && activity.random.chance(150)
        if isPutOff {
            activity.step = .putOff
            // On the day before, or at once.
            let early = YearTime.moment(YearTime.day(activity.start) - 1, hours: 8...17, &activity.random)
            agenda.plan(.activity(index), at: max(early, now + YearTime.second))
        } else if activity.random.chance(30) {
            activity.step = .done
        } else {
            activity.step = .end
            let minutes = activity.random.within(-120...300)
            let moment = activity.start + Int64(minutes) * YearTime.minute + Int64(activity.random.below(999_983)) + 1
            agenda.plan(.activity(index), at: max(moment, now + YearTime.second))
        }
    }

    private func putOff(_ activity: inout YearActivity, _ index: Int, _ owner: RecordID) throws {
        let start =
            YearTime.midnight(DemoText.workingDay(YearTime.day(activity.start) + activity.random.within(1...7)))
            + Int64(8 * 60 + 15 * activity.random.below(36)) * YearTime.minute
        try stage.perform(RescheduleActivity(activity.record, start: start), as: owner)
        activity.start = start
        activity.hasRung = false
        if activity.remindMinutes > 0 {
            let moment = start - Int64(activity.remindMinutes) * YearTime.minute
            activity.ringsAt = moment > now ? moment : nil
        }
        planNext(&activity, index)
    }

    private func end(_ activity: inout YearActivity, _ owner: RecordID) throws {
        activity.step = .done
        activity.ringsAt = nil
        if activity.random.chance(80) {
            try stage.perform(CancelActivity(activity.record), as: owner)
            return
        }
        let minutes = Int64(activity.random.within(5...90))
        switch activity.kind {
        case .task:
            try stage.perform(CompleteTask(activity.record, minutes: minutes), as: owner)
            ledger.tasksDone += 1
        case .call:
            try stage.perform(CompletePhoneCall(activity.record, minutes: minutes), as: owner)
            ledger.callsMade += 1
        case .meeting:
            try stage.perform(CompleteAppointment(activity.record, minutes: minutes), as: owner)
            ledger.meetingsHeld += 1
        }
    }

    /// Everybody writes a report on every Friday at four: a task that repeats, which the clock makes.
    func planRepeatingTasks() throws {
        let friday = (year.firstDay..<year.firstDay + 7).first { YearTime.weekday($0) == 4 } ?? year.firstDay
        let start = YearTime.midnight(friday) + 16 * 60 * YearTime.minute
        for owner in company.salespeople {
            let task = try stage.create(
                "task",
                ["subject": "Weekly report", "scheduledstart": .instant(start), "ownerid": .reference(owner)],
                as: owner
            )
            try stage.perform(RepeatTask(task, rule: "FREQ=WEEKLY;BYDAY=FR"), as: owner)
        }
        // The first, and one that is to come whenever the time of another has come.
        let begun = stride(from: start, through: year.end, by: Int(7 * YearTime.day)).count { _ in true }
        ledger.tasks += year.salespersonCount * (1 + begun)
    }
}

extension YearActivity {
    /// Notes that its reminder rang, if that was before a moment.
    mutating func ring(by moment: Int64) {
        guard let due = ringsAt, due <= moment else { return }
        (hasRung, ringsAt) = (true, nil)
    }
}

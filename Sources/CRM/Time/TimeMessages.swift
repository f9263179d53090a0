// What happens by itself when its time has come, and what people say about it.
//
//   remind     sets when somebody shall be reminded of an activity; ring, sent by the clock, reminds
//   repeat     makes a task one that repeats; recur, sent by the clock, makes the next one; end stops it

import Engine

extension Area {
    /// Reminders and tasks that repeat.
    static let time = Area(
        title: "Time",
        messages: [SetReminder.self, RingActivity.self, RepeatTask.self, RecurTask.self, EndTaskRepetition.self]
    )
}

extension Rule {
    /// The clock's messages are sent when their moment has come.
    static let notDue = Rule("not-due", "Its moment has not come, or it has been done already.")
}

extension Records {
    /// Refuses what a record does not say is due.
    func requireDue(_ id: RecordID, _ attribute: String) throws(Refusal) -> Int64 {
        guard let moment = instant(id, attribute) else {
            throw refusal(.notDue, id, "\(schema.text(of: id)) says nothing of when: \(attribute) is empty.")
        }
        guard moment <= timeMicroseconds else {
            throw refusal(
                .notDue,
                id,
                "It is due at \(CalendarText.text(microseconds: moment)); it is "
                    + "\(CalendarText.text(microseconds: timeMicroseconds))."
            )
        }
        return moment
    }
}

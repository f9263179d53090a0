// Activities: what people plan to do is done, called off, put to another time, or taken up again.
//
//   task, phonecall       Open ──complete──▶ Completed ──reopen──▶ Open          Open ──reschedule──▶ Open
//                         Open ──cancel──▶ Canceled ──reopen──▶ Open
//   appointment           the same, and  Open ──schedule──▶ Scheduled, which is completed, canceled and rescheduled like an open one
//   letter, fax           like a task, and  Open ──send──▶ Completed (Sent)
//   email                 Open ──send──▶ Completed (Pending Send) ──reopen──▶ Open, until it is on its way; complete and cancel
//                         on its way it is the router's: see Delivery/BeginDelivery.swift
//
//   own activity types    Open ──complete──▶ Completed, Open ──cancel──▶ Canceled, both ──reopen──▶ Open, and reschedule
//
// Every end leaves `actualend`; every return to Open empties what the end brought.

import Engine

extension Area {
    /// Tasks, phone calls, e-mails, appointments, letters, faxes, and activity types of an organisation's own.
    static let activities = Area(
        title: "Activities",
        messages: [
            CompleteTask.self, CompletePhoneCall.self, CompleteAppointment.self, CompleteEmail.self,
            CancelActivity.self, ReopenActivity.self, RescheduleActivity.self, ScheduleAppointment.self,
            SendEmail.self, CompleteLetter.self, CompleteFax.self, SendLetter.self, SendFax.self,
            CompleteOwnActivity.self, BeginDelivery.self, ConfirmDelivery.self, PostponeDelivery.self,
            FailDelivery.self,
        ]
    )
}

/// Numbers of states and statuses, as docs/schema.md lists them. The states of all activities are numbered alike.
enum ActivityState {
    static let open: Int32 = 0
    static let completed: Int32 = 1
    static let canceled: Int32 = 2
    static let scheduled: Int32 = 3
}

enum PhoneCallStatus {
    static let made: Int32 = 2
    static let received: Int32 = 4
}

enum LetterStatus {
    static let received: Int32 = 3
    static let sent: Int32 = 4
}

enum FaxStatus {
    static let completed: Int32 = 2
    static let sent: Int32 = 3
    static let received: Int32 = 4
}

enum EmailStatus {
    static let completed: Int32 = 2
    static let sent: Int32 = 3
    static let pendingSend: Int32 = 6
    static let sending: Int32 = 7
    static let failed: Int32 = 8
}

extension Rule {
    /// A moment at which something happened cannot be one to come.
    static let momentInFuture = Rule("moment-in-future", "The moment at which it happened is still to come.")
    /// Nothing ends before it begins.
    static let endsBeforeStart = Rule("ends-before-start", "It would end before it begins.")
    /// A length needs a beginning.
    static let startMissing = Rule("start-missing", "Nobody said when it begins.")
    /// What is taken of the calendar has an end.
    static let endMissing = Rule("end-missing", "Nobody said when it ends, or how long it lasts.")
    /// Two arguments that say the same differently.
    static let endTwice = Rule("end-twice", "Both an end and a length are given.")
}

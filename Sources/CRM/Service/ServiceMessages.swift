// Service: what customers ask and report, and what becomes of it.
//
//   case   Active ──resolve──▶ Resolved ──reopen──▶ Active     In Progress, Researching ──hold──▶ On Hold, Waiting for Details
//          Active ──cancel──▶ Canceled ──reopen──▶ Active      On Hold, Waiting for Details ──resume──▶ In Progress, Researching
//          Active ──make-child──▶ below another case ──make-independent──▶ by itself

import Engine

extension Area {
    /// Cases.
    static let service = Area(
        title: "Service",
        messages: [
            ResolveCase.self, CancelCase.self, ReopenCase.self, HoldCase.self, ResumeCase.self, MakeChildCase.self,
            MakeIndependentCase.self,
        ]
    )
}

/// Numbers of states and statuses, as docs/schema.md lists them.
enum CaseState {
    static let active: Int32 = 0
    static let resolved: Int32 = 1
    static let canceled: Int32 = 2
    static let statusInProgress: Int32 = 1
    static let statusOnHold: Int32 = 2
    static let statusWaiting: Int32 = 3

    /// Statuses of an active case on which nobody works: it waits for somebody else.
    static let waiting: Set<Int32> = [statusOnHold, statusWaiting]
}

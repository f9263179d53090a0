// Sales: leads become customers and opportunities; opportunities are won or lost.
//
//   lead          Open ──qualify──▶ Qualified                 opportunity   Open ──win───▶ Won  ──reopen──▶ Open
//                 Open ──disqualify──▶ Disqualified ──reopen──▶ Open         Open ──lose──▶ Lost ──reopen──▶ Open
//                                                                           In Progress ──hold──▶ On Hold ──resume──▶ In Progress

extension Area {
    /// Leads and opportunities.
    static let sales = Area(
        title: "Sales",
        messages: [
            QualifyLead.self, DisqualifyLead.self, ReopenLead.self, WinOpportunity.self, LoseOpportunity.self,
            ReopenOpportunity.self, HoldOpportunity.self, ResumeOpportunity.self, StartProcess.self, AdvanceStage.self,
            StepBack.self, CompleteStep.self, StopProcess.self, SetQuota.self,
        ]
    )
}

/// Numbers of states and statuses, as docs/schema.md lists them.
enum LeadState {
    static let open: Int32 = 0
    static let qualified: Int32 = 1
    static let disqualified: Int32 = 2
}

enum OpportunityState {
    static let open: Int32 = 0
    static let won: Int32 = 1
    static let lost: Int32 = 2
    static let statusInProgress: Int32 = 1
    static let statusOnHold: Int32 = 2
    static let statusOutSold: Int32 = 5
}

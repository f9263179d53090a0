// Marketing: whom the company tells something, what, when, and what came of it (docs/marketing.md).
//
//   campaign            Proposed ──ready──▶ Ready To Launch ──launch──▶ Launched ──complete──▶ Completed      ══ by the clock
//                       Ready To Launch ──propose──▶ Proposed; Ready To Launch ══begin══▶ Launched on the proposed day
//                       Launched ──suspend──▶ Suspended ──resume──▶ Launched; all before the end ──cancel──▶ Canceled
//                       Completed, Canceled ──reopen──▶ Proposed
//   campaign activity   Proposed ──schedule──▶ Pending ══dispatch══▶ In Progress; Proposed ──distribute──▶ In Progress
//                       Open ──complete──▶ Closed, ──cancel──▶ Canceled; both ──reopen──▶ Open
//   response            Open ──convert──▶ Closed, and a lead, opportunity, quote or order; ──close──▶ Closed; ──cancel──▶ Canceled

import Engine

extension Area {
    /// Lists and their members.
    static let lists = Area(
        title: "Marketing lists",
        messages: [
            AddToList.self, RemoveFromList.self, CopyListMembers.self, LockList.self, UnlockList.self,
            SetListQuery.self,
        ]
    )

    /// Campaigns and their items.
    static let campaigns = Area(
        title: "Campaigns",
        messages: [
            ReadyCampaign.self, ProposeCampaign.self, LaunchCampaign.self, BeginCampaign.self, SuspendCampaign.self,
            ResumeCampaign.self, CompleteCampaign.self, CancelCampaign.self, ReopenCampaign.self, AddItem.self,
            RemoveItemOfCampaign.self, CopyCampaign.self,
        ]
    )

    /// Campaign activities and what becomes of them for each member.
    static let distribution = Area(
        title: "Campaign activities",
        messages: [
            ScheduleCampaignActivity.self, DistributeCampaignActivity.self, DispatchCampaignActivity.self,
            CompleteCampaignActivity.self, CancelCampaignActivity.self, ReopenCampaignActivity.self, ReachMember.self,
            QuickCampaign.self,
        ]
    )

    /// What is answered to a campaign.
    static let responses = Area(
        title: "Campaign responses",
        messages: [
            LogResponse.self, ConvertResponse.self, CloseResponse.self, CancelResponse.self, ReopenResponse.self,
        ]
    )
}

/// Statuses of a campaign, whose only state is Active.
enum CampaignStatus {
    static let proposed: Int32 = 0
    static let ready: Int32 = 1
    static let launched: Int32 = 2
    static let completed: Int32 = 3
    static let canceled: Int32 = 4
    static let suspended: Int32 = 5
}

/// States of campaign activities and responses, and statuses of an open campaign activity.
enum CampaignActivityState {
    static let open: Int32 = 0
    static let closed: Int32 = 1
    static let canceled: Int32 = 2
    static let statusInProgress: Int32 = 0
    static let statusProposed: Int32 = 1
    static let statusPending: Int32 = 4
    static let statusAborted: Int32 = 5
}

extension Rule {
    static let campaignStatus = Rule("campaign-status", "The status of the campaign does not allow it.")
    static let isTemplate = Rule("is-template", "The campaign is a template: copy it.")
}

extension Records {
    /// The campaign that a campaign activity or a response belongs to; `.none` where it is about none.
    func campaign(of id: RecordID) -> RecordID {
        let regarding = reference(id, "regardingobjectid")
        return regarding.entity == schema.standardEntity(named: "campaign")?.id ? regarding : .none
    }

    /// The open activities of a campaign.
    func openActivities(of campaign: RecordID) throws(Refusal) -> [RecordID] {
        try referring(to: campaign, "campaignactivity", "regardingobjectid").filter {
            state(of: $0) == CampaignActivityState.open
        }
    }

    /// Refuses a template.
    func requireNoTemplate(_ campaign: RecordID) throws(Refusal) {
        guard value(campaign, "istemplate") == .boolean(true) else { return }
        throw refusal(.isTemplate, campaign, "\(name(campaign)) is a template: copy it, and run the copy.")
    }
}

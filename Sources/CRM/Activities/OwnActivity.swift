// Activity types that an organisation made itself: an entity of its own is one when its id is called `activityid` and it has the
// states that all activities have. What it has of the attributes of an activity is filled in, what it has not is left out.

import Engine

extension Entity {
    /// Whether messages take it for an activity type of the organisation's own.
    var isOwnActivityType: Bool {
        guard isActivity, isOwn, let model = stateModel else { return false }
        let states = model.states.map(\.value)
        return [ActivityState.open, ActivityState.completed, ActivityState.canceled].allSatisfy(states.contains)
    }
}

/// Completes an activity of an organisation's own type.
public struct CompleteOwnActivity: Message {
    /// The activity.
    public var activity = RecordID.none
    /// When it ended: microseconds since 1970 in UTC.
    public var at: Int64?
    /// How many minutes it took.
    public var minutes: Int64?

    public init() {}

    /// A request to complete an activity.
    public init(_ activity: RecordID, at: Int64? = nil, minutes: Int64? = nil) {
        (self.activity, self.at, self.minutes) = (activity, at, minutes)
    }

    public static let declaration = MessageDeclaration<CompleteOwnActivity>(
        142,
        "complete",
        "Marks an activity of an organisation's own type as done.",
        to: [MessageTarget(MessageTarget.ownActivity, states: [ActivityState.open])],
        record: \.activity,
        arguments: [Completion.at(\.at), Completion.minutes(\.minutes)],
        rules: Completion.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try Completion(activity, at: at, minutes: minutes).plan(records)
    }
}

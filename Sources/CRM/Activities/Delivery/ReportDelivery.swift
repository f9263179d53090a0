// An attempt to deliver an e-mail has ended: it was taken, it is tried again, or it is given up.

import Engine

/// Says that an e-mail was handed over.
public struct ConfirmDelivery: Message {
    /// The e-mail.
    public var email = RecordID.none
    /// Recipients who do not get it.
    public var refused: String?
    /// The attempt.
    public var attempt: Int64?

    public init() {}

    /// A request to say that an e-mail was handed over.
    public init(_ email: RecordID, refused: String? = nil, attempt: Int64? = nil) {
        (self.email, self.refused, self.attempt) = (email, refused, attempt)
    }

    public static let declaration = MessageDeclaration<ConfirmDelivery>(
        305,
        "confirm-delivery",
        """
        Says that an e-mail was handed over to the mail system: it is Sent. Where all who did not have it yet are refused, it is Failed \
        and open again.
        """,
        said: "confirm its delivery",
        to: [MessageTarget("email", states: [ActivityState.completed])],
        record: \.email,
        arguments: [.recipients(1, "refused", \.refused, "Recipients who were refused."), .attempt(2, \.attempt)],
        rules: [Delivery.notBeingSent, Delivery.anotherAttempt, Delivery.notARecipient]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try Delivery.requireSending(email, records)
        var delivery = try Delivery(email, attempt: attempt, records)
        try delivery.set(DeliveryCode.failed, refused)
        delivery.setOpen(DeliveryCode.accepted, nil)
        return try delivery.plan(next: records.timeMicroseconds, reason: nil)
    }
}

/// Says that an e-mail is tried again later.
public struct PostponeDelivery: Message {
    /// The e-mail.
    public var email = RecordID.none
    /// Why.
    public var reason: String?
    /// When it is tried again: microseconds since 1970 in UTC.
    public var until: Int64?
    /// Recipients who have it.
    public var accepted: String?
    /// Recipients who do not get it.
    public var refused: String?
    /// The attempt.
    public var attempt: Int64?

    public init() {}

    /// A request to try an e-mail again later.
    public init(
        _ email: RecordID,
        reason: String,
        until: Int64? = nil,
        accepted: String? = nil,
        refused: String? = nil,
        attempt: Int64? = nil
    ) {
        (self.email, self.reason, self.until) = (email, reason, until)
        (self.accepted, self.refused, self.attempt) = (accepted, refused, attempt)
    }

    /// Behind the first attempt, the second, and so on, in minutes; behind later ones the last.
    private static let waits: [Int64] = [1, 5, 15, 30, 60, 120, 240]

    public static let declaration = MessageDeclaration<PostponeDelivery>(
        306,
        "postpone-delivery",
        """
        Says that an e-mail could not be handed over now: it is Pending Send again, and tried after a minute, then 5, 15, 30, 60, 120, \
        and every 240. Recipients who are named are settled; where no other is left, so is the e-mail.
        """,
        said: "postpone its delivery",
        to: [MessageTarget("email", states: [ActivityState.completed])],
        record: \.email,
        arguments: [
            .text(1, "reason", \.reason, lengthBytesMax: 2_000, isRequired: true, "Why it could not be handed over."),
            .instant(2, "until", \.until, "When it is tried again, where not after the usual wait."),
            .recipients(3, "accepted", \.accepted, "Recipients who have it already."),
            .recipients(4, "refused", \.refused, "Recipients who were refused."), .attempt(5, \.attempt),
        ],
        rules: [Delivery.notBeingSent, Delivery.anotherAttempt, Delivery.notARecipient]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try Delivery.requireSending(email, records)
        var delivery = try Delivery(email, attempt: attempt, records)
        try delivery.set(DeliveryCode.accepted, accepted)
        try delivery.set(DeliveryCode.failed, refused)
        delivery.setOpen(DeliveryCode.delayed, reason)
        let attempts = Int(clamping: records.integer(email, "deliveryattempts") ?? 1)
        let wait = Self.waits[min(max(attempts, 1), Self.waits.count) - 1]
        let next = until ?? records.timeMicroseconds.addingClamped(wait * 60_000_000)
        return try delivery.plan(next: next, reason: reason)
    }
}

/// Says that an e-mail is not delivered.
public struct FailDelivery: Message {
    /// The e-mail.
    public var email = RecordID.none
    /// Why.
    public var reason: String?
    /// What was said of single recipients.
    public var refused: String?
    /// The attempt.
    public var attempt: Int64?

    public init() {}

    /// A request to give an e-mail up.
    public init(_ email: RecordID, reason: String, refused: String? = nil, attempt: Int64? = nil) {
        (self.email, self.reason, self.refused, self.attempt) = (email, reason, refused, attempt)
    }

    public static let declaration = MessageDeclaration<FailDelivery>(
        307,
        "fail-delivery",
        """
        Gives up an e-mail that waits to be sent or is being sent: it is Failed and open again, to be corrected and sent anew. Where some \
        recipients have it already, it is Sent, and the others have the reason.
        """,
        said: "give its delivery up",
        to: [MessageTarget("email", states: [ActivityState.completed])],
        record: \.email,
        arguments: [
            .text(1, "reason", \.reason, lengthBytesMax: 2_000, isRequired: true, "Why it is given up."),
            .recipients(2, "refused", \.refused, "Recipients of whom something else was said."), .attempt(3, \.attempt),
        ],
        rules: [BeginDelivery.notWaiting, Delivery.anotherAttempt, Delivery.notARecipient]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard let status = records.option(email, "statuscode"),
            status == EmailStatus.pendingSend || status == EmailStatus.sending
        else { throw Delivery.refusal(BeginDelivery.notWaiting, email, "wait to be sent", records) }
        var delivery = try Delivery(email, attempt: attempt, records)
        try delivery.set(DeliveryCode.failed, refused)
        delivery.setOpen(DeliveryCode.failed, reason)
        return try delivery.plan(next: records.timeMicroseconds, reason: reason)
    }
}

// Letters and faxes: sent, received, or done with otherwise.

import Engine

/// Completes a letter.
public struct CompleteLetter: Message {
    /// The letter.
    public var letter = RecordID.none
    /// When it was sent or received: microseconds since 1970 in UTC.
    public var at: Int64?
    /// How many minutes it took.
    public var minutes: Int64?
    /// How: a status of Completed.
    public var status: Int32?

    public init() {}

    /// A request to complete a letter.
    public init(_ letter: RecordID, at: Int64? = nil, minutes: Int64? = nil, status: Int32? = nil) {
        (self.letter, self.at, self.minutes, self.status) = (letter, at, minutes, status)
    }

    public static let declaration = MessageDeclaration<CompleteLetter>(
        138,
        "complete",
        "Marks a letter as sent or received. Nobody is written to who does not wish it.",
        to: [MessageTarget("letter", states: [ActivityState.open])],
        record: \.letter,
        arguments: [
            Completion.at(\.at), Completion.minutes(\.minutes),
            .option(
                3,
                "status",
                \.status,
                of: "letter",
                "statuscode",
                "Sent or Received; where it is not given, what the direction of the letter says."
            ),
        ],
        rules: Completion.rules + [.status] + Channel.post.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let status = status ?? (records.isIncoming(letter) ? LetterStatus.received : LetterStatus.sent)
        if status == LetterStatus.sent { try Channel.post.obey(letter, records) }
        let completion = Completion(letter, at: at, minutes: minutes, status: status)
        return try completion.plan(records, reachesSomebody: status == LetterStatus.sent)
    }
}

/// Completes a fax.
public struct CompleteFax: Message {
    /// The fax.
    public var fax = RecordID.none
    /// When it was sent, received or done with: microseconds since 1970 in UTC.
    public var at: Int64?
    /// How many minutes it took.
    public var minutes: Int64?
    /// How: a status of Completed.
    public var status: Int32?

    public init() {}

    /// A request to complete a fax.
    public init(_ fax: RecordID, at: Int64? = nil, minutes: Int64? = nil, status: Int32? = nil) {
        (self.fax, self.at, self.minutes, self.status) = (fax, at, minutes, status)
    }

    public static let declaration = MessageDeclaration<CompleteFax>(
        139,
        "complete",
        """
        Marks a fax as received, or as done with: what it said was told otherwise. With --status Sent nobody is written to who does \
        not wish it.
        """,
        to: [MessageTarget("fax", states: [ActivityState.open])],
        record: \.fax,
        arguments: [
            Completion.at(\.at), Completion.minutes(\.minutes),
            .option(
                3,
                "status",
                \.status,
                of: "fax",
                "statuscode",
                "Completed, Sent or Received; where it is not given, Received for one that came in, else Completed."
            ),
        ],
        rules: Completion.rules + [.status] + Channel.fax.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let status = status ?? (records.isIncoming(fax) ? FaxStatus.received : FaxStatus.completed)
        if status == FaxStatus.sent { try Channel.fax.obey(fax, records) }
        let completion = Completion(fax, at: at, minutes: minutes, status: status)
        return try completion.plan(records, reachesSomebody: status == FaxStatus.sent)
    }
}

/// Posts a letter.
public struct SendLetter: Message {
    /// The letter.
    public var letter = RecordID.none

    public init() {}

    /// A request to send a letter.
    public init(_ letter: RecordID) { self.letter = letter }

    public static let declaration = MessageDeclaration<SendLetter>(
        140,
        "send",
        "Says that a letter has been posted now. Nobody is written to who does not wish it.",
        to: [MessageTarget("letter", states: [ActivityState.open])],
        record: \.letter,
        rules: Sending.rules + Channel.post.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try Sending.check(letter, by: .post, records)
        return try Completion(letter, at: nil, minutes: nil, status: LetterStatus.sent).plan(
            records,
            reachesSomebody: true
        )
    }
}

/// Sends a fax.
public struct SendFax: Message {
    /// The fax.
    public var fax = RecordID.none

    public init() {}

    /// A request to send a fax.
    public init(_ fax: RecordID) { self.fax = fax }

    public static let declaration = MessageDeclaration<SendFax>(
        141,
        "send",
        "Says that a fax has been sent now. Nobody is written to who does not wish it.",
        to: [MessageTarget("fax", states: [ActivityState.open])],
        record: \.fax,
        rules: Sending.rules + Channel.fax.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try Sending.check(fax, by: .fax, records)
        return try Completion(fax, at: nil, minutes: nil, status: FaxStatus.sent).plan(records, reachesSomebody: true)
    }
}

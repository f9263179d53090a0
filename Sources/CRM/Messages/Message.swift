// A message: what people do to a record, as one verb: qualify a lead, win an opportunity.
//
// Guarantees
// - A message is a pure function from the records as they are, the moment, the acting user and its arguments to one transaction
//   (`plan`). It writes nothing itself: the engine executes the transaction it plans, all or nothing, in the same turn of the
//   writer, so that between what it saw and what it does nobody changes anything.
// - It is declared once (`declaration`). The typed request in Swift, its bytes, the words of `kith do`, its help and its entry
//   in docs/messages.md all come from there.
// - Whether the record is of the right entity, is there, and is in a state in which the message may come is asked before
//   `plan` is called, from the declaration.
// - Its number stands in the log beside what it changed, so that history can say what somebody did, not only what became of it.

import Engine

/// A request to do something to a record, with its arguments as properties.
///
/// Thread rule: a value; `plan` runs in the writer's turn.
public protocol Message: Sendable {
    /// A request in which nothing is given.
    init()

    /// All that is known of it. The numbers in it are part of the wire protocol and of the log, and never change.
    static var declaration: MessageDeclaration<Self> { get }

    /// The transaction that carries it out, or the rule that forbids it.
    func plan(_ records: Records) throws(Refusal) -> Plan
}

/// A rule that can refuse a message, under a name that programs can rely on.
public struct Rule: Hashable, Sendable {
    /// Lower-case words with hyphens; part of the protocol.
    public let name: String
    /// What it forbids, in a sentence for people.
    public let summary: String

    /// Declares a rule.
    package init(_ name: String, _ summary: String) {
        self.name = name
        self.summary = summary
    }

    /// What every message has: the record is in none of the states that its declaration names.
    public static let state = Rule("state", "The record is not in a state in which this can be done.")
}

/// An entity that a message can be sent to, and the states of its records in which it may.
public struct MessageTarget: Sendable, Hashable {
    /// Logical name.
    public let entity: String
    /// Numbers of states; empty for entities without a life cycle.
    public let states: [Int32]

    /// Stands for every entity whose records have an owner, those that an organisation made itself included.
    public static let anyOwned = "*"
    /// Stands for an organisation's own activity types: entities of its own whose id is `activityid`, with the states 0 Open,
    /// 1 Completed and 2 Canceled that all activities have.
    public static let ownActivity = "+"
    /// Stands for every entity.
    public static let any = "**"

    /// Declares a target.
    package init(_ entity: String, states: [Int32] = []) {
        self.entity = entity
        self.states = states
    }

    /// Whether records of an entity are meant.
    func includes(_ entity: Entity) -> Bool {
        switch self.entity {
        case MessageTarget.any: true
        case MessageTarget.anyOwned: entity.ownership == .user
        case MessageTarget.ownActivity: entity.isOwnActivityType
        default: self.entity == entity.name && !entity.isOwn
        }
    }

    /// What it stands for, for people.
    var described: String {
        switch entity {
        case MessageTarget.any: "any record"
        case MessageTarget.anyOwned: "records with an owner"
        case MessageTarget.ownActivity: "activity types of one's own"
        default: entity
        }
    }
}

/// All that is known of a message but its arguments' places: what help, documentation and the wire need.
public struct MessageHead: Sendable {
    /// Number on the wire and in the log, from 1.
    public let number: UInt16
    /// What people type; together with the record's entity it names one message.
    public let verb: String
    /// How it is said of a record in a sentence: `qualify it`, `add a line to it`.
    public let said: String
    /// Its effect, in a sentence.
    public let summary: String
    /// What it can be sent to.
    public let targets: [MessageTarget]
    /// The record that it is about.
    public let record: ArgumentHead
    /// What else it can be given, in the order in which people read it.
    public let arguments: [ArgumentHead]
    /// Rules of its own that can refuse it, beside `Rule.state`.
    public let rules: [Rule]

    /// What it can be sent to, for people.
    public var targetNames: String {
        targets.map(\.described).joined(separator: ", ")
    }
}

/// A message's declaration.
public struct MessageDeclaration<M: Message>: Sendable {
    /// What does not depend on the type.
    public let head: MessageHead
    let record: MessageArgument<M>
    let arguments: [MessageArgument<M>]
    /// The record and the arguments, as they are sent.
    let all: [MessageArgument<M>]

    /// Declares a message. The record that it is about is its argument 0.
    ///
    /// - Parameter said: how it is said of a record, where "\(verb) it" is no English.
    package init(
        _ number: UInt16,
        _ verb: String,
        _ summary: String,
        said: String? = nil,
        to targets: [MessageTarget],
        record: WritableKeyPath<M, RecordID> & Sendable,
        arguments: [MessageArgument<M>] = [],
        rules: [Rule] = []
    ) {
        let target = MessageArgument<M>.record(
            0,
            "record",
            record,
            to: targets.map(\.entity),
            isRequired: true,
            "The record that it is about."
        )
        head = MessageHead(
            number: number,
            verb: verb,
            said: said ?? "\(verb) it",
            summary: summary,
            targets: targets,
            record: target.head,
            arguments: arguments.map(\.head),
            rules: rules
        )
        self.record = target
        self.arguments = arguments
        all = [target] + arguments
    }
}

extension Message {
    /// What does not depend on the type of a message.
    public static var head: MessageHead { declaration.head }

    /// The record that it is about.
    public var record: RecordID {
        if case .reference(let id) = Self.declaration.record.get(self) { id } else { .none }
    }

    /// As it is sent: the arguments that are given.
    public var request: MessageRequest {
        let declaration = Self.declaration
        var request = MessageRequest(number: declaration.head.number)
        for argument in declaration.all {
            let value = argument.get(self)
            if value != .null { request.arguments.append(.init(number: argument.head.number, value: value)) }
        }
        return request
    }

    /// Reads what was sent.
    ///
    /// Throws a refusal for an argument that there is not, that is given twice or is of another type, and without a record.
    static func read(_ request: MessageRequest) throws(Refusal) -> any Message {
        var message = Self()
        let declaration = Self.declaration
        var given: Set<UInt16> = []
        for argument in request.arguments {
            guard let declared = declaration.all.first(where: { $0.head.number == argument.number }) else {
                throw Refusal(.malformed, "'\(declaration.head.verb)' has no argument \(argument.number).")
            }
            guard given.insert(argument.number).inserted else {
                throw Refusal(.malformed, "\(declared.head.shown) is given twice.")
            }
            guard argument.value == .null || declared.set(&message, argument.value) else {
                throw Refusal(
                    .wrongType,
                    "\(declared.head.shown): \(argument.value) given where \(declared.head.type.bounded) is expected."
                )
            }
        }
        guard message.record != .none else {
            throw Refusal(.required, "\(declaration.head.record.shown) must be given.")
        }
        return message
    }

    /// Refuses a request without an argument that must be given.
    func requireArguments() throws(Refusal) {
        for argument in Self.declaration.arguments where argument.head.isRequired && argument.get(self) == .null {
            throw Refusal(.required, "\(argument.head.shown) must be given.")
        }
    }
}

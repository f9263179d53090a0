// Contracts: what a customer may have of service, from when to when, and how much.
//
//   template ──draft──▶ Draft ──invoice──▶ Invoiced ══activate══▶ Active ══expire══▶ Expired      ══ by the clock
//   Active ──hold──▶ On Hold ──release──▶ Active;  Invoiced, Active, On Hold ──cancel──▶ Canceled
//   Active, On Hold, Expired ──renew──▶ a Draft of the next period, and the lines that go on in it are Renewed
//
// A line is in force while its contract is Active, on the days from its first to its last; one that is Renewed stays so to the end of its
// own period.

import Engine

extension Area {
    /// Contracts.
    static let contracts = Area(
        title: "Contracts",
        messages: [
            DraftContract.self, InvoiceContract.self, ActivateContract.self, ExpireContract.self, HoldContract.self,
            ReleaseContract.self, CancelContract.self, RenewContract.self, AllotContract.self,
        ]
    )
}

/// Numbers of states, as docs/schema.md lists them.
enum ContractState {
    static let draft: Int32 = 0
    static let invoiced: Int32 = 1
    static let active: Int32 = 2
    static let onHold: Int32 = 3
    static let canceled: Int32 = 4
    static let expired: Int32 = 5
}

enum ContractLineState {
    static let existing: Int32 = 0
    static let renewed: Int32 = 1
    static let canceled: Int32 = 2
    static let expired: Int32 = 3
}

/// Options of `allotmenttypecode`.
enum AllotmentType {
    static let cases: Int32 = 1
    static let time: Int32 = 2
    static let dates: Int32 = 3
}

extension Rule {
    static let contractDatesMissing = Rule("dates-missing", "A contract says from when to when it is in force.")
    static let contractDatesReversed = Rule("dates-reversed", "The contract would end before it begins.")
}

extension Records {
    /// The lines of a contract in these states, in order of their numbers, then of their ids.
    func lines(of contract: RecordID, in states: [Int32]) throws(Refusal) -> [RecordID] {
        let lines = try referring(to: contract, "contractdetail", "contractid").filter { line in
            state(of: line).map(states.contains) ?? true
        }
        return lines.sorted {
            (integer($0, "lineitemorder") ?? .max, $0) < (integer($1, "lineitemorder") ?? .max, $1)
        }
    }

    /// A date; nil where it is not filled in.
    func date(_ id: RecordID, _ attribute: String) -> Int32? {
        if case .date(let days) = value(id, attribute) { days } else { nil }
    }

    /// Refuses days of a contract that are not both there, or the wrong way round.
    func requirePeriod(_ from: Int32?, _ to: Int32?, _ contract: RecordID) throws(Refusal) -> (from: Int32, to: Int32) {
        guard let from, let to else {
            throw refusal(
                .contractDatesMissing,
                contract,
                "\(name(contract)) does not say from when to when it is in force: fill in activeon and expireson."
            )
        }
        guard from <= to else {
            throw refusal(
                .contractDatesReversed,
                contract,
                "It would end on \(CalendarText.text(days: to)), before it begins on \(CalendarText.text(days: from))."
            )
        }
        return (from, to)
    }
}

/// Drafts a contract by a template.
public struct DraftContract: Message {
    /// The template.
    public var template = RecordID.none
    /// Whose contract it is.
    public var customer = RecordID.none
    /// Its name.
    public var title: String?
    /// Its first day: days since 1970-01-01.
    public var from: Int32?
    /// Its last day.
    public var to: Int32?

    public init() {}

    /// A request to draft a contract for a customer.
    public init(_ template: RecordID, customer: RecordID, title: String? = nil, from: Int32? = nil, to: Int32? = nil) {
        (self.template, self.customer, self.title) = (template, customer, title)
        (self.from, self.to) = (from, to)
    }

    static let templateInactive = Rule("template-inactive", "The template is not used any more.")

    public static let declaration = MessageDeclaration<DraftContract>(
        240,
        "draft",
        "Drafts a contract with the terms of a template: how its allotments are counted, its service level and targets, how it is billed.",
        to: [MessageTarget("contracttemplate")],
        record: \.template,
        arguments: [
            .record(1, "customer", \.customer, to: ["account", "contact"], isRequired: true, "Whose contract it is."),
            .text(
                2,
                "title",
                \.title,
                lengthBytesMax: 1_000,
                "Its name; those of template and customer where it is not given."
            ),
            .date(3, "from", \.from, "Its first day."),
            .date(4, "to", \.to, "Its last day."),
        ],
        rules: [templateInactive]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.state(of: template) ?? 0 == 0 else {
            throw records.refusal(
                Self.templateInactive,
                template,
                "The template \(records.name(template)) is not used any more."
            )
        }
        let terms = ["allotmenttypecode", "contractservicelevelcode", "billingfrequencycode", "slaid"]
        let owner = records.value(customer, "ownerid")
        let title = title ?? "\(records.name(template)): \(records.name(customer))"
        var plan = Plan(records)
        try plan.create(
            "contract",
            records.copied(template, terms.map { ($0, $0) }) + [
                ("title", .text(title)), ("contracttemplateid", .reference(template)),
                ("customerid", .reference(customer)), ("ownerid", owner),
                ("activeon", from.map(Value.date) ?? .null), ("expireson", to.map(Value.date) ?? .null),
            ]
        )
        return plan
    }
}

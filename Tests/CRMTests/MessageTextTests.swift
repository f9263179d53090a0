import CRM
import Engine
import Testing

/// The words of `kith do`: what is understood, and what is said about the rest.
@Suite struct MessageTextTests {
    private let schema = Schema.standard
    private var lead: RecordID { RecordID(entity: schema.entity(named: "lead")!.id, sequence: 7) }
    private var names: [String: RecordID] {
        [
            "L": lead, "O": RecordID(entity: schema.entity(named: "opportunity")!.id, sequence: 1),
            "A": RecordID(entity: schema.entity(named: "account")!.id, sequence: 1),
            "X": RecordID(entity: schema.entity(named: "competitor")!.id, sequence: 1),
        ]
    }

    @Test func wordsAndQuotes() throws {
        var qualify = QualifyLead(lead, account: true, opportunity: true)
        qualify.topic = "It's \"here\" = now"
        let code = schema.text(of: lead)
        for text in [
            "qualify L --account --opportunity --topic \"It's \\\"here\\\" = now\"",
            "qualify \(code) --account --opportunity --topic='It\\'s \"here\" = now'",
            " qualify   L --opportunity --topic \"It's\"' \"here\" '\"= now\" --account ",
        ] {
            let request = try MessageRequest(text, in: schema, named: names)
            #expect(request.number == 32)
            #expect(Set(request.arguments) == Set(qualify.request.arguments), "\(text)")
        }
    }

    @Test func values() throws {
        let request = try MessageRequest(
            "lose O --status out-sold --on 2026-05-01 --competitor X",
            in: schema,
            named: names
        )
        var lose = LoseOpportunity(names["O"]!, status: 5, on: CalendarText.date("2026-05-01"))
        lose.competitor = names["X"]!
        #expect(Set(request.arguments) == Set(lose.request.arguments))
        let win = try MessageRequest("win O --value 12.50", in: schema, named: names)
        #expect(win.arguments.last?.value == .decimal(Decimal64(units: 1250, scale: 2)))
    }

    @Test(arguments: [
        ("", "the message is empty: write a verb and a record"),
        ("qualfy L", "there is no message 'qualfy'; did you mean 'qualify'?"),
        ("qualify", "'qualify' needs the record that it is about: qualify lead/…"),
        ("qualify --account", "'qualify' needs the record that it is about: qualify lead/…"),
        (
            "qualify lead/7",
            "the record: 'lead/7' is no record; write its entity and code, as queries print them: account/7K3"
        ),
        ("qualify A", "'qualify' is for lead, not for account/11"),
        ("qualify L --acount", "'qualify' has no argument --acount; did you mean '--account'?"),
        ("qualify L account", "'account' stands alone: arguments are --name value, and texts with blanks need quotes"),
        ("qualify L --account --account", "--account is given twice"),
        ("qualify L --account=yes", "--account takes no value"),
        ("qualify L --topic", "--topic needs a value: a text of at most 300 bytes"),
        ("qualify L --topic 'x", "a closing quotation mark is missing"),
        ("win O --value 1e3", "--value: '1e3' given where a number is expected"),
        ("win O --on 2026-02-30", "--on: '2026-02-30' given where a date is expected"),
        (
            "lose O --status Outsold",
            "--status: there is no option 'Outsold' of opportunity.statuscode; did you mean 'Out-Sold'?"
        ),
        ("assign A", "'assign' needs --to: a record (systemuser, team)"),
        ("assign X --to A", "'assign' is for records with an owner, not for competitor/11"),
        ("reopen L --status 3", "'reopen' has no argument --status"),
    ])
    func whatIsWrongIsSaid(_ text: String, _ message: String) {
        #expect(throws: MessageTextError.self) { try MessageRequest(text, in: schema, named: names) }
        do { _ = try MessageRequest(text, in: schema, named: names) } catch { #expect("\(error)" == message) }
    }
}

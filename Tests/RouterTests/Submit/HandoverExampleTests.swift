import Router
import Testing

/// The examples of docs/router.md do what it says.
@Suite struct HandoverExampleTests {
    @Test func theDocumentedMessage() throws {
        let template = try MailTemplate(
            "Dear {{contact.firstname}},\n\nyour case {{ticketnumber}} is open.\n\n-- \nSupport\n"
        )
        var mail = OutgoingMail(
            messageID: MessageID("17.1@crm.example.org"),
            dateSeconds: 1_795_824_600,
            from: MailAddress(name: "Support", address: "support@crm.example.org")
        )
        mail.to = [MailAddress(name: "Bern, Ann", address: "ann@a.example")]
        mail.subject = "Grüße aus Bern"
        mail.text = try template.render(
            .record(["contact": .record(["firstname": .text("Ann")]), "ticketnumber": .text("CAS-1")]),
            as: .text
        )
        mail.inReplyTo = [MessageID("5@a.example")]
        mail.origin = .replied
        mail.routerName = "router-1"
        let delivery = try MailDelivery(mail.bytes())
        #expect(delivery.message.subject == "Grüße aus Bern")
        #expect(delivery.message.to == [MailAddress(name: "Bern, Ann", address: "ann@a.example")])
        #expect(delivery.message.text.contains("your case CAS-1 is open.") && delivery.message.references.count == 1)
        // Where it comes back to, it is known; elsewhere nobody answers it by itself.
        let knowledge = InMemoryMailKnowledge()
        let own = MailRouter(rules: MailRules(routerName: "router-1")).decide(delivery, knowing: knowledge)
        let other = MailRouter(rules: MailRules(routerName: "router-2")).decide(delivery, knowing: knowledge)
        #expect(own.kind.name == "loop" && other.kind.name == "automatic")
    }

    /// A message of a person, a rule and a list are taken for what they are.
    @Test func whatItSaysOfItsOrigin() throws {
        func kind(_ change: (inout OutgoingMail) -> Void) throws -> String {
            var mail = OutgoingMail.example
            change(&mail)
            return MailRouter().decide(try MailDelivery(mail.bytes()), knowing: InMemoryMailKnowledge()).kind.name
        }
        #expect(try kind { _ in } == "message")
        #expect(try kind { $0.origin = .generated } == "automatic")
        #expect(try kind { $0.origin = .replied } == "automatic")
        #expect(try kind { $0.unsubscribe = .init(link: "https://crm.example/u") } == "bulk")
    }
}

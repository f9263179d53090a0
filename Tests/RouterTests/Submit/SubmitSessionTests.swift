import Router
import Testing

/// Answers and what is done about them, state by state.
@Suite struct SubmitSessionTests {
    @Test func oneMessage() throws {
        var session = SubmitSession(SubmitSettings(hostName: "crm.example", tls: .never))
        var said: [SubmitSession.Action] = []
        for line in [
            "220 a.example", "250 a.example", "250 ok", "250 ok", "354 go", "250 2.0.0 queued as 1", "221 bye",
        ] {
            session.receive(Array("\(line)\r\n".utf8))
            while let action = session.nextAction() {
                said.append(action)
                if action == .ready, said.count < 5 {
                    session.submit(
                        try SubmitMessage(
                            sender: "a@b.example",
                            recipients: ["c@d.example"],
                            bytes: Array("A: b\r\n\r\n.c\r\n".utf8)
                        )
                    )
                } else if action == .ready {
                    session.quit()
                }
            }
        }
        #expect(said.count == 10, "\(said)")
        #expect(said.last == .close)
    }
}

import Router
import Testing

/// Addresses that something comes back to: read back, and never taken for another.
@Suite struct DeliveryTokenTests {
    private let key = [UInt8](repeating: 7, count: 32)
    private var tokens: DeliveryToken { DeliveryToken(keys: [key]) }
    private let reference = DeliveryReference(email: 0x0123_4567_89AB_CDEF, recipient: 513)

    /// Made by another program: Python's `hmac` and `base64`.
    @Test func theFormStays() {
        #expect(
            tokens.address(.bounce, reference, domain: "crm.example") == "bounce+aerukz4jvpg66aqbwy3xocwjcq@crm.example"
        )
        #expect(
            tokens.address(.unsubscribe, reference, domain: "crm.example")
                == "unsubscribe+aerukz4jvpg66aqbivjifl4bky@crm.example"
        )
        #expect(DeliveryToken.length == 26)
    }

    @Test func readBack() {
        var random = SplitMix(state: 11)
        for _ in 0..<500 {
            let reference = DeliveryReference(
                email: random.next() >> (random.next() % 64),
                recipient: UInt16(truncatingIfNeeded: random.next())
            )
            for purpose in DeliveryToken.Purpose.allCases {
                let address = tokens.address(purpose, reference, domain: "crm.example") ?? ""
                for written in [address, address.uppercased()] {
                    let read = tokens.read(MailAddress(address: written))
                    #expect(read?.purpose == purpose && read?.reference == reference)
                }
            }
        }
    }

    @Test func noneIsTakenForAnother() throws {
        let bounce = try #require(tokens.address(.bounce, reference, domain: "a.example"))
        let unsubscribe = try #require(tokens.address(.unsubscribe, reference, domain: "a.example"))
        let token = { (address: String) in String(address.split { "+@".contains($0) }[1]) }
        #expect(token(bounce) != token(unsubscribe))
        #expect(tokens.read(MailAddress(address: "bounce+\(token(unsubscribe))@a.example")) == nil)
        #expect(tokens.read(MailAddress(address: "unsubscribe+\(token(bounce))@a.example")) == nil)
        #expect(tokens.read(MailAddress(address: "crm+\(token(bounce))@a.example")) == nil)
        #expect(tokens.read(MailAddress(address: "x+bounce+\(token(bounce))@a.example")) == nil)
        let replies = ReplyToken(keys: [key])
        #expect(replies.thread(of: token(bounce)) == nil && replies.thread(of: token(bounce).prefix(23)) == nil)
        let reply = try #require(replies.address(for: MailThreadID(rawValue: 1), domain: "a.example"))
        #expect(reply.hasPrefix("crm+") && reply.hasSuffix("@a.example"))
        #expect(replies.thread(of: token(reply)) == MailThreadID(rawValue: 1))
        #expect(tokens.read(MailAddress(address: "bounce+\(token(reply))@a.example")) == nil)
    }

    @Test func oneLetterMakesItNone() throws {
        let address = try #require(tokens.address(.bounce, reference, domain: "a.example"))
        let letters = Array(address)
        for index in 7..<33 {
            for letter in "abz27" where letters[index] != letter {
                var changed = letters
                changed[index] = letter
                #expect(tokens.read(MailAddress(address: String(changed))) == nil)
            }
        }
        #expect(DeliveryToken(keys: [[1]]).read(MailAddress(address: address)) == nil)
        #expect(DeliveryToken(keys: [[1], key]).read(MailAddress(address: address))?.reference == reference)
        #expect(DeliveryToken(keys: []).address(.bounce, reference, domain: "a.example") == nil)
        for other in [
            "", "bounce", "bounce+@a.example", "bounce+\(String(repeating: "é", count: 13))@a.example",
            address.replacing("@", with: ""),
        ] {
            #expect(tokens.read(MailAddress(address: other)) == nil)
        }
    }
}

import CRM
import Engine
import Testing

/// The bytes of a message: round trips, golden bytes, and hostile ones.
@Suite struct MessageRequestTests {
    private let win = WinOpportunity(
        RecordID(entity: EntityID(49), sequence: 5),
        value: Decimal64(units: 1250, scale: 2),
        on: 20_000
    )

    /// A verb with a hyphen is no English for what is done to a record: such a message declares how it is said.
    @Test func everyMessageIsSaidInWords() {
        for head in Messages.heads {
            let words = head.said.split(separator: " ")
            #expect(!head.said.contains("-") && (words.contains("it") || words.contains("its")), "\(head.verb)")
        }
    }

    @Test func goldenBytes() {
        let bytes = win.request.encoded(key: RequestKey(client: 1, request: 2))
        #expect(
            bytes == [
                1, 0, 35, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0,
                0, 0, 7, 5, 0, 0, 0, 0, 0, 16, 3,
                1, 0, 3, 2, 226, 4, 0, 0, 0, 0, 0, 0,
                2, 0, 5, 32, 78, 0, 0,
            ]
        )
    }

    @Test func roundTrip() throws {
        for key in [nil, RequestKey(client: .max, request: 7)] {
            let (request, found) = try win.request.encoded(key: key).withUnsafeBytes { try MessageRequest.decode($0) }
            #expect(request == win.request)
            #expect(found == key)
        }
    }

    /// Every prefix, every byte changed: a typed error or another message, never a trap.
    @Test func damagedBytes() throws {
        let bytes = win.request.encoded(key: nil)
        for count in 0..<bytes.count {
            #expect(throws: DecodeError.self) { try bytes[..<count].withUnsafeBytes { try MessageRequest.decode($0) } }
        }
        var organisation = TestOrganisation()
        for place in bytes.indices {
            for flip in UInt8(1)...255 {
                var damaged = bytes
                damaged[place] ^= flip
                guard let (request, _) = try? damaged.withUnsafeBytes({ try MessageRequest.decode($0) }) else {
                    continue
                }
                #expect(throws: Refusal.self) { try organisation.perform(request) }
            }
        }
    }

    @Test(arguments: [
        (MessageRequest.Argument(number: 9, value: .null), Refusal.Code.malformed, "'win' has no argument 9."),
        (.init(number: 1, value: .text("x")), .wrongType, "--value: text(\"x\") given where a number is expected."),
        (.init(number: 0, value: .null), .malformed, "The record is given twice."),
        (
            .init(number: 3, value: .text(String(repeating: "é", count: 5001))), .wrongType,
            "given where a text of at most"
        ),
    ])
    func hostileArguments(_ argument: MessageRequest.Argument, _ code: Refusal.Code, _ message: String) throws {
        var organisation = TestOrganisation()
        let record = try organisation.create("opportunity O: name=x")
        var request = MessageRequest(number: 35)
        request.arguments = [.init(number: 0, value: .reference(record)), argument]
        let refusal = try #require(throws: Refusal.self) { try organisation.perform(request) }
        #expect(refusal.code == code)
        #expect(refusal.message.contains(message), "\(refusal.message)")
    }

    @Test func whatIsMissingIsSaid() throws {
        var organisation = TestOrganisation()
        var refusal = try #require(throws: Refusal.self) { try organisation.perform(MessageRequest(number: 35)) }
        #expect(refusal.code == .required && refusal.message == "The record must be given.")
        refusal = try #require(throws: Refusal.self) { try organisation.perform(MessageRequest(number: 999)) }
        #expect(refusal.code == .malformed && refusal.message == "There is no message 999.")
        refusal = try #require(throws: Refusal.self) { try organisation.perform(win.request) }
        #expect(refusal.code == .recordNotFound)
    }

    /// A rule's name goes with the refusal over the wire; other refusals have the bytes that they always had.
    @Test func refusalsCarryTheRule() throws {
        var writer = ByteWriter()
        let plain = Refusal(.recordNotFound, entity: "lead", "There is none.")
        plain.encode(into: &writer)
        #expect(writer.count == 16 + 4 + 4 + 4 + 4 + 14)
        let rule = Rule.state
        var organisation = TestOrganisation()
        let lead = try organisation.create("lead L: lastname=x | statecode=1")
        let refusal = try #require(throws: Refusal.self) { try organisation.perform(QualifyLead(lead).request) }
        #expect(refusal.rule == rule.name && refusal.record == lead && refusal.entity == "lead")
        var second = ByteWriter()
        refusal.encode(into: &second)
        let read = try second.bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let refusal = try Refusal(from: &reader)
            try reader.expectEnd()
            return refusal
        }
        #expect(read == refusal)
    }

    /// A replay of the log without any rule gives the same state, and the log says which message it was.
    @Test func replayGivesTheSameState() throws {
        var organisation = TestOrganisation()
        let lead = try organisation.create("lead L: lastname=Frisch | companyname=Acme")
        try organisation.perform(QualifyLead(lead, account: true, contact: true, opportunity: true).request)
        let copy = Engine(schema: organisation.engine.schema)
        for entry in organisation.entries {
            try entry.withUnsafeBytes { try copy.replay($0, position: copy.position + 1) }
        }
        #expect(copy.digest == organisation.engine.digest)
        copy.checkInvariants()
        let entry = try #require(organisation.entries.last)
        let header = try entry.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return try EntryHeader(from: &reader)
        }
        #expect(header.envelope.message == 32)
    }
}

import Engine
import Net
import TestSupport

/// What stands in frames.
enum FuzzWire {
    static func frames(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, let kind = bytes.first else { return }
        if bytes.count >= WireHeader.lengthBytes, let header = WireHeader(at: base) {
            let body = UnsafeRawBufferPointer(rebasing: bytes[WireHeader.lengthBytes...])
            _ = header.matches(body: body)
        }
        // A checksum would keep the fuzzer away from what stands behind it: bodies come without.
        let body = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        var reader = ByteReader(body)
        do {
            switch kind % 9 {
            case 0: _ = try HelloRequest(decoding: body)
            case 1: _ = try HelloReply(decoding: body)
            case 2: _ = try WireFailure(decoding: body)
            case 3: _ = try FindRequest(from: &reader)
            case 4: _ = try FindHit.list(from: &reader)
            case 5: _ = try TransactionReply(decoding: body)
            case 6: _ = try SchemaRequest(from: &reader)
            case 7: _ = try SchemaReply(decoding: body)
            default:
                _ = try QueryForm(from: &reader)
                _ = try QueryArguments(from: &reader)
            }
        } catch {}
    }

    // MARK: Seeds

    static var seeds: [[UInt8]] {
        var seeds: [[UInt8]] = []
        func add(_ kind: UInt8, _ encode: (inout ByteWriter) -> Void) {
            var writer = ByteWriter()
            writer.u8(kind)
            encode(&writer)
            seeds.append(writer.bytes)
        }
        add(0) { HelloRequest(organisation: "main", user: "ann", client: "test").encode(into: &$0) }
        add(1) { writer in
            HelloReply(
                organisation: "main",
                user: .none,
                limits: WireLimits(),
                durablePosition: 7,
                schema: TestSchema.schema
            ).encode(into: &writer)
        }
        add(2) { WireFailure.wire(WireError(.malformed, "no")).encode(into: &$0) }
        add(2) { WireFailure.refusal(Refusal(.required, entity: "account", "A value is required.")).encode(into: &$0) }
        add(3) { FindRequest("adam", entities: ["account"], limit: 5).encode(into: &$0) }
        add(8) { writer in
            QueryForm.sql("SELECT name FROM account WHERE name = :n").encode(into: &writer)
            QueryArguments(["n": .text("Adam")]).encode(into: &writer)
        }
        for seed in FuzzEngine.transactionSeeds {
            var reply = ByteWriter()
            var entry = ByteWriter()
            let context = CommandContext(timeMicroseconds: 1_000_000)
            _ = try? seed.withUnsafeBytes {
                try FuzzEngine.seeded().execute($0, context: context, entry: &entry, reply: &reply)
            }
            add(5) { $0.raw(reply.bytes) }
        }
        return seeds
    }
}

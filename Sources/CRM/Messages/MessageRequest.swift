// A message as it is sent:
//
//   u8  flags        bit 0: a request key follows; bit 2: refused where a record is like another one (docs/duplicates.md)
//   u8  0
//   u16 message
//   u64 client, u64 request     only with bit 0
//   u16 arguments, then per argument
//     u16 number     0: the record that the message is about
//     value          as in Value+Codec.swift
//
// The head is that of a transaction, so that whoever numbers requests treats both alike. The reply is a transaction's, of the
// operations that the message planned.

import Engine

/// A message as numbers and values.
public struct MessageRequest: Sendable, Hashable {
    /// One argument.
    public struct Argument: Sendable, Hashable {
        /// Its number in the declaration.
        public var number: UInt16
        /// What it holds.
        public var value: Value

        /// Makes an argument.
        public init(number: UInt16, value: Value) { (self.number, self.value) = (number, value) }
    }

    /// Arguments at most: more than any message has.
    static let argumentCountMax = 64

    /// Which message.
    public var number: UInt16
    /// The arguments that are given.
    public var arguments: [Argument] = []

    /// Refused where a record that it makes or changes is like another one by the published duplicate rules (docs/duplicates.md).
    public var refusesDuplicates = false

    /// A request without arguments.
    public init(number: UInt16) { self.number = number }

    /// The bytes that a server takes.
    package func encoded(key: RequestKey?) -> [UInt8] {
        var writer = ByteWriter()
        writer.u8(
            (key == nil ? 0 : TransactionHeader.keyedFlag) | (refusesDuplicates ? TransactionHeader.checkedFlag : 0)
        )
        writer.u8(0)
        writer.u16(number)
        if let key {
            writer.u64(key.client)
            writer.u64(key.request)
        }
        writer.u16(UInt16(arguments.count))
        for argument in arguments {
            writer.u16(argument.number)
            argument.value.encode(into: &writer)
        }
        return writer.bytes
    }

    /// Reads what `encoded` wrote.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(DecodeError) -> (request: MessageRequest, key: RequestKey?) {
        var reader = ByteReader(bytes)
        let flags = try reader.u8()
        let known = TransactionHeader.keyedFlag | TransactionHeader.checkedFlag
        guard flags & ~known == 0, try reader.u8() == 0 else {
            throw DecodeError("unknown flags of a message", at: 0)
        }
        var request = MessageRequest(number: try reader.u16())
        request.refusesDuplicates = flags & TransactionHeader.checkedFlag != 0
        var key: RequestKey?
        if flags & TransactionHeader.keyedFlag != 0 {
            key = RequestKey(client: try reader.u64(), request: try reader.u64())
        }
        let count = Int(try reader.u16())
        guard count <= argumentCountMax else { throw DecodeError("\(count) arguments", at: reader.offset) }
        for _ in 0..<count {
            let number = try reader.u16()
            request.arguments.append(Argument(number: number, value: try Value(from: &reader)))
        }
        try reader.expectEnd()
        return (request, key)
    }
}

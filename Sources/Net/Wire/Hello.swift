import Engine

// The greeting: the client says which versions it speaks, whose data it wants and on whose behalf; the server answers with
// what it needs to go on. The layout stands in docs/protocol.md.

/// The first request of a connection.
package struct HelloRequest: Equatable, Sendable {
    package static let nameBytesMax = 256

    package var lowestVersion: UInt16 = UInt16(WireHeader.version)
    package var highestVersion: UInt16 = UInt16(WireHeader.version)
    package var organisation: String
    package var user: String
    package var client: String

    package init(organisation: String, user: String, client: String) {
        self.organisation = organisation
        self.user = user
        self.client = client
    }

    package init(decoding body: UnsafeRawBufferPointer) throws(DecodeError) {
        var reader = ByteReader(body)
        lowestVersion = try reader.u16()
        highestVersion = try reader.u16()
        organisation = try reader.text(lengthBytesMax: HelloRequest.nameBytesMax)
        user = try reader.text(lengthBytesMax: HelloRequest.nameBytesMax)
        client = try reader.text(lengthBytesMax: HelloRequest.nameBytesMax)
        try reader.expectEnd()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.u16(lowestVersion)
        writer.u16(highestVersion)
        writer.text(organisation)
        writer.text(user)
        writer.text(client)
    }
}

/// The server's answer.
package struct HelloReply: Sendable {
    package var version = UInt16(WireHeader.version)
    package var server: String
    package var organisation: String
    package var user: RecordID
    package var bodyBytesMax: UInt32
    package var callsMax: UInt32
    package var cursorsMax: UInt32
    package var statementsMax: UInt32
    package var durablePosition: Position
    package var schema: Schema

    package init(organisation: String, user: RecordID, limits: WireLimits, durablePosition: Position, schema: Schema) {
        server = "kith"
        self.organisation = organisation
        self.user = user
        bodyBytesMax = UInt32(WireLimits.bodyBytesMax)
        callsMax = UInt32(truncatingIfNeeded: limits.callsMax)
        cursorsMax = UInt32(truncatingIfNeeded: limits.cursorsMax)
        statementsMax = UInt32(truncatingIfNeeded: limits.statementsMax)
        self.durablePosition = durablePosition
        self.schema = schema
    }

    package init(decoding body: UnsafeRawBufferPointer) throws(DecodeError) {
        var reader = ByteReader(body)
        version = try reader.u16()
        _ = try reader.u16()
        server = try reader.text(lengthBytesMax: HelloRequest.nameBytesMax)
        organisation = try reader.text(lengthBytesMax: HelloRequest.nameBytesMax)
        user = RecordID(rawValue: try reader.u64())
        bodyBytesMax = try reader.u32()
        callsMax = try reader.u32()
        cursorsMax = try reader.u32()
        statementsMax = try reader.u32()
        durablePosition = try reader.u64()
        let length = Int(try reader.u32())
        let start = reader.offset
        schema = try Schema(from: &reader)
        guard reader.offset - start == length else { throw DecodeError("wrong length of the schema", at: start) }
        try reader.expectEnd()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.u16(version)
        writer.u16(0)
        writer.text(server)
        writer.text(organisation)
        writer.u64(user.rawValue)
        writer.u32(bodyBytesMax)
        writer.u32(callsMax)
        writer.u32(cursorsMax)
        writer.u32(statementsMax)
        writer.u64(durablePosition)
        let length = writer.reserve(4)
        let start = writer.count
        schema.encode(into: &writer)
        writer.patch(UInt32(writer.count - start), at: length)
    }
}

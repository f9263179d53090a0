// A message in the spool, as bytes: its envelope, and the message exactly as it was sent, without stuffed dots.
//
//   0   u32  "KML1"
//   4   u32  bytes of the envelope
//   8   u64  bytes of the message
//   16  u32  CRC-32C of the envelope
//   20  u32  CRC-32C of the message
//   24  u32  CRC-32C of the 24 bytes before
//   28  …    envelope: i64 when it came (microseconds since 1970); text sender; text peer; u32 recipients, text each
//            (a text is u32 bytes and UTF-8)
//   …        message
//
// Integers are little-endian. Guarantees: what was not written whole, or rotted, is told apart from what was; bytes from the disk meet
// bounds before they are believed.

import CKernels
import Engine
import Router
import Snapshot

/// A message with its envelope and the moment at which it came.
package struct SpooledMail: Equatable, Sendable {
    package var mail: ReceivedMail
    package var receivedMicroseconds: Int64

    package init(_ mail: ReceivedMail, receivedMicroseconds: Int64) {
        (self.mail, self.receivedMicroseconds) = (mail, receivedMicroseconds)
    }
}

extension SpooledMail {
    static let headBytes = 28
    private static let magic: UInt32 = 0x314C_4D4B
    /// A thousand paths with their lengths, and names of hosts.
    private static let envelopeBytesMax = 1 << 20

    /// The bytes of the file.
    package var encoded: [UInt8] {
        var envelope = ByteWriter()
        envelope.i64(receivedMicroseconds)
        envelope.text(mail.sender)
        envelope.text(mail.peer)
        envelope.u32(UInt32(mail.recipients.count))
        for recipient in mail.recipients { envelope.text(recipient) }
        var writer = ByteWriter(capacityBytes: SpooledMail.headBytes + envelope.bytes.count + mail.bytes.count)
        writer.u32(SpooledMail.magic)
        writer.u32(UInt32(envelope.bytes.count))
        writer.u64(UInt64(mail.bytes.count))
        writer.u32(envelope.withUnsafeBytes { crc32c($0) })
        writer.u32(mail.bytes.withUnsafeBytes { crc32c($0) })
        writer.u32(writer.withUnsafeBytes { crc32c($0) })
        writer.raw(envelope.bytes)
        writer.raw(mail.bytes)
        return writer.bytes
    }

    /// Reads a file. Throws what is wrong with it.
    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        self = try bytes.withUnsafeBytes { bytes in
            Result { () throws(DecodeError) in try SpooledMail(bytes) }
        }.get()
    }

    private init(_ bytes: UnsafeRawBufferPointer) throws(DecodeError) {
        var reader = ByteReader(bytes)
        guard try reader.u32() == SpooledMail.magic else { throw DecodeError("this is no message of a spool", at: 0) }
        let envelopeBytes = Int(try reader.u32())
        let messageBytes = try reader.u64()
        let envelopeSum = try reader.u32()
        let messageSum = try reader.u32()
        guard try reader.u32() == crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<24])) else {
            throw DecodeError("the head is damaged", at: 24)
        }
        guard envelopeBytes <= SpooledMail.envelopeBytesMax,
            bytes.count >= SpooledMail.headBytes + envelopeBytes,
            messageBytes == UInt64(bytes.count - SpooledMail.headBytes - envelopeBytes)
        else { throw DecodeError("the file has another length than its head says", at: 4) }
        let envelope = UnsafeRawBufferPointer(
            rebasing: bytes[SpooledMail.headBytes..<SpooledMail.headBytes + envelopeBytes]
        )
        let message = UnsafeRawBufferPointer(rebasing: bytes[(SpooledMail.headBytes + envelopeBytes)...])
        guard crc32c(envelope) == envelopeSum, crc32c(message) == messageSum else {
            throw DecodeError("the bytes are damaged", at: SpooledMail.headBytes)
        }
        var fields = ByteReader(envelope)
        receivedMicroseconds = try fields.i64()
        let sender = try fields.text(lengthBytesMax: ReceiveLimits.pathBytesMax)
        let peer = try fields.text(lengthBytesMax: 255)
        var recipients: [String] = []
        for _ in 0..<(try fields.u32()) {
            recipients.append(try fields.text(lengthBytesMax: ReceiveLimits.pathBytesMax))
        }
        try fields.expectEnd()
        mail = ReceivedMail(sender: sender, recipients: recipients, peer: peer, bytes: Array(message))
    }
}

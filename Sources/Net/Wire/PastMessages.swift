import Engine
import Kith

// A moment on the wire: u8 1 and the u64 position of its last transaction, or u8 2 and i64 microseconds since 1970.

extension RestorePoint {
    package init(from reader: inout ByteReader) throws(DecodeError) {
        let at = reader.offset
        switch try reader.u8() {
        case 1: self = .position(try reader.u64())
        case 2: self = .time(try reader.i64())
        default: throw DecodeError("a moment that is neither a position nor a time", at: at)
        }
    }

    /// - Precondition: it is not `latest`, for which there is the plain query.
    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .latest: preconditionFailure("the latest state is no moment of the past")
        case .position(let position):
            writer.u8(1)
            writer.u64(position)
        case .time(let time):
            writer.u8(2)
            writer.i64(time)
        }
    }
}

// The binary form of a value: of literals in trees, and of parameters on the wire.
//
//   u8 tag   0 null, 1 yes/no (u8), 2 whole number (i64), 3 decimal (u8 digits, i64), 4 option (i32), 5 date (i32 days),
//            6 moment (i64 microseconds), 7 record id (u64), 8 text (u32 length, UTF-8), 9 floating point (u64 bits)

extension Value {
    /// u8 tag, then the value: the form of literals and parameters.
    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .null: writer.u8(0)
        case .boolean(let truth):
            writer.u8(1)
            writer.u8(truth ? 1 : 0)
        case .integer(let number):
            writer.u8(2)
            writer.i64(number)
        case .decimal(let decimal):
            writer.u8(3)
            writer.u8(decimal.scale)
            writer.i64(decimal.units)
        case .option(let number):
            writer.u8(4)
            writer.integer(number)
        case .date(let days):
            writer.u8(5)
            writer.integer(days)
        case .instant(let microseconds):
            writer.u8(6)
            writer.i64(microseconds)
        case .reference(let id):
            writer.u8(7)
            writer.u64(id.rawValue)
        case .text(let text):
            writer.u8(8)
            writer.text(text)
        case .double(let real):
            writer.u8(9)
            writer.u64(real.bitPattern)
        }
    }

    /// Reads what `encode` wrote.
    package init(from reader: inout ByteReader) throws(DecodeError) {
        let start = reader.offset
        switch try reader.u8() {
        case 0: self = .null
        case 1:
            let truth = try reader.u8()
            guard truth <= 1 else { throw DecodeError("a yes/no value is neither 0 nor 1", at: start) }
            self = .boolean(truth == 1)
        case 2: self = .integer(try reader.i64())
        case 3:
            let scale = try reader.u8()
            guard scale <= 18 else { throw DecodeError("a decimal with \(scale) digits", at: start) }
            self = .decimal(Decimal64(units: try reader.i64(), scale: scale))
        case 4: self = .option(try reader.integer())
        case 5: self = .date(try reader.integer())
        case 6: self = .instant(try reader.i64())
        case 7: self = .reference(RecordID(rawValue: try reader.u64()))
        case 8: self = .text(try reader.text(lengthBytesMax: QueryLimits.textBytesMax))
        case 9: self = .double(Double(bitPattern: try reader.u64()))
        case let tag: throw DecodeError("unknown tag \(tag) of a value", at: start)
        }
    }
}

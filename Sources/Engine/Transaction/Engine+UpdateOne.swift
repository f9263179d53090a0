// The shorter way of the commonest change in a CRM: one record, some plain attributes, all of them good.
//
// It leads to the same entry, the same state and the same reply as the general way (Engine+Update), byte by byte: a test runs
// both. Whatever is not plain or not good (another operation, a key or a lookup, a stale version, a value out of range,
// nothing that changes) is left to the general way, which alone knows how to refuse.

import Glibc

extension Engine {
    /// Executes the only operation of a transaction when it is such an update; false, and nothing has changed, when not.
    /// `reader` stands before the operation.
    @inline(__always)
    func updateOne(
        _ operation: ByteReader,
        _ running: RunningTransaction,
        _ entry: inout ByteWriter
    ) -> Bool {
        var reader = operation
        updateShapes.collect()
        guard let shape = try? updateShapes.shape(of: &reader, in: self), !shape.isGeneral else { return false }
        return updateOne(shape, &reader, running, &entry)
    }

    private func updateOne(
        _ shape: UpdateShape,
        _ reader: inout ByteReader,
        _ running: RunningTransaction,
        _ entry: inout ByteWriter
    ) -> Bool {
        guard let rawID = try? reader.u64() else { return false }
        let id = RecordID(rawValue: rawID)
        let row = tables[shape.place].row(of: id)
        guard row != Table.noRow else { return false }
        if shape.currencyColumn >= 0, let head = tables[shape.place].head(shape.currencyColumn, Int(row)),
            head.isValid(Int(row & 8191))
        {
            return false
        }
        let version = tables[shape.place].version(atRow: Int(row))
        if shape.expectsVersion {
            guard let expected = try? reader.u64(), expected == 0 || expected == version else { return false }
        }
        return withUnsafeTemporaryAllocation(of: GivenValue.self, capacity: max(shape.columns.count, 1)) { values in
            for (index, column) in shape.columns.enumerated() {
                guard let value = column.take(from: &reader, shape.touched[index].options) else { return false }
                values.initializeElement(at: index, to: value)
            }
            let given = UnsafeBufferPointer(rebasing: values[..<shape.columns.count])
            let start = entry.count
            let entryBytes = start - running.changeCountOffset + shape.rowBytesMax + reader.count
            guard reader.remaining == 0, entryBytes <= entryBytesMax,
                tables[shape.place].encodeUpdate(shape, given, id, row, version, into: &entry)
            else {
                entry.truncate(start)
                return false
            }
            undo.changeOffsets.append(start)
            let actor = actorRow(running.envelope.actor) == nil ? RecordID.none : running.envelope.actor
            tables[shape.place].store(
                given,
                shape,
                row: Int(row),
                version: running.position,
                timeMicroseconds: running.envelope.timeMicroseconds,
                actor: actor
            )
            return true
        }
    }
}

extension Table {
    /// Appends the change that an update of one row is, as `encodeUpdate(_:_:into:)` does. Returns whether any value differs
    /// from the stored one.
    fileprivate func encodeUpdate(
        _ shape: UpdateShape,
        _ given: UnsafeBufferPointer<GivenValue>,
        _ id: RecordID,
        _ row: UInt32,
        _ version: Position,
        into entry: inout ByteWriter
    ) -> Bool {
        Change.encodeHead(.update, entity: entity.id, count: 1, attributes: shape.attributes, into: &entry)
        entry.u64(id.rawValue)
        entry.u64(version)
        let heads = heads(atRow: Int(row))
        var differs = false
        for (index, value) in given.enumerated() {
            let oldOffset = entry.count
            let column = shape.touched[index]
            encodeValue(heads[column.column], Int(row) & 8191, column, into: &entry)
            let oldBytes = entry.count - oldOffset
            entry.raw(value.start, value.lengthBytes)
            // A column of one has one form: equal bytes are equal values.
            differs =
                differs || oldBytes != value.lengthBytes
                || memcmp(entry.address(oldOffset), value.start, oldBytes) != 0
        }
        return differs
    }
}

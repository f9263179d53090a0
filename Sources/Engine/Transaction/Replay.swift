// The log's entries, one after another, onto the state before them.
//
// Entries that create one record each and follow one another (what many connections leave behind) are collected and applied
// as one change: a batch costs a fraction of as many changes of one record, each of which goes through every column and index
// by itself. A collected run keeps its entries, so that whatever is unusual about it can be replayed one by one; the state and
// every refusal are the same as without collecting.

import Glibc

/// Replays a log. One thread at a time; nobody else uses the engine before `finish`.
package final class Replay {
    /// A run is applied when it has so many entries, or so many bytes of them: enough to share what a change costs, and little
    /// enough that what is collected stays in the cache.
    private static let runEntriesMax = 512
    private static let runBytesMax = 1 << 20
    /// Fewer are replayed one by one.
    private static let runEntriesMin = 4

    private let engine: Engine
    private var run: CreateRun?

    package init(_ engine: Engine) { self.engine = engine }

    /// Takes the entry of a position. What it changes may be seen only after `finish`.
    package func replay(_ entry: UnsafeRawBufferPointer, position: Position) throws(ReplayError) {
        if var run, position == engine.position + UInt64(run.count) + 1 {
            self.run = nil
            if run.count < Replay.runEntriesMax, run.byteCount < Replay.runBytesMax, run.append(entry) {
                self.run = run
                return
            }
            try apply(run)
        } else {
            try finish()
        }
        if position == engine.position + 1, let run = CreateRun(entry, engine) {
            self.run = run
        } else {
            try engine.replay(entry, position: position)
        }
    }

    /// Applies what was collected.
    package func finish() throws(ReplayError) {
        guard let run else { return }
        self.run = nil
        try apply(run)
    }

    private func apply(_ run: CreateRun) throws(ReplayError) {
        if run.count >= Replay.runEntriesMin, run.apply(to: engine) { return }
        try run.forEach { entry throws(ReplayError) in try engine.replay(entry, position: engine.position + 1) }
    }
}

/// Entries that create one record each: of one entity, with the same attributes, by the same actor, without a request key.
private struct CreateRun {
    /// Offsets in an entry without a key: docs are at the head of Entry.swift.
    private enum Offset {
        static let time = 8
        static let actor = 16
        static let changeCount = 24
        static let change = 28
        static let rowCount = 32
        static let attributeCount = 36
        static let attributes = 40
    }

    /// A column's values so far. A class, because builders cannot stand in an array; one thread, and one access at a time.
    private final class Column {
        @exclusivity(unchecked) var builder: ColumnBuilder
        init(_ kind: PhysicalKind) { builder = ColumnBuilder(kind: kind) }
    }

    /// The entries, each with its length before it.
    private final class Entries {
        @exclusivity(unchecked) var writer = ByteWriter(capacityBytes: 64 << 10)
    }

    /// The bytes that all entries share: the change up to its attributes' numbers, and the actor.
    private let head: [UInt8]
    private let actor: UInt64
    private let firstID: UInt64
    private let columns: [Column]
    private let entries = Entries()
    private var times: [Int64] = []

    var count: Int { times.count }
    var byteCount: Int { entries.writer.count }

    /// Begins a run; nil where the entry is of another kind, or nothing that the engine knows.
    init?(_ entry: UnsafeRawBufferPointer, _ engine: Engine) {
        guard let headEnd = CreateRun.headEnd(of: entry) else { return nil }
        let entity = entry.loadUnaligned(fromByteOffset: Offset.change + 2, as: UInt16.self)
        // A user may be the actor of later entries, who counts from his own entry on.
        guard let place = engine.schema.place(of: EntityID(entity)), EntityID(entity) != engine.schema.userEntity else {
            return nil
        }
        let layout = engine.tables[place].layout
        var columns: [Column] = []
        for offset in stride(from: Offset.attributes, to: headEnd, by: 2) {
            let attribute = Int(entry.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            guard attribute < layout.columns.count else { return nil }
            columns.append(Column(layout.kinds[attribute]))
        }
        self.columns = columns
        head = Array(entry[Offset.change..<headEnd])
        actor = entry.loadUnaligned(fromByteOffset: Offset.actor, as: UInt64.self)
        firstID = entry.loadUnaligned(fromByteOffset: headEnd, as: UInt64.self)
        guard append(entry) else { return nil }
    }

    /// Where the ids begin in an entry of the right kind: one change, which creates one record.
    private static func headEnd(of entry: UnsafeRawBufferPointer) -> Int? {
        guard entry.count >= Offset.attributes + 8,
            entry.loadUnaligned(as: UInt32.self) == UInt32(EntryHeader.format) | UInt32(EntryHeader.changesKind) << 8,
            entry.loadUnaligned(fromByteOffset: Offset.changeCount, as: UInt32.self) == 1,
            entry[Offset.change] == ChangeKind.create.rawValue,
            entry.loadUnaligned(fromByteOffset: Offset.rowCount, as: UInt32.self) == 1
        else { return nil }
        let attributeCount = entry.loadUnaligned(fromByteOffset: Offset.attributeCount, as: UInt16.self)
        let end = Offset.attributes + 2 * Int(attributeCount)
        return end + 8 <= entry.count ? end : nil
    }

    /// Takes the next entry; false where it does not continue the run, which then is as it was but for values that `apply`
    /// finds too many of.
    mutating func append(_ entry: UnsafeRawBufferPointer) -> Bool {
        let headEnd = Offset.change + head.count
        guard CreateRun.headEnd(of: entry) == headEnd, let base = entry.baseAddress,
            memcmp(base + Offset.change, head, head.count) == 0,
            entry.loadUnaligned(fromByteOffset: Offset.actor, as: UInt64.self) == actor,
            entry.loadUnaligned(fromByteOffset: headEnd, as: UInt64.self) == firstID &+ UInt64(count)
        else { return false }
        let values = UnsafeRawBufferPointer(rebasing: entry[(headEnd + 8)...])
        do throws(DecodeError) {
            var reader = ByteReader(values)
            for column in columns { try CreateRun.append(&column.builder, from: &reader) }
            try reader.expectEnd()
        } catch {
            return false
        }
        times.append(entry.loadUnaligned(fromByteOffset: Offset.time, as: Int64.self))
        entries.writer.u32(UInt32(entry.count))
        entries.writer.raw(entry)
        return true
    }

    /// Adds the value of a column of one row: see ColumnCodec.swift.
    private static func append(_ builder: inout ColumnBuilder, from reader: inout ByteReader) throws(DecodeError) {
        let flags = try reader.u8()
        guard flags <= 2 else { throw DecodeError("unknown column flags \(flags)", at: 0) }
        if flags & 2 != 0 { return builder.appendNull() }
        let isValid = flags == 0 ? true : try reader.u8() & 1 != 0
        switch builder.kind {
        case .text:
            let length = Int(try reader.u32())
            let text = UnsafeRawBufferPointer(start: try reader.take(length), count: length)
            if isValid { builder.append(text: text) }
        case .bool:
            let number = try reader.u8()
            guard number <= 1 else { throw DecodeError("a yes/no value is neither 0 nor 1", at: 0) }
            if isValid { builder.append(Int64(number)) }
        case .int32:
            let number = try reader.integer(Int32.self)
            if isValid { builder.append(Int64(number)) }
        case .int64, .id, .double:
            let number = try reader.i64()
            if isValid { builder.append(number) }
        }
        if !isValid { builder.appendNull() }
    }

    /// Applies all entries as one change; false, and nothing has changed, where they do not fit the state as one.
    func apply(to engine: Engine) -> Bool {
        var writer = ByteWriter(capacityBytes: byteCount + 1024)
        writer.raw(head)
        // One id and how many follow it.
        writer.address(1).storeBytes(of: Change.idRunFlag, as: UInt8.self)
        writer.patch(UInt32(count), at: Offset.rowCount - Offset.change)
        writer.u64(firstID)
        for column in columns {
            guard column.builder.count == count else { return false }
            column.builder.encode(into: &writer)
        }
        return writer.withUnsafeBytes { bytes in
            do throws(DecodeError) {
                var reader = ByteReader(bytes)
                let change = try Change(from: &reader, schema: engine.schema, tables: engine.tables)
                try reader.expectEnd()
                try engine.checkFits(change)
                engine.applyRun(change, actor: RecordID(rawValue: actor), times)
                return true
            } catch {
                return false
            }
        }
    }

    /// The entries, in order.
    func forEach(_ body: (UnsafeRawBufferPointer) throws(ReplayError) -> Void) throws(ReplayError) {
        try entries.writer.withUnsafeBytes { bytes throws(ReplayError) in
            var offset = 0
            while offset < bytes.count {
                let length = Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
                try body(UnsafeRawBufferPointer(rebasing: bytes[offset + 4..<offset + 4 + length]))
                offset += 4 + length
            }
        }
    }
}

extension Engine {
    /// Applies a create whose records were made one a transaction, from the next position on, at these times.
    func applyRun(_ change: Change, actor: RecordID, _ times: [Int64]) {
        let envelope = Envelope(message: 0, timeMicroseconds: times[0], actor: actor, key: nil)
        let first = position + 1
        applyCreate(change, envelope, first)
        let rows = (0..<change.count).map { tables[change.place].row(of: change.id($0)) }
        tables[change.place].fill(Int(SystemAttribute.version.rawValue), rows) { Int64(bitPattern: first + UInt64($0)) }
        if times.contains(where: { $0 != times[0] }) {
            for column in [SystemAttribute.createdOn, SystemAttribute.modifiedOn] {
                tables[change.place].fill(Int(column.rawValue), rows) { times[$0] }
            }
        }
        position += UInt64(change.count)
        timeMicroseconds = times[change.count - 1]
    }
}

extension Table {
    /// Writes a number, in stored form, to each of some living rows.
    fileprivate mutating func fill(_ column: Int, _ rows: [UInt32], _ number: (Int) -> Int64) {
        guard layout.orderedPlaces[column] < 0 else {
            for (index, row) in rows.enumerated() {
                fill(column, number(index), rows: RowSet(first: Int(row), count: 1, list: nil))
            }
            return
        }
        var start = 0
        while start < rows.count {
            let chunk = Int(rows[start] >> 13)
            var end = start + 1
            var last = rows[start]
            while end < rows.count, rows[end] >> 13 == chunk {
                last = max(last, rows[end])
                end += 1
            }
            withBlock(column, chunk: chunk, capacity: Int(last & 8191) + 1) { block in
                for index in start..<end { block.setNumber(Int(rows[index] & 8191), number(index)) }
            }
            start = end
        }
    }
}

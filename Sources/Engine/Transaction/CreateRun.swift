// A run of log entries that create one record each, of one entity, with the same attributes, by the same actor and without a
// request key, collected by column: see Replay.swift.
//
// Entries are read as bytes from outside are: whatever does not continue the run ends it, and nothing traps. One collector
// serves all runs of a replay, so that what it allocates is allocated once.

import Glibc

/// What was collected so far; empty between runs. One thread at a time.
struct CreateRun: ~Copyable {
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

    /// The bytes that all entries share: the change up to its attributes' numbers. They say which columns there are.
    private var head: [UInt8] = []
    private var actor: UInt64 = 0
    private var firstID: UInt64 = 0
    private var times: [Int64] = []
    /// Per attribute the values so far. Behind a pointer: an array cannot hold builders, and would count references for each.
    private var columns = UnsafeMutableBufferPointer<ColumnBuilder>(start: nil, count: 0)
    /// The entries, each with its length before it.
    private var entries = ByteWriter(capacityBytes: 64 << 10)
    /// The change that a run becomes.
    private var change = ByteWriter(capacityBytes: 64 << 10)

    var count: Int { times.count }
    var byteCount: Int { entries.count }

    deinit {
        columns.deinitialize()
        columns.deallocate()
    }

    /// Forgets the entries and keeps the memory.
    mutating func removeAll() {
        times.removeAll(keepingCapacity: true)
        entries.removeAll()
        for index in columns.indices { columns[index].removeAll() }
    }

    /// Begins a run; false where the entry is of another kind, or nothing that the engine knows.
    mutating func begin(_ entry: UnsafeRawBufferPointer, _ engine: Engine) -> Bool {
        guard let headEnd = CreateRun.headEnd(of: entry) else { return false }
        let entity = EntityID(entry.loadUnaligned(fromByteOffset: Offset.change + 2, as: UInt16.self))
        // A user may be the actor of later entries, who counts from his own entry on.
        guard let place = engine.schema.place(of: entity), entity != engine.schema.userEntity else { return false }
        let layout = engine.tables[place].layout
        let attributes = stride(from: Offset.attributes, to: headEnd, by: 2).map { offset in
            Int(entry.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        }
        guard attributes.allSatisfy({ $0 < layout.columns.count }) else { return false }
        if !hasHead(entry, headEnd)
            || zip(attributes, columns.indices).contains(where: { attribute, index in
                // Another schema since the last run.
                columns[index].kind != layout.kinds[attribute]
            })
        {
            columns.deinitialize()
            columns.deallocate()
            columns = .allocate(capacity: attributes.count)
            for (index, attribute) in attributes.enumerated() {
                columns.initializeElement(at: index, to: ColumnBuilder(kind: layout.kinds[attribute]))
            }
            head = Array(entry[Offset.change..<headEnd])
        }
        actor = entry.loadUnaligned(fromByteOffset: Offset.actor, as: UInt64.self)
        firstID = entry.loadUnaligned(fromByteOffset: headEnd, as: UInt64.self)
        if append(entry) { return true }
        removeAll()
        return false
    }

    /// Whether the entry's change begins as those of the run do.
    private func hasHead(_ entry: UnsafeRawBufferPointer, _ headEnd: Int) -> Bool {
        guard headEnd == Offset.change + head.count, let base = entry.baseAddress else { return false }
        return memcmp(base + Offset.change, head, head.count) == 0
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
        guard let headEnd = CreateRun.headEnd(of: entry), hasHead(entry, headEnd),
            entry.loadUnaligned(fromByteOffset: Offset.actor, as: UInt64.self) == actor,
            entry.loadUnaligned(fromByteOffset: headEnd, as: UInt64.self) == firstID &+ UInt64(count)
        else { return false }
        let values = UnsafeRawBufferPointer(rebasing: entry[(headEnd + 8)...])
        do throws(DecodeError) {
            var reader = ByteReader(values)
            for index in columns.indices { try CreateRun.append(&columns[index], from: &reader) }
            try reader.expectEnd()
        } catch {
            return false
        }
        times.append(entry.loadUnaligned(fromByteOffset: Offset.time, as: Int64.self))
        entries.u32(UInt32(entry.count))
        entries.raw(entry)
        return true
    }

    /// Adds the value of a column of one row: see ColumnCodec.swift.
    @inline(__always)
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
    mutating func apply(to engine: Engine) -> Bool {
        change.removeAll()
        change.raw(head)
        // One id and how many follow it.
        change.address(1).storeBytes(of: Change.idRunFlag, as: UInt8.self)
        change.patch(UInt32(count), at: Offset.rowCount - Offset.change)
        change.u64(firstID)
        for index in columns.indices {
            guard columns[index].count == count else { return false }
            columns[index].encode(into: &change)
        }
        return change.withUnsafeBytes { bytes in
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
        try entries.withUnsafeBytes { bytes throws(ReplayError) in
            var offset = 0
            while offset < bytes.count {
                let length = Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
                try body(UnsafeRawBufferPointer(rebasing: bytes[offset + 4..<offset + 4 + length]))
                offset += 4 + length
            }
        }
    }
}

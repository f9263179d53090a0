/// Records that were found. A page of results is compared one by one, which takes less than hashing.
struct SeenRecords {
    private static let fewMax = 32

    private var few: [UInt64] = []
    private var many: Set<UInt64> = []

    func contains(_ record: UInt64) -> Bool { many.isEmpty ? few.contains(record) : many.contains(record) }

    /// Whether the record was not there.
    mutating func insert(_ record: UInt64) -> Bool {
        if !many.isEmpty { return many.insert(record).inserted }
        if few.contains(record) { return false }
        if few.count < SeenRecords.fewMax {
            if few.isEmpty { few.reserveCapacity(SeenRecords.fewMax) }
            few.append(record)
        } else {
            many = Set(few)
            many.insert(record)
        }
        return true
    }
}

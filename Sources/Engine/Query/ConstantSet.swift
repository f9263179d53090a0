/// The constants of an IN list, ready for membership tests. Immutable.
final class ConstantSet: Hashable, Sendable {
    /// Whether the list contains NULL: then "not in it" is unknown.
    let hasNull: Bool
    /// Sorted numbers in the operand's scale, each once, when the operand is stored as a number: an index that is asked for each
    /// of them gives each row once.
    let numbers: [Int64]
    /// How texts are compared.
    let collation: Collation
    /// Texts sorted by hash under the collation.
    private let texts: [(hash: UInt64, text: TextConstant)]
    private let written: [Bound]

    /// Nil when the list cannot be made into a set: operand or items are floating point, or not constant.
    init?(_ items: [Bound], for type: QueryType) {
        let collation = items.reduce(type.collation) { $0.joined(with: $1.type.collation) }
        var hasNull = false
        var numbers: [Int64] = []
        var texts: [(hash: UInt64, text: TextConstant)] = []
        for item in items {
            switch item.node {
            case .null: hasNull = true
            case .number(let number) where type != .double:
                // A number that the operand's scale cannot express equals none of its values.
                let exact = Decimal64(units: number, scale: item.type.scale).rescaled(to: type.scale)
                if let exact { numbers.append(exact.units) }
            case .text(let text):
                texts.append((withExtendedLifetime(text) { collation.hash(text.bytes, seed: 0) }, text))
            default: return nil
            }
        }
        self.hasNull = hasNull
        self.collation = collation
        self.numbers = Set(numbers).sorted()
        self.texts = texts.sorted { $0.hash < $1.hash }
        written = items
    }

    @inline(__always)
    func contains(_ number: Int64) -> Bool {
        var low = 0
        var high = numbers.count
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low < numbers.count && numbers[low] == number
    }

    func contains(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let hash = collation.hash(text, seed: 0)
        var low = 0
        var high = texts.count
        while low < high {
            let middle = (low + high) / 2
            if texts[middle].hash < hash { low = middle + 1 } else { high = middle }
        }
        while low < texts.count, texts[low].hash == hash {
            if collation.equal(texts[low].text.bytes, text) { return true }
            low += 1
        }
        return false
    }

    func contains(_ text: TextConstant) -> Bool { withExtendedLifetime(text) { contains(text.bytes) } }

    static func == (a: ConstantSet, b: ConstantSet) -> Bool { a.written == b.written && a.collation == b.collation }
    func hash(into hasher: inout Hasher) { hasher.combine(written) }
}

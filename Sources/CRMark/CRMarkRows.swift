import Engine

// How generated values get into batches: column after column, as bytes, without a `Value` or `String` on the way.

/// A word as the bytes it is written with.
struct Word: Sendable {
    let bytes: [UInt8]
    init(_ text: String) { bytes = Array(text.utf8) }
    static func list(_ words: [String]) -> [Word] { words.map(Word.init) }
}

/// The rows of one batch. Values of a row are appended in the order of the attributes; a row that misses one traps.
struct CRMarkRows: ~Copyable {
    private(set) var batch: RecordBatch
    private let firstIDs: [UInt64]
    private var column = 0
    private var text: [UInt8] = []

    init(_ schema: Schema, _ kind: CRMarkEntity, _ attributes: [String], _ ids: CRMarkIDs) throws(Refusal) {
        batch = try RecordBatch(schema, .create, kind.rawValue, attributes: attributes)
        firstIDs = ids.first
        text.reserveCapacity(512)
    }

    mutating func number(_ number: Int) {
        batch.appendNumber(column: column, Int64(number))
        column += 1
    }

    mutating func flag(_ isTrue: Bool) { number(isTrue ? 1 : 0) }

    /// Whole currency units.
    mutating func money(_ units: Int) { number(units * 10_000) }

    /// Minutes since 1970.
    mutating func moment(_ minutes: Int) { number(minutes * 60_000_000) }

    mutating func null() {
        batch.appendNull(column: column)
        column += 1
    }

    mutating func link(_ kind: CRMarkEntity, _ index: Int) {
        let first = firstIDs[kind.place]
        precondition(first != 0, "a link to records that are not there yet")
        batch.appendNumber(column: column, Int64(bitPattern: first + UInt64(index)))
        column += 1
    }

    // Texts are put together from words, and then ended.
    mutating func add(_ word: Word) { text.append(contentsOf: word.bytes) }
    mutating func add(_ ascii: StaticString) {
        text.append(contentsOf: UnsafeBufferPointer(start: ascii.utf8Start, count: ascii.utf8CodeUnitCount))
    }
    mutating func add(_ number: Int, digits: Int = 1) {
        var power = 1
        for _ in 1..<digits { power *= 10 }
        while power <= number / 10 { power *= 10 }
        while power > 0 {
            text.append(UInt8(0x30 + number / power % 10))
            power /= 10
        }
    }
    mutating func endText() {
        text.withUnsafeBytes { batch.appendText(column: column, $0) }
        text.removeAll(keepingCapacity: true)
        column += 1
    }
    mutating func text(_ word: Word) {
        add(word)
        endText()
    }

    mutating func end() {
        precondition(column == batch.attributes.count, "a row without all of its values")
        batch.endRow()
        column = 0
    }
}

/// Where the records of each entity begin: ids are handed out in the order in which records are made.
public struct CRMarkIDs: Sendable {
    var first = [UInt64](repeating: 0, count: CRMarkEntity.allCases.count)

    public init() {}

    /// Id of the first record of an entity; nil while there is none.
    public subscript(kind: CRMarkEntity) -> RecordID? {
        get { first[kind.place] == 0 ? nil : RecordID(rawValue: first[kind.place]) }
        set { first[kind.place] = newValue?.rawValue ?? 0 }
    }
}

extension CRMarkEntity {
    /// Place among all cases.
    var place: Int {
        switch self {
        case .systemuser: 0
        case .campaign: 1
        case .account: 2
        case .contact: 3
        case .lead: 4
        case .opportunity: 5
        case .incident: 6
        case .task: 7
        case .phonecall: 8
        case .email: 9
        case .appointment: 10
        }
    }
}

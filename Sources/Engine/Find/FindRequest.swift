/// What is looked for (docs/find.md).
public struct FindRequest: Hashable, Sendable {
    /// The search text, as typed.
    public var text: String
    /// Logical names of the entities that are searched; empty: all that have searched columns.
    public var entities: [String]
    /// Records given back at most: 1 to `FindLimits.resultCountMax`.
    public var limit: Int

    /// Makes a request.
    public init(_ text: String, entities: [String] = [], limit: Int = 10) {
        self.text = text
        self.entities = entities
        self.limit = limit
    }
}

/// A record that was found.
public struct FindHit: Hashable, Sendable {
    /// The record.
    public var record: RecordID
    /// The weakest kind by which a word of the search text is matched.
    public var match: FindMatch
    /// The record's primary name, its first 256 bytes; empty where it has none.
    public var name: String
    /// Logical name of the attribute in which the first word of the search text is matched best.
    public var attribute: String
    /// What stands there, its first 256 bytes.
    public var text: String

    /// Makes a hit.
    public init(record: RecordID, match: FindMatch, name: String, attribute: String, text: String) {
        self.record = record
        self.match = match
        self.name = name
        self.attribute = attribute
        self.text = text
    }
}

extension FindRequest {
    /// The words of the search text, each once: one reading, or two for numbers in parts. None: nothing is found.
    func readings() throws(QueryError) -> [[Pattern]] {
        var text = text
        guard text.utf8.count <= FindLimits.textBytesMax else {
            throw QueryError(.tooComplex, "a search text has at most \(FindLimits.textBytesMax) bytes")
        }
        var readings: [[Pattern]] = []
        var cutter = WordCutter()
        for joinsNumbers in [true, false] where joinsNumbers || cutter.hasJoined {
            text.withUTF8 { cutter.cut(UnsafeRawBufferPointer($0), joinsNumbers: joinsNumbers) }
            var patterns: [Pattern] = []
            for word in cutter.words {
                let pattern = Pattern(Array(cutter.bytes[word]))
                if !patterns.contains(pattern) { patterns.append(pattern) }
            }
            guard patterns.count <= FindLimits.wordCountMax else {
                throw QueryError(.tooComplex, "a search text has at most \(FindLimits.wordCountMax) words")
            }
            if !patterns.isEmpty, !readings.contains(patterns) { readings.append(patterns) }
        }
        return readings
    }

    /// Whether there is anything to look for. Throws what `View.find` throws for the text.
    package var hasWords: Bool { get throws(QueryError) { try !readings().isEmpty } }

    /// The places of the entities that are searched, each once, in order.
    package func places(_ schema: Schema) throws(QueryError) -> [Int] {
        guard 1...FindLimits.resultCountMax ~= limit else {
            throw QueryError(.tooComplex, "a search gives 1 to \(FindLimits.resultCountMax) records")
        }
        if entities.isEmpty { return schema.searchedPlaces }
        var places: [Int] = []
        for name in entities {
            guard let place = schema.place(named: name) else {
                throw QueryError(
                    .unknownName,
                    "there is no entity \(name)",
                    suggestion: nearestName(to: name, among: schema.entities.map(\.name))
                )
            }
            guard schema.searchedPlaces.contains(place) else {
                throw QueryError(.type, "\(name) has no searched columns (docs/find.md)")
            }
            if !places.contains(place) { places.append(place) }
        }
        return places.sorted()
    }
}

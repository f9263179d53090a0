// LIKE under a collation: text and pattern are folded, unless exact; `%` stands for any scalars of that, `_` for exactly one.
//
// A pattern is a list of segments between the percent signs. The first stands at the start and the last at the end, the
// others anywhere in between, in order; taking the leftmost place for each is always right, so nothing is ever tried
// twice. Segments of up to 64 elements are tried at every place; longer ones are searched in linear time, which `_` does not
// allow: with it they are refused. So a text costs at most 64 comparisons a byte, whatever the pattern.

/// A compiled pattern. An element of a segment is a folded byte, or 256 for `_`.
package struct LikePattern: Hashable, Sendable {
    private static let anyScalar: UInt16 = 256
    /// Elements of a segment that is tried at every place.
    private static let triedCountMax = 64

    /// How the text is compared.
    let collation: Collation

    /// What stands at the start: the whole pattern when it has no percent sign.
    private var head: [UInt16] = []
    /// What stands between percent signs, none of it empty.
    private var middle: [[UInt16]] = []
    /// What stands at the end; nil when there is no percent sign.
    private var tail: [UInt16]?

    /// Compiles a pattern. `escape` makes the scalar after it stand for itself; at the end of the pattern it stands for
    /// itself too. Throws `tooComplex` for more than 64 bytes between two percent signs with `_` among them.
    package init(
        _ pattern: UnsafeBufferPointer<UInt8>,
        escape: UInt32?,
        _ collation: Collation = .general
    ) throws(QueryError) {
        self.collation = collation
        var segments: [[UInt16]] = [[]]
        func append(_ scalar: Unicode.Scalar) {
            if collation == .exact {
                segments[segments.count - 1] += String(scalar).utf8.map(UInt16.init)
                return
            }
            var folded: [UInt8] = []
            Array(String(scalar).utf8).withUnsafeBufferPointer { Collation.fold($0, into: &folded) }
            segments[segments.count - 1] += folded.map(UInt16.init)
        }
        var escaping: Unicode.Scalar?
        for scalar in String(decoding: pattern, as: UTF8.self).unicodeScalars {
            if escaping == nil, scalar.value == escape {
                escaping = scalar
                continue
            }
            switch scalar {
            case "%" where escaping == nil: segments.append([])
            case "_" where escaping == nil: segments[segments.count - 1].append(Self.anyScalar)
            default: append(scalar)
            }
            escaping = nil
        }
        if let escaping { append(escaping) }
        head = segments[0]
        if segments.count > 1 {
            tail = segments[segments.count - 1]
            middle = segments[1..<segments.count - 1].filter { !$0.isEmpty }
            guard !middle.contains(where: { $0.count > Self.triedCountMax && $0.contains(Self.anyScalar) }) else {
                throw QueryError(
                    .tooComplex,
                    "between two % of a LIKE pattern with _ there are at most \(Self.triedCountMax) bytes of text"
                )
            }
        }
    }

    /// What every text that matches begins with, as its collation's `prefixKey128`; nil when nothing is known of it.
    var prefixKey128: UInt128? {
        let known = head.prefix { $0 != Self.anyScalar }.prefix(16)
        guard !known.isEmpty else { return nil }
        return known.enumerated().reduce(UInt128(0)) { $0 | UInt128($1.element) << UInt128(120 - 8 * $1.offset) }
    }

    /// Whether the text matches. `scratch` holds the folded text, so that a column needs one allocation.
    package func matches(_ text: UnsafeBufferPointer<UInt8>, scratch: inout [UInt8]) -> Bool {
        if collation == .exact { return matches(folded: text) }
        guard Collation.isASCII(text) else {
            scratch.removeAll(keepingCapacity: true)
            Collation.fold(text, into: &scratch)
            return scratch.withUnsafeBufferPointer { matches(folded: $0) }
        }
        if scratch.count < text.count + 8 { scratch = Array(repeating: 0, count: 2 * text.count + 64) }
        return scratch.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return false }
            Collation.foldASCII(text, into: base)
            return matches(folded: UnsafeBufferPointer(start: base, count: text.count))
        }
    }

    private func matches(folded text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard var position = Self.match(head, text, 0) else { return false }
        guard let tail else { return position == text.count }
        guard let limit = Self.matchBackwards(tail, text), limit >= position else { return false }
        for segment in middle {
            guard let end = Self.find(segment, text, from: position, before: limit) else { return false }
            position = end
        }
        return true
    }

    /// The end of the segment when it stands at `start`.
    @inline(__always)
    private static func match(_ segment: [UInt16], _ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
        var position = start
        for element in segment {
            guard position < text.count else { return nil }
            if element < 256 {
                guard text[position] == UInt8(truncatingIfNeeded: element) else { return nil }
                position += 1
            } else {
                position += 1
                while position < text.count, text[position] & 0xC0 == 0x80 { position += 1 }
            }
        }
        return position
    }

    /// The start of the segment when it stands at the end of the text.
    private static func matchBackwards(_ segment: [UInt16], _ text: UnsafeBufferPointer<UInt8>) -> Int? {
        var position = text.count
        for element in segment.reversed() {
            guard position > 0 else { return nil }
            position -= 1
            if element < 256 {
                guard text[position] == UInt8(truncatingIfNeeded: element) else { return nil }
            } else {
                while position > 0, text[position] & 0xC0 == 0x80 { position -= 1 }
            }
        }
        return position
    }

    /// The end of the segment's leftmost place that begins at or after `start` and ends at or before `limit`.
    private static func find(
        _ segment: [UInt16],
        _ text: UnsafeBufferPointer<UInt8>,
        from start: Int,
        before limit: Int
    ) -> Int? {
        guard segment.count <= limit - start else { return nil }
        if segment.count > triedCountMax {
            let bytes = segment.map { UInt8(truncatingIfNeeded: $0) }
            let place = bytes.withUnsafeBufferPointer {
                UnsafeBufferPointer(rebasing: text[..<limit]).place(of: $0, from: start)
            }
            return place.map { $0 + segment.count }
        }
        let head = segment[0]
        var position = start
        while position < limit {
            let isCandidate =
                head < 256 ? text[position] == UInt8(truncatingIfNeeded: head) : text[position] & 0xC0 != 0x80
            if isCandidate, let end = match(segment, text, position), end <= limit { return end }
            position += 1
        }
        return nil
    }
}

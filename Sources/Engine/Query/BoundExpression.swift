// Expressions after binding: names are columns, types are known, literals have the physical form of what they are compared
// with. Numbers of every fixed-width type are Int64 here: yes/no 0 or 1, options by number, decimals in scaled units, ids
// as bit patterns.

/// A bound expression: what it computes, and the type of the result.
struct Bound: Hashable, Sendable {
    var node: Node
    var type: QueryType

    init(_ node: Node, _ type: QueryType) {
        self.node = node
        self.type = type
    }

    indirect enum Node: Hashable, Sendable {
        case null
        case number(Int64)
        case real(Double)
        case text(TextConstant)
        /// Value of a parameter, converted to the expression's type when the query is executed.
        case parameter(Int)
        /// A stored attribute of a source.
        case column(source: Int, column: Int)
        /// The value for whichever record a lookup to several entities leads to: at most one operand's record exists.
        case firstOf([Bound])
        /// Label of an option.
        case label(Bound)
        case negate(Bound)
        case arithmetic(ArithmeticOperator, Bound, Bound)
        /// Midnight UTC of a date.
        case startOfDay(Bound)
        case compare(ComparisonOperator, Bound, Bound)
        case and([Bound])
        case or([Bound])
        case not(Bound)
        case isNull(Bound, negated: Bool)
        case isIn(Bound, [Bound], negated: Bool)
        case like(Bound, Bound, escape: UInt32?, negated: Bool)
        /// Like, with the pattern compiled: what a constant pattern becomes at execution.
        case matches(Bound, LikePattern, negated: Bool)
        /// IN, with the constants as a set: what a constant list becomes at execution.
        case inSet(Bound, ConstantSet, negated: Bool)
        /// A column that the grouping computed: first the group keys, then the aggregates.
        case slot(Int)
        /// A function of one row.
        case function(ScalarFunction, [Bound])
        /// CASE; with an operand the conditions are values that it is compared with.
        case caseWhen(operand: Bound?, [BoundBranch], otherwise: Bound)
        /// An exact number as the expression's type: with more digits behind the point, or as floating point.
        case convert(Bound)
        /// A number as an exact one with the digits of the expression's type; half a unit is rounded away from zero.
        case rounded(Bound)
        /// Labels of the options whose bits are set.
        case choices(Bound, OptionSetID)
        /// Whether bits have one of the options, or all: items are numbers of options once parameters are in their places.
        case contains(Bound, [Bound], OptionSetID, all: Bool, negated: Bool)
        /// The same with constant items: what it becomes at execution.
        case hasBits(Bound, UInt64, all: Bool, negated: Bool)
        /// In a query inside another one: value number i of the row outside, see `BoundSubquery`.
        case outer(Int)
        /// A query inside this one; the operands are what it reads of the row outside.
        case subquery(BoundSubquery, [Bound])
        /// Within a period, whose operands are numbers and days; becomes `within` at execution.
        case during(Bound, Period.Kind, CalendarUnit, [Bound], negated: Bool)
        /// There is a value, and the stored number lies within a range.
        case within(Bound, ClosedRangeOfNumbers, negated: Bool)
        /// Under or above a record; becomes `inSet` at execution.
        case inTree(Bound, TreeDirection, root: Bound, orEqual: Bool, negated: Bool)
        /// While a query is bound: a window function by number. Then it is a slot behind those of the aggregates.
        case window(Int)
        /// A field of a file's value, see FileReference.swift.
        case filePart(Bound, FilePart)
        /// The parties of the record with this id.
        case partyList(Bound, PartyListSource)
    }

    /// A truth value that does not depend on anything.
    static func constant(_ truth: Bool) -> Bound { Bound(.number(truth ? 1 : 0), .boolean) }

    var isConstant: Bool {
        switch node {
        case .null, .number, .real, .text: true
        default: false
        }
    }

    /// The operands.
    var children: [Bound] {
        switch node {
        case .null, .number, .real, .text, .parameter, .column, .slot, .outer, .window: []
        case .firstOf(let list), .and(let list), .or(let list), .subquery(_, let list): list
        case .label(let operand), .negate(let operand), .startOfDay(let operand), .not(let operand),
            .rounded(let operand), .choices(let operand, _), .hasBits(let operand, _, _, _):
            [operand]
        case .isNull(let operand, _), .matches(let operand, _, _), .inSet(let operand, _, _): [operand]
        case .arithmetic(_, let left, let right), .compare(_, let left, let right), .like(let left, let right, _, _):
            [left, right]
        case .isIn(let operand, let list, _), .contains(let operand, let list, _, _, _): [operand] + list
        case .function(_, let list): list
        case .caseWhen(let operand, let branches, let otherwise):
            (operand.map { [$0] } ?? []) + branches.flatMap { [$0.condition, $0.result] } + [otherwise]
        case .convert(let operand), .within(let operand, _, _): [operand]
        case .during(let operand, _, _, let list, _): [operand] + list
        case .inTree(let operand, _, let root, _, _): [operand, root]
        case .filePart(let operand, _): [operand]
        case .partyList(let operand, _): [operand]
        }
    }

    /// The same expression with each operand replaced.
    func mapChildren(_ transform: (Bound) throws(QueryError) -> Bound) throws(QueryError) -> Bound {
        func all(_ list: [Bound]) throws(QueryError) -> [Bound] {
            var result: [Bound] = []
            result.reserveCapacity(list.count)
            for item in list { result.append(try transform(item)) }
            return result
        }
        let mapped: Node =
            switch node {
            case .null, .number, .real, .text, .parameter, .column, .slot, .outer, .window: node
            case .firstOf(let list): .firstOf(try all(list))
            case .and(let list): .and(try all(list))
            case .or(let list): .or(try all(list))
            case .label(let operand): .label(try transform(operand))
            case .negate(let operand): .negate(try transform(operand))
            case .startOfDay(let operand): .startOfDay(try transform(operand))
            case .not(let operand): .not(try transform(operand))
            case .rounded(let operand): .rounded(try transform(operand))
            case .choices(let operand, let set): .choices(try transform(operand), set)
            case .contains(let operand, let list, let set, let isAll, let negated):
                .contains(try transform(operand), try all(list), set, all: isAll, negated: negated)
            case .hasBits(let operand, let bits, let isAll, let negated):
                .hasBits(try transform(operand), bits, all: isAll, negated: negated)
            case .isNull(let operand, let negated): .isNull(try transform(operand), negated: negated)
            case .matches(let operand, let pattern, let negated):
                .matches(try transform(operand), pattern, negated: negated)
            case .inSet(let operand, let set, let negated): .inSet(try transform(operand), set, negated: negated)
            case .arithmetic(let sign, let left, let right):
                .arithmetic(sign, try transform(left), try transform(right))
            case .compare(let sign, let left, let right): .compare(sign, try transform(left), try transform(right))
            case .like(let left, let right, let escape, let negated):
                .like(try transform(left), try transform(right), escape: escape, negated: negated)
            case .isIn(let operand, let list, let negated):
                .isIn(try transform(operand), try all(list), negated: negated)
            case .function(let function, let list): .function(function, try all(list))
            case .caseWhen(let operand, let branches, let otherwise):
                .caseWhen(
                    operand: try operand.map(transform),
                    try branches.map { branch throws(QueryError) in try branch.map(transform) },
                    otherwise: try transform(otherwise)
                )
            case .convert(let operand): .convert(try transform(operand))
            case .subquery(let query, let operands): .subquery(query, try all(operands))
            case .during(let operand, let kind, let unit, let list, let negated):
                .during(try transform(operand), kind, unit, try all(list), negated: negated)
            case .within(let operand, let range, let negated):
                .within(try transform(operand), range, negated: negated)
            case .inTree(let operand, let direction, let root, let orEqual, let negated):
                .inTree(
                    try transform(operand),
                    direction,
                    root: try transform(root),
                    orEqual: orEqual,
                    negated: negated
                )
            case .filePart(let operand, let part): .filePart(try transform(operand), part)
            case .partyList(let operand, let list): .partyList(try transform(operand), list)
            }
        return Bound(mapped, type)
    }

    /// Numbers of the sources that the expression reads, as bits.
    var sources: SourceSet {
        if case .column(let source, _) = node { return SourceSet(source) }
        return children.reduce(into: SourceSet()) { $0.formUnion($1.sources) }
    }
}

/// One WHEN of a CASE.
struct BoundBranch: Hashable, Sendable {
    var condition: Bound
    var result: Bound

    func map(_ transform: (Bound) throws(QueryError) -> Bound) throws(QueryError) -> BoundBranch {
        BoundBranch(condition: try transform(condition), result: try transform(result))
    }
}

extension Bound {
    /// Whether evaluating it writes texts of its own, which live in the evaluator's arena: whoever keeps them must copy them.
    var makesText: Bool {
        guard case .text = type else { return false }
        return switch node {
        case .function, .subquery, .outer, .partyList: true
        case .firstOf(let list): list.contains(where: \.makesText)
        case .caseWhen(_, let branches, let otherwise): otherwise.makesText || branches.contains { $0.result.makesText }
        default: false
        }
    }
}

/// A set of source numbers: at most 16 + 64, see `QueryLimits`.
struct SourceSet: Hashable, Sendable {
    private var bits: UInt128 = 0

    init() {}
    init(_ source: Int) { bits = 1 << UInt128(source) }

    func contains(_ source: Int) -> Bool { bits >> UInt128(source) & 1 != 0 }
    mutating func insert(_ source: Int) { bits |= 1 << UInt128(source) }
    mutating func formUnion(_ other: SourceSet) { bits |= other.bits }
    func isSubset(of other: SourceSet) -> Bool { bits & ~other.bits == 0 }
    var isEmpty: Bool { bits == 0 }
}

/// A text of the query at a fixed address, so that columns of borrowed texts can point to it.
final class TextConstant: Hashable, @unchecked Sendable {
    // Unchecked: the bytes are written once, before anyone else sees the object, and freed with it.
    let bytes: UnsafeBufferPointer<UInt8>

    convenience init(_ text: String) { self.init(Array(text.utf8)) }

    init(_ utf8: some Collection<UInt8>) {
        let storage = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, utf8.count))
        for (index, byte) in utf8.enumerated() { storage[index] = byte }
        bytes = UnsafeBufferPointer(start: storage.baseAddress, count: utf8.count)
    }

    deinit { UnsafeMutablePointer(mutating: bytes.baseAddress)?.deallocate() }

    /// Order under the collation. Keeps both alive while their bytes are read.
    static func compare(_ a: TextConstant, _ b: TextConstant) -> Int {
        withExtendedLifetime((a, b)) { Collation.compare(a.bytes, b.bytes) }
    }

    static func == (a: TextConstant, b: TextConstant) -> Bool {
        withExtendedLifetime((a, b)) { a.bytes.elementsEqual(b.bytes) }
    }

    func hash(into hasher: inout Hasher) { withExtendedLifetime(self) { for byte in bytes { hasher.combine(byte) } } }
}

/// An aggregate over the rows of a group.
struct BoundAggregate: Hashable, Sendable {
    var function: AggregateFunction
    /// nil: every row counts.
    var operand: Bound?
    var isDistinct: Bool
    var type: QueryType
}

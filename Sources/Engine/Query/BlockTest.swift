// Conditions on stored columns of one source, tested on a block's bytes without making vectors. A test narrows 128 words of
// row bits to the rows where the condition is true; zone maps settle whole blocks. What cannot be compiled to a test is
// evaluated on vectors instead.

/// A condition on columns of one table.
indirect enum BlockTest {
    /// True for no row.
    case never
    /// There is a value, and it is inside (or, negated, outside) the bounds, in stored units.
    case number(column: Int, low: Int64, high: Int64, negated: Bool)
    /// There is a value, and its code (the place of an option, 0 or 1) is accepted.
    case codes(column: Int, accepted: [Bool])
    /// There is a value, and it is in (or not in) the set; the set has no NULL when negated.
    case numberSet(column: Int, ConstantSet, negated: Bool)
    /// Texts are compared as the column declares; a comparison under another collation is no block test.
    case compareText(column: Int, ComparisonOperator, TextConstant)
    case textSet(column: Int, ConstantSet, negated: Bool)
    case textPattern(column: Int, LikePattern, negated: Bool)
    case isNull(column: Int, negated: Bool)
    case all([BlockTest])
    case any([BlockTest])
}

extension BlockTest {
    /// Compiles a condition that reads only stored columns of `source`; nil when it is of another form.
    init?(_ condition: Bound, source: Int, table: TableView, schema: Schema) {
        func column(_ bound: Bound) -> Int? {
            if case .column(source, let column) = bound.node { column } else { nil }
        }
        switch condition.node {
        case .null: self = .never
        case .and(let list), .or(let list):
            var tests: [BlockTest] = []
            for item in list {
                guard let test = BlockTest(item, source: source, table: table, schema: schema) else { return nil }
                tests.append(test)
            }
            if case .and = condition.node { self = .all(tests) } else { self = .any(tests) }
        case .isNull(let operand, let negated):
            guard let column = column(operand) else { return nil }
            self = .isNull(column: column, negated: negated)
        case .compare(let sign, let left, let right):
            if case .label(let option) = left.node, case .text(let text) = right.node, let column = column(option) {
                let collation = left.type.collation.joined(with: right.type.collation)
                self = Self.labels(column, option.type, schema, table) { label in
                    sign.holds(withExtendedLifetime((label, text)) { collation.compare(label.bytes, text.bytes) })
                }
                return
            }
            guard let column = column(left) else { return nil }
            switch right.node {
            case .null: self = .never
            case .text(let text):
                guard left.type.collation.joined(with: right.type.collation) == table.layout.collations[column] else {
                    return nil
                }
                self = .compareText(column: column, sign, text)
            case .number(let number):
                let range = NumberRange(sign, number, scale: right.type.scale, columnScale: left.type.scale)
                self = Self.number(column, range, left.type, table)
            default: return nil
            }
        case .inSet(let operand, let set, let negated):
            if negated, set.hasNull {
                self = .never
                return
            }
            if case .label(let option) = operand.node, let column = column(option) {
                self = Self.labels(column, option.type, schema, table) { set.contains($0) != negated }
                return
            }
            guard let column = column(operand) else { return nil }
            if operand.type.isText {
                guard set.collation == table.layout.collations[column] else { return nil }
                self = .textSet(column: column, set, negated: negated)
            } else if let values = Self.codeValues(column, operand.type, table) {
                self = .codes(column: column, accepted: values.map { set.contains($0) != negated })
            } else {
                self = .numberSet(column: column, set, negated: negated)
            }
        case .matches(let operand, let pattern, let negated):
            if case .label(let option) = operand.node, let column = column(option) {
                var scratch: [UInt8] = []
                self = Self.labels(column, option.type, schema, table) {
                    label in
                    withExtendedLifetime(label) { pattern.matches(label.bytes, scratch: &scratch) } != negated
                }
                return
            }
            guard let column = column(operand), pattern.collation == table.layout.collations[column] else { return nil }
            self = .textPattern(column: column, pattern, negated: negated)
        case .within(let operand, let range, let negated):
            guard let column = column(operand) else { return nil }
            let numbers = NumberRange(low: range.first, high: range.last, negated: negated)
            self = Self.number(column, numbers, operand.type, table)
        case .column:
            guard let column = column(condition), condition.type == .boolean else { return nil }
            self = .codes(column: column, accepted: [false, true])
        case .not(let operand):
            guard let column = column(operand), operand.type == .boolean else { return nil }
            self = .codes(column: column, accepted: [true, false])
        default: return nil
        }
    }

    /// What each code of a column means as a number; nil when the column does not hold codes.
    private static func codeValues(_ column: Int, _ type: QueryType, _ table: TableView) -> [Int64]? {
        switch type {
        case .boolean: [0, 1]
        case .option: table.layout.optionValues[column].map(Int64.init)
        default: nil
        }
    }

    private static func number(_ column: Int, _ range: NumberRange, _ type: QueryType, _ table: TableView) -> BlockTest
    {
        if let values = codeValues(column, type, table) {
            return .codes(column: column, accepted: values.map { range.contains($0) })
        }
        if range.low > range.high { return range.negated ? .isNull(column: column, negated: true) : .never }
        return .number(column: column, low: range.low, high: range.high, negated: range.negated)
    }

    private static func labels(
        _ column: Int,
        _ type: QueryType,
        _ schema: Schema,
        _ table: TableView,
        _ accepts: (TextConstant) -> Bool
    ) -> BlockTest {
        guard case .option(let set) = type else { return .never }
        return .codes(column: column, accepted: schema[set].options.map { accepts(TextConstant($0.label)) })
    }
}

/// The stored numbers for which a comparison with a constant of any scale holds, exactly.
struct NumberRange {
    var low = Int64.min
    var high = Int64.max
    var negated = false

    init(low: Int64, high: Int64, negated: Bool) {
        self.low = low
        self.high = high
        self.negated = negated
    }

    func contains(_ number: Int64) -> Bool { (low <= number && number <= high) != negated }

    init(_ sign: ComparisonOperator, _ constant: Int64, scale: UInt8, columnScale: UInt8) {
        // The constant in the column's units: its floor, and whether that is all of it.
        var floor = Int128(constant)
        var isExact = true
        if scale <= columnScale {
            floor *= Int128(Decimal64.powersOfTen[Int(columnScale - scale)])
        } else {
            let divisor = Int128(Decimal64.powersOfTen[Int(scale - columnScale)])
            let (quotient, remainder) = floor.quotientAndRemainder(dividingBy: divisor)
            isExact = remainder == 0
            floor = remainder < 0 ? quotient - 1 : quotient
        }
        var bounds: (low: Int128, high: Int128) = (Int128(Int64.min), Int128(Int64.max))
        switch sign {
        case .equal, .notEqual:
            negated = sign == .notEqual
            bounds = isExact ? (floor, floor) : (1, 0)
        case .less: bounds.high = isExact ? floor - 1 : floor
        case .lessOrEqual: bounds.high = floor
        case .greater: bounds.low = floor + 1
        case .greaterOrEqual: bounds.low = isExact ? floor : floor + 1
        }
        if bounds.low > bounds.high || bounds.low > Int128(Int64.max) || bounds.high < Int128(Int64.min) {
            (low, high) = (1, 0)
        } else {
            low = Int64(clamping: bounds.low)
            high = Int64(clamping: bounds.high)
        }
    }
}

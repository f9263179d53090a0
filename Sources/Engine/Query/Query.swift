// The typed query tree: what every parser (SQL now, FetchXML later) makes, what the protocol carries, and the only thing
// the binder reads. Names are unresolved text in lower case; `PreparedQuery` resolves them against a schema.

/// A question to one view of the data.
public struct Query: Hashable, Sendable {
    /// An entity that rows come from, under the name by which the query refers to it.
    public struct Source: Hashable, Sendable {
        /// Logical name of the entity.
        public var entity: String
        /// Name in the query; the entity's own when no alias was given.
        public var alias: String
        /// Place of the entity's name in the text.
        public var location: SourceLocation
        /// Instead of an entity the rows of a query: FROM (SELECT …) AS alias.
        public var query: Query? {
            get { boxed.first }
            set { boxed = newValue.map { [$0] } ?? [] }
        }
        /// In an array, since a query contains sources.
        private var boxed: [Query] = []

        /// Makes a source.
        public init(_ entity: String, as alias: String? = nil, at location: SourceLocation = .unknown) {
            self.entity = entity
            self.alias = alias ?? entity
            self.location = location
        }

        /// The rows of a query, under a name.
        public init(_ query: Query, as alias: String, at location: SourceLocation = .unknown) {
            self.init("", as: alias, at: location)
            self.query = query
        }
    }

    /// A query that has a name within another one: WITH name AS (SELECT …).
    public struct Named: Hashable, Sendable {
        /// How FROM and JOIN call it.
        public var name: String
        /// Where its rows come from.
        public var query: Query
        /// Place of the name in the text.
        public var location: SourceLocation

        /// Makes a named query.
        public init(_ name: String, _ query: Query, at location: SourceLocation = .unknown) {
            self.name = name
            self.query = query
            self.location = location
        }
    }

    /// What becomes of a row without a partner.
    public enum JoinKind: UInt8, Sendable {
        /// It is left out.
        case inner = 1
        /// It stays, with nulls for the partner.
        case left = 2
    }

    /// A further entity and which of its rows go with the rows so far.
    public struct Join: Hashable, Sendable {
        /// Inner or left.
        public var kind: JoinKind
        /// The entity.
        public var source: Source
        /// Which rows go together.
        public var condition: Expression

        /// Makes a join.
        public init(_ kind: JoinKind, _ source: Source, on condition: Expression) {
            self.kind = kind
            self.source = source
            self.condition = condition
        }
    }

    /// One or more columns of the result.
    public enum Column: Hashable, Sendable {
        /// An expression, and the name of its column when one was given.
        case expression(Expression, alias: String?)
        /// Every attribute of every source (nil), or of one source.
        case all(of: String?, SourceLocation)
    }

    /// One key of the result's order.
    public struct Order: Hashable, Sendable {
        /// What to sort by; a whole-number literal is the ordinal of a result column.
        public var expression: Expression
        /// Largest first.
        public var isDescending: Bool

        /// Makes a sort key.
        public init(_ expression: Expression, descending: Bool = false) {
            self.expression = expression
            isDescending = descending
        }
    }

    /// Ask how the query runs instead of its rows.
    public var isExplain = false
    /// Leave out repeated rows.
    public var isDistinct = false
    /// The result's columns.
    public var columns: [Column]
    /// The first entity.
    public var source: Source
    /// Further entities, in the order written.
    public var joins: [Join] = []
    /// WHERE.
    public var filter: Expression?
    /// GROUP BY.
    public var groups: [Expression] = []
    /// HAVING.
    public var groupFilter: Expression?
    /// ORDER BY.
    public var order: [Order] = []
    /// LIMIT: a literal or a parameter.
    public var limit: Expression?
    /// OFFSET: a literal or a parameter.
    public var offset: Expression?
    /// WITH: each may use those before it.
    public var named: [Named] = []
    /// UNION ALL: queries with as many columns, whose rows follow. Order, limit and offset of this query are then those of all
    /// the rows, and those that follow have none.
    public var unions: [Query] = []

    /// Asks for `columns` of `source`; the rest is set as properties.
    public init(_ columns: [Column], from source: Source) {
        self.columns = columns
        self.source = source
    }

    /// Parses an SQL `SELECT`. Complexity: linear in the text. Throws with the place of the first mistake.
    public static func parse(_ sql: String) throws(QueryError) -> Query {
        var parser = try SQLParser(sql)
        return try parser.parseStatement()
    }
}

/// A value computed from a row, with the place where it was written.
public struct Expression: Hashable, Sendable {
    /// What is computed.
    public var kind: Kind
    /// Where it stands in the text.
    public var location: SourceLocation

    /// Makes an expression.
    public init(_ kind: Kind, at location: SourceLocation = .unknown) {
        self.kind = kind
        self.location = location
    }

    /// The forms of an expression. `and` and `or` take lists, so that ten thousand alternatives are not ten thousand deep.
    public indirect enum Kind: Hashable, Sendable {
        /// A constant; dates, instants, labels and ids are texts until the other operand gives them a type.
        case literal(Value)
        /// An attribute, a path along lookups, or an alias: `[opportunity, customerid, name]`.
        case name([String])
        /// A parameter by number from 0 in the order of its first appearance; the name is empty for `?`.
        case parameter(Int, name: String)
        /// Minus.
        case negate(Expression)
        /// Plus, minus, times, divided by.
        case arithmetic(ArithmeticOperator, Expression, Expression)
        /// A comparison.
        case compare(ComparisonOperator, Expression, Expression)
        /// All hold.
        case and([Expression])
        /// At least one holds.
        case or([Expression])
        /// Does not hold.
        case not(Expression)
        /// IS NULL, IS NOT NULL.
        case isNull(Expression, negated: Bool)
        /// IN a list, NOT IN a list.
        case isIn(Expression, [Expression], negated: Bool)
        /// BETWEEN, bounds included.
        case between(Expression, Expression, Expression, negated: Bool)
        /// LIKE with `%` and `_`; `escape` makes the character after it stand for itself.
        case like(Expression, Expression, escape: String?, negated: Bool)
        /// A multi-select attribute has one of the options, or all of them.
        case contains(Expression, [Expression], all: Bool, negated: Bool)
        /// An aggregate; without an operand `COUNT(*)`.
        case aggregate(AggregateFunction, Expression?, distinct: Bool)
        /// A function of one row.
        case function(ScalarFunction, [Expression])
        /// CASE: the first branch whose condition holds, or whose value equals the operand; else `otherwise`, or null.
        case caseWhen(Expression?, [CaseBranch], otherwise: Expression?)
        /// EXISTS (SELECT …): whether the query has a row.
        case exists(Query, negated: Bool)
        /// IN (SELECT …), NOT IN (SELECT …): whether a value is among those of a query with one column.
        case inQuery(Expression, Query, negated: Bool)
        /// (SELECT …) as a value: that of the only row of a query with one column, null when it has none.
        case scalarQuery(Query)
        /// A date or moment lies within a stretch of time.
        case during(Expression, Period, negated: Bool)
        /// A record stands under or above another in the hierarchy of its entity, or with `orEqual` is that record.
        case inTree(Expression, TreeDirection, root: Expression, orEqual: Bool, negated: Bool)
        /// A window function, computed for each row of the result from the rows of its partition.
        case window(WindowFunction, Expression?, Window)
    }
}

/// The arithmetic operators.
public enum ArithmeticOperator: UInt8, Sendable, CaseIterable {
    /// `+`
    case add = 1
    /// `-`
    case subtract = 2
    /// `*`
    case multiply = 3
    /// `/`
    case divide = 4

    /// The sign in SQL.
    package var symbol: String {
        switch self {
        case .add: "+"
        case .subtract: "-"
        case .multiply: "*"
        case .divide: "/"
        }
    }
}

/// The comparisons.
public enum ComparisonOperator: UInt8, Sendable, CaseIterable {
    /// `=`
    case equal = 1
    /// `<>`
    case notEqual = 2
    /// `<`
    case less = 3
    /// `<=`
    case lessOrEqual = 4
    /// `>`
    case greater = 5
    /// `>=`
    case greaterOrEqual = 6

    /// The sign in SQL.
    package var symbol: String {
        switch self {
        case .equal: "="
        case .notEqual: "<>"
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        }
    }

    /// The comparison that holds where this one does not, nulls apart.
    package var negated: ComparisonOperator {
        switch self {
        case .equal: .notEqual
        case .notEqual: .equal
        case .less: .greaterOrEqual
        case .lessOrEqual: .greater
        case .greater: .lessOrEqual
        case .greaterOrEqual: .less
        }
    }

    /// The comparison that means the same with the operands exchanged.
    package var mirrored: ComparisonOperator {
        switch self {
        case .equal, .notEqual: self
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        }
    }

    /// Whether an order (negative, zero, positive) satisfies the comparison.
    @inline(__always)
    package func holds(_ order: Int) -> Bool {
        switch self {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }
}

/// The aggregates.
public enum AggregateFunction: UInt8, Sendable, CaseIterable {
    /// Rows, or rows with a value.
    case count = 1
    /// Exact sum of numbers.
    case sum = 2
    /// Mean of numbers, as binary floating point.
    case average = 3
    /// Smallest value.
    case minimum = 4
    /// Largest value.
    case maximum = 5

    /// The name in SQL.
    package var name: String {
        switch self {
        case .count: "count"
        case .sum: "sum"
        case .average: "avg"
        case .minimum: "min"
        case .maximum: "max"
        }
    }
}

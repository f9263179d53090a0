// Roll-ups: a count, sum, mean, smallest or largest value over the records that refer to a record.
//
// A roll-up is a query inside: `(SELECT sum(actualvalue) FROM opportunity WHERE customerid = <the record> AND …)`. So it is
// exact at every commit, is cut by the rows that the asking user may see, and costs nothing where it is not asked for. Whether
// it walks the index of the lookup or reads all children in one pass is decided as for any such query (SubqueryRunner).

/// What is counted or added up, and over which records.
public struct RollUp: Hashable, Sendable {
    /// Count, sum, mean, smallest or largest.
    public var function: AggregateFunction
    /// Expression over each of the records; nil counts the records themselves.
    public var operand: String?
    /// Logical name of the entity whose records refer to the record.
    public var entity: String
    /// Name of the lookup by which they do.
    public var lookup: String
    /// Condition that they meet; nil takes all. It calls the record itself `parent`.
    public var filter: String?

    /// Makes a roll-up.
    public init(
        _ function: AggregateFunction,
        of operand: String? = nil,
        over entity: String,
        _ lookup: String,
        where filter: String? = nil
    ) {
        self.function = function
        self.operand = operand
        self.entity = entity
        self.lookup = lookup
        self.filter = filter
    }

    /// What operand and filter call the record that the roll-up belongs to.
    static let parentName = "parent"
    /// The record's name in the condition that the engine adds: no text can write it, so nothing hides it.
    static let ownName = ""

    /// The query whose only row has the value. Throws what is wrong with the texts.
    func query(for parent: Entity) throws(QueryError) -> Query {
        guard function == .count || operand != nil else {
            throw QueryError(.syntax, "\(function.name) needs the value that it is of")
        }
        let value = try operand.map { text throws(QueryError) in try Expression(parsing: text) }
        func aggregate(_ function: AggregateFunction) -> Expression {
            Expression(.aggregate(function, value, distinct: false))
        }
        // A mean as its quotient: it gets the digits of the declared type, rounded once from its exact value.
        let output =
            function == .average
            ? Expression(.arithmetic(.divide, aggregate(.sum), aggregate(.count))) : aggregate(function)
        var query = Query([.expression(output, alias: nil)], from: Query.Source(entity))
        let refersToParent = Expression(
            .compare(
                .equal,
                Expression(.name([lookup])),
                Expression(.name([RollUp.ownName, parent[SystemAttribute.identifier].name]))
            )
        )
        guard let filter else {
            query.filter = refersToParent
            return query
        }
        query.filter = Expression(.and([refersToParent, try Expression(parsing: filter)]))
        return query
    }
}

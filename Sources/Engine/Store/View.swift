/// All records of an organisation at one position. Taking one costs O(entities); it never changes, and it pins memory only
/// for blocks that the writer changes afterwards.
///
/// Thread rule: may be read from any thread.
public struct View: Sendable {
    /// The schema at that position.
    public let schema: Schema
    /// The last transaction that the view contains.
    public let position: Position
    package let tables: [TableView]

    package init(schema: Schema, position: Position, tables: [TableView]) {
        self.schema = schema
        self.position = position
        self.tables = tables
    }

    /// The table of the entity at this place in `schema.entities`.
    package func table(_ place: Int) -> TableView { tables[place] }

    /// Number of records of an entity. O(1).
    public func recordCount(_ entity: EntityID) -> Int { schema.place(of: entity).map { tables[$0].liveCount } ?? 0 }
}

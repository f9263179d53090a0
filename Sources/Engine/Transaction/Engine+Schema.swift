// Changes of the schema: transactions like others, logged in the one order. For now they only add (`Schema.obstacle`).

extension Engine {
    /// Puts a schema in force and appends the log entry that says so. The first entry of an organisation's log is one.
    /// - Precondition: `schema.obstacle(to: self.schema)` is nil.
    package func install(_ schema: Schema, context: CommandContext, entry: inout ByteWriter) {
        precondition(schema.obstacle(to: self.schema) == nil)
        let envelope = Envelope(
            message: 0,
            timeMicroseconds: max(context.timeMicroseconds, timeMicroseconds),
            actor: context.actor,
            key: nil
        )
        EntryHeader(kind: EntryHeader.schemaKind, envelope: envelope).encode(into: &entry)
        schema.encode(into: &entry)
        adopt(schema)
        position += 1
        timeMicroseconds = envelope.timeMicroseconds
    }

    /// Takes a schema over: tables keep their rows and get new, empty columns.
    func adopt(_ schema: Schema) {
        tables.adopt(
            schema.entities.map { TableLayout(entity: $0, schema: schema) },
            keeping: schema.entities.map { self.schema.place(of: $0.id) }
        )
        self.schema = schema
        readShapes.removeAll()
        updateShapes.removeAll()
    }
}

extension Table {
    /// The same records under a layout that adds columns, links, orders and keys at the end.
    func adopting(_ layout: TableLayout) -> Table {
        var table = Table(layout: layout)
        table.takeContent(of: self)
        table.chunks = chunks.widened(to: layout.columns.count)
        for place in links.indices { table.links[place] = links[place].widened(to: layout.links[place].targets.count) }
        return table
    }
}

// Queries that users keep for themselves. Shared ones belong to the schema: see docs/metadata.md.

extension SchemaBuilder {
    mutating func addViewEntities() {
        entity(160, "userquery", "Personal view") { e in
            e.text("name", "Name", 200, required: true, ordered: true)
            e.text("returnedtypecode", "Entity", 64)
            e.memo("description", "Description", 2_000)
            e.memo("querytext", "Query, in SQL", 16_000)
            e.activeInactive()
            e.primaryName("name")
        }
    }
}

// Bulk work: one message for many records, and what was refused of it. See docs/jobs.md.

extension SchemaBuilder {
    package mutating func addJobEntities() {
        entity(176, "bulkoperation", "Bulk operation") { e in
            e.text("name", "Name", 200, required: true)
            e.states([
                (0, "Open", [1: "Pending", 2: "In Progress"]),
                (1, "Closed", [3: "Aborted", 4: "Completed"]),
                (2, "Canceled", [5: "Canceled"]),
            ])
            e.memo("message", "Message, without its record", 4_000)
            e.memo("querytext", "Query that gave the records", 16_000)
            e.file("records", "Records: 8 bytes each, in order", bytesMax: 8_000_000)
            e.integer("targetcount", "Records", 0...1_000_000_000)
            e.integer("processedcount", "Records that had their turn", 0...1_000_000_000)
            e.integer("failedcount", "Records that were refused", 0...1_000_000_000)
            e.text("reason", "Why it was aborted", 2_000)
            e.instant("completedon", "Ended")
            e.integer("failurecountmax", "Refusals that do not abort it", 0...1_000_000)
            e.primaryName("name")
        }
        entity(177, "bulkoperationlog", "Bulk operation: refusal", ownership: .organisation) { e in
            e.text("name", "Record", 100)
            e.lookup("bulkoperationid", "Bulk operation", to: "bulkoperation", required: true, onDelete: .cascade)
            e.integer("place", "Place in the list", 0...1_000_000_000)
            e.text("errorcode", "Refusal", 64)
            e.text("rule", "Rule", 64)
            e.text("description", "Reason", 2_000)
            e.primaryName("name")
        }
    }
}

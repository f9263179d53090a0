// Records that were merged, and what the merge changed, so that it can be undone. See docs/merging.md.

extension SchemaBuilder {
    package mutating func addMergingEntities() {
        entity(194, "recordmerge", "Merge", ownership: .organisation) { e in
            e.text("name", "Name", 420)
            e.states([
                (0, "Merged", [1: "Merged"]),
                (1, "Undone", [2: "Undone"]),
            ])
            e.lookup("masterid", "Record that stayed", to: "account", "contact", "lead")
            e.lookup("subordinateid", "Record that was merged into it", to: "account", "contact", "lead")
            e.integer("changecount", "Values that it changed", 0...1_000_000_000)
            e.integer("keptcount", "Values that were changed since and kept", 0...1_000_000_000)
            e.instant("undoneon", "Undone on")
            e.primaryName("name")
        }
        entity(195, "recordmergechange", "Merge: changed value", ownership: .organisation) { e in
            e.text("name", "Record", 100)
            e.lookup("recordmergeid", "Merge", to: "recordmerge", required: true, onDelete: .cascade)
            e.integer("place", "Place", 0...1_000_000_000)
            e.text("attribute", "Attribute", 64)
            e.memo("before", "Value before", Limits.textBytesMax)
            e.memo("after", "Value after", Limits.textBytesMax)
            e.option(
                "outcome",
                "What came of it",
                [
                    0: "Changed", 1: "Left with the other record", 2: "Restored", 3: "Kept: changed since",
                    4: "Kept: gone",
                ]
            )
            e.primaryName("name")
        }
    }
}

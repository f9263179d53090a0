// Which records are taken for the same thing: duplicate rules with their conditions. See docs/duplicates.md.

extension SchemaBuilder {
    mutating func addDuplicateRuleEntities() {
        // Numbers of states and statuses are Dynamics'; nothing is ever Publishing, since a rule is published at once.
        entity(192, "duplicaterule", "Duplicate rule", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.states([
                (0, "Unpublished", [0: "Unpublished", 1: "Publishing"]),
                (1, "Published", [2: "Published"]),
            ])
            e.text("baseentityname", "For records of", 64, required: true)
            e.boolean("excludeinactiverecords", "Leave out inactive records", default: false)
            e.memo("description", "Description", 2_000)
            e.primaryName("name")
            e.key("name")
        }

        // All conditions of one alternative have to hold. Operators up to 99 have Dynamics' numbers.
        entity(193, "duplicaterulecondition", "Duplicate rule: condition", ownership: .organisation) { e in
            e.lookup("regardingobjectid", "Duplicate rule", to: "duplicaterule", required: true, onDelete: .cascade)
            e.integer("alternativenumber", "Alternative", 1...1_000)
            e.text("baseattributename", "Attribute, or several with commas", 300, required: true)
            e.option(
                "operatorcode",
                "Compared by",
                [
                    0: "Exact Match", 1: "Same First Characters", 2: "Same Last Characters", 100: "Same Words",
                    101: "Same Company Name", 102: "Same Phone Number", 103: "Same Domain", 104: "Similar",
                    105: "Similar Date",
                ],
                default: 0
            )
            e.integer("operatorparam", "Number of characters", 1...100)
            e.primaryName("baseattributename")
        }
    }
}

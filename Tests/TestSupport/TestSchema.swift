import Engine

/// A little CRM for tests, with every kind of relationship: accounts in a hierarchy, contacts, orders.
package enum TestSchema {
    package static let schema: Schema = declared.build()

    /// The same with jobs.
    package static let withJobs: Schema = {
        var builder = declared
        builder.addJobEntities()
        return builder.build()
    }()

    private static var declared: SchemaBuilder {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("fullname", "Full name", 200)
            e.primaryName("fullname")
        }
        builder.entity(2, "team", "Team", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.primaryName("name")
        }
        builder.entity(3, "account", "Account") { e in
            e.text("name", "Name", 20, required: true, ordered: true)
            e.text("accountnumber", "Number", 20)
            e.money("revenue", "Revenue")
            e.integer("employees", "Employees", 0...1_000_000, ordered: true)
            e.boolean("onhold", "On hold", default: false)
            e.option("rating", "Rating", [1: "Hot", 2: "Warm", 100_001: "Cold"])
            e.date("founded", "Founded", ordered: true)
            e.lookup("parentaccountid", "Parent", to: "account", onDelete: .removeLink)
            // One option: its place can only be 0.
            e.option("tier", "Tier", [7: "Only"])
            e.key("accountnumber")
            e.states([(0, "Active", [1: "Active", 3: "Dormant"]), (1, "Inactive", [2: "Inactive"])])
            e.primaryName("name")
        }
        builder.entity(4, "contact", "Contact", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.memo("notes", "Notes", 4000)
            e.lookup("customerid", "Customer", to: "account", "contact", onDelete: .cascade)
            e.primaryName("name")
        }
        builder.entity(5, "order", "Order", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.lookup("accountid", "Account", to: "account", onDelete: .restrict)
            e.primaryName("name")
        }
        return builder
    }

    /// The same with all texts but external ids searched by quick find.
    package static let searched: Schema = {
        let entities = schema.entities.map { entity in
            var entity = entity
            for place in SystemAttribute.count..<entity.attributes.count {
                entity.attributes[place].isSearched = entity.attributes[place].type.physicalKind == .text
            }
            return entity
        }
        return Schema(epoch: schema.epoch, entities: entities, optionSets: schema.optionSets)
    }()
}

extension Entity {
    /// The same entity with these attributes and no life cycle, whether that is sound or not: to be refused.
    package func with(attributes: [Attribute]) -> Entity {
        Entity(
            id: id,
            name: name,
            displayName: displayName,
            ownership: ownership,
            attributes: attributes,
            primaryName: primaryName,
            keys: keys,
            stateModel: nil
        )
    }
}

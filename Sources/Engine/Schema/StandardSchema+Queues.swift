// What waits for somebody to look after it: queues with their items, and the rules by which records get there.

extension SchemaBuilder {
    mutating func addQueueEntities() {
        entity(97, "queue", "Queue", ownership: .organisation) { e in
            e.text("name", "Name", 200, required: true, ordered: true)
            e.activeInactive()
            e.lookup("primaryuserid", "Looked after by", to: "systemuser")
            e.text("emailaddress", "E-mail", 100)
            e.memo("description", "Description", 2_000)
            // What the router does with what comes to the queue's address and belongs to nothing yet.
            e.boolean("createscases", "Makes a case of each new e-mail", default: false)
            // What it writes to whoever's e-mail made a case, with merge fields of the case; nothing where one is empty.
            e.text("acknowledgementsubject", "Subject of the acknowledgement", 200)
            e.memo("acknowledgement", "Acknowledgement of a new case", 10_000)
            e.primaryName("name")
            e.searched("name")
            e.key("name")
        }

        // A record in a queue. The key makes sure that it is in one only.
        entity(98, "queueitem", "Queue item", ownership: .organisation) { e in
            e.text("title", "Title", 300)
            e.lookup("queueid", "Queue", to: "queue", required: true, onDelete: .restrict)
            e.lookup(
                "objectid",
                "What waits",
                to: "incident",
                "task",
                "phonecall",
                "email",
                "appointment",
                "letter",
                "fax",
                required: true,
                onDelete: .cascade
            )
            e.instant("enteredon", "In the queue since", ordered: true)
            e.lookup("workerid", "Worked on by", to: "systemuser")
            e.instant("workedonsince", "Worked on since")
            e.primaryName("title")
            e.key("objectid")
        }

        // Rules are asked in the order of their numbers. One names a queue or a user.
        entity(99, "routingrule", "Routing rule", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.activeInactive()
            e.option(
                "objecttypecode",
                "For",
                [
                    112: "Case", 4201: "Appointment", 4202: "E-mail", 4204: "Fax", 4207: "Letter", 4210: "Phone call",
                    4212: "Task",
                ],
                default: 112
            )
            e.integer("rulenumber", "Rule", 1...1_000_000)
            e.lookup("queueid", "To queue", to: "queue", onDelete: .restrict)
            e.lookup("userid", "To user", to: "systemuser", onDelete: .restrict)
            e.memo("description", "Description", 2_000)
            e.primaryName("name")
        }

        // All conditions of a rule have to hold. Comparisons have Dynamics' numbers.
        entity(100, "routingcondition", "Routing condition", ownership: .organisation) { e in
            e.lookup("routingruleid", "Routing rule", to: "routingrule", required: true, onDelete: .cascade)
            e.text("attributename", "Attribute", 200, required: true)
            e.option(
                "operatorcode",
                "Compared by",
                [
                    0: "Equals", 1: "Does Not Equal", 2: "Is Greater Than", 3: "Is Less Than",
                    4: "Is Greater Than or Equal To", 5: "Is Less Than or Equal To", 12: "Does Not Contain Data",
                    13: "Contains Data", 49: "Contains", 54: "Begins With",
                ],
                default: 0
            )
            e.text("comparedvalue", "Value", 500)
            e.primaryName("attributename")
        }
    }
}

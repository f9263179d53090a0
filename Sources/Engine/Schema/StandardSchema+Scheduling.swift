// Who and what serves customers at a time: resources and their hours, services and what they need, and bookings. See docs/scheduling.md.

extension SchemaBuilder {
    mutating func addSchedulingEntities() {
        // What is booked beside people: a room, a van, an instrument.
        entity(107, "equipment", "Facility or equipment", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.activeInactive()
            e.text("businesshours", "Business hours", 500)
            e.lookup("timezonedefinitionid", "Time zone", to: "timezonedefinition", onDelete: .restrict)
            e.memo("description", "Description", 2_000)
            e.lookup("siteid", "Site", to: "site", onDelete: .restrict)
            e.integer("capacity", "Capacity", 1...1_000)
            e.primaryName("name")
            e.searched("name")
        }

        // What is done for customers, how long it takes, and how many of a group are needed for it.
        entity(108, "service", "Service", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.activeInactive()
            e.integer("durationminutes", "Duration, minutes", 1...44_640)
            e.lookup("resourcegroupid", "Done by", to: "resourcegroup", onDelete: .restrict)
            e.integer("resourcecount", "Resources needed", 1...100, default: 1)
            e.memo("description", "Description", 2_000)
            // When on a day it begins: at the offset from midnight, and every so many minutes from then on.
            e.integer("anchoroffset", "First start, minutes after midnight", 0...1_439)
            e.integer("granularityminutes", "Starts every, minutes", 1...1_440)
            e.boolean("samesite", "All from one site", default: false)
            e.primaryName("name")
            e.searched("name")
            e.key("name")
        }

        entity(109, "resourcegroup", "Resource group", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.memo("description", "Description", 2_000)
            e.primaryName("name")
            e.key("name")
        }

        // Who and what is in a group: each once.
        entity(110, "resourcegroupmember", "Member of a resource group", ownership: .organisation) { e in
            e.lookup("resourcegroupid", "Resource group", to: "resourcegroup", required: true, onDelete: .cascade)
            e.lookup("resourceid", "Resource", to: "systemuser", "equipment", required: true, onDelete: .cascade)
            e.primaryName("externalid")
            e.key("resourcegroupid", "resourceid")
        }

        // The time of a resource that a service appointment takes.
        entity(111, "resourcebooking", "Booking", ownership: .organisation) { e in
            e.lookup(
                "serviceappointmentid",
                "Service appointment",
                to: "serviceappointment",
                required: true,
                onDelete: .cascade
            )
            e.lookup("resourceid", "Resource", to: "systemuser", "equipment", required: true, onDelete: .restrict)
            e.instant("starton", "From", ordered: true)
            e.instant("endon", "To")
            e.integer("effort", "Effort", 1...1_000)
            e.primaryName("externalid")
            e.key("serviceappointmentid", "resourceid")
        }

        addConstraintEntities()
    }

    private mutating func addConstraintEntities() {
        // A place where people and equipment are.
        entity(208, "site", "Site", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.text("emailaddress", "E-mail", 100)
            e.lookup("timezonedefinitionid", "Time zone", to: "timezonedefinition", onDelete: .restrict)
            e.address("address1", "Address")
            e.primaryName("name")
            e.searched("name")
            e.key("name")
        }

        // One of the things that a service needs at a time: so many of a group, each for so much of its capacity.
        entity(209, "resourcespec", "Requirement of a service", ownership: .organisation) { e in
            e.text("name", "Name", 160)
            e.lookup("serviceid", "Service", to: "service", required: true, onDelete: .cascade)
            e.lookup("groupobjectid", "Resource group", to: "resourcegroup", required: true, onDelete: .restrict)
            e.integer("requiredcount", "Resources needed", 1...100, default: 1)
            e.integer("effortrequired", "Effort of each", 1...1_000, default: 1)
            e.memo("description", "Description", 2_000)
            e.primaryName("name")
        }

        // Days on which the hours of one resource are others than in every week, in its local time.
        entity(210, "resourceexception", "Exception from the hours of a resource", ownership: .organisation) { e in
            e.text("name", "Name", 160)
            e.lookup("resourceid", "Resource", to: "systemuser", "equipment", required: true, onDelete: .cascade)
            e.date("starton", "First day", ordered: true)
            e.date("endon", "Last day")
            e.option(
                "exceptioncode",
                "What is different",
                [1: "Away", 2: "Other hours", 3: "Additional hours"],
                default: 1
            )
            e.text("businesshours", "Hours", 500)
            e.memo("description", "Description", 2_000)
            e.primaryName("name")
        }
    }
}

// Who and what serves customers at a time: resources, services, and bookings.

extension SchemaBuilder {
    mutating func addSchedulingEntities() {
        // What is booked beside people: a room, a van, an instrument.
        entity(107, "equipment", "Facility or equipment", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.activeInactive()
            e.text("businesshours", "Business hours", 500)
            e.lookup("timezonedefinitionid", "Time zone", to: "timezonedefinition", onDelete: .restrict)
            e.memo("description", "Description", 2_000)
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
            e.primaryName("externalid")
            e.key("serviceappointmentid", "resourceid")
        }
    }
}

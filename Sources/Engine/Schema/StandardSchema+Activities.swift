// What people do and plan: tasks, phone calls, e-mails, appointments.
//
// Activities share their key attribute `activityid` and all attributes of `activity(states:)` under the same numbers, so
// that a list across them (`activitypointer`) reads the same columns of each.

extension SchemaBuilder {
    mutating func addActivityEntities() {
        entity(128, "task", "Task", keyAttribute: "activityid") { e in
            e.activity(
                subjectRequired: true,
                states: [
                    (0, "Open", [2: "Not Started", 3: "In Progress", 4: "Waiting on someone else", 7: "Deferred"]),
                    (1, "Completed", [5: "Completed"]),
                    (2, "Canceled", [6: "Canceled"]),
                ]
            )
            e.integer("percentcomplete", "Per cent complete", 0...100)
        }

        entity(129, "phonecall", "Phone call", keyAttribute: "activityid") { e in
            e.activity(
                subjectRequired: true,
                states: [
                    (0, "Open", [1: "Open"]),
                    (1, "Completed", [2: "Made", 4: "Received"]),
                    (2, "Canceled", [3: "Canceled"]),
                ]
            )
            e.boolean("directioncode", "Outgoing", default: true)
            e.text("phonenumber", "Phone number", 200)
            // Dynamics calls them `from` and `to`, which SQL reserves.
            e.lookup("callerid", "Caller", to: "systemuser", "account", "contact", "lead")
            e.lookup("calledid", "Called", to: "systemuser", "account", "contact", "lead")
        }

        entity(130, "email", "E-mail", keyAttribute: "activityid") { e in
            e.activity(
                subjectRequired: false,
                states: [
                    (0, "Open", [1: "Draft", 8: "Failed"]),
                    (1, "Completed", [2: "Completed", 3: "Sent", 4: "Received", 6: "Pending Send", 7: "Sending"]),
                    (2, "Canceled", [5: "Canceled"]),
                ]
            )
            e.boolean("directioncode", "Outgoing", default: true)
            e.text("sender", "From", 250)
            e.text("torecipients", "To", 10_000)
            e.text("ccrecipients", "Cc", 10_000)
            e.text("bccrecipients", "Bcc", 10_000)
            e.text("messageid", "Message id", 320)
            e.text("inreplyto", "In reply to", 320)
            e.text("trackingtoken", "Tracking token", 50)
            e.text("mimetype", "MIME type", 256)
            e.text("submittedby", "Submitted by", 250)
            e.instant("senton", "Sent on")
            e.integer("deliveryattempts", "Delivery attempts", 0...1_000_000_000, default: 0)
            e.boolean("deliveryreceiptrequested", "Delivery receipt requested", default: false)
            e.boolean("readreceiptrequested", "Read receipt requested", default: false)
            e.option(
                "notifications",
                "Notifications",
                [0: "None", 1: "The message was saved as a draft", 2: "An attachment was dropped"],
                default: 0
            )
            e.integer("attachmentcount", "Attachments", 0...1_000_000, default: 0)
        }

        entity(131, "appointment", "Appointment", keyAttribute: "activityid") { e in
            e.activity(
                subjectRequired: true,
                states: [
                    (0, "Open", [1: "Free", 2: "Tentative"]),
                    (1, "Completed", [3: "Completed"]),
                    (2, "Canceled", [4: "Canceled"]),
                    (3, "Scheduled", [5: "Busy", 6: "Out of Office"]),
                ]
            )
            e.text("location", "Location", 200)
            e.boolean("isalldayevent", "All-day event", default: false)
            e.lookup("organizer", "Organizer", to: "systemuser")
            e.text("requiredattendees", "Required attendees", 10_000)
            e.text("optionalattendees", "Optional attendees", 10_000)
            e.text("globalobjectid", "Calendar item id", 300)
        }
    }
}

extension EntityBuilder {
    /// The attributes that all activities have, in the one order that they share.
    fileprivate mutating func activity(
        subjectRequired: Bool,
        states: [(Int32, String, KeyValuePairs<Int32, String>)]
    ) {
        text("subject", "Subject", 200, required: subjectRequired, ordered: true)
        self.states(states)
        lookup(
            "regardingobjectid",
            "Regarding",
            to: "account",
            "contact",
            "lead",
            "opportunity",
            "salesorder",
            "incident",
            "campaign",
            onDelete: .cascade
        )
        instant("scheduledstart", "Start", ordered: true)
        instant("scheduledend", "Due", ordered: true)
        integer("scheduleddurationminutes", "Scheduled duration, minutes", 0...1_000_000_000)
        instant("actualstart", "Actual start")
        instant("actualend", "Actual end", ordered: true)
        integer("actualdurationminutes", "Actual duration, minutes", 0...1_000_000_000)
        option("prioritycode", "Priority", [0: "Low", 1: "Normal", 2: "High"], default: 1)
        text("category", "Category", 250)
        text("subcategory", "Subcategory", 250)
        boolean("isbilled", "Billed", default: false)
        boolean("isworkflowcreated", "Created by workflow", default: false)
        memo("description", "Description", 100_000)
        primaryName("subject")
        searched("subject")
    }
}

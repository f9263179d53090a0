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
            // What the caller and the called were before they were lists of parties.
            e.deleted("callerid", "calledid")
            e.partyList("from", "Caller", role: PartyRole.sender)
            e.partyList("to", "Called", role: PartyRole.to)
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
            // Texts of their own before there were lists of parties.
            e.deleted("sender", "torecipients", "ccrecipients", "bccrecipients")
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
            e.partyList("from", "From", role: PartyRole.sender)
            e.partyList("to", "To", role: PartyRole.to)
            e.partyList("cc", "Cc", role: PartyRole.cc)
            e.partyList("bcc", "Bcc", role: PartyRole.bcc)
            // As in Dynamics, the addresses of the lists, which nobody writes.
            e.calculated("sender", "Sender's address", .text(lengthMax: 250), "fromaddress")
            e.calculated("torecipients", "Addresses of To", .text(lengthMax: 10_000), "toaddress")
            e.calculated("ccrecipients", "Addresses of Cc", .text(lengthMax: 10_000), "ccaddress")
            e.calculated("bccrecipients", "Addresses of Bcc", .text(lengthMax: 10_000), "bccaddress")
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
            // A lookup and texts before there were lists of parties.
            e.deleted("organizer", "requiredattendees", "optionalattendees")
            e.text("globalobjectid", "Calendar item id", 300)
            e.partyList("organizer", "Organizer", role: PartyRole.organizer)
            e.partyList("requiredattendees", "Required attendees", role: PartyRole.requiredAttendee)
            e.partyList("optionalattendees", "Optional attendees", role: PartyRole.optionalAttendee)
        }

        // How an opportunity ended; written by the messages that end it, and canceled when it is opened again.
        entity(140, "opportunityclose", "Opportunity close", keyAttribute: "activityid") { e in
            e.activity(
                subjectRequired: true,
                states: [
                    (0, "Open", [1: "Open"]),
                    (1, "Completed", [2: "Completed"]),
                    (2, "Canceled", [3: "Canceled"]),
                ]
            )
            e.money("actualrevenue", "Actual revenue")
            e.lookup("competitorid", "Competitor", to: "competitor")
            e.currency()
            e.baseAmounts()
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
            "quote",
            "invoice",
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

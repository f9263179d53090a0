// What people do and plan: tasks, phone calls, e-mails, letters, faxes, appointments and series of them.
//
// Activities share their key attribute `activityid` and all attributes of `activity(states:)` under the same numbers, so
// that a list across them reads the same columns of each. An entity is an activity by that key attribute: see `Entity.isActivity`.

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
            e.reminder()
            // A task that repeats: the next one is made when its time has come (docs/time.md).
            e.recurrence()
            e.instant("repeaton", "Next one is made at", ordered: true)
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
            e.reminder()
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
            e.reminder()
            // What the router says of a message that came in, and the message itself (docs/router.md).
            e.memo("routingreason", "Why it is here", 10_000)
            e.file("source", "Message as it came", bytesMax: 64 << 20, types: ["message/rfc822"])
            // What becomes of one that leaves. The order of `sendafter` is the queue of what is to be sent: it is filled in while an
            // e-mail is Pending Send, and while it is Sending it says until when whoever sends it is waited for.
            e.instant("sendafter", "Sent after", ordered: true)
            e.text("deliveryreason", "What became of the delivery", 500)
            e.boolean("hasmergefields", "Has merge fields to fill in", default: false)
            // Those that nobody wrote, and those that opened a case: the router counts them against storms.
            e.instant("automaticon", "Written by itself on", ordered: true)
            e.instant("casemadeon", "Made a case on", ordered: true)
        }

        // By what an e-mail is known, its own and what it names: an answer is found by it (docs/router.md). The digest is what is
        // looked up: identifiers of one program begin alike, and an ordered index has sixteen bytes.
        entity(137, "emailidentifier", "E-mail identifier", ownership: .organisation) { e in
            e.text("identifier", "Identifier", 1_000)
            e.text("digest", "Digest", 32, ordered: true)
            e.option(
                "identifiercode",
                "What it is",
                [1: "Message-ID", 2: "In-Reply-To", 3: "References", 4: "Thread-Index"],
                default: 1
            )
            e.lookup("emailid", "E-mail", to: "email", required: true, onDelete: .cascade)
            e.primaryName("identifier")
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
            e.attendees()
            e.reminder()
            // An instance of a series that has a record of its own: the series, and the local time that names the instance.
            e.lookup("seriesid", "Series", to: "recurringappointmentmaster", onDelete: .cascade)
            e.text("originalstart", "Original start, local", 15)
            e.key("seriesid", "originalstart")
        }

        addPostEntities()
        addSeriesEntity()
        addServiceAppointmentEntity()
        addClosingEntities()
        addCampaignActivityEntities()
    }

    // Somebody or something serves a customer at a time: see StandardSchema+Scheduling.swift.
    private mutating func addServiceAppointmentEntity() {
        entity(136, "serviceappointment", "Service appointment", keyAttribute: "activityid") { e in
            e.activity(
                subjectRequired: true,
                states: [
                    (0, "Open", [1: "Requested", 2: "Tentative"]),
                    (1, "Closed", [8: "Completed"]),
                    (2, "Canceled", [9: "Canceled", 10: "No Show"]),
                    (3, "Scheduled", [3: "Pending", 4: "Reserved", 6: "In Progress", 7: "Arrived"]),
                ]
            )
            e.lookup("serviceid", "Service", to: "service", onDelete: .restrict)
            e.text("location", "Location", 200)
        }
    }

    private mutating func addClosingEntities() {

        // How an opportunity ended; written by the messages that end it, and canceled when it is opened again.
        entity(140, "opportunityclose", "Opportunity close", keyAttribute: "activityid") { e in
            e.closing()
            e.money("actualrevenue", "Actual revenue")
            e.lookup("competitorid", "Competitor", to: "competitor")
            e.currency()
            e.baseAmounts()
        }

        // How a quote ended: won, closed or revised.
        entity(141, "quoteclose", "Quote close", keyAttribute: "activityid") { e in
            e.closing()
            e.text("quotenumber", "Quote number", 100)
            e.integer("revisionnumber", "Revision", 0...1_000_000_000)
            e.money("actualrevenue", "Actual revenue")
            e.currency()
            e.baseAmounts()
        }

        // What became of an order: a delivery, or that it was canceled.
        entity(142, "orderclose", "Order close", keyAttribute: "activityid") { e in
            e.closing()
            e.text("ordernumber", "Order number", 100)
            e.money("actualrevenue", "Actual revenue")
            e.currency()
            e.baseAmounts()
        }

        // How a case was resolved, and how long it took.
        entity(143, "incidentresolution", "Case resolution", keyAttribute: "activityid") { e in
            e.closing()
            e.integer("timespent", "Time spent, minutes", 0...1_000_000_000)
            e.integer("billabletime", "Billable time, minutes", 0...1_000_000_000)
            e.lookup("contractdetailid", "Contract line", to: "contractdetail")
            e.integer("allotmentsused", "Allotments used", 0...1_000_000_000)
        }
    }

    private mutating func addPostEntities() {
        entity(133, "letter", "Letter", keyAttribute: "activityid") { e in
            e.activity(
                subjectRequired: true,
                states: [
                    (0, "Open", [1: "Open", 2: "Draft"]),
                    (1, "Completed", [3: "Received", 4: "Sent"]),
                    (2, "Canceled", [5: "Canceled"]),
                ]
            )
            e.boolean("directioncode", "Outgoing", default: true)
            e.memo("address", "Address", 4000)
            e.partyList("from", "From", role: PartyRole.sender)
            e.partyList("to", "To", role: PartyRole.to)
            e.partyList("cc", "Cc", role: PartyRole.cc)
            e.reminder()
        }

        entity(134, "fax", "Fax", keyAttribute: "activityid") { e in
            e.activity(
                subjectRequired: true,
                states: [
                    (0, "Open", [1: "Open"]),
                    (1, "Completed", [2: "Completed", 3: "Sent", 4: "Received"]),
                    (2, "Canceled", [5: "Canceled"]),
                ]
            )
            e.boolean("directioncode", "Outgoing", default: true)
            e.text("faxnumber", "Fax number", 200)
            e.text("coverpagename", "Cover page", 100)
            e.integer("numberofpages", "Pages", 0...1_000_000)
            e.text("billingcode", "Billing code", 50)
            e.partyList("from", "From", role: PartyRole.sender)
            e.partyList("to", "To", role: PartyRole.to)
            e.reminder()
        }
    }

    // An appointment that repeats. Its instances are worked out, not stored (docs/recurrence.md); `scheduledstart` is when the
    // first begins, `scheduledend` when the last ends, null where there is no last.
    private mutating func addSeriesEntity() {
        entity(135, "recurringappointmentmaster", "Recurring appointment", keyAttribute: "activityid") { e in
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
            e.attendees()
            e.recurrence()
            e.reminder()
        }
    }
}

extension EntityBuilder {
    fileprivate mutating func attendees() {
        partyList("organizer", "Organizer", role: PartyRole.organizer)
        partyList("requiredattendees", "Required attendees", role: PartyRole.requiredAttendee)
        partyList("optionalattendees", "Optional attendees", role: PartyRole.optionalAttendee)
    }

    /// When somebody shall be reminded, and when that was done last (docs/time.md).
    fileprivate mutating func reminder() {
        integer("remindminutes", "Remind, minutes before", 0...1_000_000)
        instant("remindon", "Remind at", ordered: true)
        instant("remindedon", "Reminded at")
    }

    /// How something repeats: lines of iCalendar in the local time of a zone, UTC where there is none.
    fileprivate mutating func recurrence() {
        memo("recurrence", "Recurrence, as iCalendar", 65_536)
        lookup("timezonedefinitionid", "Time zone", to: "timezonedefinition", onDelete: .restrict)
    }

    /// An activity that says how a record ended.
    fileprivate mutating func closing() {
        activity(
            subjectRequired: true,
            states: [
                (0, "Open", [1: "Open"]),
                (1, "Completed", [2: "Completed"]),
                (2, "Canceled", [3: "Canceled"]),
            ]
        )
    }

    /// The attributes that all activities have, in the one order that they share.
    mutating func activity(
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
            "campaignactivity",
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

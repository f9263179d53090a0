// Who takes part in an activity, and as what: senders, recipients, attendees.
//
// A party is a record, so that "all activities of this contact" is an ordinary query, from either end by a lookup's index. It is
// a record of the directory, or an address that nobody has been found for; the address stays when the record is deleted.
// The lists of an activity (`email.to`) are these records and nothing else: see Parties/.

/// Roles of parties that the standard's lists name, under Dynamics' numbers.
enum PartyRole {
    static let sender: Int32 = 1
    static let to: Int32 = 2
    static let cc: Int32 = 3
    static let bcc: Int32 = 4
    static let requiredAttendee: Int32 = 5
    static let optionalAttendee: Int32 = 6
    static let organizer: Int32 = 7
    static let customer: Int32 = 11
}

extension SchemaBuilder {
    mutating func addActivityPartyEntity() {
        entity(132, "activityparty", "Activity party", ownership: .organisation) { e in
            e.lookup(
                "activityid",
                "Activity",
                to: "task",
                "phonecall",
                "email",
                "appointment",
                "letter",
                "fax",
                "recurringappointmentmaster",
                "campaignresponse",
                required: true,
                onDelete: .cascade
            )
            e.option(
                "participationtypemask",
                "Takes part as",
                [
                    1: "Sender", 2: "To", 3: "Cc", 4: "Bcc", 5: "Required attendee", 6: "Optional attendee",
                    7: "Organizer", 8: "Regarding", 9: "Owner", 10: "Resource", 11: "Customer",
                ],
                default: 2
            )
            e.lookup("partyid", "Party", to: "account", "contact", "lead", "systemuser")
            e.text("addressused", "Address", 320)
            e.integer("ordering", "Place in the list", 0...1_000_000)
            // What became of an e-mail on its way to a recipient.
            e.option("deliverycode", "Delivery", [1: "Accepted", 2: "Delayed", 3: "Failed"])
            e.text("deliveryreason", "What was said of it", 500)
            e.primaryName("addressused")
        }
    }
}

import Engine

// Who takes part in activities: e-mails give their lists as texts of addresses, as they come from a mail server; appointments give
// the records of their parties, with whom they are.

/// One party of an appointment.
private struct DemoParty: Sendable {
    var index: Int
    var appointment: DemoReference
    /// Option of `participationtypemask`: 5 required attendee, 7 organizer.
    var role: Int32
    var party: DemoReference
    var address: String?
}

extension Demo {
    /// The address that somebody is written to at; of a deal that of the customer's contact.
    private func address(of record: DemoReference) -> String? {
        switch record.entity {
        case "systemuser": user(record.index).userName + "@alder-finch.example"
        case "account": "info@" + domain(of: account(record.index))
        case "contact": emailAddress(of: contact(record.index))
        case "opportunity": emailAddress(of: contact(opportunity(record.index).account.index))
        default: nil
        }
    }

    /// The sender, or the recipient, of an e-mail.
    func party(of email: DemoActivity, isSender: Bool) -> String? {
        address(of: email.isOutgoing == isSender ? email.owner : email.regarding)
    }

    var partySteps: [DemoStep] {
        [
            DemoStep(
                "activityparty",
                indexCount: appointmentCount,
                recordsPerIndexMax: 2,
                columns: [
                    .link("activityid") { $1.appointment },
                    .value("participationtypemask") { .option($1.role) },
                    .link("partyid") { $1.party },
                    .text("addressused") { $1.address },
                    .value("ordering") { _, _ in .integer(0) },
                ],
                number: { $0.index }
            ) { demo, index in demo.parties(of: demo.activity(.appointment, index)) }
        ]
    }

    /// Its owner, and whom it is about where that is somebody.
    private func parties(of appointment: DemoActivity) -> [DemoParty] {
        func party(_ nth: Int, _ role: Int32, _ party: DemoReference) -> DemoParty {
            DemoParty(
                index: 2 * appointment.index + nth,
                appointment: DemoReference("appointment", appointment.index),
                role: role,
                party: party,
                address: address(of: party)
            )
        }
        let isSomebody = ["account", "contact", "lead"].contains(appointment.regarding.entity)
        return [party(0, 7, appointment.owner)] + (isSomebody ? [party(1, 5, appointment.regarding)] : [])
    }
}

// Addresses from which mail comes back.
//
// Guarantees
// - Nothing is sent to an address that its account, contact or lead has as `bouncedaddress`: the router writes it there when a report
//   says that the address is of no use any more (docs/router.md).
// - The mark is for one address: with another address, or when somebody empties `bouncedaddress`, it means nothing any more. So nobody
//   has to watch for changes of addresses.

import Engine

enum Returned {
    static let rule = Rule("returned", "Mail to an address of a recipient comes back.")

    /// Refuses an e-mail with a recipient from whom mail comes back. O(parties).
    ///
    /// - Parameter isUnderWay: whoever has it already, or was refused, is not written to again.
    static func check(_ email: RecordID, isUnderWay: Bool = false, _ records: Records) throws(Refusal) {
        for recipient in try records.recipients(of: email) {
            if isUnderWay, !DeliveryCode.isOpen(records.option(recipient, "deliverycode")) { continue }
            let person = records.reference(recipient, "partyid")
            guard person != .none, let returned = records.text(person, "bouncedaddress"),
                let address = records.address(ofParty: recipient), address.lowercased() == returned.lowercased()
            else { continue }
            throw records.refusal(
                rule,
                email,
                """
                Mail to \(address) of \(records.name(person)) (\(records.schema.text(of: person))) comes back (bouncedaddress): give \
                another address, or empty bouncedaddress.
                """
            )
        }
    }
}

extension Records {
    /// The address of a party: the one that was used, else the main one of the record.
    func address(ofParty party: RecordID) -> String? {
        if let address = text(party, "addressused") { return address }
        let person = reference(party, "partyid")
        return text(person, "emailaddress1") ?? text(person, "internalemailaddress")
    }
}

// The merge fields of an e-mail: they are filled in, in the record itself and once, before it leaves.
//
// Guarantees: values are of the record that the e-mail regards, and are text, never template: what a customer wrote into a title is not
// looked through again. Filling in and saying that it is done is one transaction, refused where the e-mail has changed meanwhile.

import Engine
import Net
import Router

enum MergeFields {
    /// Fills them in. Throws `SendFlaw` where the text is no template.
    static func fill(_ email: WaitingEmail, _ client: KithClient) async throws {
        let page = try await client.read("email", ["hasmergefields", "subject", "description"], [email.id])
        guard let version = page.versions.first ?? nil, let row = page.rows.first, row[0] == .boolean(true) else {
            return
        }
        let values = try await values(of: email.regarding, client)
        let subject = try filled(row[1].textOrEmpty, values, "its subject")
        let text = try filled(row[2].textOrEmpty, values, "its text")
        var transaction = Transaction(try await client.schema)
        try transaction.updateRecord(
            email.id,
            [
                ("hasmergefields", .boolean(false)), ("subject", .text(MailText.line(subject, 200))),
                ("description", .text(MailText.block(text, 100_000))),
            ],
            expecting: version
        )
        _ = try await client.execute(transaction)
    }

    private static func filled(_ text: String, _ values: TemplateValue, _ what: String) throws -> String {
        do {
            return try MailTemplate(text).render(values, as: .text)
        } catch {
            throw SendFlaw(description: "\(what) cannot be filled in: \(error)")
        }
    }

    /// What may be filled in, of the record: its own texts, and the names of its customer and its owner.
    private static func values(of record: RecordID?, _ client: KithClient) async throws -> TemplateValue {
        guard let record, let entity = try await client.schema.entity(record.entity) else { return .none }
        let name = entity[entity.primaryName].name
        var fields = [(field: "name", column: name)]
        if name != "name" { fields.append((name, name)) }
        if entity.attributeID("ticketnumber") != nil { fields.append(("ticketnumber", "ticketnumber")) }
        let customers = ["customerid", "parentcustomerid"].filter { entity.attributeID($0) != nil }
        if let customer = customers.first { fields.append(("customer", customer + "name")) }
        if entity.attributeID("ownerid") != nil { fields.append(("owner", "owneridname")) }
        let columns = fields.map(\.column).joined(separator: ", ")
        let key = entity[SystemAttribute.identifier].name
        var cursor = try await client.query(
            "SELECT \(columns) FROM \(entity.name) WHERE \(key) = ?",
            [.reference(record)]
        )
        guard let row = try await cursor.rows().first else { return .none }
        var values: [String: TemplateValue] = [:]
        for (field, value) in zip(fields, row) { values[field.field] = .text(value.textOrEmpty) }
        return .record(values)
    }
}

import Kith

let crm = try Database.open("./crm")
var change = Transaction(crm.schema)
let company = try change.create("account", ["name": "Contoso", "address1_city": "Oslo"])
try change.create("contact", ["lastname": "Berg", "parentcustomerid": .reference(company)])
_ = try await crm.execute(change)  // returns when both are on the disk: all or nothing

let answer = try await crm.query("SELECT lastname, parentcustomerid.name FROM contact")
for row in answer.rows { print(row.map { $0.text(in: crm.schema) ?? "-" }.joined(separator: " works for ")) }
try crm.close()

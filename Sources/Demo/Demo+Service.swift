import Engine

// After the sale: cases, and the notes that people leave on records.

/// A customer's question or complaint.
struct DemoIncident: Sendable {
    var index: Int
    var account: DemoAccount
    var owner: DemoReference
    /// Days since 1970-01-01.
    var created: Int
    /// Day by which it was or should be done with.
    var due: Int
    var state: Int32
    var status: Int32
    /// Option of `prioritycode`: 1 High, 2 Normal, 3 Low.
    var priority: Int32
    var title: Int
    var product: Int
}

extension Demo {
    func incident(_ index: Int) -> DemoIncident {
        var random = random(.incident, index)
        let account = account(random.busy(accountCount))
        let created = today - min(random.below(400), random.below(400))
        let priority = random.weighted([15, 60, 25])
        let handling = random.within([0...4, 1...12, 3...30][priority])
        var incident = DemoIncident(
            index: index,
            account: account,
            owner: serviceUser(region: account.culture.region, &random),
            created: created,
            due: created + handling,
            state: 1,
            status: 5,
            priority: Int32(priority + 1),
            title: random.below(DemoWords.caseTitles.count),
            product: random.below(18)
        )
        if incident.due > today || random.chance(30) {
            incident.state = 0
            incident.status = [1, 2, 3, 4][random.weighted([6, 1, 2, 1])]
        } else if random.chance(50) {
            incident.state = 2
            incident.status = 6
        }
        return incident
    }

    var incidentSteps: [DemoStep] {
        let columns: [DemoColumn<DemoIncident>] = [
            .text("title") { DemoWords.caseTitles[$1.title] },
            .text("ticketnumber") { "CAS-" + DemoText.padded($1.index + 1, 6) },
            .value("statecode") { .option($1.state) },
            .value("statuscode") { .option($1.status) },
            .value("prioritycode") { .option($1.priority) },
            .value("casetypecode") { .option($1.title % 5 == 3 ? 1 : $1.title % 5 == 2 ? 3 : 2) },
            .value("caseorigincode") { demo, incident in
                var random = demo.random(.incident, incident.index + 1 << 40)
                return .option([1, 2, 3][random.weighted([4, 4, 2])])
            },
            .link("customerid") { DemoReference("account", $1.account.index) },
            .link("responsiblecontactid") { DemoReference("contact", $1.account.index) },
            .link("productid") { DemoReference("product", $1.product) },
            .link("subjectid") { DemoReference("subject", DemoWords.products[$1.product].family) },
            .value("followupby") { .minute($1.due * 1440 + 16 * 60) },
            .value("resolvedon") { .minute($1.state == 1 ? $1.due * 1440 + 15 * 60 : nil) },
            .text("resolution") { demo, incident in
                guard incident.state == 1 else { return nil }
                var random = demo.random(.incident, incident.index + 1 << 41)
                return random.pick(DemoWords.resolutions)
            },
            .link("ownerid") { $1.owner },
            .value("overriddencreatedon") { .minute($1.created * 1440 + 9 * 60) },
        ]
        return promiseSteps + [
            DemoStep("incident", indexCount: incidentCount, columns: columns + targetColumns, number: { $0.index }) {
                [$0.incident($1)]
            }
        ]
    }

    /// What a note is about, and whose it is: mostly deals, then accounts, then people.
    private func subject(ofNote index: Int) -> (record: DemoReference, salesperson: Int) {
        var random = random(.note, index)
        switch random.weighted([5, 3, 2]) {
        case 0:
            let deal = opportunity(random.below(opportunityCount))
            return (DemoReference("opportunity", deal.index), deal.salesperson)
        case 1:
            let account = account(random.busy(accountCount))
            return (DemoReference("account", account.index), account.salesperson)
        default:
            let contact = contact(random.below(contactCount))
            return (DemoReference("contact", contact.index), contact.account.salesperson)
        }
    }

    var noteSteps: [DemoStep] {
        [
            numbered(
                "annotation",
                noteCount,
                [
                    .text("subject") { _, _ in "Note" },
                    .text("notetext") { demo, index in
                        var random = demo.random(.note, index + 1 << 40)
                        return random.pick(DemoWords.noteTexts)
                    },
                    .link("objectid") { $0.subject(ofNote: $1).record },
                    .link("ownerid") { $0.salesUser($0.subject(ofNote: $1).salesperson) },
                ]
            )
        ]
    }
}

// The words of the demonstration that belong to no country: what is sold, by whom against whom, and what people write.

/// Word lists of the demonstration. Places in them are part of what is derived from a seed: append only.
package enum DemoWords {
    /// Words between bars.
    package static func list(_ words: String) -> [String] { words.split(separator: "|").map(String.init) }

    package struct Industry: Sendable {
        package var sector: String
        /// Option of `industrycode`.
        package var code: Int32
    }

    package static let industries: [Industry] = [
        Industry(sector: "Machinery", code: 12), Industry(sector: "Logistics", code: 30),
        Industry(sector: "Food", code: 17), Industry(sector: "Construction", code: 28),
        Industry(sector: "Health", code: 11), Industry(sector: "Retail", code: 22),
        Industry(sector: "Wholesale", code: 33), Industry(sector: "Consulting", code: 7),
    ]

    package static let regions = list("Northern Europe|Central Europe|Southern Europe|Overseas")

    package struct Product: Sendable {
        package var name: String
        package var family: Int
        /// List price in whole euros.
        package var price: Int
    }

    package static let families = list("Bench scales|Floor scales|Sensors|Services")

    /// What the demonstration's company sells: scales, sensors and the work around them.
    package static let products: [Product] = [
        Product(name: "Arbor 6 bench scale", family: 0, price: 480),
        Product(name: "Arbor 15 bench scale", family: 0, price: 690),
        Product(name: "Arbor 30 bench scale", family: 0, price: 940),
        Product(name: "Arbor Lab precision scale", family: 0, price: 2350),
        Product(name: "Arbor Lab micro scale", family: 0, price: 5900),
        Product(name: "Cedar 300 floor scale", family: 1, price: 1850),
        Product(name: "Cedar 600 floor scale", family: 1, price: 2400),
        Product(name: "Cedar 1500 pallet scale", family: 1, price: 3950),
        Product(name: "Cedar 3000 pallet scale", family: 1, price: 5200),
        Product(name: "Sequoia truck scale 18 m", family: 1, price: 38500),
        Product(name: "Sequoia rail scale", family: 1, price: 74000),
        Product(name: "Sequoia crane scale", family: 1, price: 8600),
        Product(name: "Finch load cell", family: 2, price: 165),
        Product(name: "Finch load cell, stainless", family: 2, price: 240),
        Product(name: "Finch tank kit", family: 2, price: 1480),
        Product(name: "Finch belt sensor", family: 2, price: 2190),
        Product(name: "Finch silo kit", family: 2, price: 6750),
        Product(name: "Finch gateway", family: 2, price: 890),
        Product(name: "Commissioning, per day", family: 3, price: 1150),
        Product(name: "Calibration visit", family: 3, price: 420),
        Product(name: "Care plan, one year", family: 3, price: 1900),
        Product(name: "Care plan, three years", family: 3, price: 4900),
        Product(name: "Operator training", family: 3, price: 780),
        Product(name: "Integration with stock control", family: 3, price: 12500),
    ]

    package static let competitors = list("Balancea|Gewichtwerk|Poidsmart|Steelyard & Sons|Taraco|Vägmästaren")

    package struct Campaign: Sendable {
        package var name: String
        /// Option of `typecode`.
        package var type: Int32
        package var budget: Int
    }

    /// Those that CRMark's records name: they never change.
    package static let firstCampaigns: [Campaign] = [
        Campaign(name: "Spring trade fair", type: 3, budget: 48000),
        Campaign(name: "Calibration reminder", type: 2, budget: 6000),
        Campaign(name: "Food safety webinar", type: 3, budget: 9000),
        Campaign(name: "Truck scale trade-in", type: 1, budget: 22000),
        Campaign(name: "Laboratory open day", type: 3, budget: 15000),
        Campaign(name: "Partner mailing", type: 4, budget: 11000),
    ]

    package static let campaigns: [Campaign] =
        firstCampaigns + [
            Campaign(name: "Care plan offer", type: 2, budget: 7000),
            Campaign(name: "Factory tour", type: 3, budget: 12000),
            Campaign(name: "Silo kit launch", type: 1, budget: 26000),
            Campaign(name: "Pallet scale test weeks", type: 2, budget: 14000),
            Campaign(name: "Logistics breakfast", type: 3, budget: 8000),
            Campaign(name: "Gateway upgrade", type: 2, budget: 5000),
        ]

    package static let lists = list("Newsletter|Fair visitors|Laboratories|Owners of truck scales")

    package static let jobTitles = list(
        "Managing director|Head of purchasing|Plant manager|Quality manager|Production engineer|Buyer|Warehouse manager"
            + "|Laboratory manager|Finance director|Maintenance lead|IT manager|Operations manager"
    )

    package static let departments = list(
        "Management|Purchasing|Production|Quality|Engineering|Purchasing|Warehouse|Laboratory"
            + "|Finance|Maintenance|IT|Operations"
    )

    package static let taskSubjects = list(
        "Prepare offer|Check delivery date|Follow up on offer|Send data sheets|Update contact details|Arrange demonstration"
            + "|Clarify payment terms|Ask for reference|Plan site visit|Review contract"
    )
    package static let callSubjects = list(
        "Introduction call|Needs and budget|Questions on the offer|Decision pending?|Delivery and installation"
            + "|Annual review|Complaint: call back|Price negotiation"
    )
    package static let mailSubjects = list(
        "Our offer|Data sheets as promised|Thank you for your time|Minutes of our meeting|Your question on calibration"
            + "|Order confirmation|Reminder: calibration due|Invitation to our open day"
    )
    package static let meetingSubjects = list(
        "Demonstration on site|Kick-off|Quarterly review|Contract negotiation|Installation walk-through|Fair: stand meeting"
    )
    package static let meetingPlaces = list("Customer site|Our showroom|Online|Trade fair, stand 4-B12")

    package static let caseTitles = list(
        "Display stays dark|Reading drifts after an hour|Calibration certificate missing|Gateway loses connection"
            + "|Wrong cable delivered|Error E12 after update|Invoice does not match order|Question on maintenance interval"
            + "|Load cell damaged in transport|Printer prints no weight"
    )
    package static let resolutions = list(
        "Replaced under warranty|Configuration corrected by phone|Document sent again|Firmware updated"
            + "|Part sent by express|Credit note issued"
    )

    package static let noteTexts = list(
        "Prefers calls before nine.|Budget is decided in autumn, ask again in September.|Décision par comité, trois voix."
            + "|Very satisfied with the last installation.|Wants a reference from the food industry."
            + "|Vergleicht mit einem Mitbewerber, Preis ist nicht alles.|Gate 3, safety shoes needed."
            + "|New site opens next year: chance for two truck scales.|Nöjd kund, kan användas som referens."
    )

    package static let leadTopics = list(
        "Request from website|Met at trade fair|Asked for price list|Recommended by customer|Downloaded white paper"
            + "|Called about truck scales|Interested in care plan"
    )

    /// Sales stages: label, as `stepname`, and the probability in per cent that goes with it. The place plus one is the
    /// option of `salesstagecode`.
    package static let stages: [(name: String, probability: Int)] = [
        ("Qualify", 10), ("Develop", 35), ("Propose", 60), ("Close", 85),
    ]
}

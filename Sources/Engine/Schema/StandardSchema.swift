// The entities that every Kith organisation starts with, declared once, in the words of a CRM.
//
// Guarantees
// - Names are Dynamics' logical names wherever Dynamics has the entity or attribute; where it has none (`account.sector`,
//   `lead.age`), the name follows its habits: lower case, no separators.
// - Numbers are Kith's own and frozen: an entity keeps its number and an attribute its place for ever, since record ids,
//   columns, log and snapshots carry them. New attributes are therefore added at the END of their entity (after
//   everything that helpers such as `address` declare), new options at the end of their list; one that is given up leaves its
//   place behind (`deleted`), even where another of its name comes. A golden file in the tests pins all of it.
// - Numbering: a block of sixteen per area, counted from 16, so that areas can grow side by side. Dynamics' type codes are
//   deliberately not used: they are an outside system's registry, and run past 12 bits.
//
//     16… organisation   16 businessunit, 17 systemuser, 18 team, 19 territory, 20 transactioncurrency, 21 subject,
//                        22 timezonedefinition, 23 timezonerule, 24 organization, 25 teammembership,
//                        26 businessclosure
//     32… customers      32 account, 33 contact, 34 customeraddress, 35 relationshiprole, 36 customerrelationship
//     48… sales          48 lead, 49 opportunity, 50 opportunityproduct, 51 competitor, 52 salesprocess, 53 salesstage,
//                        54 salesstep, 55 salesprocessinstance, 56 salesstepinstance, 57 salesliterature,
//                        58 salesliteratureitem, 59 quota, 60 opportunitycompetitor, 61 productsalesliterature
//     64… catalogue      64 product, 65 uomschedule, 66 uom, 67 pricelevel, 68 productpricelevel, 69 discounttype, 70 discount,
//                        71 productassociation, 72 productsubstitute
//     80… documents      80 salesorder, 81 salesorderdetail, 82 quote, 83 quotedetail, 84 invoice, 85 invoicedetail
//     96… service        96 incident, 97 queue, 98 queueitem, 99 routingrule, 100 routingcondition,
//                        101 contracttemplate, 102 contract, 103 contractdetail, 104 sla,
//                        105 kbarticletemplate, 106 kbarticle, 107 equipment, 108 service, 109 resourcegroup,
//                        110 resourcegroupmember, 111 resourcebooking
//    112… marketing     112 campaign, 113 campaignactivity, 114 campaignresponse, 115 list, 116 listmember, 117 campaignitem,
//                        118 campaignactivityitem
//    128… activities    128 task, 129 phonecall, 130 email, 131 appointment, 132 activityparty,
//                        133 letter, 134 fax, 135 recurringappointmentmaster, 136 serviceappointment,
//                        137 emailidentifier, 140 opportunityclose, 141 quoteclose, 142 orderclose, 143 incidentresolution
//    144… notes         144 annotation
//    160… views         160 userquery
//    176… jobs          176 bulkoperation, 177 bulkoperationlog
//    192… clean data    192 duplicaterule, 193 duplicaterulecondition, 194 recordmerge, 195 recordmergechange
//    208… scheduling    208 site, 209 resourcespec, 210 resourceexception (what serves at a time before them is in the block of service)
//
// Rules that hold throughout
// - Little is required: names of things, nothing of people, because real files have leads without a name and deals without
//   a customer. What a company wants to insist on is its own choice, not the standard's.
// - Deleting: parts go with their whole (order lines, notes, activities: cascade); what is evidence of business keeps what
//   it refers to (owner, product of a line, customer of a deal, order or case: restrict); every other link becomes null.
// - An ordered index stands on what lists are sorted and cut by: names, due dates, close dates, amounts. Each costs memory
//   and time on every write, so there are few.

extension Schema {
    /// The standard entities under their Dynamics logical names, as `docs/schema.md` lists them. Built once, on first use.
    public static let standard: Schema = {
        var schema = SchemaBuilder()
        schema.addOrganisationEntities()
        schema.addCustomerEntities()
        schema.addSalesEntities()
        schema.addCatalogueEntities()
        schema.addPricingEntities()
        schema.addDocumentEntities()
        schema.addQuoteEntities()
        schema.addInvoiceEntities()
        schema.addServiceEntities()
        schema.addMarketingEntities()
        schema.addActivityEntities()
        schema.addActivityPartyEntity()
        schema.addNoteEntities()
        schema.addViewEntities()
        schema.addRelationshipEntities()
        schema.addSalesProcessEntities()
        schema.addSalesPlanningEntities()
        schema.addKitEntities()
        schema.addJobEntities()
        schema.addQueueEntities()
        schema.addContractEntities()
        schema.addKnowledgeEntities()
        schema.addSchedulingEntities()
        schema.addDuplicateRuleEntities()
        schema.addMergingEntities()
        return schema.build()
    }()
}

// Groups of attributes that several entities share.
extension EntityBuilder {
    /// A postal address under a prefix: `address1_line1`, `address1_city`, …
    mutating func address(_ prefix: String, _ displayName: String) {
        text("\(prefix)_name", "\(displayName): name", 200)
        text("\(prefix)_line1", "\(displayName): street 1", 250)
        text("\(prefix)_line2", "\(displayName): street 2", 250)
        text("\(prefix)_line3", "\(displayName): street 3", 250)
        text("\(prefix)_city", "\(displayName): city", 80)
        text("\(prefix)_county", "\(displayName): county", 80)
        text("\(prefix)_stateorprovince", "\(displayName): state or province", 80)
        text("\(prefix)_postalcode", "\(displayName): postal code", 20)
        text("\(prefix)_postofficebox", "\(displayName): post office box", 20)
        text("\(prefix)_country", "\(displayName): country or region", 80)
        decimal("\(prefix)_latitude", "\(displayName): latitude", scale: 5, -90...90)
        decimal("\(prefix)_longitude", "\(displayName): longitude", scale: 5, -180...180)
        text("\(prefix)_telephone1", "\(displayName): telephone", 50)
        text("\(prefix)_fax", "\(displayName): fax", 50)
    }

    /// A postal address on a document (`billto`, `shipto`), where it is a copy that later moves do not change.
    mutating func documentAddress(_ prefix: String, _ displayName: String) {
        text("\(prefix)_name", "\(displayName): name", 200)
        text("\(prefix)_contactname", "\(displayName): contact name", 150)
        text("\(prefix)_line1", "\(displayName): street 1", 250)
        text("\(prefix)_line2", "\(displayName): street 2", 250)
        text("\(prefix)_line3", "\(displayName): street 3", 250)
        text("\(prefix)_city", "\(displayName): city", 80)
        text("\(prefix)_stateorprovince", "\(displayName): state or province", 80)
        text("\(prefix)_postalcode", "\(displayName): postal code", 20)
        text("\(prefix)_country", "\(displayName): country or region", 80)
        text("\(prefix)_telephone", "\(displayName): telephone", 50)
        text("\(prefix)_fax", "\(displayName): fax", 50)
    }

    /// What a customer or prospect does not want, and how they like to be reached.
    mutating func contactPreferences() {
        boolean("donotbulkemail", "Do not allow bulk e-mail", default: false)
        boolean("donotbulkpostalmail", "Do not allow bulk mail", default: false)
        boolean("donotemail", "Do not allow e-mail", default: false)
        boolean("donotfax", "Do not allow fax", default: false)
        boolean("donotphone", "Do not allow phone calls", default: false)
        boolean("donotpostalmail", "Do not allow mail", default: false)
        boolean("donotsendmm", "Send no marketing material", default: false)
        option(
            "preferredcontactmethodcode",
            "Preferred method of contact",
            [1: "Any", 2: "E-mail", 3: "Phone", 4: "Fax", 5: "Mail"],
            default: 1
        )
        instant("lastusedincampaign", "Last used in campaign")
    }

    /// An address of which it is known that mail to it comes back (docs/router.md). Another address is not meant.
    mutating func bounces() {
        text("bouncedaddress", "Address that mail comes back from", 320)
        instant("bouncedon", "Mail came back on")
        integer("bouncecount", "Times that mail came back", 0...1_000_000_000)
    }

    /// When and by whom a customer likes to be served.
    mutating func servicePreferences() {
        option(
            "preferredappointmentdaycode",
            "Preferred day",
            [
                0: "Sunday", 1: "Monday", 2: "Tuesday", 3: "Wednesday", 4: "Thursday", 5: "Friday", 6: "Saturday",
            ]
        )
        option(
            "preferredappointmenttimecode",
            "Preferred time",
            [1: "Morning", 2: "Afternoon", 3: "Evening"]
        )
        lookup("preferredsystemuserid", "Preferred user", to: "systemuser")
    }

    /// Terms under which a customer buys.
    mutating func creditTerms() {
        money("creditlimit", "Credit limit")
        boolean("creditonhold", "Credit hold", default: false)
        paymentTerms()
        shippingMethod()
    }

    mutating func paymentTerms() {
        option(
            "paymenttermscode",
            "Payment terms",
            [1: "Net 30", 2: "2% 10, Net 30", 3: "Net 45", 4: "Net 60"]
        )
    }

    mutating func shippingMethod() {
        option(
            "shippingmethodcode",
            "Shipping method",
            [
                1: "Airborne", 2: "DHL", 3: "FedEx", 4: "UPS", 5: "Postal mail", 6: "Full load", 7: "Will call",
            ]
        )
    }

    mutating func freightTerms() {
        option("freighttermscode", "Freight terms", [1: "FOB", 2: "No charge"])
    }

    /// The currency of the record's money.
    mutating func currency() {
        lookup("transactioncurrencyid", "Currency", to: "transactioncurrency", onDelete: .restrict)
    }

    /// Dynamics' list of industries, under its numbers.
    mutating func industry() {
        option(
            "industrycode",
            "Industry",
            [
                1: "Accounting", 2: "Agriculture and Non-petrol Natural Resource Extraction",
                3: "Broadcasting Printing and Publishing", 4: "Brokers", 5: "Building Supply Retail",
                6: "Business Services", 7: "Consulting", 8: "Consumer Services",
                9: "Design, Direction and Creative Management", 10: "Distributors, Dispatchers and Processors",
                11: "Doctor's Offices and Clinics", 12: "Durable Manufacturing", 13: "Eating and Drinking Places",
                14: "Entertainment Retail", 15: "Equipment Rental and Leasing", 16: "Financial",
                17: "Food and Tobacco Processing", 18: "Inbound Capital Intensive Processing",
                19: "Inbound Repair and Services", 20: "Insurance", 21: "Legal Services",
                22: "Non-Durable Merchandise Retail", 23: "Outbound Consumer Service",
                24: "Petrochemical Extraction and Distribution", 25: "Service Retail", 26: "SIG Affiliations",
                27: "Social Services", 28: "Special Outbound Trade Contractors", 29: "Specialty Realty",
                30: "Transportation", 31: "Utility Creation and Distribution", 32: "Vehicle Retail",
                33: "Wholesale",
            ]
        )
    }

    /// When the record began in the system that it came from; `createdon` is when it came here.
    mutating func sourceDates() {
        instant("overriddencreatedon", "Created on, at the source")
    }

    /// The life cycle of records that are in use or not.
    mutating func activeInactive() {
        states([(0, "Active", [1: "Active"]), (1, "Inactive", [2: "Inactive"])])
    }
}

// Whom the company does business with: accounts, contacts and their further addresses.

extension SchemaBuilder {
    mutating func addCustomerEntities() {
        entity(32, "account", "Account") { e in
            e.text("name", "Account name", 160, required: true, ordered: true)
            e.activeInactive()
            e.text("accountnumber", "Account number", 50)
            e.lookup("parentaccountid", "Parent account", to: "account")
            e.lookup("primarycontactid", "Primary contact", to: "contact")
            e.lookup("originatingleadid", "Originating lead", to: "lead")
            e.lookup("territoryid", "Territory", to: "territory")
            e.option(
                "customertypecode",
                "Relationship type",
                [
                    1: "Competitor", 2: "Consultant", 3: "Customer", 4: "Investor", 5: "Partner", 6: "Influencer",
                    7: "Press", 8: "Prospect", 9: "Reseller", 10: "Supplier", 11: "Vendor", 12: "Other",
                ]
            )
            e.option("accountcategorycode", "Category", [1: "Preferred customer", 2: "Standard"])
            e.option("accountclassificationcode", "Classification", [1: "Default value"])
            e.option("accountratingcode", "Rating", [1: "Default value"])
            e.option("customersizecode", "Customer size", [1: "Default value"])
            e.option("businesstypecode", "Business type", [1: "Default value"])
            e.industry()
            e.text("industry", "Industry, in words", 100)
            e.text("sector", "Sector", 100)
            e.text("segment", "Market segment", 100)
            e.option(
                "ownershipcode",
                "Ownership",
                [1: "Public", 2: "Private", 3: "Subsidiary", 4: "Other"]
            )
            e.money("revenue", "Annual revenue", ordered: true)
            e.integer("numberofemployees", "Number of employees", 0...1_000_000_000)
            e.integer("yearestablished", "Year established", 0...9999)
            e.text("sic", "SIC code", 20)
            e.text("registrationnumber", "Registration number", 50)
            e.text("tickersymbol", "Ticker symbol", 20)
            e.text("stockexchange", "Stock exchange", 100)
            e.money("marketcap", "Market capitalisation")
            e.integer("sharesoutstanding", "Shares outstanding", 0...1_000_000_000_000)
            e.creditTerms()
            e.currency()
            e.text("telephone1", "Main phone", 50)
            e.text("telephone2", "Other phone", 50)
            e.text("telephone3", "Telephone 3", 50)
            e.text("fax", "Fax", 50)
            e.text("emailaddress1", "E-mail", 100)
            e.text("emailaddress2", "E-mail 2", 100)
            e.text("emailaddress3", "E-mail 3", 100)
            e.text("websiteurl", "Website", 200)
            e.text("ftpsiteurl", "FTP site", 200)
            e.contactPreferences()
            e.servicePreferences()
            e.memo("description", "Description", 100_000)
            e.address("address1", "Address 1")
            e.address("address2", "Address 2")
            e.sourceDates()
            e.baseAmounts()
            e.bounces()
            e.primaryName("name")
            e.searched("name", "accountnumber", "emailaddress1", "telephone1", "telephone2")
            e.key("accountnumber")
        }

        // `fullname` is written by clients, like that of `systemuser`.
        entity(33, "contact", "Contact") { e in
            e.text("fullname", "Full name", 200, ordered: true)
            e.activeInactive()
            e.text("firstname", "First name", 100)
            e.text("middlename", "Middle name", 100)
            e.text("lastname", "Last name", 100, ordered: true)
            e.text("salutation", "Salutation", 100)
            e.text("suffix", "Suffix", 20)
            e.text("nickname", "Nickname", 100)
            e.lookup("parentcustomerid", "Parent customer", to: "account", "contact")
            e.lookup("originatingleadid", "Originating lead", to: "lead")
            e.text("jobtitle", "Job title", 100)
            e.text("department", "Department", 100)
            e.option("accountrolecode", "Role", [1: "Decision maker", 2: "Employee", 3: "Influencer"])
            e.text("managername", "Manager", 100)
            e.text("managerphone", "Manager's phone", 50)
            e.text("assistantname", "Assistant", 100)
            e.text("assistantphone", "Assistant's phone", 50)
            e.text("telephone1", "Business phone", 50)
            e.text("telephone2", "Home phone", 50)
            e.text("telephone3", "Telephone 3", 50)
            e.text("mobilephone", "Mobile phone", 50)
            e.text("pager", "Pager", 50)
            e.text("fax", "Fax", 50)
            e.text("emailaddress1", "E-mail", 100)
            e.text("emailaddress2", "E-mail 2", 100)
            e.text("emailaddress3", "E-mail 3", 100)
            e.text("websiteurl", "Website", 200)
            e.text("ftpsiteurl", "FTP site", 200)
            e.option("customertypecode", "Relationship type", [1: "Default value"])
            e.option("leadsourcecode", "Lead source", [1: "Default value"])
            e.option("gendercode", "Gender", [1: "Male", 2: "Female"])
            e.option(
                "familystatuscode",
                "Marital status",
                [1: "Single", 2: "Married", 3: "Divorced", 4: "Widowed"]
            )
            e.option("haschildrencode", "Has children", [1: "Default value"])
            e.integer("numberofchildren", "Number of children", 0...1_000_000_000)
            e.text("childrensnames", "Children's names", 255)
            e.text("spousesname", "Spouse", 100)
            e.option("educationcode", "Education", [1: "Default value"])
            e.date("birthdate", "Birthday")
            e.date("anniversary", "Anniversary")
            e.text("employeeid", "Employee", 50)
            e.text("governmentid", "Government", 50)
            e.money("annualincome", "Annual income")
            e.creditTerms()
            e.currency()
            e.contactPreferences()
            e.servicePreferences()
            e.memo("description", "Description", 100_000)
            e.address("address1", "Address 1")
            e.address("address2", "Address 2")
            e.sourceDates()
            e.baseAmounts()
            e.bounces()
            e.primaryName("fullname")
            // `fullname` is not made from its parts, and may be missing.
            e.searched("fullname", "firstname", "lastname", "nickname", "emailaddress1", "emailaddress2")
            e.searched("telephone1", "mobilephone")
        }

        // Third and further addresses of a customer, and places that belong to no customer yet.
        entity(34, "customeraddress", "Address", ownership: .organisation) { e in
            e.text("name", "Address name", 200, ordered: true)
            e.lookup("parentid", "Customer", to: "account", "contact", onDelete: .cascade)
            e.integer("addressnumber", "Address number", 1...1_000_000_000)
            e.option(
                "addresstypecode",
                "Address type",
                [1: "Bill to", 2: "Ship to", 3: "Primary", 4: "Other"]
            )
            e.text("primarycontactname", "Address contact", 150)
            e.text("line1", "Street 1", 250)
            e.text("line2", "Street 2", 250)
            e.text("line3", "Street 3", 250)
            e.text("city", "City", 80)
            e.text("county", "County", 80)
            e.text("stateorprovince", "State or province", 80)
            e.text("postalcode", "Postal code", 20)
            e.text("postofficebox", "Post office box", 20)
            e.text("country", "Country or region", 80)
            e.decimal("latitude", "Latitude", scale: 5, -90...90)
            e.decimal("longitude", "Longitude", scale: 5, -180...180)
            e.text("telephone1", "Main phone", 50)
            e.text("telephone2", "Phone 2", 50)
            e.text("fax", "Fax", 50)
            e.integer("utcoffset", "UTC offset in minutes", -1500...1500)
            e.shippingMethod()
            e.freightTerms()
            e.primaryName("name")
        }
    }
}

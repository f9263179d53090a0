// The company itself: units, people, teams, territories, currencies and the tree of subjects.

extension SchemaBuilder {
    mutating func addOrganisationEntities() {
        entity(16, "businessunit", "Business unit", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.lookup("parentbusinessunitid", "Parent business unit", to: "businessunit", onDelete: .restrict)
            e.text("divisionname", "Division", 100)
            e.text("costcenter", "Cost centre", 100)
            e.memo("description", "Description", 2000)
            e.text("emailaddress", "E-mail", 100)
            e.text("websiteurl", "Website", 200)
            e.boolean("isdisabled", "Disabled", default: false)
            e.address("address1", "Address 1")
            e.primaryName("name")
            e.searched("name")
            e.key("name")
        }

        // `fullname` is written by clients: people's names do not all follow "first last".
        entity(17, "systemuser", "User", ownership: .organisation) { e in
            e.text("fullname", "Full name", 200, required: true, ordered: true)
            e.text("domainname", "User name", 255)
            e.text("internalemailaddress", "Primary e-mail", 100)
            e.lookup("businessunitid", "Business unit", to: "businessunit", onDelete: .restrict)
            e.lookup("parentsystemuserid", "Manager", to: "systemuser")
            e.lookup("territoryid", "Territory", to: "territory")
            e.boolean("isdisabled", "Disabled", default: false)
            e.option("accessmode", "Access mode", [0: "Read-write", 1: "Administrative", 2: "Read"], default: 0)
            e.text("firstname", "First name", 64)
            e.text("middlename", "Middle name", 50)
            e.text("lastname", "Last name", 64)
            e.text("nickname", "Nickname", 50)
            e.text("salutation", "Salutation", 20)
            e.text("title", "Title", 128)
            e.text("jobtitle", "Job title", 100)
            e.text("employeeid", "Employee", 100)
            e.text("skills", "Skills", 100)
            e.date("birthdate", "Birthday")
            e.date("hiredate", "Hired on")
            e.text("personalemailaddress", "E-mail 2", 100)
            e.text("mobilealertemail", "Mobile alert e-mail", 100)
            e.text("homephone", "Home phone", 50)
            e.text("mobilephone", "Mobile phone", 64)
            e.text("address1_telephone2", "Extension", 50)
            e.text("photourl", "Photo", 255)
            e.memo("description", "Notes", 10_000)
            e.address("address1", "Address 1")
            e.primaryName("fullname")
            e.searched("fullname", "domainname", "internalemailaddress")
            e.key("domainname")
        }

        entity(18, "team", "Team", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.lookup("businessunitid", "Business unit", to: "businessunit", onDelete: .restrict)
            e.lookup("administratorid", "Administrator", to: "systemuser")
            e.text("emailaddress", "E-mail", 100)
            e.memo("description", "Description", 2000)
            e.primaryName("name")
            e.searched("name")
        }

        entity(19, "territory", "Territory", ownership: .organisation) { e in
            e.text("name", "Name", 200, required: true, ordered: true)
            e.lookup("managerid", "Manager", to: "systemuser")
            e.lookup("parentterritoryid", "Parent territory", to: "territory", onDelete: .restrict)
            e.memo("description", "Description", 2000)
            e.primaryName("name")
            e.searched("name")
            e.key("name")
        }

        entity(20, "transactioncurrency", "Currency", ownership: .organisation) { e in
            e.text("currencyname", "Currency name", 100, required: true, ordered: true)
            e.text("isocurrencycode", "Currency code", 5, required: true)
            e.text("currencysymbol", "Symbol", 13)
            e.integer("currencyprecision", "Digits shown", 0...4, default: 2)
            e.decimal("exchangerate", "Exchange rate to the base currency", scale: 10, 0...900_000_000)
            e.activeInactive()
            e.primaryName("currencyname")
            e.key("isocurrencycode")
        }

        // One tree that products, cases and literature are filed under.
        entity(21, "subject", "Subject", ownership: .organisation) { e in
            e.text("title", "Title", 500, required: true, ordered: true)
            e.lookup("parentsubject", "Parent subject", to: "subject", onDelete: .restrict)
            e.memo("description", "Description", 2000)
            e.primaryName("title")
            e.searched("title")
        }
    }
}

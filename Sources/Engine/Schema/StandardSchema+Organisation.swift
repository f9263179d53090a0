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

        // Days on which the company is closed: see BusinessHours.swift.
        entity(26, "businessclosure", "Business closure", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.date("starton", "First day")
            e.date("endon", "Last day")
            e.memo("description", "Description", 2_000)
            e.primaryName("name")
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
            e.text("businesshours", "Business hours", 500)
            e.lookup("timezonedefinitionid", "Time zone", to: "timezonedefinition", onDelete: .restrict)
            e.lookup("siteid", "Site", to: "site", onDelete: .restrict)
            e.integer("capacity", "Capacity", 1...1_000)
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

        entity(22, "timezonedefinition", "Time zone", ownership: .organisation) { e in
            e.text("standardname", "Name", 100, required: true, ordered: true)
            e.text("userinterfacename", "Shown as", 200)
            e.primaryName("standardname")
            e.key("standardname")
        }

        // What the clocks of a zone do from a moment on. Months, weekdays (0 is Sunday), their place in the month (5 is the
        // last) and times are of the clock before the change.
        entity(23, "timezonerule", "Time zone rule", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.lookup("timezonedefinitionid", "Time zone", to: "timezonedefinition", onDelete: .cascade)
            e.instant("effectivedatetime", "In force from")
            e.integer("bias", "Minutes from local to UTC", -1440...1440)
            e.integer("daylightbias", "Minutes more in daylight time", -1440...1440)
            for (prefix, label) in [("daylight", "Daylight time"), ("standard", "Standard time")] {
                e.integer("\(prefix)month", "\(label) month", 1...12)
                e.integer("\(prefix)day", "\(label) week of the month", 1...5)
                e.integer("\(prefix)dayofweek", "\(label) weekday", 0...6)
                e.integer("\(prefix)hour", "\(label) hour", 0...24)
                e.integer("\(prefix)minute", "\(label) minute", 0...59)
            }
            e.primaryName("name")
        }

        // The first record is the organisation itself: its calendar decides what "today" and "this quarter" are. Of the day on
        // which fiscal years begin the year does not count.
        entity(24, "organization", "Organisation", ownership: .organisation) { e in
            e.text("name", "Name", 160)
            e.lookup("timezonedefinitionid", "Time zone", to: "timezonedefinition", onDelete: .restrict)
            e.option(
                "weekstartdaycode",
                "Weeks begin on",
                [
                    0: "Sunday", 1: "Monday", 2: "Tuesday", 3: "Wednesday", 4: "Thursday", 5: "Friday", 6: "Saturday",
                ],
                default: 1
            )
            e.date("fiscalcalendarstart", "Fiscal years begin on")
            e.option(
                "fiscalperiodtype",
                "Fiscal periods",
                [
                    2000: "Annually", 2001: "Semiannually", 2002: "Quarterly", 2003: "Monthly", 2004: "Four weeks",
                ],
                default: 2002
            )
            e.option(
                "fiscalyeardisplaycode",
                "A fiscal year is named by",
                [1: "The year in which it begins", 2: "The year in which it ends"],
                default: 1
            )
            e.lookup("basecurrencyid", "Base currency", to: "transactioncurrency", onDelete: .restrict)
            e.integer("pricingdecimalprecision", "Digits of prices per unit", 0...4)
            e.option(
                "discountcalculationmethod",
                "A manual discount is given",
                [0: "Once a line", 1: "For each unit"],
                default: 0
            )
            e.primaryName("name")
        }

        // Who belongs to which team: each pair once.
        entity(25, "teammembership", "Team membership", ownership: .organisation) { e in
            e.lookup("teamid", "Team", to: "team", required: true, onDelete: .cascade)
            e.lookup("systemuserid", "User", to: "systemuser", required: true, onDelete: .cascade)
            e.primaryName("externalid")
            e.key("teamid", "systemuserid")
        }
    }
}

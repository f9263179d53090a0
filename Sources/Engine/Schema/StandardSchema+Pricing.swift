// What a price is made of: units, price lists, volume discounts. docs/pricing.md says how they are put together.

extension SchemaBuilder {
    mutating func addPricingEntities() {
        entity(65, "uomschedule", "Unit group", ownership: .organisation) { e in
            e.text("name", "Name", 200, required: true, ordered: true)
            e.activeInactive()
            e.text("baseuomname", "Name of the base unit", 100)
            e.memo("description", "Description", 2000)
            e.primaryName("name")
            e.searched("name")
            e.key("name")
        }

        // A unit is so many of another of its group; the group's base unit is not made of others.
        entity(66, "uom", "Unit", ownership: .organisation) { e in
            e.text("name", "Name", 100, required: true, ordered: true)
            e.lookup("uomscheduleid", "Unit group", to: "uomschedule", required: true, onDelete: .cascade)
            e.lookup("baseuom", "Made of", to: "uom", onDelete: .restrict)
            e.decimal("quantity", "Quantity", scale: 5, 0...1_000_000_000)
            e.boolean("isschedulebaseuom", "Base unit of the group", default: false)
            e.primaryName("name")
            e.key("uomscheduleid", "name")
        }

        entity(67, "pricelevel", "Price list", ownership: .organisation) { e in
            e.text("name", "Name", 100, required: true, ordered: true)
            e.states([(0, "Active", [100_001: "Active"]), (1, "Inactive", [100_002: "Inactive"])])
            e.date("begindate", "In force from")
            e.date("enddate", "In force to")
            e.currency()
            e.paymentTerms()
            e.freightTerms()
            e.shippingMethod()
            e.memo("description", "Description", 2000)
            e.primaryName("name")
            e.searched("name")
            e.key("name")
        }

        // What one unit of a product costs on a price list.
        entity(68, "productpricelevel", "Price list item", ownership: .organisation) { e in
            e.lookup("pricelevelid", "Price list", to: "pricelevel", required: true, onDelete: .cascade)
            e.lookup("productid", "Product", to: "product", required: true, onDelete: .cascade)
            e.lookup("uomid", "Unit", to: "uom", required: true, onDelete: .restrict)
            e.option(
                "pricingmethodcode",
                "Pricing method",
                [
                    1: "Currency amount", 2: "Percent of list", 3: "Percent markup - current cost",
                    4: "Percent margin - current cost", 5: "Percent markup - standard cost",
                    6: "Percent margin - standard cost",
                ],
                default: 1
            )
            e.money("amount", "Amount")
            e.decimal("percentage", "Per cent", scale: 2, 0...1_000_000_000)
            e.option(
                "roundingpolicycode",
                "Rounding policy",
                [1: "None", 2: "Up", 3: "Down", 4: "To nearest"],
                default: 1
            )
            e.option("roundingoptioncode", "Rounding option", [1: "Ends in", 2: "Multiple of"], default: 1)
            e.money("roundingoptionamount", "Rounding amount")
            e.option(
                "quantitysellingcode",
                "Quantity selling option",
                [1: "No control", 2: "Whole", 3: "Whole and fractional"],
                default: 1
            )
            e.lookup("discounttypeid", "Discount list", to: "discounttype", onDelete: .restrict)
            e.currency()
            e.baseAmounts()
            e.primaryName("externalid")
            e.key("pricelevelid", "productid", "uomid")
        }

        entity(69, "discounttype", "Discount list", ownership: .organisation) { e in
            e.text("name", "Name", 100, required: true, ordered: true)
            e.states([(0, "Active", [100_001: "Active"]), (1, "Inactive", [100_002: "Inactive"])])
            e.boolean("isamounttype", "Discounts are amounts", default: false)
            e.currency()
            e.memo("description", "Description", 2000)
            e.primaryName("name")
            e.searched("name")
            e.key("name")
        }

        // What is taken off the price of a unit when so many are bought.
        entity(70, "discount", "Discount", ownership: .organisation) { e in
            e.lookup("discounttypeid", "Discount list", to: "discounttype", required: true, onDelete: .cascade)
            e.decimal("lowquantity", "From quantity", scale: 5, 0...1_000_000_000)
            e.decimal("highquantity", "To quantity", scale: 5, 0...1_000_000_000)
            e.decimal("percentage", "Per cent", scale: 2, 0...100)
            e.money("amount", "Amount per unit")
            e.currency()
            e.baseAmounts()
            e.primaryName("externalid")
        }
    }
}

extension EntityBuilder {
    /// Why a price could not be found: the codes of Dynamics. The list is written once for documents and their lines.
    mutating func pricingError() {
        option(
            "pricingerrorcode",
            "Pricing error",
            [
                0: "None", 1: "Detail error", 2: "Missing price level", 3: "Inactive price level",
                4: "Missing quantity",
                5: "Missing unit price", 6: "Missing product", 7: "Invalid product", 8: "Missing pricing code",
                9: "Invalid pricing code", 10: "Missing UOM", 11: "Product not in price level",
                12: "Missing price level amount", 13: "Missing price level percentage", 14: "Missing price",
                15: "Missing current cost", 16: "Missing standard cost", 17: "Invalid price level amount",
                18: "Invalid price level percentage", 19: "Invalid price", 20: "Invalid current cost",
                21: "Invalid standard cost", 22: "Invalid rounding policy", 23: "Invalid rounding option",
                24: "Invalid rounding amount", 25: "Price calculation error", 26: "Invalid discount type",
                27: "Discount type invalid state", 28: "Invalid discount", 29: "Invalid quantity",
                30: "Invalid pricing precision", 31: "Missing product default UOM",
                32: "Missing product UOM schedule", 33: "Inactive discount type",
                34: "Invalid price level currency", 35: "Price attribute out of range",
                36: "Base currency attribute overflow", 37: "Base currency attribute underflow",
            ],
            default: 0
        )
    }
}

// The catalogue: kits, which are products put together from others, and what is sold instead of a product.
//
// A kit is sold and priced as any product, by its own price list items: what is in it says what is delivered, and is not priced.

extension Area {
    /// Kits and substitutes.
    static let products = Area(
        title: "Products",
        messages: [
            ConvertToKit.self, ConvertToProduct.self, AddToKit.self, RemoveFromKit.self, AddSubstitute.self,
            RemoveSubstitute.self,
        ]
    )
}

/// Numbers of states of a product, as docs/schema.md lists them.
enum ProductState {
    static let active: Int32 = 0
    static let inactive: Int32 = 1
}

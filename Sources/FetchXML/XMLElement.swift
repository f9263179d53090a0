// A small XML document as a tree, with the place of everything in the text, so that a refusal can point at it.

import Engine

/// One element and what it contains.
struct XMLElement {
    /// `name="value"` of an element.
    struct Attribute {
        var name: String
        /// References resolved.
        var value: String
        /// Where the name stands.
        var location: SourceLocation
    }

    var name: String
    /// Where `<` stands.
    var location: SourceLocation
    /// In the order written; no name occurs twice.
    var attributes: [Attribute]
    var children: [XMLElement] = []
    /// Characters directly inside, references resolved.
    var text = ""

    /// The attribute of this name.
    subscript(_ name: String) -> Attribute? { attributes.first { $0.name == name } }
}

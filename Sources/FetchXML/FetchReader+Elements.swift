// What every element is asked: which attributes it may have, which it must, and what a name in it means.

import Engine

extension FetchReader {
    /// Refuses attributes that are not listed.
    func allow(_ element: XMLElement, _ names: [String]) throws(QueryError) {
        guard let unknown = element.attributes.first(where: { !names.contains($0.name) }) else { return }
        throw QueryError(
            .unknownName,
            "<\(element.name)> has no attribute \"\(unknown.name.shortened)\"",
            at: unknown.location,
            suggestion: nearestName(to: unknown.name, among: names)
        )
    }

    func required(_ element: XMLElement, _ name: String) throws(QueryError) -> XMLElement.Attribute {
        guard let attribute = element[name] else {
            throw QueryError(.syntax, "<\(element.name)> needs the attribute \"\(name)\"", at: element.location)
        }
        return attribute
    }

    /// `true`, `false`, `1` or `0`; false where it does not stand.
    func flag(_ element: XMLElement, _ name: String) throws(QueryError) -> Bool {
        guard let attribute = element[name] else { return false }
        switch attribute.value.lowercased() {
        case "true", "1": return true
        case "false", "0": return false
        default:
            throw QueryError(
                .syntax,
                "\(name) is true or false, not \"\(attribute.value.shortened)\"",
                at: attribute.location
            )
        }
    }

    func expectNoText(_ element: XMLElement) throws(QueryError) {
        guard element.text.contains(where: { !$0.isWhitespace }) else { return }
        throw QueryError(.syntax, "text stands inside <\(element.name)>", at: element.location)
    }

    func expectLeaf(_ element: XMLElement) throws(QueryError) {
        try expectNoText(element)
        if let child = element.children.first { throw unexpected(child, in: element, among: []) }
    }

    func unexpected(_ element: XMLElement, in parent: XMLElement?, among names: [String]) -> QueryError {
        let place = parent.map { "inside <\($0.name)>" } ?? "at the top"
        return QueryError(
            .syntax,
            "<\(element.name.shortened)> cannot stand \(place)",
            at: element.location,
            suggestion: nearestName(to: element.name, among: names).map { "<\($0)>" }
        )
    }

    // MARK: Names

    /// The node that an `entityname` means: an alias, or an entity that occurs once.
    func node(named attribute: XMLElement.Attribute) throws(QueryError) -> Int {
        let name = attribute.value.lowercased()
        if let index = nodes.firstIndex(where: { $0.alias == name }) { return index }
        let sameEntity = nodes.indices.filter { nodes[$0].entity.name == name }
        if sameEntity.count == 1 { return sameEntity[0] }
        throw QueryError(
            sameEntity.isEmpty ? .unknownName : .ambiguousName,
            sameEntity.isEmpty
                ? "no <link-entity> has the alias \"\(attribute.value.shortened)\""
                : "\"\(name)\" is linked more than once: give the links aliases",
            at: attribute.location,
            suggestion: sameEntity.isEmpty ? nearestName(to: name, among: nodes.map(\.alias)) : nil
        )
    }

    /// The attribute of a node.
    func attribute(_ name: String, of index: Int, at location: SourceLocation) throws(QueryError) -> FetchAttribute {
        let node = nodes[index]
        let name = name.lowercased()
        let expression = Expression(.name([node.alias, name]), at: location)
        if let id = node.entity.attributeID(name) {
            return FetchAttribute(name: name, type: node.entity[id].type, owner: node.entity, expression: expression)
        }
        if name.hasSuffix("name"), let id = node.entity.attributeID(String(name.dropLast(4))) {
            switch node.entity[id].type {
            case .option, .state, .status, .lookup:
                return FetchAttribute(name: name, type: nil, owner: node.entity, expression: expression)
            default: break
            }
        }
        throw QueryError(
            .unknownName,
            "\(node.entity.name) has no attribute \"\(name.shortened)\"",
            at: location,
            suggestion: nearestName(to: name, among: node.entity.attributes.map(\.name))
        )
    }
}

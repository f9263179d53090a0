// The form of party lists: `type: partylist, role: Required attendee`.

extension AttributeForm {
    static let partyList = AttributeForm(name: "partylist", parameters: [.role]) { form throws(FormError) in
        guard let role = try form.text(.role) else {
            throw FormError(
                message:
                    "A party list needs a 'role', an option of \(PartyAttributes.entityName).\(PartyAttributes.roleName)."
            )
        }
        return .partyList(role: try form.role(role))
    } given: { type, names in
        guard let role = type.partyRole else { return nil }
        guard let label = names.roles?.label(of: role), Int32(label) == nil else { return [.role: ["\(role)"]] }
        return [.role: [label]]
    }
}

extension FormNames {
    /// The names of a schema.
    init(_ schema: Schema) {
        self.init(
            entity: { schema.entity($0)?.name ?? "\($0.rawValue)" },
            optionSet: { schema.optionSets[Int($0.rawValue)] },
            roles: schema.parties.map { schema[$0.roles] }
        )
    }
}

extension SchemaPlanner {
    /// The roles that parties can have so far.
    var partyRoles: OptionSet? {
        entities.first { $0.name == PartyAttributes.entityName }?.attributes
            .first { $0.name == PartyAttributes.roleName }?.type.optionSet.map { optionSets[Int($0.rawValue)] }
    }

    /// The role that a label or number means. Whether there is such a number is asked of the whole schema.
    func partyRole(_ text: String) throws(FormError) -> Int32 {
        if let number = Int32(text) { return number }
        guard let roles = partyRoles else {
            throw FormError(
                message: "There is no \(PartyAttributes.entityName).\(PartyAttributes.roleName) with roles."
            )
        }
        return try option(text, roles)
    }
}

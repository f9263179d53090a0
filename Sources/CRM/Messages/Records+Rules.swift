// What several messages do alike: close a record with a status, copy attributes by a mapping.

import Engine

extension Rule {
    /// A status was given that does not belong to the state to which the message leads.
    static let status = Rule("status", "The status that is given does not belong to the state to which this leads.")
    /// A day on which something happened cannot be one to come.
    static let dayInFuture = Rule("day-in-future", "The day on which it happened is still to come.")
}

extension Records {
    /// The changes that bring a record to a state, with a status of it: the state's default where none is given.
    func close(_ id: RecordID, _ state: Int32, _ status: Int32?) throws(Refusal) -> [(String, Value)] {
        guard let status else { return [("statecode", .option(state))] }
        guard let entity = schema.entity(id.entity), let model = entity.stateModel else { return [] }
        guard model.state(ofStatus: status) == state else {
            let allowed = model.states.first { $0.value == state }?.statuses ?? []
            let labels = allowed.map { label($0, entity.name, "statuscode") }.joined(separator: ", ")
            throw refusal(
                .status,
                id,
                "'\(label(status, entity.name, "statuscode"))' is no status of "
                    + "\(stateLabel(state, of: entity.name)); there are \(labels)."
            )
        }
        return [("statecode", .option(state)), ("statuscode", .option(status))]
    }

    /// Refuses a day on which something cannot have happened yet.
    func requirePast(_ day: Int32?, _ id: RecordID) throws(Refusal) {
        guard let day, day > today else { return }
        throw refusal(
            .dayInFuture,
            id,
            "\(CalendarText.text(days: day)) is still to come; today is \(CalendarText.text(days: today))."
        )
    }

    /// The values of a record under the names that they have elsewhere; what is not filled in is left out.
    func copied(_ id: RecordID, _ mapping: [(from: String, to: String)]) -> [(String, Value)] {
        guard let (place, row) = place(id) else { return [] }
        let entity = schema.entities[place]
        return mapping.compactMap { from, to in
            guard let column = entity.attributeID(from) else { return nil }
            let value = engine.tables.value(place, Int(column.rawValue), row)
            return value == .null ? nil : (to, value)
        }
    }
}

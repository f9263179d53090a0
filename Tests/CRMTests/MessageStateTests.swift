import CRM
import Engine
import Testing

/// Each message × each entity that it is for × each state of it: it is refused by the rule `state` exactly where its declaration
/// does not allow the state.
@Suite struct MessageStateTests {
    struct Cell: Sendable, CustomTestStringConvertible {
        let head: MessageHead
        let entity: String
        let state: Int32
        let isAllowed: Bool
        var testDescription: String { "\(head.verb) \(entity) in state \(state)" }
    }

    static let cells: [Cell] = Messages.heads.flatMap { head in
        head.targets.flatMap { target -> [Cell] in
            guard let model = Schema.standard.entity(named: target.entity)?.stateModel else { return [] }
            return model.states.map {
                Cell(
                    head: head,
                    entity: target.entity,
                    state: $0.value,
                    isAllowed: target.states.isEmpty || target.states.contains($0.value)
                )
            }
        }
    }

    @Test(arguments: cells)
    func state(_ cell: Cell) throws {
        var organisation = TestOrganisation()
        let record = try organisation.create("\(cell.entity) R: \(Self.least(cell.entity)) | statecode=\(cell.state)")
        var request = MessageRequest(number: cell.head.number)
        request.arguments = [.init(number: 0, value: .reference(record))]
        for argument in cell.head.arguments where argument.isRequired {
            if case .text = argument.type { request.arguments.append(.init(number: argument.number, value: "x")) }
        }
        var refusal: Refusal?
        do { try organisation.perform(request) } catch let error as Refusal { refusal = error }
        if cell.isAllowed {
            // Whatever else is missing: the state is not what it is refused for.
            #expect(refusal?.rule != Rule.state.name)
        } else {
            #expect(refusal?.rule == Rule.state.name)
            let message = refusal?.message ?? ""
            let allowed = cell.head.targets.first { $0.entity == cell.entity }?.states ?? []
            #expect(message.contains("to \(cell.head.said), it must be"), "\(message)")
            #expect(!allowed.isEmpty)
        }
    }

    /// What a record of an entity cannot be without.
    private static func least(_ entity: String) throws -> String {
        let declared = try #require(Schema.standard.entity(named: entity))
        let required = declared.attributes.filter { $0.isRequired && $0.defaultValue == .null }
        for attribute in required {
            if case .text = attribute.type { continue }
            Issue.record("\(entity).\(attribute.name) is required and no text")
        }
        let values = required.map { "\($0.name)=x" }
        return (values.isEmpty ? ["externalid=x"] : values).joined(separator: " | ")
    }
}

import Engine

extension Database: SchemaSession {
    /// Makes the schema say what the document says, as the system. Queries under way go on with the schema that they began
    /// with. Large indexes are made beside the writer, the rest in its turn: docs/metadata.md says what that costs.
    public func change(_ document: SchemaDocument, checkOnly: Bool) async throws -> SchemaReply {
        // No key: within one process no outcome is ever unknown.
        let request = SchemaRequest(document, isCheck: checkOnly).encoded
        let ahead = request.withUnsafeBytes { bytes in turn { $0.indexesAhead(of: bytes) } }
        let (reply, position, _) = try changeSchema(request, ahead: ahead, actor: .none)
        try await settle(position)
        return try reply.withUnsafeBytes { try SchemaReply(decoding: $0) }
    }

    /// Changed rows that the change may have to look at in the writer's turn: some milliseconds of work.
    private static let lateRowsMax = 1000
    /// Rounds of catching up beside the writer, before the rest is done in its turn whatever it is.
    private static let roundsMax = 5

    /// Carries an encoded request out: makes the indexes that it asks for on the calling thread, then takes a turn. Returns the
    /// encoded reply, and position and epoch after it.
    ///
    /// Thread rule: any thread but an event loop, since it takes as long as the indexes do. One change makes indexes at a time:
    /// each holds some 64 bytes a record.
    package func changeSchema(
        _ request: [UInt8],
        ahead: IndexesAhead?,
        actor: RecordID
    ) throws(Refusal) -> (reply: [UInt8], position: Position, epoch: UInt32) {
        let made = ahead.map { ahead in indexMaking.withLock { _ in completed(ahead) } }
        let outcome = request.withUnsafeBytes { request in
            turn { turn -> Result<([UInt8], Position, UInt32), Refusal> in
                var reply = ByteWriter()
                do throws(Refusal) {
                    try turn.changeSchema(request, ahead: made, actor: actor, reply: &reply)
                    return .success((reply.bytes, turn.position, turn.schemaEpoch))
                } catch {
                    return .failure(error)
                }
            }
        }
        return try outcome.get()
    }

    private func completed(_ ahead: IndexesAhead) -> IndexesAhead {
        // While this one waited, another change may have come: then there is nothing to make it for.
        guard currentView.schema === ahead.view.schema else { return ahead }
        var ahead = ahead
        ahead.make()
        for _ in 0..<Database.roundsMax {
            let view = currentView
            // Another change came first: what was made is good for nothing, as the turn will see.
            guard view.schema === ahead.view.schema else { break }
            if ahead.catchUp(to: view) <= Database.lateRowsMax { break }
        }
        return ahead
    }
}

// Changes of the schema: transactions like others, in the one order of the log, all or nothing, by an actor, with a request
// key. The entry holds the whole schema that is in force afterwards (Entry.swift); what that does to the tables follows
// from the schema before it.

extension Engine {
    /// Executes an encoded request to change the schema (SchemaRequest.swift). Appends the log entry to `entry` where
    /// something changed, and the encoded reply to `reply`, which names every problem where there are any.
    ///
    /// Throws only where the request cannot be read or is too old, and where the entry would be too large.
    /// - Complexity: O(declarations × entities), plus what the records are asked (`SchemaTransition`) and what they cost
    ///   under another layout (`Tables.adopt`).
    public func changeSchema(
        _ request: UnsafeRawBufferPointer,
        context: CommandContext,
        entry: inout ByteWriter,
        reply: inout ByteWriter
    ) throws(Refusal) -> Outcome {
        try changeSchema(request, ahead: nil, context: context, entry: &entry, reply: &reply)
    }

    /// The same, with indexes that were made for it before (`indexesAhead`). They are brought up to date first.
    package func changeSchema(
        _ request: UnsafeRawBufferPointer,
        ahead: consuming IndexesAhead?,
        context: CommandContext,
        entry: inout ByteWriter,
        reply: inout ByteWriter
    ) throws(Refusal) -> Outcome {
        let decoded: SchemaRequest
        do throws(DecodeError) {
            var reader = ByteReader(request)
            decoded = try SchemaRequest(from: &reader)
            try reader.expectEnd()
        } catch {
            throw Refusal(error)
        }
        if let key = decoded.key, let stored = try results.find(key) {
            reply.raw(stored)
            return .repeated
        }
        var ahead = ahead?.view.schema === schema ? ahead : nil
        if ahead != nil { _ = ahead?.catchUp(to: view) }
        var (answer, planned) = plan(decoded.document, ahead)
        guard let next = planned, !decoded.isCheck else {
            answer.encode(into: &reply)
            return .unchanged
        }
        let start = entry.count
        let envelope = Envelope(
            message: 0,
            timeMicroseconds: max(context.timeMicroseconds, timeMicroseconds),
            actor: context.actor,
            key: decoded.key
        )
        EntryHeader(kind: EntryHeader.schemaChangeKind, envelope: envelope).encode(into: &entry)
        next.encode(into: &entry)
        answer.position = position + 1
        answer.epoch = next.epoch
        answer.isApplied = true
        let replyStart = reply.count
        answer.encode(into: &reply)
        // With a key the entry holds the reply, too.
        guard entry.count - start + (decoded.key == nil ? 0 : reply.count - replyStart) <= entryBytesMax else {
            entry.truncate(start)
            reply.truncate(replyStart)
            throw Refusal(.limitExceeded, "The schema is larger than a log entry of \(entryBytesMax >> 10) KiB.")
        }
        adopt(next, fills: true, ahead: ahead)
        position += 1
        timeMicroseconds = envelope.timeMicroseconds
        guard let key = decoded.key else { return .changed }
        entry.u32(UInt32(reply.count - replyStart))
        reply.withUnsafeBytes { bytes in
            let stored = UnsafeRawBufferPointer(rebasing: bytes[replyStart...])
            entry.raw(stored)
            results.store(key, stored, at: position)
        }
        return .changed
    }

    /// What a request to change the schema would have to index, with the view from which that is to be made; nil where there is
    /// little, and where the request is not one that will be carried out.
    package func indexesAhead(
        of request: UnsafeRawBufferPointer,
        recordsMin: Int = IndexesAhead.recordsMin
    ) -> IndexesAhead? {
        var reader = ByteReader(request)
        guard tables.indices.contains(where: { tables[$0].liveCount >= recordsMin }),
            let decoded = try? SchemaRequest(from: &reader), !decoded.isCheck
        else { return nil }
        var planner = SchemaPlanner(schema, tables)
        guard let wanted = planner.plan(decoded.document), !wanted.sameContent(as: schema) else { return nil }
        return IndexesAhead(from: view, to: wanted.succeeding(schema), recordsMin: recordsMin)
    }

    /// What a document would do, and the schema that it leads to: nil where it changes nothing or has problems.
    private func plan(_ document: SchemaDocument, _ ahead: IndexesAhead?) -> (SchemaReply, Schema?) {
        var planner = SchemaPlanner(schema, tables)
        var answer = SchemaReply(position: position, epoch: schema.epoch)
        guard let wanted = planner.plan(document) else {
            answer.problems = planner.problems
            return (answer, nil)
        }
        answer.differences = schema.differences(to: wanted)
        answer.problems = SchemaTransition.problems(from: schema, to: wanted, tables, ahead: ahead)
            .map(planner.located)
        answer.problems += wanted.viewProblems(since: schema).map(planner.located)
        guard answer.problems.isEmpty, !wanted.sameContent(as: schema) else { return (answer, nil) }
        let next = wanted.succeeding(schema)
        var bytes = ByteWriter()
        next.encode(into: &bytes)
        guard bytes.count <= Limits.schemaBytesMax else {
            answer.problems = [SchemaProblem("The schema would have more than \(Limits.schemaBytesMax >> 20) MiB.")]
            return (answer, nil)
        }
        return (answer, next)
    }

    /// Puts a schema in force that is no client's, and appends the log entry that says so: the first entry of an
    /// organisation's log, or what a newer version adds. Returns the obstacle where the records do not allow it.
    @discardableResult
    package func install(_ schema: Schema, context: CommandContext, entry: inout ByteWriter) -> String? {
        let isFirst = self.schema.entities.isEmpty
        if let problem = SchemaTransition.problems(from: self.schema, to: schema, tables).first {
            return problem.description
        }
        let envelope = Envelope(
            message: 0,
            timeMicroseconds: max(context.timeMicroseconds, timeMicroseconds),
            actor: context.actor,
            key: nil
        )
        let kind = isFirst ? EntryHeader.schemaKind : EntryHeader.schemaChangeKind
        EntryHeader(kind: kind, envelope: envelope).encode(into: &entry)
        schema.encode(into: &entry)
        adopt(schema, fills: !isFirst)
        position += 1
        timeMicroseconds = envelope.timeMicroseconds
        return nil
    }

    /// Replays a schema of the log.
    func replaySchema(_ schema: Schema, kind: UInt8) throws(DecodeError) {
        guard kind == EntryHeader.schemaChangeKind else {
            // From before clients could change a schema: such entries only add, and fill nothing.
            if let obstacle = schema.obstacle(to: self.schema) { throw DecodeError("schema: \(obstacle)", at: 0) }
            return adopt(schema, fills: false)
        }
        guard schema.epoch > self.schema.epoch else { throw DecodeError("schema: its epoch is not a later one", at: 0) }
        if let problem = SchemaTransition.problems(from: self.schema, to: schema, tables).first {
            throw DecodeError("schema: \(problem.description)", at: 0)
        }
        adopt(schema, fills: true)
    }

    /// Takes a schema over. Its numbers and the records allow it.
    private func adopt(_ schema: Schema, fills: Bool, ahead: IndexesAhead? = nil) {
        tables.adopt(schema, from: self.schema, fills: fills, ahead: ahead)
        self.schema = schema
        schemaChangeCount += 1
        updateShapes.removeAll()
        derivedReads.removeAll()
    }
}

extension Schema {
    /// The same content under the epoch that follows another schema's.
    package func succeeding(_ schema: Schema) -> Schema {
        Schema(
            epoch: schema.epoch + 1,
            entities: entities,
            optionSets: optionSets,
            deletedEntities: deletedEntities,
            views: views
        )
    }

    /// Views that could be asked before, or that are new, and cannot be asked under this schema.
    fileprivate func viewProblems(since old: Schema) -> [SchemaProblem] {
        views.compactMap { view in
            do {
                _ = try PreparedQuery(view.query, schema: self)
                return nil
            } catch {
                let wasBroken = old.views.contains(view) && (try? PreparedQuery(view.query, schema: old)) == nil
                return wasBroken ? nil : SchemaProblem("The view's query does not fit: \(error).", entity: view.name)
            }
        }
    }
}

import Engine
import NIOCore
import NIOPosix

// The client's state behind its event loop: which calls are queued, which are on their way, and whether there is a
// connection. It outlives connections.
//
// Invariants
// - A call is in exactly one place: the queue, a slot, `stale` or `delayed`; when it leaves the last one it is completed.
// - The correlation id of a call is its slot, so that an answer finds its call without a search.
// - Calls leave the queue in order; after a lost connection those that were on their way go before all others, in order.

final class ClientCore {
    private enum State {
        /// No connection, and nobody wants one.
        case idle
        /// An attempt or the wait before one is under way.
        case connecting
        case ready(ClientConnection)
        case closed
    }

    /// Bytes on their way at most: enough to fill any pipe, little enough to be sent again.
    private static let bytesInFlightMax = 32 << 20
    /// Connections that a call is sent on before it is given up: one that costs the server its life, or its connection, must
    /// not do so for ever.
    private static let attemptsMax = 10

    let eventLoop: any EventLoop
    let options: ClientOptions
    private let schemaBox: SchemaBox
    private var state = State.idle
    private var queue = CircularBuffer<ClientCall>()
    private var slots: [ClientCall?] = []
    private var freeSlots: [Int] = []
    private var inFlightCount = 0
    private var inFlightBytes = 0
    private var nextOrder: UInt64 = 0
    /// Calls that wait for the new schema.
    private var stale: [ClientCall] = []
    /// Calls that wait until the server has room again, by their order.
    private var delayed: [UInt64: ClientCall] = [:]
    /// When the present attempts to connect began, and how many failed.
    private var tryingSince: NIODeadline?
    private var failures = 0

    init(eventLoop: any EventLoop, options: ClientOptions, schemaBox: SchemaBox) {
        self.eventLoop = eventLoop
        self.options = options
        self.schemaBox = schemaBox
    }

    // MARK: Sending

    /// Takes new calls.
    func send(_ calls: [ClientCall]) {
        eventLoop.preconditionInEventLoop()
        if case .closed = state {
            for call in calls { call.complete(.failure(ClientError.closed)) }
            return
        }
        for var call in calls {
            call.order = nextOrder
            nextOrder += 1
            queue.append(call)
        }
        pump()
    }

    /// Sends what the window has room for, in one write.
    func pump() {
        switch state {
        case .idle: connect()
        case .connecting, .closed: return
        case .ready(let connection): pump(connection)
        }
    }

    private func pump(_ connection: ClientConnection) {
        guard !queue.isEmpty, connection.isWritable else { return }
        var buffer: ByteBuffer?
        while inFlightCount < KithClient.callsInFlightMax, inFlightBytes < Self.bytesInFlightMax,
            var call = queue.popFirst()
        {
            guard call.attempts < Self.attemptsMax else {
                call.complete(.failure(ClientError.connectionLost("\(call.attempts) connections ended at this call")))
                continue
            }
            call.attempts += 1
            let header = WireHeader(
                .request,
                call.operation.rawValue,
                correlation: UInt64(freeSlots.last ?? slots.count),
                schemaEpoch: call.schemaEpoch
            )
            let body = call.body
            place(call)
            let length = WireHeader.lengthBytes + body.count
            if buffer == nil { buffer = connection.buffer(capacity: max(length, 4096)) }
            buffer?.writeFrame(header, body)
        }
        if let buffer { connection.write(buffer) }
    }

    private func place(_ call: ClientCall) {
        inFlightCount += 1
        inFlightBytes += call.body.count
        if let slot = freeSlots.popLast() { slots[slot] = call } else { slots.append(call) }
    }

    private func takeCall(_ slot: UInt64) -> ClientCall? {
        guard slot < UInt64(slots.count), let call = slots[Int(slot)] else { return nil }
        slots[Int(slot)] = nil
        freeSlots.append(Int(slot))
        inFlightCount -= 1
        inFlightBytes -= call.body.count
        return call
    }

    // MARK: Answers

    /// An answer came. Throws when it belongs to no call or cannot be read.
    func receive(_ header: WireHeader, _ body: UnsafeRawBufferPointer) throws(ClientError) {
        if header.kind == FrameKind.reply.rawValue {
            guard let call = takeCall(header.correlation) else {
                throw .protocolViolation("an answer to no request")
            }
            return call.complete(.success(ClientCall.Answer(count: header.count, body: Array(body))))
        }
        let failure: WireFailure
        do { failure = try WireFailure(decoding: body) } catch { throw .protocolViolation("\(error)") }
        switch failure {
        case .refusal(let refusal) where refusal.code == .overloaded: tryLater(header.correlation, refusal)
        case .refusal(let refusal): takeCall(header.correlation)?.complete(.failure(refusal))
        case .query(let error): takeCall(header.correlation)?.complete(.failure(error))
        case .wire(let error) where error.endsConnection: throw .server(error)
        case .wire(let error) where error.code == .schemaStale:
            guard let call = takeCall(header.correlation) else { return }
            stale.append(call)
            if stale.count == 1 { refreshSchema() }
        case .wire(let error): takeCall(header.correlation)?.complete(.failure(ClientError.server(error)))
        }
    }

    /// The disk does not keep up: the call goes again after a wait that doubles each time.
    private func tryLater(_ slot: UInt64, _ refusal: Refusal) {
        guard let call = takeCall(slot) else { return }
        guard call.attempts < Self.attemptsMax else { return call.complete(.failure(refusal)) }
        delayed[call.order] = call
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let wait = options.backoff.waitMilliseconds(failures: call.attempts)
        eventLoop.scheduleTask(in: .milliseconds(Int64(wait))) {
            guard let call = bound.value.delayed.removeValue(forKey: call.order) else { return }
            bound.value.queue.prepend(call)
            bound.value.pump()
        }
    }

    /// Asks for the schema, then sends the calls again that were made with an older one. Their numbers stay valid: none is
    /// ever given to something else.
    private func refreshSchema() {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        var call = ClientCall(
            operation: .schema,
            schemaEpoch: 0,
            body: [],
            completion: .handler { result in
                bound.value.finishRefresh(result)
            }
        )
        call.order = nextOrder
        nextOrder += 1
        queue.prepend(call)
        pump()
    }

    private func finishRefresh(_ result: Result<ClientCall.Answer, any Error>) {
        let calls = exchange(&stale, with: [])
        do {
            let answer = try result.get()
            let schema = try answer.body.withUnsafeBytes { bytes throws(DecodeError) in
                var reader = ByteReader(bytes)
                return try Schema(from: &reader)
            }
            schemaBox.schema = schema
            for var call in calls.reversed() {
                call.schemaEpoch = schema.epoch
                queue.prepend(call)
            }
            pump()
        } catch {
            for call in calls { call.complete(.failure(error)) }
        }
    }

    // MARK: Connecting

    private func connect() {
        state = .connecting
        if tryingSince == nil { tryingSince = .now() }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let options = options
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.milliseconds(Int64(options.connectTimeoutMilliseconds)))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 16)
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 4 << 10, initial: 16 << 10, maximum: 1 << 20)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ClientConnection(core: bound.value))
                }
            }
            .connect(host: options.host, port: options.port)
            .whenFailure { bound.value.connectionFailed(.notReachable(systemReason($0))) }
    }

    /// The hello was answered.
    func connectionReady(_ connection: ClientConnection, _ hello: HelloReply) {
        schemaBox.schema = hello.schema
        tryingSince = nil
        failures = 0
        state = .ready(connection)
        pump()
    }

    /// A connection was lost, or could not be made.
    func connectionFailed(_ error: ClientError) {
        if case .closed = state { return }
        takeBackCalls(error)
        state = .connecting
        let now = NIODeadline.now()
        let since = tryingSince ?? now
        tryingSince = since
        failures += 1
        guard !queue.isEmpty else {
            // Nobody waits: connect again with the next call.
            state = .idle
            tryingSince = nil
            failures = 0
            return
        }
        guard isWorthRetrying(error), now - since < .milliseconds(Int64(options.giveUpAfterMilliseconds)) else {
            state = .idle
            tryingSince = nil
            failures = 0
            let calls = queue
            queue.removeAll()
            for call in calls { call.complete(.failure(error)) }
            return
        }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .milliseconds(Int64(options.backoff.waitMilliseconds(failures: failures)))) {
            guard case .connecting = bound.value.state else { return }
            bound.value.connect()
        }
    }

    private func isWorthRetrying(_ error: ClientError) -> Bool {
        switch error {
        case .server(let error):
            switch error.code {
            case .wrongVersion, .unknownOrganisation, .unknownUser, .malformedFrame, .bodyTooLarge, .helloRequired:
                false
            default: true
            }
        case .protocolViolation, .closed, .tooLarge: false
        case .notReachable, .connectionLost: true
        }
    }

    /// Puts calls without an answer back, in the order in which they were sent.
    private func takeBackCalls(_ error: ClientError) {
        var calls = slots.compactMap { $0 } + exchange(&stale, with: [])
        calls.sort { $0.order < $1.order }
        slots.removeAll(keepingCapacity: true)
        freeSlots.removeAll(keepingCapacity: true)
        inFlightCount = 0
        inFlightBytes = 0
        for call in calls.reversed() {
            if call.isResendable {
                queue.prepend(call)
            } else {
                call.complete(.failure(ClientError.connectionLost(error.description)))
            }
        }
    }

    /// Ends the client.
    func close() {
        let connection: ClientConnection? = if case .ready(let connection) = state { connection } else { nil }
        state = .closed
        let calls = slots.compactMap { $0 } + stale + queue + delayed.values
        delayed = [:]
        slots = []
        freeSlots = []
        stale = []
        queue.removeAll()
        for call in calls { call.complete(.failure(ClientError.closed)) }
        connection?.close()
    }
}

// Where mail systems connect: a loopback address, or a socket in the file system.
//
// Guarantees: a connection costs what `ListenLimits` says at most, and so do all of them together; a session that is silent, or that
// lasts too long, ends with 421; when it stops, messages that have come are stored and answered, everybody else hears 421.

import Logging
import NIOCore
import NIOPosix
import Net
import Router
import Synchronization

/// The bounds of all connections together.
package struct ListenLimits: Sendable {
    /// Connections at a time. Mail servers open 20 to a host by default.
    package var connectionsMax = 100
    /// Bytes of messages that are coming, over all connections: four of the largest, and thousands of usual ones.
    package var memoryBytesMax = 256 << 20
    /// Silence after which a session ends: RFC 5321, 4.5.3.2.7.
    package var silence = TimeAmount.minutes(5)
    /// A session lasts so long at most, so that nobody holds a connection with a byte every other minute.
    package var session = TimeAmount.hours(1)
    /// Bounds of each session.
    package var receive = ReceiveLimits()

    package init() {}
}

/// Where to listen.
package enum ListenAddress: Hashable, Sendable {
    case tcp(host: String, port: Int)
    case unix(path: String)
}

/// Counts since the start.
package struct ListenCounts: Equatable, Sendable {
    package var connections = 0
    package var open = 0
    package var messages = 0
}

/// What all connections share.
final class ListenPlaces: Sendable {
    let limits: ListenLimits
    private let state = Mutex((counts: ListenCounts(), bytes: 0))

    init(_ limits: ListenLimits) { self.limits = limits }

    var counts: ListenCounts { state.withLock { $0.counts } }

    /// Takes a place; false where none is free.
    func enter() -> Bool {
        state.withLock { state in
            guard state.counts.open < limits.connectionsMax else { return false }
            state.counts.open += 1
            state.counts.connections += 1
            return true
        }
    }

    func leave() { state.withLock { $0.counts.open -= 1 } }

    func countMessage() { state.withLock { $0.counts.messages += 1 } }

    /// Changes what is held; false where it is more than may be.
    func hold(_ change: Int) -> Bool {
        state.withLock { state in
            state.bytes += change
            return change <= 0 || state.bytes <= limits.memoryBytesMax
        }
    }
}

/// Listens for one protocol.
package final class MailListener: Sendable {
    /// The real one when 0 was asked for; 0 for a socket in the file system.
    package let port: Int
    private let channel: any Channel
    private let sessions: MailSessions

    private init(_ channel: any Channel, _ sessions: MailSessions) {
        (self.channel, self.sessions) = (channel, sessions)
        port = channel.localAddress?.port ?? 0
    }

    /// Begins to listen. TCP is for loopback addresses only: the router believes whoever speaks to it.
    ///
    /// - Parameters:
    ///   - places: shared by all listeners, so that the bounds are those of the router.
    ///   - store: takes a message and says, on any thread, what became of it.
    static func start(
        _ dialect: MailDialect,
        at address: ListenAddress,
        hostName: String,
        domains: Set<String>?,
        places: ListenPlaces,
        group: MultiThreadedEventLoopGroup,
        logger: Logger,
        store: @escaping @Sendable (ReceivedMail, @escaping @Sendable (SpoolOutcome) -> Void) -> Void
    ) async throws(ServerError) -> MailListener {
        let sessions = MailSessions()
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 128)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let session = MailSession(
                        dialect,
                        hostName: hostName,
                        domains: domains,
                        limits: places.limits.receive
                    )
                    let handler = MailConnection(session, places, sessions, logger: logger, store: store)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        do {
            switch address {
            case .tcp(let host, let port):
                let socket = try Server.loopbackAddress(host, port)
                let channel = try await bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .bind(to: socket).get()
                return MailListener(channel, sessions)
            case .unix(let path):
                let channel = try await bootstrap.withBoundSocket(try UnixSocket.bound(path)).get()
                return MailListener(channel, sessions)
            }
        } catch let error as ServerError {
            throw error
        } catch {
            throw .cannotListen("\(error)")
        }
    }

    /// Takes no more connections, and ends those that there are as soon as what has come is stored.
    package func stop() async {
        try? await channel.close().get()
        await sessions.end()
    }
}

/// The connections that are open, so that they can be ended.
final class MailSessions: Sendable {
    private struct State {
        var isEnding = false
        var next = 0
        var open: [Int: @Sendable () -> Void] = [:]
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Adds one with what ends it; nil where they are ending already.
    func add(_ end: @escaping @Sendable () -> Void) -> Int? {
        state.withLock { state in
            guard !state.isEnding else { return nil }
            state.next += 1
            state.open[state.next] = end
            return state.next
        }
    }

    func remove(_ number: Int) {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.open[number] = nil
            guard state.isEnding, state.open.isEmpty else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Ends all, and returns when they are gone.
    func end() async {
        await withCheckedContinuation { continuation in
            let ends = state.withLock { state -> [@Sendable () -> Void] in
                state.isEnding = true
                if state.open.isEmpty { return [] }
                state.waiting.append(continuation)
                return state.open.sorted { $0.key < $1.key }.map(\.value)
            }
            if ends.isEmpty { continuation.resume() }
            for end in ends { end() }
        }
    }
}

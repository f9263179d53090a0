import NIOCore
import Synchronization

// What the loops of a server count together: connections, buffers, rehearsals. Everything else belongs to one loop alone
// (`ServerCore`).

/// Thread rule: any thread.
final class ServerCensus: Sendable {
    private struct State {
        var connectionCount = 0
        var connectionsByAddress: [String: Int] = [:]
        var rehearsalCount = 0
        var isEvicting = false
        var cores: [NIOLoopBound<ServerCore>] = []
    }

    /// What was refused, and why.
    let counts = ServerCounts()
    private let limits: WireLimits
    private let state = Mutex(State())
    private let bufferedBytes = Atomic(0)

    init(_ limits: WireLimits) { self.limits = limits }

    /// Another loop takes part. Before the server listens.
    func join(_ core: NIOLoopBound<ServerCore>) { state.withLock { $0.cores.append(core) } }

    // MARK: Connections

    /// Counts a connection in; throws when there is no room for it.
    func admit(_ address: String) throws(WireError) {
        let (isAdmitted, count) = state.withLock { state in
            let ofAddress = state.connectionsByAddress[address, default: 0]
            guard state.connectionCount < limits.connectionsMax, ofAddress < limits.connectionsPerAddressMax else {
                return (false, state.connectionCount)
            }
            state.connectionCount += 1
            state.connectionsByAddress[address] = ofAddress + 1
            return (true, state.connectionCount)
        }
        guard isAdmitted else {
            throw WireError(.tooManyConnections, "The server has \(count) connections, its limit.")
        }
    }

    /// Counts it out.
    func leave(_ address: String) {
        state.withLock { state in
            state.connectionCount -= 1
            let ofAddress = state.connectionsByAddress[address, default: 1] - 1
            state.connectionsByAddress[address] = ofAddress == 0 ? nil : ofAddress
        }
    }

    /// Open connections.
    var connectionCount: Int { state.withLock { $0.connectionCount } }

    // MARK: Rehearsals

    /// Counts a rehearsal in; false when there are as many as may be.
    func beginRehearsal() -> Bool {
        state.withLock { state in
            guard state.rehearsalCount < limits.rehearsalsMax else { return false }
            state.rehearsalCount += 1
            return true
        }
    }

    /// Counts it out.
    func endRehearsal() { state.withLock { $0.rehearsalCount -= 1 } }

    // MARK: Buffers

    /// Keeps account of what connections buffer, and has the fullest of all closed when that is too much.
    func account(_ difference: Int) {
        let total = bufferedBytes.add(difference, ordering: .relaxed).newValue
        guard difference > 0, total > limits.bufferedBytesMax else { return }
        let cores = state.withLock { state -> [NIOLoopBound<ServerCore>] in
            if state.isEvicting { return [] }
            state.isEvicting = true
            return state.cores
        }
        guard let first = cores.first else { return }
        // As tasks: the connection may be in the midst of its work.
        let fullest = cores.map { core in core.eventLoop.submit { core.value.fullest?.accountedBytes ?? 0 } }
        EventLoopFuture.whenAllComplete(fullest, on: first.eventLoop).whenSuccess { [self] results in
            let bytes = results.map { (try? $0.get()) ?? 0 }
            let core = cores[bytes.indices.max { bytes[$0] < bytes[$1] } ?? 0]
            core.eventLoop.execute { [self] in
                // Whoever asked may have counted what an eviction just before has given back since.
                if bufferedBytes.load(ordering: .relaxed) > limits.bufferedBytesMax { core.value.evictFullest() }
                // A closed connection gives back its bytes in the loop's next round, and until then nobody else has to go.
                core.eventLoop.execute { [self] in state.withLock { $0.isEvicting = false } }
            }
        }
    }
}

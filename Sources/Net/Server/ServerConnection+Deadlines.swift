import NIOCore

// Deadlines are looked after by one sweep over all connections, four times per shortest deadline and at most once a second:
// no timer per connection, no clock on the way of a request. So a deadline ends up to a quarter late.

/// What a connection was last seen doing. The hot path only sets a flag.
struct ConnectionClock {
    private var wasHeard = false
    /// When the connection was made, or began to close.
    private(set) var beganAt = NIODeadline.uptimeNanoseconds(0)
    /// When something was last heard.
    private(set) var heardAt = NIODeadline.uptimeNanoseconds(0)
    /// When the sweep first found the frame incomplete that is incomplete now.
    var incompleteSince: NIODeadline?
    /// When the client was last seen to take bytes, and how many were left then.
    var blockedSince: NIODeadline?
    var blockedBytes = 0

    mutating func begin(_ now: NIODeadline) {
        beganAt = now
        heardAt = now
    }

    mutating func heard() { wasHeard = true }

    /// Notes at a sweep whether something was heard since the last one.
    mutating func tick(_ now: NIODeadline) {
        if wasHeard { heardAt = now }
        wasHeard = false
    }
}

extension ServerCore {
    var sweepIntervalMilliseconds: Int64 {
        let deadlines = [
            limits.helloDeadlineMilliseconds, limits.frameDeadlineMilliseconds, limits.readDeadlineMilliseconds,
            limits.idleDeadlineMilliseconds, limits.cursorLifetimeMilliseconds, limits.rehearsalLifetimeMilliseconds,
        ]
        let shortest = deadlines.filter { $0 > 0 }.min() ?? 4_000
        return Int64(min(max(shortest / 4, 5), 1_000))
    }

    func sweepConnections(now: NIODeadline) {
        // From the last to the first: closing a connection moves the last one into its place.
        for index in connections.indices.reversed() where index < connections.count {
            connections[index].checkDeadlines(now)
        }
    }
}

extension ServerConnection {
    /// What a client gets to read the last error before the connection is closed under it.
    private static let lingerMilliseconds: Int64 = 1_000

    func checkDeadlines(_ now: NIODeadline) {
        clock.tick(now)
        expireCursors(now)
        expireRehearsal(now)
        expireUploads(now)
        switch phase {
        case .closing:
            if now - clock.beganAt >= .milliseconds(Self.lingerMilliseconds) { abort() }
            return
        case .greeting:
            if now - clock.beganAt >= .milliseconds(Int64(core.limits.helloDeadlineMilliseconds)) {
                return fail(WireError(.tooSlow, "No hello in \(core.limits.helloDeadlineMilliseconds) ms."))
            }
        case .open: break
        }
        if isBlockedByClient {
            let unsent = unsentBytes
            if clock.blockedSince == nil || unsent < clock.blockedBytes { clock.blockedSince = now }
            clock.blockedBytes = unsent
        } else {
            clock.blockedSince = nil
        }
        if let since = clock.blockedSince,
            now - since >= .milliseconds(Int64(core.limits.readDeadlineMilliseconds))
        {
            let deadline = core.limits.readDeadlineMilliseconds
            return drop(WireError(.tooSlow, "The client has read no reply in \(deadline) ms."))
        }
        clock.incompleteSince = awaitsRestOfFrame ? clock.incompleteSince ?? now : nil
        if let since = clock.incompleteSince,
            now - since >= .milliseconds(Int64(core.limits.frameDeadlineMilliseconds))
        {
            let deadline = core.limits.frameDeadlineMilliseconds
            return fail(WireError(.tooSlow, "A frame was begun and not ended in \(deadline) ms."))
        }
        let idle = Int64(core.limits.idleDeadlineMilliseconds)
        if idle > 0, isIdle, now - clock.heardAt >= .milliseconds(idle) {
            fail(WireError(.idle, "Nothing was asked for \(idle) ms."))
        }
    }
}

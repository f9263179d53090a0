// What the log of an open directory is doing: for status and monitoring.

/// Figures of the log at one moment.
public struct LogFigures: Sendable {
    /// The first position that the log still holds.
    public var firstPosition: UInt64
    /// Its segments.
    public var segmentCount: Int
    /// Entries that wait to be written.
    public var pendingEntries: Int
    /// Their bytes.
    public var pendingBytes: Int
    /// Beyond this, changes are refused for a moment.
    public var pendingBytesMax: Int
    /// Why the log has halted; nil while it works.
    public var haltReason: String?
    /// How long syncs of groups took, since the start.
    public var syncs: LatencyFigures
}

extension DataDirectory {
    /// The figures of this moment.
    public var logFigures: LogFigures {
        let segments = catalog.segments
        return core.state.withLock { state in
            LogFigures(
                firstPosition: segments.map(\.firstPosition).min() ?? 0,
                segmentCount: segments.count,
                pendingEntries: state.pending.entryCount,
                pendingBytes: state.pending.payloadBytes,
                pendingBytesMax: core.pendingLimitBytes,
                haltReason: state.failure?.description,
                syncs: core.syncTimes.figures
            )
        }
    }
}

import Engine
import Snapshot

extension DatabaseStatus {
    /// Appends the figures; docs/monitoring.md lists them. Metrics are only ever added.
    package func write(to metrics: inout MetricsText) {
        metrics.gauge("kith_position", "The last transaction executed.", position)
        metrics.gauge("kith_durable_position", "The last transaction that is safe on the disk.", durablePosition)
        metrics.gauge("kith_schema_epoch", "Version of the schema in force.", schemaEpoch)
        metrics.family("kith_records", .gauge, "Living records.")
        for entity in entities { metrics.sample("kith_records", entity.recordCount, [("entity", entity.name)]) }
        metrics.family("kith_memory_bytes", .gauge, "Memory of records and their indexes.")
        for entity in entities {
            for (part, bytes) in entity.parts {
                metrics.sample("kith_memory_bytes", bytes, [("entity", entity.name), ("part", part)])
            }
        }
        metrics.gauge("kith_idle_bytes", "Memory kept for records to come.", idleBytes)
        writeLog(to: &metrics)
        metrics.gauge("kith_snapshot_position", "Position of the newest snapshot.", newestSnapshot?.position ?? 0)
        metrics.gauge("kith_snapshot_bytes", "Bytes of the newest snapshot.", newestSnapshot?.fileBytes ?? 0)
        metrics.gauge(
            "kith_snapshot_failed",
            "Whether the last attempt at a snapshot failed.",
            lastSnapshotFailure == nil ? 0 : 1
        )
        metrics.gauge("kith_snapshots", "Snapshots that are kept.", history.snapshotCount)
        metrics.gauge(
            "kith_history_since_position",
            "States from this position on can be rebuilt.",
            history.sincePosition
        )
        metrics.gauge("kith_scrub_damage", "Findings of the last scrub.", scrub.damage.count)
        metrics.family("kith_scrub_passes_total", .counter, "Passes of the scrub.")
        metrics.sample("kith_scrub_passes_total", scrub.passCount)
        metrics.family("kith_scrub_read_bytes_total", .counter, "Bytes read by the scrub.")
        metrics.sample("kith_scrub_read_bytes_total", scrub.readBytes)
        metrics.gauge("kith_contents", "Contents of files.", files.contentCount)
        metrics.gauge("kith_content_bytes", "Bytes of contents of files.", files.contentBytes)
        metrics.gauge("kith_uploads", "Uploads under way.", files.uploadCount)
        metrics.gauge("kith_job_faults", "Jobs that stand still.", jobFaults.count)
    }

    private func writeLog(to metrics: inout MetricsText) {
        metrics.gauge(
            "kith_log_bytes_since_snapshot",
            "Bytes of log that a start would replay.",
            logBytesSinceSnapshot
        )
        metrics.gauge("kith_log_segments", "Segments of the log.", log.segmentCount)
        metrics.gauge("kith_log_first_position", "The first position that the log holds.", log.firstPosition)
        metrics.gauge("kith_log_pending_entries", "Entries that wait for the disk.", log.pendingEntries)
        metrics.gauge("kith_log_pending_bytes", "Bytes that wait for the disk.", log.pendingBytes)
        metrics.gauge("kith_log_halted", "Whether a write or a sync of the log failed.", log.haltReason == nil ? 0 : 1)
        let name = "kith_log_sync_seconds"
        metrics.family(name, .histogram, "How long syncs of commit groups took.")
        var seen: UInt64 = 0
        for (bound, count) in zip(LatencyFigures.boundsMicroseconds, log.syncs.counts) {
            seen += count
            metrics.sample("\(name)_bucket", seen, [("le", String(Double(bound) / 1_000_000))])
        }
        metrics.sample("\(name)_bucket", log.syncs.count, [("le", "+Inf")])
        metrics.sample("\(name)_sum", seconds: log.syncs.sumMicroseconds)
        metrics.sample("\(name)_count", log.syncs.count)
    }
}

extension DatabaseStatus.EntityFigures {
    fileprivate var parts: [(String, Int)] {
        [
            ("columns", columnBytes), ("directory", directoryBytes), ("links", linkBytes), ("orders", orderedBytes),
            ("keys", keyBytes), ("find", searchBytes),
        ]
    }
}

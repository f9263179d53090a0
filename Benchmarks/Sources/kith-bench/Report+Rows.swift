// The verdict on each row of the targets, from the figures of the parts that were run. A row whose peers were all there is
// reached, or not, and then said to be within half of its target or not; without one of them there is no claim.

import BenchData

extension Report {
    /// How far a value is from its target: 1 or more is reached. `isAtMost`: less is better.
    private struct Goal {
        var value: Double
        var target: Double
        var isAtMost = false

        var reach: Double { isAtMost ? target / value : value / target }
    }

    /// What a row says of one of its targets; without a goal there is no claim.
    private struct Part {
        var text: String
        var goal: Goal?
    }

    private func close(_ row: Int, _ parts: [Part], notes: [String] = [], _ target: String) {
        let goals = parts.compactMap(\.goal)
        let reach = goals.map(\.reach).min() ?? 0
        let verdict =
            goals.count < parts.count
            ? "no claim (not everything was run)"
            : reach >= 1 ? "reached" : reach >= 0.5 ? "not reached (half: reached)" : "not reached (half: not reached)"
        let text = (parts.map(\.text) + notes + ["target \(target)"]).joined(separator: ", ")
        add(row: row, "row \(row): \(text): \(verdict)")
    }

    /// "5.6x redis", or why not; with the goal on it.
    private func against(_ measure: String, _ peer: String, _ target: Double, isAtMost: Bool = false) -> Part {
        let ratios = ratios(measure, peer)
        guard !ratios.isEmpty else { return Part(text: "\(peer) not run (\(absent[peer] ?? "not installed"))") }
        let ratio = Report.median(ratios)
        return Part(
            text: "\(Report.factor(ratio)) \(peer)",
            goal: Goal(value: ratio, target: target, isAtMost: isAtMost)
        )
    }

    /// "embedded 2.10 M rows/s", or why not.
    private func embedded(_ measure: String, _ what: String, _ unit: String, _ target: Double) -> Part {
        let value = median(measure, "kith")
        guard value.isFinite else { return Part(text: "\(what) not run (\(absent["embedded"] ?? "another part"))") }
        return Part(
            text: "\(what) \(Report.millions(value)) M \(unit)",
            goal: Goal(value: value, target: target)
        )
    }

    /// Closes the rows of the parts that were run.
    func closeRows(_ parts: Set<Options.Part>) {
        if parts.contains(.reads) { readRows() }
        if parts.contains(.embedded) {
            embeddedReadRow()
            rulesRow()
            scheduleRow()
        }
        if parts.contains(.updates) { updateRow() }
        if parts.contains(.load) { loadRows() }
        if parts.contains(.restore) { restoreRows() }
    }

    private func readRows() {
        let deep = "read depth 64"
        let rate = Report.millions(median(deep, "kith")) + " M/s"
        var first = [against(deep, "redis", 5), against(deep, "tarantool", 2)]
        first[0].text = "\(rate), \(first[0].text)"
        close(1, first, "5x and 2x")

        let many = "read 64 ids a request"
        var second = against(many, "redis", 10)
        second.text = "\(Report.millions(median(many, "kith"))) M/s, \(second.text)"
        close(2, [second], "10x")

        let single = "read depth 1"
        var third = [against(single, "redis", 1), against(single, EchoServer.name, 0.9)]
        third[0].text = "\(Report.millions(median(single, "kith"))) M/s, \(third[0].text)"
        if third[0].goal != nil {
            let cpu = medianCPU(single, "kith") / medianCPU(single, "redis")
            third.append(
                Part(
                    text: "\(Report.factor(cpu)) redis CPU an operation",
                    goal: Goal(value: cpu, target: 1, isAtMost: true)
                )
            )
        }
        close(3, third, "1x, 0.9x of the echo, and at most 1x CPU")
    }

    private func embeddedReadRow() {
        let rate = median("embedded read", "kith")
        guard rate.isFinite else {
            return close(4, [Part(text: "not run (\(absent["embedded"] ?? "no figure"))")], "at most 80 ns")
        }
        let nanoseconds = 1e9 / rate
        let alone = 1e9 / median("embedded read, engine alone", "kith")
        close(
            4,
            [
                Part(
                    text: "\(Report.rounded(nanoseconds, 0)) ns a record",
                    goal: Goal(value: nanoseconds, target: 80, isAtMost: true)
                )
            ],
            notes: ["\(Report.rounded(alone, 0)) ns by the engine alone, as columns"],
            "at most 80 ns"
        )
    }

    /// Not a row of the targets: what the CRM's rules cost (docs/crm.md), behind them.
    private func rulesRow() {
        let byMessages = 1e6 / median("rules: messages", "kith")
        guard byMessages.isFinite else { return }
        let without = 1e6 / median("rules: the same changes without", "kith")
        add(
            row: .max,
            """
            rules: a message takes \(Report.rounded(byMessages, 1)) us of processor time, the same changes without rules \
            \(Report.rounded(without, 1)) us: \(Report.factor(byMessages / without))
            """
        )
        for products in ["one product", "300 products"] {
            let measure = "rules: quote of 1,000 lines, \(products), priced"
            let pricing = 1e3 / median("\(measure), nothing new", "kith")
            let writing = 1e3 / median("\(measure) and written", "kith")
            add(
                row: .max,
                """
                pricing: a quote of 1,000 lines of \(products) priced in \(Report.rounded(pricing, 2)) ms of processor \
                time (with new prices written to each line \(Report.rounded(writing, 2)) ms), target at most 1 ms: \
                \(pricing <= 1 ? "reached" : "not reached")
                """
            )
        }
    }

    /// Neither: what a search for times costs (docs/scheduling.md).
    private func scheduleRow() {
        let milliseconds = 1e3 / median("schedule: 14 days of 100 resources", "kith")
        guard milliseconds.isFinite else { return }
        add(
            row: .max,
            """
            schedule: all times of 14 days for 2 of 100 people and a room found in \(Report.rounded(milliseconds, 2)) ms of processor time, \
            target at most 10 ms: \(milliseconds <= 10 ? "reached" : "not reached")
            """
        )
    }

    private func updateRow() {
        let measure = "durable update"
        var parts = [
            against(measure, "redis", 3), against(measure, "tarantool", 5), against(measure, "postgresql", 50),
        ]
        parts[0].text = "\(Report.millions(median(measure, "kith"))) M/s, \(parts[0].text)"
        let p99 = Report.median(
            figures.filter { $0.measure == measure && $0.server == "kith" }.compactMap(\.batchP99Microseconds)
        )
        let latency = "p99 of 16 in a closed loop \(Report.rounded(p99 / 1000, 1)) ms"
        close(5, parts, notes: [latency], "3x, 5x and 50x")
    }

    private func loadRows() {
        let rate = median("bulk load", "kith")
        let redis = against("bulk load", "redis", 1)
        close(
            6,
            [
                Part(text: Report.millions(rate) + " M rows/s", goal: Goal(value: rate, target: 1e6)),
                against("bulk load", "postgresql", 5),
                embedded("embedded load", "embedded", "rows/s", 3e6),
            ],
            notes: [redis.text + (redis.goal == nil ? "" : " (which builds no index)")],
            "1 M rows/s, 5x, and 3 M rows/s embedded"
        )
        let measure = "resident bytes a record"
        var memory = against(measure, "redis", 0.2, isAtMost: true)
        let own = median("accounted bytes a record", "kith")
        let accounted = own.isNaN ? "" : " (\(Report.rounded(own, 0)) by its own account)"
        memory.text = "\(Report.rounded(median(measure, "kith"), 0)) B a record\(accounted), \(memory.text)"
        close(13, [memory], "at most 0.2x")
    }

    private func restoreRows() {
        let rate = median("restore", "kith")
        close(
            12,
            [
                Part(text: Report.millions(rate) + " M rows/s", goal: Goal(value: rate, target: 8e6)),
                against("restore", "redis", 5),
                embedded("log replay of creates", "log replay of creates", "changes/s", 2e6),
                embedded("log replay of updates", "of updates", "changes/s", 2e6),
            ],
            "8 M rows/s, 5x, and 2 M changes/s"
        )
        let measure = "snapshot bytes a record"
        var size = against(measure, "redis", 1.0 / 3, isAtMost: true)
        size.text = "\(Report.rounded(median(measure, "kith"), 0)) B a record, \(size.text)"
        close(14, [size], "at most 0.33x")
    }
}

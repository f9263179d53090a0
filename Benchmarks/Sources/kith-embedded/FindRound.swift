// Quick find in the contacts that an engine holds: ten records for texts as people type them. Every text is made from a contact,
// so that each finds something, and each is asked once, in random order: what it touches is not in the cache from before.
// The clock is the thread's processor time: on a shared machine, others do not count.

import BenchData
import Glibc
import Kith

struct FindRound {
    private static let textCountMax = 20_000

    private let data: Dataset
    private let engine: Engine

    init(_ data: Dataset, _ engine: Engine) {
        self.data = data
        self.engine = engine
    }

    func run() throws {
        let start = processorTime()
        engine.makeSearch()
        Main.report("find: index made", data.recordCount, nanoseconds: processorTime() - start)
        var random = Random(state: 19)
        let view = engine.view
        let kinds: [(String, (String, String, inout Random) -> String)] = [
            ("prefix", { name, _, random in String(name.prefix(2 + random.below(3))) }),
            (
                "infix",
                { name, digits, random in
                    random.below(2) == 0
                        ? String(name.dropFirst().prefix(3 + random.below(2))) : String(digits.dropFirst(4).prefix(5))
                }
            ),
            (
                "typo",
                { name, _, _ in
                    var letters = Array(name)
                    letters.swapAt(2, 3)
                    return String(letters)
                }
            ),
            ("two words", { name, _, random in name + " " + ["a", "b", "c", "e"][random.below(4)] }),
        ]
        for (kind, text) in kinds {
            let texts = (0..<FindRound.textCountMax).map { _ in
                let row = random.below(data.recordCount)
                let family = String(decoding: data.text(3, row, 0), as: UTF8.self).lowercased()
                let telephone = String(decoding: data.text(Dataset.Place.telephone, row, 0), as: UTF8.self)
                return text(String(family.prefix { $0 != "-" }), telephone.filter(\.isNumber), &random)
            }
            var nanoseconds: [UInt64] = []
            var found = 0
            for text in texts {
                let start = processorTime()
                found += try view.find(FindRequest(text, entities: ["contact"])).count
                nanoseconds.append(processorTime() - start)
                if nanoseconds.reduce(0, &+) > 10_000_000_000 { break }
            }
            guard found > 0 else { throw BenchError("\(kind) finds nothing") }
            nanoseconds.sort()
            // Figures are values a second.
            Main.report("find: \(kind), p50", 1, nanoseconds: nanoseconds[nanoseconds.count / 2])
            Main.report("find: \(kind), p99", 1, nanoseconds: nanoseconds[nanoseconds.count * 99 / 100])
        }
    }

    private func processorTime() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

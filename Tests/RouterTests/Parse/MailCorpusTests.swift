import Foundation
import Router
import Testing

/// Real and torturing messages, whole and damaged: each is read, or refused with a typed error.
@Suite struct MailCorpusTests {
    private static let folders = ["mail-mime", "mail-bulk", "mail-helpdesk", "mail-bounces", "mail-replies"]

    @Test(.enabled(if: MailCorpus.isPresent, "no real mail"))
    func everyMessageIsRead() throws {
        var count = 0
        var slowest = (milliseconds: 0.0, name: "")
        for file in MailCorpusTests.folders.flatMap(MailCorpus.files) {
            let bytes = try MailCorpus.bytes(file)
            guard !bytes.isEmpty else { continue }
            let clock = ContinuousClock()
            let duration = try clock.measure { _ = try MailParser().parse(bytes) }
            count += 1
            let milliseconds = duration / .milliseconds(1)
            if milliseconds > slowest.milliseconds { slowest = (milliseconds, file.lastPathComponent) }
        }
        print("\(count) messages read; the slowest took \(slowest.milliseconds) ms: \(slowest.name)")
        #expect(count > 500)
    }

    /// Damage of the kinds that fuzzing finds bugs with: bytes changed, cut, doubled, swapped between messages.
    @Test(.enabled(if: MailCorpus.isPresent, "no real mail"), arguments: [UInt64(1), 2])
    func damagedMessagesDoNoHarm(_ seed: UInt64) throws {
        let originals = try ["mail-mime", "mail-bounces"].flatMap(MailCorpus.files).map(MailCorpus.bytes)
            .filter { (1...20_000).contains($0.count) }
        var random = SeededRandom(seed)
        let runCount = ProcessInfo.processInfo.environment["KITH_TORTURE"] == nil ? 1_500 : 100_000
        var readCount = 0
        for run in 0..<runCount {
            var bytes = originals[random.below(originals.count)]
            for _ in 0...random.below(6) { MailCorpusTests.damage(&bytes, originals, &random) }
            do throws(MailError) {
                let message = try MailParser().parse(bytes)
                readCount += 1
                // Every leaf is somewhere, and the texts are texts.
                #expect(message.text.utf8.count <= 4 * bytes.count + 100, "seed \(seed), run \(run)")
                if let html = message.html { #expect(!html.contains("<script"), "seed \(seed), run \(run)") }
            } catch {
                #expect(error != .notAMessage, "seed \(seed), run \(run)")
            }
        }
        #expect(readCount * 10 > runCount * 9, "seed \(seed)")
    }

    private static func damage(_ bytes: inout [UInt8], _ originals: [[UInt8]], _ random: inout SeededRandom) {
        guard !bytes.isEmpty else { return }
        let place = random.below(bytes.count)
        let end = min(bytes.count, place + 1 + random.below(200))
        switch random.below(8) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.removeSubrange(place..<end)
        case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 3: bytes.removeLast(bytes.count - end)
        case 4: bytes[place] = [0, 0x0A, 0x0D, 0x3A, 0x3B, 0x22, 0x28, 0x3C, 0xFF, 0x3D][random.below(10)]
        case 5:
            let other = originals[random.below(originals.count)]
            let start = random.below(other.count)
            bytes.insert(contentsOf: other[start..<min(other.count, start + 300)], at: place)
        case 6:
            bytes.insert(
                contentsOf: Array("\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".utf8),
                at: place
            )
        default: bytes.swapAt(place, random.below(bytes.count))
        }
    }
}

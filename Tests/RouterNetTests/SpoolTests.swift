import Engine
import Router
import RouterNet
import Snapshot
import Testing

/// The spool on a simulated disk.
@Suite struct SpoolTests {
    static func mail(_ index: Int, bytes: Int = 300) -> SpooledMail {
        let text = "Subject: \(index)\r\n\r\n" + String(repeating: "x", count: bytes) + "\r\n"
        let mail = ReceivedMail(
            sender: "a\(index)@b.example",
            recipients: ["c@d.example", "é@d.example"],
            peer: "client.example",
            bytes: Array(text.utf8)
        )
        return SpooledMail(mail, receivedMicroseconds: Int64(index))
    }

    /// All that waits, in order.
    static func contents(_ spool: MailSpool) throws -> [SpooledMail] {
        var mails: [SpooledMail] = []
        while let number = spool.next() {
            mails.append(try spool.read(number))
            try spool.remove(number)
        }
        return mails
    }

    @Test func whatIsStoredIsReadInOrder() throws {
        let storage = SimulatedStorage(seed: 1)
        let mails = (0..<5).map { SpoolTests.mail($0) }
        var spool = try MailSpool(storage)
        #expect(spool.store(Array(mails[..<3])) == [.stored, .stored, .stored])
        #expect(spool.store(Array(mails[3...])) == [.stored, .stored])
        storage.restartProcess()
        spool = try MailSpool(storage)
        #expect(spool.waiting.count == 5)
        #expect(try SpoolTests.contents(spool) == mails)
        #expect(spool.waiting.bytes == 0)
        // Numbers go on behind the last that is there; with none there, they may begin again.
        #expect(spool.store([mails[0]]) == [.stored])
        #expect(try SpoolTests.contents(spool) == [mails[0]])
    }

    @Test func oneRouterHasIt() throws {
        let storage = SimulatedStorage(seed: 1)
        let spool = try MailSpool(storage)
        #expect(throws: StorageError.self) { try MailSpool(storage) }
        spool.close()
        _ = try MailSpool(storage)
    }

    @Test func boundsAreRefusals() throws {
        var limits = SpoolLimits()
        limits.countMax = 2
        let spool = try MailSpool(SimulatedStorage(seed: 1), limits: limits)
        #expect(spool.store((0..<3).map { SpoolTests.mail($0) }) == [.stored, .stored, .full])
        #expect(spool.counts.stored == 2 && spool.counts.refused == 1)
        try spool.remove(try #require(spool.next()))
        #expect(spool.store([SpoolTests.mail(3)]) == [.stored])
        limits.countMax = 100
        limits.bytesMax = 1_000
        let small = try MailSpool(SimulatedStorage(seed: 1), limits: limits)
        #expect(small.store((0..<3).map { SpoolTests.mail($0) }) == [.stored, .stored, .full])
    }

    @Test func aFullDiskAndABrokenOneRefuse() throws {
        let storage = SimulatedStorage(seed: 1, capacityBytes: 300 << 20)
        let spool = try MailSpool(storage)
        #expect(spool.store([SpoolTests.mail(1)]) == [.stored])
        storage.setCapacity(bytes: 200 << 20)
        #expect(spool.store([SpoolTests.mail(2)]) == [.full])
        storage.setCapacity(bytes: 300 << 20)
        for operation in [SimulatedStorage.Operation.write, .sync, .names, .directorySync] {
            storage.injectFault(operation, callsBefore: 0)
            #expect(spool.store([SpoolTests.mail(3)]) == [.failed], "\(operation)")
            storage.clearFaults()
        }
        #expect(try SpoolTests.contents(spool) == [SpoolTests.mail(1)])
    }

    @Test func whatTwiceEndsTheProcessIsSetAside() throws {
        let storage = SimulatedStorage(seed: 1)
        var spool = try MailSpool(storage)
        _ = spool.store([SpoolTests.mail(1), SpoolTests.mail(2)])
        for _ in 0..<2 {
            let number = try #require(spool.next())
            _ = try spool.read(number)
            try spool.begin(number)
            storage.restartProcess()
            spool = try MailSpool(storage)
        }
        #expect(spool.counts.quarantined == 1)
        #expect(storage.contents(of: "q-0000000000000001") == SpoolTests.mail(1).encoded)
        #expect(storage.contents(of: "q-0000000000000001.txt")?.isEmpty == false)
        #expect(try SpoolTests.contents(spool) == [SpoolTests.mail(2)])
        // Numbers of what is quarantined are not given again.
        storage.restartProcess()
        spool = try MailSpool(storage)
        _ = spool.store([SpoolTests.mail(3)])
        #expect(spool.next() == 3 || spool.next() == 2)
        #expect(storage.contents(of: "q-0000000000000001") != nil)
    }

    /// A sync of names that failed says nothing about the next one that does not.
    @Test func namesThatCannotBeSyncedEndTheTaking() throws {
        let storage = SimulatedStorage(seed: 1)
        var spool = try MailSpool(storage)
        storage.injectFault(.directorySync, callsBefore: 0)
        #expect(spool.store([SpoolTests.mail(1)]) == [.failed])
        let syncs = storage.counts.directorySyncs
        #expect(spool.isBroken && spool.store([SpoolTests.mail(2), SpoolTests.mail(3)]) == [.failed, .failed])
        #expect(storage.counts.directorySyncs == syncs && spool.counts.refused == 3)
        storage.restartProcess()
        spool = try MailSpool(storage)
        #expect(spool.store([SpoolTests.mail(4)]) == [.stored])
    }

    /// Set aside is set aside: nobody tries it again under its old name.
    @Test func whatIsSetAsideIsGoneWhateverTheSyncSays() throws {
        let storage = SimulatedStorage(seed: 1)
        let spool = try MailSpool(storage)
        _ = spool.store([SpoolTests.mail(1), SpoolTests.mail(2)])
        storage.injectFault(.names, callsBefore: 0)
        #expect(throws: StorageError.self) { try spool.quarantine(1, "it is tried again") }
        storage.clearFaults()
        #expect(spool.next() == 1)
        storage.injectFault(.directorySync, callsBefore: 0)
        try spool.quarantine(1, "its name may come back")
        #expect(spool.next() == 2 && spool.waiting.count == 1 && spool.counts.quarantined == 1)
        #expect(storage.contents(of: "q-0000000000000001") == SpoolTests.mail(1).encoded)
    }

    @Test func othersFilesAreLeftAlone() throws {
        let storage = SimulatedStorage(seed: 1)
        let others = ["t-shirts.csv", "t-0000000000000001.old", "t-000000000000000G", "m-1-0", "notes"]
        for name in others + ["t-0000000000000009"] { _ = try storage.open(name, creating: true) }
        _ = try MailSpool(storage)
        #expect(Set(try storage.list()).isSuperset(of: others))
        #expect(try !storage.list().contains("t-0000000000000009"))
    }

    @Test func whatWasReadToItsEndIsNot() throws {
        let storage = SimulatedStorage(seed: 1)
        var spool = try MailSpool(storage)
        _ = spool.store([SpoolTests.mail(1)])
        for _ in 0..<5 {
            try spool.begin(1)
            try spool.end(1)
            storage.restartProcess()
            spool = try MailSpool(storage)
        }
        #expect(try SpoolTests.contents(spool) == [SpoolTests.mail(1)])
    }

    @Test func damageIsSeen() throws {
        let whole = SpoolTests.mail(1).encoded
        #expect(try SpooledMail(decoding: whole) == SpoolTests.mail(1))
        for index in whole.indices {
            var bytes = whole
            bytes[index] ^= 1
            #expect(throws: DecodeError.self, "byte \(index)") { try SpooledMail(decoding: bytes) }
            #expect(throws: DecodeError.self) { try SpooledMail(decoding: Array(whole[..<index])) }
        }
        #expect(throws: DecodeError.self) { try SpooledMail(decoding: whole + [0]) }
    }

    /// Power goes at any call; what was acknowledged is there afterwards, whole, and nothing else but what was sent.
    @Test func powerCuts() throws {
        for seed in UInt64(0)..<100 {
            let storage = SimulatedStorage(seed: seed)
            var random = SplitMix64(seed: seed)
            var acknowledged: Set<Int> = []
            var removed: Set<Int> = []
            var next = 0
            for _ in 0..<4 {
                storage.cutPower(afterChanges: Int(random.next() % 60))
                if let spool = try? MailSpool(storage) {
                    for _ in 0..<8 {
                        let batch = next..<next + 1 + Int(random.next() % 4)
                        next = batch.upperBound
                        let outcomes = spool.store(batch.map { SpoolTests.mail($0, bytes: Int(random.next() % 2_000)) })
                        for (index, outcome) in zip(batch, outcomes) where outcome == .stored {
                            acknowledged.insert(index)
                        }
                        guard random.next() % 2 == 0, let number = spool.next(), let mail = try? spool.read(number)
                        else { continue }
                        try? spool.begin(number)
                        try? spool.end(number)
                        if (try? spool.remove(number)) != nil { removed.insert(Int(mail.receivedMicroseconds)) }
                    }
                }
                storage.crash()
            }
            let spool = try MailSpool(storage)
            var found = try SpoolTests.contents(spool).map { Int($0.receivedMicroseconds) }
            // Power that went twice while a message was read sets it aside.
            for name in try storage.list() where name.hasPrefix("q-") && !name.hasSuffix(".txt") {
                let bytes = try #require(storage.contents(of: name))
                found.append(Int(try SpooledMail(decoding: bytes).receivedMicroseconds))
            }
            #expect(Set(found).count == found.count, "seed \(seed): a message is there twice")
            #expect(acknowledged.subtracting(removed).isSubset(of: found), "seed \(seed): a message is lost")
            #expect(Set(found).isSubset(of: 0..<next), "seed \(seed)")
        }
    }
}

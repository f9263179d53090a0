// The two storages: the same behaviour where both promise it, and what only a simulated disk does.

import Glibc
import Snapshot
import TestSupport
import Testing

extension StorageFile {
    func put(_ bytes: [UInt8], at offset: UInt64) throws {
        try bytes.withUnsafeBytes { try write($0, at: offset) }
    }

    func get(_ count: Int, at offset: UInt64) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: count)
        let got = try bytes.withUnsafeMutableBytes { try read(into: $0, at: offset) }
        return Array(bytes[..<got])
    }
}

@Suite struct StorageTests {
    private func checkCommonBehaviour(of storage: any Storage) throws {
        #expect(throws: StorageError.notFound(file: "a")) { try storage.open("a", creating: false) }
        let file = try storage.open("a", creating: true)
        try file.put([1, 2, 3], at: 2)
        #expect(try file.get(10, at: 0) == [0, 0, 1, 2, 3])
        #expect(try file.get(10, at: 5).isEmpty)
        try file.zeroFill(to: 9)
        #expect(try file.size() == 9)
        #expect(try file.get(3, at: 4) == [3, 0, 0])
        try checkSectors(of: file)
        try file.truncate(to: 4)
        #expect(try storage.openForReading("a").size() == 4)
        try file.sync()
        _ = try storage.open("b", creating: true)
        try storage.rename("a", to: "b")
        try storage.syncDirectory()
        #expect(try storage.list() == ["b"])
        #expect(try storage.openForReading("b").get(9, at: 2) == [1, 2])
        try storage.remove("b")
        #expect(throws: StorageError.notFound(file: "b")) { try storage.remove("b") }
        #expect(try storage.freeBytes() > 0)
    }

    /// What may go around the cache agrees with what does not, in any order, and zeros reach from any size to any size.
    private func checkSectors(of file: any StorageFile) throws {
        try file.zeroFill(to: 3 * 4096 + 17)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 8192, alignment: 4096)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 7)
        try file.put([8, 9], at: 4607)
        try file.write(sectors: UnsafeRawBufferPointer(rebasing: memory[..<1024]), at: 4608)
        try file.put([10], at: 5000)
        #expect(try file.get(4, at: 4606) == [0, 8, 7, 7])
        #expect(try file.get(3, at: 4999) == [7, 10, 7])
        #expect(try file.get(2, at: 5631) == [7, 0])
        #expect(try file.size() == 3 * 4096 + 17)
        // Behind the end, and at an offset that is none of a sector.
        try file.write(sectors: UnsafeRawBufferPointer(memory), at: 16_384)
        try file.write(sectors: UnsafeRawBufferPointer(rebasing: memory[..<512]), at: 100)
        try file.sync()
        #expect(try file.get(3, at: 99) == [0, 7, 7])
        #expect(try file.get(2, at: 16_383) == [0, 7])
        #expect(try file.size() == 24_576)
    }

    @Test func simulatedDirectory() throws { try checkCommonBehaviour(of: SimulatedStorage(seed: 1)) }

    @Test func realDirectory() throws {
        let directory = try TemporaryDirectory()
        try checkCommonBehaviour(of: try FileStorage(path: directory.path))
    }

    @Test func realFilesBelongToTheirOwner() throws {
        let parent = try TemporaryDirectory()
        let path = parent.path + "/new"
        let storage = try FileStorage(path: path, creating: true)
        _ = try storage.open("a", creating: true)
        var information = stat()
        #expect(stat(path, &information) == 0 && information.st_mode & 0o777 == 0o700)
        #expect(stat(path + "/a", &information) == 0 && information.st_mode & 0o777 == 0o600)
        #expect(symlink(path + "/a", path + "/link") == 0)
        #expect(throws: StorageError.self) { try storage.open("link", creating: false) }
        unlink(path + "/link")
        unlink(path + "/a")
        rmdir(path)
    }

    /// A sync that does nothing passes every other test on a disk that keeps its power. The system refuses to sync what is no
    /// file on a disk, and says so only if it is asked.
    @Test func realSyncsReachTheSystem() throws {
        let directory = try TemporaryDirectory()
        #expect(mkfifo(directory.path + "/pipe", 0o600) == 0)
        let pipe = try FileStorage(path: directory.path).open("pipe", creating: false)
        #expect(throws: StorageError.failed(operation: "sync", file: "pipe", errorNumber: EINVAL)) { try pipe.sync() }
        let processes = try FileStorage(path: "/proc")
        #expect(throws: StorageError.failed(operation: "sync", file: "/proc", errorNumber: EINVAL)) {
            try processes.syncDirectory()
        }
        #expect(throws: StorageError.failed(operation: "sync", file: "/proc", errorNumber: EINVAL)) {
            try FileStorage.syncParent(of: "/proc/new")
        }
    }

    @Test func aSecondOpenerLearnsWhoTheFirstIs() throws {
        let directory = try TemporaryDirectory()
        let storage = try FileStorage(path: directory.path)
        let second = try FileStorage(path: directory.path)
        let lock = try storage.lock(.exclusive)
        #expect(throws: StorageError.inUse(processID: getpid())) { try second.lock(.exclusive) }
        #expect(throws: StorageError.inUse(processID: getpid())) { try second.lock(.shared) }
        lock.release()
        let shared = try second.lock(.shared)
        #expect(throws: StorageError.self) { try storage.lock(.exclusive) }
        shared.release()
        _ = try storage.lock(.exclusive)
    }

    @Test func anOpenDirectoryIsLocked() throws {
        let storage = SimulatedStorage(seed: 1)
        try ToyDirectory.create(storage)
        let toy = try ToyDirectory(storage)
        #expect(throws: DirectoryError.storage(.inUse(processID: getpid()))) { try ToyDirectory(storage) }
        #expect(throws: DirectoryError.storage(.inUse(processID: getpid()))) { try DataDirectory.verify(storage) }
        #expect(throws: DirectoryError.storage(.inUse(processID: getpid()))) { try ToyDirectory.create(storage) }
        try toy.directory.close()
        try ToyDirectory(storage).directory.close()
        #expect(throws: DirectoryError.alreadyExists) { try ToyDirectory.create(storage) }
        #expect(throws: DirectoryError.notFound) { try ToyDirectory(SimulatedStorage(seed: 1)) }
    }

    /// Over many seeds a cut leaves each unsynced sector and each unsynced name both ways, and synced ones one way.
    @Test func aPowerCutLosesOnlyWhatWasNotSynced() throws {
        var contents: Set<[UInt8]> = []
        var names: Set<[String]> = []
        for seed in 0..<UInt64(200) {
            let storage = SimulatedStorage(seed: seed)
            let file = try storage.open("kept", creating: true)
            try file.put([UInt8](repeating: 1, count: 1536), at: 0)
            try file.sync()
            _ = try storage.open("old", creating: true)
            try storage.syncDirectory()
            try file.put([UInt8](repeating: 2, count: 1024), at: 512)
            try storage.rename("old", to: "new")
            _ = try storage.open("third", creating: true)
            storage.crash()
            #expect(throws: StorageError.self) { try file.size() }
            let bytes = try storage.openForReading("kept").get(2000, at: 0)
            contents.insert([0, 511, 512, 1023, 1024, 1535].map { bytes[$0] })
            names.insert(try storage.list())
        }
        let outcomes: [[UInt8]] = [
            [1, 1, 1, 1, 1, 1], [1, 1, 2, 2, 1, 1], [1, 1, 1, 1, 2, 2], [1, 1, 2, 2, 2, 2],
        ]
        #expect(contents == Set(outcomes))
        #expect(names == [["kept", "new"], ["kept", "old"], ["kept", "new", "third"], ["kept", "old", "third"]])
    }

    /// After a failed sync the cache shows what the disk may lack, and a later sync does not bring it there.
    @Test func aFailedSyncLosesForGood() throws {
        var survived = 0
        for seed in 0..<UInt64(100) {
            let storage = SimulatedStorage(seed: seed)
            let file = try storage.open("a", creating: true)
            try storage.syncDirectory()
            try file.put([UInt8](repeating: 0, count: 512), at: 0)
            try file.sync()
            try file.put([7], at: 0)
            storage.injectFault(.sync, callsBefore: 0)
            #expect(throws: StorageError.failed(operation: "sync", file: "a", errorNumber: EIO)) { try file.sync() }
            try file.sync()
            #expect(try file.get(1, at: 0) == [7])
            storage.crash()
            survived += try storage.openForReading("a").get(1, at: 0) == [7] ? 1 : 0
        }
        #expect((1...99).contains(survived))
    }

    @Test func capacityIsALimit() throws {
        let storage = SimulatedStorage(seed: 1, capacityBytes: 1000)
        let file = try storage.open("a", creating: true)
        try file.zeroFill(to: 900)
        #expect(throws: StorageError.outOfSpace(file: "a", operation: "write")) { try file.zeroFill(to: 1001) }
        try storage.remove("a")
        #expect(try storage.freeBytes() == 1000)
    }
}

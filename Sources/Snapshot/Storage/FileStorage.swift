// The real directory: raw system calls, each interrupted or partial one continued, every failure typed.
//
// Files are opened relative to the directory's descriptor, never through a symbolic link, closed on exec, and readable
// by their owner only. The lock is an `flock` on the file `lock`, which belongs to the open file description: it ends
// with the process however that ends, and a second opener in the same process is refused as well.

import Glibc

/// A directory of the file system.
public final class FileStorage: Storage {
    public let path: String
    private let descriptor: FileDescriptor

    /// Opens the directory at `path`. With `creating`, makes it (mode 0700) where it does not exist and makes its name
    /// durable in its parent.
    public init(path: String, creating: Bool = false) throws(StorageError) {
        self.path = path
        if creating {
            if mkdir(path, 0o700) == 0 {
                try FileStorage.syncParent(of: path)
            } else if errno != EEXIST {
                throw FileStorage.error("create", path, errno)
            }
        }
        let number = retryingInterrupts { Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard number >= 0 else { throw FileStorage.error("open", path, errno) }
        descriptor = FileDescriptor(number)
    }

    public func open(_ name: String, creating: Bool) throws(StorageError) -> any StorageFile {
        try openFile(name, flags: creating ? O_RDWR | O_CREAT : O_RDWR)
    }

    public func openForReading(_ name: String) throws(StorageError) -> any StorageFile {
        try openFile(name, flags: O_RDONLY)
    }

    private func openFile(_ name: String, flags: Int32) throws(StorageError) -> DiskFile {
        let number = retryingInterrupts {
            openat(descriptor.number, name, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        }
        guard number >= 0 else { throw FileStorage.error("open", name, errno) }
        return DiskFile(name: name, descriptor: FileDescriptor(number))
    }

    public func list() throws(StorageError) -> [String] {
        // A descriptor of its own, because a directory stream has a position that would be shared otherwise.
        let number = retryingInterrupts { openat(descriptor.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard number >= 0 else { throw FileStorage.error("list", path, errno) }
        guard let stream = fdopendir(number) else {
            let code = errno
            close(number)
            throw FileStorage.error("list", path, code)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw FileStorage.error("list", path, errno) }
                break
            }
            // Entries that say what they are not (directories, sockets) are no files of ours.
            let type = Int32(entry.pointee.d_type)
            guard type == Int32(DT_REG) || type == Int32(DT_UNKNOWN) else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    public func rename(_ name: String, to newName: String) throws(StorageError) {
        guard renameat(descriptor.number, name, descriptor.number, newName) == 0 else {
            throw FileStorage.error("rename", name, errno)
        }
    }

    public func remove(_ name: String) throws(StorageError) {
        guard unlinkat(descriptor.number, name, 0) == 0 else { throw FileStorage.error("remove", name, errno) }
    }

    public func syncDirectory() throws(StorageError) {
        guard fsync(descriptor.number) == 0 else {
            throw FileStorage.error("sync", path, errno)
        }
    }

    public func folder(_ name: String, creating: Bool) throws(StorageError) -> any Storage {
        try FileStorage(path: path + "/" + name, creating: creating)
    }

    public func freeBytes() throws(StorageError) -> UInt64 {
        var information = statvfs()
        guard retryingInterrupts({ fstatvfs(descriptor.number, &information) }) == 0 else {
            throw FileStorage.error("measure", path, errno)
        }
        return UInt64(information.f_bavail) &* UInt64(information.f_frsize)
    }

    public func lock(_ mode: StorageLockMode) throws(StorageError) -> any StorageLock {
        let name = "lock"
        let flags = mode == .exclusive ? O_RDWR | O_CREAT : O_RDONLY
        let file: DiskFile
        do {
            file = try openFile(name, flags: flags)
        } catch {
            if case .notFound = error, mode == .shared { return DiskLock(descriptor: nil) }
            throw error
        }
        let operation = (mode == .exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB
        guard retryingInterrupts({ flock(file.descriptor.number, operation) }) == 0 else {
            let code = errno
            guard code == EWOULDBLOCK else { throw FileStorage.error("lock", name, code) }
            throw .inUse(processID: FileStorage.holder(of: file))
        }
        if mode == .exclusive {
            // Only for the message of whoever is refused, so neither synced nor trusted.
            try file.truncate(to: 0)
            try writeText("\(getpid())\n", to: file)
        }
        return DiskLock(descriptor: file.descriptor)
    }

    private func writeText(_ text: String, to file: DiskFile) throws(StorageError) {
        let bytes = Array(text.utf8)
        var failure: StorageError?
        bytes.withUnsafeBytes { buffer in
            do throws(StorageError) { try file.write(buffer, at: 0) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private static func holder(of file: DiskFile) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = bytes.withUnsafeMutableBytes { try? file.read(into: $0, at: 0) } ?? 0
        return Int32(String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    /// Makes the name of the directory at `path` durable.
    package static func syncParent(of path: String) throws(StorageError) {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        let parent: String
        if let slash = trimmed.lastIndex(of: "/") {
            parent = slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
        } else {
            parent = "."
        }
        let number = retryingInterrupts { Glibc.open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard number >= 0 else { throw error("open", parent, errno) }
        let directory = FileDescriptor(number)
        guard fsync(directory.number) == 0 else { throw error("sync", parent, errno) }
    }

    static func error(_ operation: String, _ file: String, _ code: Int32) -> StorageError {
        switch code {
        case ENOENT: .notFound(file: file)
        case ENOSPC, EDQUOT: .outOfSpace(file: file, operation: operation)
        default: .failed(operation: operation, file: file, errorNumber: code)
        }
    }
}

/// A descriptor that is closed exactly once.
final class FileDescriptor: Sendable {
    let number: Int32
    init(_ number: Int32) { self.number = number }
    deinit { close(number) }
}

private final class DiskLock: StorageLock {
    private let descriptor: FileDescriptor?
    init(descriptor: FileDescriptor?) { self.descriptor = descriptor }
    func release() { if let descriptor { flock(descriptor.number, LOCK_UN) } }
    deinit { release() }
}

func retryingInterrupts(_ call: () -> Int32) -> Int32 {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}

func errorDescription(_ errorNumber: Int32) -> String {
    var text = [CChar](repeating: 0, count: 128)
    guard strerror_r(errorNumber, &text, text.count) == 0 else { return "error \(errorNumber)" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

// One open file of the real directory. Short reads and writes are continued, interrupted ones repeated; `sync` is
// `fdatasync` and is never repeated.

import Glibc

final class DiskFile: StorageFile {
    let name: String
    let descriptor: FileDescriptor

    init(name: String, descriptor: FileDescriptor) {
        self.name = name
        self.descriptor = descriptor
    }

    func read(into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        guard let base = bytes.baseAddress, let start = off_t(exactly: offset) else { return 0 }
        var done = 0
        var retriedAfterError = false
        while done < bytes.count {
            let count = pread(descriptor.number, base + done, bytes.count - done, start + off_t(done))
            if count > 0 {
                done += count
            } else if count == 0 {
                break
            } else if errno != EINTR {
                // A read is harmless to repeat and media errors can pass; a second failure stands.
                guard errno == EIO, !retriedAfterError else { throw FileStorage.error("read", name, errno) }
                retriedAfterError = true
            }
        }
        return done
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        guard let start = off_t(exactly: offset), start.addingReportingOverflow(off_t(bytes.count)).overflow == false
        else { throw FileStorage.error("write", name, EFBIG) }
        var done = 0
        while done < bytes.count {
            let count = pwrite(descriptor.number, base + done, bytes.count - done, start + off_t(done))
            if count > 0 {
                done += count
            } else if count == 0 {
                throw FileStorage.error("write", name, EIO)
            } else if errno != EINTR {
                throw FileStorage.error("write", name, errno)
            }
        }
    }

    func sync() throws(StorageError) {
        // Not even after EINTR is it repeated: whether something was lost by then is not said.
        guard fdatasync(descriptor.number) == 0 else { throw FileStorage.error("sync", name, errno) }
    }

    func zeroFill(to size: UInt64) throws(StorageError) {
        var offset = try self.size()
        guard offset < size else { return }
        let chunk = 1 << 20
        let zeros = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 4096)
        defer { zeros.deallocate() }
        zeros.initializeMemory(as: UInt8.self, repeating: 0)
        while offset < size {
            let count = Int(min(UInt64(chunk), size - offset))
            try write(UnsafeRawBufferPointer(rebasing: zeros[..<count]), at: offset)
            offset += UInt64(count)
        }
    }

    func truncate(to size: UInt64) throws(StorageError) {
        guard let length = off_t(exactly: size) else { throw FileStorage.error("truncate", name, EFBIG) }
        guard retryingInterrupts({ ftruncate(descriptor.number, length) }) == 0 else {
            throw FileStorage.error("truncate", name, errno)
        }
    }

    func size() throws(StorageError) -> UInt64 {
        var information = stat()
        guard retryingInterrupts({ fstat(descriptor.number, &information) }) == 0 else {
            throw FileStorage.error("measure", name, errno)
        }
        return UInt64(max(0, information.st_size))
    }
}

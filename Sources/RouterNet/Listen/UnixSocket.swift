// A socket in the file system that the router's group may use.
//
// Guarantees: it listens only after its mode is 0660, whatever the process's mask; a socket where somebody listens is left alone, and so
// is everything that is no socket; one that its process left behind is replaced.

import Glibc
import Net

enum UnixSocket {
    /// Owner and group may connect.
    private static let mode: mode_t = 0o660

    /// A bound socket that does not listen yet. Throws `.cannotListen`.
    static func bound(_ path: String) throws(ServerError) -> CInt {
        try removeAbandoned(path)
        let descriptor = try made(path)
        guard call(path, { bind(descriptor, $0, $1) }) == 0, chmod(path, mode) == 0 else {
            throw failure(path, closing: descriptor)
        }
        return descriptor
    }

    private static func removeAbandoned(_ path: String) throws(ServerError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw .cannotListen("\(path) is there and is no socket")
        }
        let descriptor = try made(path)
        let result = call(path) { connect(descriptor, $0, $1) }
        let number = errno
        close(descriptor)
        guard result != 0, number == ECONNREFUSED else {
            throw .cannotListen("\(path) is in use, or not ours to look at")
        }
        guard unlink(path) == 0 else { throw failure(path) }
    }

    private static func made(_ path: String) throws(ServerError) -> CInt {
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw failure(path) }
        return descriptor
    }

    private static func failure(_ path: String, closing descriptor: CInt? = nil) -> ServerError {
        let number = errno
        if let descriptor { close(descriptor) }
        return .cannotListen("\(path): \(String(cString: strerror(number)))")
    }

    /// Calls with the address of a path; -1 where it does not fit.
    private static func call(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { place in
            guard bytes.count < place.count, !bytes.contains(0) else { return false }
            place.copyBytes(from: bytes)
            return true
        }
        guard fits else {
            errno = ENAMETOOLONG
            return -1
        }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

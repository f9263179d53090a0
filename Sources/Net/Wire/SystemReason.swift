import Glibc
import NIOCore
import NIOPosix

/// What the system said of a call on a socket that failed, in its own words: the library's describe its calls.
func systemReason(_ error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError:
        // One for each address that the name has; without any the name could not be resolved.
        let causes: [any Error] =
            error.connectionErrors.map(\.error) + [error.dnsAError, error.dnsAAAAError].compactMap { $0 }
        return causes.first.map(systemReason) ?? "\(error)"
    case let error as IOError:
        return String(cString: strerror(error.errnoCode))
    default:
        return "\(error)"
    }
}

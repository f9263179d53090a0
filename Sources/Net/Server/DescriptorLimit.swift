import Glibc

/// The descriptors that the system lets this process have. A connection takes one, and the usual limit of 1,024 is meant for
/// programs that call `select`.
package enum DescriptorLimit {
    /// Raises the limit to what the system allows this process. Never fails: where nothing can be raised, it stays, and a connection
    /// too many is refused by the system. Any thread.
    package static func raise() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }
}

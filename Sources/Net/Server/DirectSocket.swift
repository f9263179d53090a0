// Sending past the channel's queue. Most replies fit into the socket's buffer at once: for those the queue, its promises and its
// flush cost half as much again as the system's call.
//
// Invariants, kept by `ServerConnection`
// - Nothing is sent here while the channel has anything in its queue, so that bytes keep their order.
// - Nothing is sent once the channel is not active: by then its descriptor may be another connection's.

import Glibc
import NIOCore

/// A connection's socket, which stays the channel's.
struct DirectSocket {
    /// Below zero: there is none, and everything goes through the channel.
    private let descriptor: CInt

    init() { descriptor = -1 }

    init(_ channel: any Channel) {
        let found = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            $0
        }
        descriptor = found.flatMap { $0 } ?? -1
    }

    /// Sends as much as the system takes without waiting, and returns how much that was. An error is left to the channel, which
    /// meets it again and knows what to do.
    func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard descriptor >= 0 else { return 0 }
        return max(0, Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)))
    }
}

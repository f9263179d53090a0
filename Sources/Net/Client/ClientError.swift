import Engine

/// Why a call did not bring an answer of the engine. What the engine refuses is thrown as `Refusal` instead.
public enum ClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The server could not be reached for as long as the client was told to try.
    case notReachable(String)
    /// The connection was lost, and this call cannot be sent again.
    case connectionLost(String)
    /// The server answered that it cannot do it.
    case server(WireError)
    /// The server sent what the protocol does not allow.
    case protocolViolation(String)
    /// The transaction is longer than a frame.
    case tooLarge(bytes: Int)
    /// The client was closed.
    case closed

    /// In words.
    public var description: String {
        switch self {
        case .notReachable(let reason): "The server cannot be reached: \(reason)"
        case .connectionLost(let reason): "The connection was lost: \(reason)"
        case .server(let error): error.message
        case .protocolViolation(let reason): "The server does not keep to the protocol: \(reason)"
        case .tooLarge(let bytes): "\(bytes) bytes in one request; the limit is \(WireLimits.bodyBytesMax). Split it."
        case .closed: "The client is closed."
        }
    }
}

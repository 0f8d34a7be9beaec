import WebSocket

/// Why a server did not start; each says what, where and why in one sentence.
public enum StartError: Error, CustomStringConvertible {
    case store(StoreError)
    /// A game or a probe says something of itself that cannot be.
    case plugin(String)
    /// Settings that contradict themselves.
    case configuration(String)
    /// The store answered nothing when asked which rooms there are.
    case directory(path: String)
    case adminToken(AdminTokenError)
    case listen(ListenAddress, SystemError)
    case loop(SystemError)
    case portFile(path: String, reason: String)
    case resources(path: String, reason: String)
    case tls(TLSError)

    public var description: String {
        switch self {
        case .store(let error): "\(error)"
        case .plugin(let fault): "a plugin cannot be installed: \(fault)"
        case .configuration(let fault): "\(fault)"
        case .directory(let path): "the store in \(path) does not say which rooms it holds"
        case .adminToken(let error): "\(error)"
        case .listen(let address, let error): "cannot listen on \(address): \(error)"
        case .loop(let error): "cannot start the event loop: \(error)"
        case .portFile(let path, let reason): "cannot write \(path): \(reason)"
        case .resources(let path, let reason): "cannot serve \(path) of http.resources_directory: \(reason)"
        case .tls(let error): "cannot serve TLS: \(error)"
        }
    }
}

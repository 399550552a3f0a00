internal import Glibc
public import QuartileWire

/// A blocking client of the daemon: one call at a time, over one connection that is made when it is needed.
///
/// A value is for one thread. It installs no signal handler, starts no thread, and is safe against SIGPIPE.
public struct Client: ~Copyable {
    /// For how long a client waits for a daemon to come back that went away with a call unanswered, in seconds.
    /// A service manager starts a service again after 100 ms if nothing else is said (systemd.service(5)).
    public static let reconnectTime: Double = 3

    /// The longest answer that is taken, in bytes. 1,000 accounts are half a MiB; this only bounds a broken daemon.
    private static let maximumAnswerLength = 16 << 20

    /// Where the daemon is.
    public let socket: SocketPath
    private var connection: UnixSocket?
    private var framer = LineFramer(maximumLength: maximumAnswerLength)
    private var lastID: UInt64 = 0

    /// Makes a client. Nothing is connected yet.
    public init(_ socket: SocketPath) {
        self.socket = socket
    }

    /// Calls a method and waits for its answer.
    ///
    /// If the connection ends before the answer, a new one is made and the call is repeated once, where
    /// ``QuartileWire/Method/isRepeatable`` says that this is harmless.
    ///
    /// - Parameter timeout: How long everything may take, in seconds. The method's ``QuartileWire/Method/timeLimit``
    ///   unless given.
    public mutating func call(
        _ method: Method,
        params: JSON? = nil,
        timeout: Double? = nil
    ) throws(ClientError) -> JSON {
        let deadline = Deadline(after: timeout ?? method.timeLimit)
        let line = Request(id: .number(JSON.Number(nextID)), method, params: params).line
        guard line.count <= LineFramer.maximumLineLength + 1 else { throw .requestTooLong(byteCount: line.count - 1) }
        return try line.withUnsafeBufferPointer { line throws(ClientError) in
            try call(UnsafeRawBufferPointer(line), isRepeatable: method.isRepeatable, deadline)
        }
    }

    /// The id that the next request has to have.
    var nextID: UInt64 { lastID + 1 }

    /// Sends a request that was made with ``nextID``, and waits for its answer.
    ///
    /// - Parameter look: Sees what begins a line and was received at once, before it is taken apart.
    mutating func call(
        _ line: UnsafeRawBufferPointer,
        isRepeatable: Bool,
        _ deadline: Deadline,
        look: (_ received: UnsafeRawBufferPointer) -> Void = { _ in }
    ) throws(ClientError) -> JSON {
        lastID += 1
        do {
            if connection == nil || connection?.isClosed == true { try connect(deadline) }
            return try exchange(line, deadline, look)
        } catch .connectionLost where isRepeatable {
            try reconnect(deadline)
            return try exchange(line, deadline, look)
        }
    }

    private mutating func connect(_ deadline: Deadline) throws(ClientError) {
        connection = nil
        framer = LineFramer(maximumLength: Self.maximumAnswerLength)
        connection = try UnixSocket(connectingTo: socket, deadline: deadline)
    }

    /// Connects to a daemon that may be on its way back.
    private mutating func reconnect(_ deadline: Deadline) throws(ClientError) {
        let patience = Deadline(after: Self.reconnectTime).orEarlier(deadline)
        while true {
            do {
                return try connect(deadline)
            } catch .noDaemon where !patience.hasPassed {
                poll(nil, 0, 50)
            }
        }
    }

    private mutating func exchange(
        _ line: UnsafeRawBufferPointer,
        _ deadline: Deadline,
        _ look: (UnsafeRawBufferPointer) -> Void
    ) throws(ClientError) -> JSON {
        do throws(ClientError) {
            // What the daemon said before it went is worth reading: why it did, for example.
            _ = try connection?.send(line, deadline)
            return try answer(deadline, look)
        } catch {
            // After its own error the connection goes on; after any other nobody knows what comes next.
            if case .answered = error {} else { connection = nil }
            throw error
        }
    }

    private mutating func answer(
        _ deadline: Deadline,
        _ look: (UnsafeRawBufferPointer) -> Void
    ) throws(ClientError) -> JSON {
        while true {
            switch framer.next() {
            case .line(let line)?:
                if let response = try response(in: line) {
                    switch response.outcome {
                    case .success(let result): return result
                    case .failure(let error): throw .answered(error)
                    }
                }
            case .overlong?:
                throw .violation(ProtocolViolation("an answer is longer than \(Self.maximumAnswerLength) bytes"))
            case nil:
                let isReceived = try connection?.receive(deadline) { bytes in
                    if framer.byteCount == 0 { look(bytes) }
                    framer.append(bytes)
                }
                guard isReceived == true else {
                    throw .connectionLost(socket, serverUserID: connection?.serverUserID)
                }
            }
        }
    }

    /// The answer to the last request, if `line` is that. Notifications, and answers to requests given up, are let pass.
    private func response(in line: [UInt8]) throws(ClientError) -> Response? {
        do throws(ProtocolViolation) {
            switch try ServerMessage.decode(line) {
            case .response(let response) where response.id == .number(JSON.Number(lastID)) || response.id == .null:
                return response
            case .response, .responses, .notification:
                return nil
            }
        } catch {
            throw .violation(error)
        }
    }
}

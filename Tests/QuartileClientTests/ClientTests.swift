import Glibc
import QuartileClient
import QuartileWire
import Synchronization
import Testing

/// A client of `daemon`, handed to `body`. What it throws comes out as an optional, so that a test can look at it.
private func withClient(_ daemon: FakeDaemon, _ body: (inout Client) throws(ClientError) -> Void) -> ClientError? {
    defer { daemon.stop() }
    do throws(ClientError) {
        var client = Client(try SocketPath(daemon.path))
        try body(&client)
        return nil
    } catch {
        return error
    }
}

private func call(_ path: String, _ method: Method = .hello, timeout: Double? = nil) -> ClientError? {
    do throws(ClientError) {
        var client = Client(try SocketPath(path))
        _ = try client.call(method, timeout: timeout)
        return nil
    } catch {
        return error
    }
}

@Suite struct `Client calls` {
    @Test func `give the result`() {
        let daemon = FakeDaemon { request, _ in .result(["echo": request.params ?? .null], to: request) }
        let error = withClient(daemon) { client throws(ClientError) in
            let result = try client.call(.getToken, params: ["account": "x"])
            #expect(result == ["echo": ["account": "x"]])
        }
        #expect(error == nil)
        #expect(daemon.requests.map(\.method) == ["get_token"])
    }

    @Test func `share one connection and number their requests`() {
        let daemon = FakeDaemon { request, _ in .result(true, to: request) }
        let error = withClient(daemon) { client throws(ClientError) in
            for _ in 0..<3 { _ = try client.call(.hello) }
        }
        #expect(error == nil)
        #expect(daemon.connections == 1)
        #expect(daemon.requests.map(\.id) == [1, 2, 3])
    }

    @Test func `throw the daemon's error and go on`() {
        let refusal = WireError(.accountNotFound, "no")
        let daemon = FakeDaemon { request, _ in
            request.method == "status" ? .error(refusal, to: request) : .result(true, to: request)
        }
        let error = withClient(daemon) { client throws(ClientError) in
            #expect(throws: ClientError.answered(refusal)) { try client.call(.status) }
            _ = try client.call(.hello)
        }
        #expect(error == nil)
        #expect(daemon.connections == 1)
    }

    @Test func `let pass notifications and answers to others`() {
        let daemon = FakeDaemon { request, _ in
            .send(
                Notification(method: "token_changed").line + Response(id: 99, result: false).line
                    + Response(id: request.id ?? .null, result: true).line
            )
        }
        let error = withClient(daemon) { client throws(ClientError) in #expect(try client.call(.hello) == true) }
        #expect(error == nil)
    }

    @Test func `take an error without id as their own`() {
        let overload = WireError(.overloaded, "too many")
        let daemon = FakeDaemon { _, _ in .sendAndClose(Response(id: .null, error: overload).line) }
        #expect(withClient(daemon) { client throws(ClientError) in _ = try client.call(.hello) } == .answered(overload))
    }

    @Test func `take an answer of a MiB`() {
        let text = String(repeating: "x", count: 1 << 20)
        let daemon = FakeDaemon { request, _ in .result(.string(text), to: request) }
        let error = withClient(daemon) { client throws(ClientError) in
            #expect(try client.call(.listAccounts).string?.utf8.count == 1 << 20)
        }
        #expect(error == nil)
    }

    @Test(arguments: ["hello", "{}", #"{"jsonrpc":"2.0","id":1}"#])
    func `refuse what is no answer`(text: String) {
        let daemon = FakeDaemon { _, _ in .send(Array((text + "\n").utf8)) }
        let error = withClient(daemon) { client throws(ClientError) in _ = try client.call(.hello) }
        guard case .violation? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `send no request that is too long`() {
        let daemon = FakeDaemon { request, _ in .result(true, to: request) }
        let long = JSON.string(String(repeating: "x", count: 70_000))
        let error = withClient(daemon) { client throws(ClientError) in
            _ = try client.call(.importTokens, params: [long])
        }
        guard case .requestTooLong(byteCount: 70_000...)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(daemon.requests.isEmpty)
    }

    @Test func `read their results`() {
        let daemon = FakeDaemon { request, _ in .result(HelloResult(version: "9", pid: 1).json, to: request) }
        let error = withClient(daemon) { client throws(ClientError) in
            #expect(try client.hello() == HelloResult(version: "9", pid: 1))
            #expect(throws: ClientError.violation(ProtocolViolation("`accounts` of a list of accounts is missing"))) {
                try client.listAccounts()
            }
        }
        #expect(error == nil)
    }

    @Test func `go on after a signal`() {
        // A handler without SA_RESTART, so that the wait is interrupted.
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        sigaction(SIGUSR1, &action, nil)
        let caller = Mutex(pthread_self())
        let daemon = FakeDaemon { request, _ in
            for _ in 0..<20 {
                pthread_kill(caller.withLock { $0 }, SIGUSR1)
                poll(nil, 0, 1)
            }
            return .result(true, to: request)
        }
        let error = withClient(daemon) { client throws(ClientError) in #expect(try client.call(.hello) == true) }
        #expect(error == nil)
    }
}

@Suite struct `Client without an answer` {
    @Test func `says that nothing is there`() throws {
        let directory = makeTemporaryDirectory()
        defer { rmdir(directory) }
        #expect(call(directory + "/a/b") == .noDaemon(try SocketPath(directory + "/a/b")))
    }

    @Test func `says that nobody listens at a socket left behind`() throws {
        let directory = makeTemporaryDirectory()
        let path = directory + "/s"
        close(listen(at: path))
        defer {
            unlink(path)
            rmdir(directory)
        }
        #expect(call(path) == .noDaemon(try SocketPath(path)))
    }

    @Test func `says that a file is no daemon`() throws {
        #expect(call("/dev/null") == .noDaemon(try SocketPath("/dev/null")))
        #expect(call("/dev/null/x") == .noDaemon(try SocketPath("/dev/null/x")))
    }

    @Test func `gives up in time`() {
        let daemon = FakeDaemon { _, _ in .nothing }
        let error = withClient(daemon) { client throws(ClientError) in _ = try client.call(.hello, timeout: 0.05) }
        #expect(error == .timedOut(after: 0.05))
    }

    @Test func `gives up in time on a daemon that accepts nobody`() {
        let directory = makeTemporaryDirectory()
        let path = directory + "/s"
        let listener = listen(at: path, backlog: 0)
        let waiting = connect(to: path)
        defer {
            close(waiting)
            close(listener)
            unlink(path)
            rmdir(directory)
        }
        #expect(call(path, timeout: 0.05) == .timedOut(after: 0.05))
    }

    @Test func `gives up in time on an answer that never ends`() {
        let daemon = FakeDaemon { _, _ in .send(Array("{".utf8)) }
        let error = withClient(daemon) { client throws(ClientError) in _ = try client.call(.hello, timeout: 0.05) }
        #expect(error == .timedOut(after: 0.05))
    }

    @Test func `does not take a late answer for the next one`() {
        let daemon = FakeDaemon { request, connection in
            connection == 1 ? .nothing : .result(.integer(connection), to: request)
        }
        let error = withClient(daemon) { client throws(ClientError) in
            #expect(throws: ClientError.timedOut(after: 0.05)) { try client.call(.hello, timeout: 0.05) }
            #expect(try client.call(.hello) == 2)
        }
        #expect(error == nil)
    }
}

@Suite struct `Client whose connection ends` {
    private static let repeatable: [Method] = [
        .hello, .getToken, .listAccounts, .status, .validate, .rejectToken, .keyStatus, .audit,
    ]

    @Test(arguments: repeatable)
    func `repeats once what is harmless`(method: Method) {
        let daemon = FakeDaemon { request, connection in connection == 1 ? .close : .result(true, to: request) }
        let error = withClient(daemon) { client throws(ClientError) in #expect(try client.call(method) == true) }
        #expect(error == nil)
        #expect(daemon.requests.map(\.method) == [method.rawValue, method.rawValue])
    }

    @Test(arguments: Set(Method.allCases).subtracting(repeatable))
    func `does not repeat`(method: Method) throws {
        let daemon = FakeDaemon { _, _ in .close }
        let error = withClient(daemon) { client throws(ClientError) in _ = try client.call(method) }
        #expect(error == .connectionLost(try SocketPath(daemon.path), serverUserID: getuid()))
        #expect(daemon.requests.count == 1)
    }

    @Test func `repeats no more than once`() throws {
        let daemon = FakeDaemon { _, _ in .close }
        let error = withClient(daemon) { client throws(ClientError) in _ = try client.call(.getToken) }
        #expect(error == .connectionLost(try SocketPath(daemon.path), serverUserID: getuid()))
        #expect(daemon.requests.count == 2)
    }

    @Test func `takes half an answer for none`() {
        let daemon = FakeDaemon { request, connection in
            connection == 1 ? .sendAndClose(Array(#"{"jsonrpc":"2.0","id":1,"#.utf8)) : .result(true, to: request)
        }
        let error = withClient(daemon) { client throws(ClientError) in #expect(try client.call(.status) == true) }
        #expect(error == nil)
    }

    @Test func `waits for a daemon that is being restarted`() {
        let daemon = FakeDaemon { request, connection in
            connection == 1 ? .restart(milliseconds: 120) : .result(true, to: request)
        }
        let error = withClient(daemon) { client throws(ClientError) in #expect(try client.call(.getToken) == true) }
        #expect(error == nil)
    }

    @Test func `connects again before the next call, whatever that is`() {
        let daemon = FakeDaemon { request, connection in
            let answer = Response(id: request.id ?? .null, result: .integer(connection)).line
            return connection == 1 ? .sendAndClose(answer) : .send(answer)
        }
        let error = withClient(daemon) { client throws(ClientError) in
            #expect(try client.call(.hello) == 1)
            // The end of the connection may come a moment after the answer.
            poll(nil, 0, 20)
            #expect(try client.call(.login) == 2)
        }
        #expect(error == nil)
    }
}

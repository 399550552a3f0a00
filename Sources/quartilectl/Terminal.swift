internal import Glibc

/// The terminal of the person who runs the program: /dev/tty, so that standard input and output may be elsewhere.
struct Terminal: ~Copyable {
    private let descriptor: Int32

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Opens the terminal. Where there is none, the failure names the options that do without.
    static func open(_ alternative: String) throws(Failure) -> Terminal {
        let descriptor = Glibc.open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw .usage("there is no terminal to ask on: give \(alternative)") }
        return Terminal(descriptor)
    }

    /// Writes a line.
    func say(_ text: String) throws(Failure) {
        try write(Surroundings.process.text.wrap(start: "", Surroundings.process.text.clean(text), indent: 0))
    }

    /// Asks; an empty answer is the one offered, if there is one, else nil.
    func ask(_ question: String, offered: String? = nil) throws(Failure) -> String? {
        let offer = offered.map { " [\(Surroundings.process.text.clean($0))]" } ?? ""
        let answer = try answer(to: "\(question)\(offer): ", isSecret: false)
        return answer.isEmpty ? offered : answer
    }

    /// Asks without showing what is typed; nil if the answer is empty.
    func askForSecret(_ question: String) throws(Failure) -> String? {
        let answer = try answer(to: "\(question): ", isSecret: true)
        return answer.isEmpty ? nil : answer
    }

    private func write(_ text: String) throws(Failure) {
        var text = text
        let number = text.withUTF8 { FileDescriptor.write(UnsafeRawBufferPointer($0), to: descriptor) }
        guard let number else { return }
        throw Self.failure(number)
    }

    private static func failure(_ number: Int32) -> Failure {
        .usage("the terminal can't be used: \(String(cString: strerror(number)))")
    }

    // MARK: Answers

    private enum Event {
        case line(String)
        case signal(Int32)
    }

    /// Asks until there is an answer. Echo is on again afterwards, however this ends (but for SIGKILL); a signal that
    /// ends or stops programs does so to this one, after that.
    private func answer(to prompt: String, isSecret: Bool) throws(Failure) -> String {
        while true {
            switch try event(prompt, isSecret) {
            case .line(let line): return line
            case .signal(let number):
                raise(number)
            // Here only after a stop, or if the signal does nothing to us: ask again.
            }
        }
    }

    private func event(_ prompt: String, _ isSecret: Bool) throws(Failure) -> Event {
        let signals = try SignalPipe()
        var settings = termios()
        guard tcgetattr(descriptor, &settings) == 0 else { throw Self.failure(errno) }
        let loud = settings
        if isSecret {
            settings.c_lflag &= ~tcflag_t(ECHO)
            settings.c_lflag |= tcflag_t(ECHONL)
            // What was typed before the question is dropped, as getpass(3) does.
            guard tcsetattr(descriptor, TCSAFLUSH, &settings) == 0 else { throw Self.failure(errno) }
        }
        // Half a secret that was typed when a signal came is not left to the program that reads the terminal next.
        var whenBack = TCSAFLUSH
        defer {
            if isSecret {
                var loud = loud
                // Nothing can be done where this fails: the terminal is gone then.
                tcsetattr(descriptor, whenBack, &loud)
            }
        }
        try write(prompt)
        let event = try wait(signals)
        if case .line = event { whenBack = TCSADRAIN }
        return event
    }

    private func wait(_ signals: borrowing SignalPipe) throws(Failure) -> Event {
        // Room for all of it at once: growing would leave copies behind.
        var line: [UInt8] = []
        line.reserveCapacity(InputFile.maximumLength + 4_096)
        var buffer = [UInt8](repeating: 0, count: 4_096)
        defer {
            line.wipe()
            buffer.wipe()
        }
        while true {
            var polled = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&polled, 2, -1) >= 0 || errno == EINTR else { throw Self.failure(errno) }
            if let number = signals.next() { return .signal(number) }
            guard polled[0].revents != 0 else { continue }
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 || errno == EINTR else { throw Self.failure(errno) }
            line += buffer[..<max(0, count)]
            if count == 0 || line.count > InputFile.maximumLength { throw .usage("no answer was given") }
            guard line.last == UInt8(ascii: "\n") else { continue }
            line.removeLast()
            guard let text = String(validating: line, as: UTF8.self) else { throw .usage("the answer is not UTF-8") }
            return .line(text)
        }
    }
}

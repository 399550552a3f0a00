import QuartileCore

/// What came back of an HTTP request.
struct HTTPAnswer: Sendable {
    /// The most that is read of a body. A token set is a few KiB.
    static let largestBody = 1 << 20

    /// The status code.
    var status: Int
    /// The header fields, in the order that they came in.
    var headers: [(name: String, value: String)] = []
    /// The body, or as much of it as came.
    var body: [UInt8] = []
    /// Whether the answer ended as HTTP says, or else what ended it.
    var fault: TransportFault?

    /// Whether the API says that it did what it was asked.
    var isSuccess: Bool { (200...299).contains(status) }

    /// The first field called `name`, in whatever case.
    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// One request, sent once, and what became of it.
enum HTTPExchange: Sendable {
    /// Nothing of the request's body left this process.
    case notSent(TransportFault)
    /// It was sent, or may have been, and no status came back.
    case unanswered(TransportFault)
    /// It was sent, the moment just before its body left, and an answer came, perhaps cut off.
    case answered(HTTPAnswer, sent: Moment)
}

import FuzzSupport
import QuartileCore
import QuartileWire

@testable import QuartileDaemon

/// Checks how long an answer asks to stay away.
func checkWait(_ answer: HTTPAnswer) {
    let message = APIRefusal(answer.body, status: answer.status)?.message
    for text in [message, String(decoding: answer.body, as: UTF8.self)] {
        guard let wait = RetryAfter.read(answer, message: text, now: now) else { continue }
        expect(wait >= 0 && wait <= RetryAfter.ceiling, "a wait is at most an hour")
    }
}

/// Checks that a date is the same in the form that RFC 9110 prefers.
func checkDate(_ text: String) {
    guard let time = HTTPDate.read(text, now: now) else { return }
    // 2026-11-25T10:00:00Z
    let parts = WireTime.format(epochSeconds: time.seconds).split { "-T:Z".contains($0) }
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    guard parts.count == 6, let month = Int(parts[1]) else { return expect(false, "a date has six parts") }
    let date = "Sun, \(parts[2]) \(months[month - 1]) \(parts[0]) \(parts[3]):\(parts[4]):\(parts[5]) GMT"
    expect(HTTPDate.read(date, now: now) == time, "a date in the preferred form")
}

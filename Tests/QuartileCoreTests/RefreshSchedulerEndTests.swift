import QuartileCore
import Testing

@Suite struct `A scheduler that is told to end` {
    @Test func `begins nothing, whoever asks and whatever is due`() {
        var rig = SchedulerRig.withAda()
        rig.scheduler.end(now: rig.now)
        rig.run(.hours(13))
        rig.getToken()
        rig.refresh()
        rig.reject(.generation(1))
        rig.run(.hours(1))
        #expect(rig.requests == 0)
    }

    @Test func `wants no wake for what it does not begin`() {
        var rig = SchedulerRig.withAda()
        rig.scheduler.end(now: rig.now)
        rig.run(.hours(24))
        #expect(rig.scheduler.nextDeadline == nil)
    }

    @Test func `still saves what is under way, and answers who waits for it`() throws {
        var rig = SchedulerRig.withAda()
        let waiter = rig.refresh()
        rig.scheduler.end(now: rig.now)
        try rig.answerWithSet()
        #expect(rig.answer(to: waiter)?.generation == 2)
        #expect(!rig.scheduler.isAnythingInFlight)
    }

    @Test func `does not follow a refusal with a login`() throws {
        var rig = SchedulerRig.withAda()
        let waiter = rig.refresh()
        rig.scheduler.end(now: rig.now)
        try rig.answer(.refused(.refusal))
        rig.run(.hours(1))
        #expect(rig.requests == 1)
        #expect(rig.answer(to: waiter)?.failure != nil)
    }
}

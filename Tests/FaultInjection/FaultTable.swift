extension Fault {
    /// Every row that this program can try, in the order of their numbers.
    static let all: [Fault] = [
        .killAtEverySystemCall, .killWithoutPassword, .powerLoss, .diskErrors, .noRoom,
        .damagedDatabase, .oldDatabase, .answers, .expiry, .clocks, .outage, .fewDescriptors, .rudeClients,
        .manyDaemons, .stopDuringRefresh, .rejectedPassword,
    ]
}

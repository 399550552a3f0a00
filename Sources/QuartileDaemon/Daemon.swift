import Logging
import NIOCore
import NIOPosix
import QuartileCore
import QuartileWire
import ServiceLifecycle
import UnixSignals

/// The daemon put together: what is read, opened and started, and in which order.
package struct Daemon: Sendable {
    /// The version of this package.
    package static let version = ProjectVersion.current

    /// What the command line names. Nil leaves it to the environment and the defaults.
    package struct Flags: Sendable {
        package var socket: String?
        package var database: String?
        package var configuration: String?

        package init(socket: String?, database: String?, configuration: String?) {
            self.socket = socket
            self.database = database
            self.configuration = configuration
        }
    }

    private let configuration: Configuration
    private let listener: ListeningSocket
    private let store: SQLiteTokenStore
    private let notifier: SystemdNotifier?
    private let stop = StopRequest()
    private let log: Logger

    /// Reads the configuration, takes the socket and opens the store: all that can fail, before anything runs. To be
    /// called while there is one thread only.
    ///
    /// SIGTERM and SIGINT do not cut this off, for a key command and a socket would be left behind: they end the command,
    /// and this with it.
    package init(flags: Flags, environment: [String: String]) throws(StartFailure) {
        stop.holdSignalsBack()
        Heap.shareAmongThreads()
        do {
            let rules = PathRules(environment: environment)
            configuration = try Configuration.load(
                file: try rules.configuration(flag: flags.configuration),
                environment: environment
            )
            // Before anything is made.
            if let path = configuration.apiCAFile { _ = try TrustRoots.read(path) }
            var log = Logger(label: "quartiled", factory: { StreamLogHandler.standardError(label: $0) })
            log.logLevel = configuration.logLevel
            self.log = log
            let database = try rules.database(flag: flags.database)
            let keys = KeySources(
                file: KeyFile(path: try rules.keyFile()),
                credential: KeyCredential(environment: environment),
                command: KeyCommand(line: configuration.keyCommand, environment: environment, stop: stop, log: log),
                wanted: configuration.keySource
            )
            if let handedOver = try SocketActivation.take() {
                listener = handedOver
            } else {
                listener = try ListeningSocket.bind(
                    try rules.socket(flag: flags.socket),
                    for: configuration.access.users
                )
            }
            do {
                store = try SQLiteTokenStore.open(at: database, keys: keys, log: log)
            } catch {
                listener.removeFile()
                throw error
            }
        } catch {
            throw stop.letSignalsThrough() ? .stopped : StartFailure(error)
        }
        guard !stop.letSignalsThrough() else {
            listener.removeFile()
            throw .stopped
        }
        notifier = SystemdNotifier(environment: environment)
        warnOfUsersKeptOut()
    }

    private func warnOfUsersKeptOut() {
        if let reason = listener.whatKeepsOut(configuration.access.users) {
            log.warning("users in access.users can't reach the socket", metadata: ["reason": "\(reason)"])
        }
        for account in configuration.access.accountsOutOfReach {
            log.warning(
                "an account allows a user who is not in access.users, and so can't connect",
                metadata: ["account": "\(account)"]
            )
        }
    }

    /// Serves until SIGTERM or SIGINT, then ends what is under way and returns.
    package func run() async throws(StartFailure) {
        try await withTaskExecutorPreference(QueueExecutor(), operation: runTasks)
    }

    private func runTasks() async throws(StartFailure) {
        defer { listener.removeFile() }
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let clock = SystemClock()
            let api = try QuartileAuthAPI(configuration.authAPISettings, clock: clock, eventLoop: loops.next())
            let jobs = BackgroundJobs()
            let manager = TokenManager(
                store: store,
                api: api,
                clock: clock,
                timer: DispatchWakeTimer(),
                jobs: jobs,
                policy: RefreshPolicy(margin: configuration.refreshMargin),
                loginsPerHour: configuration.loginBudget,
                defaults: TokenManager.Defaults(
                    baseURL: configuration.apiBaseURL,
                    apiVersion: configuration.apiVersion
                ),
                log: log
            )
            do {
                try manager.start()
            } catch {
                await api.shutdown()
                throw error
            }
            let audit = AuditLog(store: store, surroundings: .init(manager), clock: clock, log: log)
            try await serve(manager, api: api, clock: clock, jobs: jobs, audit: audit, on: loops.next())
            audit.end()
            manager.commits.flush()
            try store.close()
            try await loops.shutdownGracefully()
        } catch {
            throw StartFailure(error)
        }
        log.info("stopped")
    }

    private func serve(
        _ manager: TokenManager,
        api: QuartileAuthAPI,
        clock: any MomentSource,
        jobs: BackgroundJobs,
        audit: AuditLog,
        on loop: any EventLoop
    ) async throws {
        let access = AccessPolicy(settings: configuration.access)
        let handler = RequestHandler(
            manager: manager,
            access: access,
            audit: audit,
            clock: clock,
            version: Daemon.version,
            keys: KeyKeeper(store: store)
        )
        let server = SocketServer(
            listener: listener.descriptor,
            handler: AuditingHandler(handler, log: audit),
            eventLoop: loop,
            access: access,
            logger: log
        ) { [log, listener, notifier] in
            log.info("serving", metadata: ["socket": "\(listener.path)", "version": "\(Daemon.version)"])
            notifier?.send(.ready, .status("serving on \(listener.path)"))
            loop.scheduleTask(in: .milliseconds(CodePages.startTime.count)) {
                CodePages.release()
                Heap.release()
            }
        }
        if let notifier, let interval = notifier.watchdogInterval {
            // On the loop that serves: should it be stuck, the service manager hears nothing.
            loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(interval.count)) { _ in
                notifier.send(.watchdog)
            }
        }
        // They are stopped from the last to the first: the beginning is told, clients get their answers, flights
        // end, requests that still hang are cut off, and then there is no work.
        let group = ServiceGroup(
            services: [
                jobs, UpstreamConnections(api: api), manager, server,
                StopNotice(manager: manager, stop: stop, notifier: notifier),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: log
        )
        try await group.run()
    }
}

/// Tells, as the first thing of shutdown, that it has begun.
private struct StopNotice: Service, CustomStringConvertible {
    var manager: TokenManager
    var stop: StopRequest
    var notifier: SystemdNotifier?
    var description: String { "StopNotice" }

    func run() async {
        await shutdownBegins()
        manager.announceStop()
        stop.make()
        notifier?.send(.stopping)
    }
}

/// Ends what still hangs upstream at shutdown.
private struct UpstreamConnections: Service, CustomStringConvertible {
    var api: QuartileAuthAPI
    var description: String { "UpstreamConnections" }

    func run() async {
        await shutdownBegins()
        await api.shutdown()
    }
}

extension AuditLog.Surroundings {
    fileprivate init(_ manager: TokenManager) {
        self.init(
            hasAccount: { manager.hasAccount($0) },
            areTokensUnderWay: { manager.isAnythingUnderWay }
        )
    }
}

extension Configuration {
    fileprivate var authAPISettings: AuthAPISettings {
        AuthAPISettings(timeout: apiTimeout, caFile: apiCAFile, proxy: apiProxy)
    }
}

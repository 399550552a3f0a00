import Glibc

/// How many descriptors the process may have, shared out between clients and everything else.
package enum DescriptorLimit {
    /// Kept for what is not a client, 64: the database and its journal, locks, logs, event loops, and connections
    /// upstream, which are few.
    static let reserve = 64

    /// Raises the soft limit on descriptors to what `connections` clients take, as far as the hard limit allows, and
    /// returns how many clients there may be. At least half of a limit too small for both is reserved.
    package static func raise(for connections: Int) -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return connections }
        let wanted = rlim_t(connections + reserve)
        if limit.rlim_cur < wanted {
            var raised = limit
            raised.rlim_cur = min(wanted, limit.rlim_max)
            if setrlimit(resource, &raised) == 0 { limit = raised }
        }
        return share(of: Int(clamping: limit.rlim_cur), connections: connections)
    }

    /// How many of `limit` descriptors clients may have.
    static func share(of limit: Int, connections: Int) -> Int {
        max(1, min(connections, limit - min(reserve, limit / 2)))
    }
}

import Glibc

/// How many descriptors the process may have, shared out between clients and everything else.
enum DescriptorLimit {
    /// Kept free of clients, 64, or a quarter of a limit that is small: for the database and its journal, and for
    /// connections upstream, of which each host has a few.
    ///
    /// More than courtesy: Dispatch, which Swift's tasks run on, opens files of its own once a second to see how its
    /// threads do, and ends the process when it can't.
    static let reserve = 64

    /// Raises the soft limit on descriptors to what `connections` clients and all else take, as far as the hard limit
    /// allows. Returns the number from which on a descriptor is not for a client: since the kernel gives the lowest that
    /// is free, one with this number says that only the reserve is left, whoever took the others.
    static func raise(for connections: Int) -> CInt {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return .max }
        // What the daemon has open by itself is fewer than the reserve.
        let wanted = rlim_t(connections + 2 * reserve)
        if limit.rlim_cur < wanted {
            var raised = limit
            raised.rlim_cur = min(wanted, limit.rlim_max)
            if setrlimit(resource, &raised) == 0 { limit = raised }
        }
        return ceiling(ofLimit: Int(clamping: limit.rlim_cur))
    }

    /// The first number that is not for a client where there are `limit` descriptors.
    static func ceiling(ofLimit limit: Int) -> CInt {
        CInt(clamping: limit - min(reserve, limit / 4))
    }
}

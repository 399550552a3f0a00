import CLinux

/// The memory that malloc(3) hands out.
enum Heap {
    /// Has all threads take theirs from the same place (mallopt(3), `M_ARENA_MAX`): what one gives back is of use to another. There
    /// are few, so that they seldom meet there. To be called while there is one thread only.
    static func shareAmongThreads() { _ = mallopt(M_ARENA_MAX, 1) }

    /// Gives back what is free between pieces that are in use (malloc_trim(3)), which malloc(3) would keep for another time.
    static func release() { _ = malloc_trim(0) }
}

// Linux calls that Swift's Glibc module leaves out.
#include <sys/prctl.h>
#include <sys/timerfd.h>

// prctl(2) is variadic in C, and so out of Swift's reach.
static inline int quartile_set_dumpable(int is_dumpable) {
    return prctl(PR_SET_DUMPABLE, (unsigned long)is_dumpable, 0UL, 0UL, 0UL);
}

static inline int quartile_get_dumpable(void) {
    return prctl(PR_GET_DUMPABLE, 0UL, 0UL, 0UL, 0UL);
}

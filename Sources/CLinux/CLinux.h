// Linux calls that Swift's Glibc module leaves out.
#include <malloc.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

// prctl(2) is variadic in C, and so out of Swift's reach.
static inline int quartile_set_dumpable(int is_dumpable) {
    return prctl(PR_SET_DUMPABLE, (unsigned long)is_dumpable, 0UL, 0UL, 0UL);
}

static inline int quartile_get_dumpable(void) {
    return prctl(PR_GET_DUMPABLE, 0UL, 0UL, 0UL, 0UL);
}

// spawn.h shows these only to programs that ask for GNU's additions, which Swift does not: since glibc 2.26, 2.29 and
// 2.34. `actions` is a posix_spawn_file_actions_t.
enum { quartile_spawn_new_session = 0x80 };
extern int posix_spawn_file_actions_addchdir_np(void *actions, const char *path);
extern int posix_spawn_file_actions_addclosefrom_np(void *actions, int first);

// pipe(2) with both ends closed on exec.
extern int pipe2(int ends[2], int flags);

// rename(2): since glibc 2.28, for programs that ask for GNU's additions.
enum { quartile_rename_noreplace = 1 };
extern int renameat2(int old_directory, const char *old_path, int new_directory, const char *new_path, unsigned flags);

// xattr(7). By hand, since sys/xattr.h brings types along that Glibc's module has, too, and Swift may then take them to be
// of this one.
extern long getxattr(const char *path, const char *name, void *value, size_t size);
extern int setxattr(const char *path, const char *name, const void *value, size_t size, int flags);

#define _GNU_SOURCE
#include "clock-seam.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

typedef long long nanoseconds;
static const nanoseconds second = 1000000000;

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_timerfd_create)(int, int);
static int (*real_timerfd_settime)(int, int, const struct itimerspec *, struct itimerspec *);

/// What the file says. Mapped, so that a program which was stopped sees the new time with the first look after it.
static struct {
    _Atomic nanoseconds wall, boot, speed, since;
} const truth = {0, 0, 1, 0}, *clocks = &truth;

/// What a program wants of a timerfd, to arm it anew when a clock jumps. Descriptors above are left to the kernel.
static struct timer {
    int is_known, flags;
    clockid_t clock;
    struct itimerspec wanted;
} timers[4096];
static pthread_mutex_t timers_lock = PTHREAD_MUTEX_INITIALIZER;

/// As in the kernel, 2^63 nanoseconds are for ever; half of that leaves room to reckon.
static nanoseconds of(struct timespec time) {
    return time.tv_sec > 4000000000 ? 4000000000 * second : time.tv_sec * second + time.tv_nsec;
}

static struct timespec timespec_of(nanoseconds time) {
    return (struct timespec){.tv_sec = time / second, .tv_nsec = time % second};
}

static nanoseconds real_time(clockid_t clock) {
    struct timespec time = {0};
    real_clock_gettime(clock, &time);
    return of(time);
}

static nanoseconds shown(clockid_t clock, nanoseconds time) {
    nanoseconds speed = clocks->speed;
    if (speed > 1) time += (real_time(CLOCK_MONOTONIC) - clocks->since) * (speed - 1);
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE: return time + clocks->wall;
    case CLOCK_BOOTTIME: return time + clocks->boot;
    default: return time;
    }
}

static int is_shown(clockid_t clock) {
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME: return 1;
    default: return 0;
    }
}

/// Arms a timer for what is wanted of it, or, where `is_due`, for now. Called with the lock held.
static int arm(int file, const struct timer *timer, int is_due, struct itimerspec *old) {
    nanoseconds value = of(timer->wanted.it_value);
    if (value != 0) {
        if (timer->flags & TFD_TIMER_ABSTIME) value -= shown(timer->clock, real_time(timer->clock));
        value /= clocks->speed;
        if (value < 1 || is_due) value = 1;
    }
    struct itimerspec real = {
        .it_interval = timespec_of(of(timer->wanted.it_interval) / clocks->speed), .it_value = timespec_of(value)};
    return real_timerfd_settime(file, 0, &real, old);
}

/// Arms all timers anew after a jump.
static void rearm(int is_set) {
    pthread_mutex_lock(&timers_lock);
    for (int i = 0; i < (int)(sizeof timers / sizeof *timers); i++)
        // One that is not armed, or is gone, is left as it is.
        if (timers[i].is_known && of(timers[i].wanted.it_value) != 0 && timers[i].flags & TFD_TIMER_ABSTIME)
            arm(i, &timers[i], is_set && timers[i].flags & TFD_TIMER_CANCEL_ON_SET, NULL);
    pthread_mutex_unlock(&timers_lock);
}

static void fail(const char *what) {
    perror(what);
    abort();
}

static void *follow(void *path) {
    int watch = inotify_init1(IN_CLOEXEC);
    if (watch < 0 || inotify_add_watch(watch, path, IN_CLOSE_WRITE) < 0) fail("clock seam: inotify");
    char events[4096];
    nanoseconds before = clocks->wall - clocks->boot;
    while (read(watch, events, sizeof events) > 0 || errno == EINTR) {
        // Time asleep moves both clocks, and nobody has set one.
        nanoseconds now = clocks->wall - clocks->boot;
        rearm(now != before);
        before = now;
    }
    return NULL;
}

static void find(void) {
    if (real_clock_gettime) return;
    real_timerfd_create = (int (*)(int, int))dlsym(RTLD_NEXT, "timerfd_create");
    real_timerfd_settime = (int (*)(int, int, const struct itimerspec *, struct itimerspec *))dlsym(
        RTLD_NEXT, "timerfd_settime");
    real_clock_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
}

__attribute__((constructor)) static void begin(void) {
    find();
    char *path = getenv("CLOCK_SEAM_FILE");
    if (!path) return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) fail(path);
    void *mapped = mmap(NULL, sizeof truth, PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) fail(path);
    close(file);
    clocks = mapped;
    // The program's signals are not for this thread.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    if (pthread_create(&thread, NULL, follow, path) == 0) pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    find();
    int result = real_clock_gettime(clock, time);
    if (result == 0 && is_shown(clock)) *time = timespec_of(shown(clock, of(*time)));
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *time = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *time) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (time) *time = now.tv_sec;
    return now.tv_sec;
}

int timerfd_create(clockid_t clock, int flags) {
    find();
    int file = real_timerfd_create(clock, flags);
    if (file < 0 || file >= (int)(sizeof timers / sizeof *timers)) return file;
    pthread_mutex_lock(&timers_lock);
    timers[file] = (struct timer){.is_known = 1, .clock = clock};
    pthread_mutex_unlock(&timers_lock);
    return file;
}

int timerfd_settime(int file, int flags, const struct itimerspec *wanted, struct itimerspec *old) {
    find();
    if (file < 0 || file >= (int)(sizeof timers / sizeof *timers) || !timers[file].is_known || !wanted)
        return real_timerfd_settime(file, flags, wanted, old);
    pthread_mutex_lock(&timers_lock);
    timers[file].flags = flags;
    timers[file].wanted = *wanted;
    int result = arm(file, &timers[file], 0, old);
    pthread_mutex_unlock(&timers_lock);
    return result;
}

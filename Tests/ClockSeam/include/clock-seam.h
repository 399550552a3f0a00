/// The clocks of a program that was started with this library in LD_PRELOAD are those that a file says: a clock that
/// somebody sets, a machine that sleeps, or years in an hour, without a change to the machine's own clocks.
///
/// Environment: CLOCK_SEAM_FILE names a file of four numbers of 64 bits in the machine's order of bytes. The program
/// follows when the file is written in place and closed.
///
///   1. nanoseconds that CLOCK_REALTIME is ahead
///   2. nanoseconds that CLOCK_BOOTTIME is ahead, for time asleep, in which CLOCK_MONOTONIC stands still
///   3. how many times as fast all clocks run, 1 or more
///   4. the machine's CLOCK_MONOTONIC, in nanoseconds, from which on they do
///
/// As in the kernel, a timerfd on CLOCK_REALTIME or CLOCK_BOOTTIME whose time was jumped over is due at once, and one
/// with TFD_TIMER_CANCEL_ON_SET becomes readable whenever the wall clock jumps; its read gives a count, not ECANCELED.
#ifndef CLOCK_SEAM_H
#define CLOCK_SEAM_H
#endif

// Tells the thread sanitizer of the locks that it can't see.
//
// What threads do with Synchronization.Mutex while none has to wait is compiled into the program, and seen. Waiting is
// done in libswiftSynchronization, which is not compiled with the sanitizer: without this, whatever two threads that
// waited for each other did under the lock is reported as a race. The functions here take the place of the library's
// own, which they call.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// compiler-rt, tsan_interface.h.
void __tsan_acquire(void *address);
void __tsan_release(void *address);

// Reports go to files, whatever the environment of a program is: tests look at its output, and some give it no
// environment at all.
const char *__tsan_default_options(void) { return "log_path=" REPORTS; }

#define METHOD __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

// _MutexHandle._lockSlow(_:), ._tryLockSlow() and ._unlockSlow().
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

METHOD void lock_slow(uint32_t thread, SELF handle) __asm__(LOCK);
METHOD bool try_lock_slow(SELF handle) __asm__(TRY_LOCK);
METHOD void unlock_slow(SELF handle) __asm__(UNLOCK);

METHOD void lock_slow(uint32_t thread, SELF handle) {
    METHOD void (*original)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK);
    original(thread, handle);
    __tsan_acquire(handle);
}

METHOD bool try_lock_slow(SELF handle) {
    METHOD bool (*original)(SELF) = dlsym(RTLD_NEXT, TRY_LOCK);
    bool locked = original(handle);
    if (locked) __tsan_acquire(handle);
    return locked;
}

METHOD void unlock_slow(SELF handle) {
    METHOD void (*original)(SELF) = dlsym(RTLD_NEXT, UNLOCK);
    __tsan_release(handle);
    original(handle);
}

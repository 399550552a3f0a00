// Memory is overwritten when it is given back: strings, arrays and buffers in which secrets were read, sent or put
// together, too, whichever library made them. A secret is left nowhere but where it is in use.
//
// Replaces what malloc(3) brings, in the programs that are linked with this; the work is left to the next definition, the
// C library's or that of a library that was loaded before it.

// Sanitizers bring their own.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HAS_SANITIZER
#endif
#endif

#ifndef HAS_SANITIZER
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void (*next_free)(void *);
static size_t (*room_of)(void *);

// Before all other initializers, and so before there is a second thread.
__attribute__((constructor(101))) static void find_next(void) {
    room_of = (size_t(*)(void *))dlsym(RTLD_NEXT, "malloc_usable_size");
    next_free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
    // Without them nothing could ever be freed.
    if (!room_of || !next_free) abort();
}

void free(void *memory) {
    // What the search above frees itself, some bytes at most, is lost.
    if (!memory || !next_free) return;
    int error = errno;
    explicit_bzero(memory, room_of(memory));
    next_free(memory);
    // free(3) promises to leave it alone.
    errno = error;
}

void *realloc(void *memory, size_t size) {
    if (!memory) return malloc(size);
    if (size == 0) {
        free(memory);
        return NULL;
    }
    if (!room_of) find_next();
    size_t room = room_of(memory);
    // Not for what is to become much smaller: that would keep memory for nothing.
    if (size <= room && size >= room / 2) return memory;
    void *moved = malloc(size);
    if (!moved) return NULL;
    memcpy(moved, memory, size < room ? size : room);
    free(memory);
    return moved;
}
#endif

// Begins the short way of get-token before Swift's libraries set themselves up. That would cost more than all the rest of
// it: they look for a program that prints crashes, read /proc/self/maps and count the processors.
//
// The initializers of a program come before those of the static libraries it is linked with, and after the one of the
// Swift compiler's own swiftrt.o, which comes first and registers the program's types: what fails can be told. The GNU C
// library hands them the arguments.

#include "EarlyStart.h"

__attribute__((constructor)) static void start(int argc, char **argv) { quartilectl_take_short_way(argc, argv); }

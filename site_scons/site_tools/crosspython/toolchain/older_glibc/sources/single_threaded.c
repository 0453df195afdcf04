/* What libstdc++ reads since glibc 2.32: no promise that there is one thread only. */

#define _GNU_SOURCE
#include <features.h>

#if __GLIBC_MINOR__ < 32
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;
#endif

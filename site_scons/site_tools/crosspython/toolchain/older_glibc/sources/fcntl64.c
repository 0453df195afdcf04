/* Since glibc 2.28 its headers call this where a file's offset has 64 bits; fcntl did the same before. */

#define _GNU_SOURCE
#include <features.h>

#if __GLIBC_MINOR__ < 28
#include <stdarg.h>

extern int fcntl(int, int, ...);

__attribute__((visibility("hidden"))) int fcntl64(int file, int command, ...)
{
    va_list list;
    va_start(list, command);
    void *argument = va_arg(list, void *);
    va_end(list);
    return fcntl(file, command, argument);
}
#endif

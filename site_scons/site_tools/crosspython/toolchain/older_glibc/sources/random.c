/* What libstdc++'s std::random_device calls: arc4random since glibc 2.36, getentropy since 2.25. The kernel answers both
   (getrandom(2), since Linux 3.17), and before it did, /dev/urandom. */

#define _GNU_SOURCE
#include <features.h>

#if __GLIBC_MINOR__ < 36
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fill(char *place, size_t size)
{
    size_t done = 0;
    int file = -1;
    while (done < size) {
        long got = file < 0 ? syscall(SYS_getrandom, place + done, size - done, 0) : read(file, place + done, size - done);
        if (got > 0)
            done += (size_t)got;
        else if (got < 0 && errno == ENOSYS && file < 0) {
            file = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
            if (file < 0)
                return -1;
        } else if (got == 0 || errno != EINTR)
            break;
    }
    if (file >= 0)
        close(file);
    return done == size ? 0 : -1;
}

__attribute__((visibility("hidden"))) uint32_t arc4random(void)
{
    uint32_t number;
    if (fill((char *)&number, sizeof number) != 0)
        abort();
    return number;
}

#if __GLIBC_MINOR__ < 25
__attribute__((visibility("hidden"))) int getentropy(void *place, size_t size)
{
    if (size > 256) {
        errno = EIO;
        return -1;
    }
    return fill(place, size);
}
#endif
#endif

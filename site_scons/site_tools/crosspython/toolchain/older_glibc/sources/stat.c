/* Before glibc 2.33 these were functions of libc_nonshared.a, which said of which kind their structures are (its
   io/stat.c and bits/stat.h of each machine). */

#define _GNU_SOURCE
#include <features.h>

#if __GLIBC_MINOR__ < 33
#include <sys/types.h>

#if defined __x86_64__
#define STAT_VERSION 1
#define MKNOD_VERSION 0
#elif defined __arm__ || defined __i386__
#define STAT_VERSION 3
#define MKNOD_VERSION 1
#else
#define STAT_VERSION 0
#define MKNOD_VERSION 0
#endif

#define HIDDEN __attribute__((visibility("hidden")))

#define FAMILY(suffix)                                                                                                 \
    struct stat##suffix;                                                                                               \
    extern int __xstat##suffix(int, const char *, struct stat##suffix *);                                              \
    extern int __fxstat##suffix(int, int, struct stat##suffix *);                                                      \
    extern int __lxstat##suffix(int, const char *, struct stat##suffix *);                                             \
    extern int __fxstatat##suffix(int, int, const char *, struct stat##suffix *, int);                                 \
    HIDDEN int stat##suffix(const char *path, struct stat##suffix *answer)                                             \
    {                                                                                                                  \
        return __xstat##suffix(STAT_VERSION, path, answer);                                                            \
    }                                                                                                                  \
    HIDDEN int fstat##suffix(int file, struct stat##suffix *answer)                                                    \
    {                                                                                                                  \
        return __fxstat##suffix(STAT_VERSION, file, answer);                                                           \
    }                                                                                                                  \
    HIDDEN int lstat##suffix(const char *path, struct stat##suffix *answer)                                            \
    {                                                                                                                  \
        return __lxstat##suffix(STAT_VERSION, path, answer);                                                           \
    }                                                                                                                  \
    HIDDEN int fstatat##suffix(int folder, const char *path, struct stat##suffix *answer, int flags)                   \
    {                                                                                                                  \
        return __fxstatat##suffix(STAT_VERSION, folder, path, answer, flags);                                          \
    }

FAMILY()
FAMILY(64)

extern int __xmknod(int, const char *, mode_t, dev_t *);
extern int __xmknodat(int, int, const char *, mode_t, dev_t *);

HIDDEN int mknod(const char *path, mode_t mode, dev_t device)
{
    return __xmknod(MKNOD_VERSION, path, mode, &device);
}

HIDDEN int mknodat(int folder, const char *path, mode_t mode, dev_t device)
{
    return __xmknodat(MKNOD_VERSION, folder, path, mode, &device);
}
#endif

/* The older libc's side of time64.c, compiled with its headers: 32-bit time. A date that it cannot hold is EOVERFLOW, as
   glibc has it. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#define HIDDEN __attribute__((visibility("hidden")))

enum { BY_PATH, BY_LINK, BY_FILE };

static int fits(int64_t seconds)
{
    if (seconds == (time_t)seconds)
        return 1;
    errno = EOVERFLOW;
    return 0;
}

HIDDEN int crosspython_clock_gettime(clockid_t clock, int64_t *answer)
{
    struct timespec now;
    if (clock_gettime(clock, &now))
        return -1;
    answer[0] = now.tv_sec;
    answer[1] = now.tv_nsec;
    return 0;
}

HIDDEN int crosspython_gettimeofday(int64_t *answer)
{
    struct timeval now;
    if (gettimeofday(&now, 0))
        return -1;
    answer[0] = now.tv_sec;
    answer[1] = now.tv_usec;
    return 0;
}

HIDDEN int crosspython_nanosleep(const int64_t *wanted, int64_t *left)
{
    if (!fits(wanted[0]))
        return -1;
    struct timespec from = {.tv_sec = wanted[0], .tv_nsec = wanted[1]}, to = {0, 0};
    int failed = nanosleep(&from, &to);
    left[0] = to.tv_sec;
    left[1] = to.tv_nsec;
    return failed;
}

HIDDEN int crosspython_utimensat(int folder, const char *path, const int64_t *times, int flags)
{
    if (!times)
        return utimensat(folder, path, 0, flags);
    if (!fits(times[0]) || !fits(times[2]))
        return -1;
    struct timespec both[2] = {{.tv_sec = times[0], .tv_nsec = times[1]}, {.tv_sec = times[2], .tv_nsec = times[3]}};
    return utimensat(folder, path, both, flags);
}

HIDDEN int crosspython_status(int how, const char *path, int file, int64_t *answer)
{
    struct stat64 found;
    if (how == BY_PATH ? stat64(path, &found) : how == BY_LINK ? lstat64(path, &found) : fstat64(file, &found))
        return -1;
    int64_t *next = answer;
    *next++ = found.st_dev;
    *next++ = found.st_ino;
    *next++ = found.st_mode;
    *next++ = found.st_nlink;
    *next++ = found.st_uid;
    *next++ = found.st_gid;
    *next++ = found.st_rdev;
    *next++ = found.st_size;
    *next++ = found.st_blksize;
    *next++ = found.st_blocks;
    *next++ = found.st_atim.tv_sec;
    *next++ = found.st_atim.tv_nsec;
    *next++ = found.st_mtim.tv_sec;
    *next++ = found.st_mtim.tv_nsec;
    *next++ = found.st_ctim.tv_sec;
    *next++ = found.st_ctim.tv_nsec;
    return 0;
}

HIDDEN int crosspython_getrusage(int who, int64_t *answer)
{
    struct rusage used;
    if (getrusage(who, &used))
        return -1;
    int64_t *next = answer;
    *next++ = used.ru_utime.tv_sec;
    *next++ = used.ru_utime.tv_usec;
    *next++ = used.ru_stime.tv_sec;
    *next++ = used.ru_stime.tv_usec;
    *next++ = used.ru_maxrss;
    *next++ = used.ru_ixrss;
    *next++ = used.ru_idrss;
    *next++ = used.ru_isrss;
    *next++ = used.ru_minflt;
    *next++ = used.ru_majflt;
    *next++ = used.ru_nswap;
    *next++ = used.ru_inblock;
    *next++ = used.ru_oublock;
    *next++ = used.ru_msgsnd;
    *next++ = used.ru_msgrcv;
    *next++ = used.ru_nsignals;
    *next++ = used.ru_nvcsw;
    *next++ = used.ru_nivcsw;
    return 0;
}

HIDDEN struct tm *crosspython_break_down(int is_local, int64_t seconds, struct tm *answer)
{
    if (!fits(seconds))
        return 0;
    time_t point = seconds;
    return is_local ? localtime_r(&point, answer) : gmtime_r(&point, answer);
}

HIDDEN int64_t crosspython_time(void)
{
    return time(0);
}

/* What is asked of a file or a device has no time in it where these libraries ask. */
HIDDEN int __ioctl_time64(int file, unsigned long request, ...)
{
    va_list list;
    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    return ioctl(file, request, argument);
}

HIDDEN int __fcntl_time64(int file, int command, ...)
{
    va_list list;
    va_start(list, command);
    void *argument = va_arg(list, void *);
    va_end(list);
    return fcntl(file, command, argument);
}

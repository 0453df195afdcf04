/* What libraries of a compiler call that was built with 64-bit time on a 32-bit machine (since glibc 2.34; its manual,
   "Time Types"). This file sees the compiler's own headers, which have these structures, and time32.c those of the older
   libc, which answers. Between the two, numbers of 64 bits go from hand to hand. */

#define _GNU_SOURCE
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#define HIDDEN __attribute__((visibility("hidden")))

extern int crosspython_clock_gettime(clockid_t clock, int64_t *answer);
extern int crosspython_gettimeofday(int64_t *answer);
extern int crosspython_nanosleep(const int64_t *wanted, int64_t *left);
extern int crosspython_utimensat(int folder, const char *path, const int64_t *times, int flags);
extern int crosspython_getrusage(int who, int64_t *answer);
extern struct tm *crosspython_break_down(int is_local, int64_t time, struct tm *answer);
extern int64_t crosspython_time(void);
enum { BY_PATH, BY_LINK, BY_FILE }; /* time32.c has the same */
extern int crosspython_status(int how, const char *path, int file, int64_t *answer);

HIDDEN int __clock_gettime64(clockid_t clock, struct timespec *answer)
{
    int64_t numbers[2];
    int failed = crosspython_clock_gettime(clock, numbers);
    if (!failed)
        *answer = (struct timespec){.tv_sec = numbers[0], .tv_nsec = numbers[1]};
    return failed;
}

HIDDEN int __gettimeofday64(struct timeval *answer, void *zone)
{
    int64_t numbers[2];
    int failed = crosspython_gettimeofday(numbers);
    (void)zone;
    if (!failed)
        *answer = (struct timeval){.tv_sec = numbers[0], .tv_usec = numbers[1]};
    return failed;
}

HIDDEN int __nanosleep64(const struct timespec *wanted, struct timespec *left)
{
    int64_t from[2] = {wanted->tv_sec, wanted->tv_nsec}, to[2] = {0, 0};
    int failed = crosspython_nanosleep(from, to);
    if (failed && left)
        *left = (struct timespec){.tv_sec = to[0], .tv_nsec = to[1]};
    return failed;
}

HIDDEN int __utimensat64(int folder, const char *path, const struct timespec *times, int flags)
{
    if (!times)
        return crosspython_utimensat(folder, path, 0, flags);
    int64_t numbers[4] = {times[0].tv_sec, times[0].tv_nsec, times[1].tv_sec, times[1].tv_nsec};
    return crosspython_utimensat(folder, path, numbers, flags);
}

static int tell_status(int how, const char *path, int file, struct stat *answer)
{
    int64_t numbers[16];
    int failed = crosspython_status(how, path, file, numbers);
    if (!failed)
        *answer = (struct stat){
            .st_dev = numbers[0],
            .st_ino = numbers[1],
            .st_mode = numbers[2],
            .st_nlink = numbers[3],
            .st_uid = numbers[4],
            .st_gid = numbers[5],
            .st_rdev = numbers[6],
            .st_size = numbers[7],
            .st_blksize = numbers[8],
            .st_blocks = numbers[9],
            .st_atim = {.tv_sec = numbers[10], .tv_nsec = numbers[11]},
            .st_mtim = {.tv_sec = numbers[12], .tv_nsec = numbers[13]},
            .st_ctim = {.tv_sec = numbers[14], .tv_nsec = numbers[15]},
        };
    return failed;
}

HIDDEN int __stat64_time64(const char *path, struct stat *answer)
{
    return tell_status(BY_PATH, path, -1, answer);
}

HIDDEN int __lstat64_time64(const char *path, struct stat *answer)
{
    return tell_status(BY_LINK, path, -1, answer);
}

HIDDEN int __fstat64_time64(int file, struct stat *answer)
{
    return tell_status(BY_FILE, 0, file, answer);
}

HIDDEN int __getrusage64(int who, struct rusage *answer)
{
    int64_t numbers[18];
    int failed = crosspython_getrusage(who, numbers);
    if (!failed)
        *answer = (struct rusage){
            .ru_utime = {.tv_sec = numbers[0], .tv_usec = numbers[1]},
            .ru_stime = {.tv_sec = numbers[2], .tv_usec = numbers[3]},
            .ru_maxrss = numbers[4],
            .ru_ixrss = numbers[5],
            .ru_idrss = numbers[6],
            .ru_isrss = numbers[7],
            .ru_minflt = numbers[8],
            .ru_majflt = numbers[9],
            .ru_nswap = numbers[10],
            .ru_inblock = numbers[11],
            .ru_oublock = numbers[12],
            .ru_msgsnd = numbers[13],
            .ru_msgrcv = numbers[14],
            .ru_nsignals = numbers[15],
            .ru_nvcsw = numbers[16],
            .ru_nivcsw = numbers[17],
        };
    return failed;
}

HIDDEN struct tm *__gmtime64_r(const time_t *time, struct tm *answer)
{
    return crosspython_break_down(0, *time, answer);
}

HIDDEN struct tm *__localtime64_r(const time_t *time, struct tm *answer)
{
    return crosspython_break_down(1, *time, answer);
}

HIDDEN time_t __time64(time_t *place)
{
    time_t now = crosspython_time();
    if (place)
        *place = now;
    return now;
}

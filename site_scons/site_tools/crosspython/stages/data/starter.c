/* The starter: stands in bin/ for a program of a bundle that brings its own libc, and starts that program with it.
 *
 *     bin/python3.13            this
 *     libexec/python3.13        the program
 *     lib/private/              the loader, the libc and what belongs to it; python3.13, a link to the loader
 *
 * It executes: lib/private/python3.13 --argv0 ARGV0 --library-path lib/private libexec/python3.13 ARGUMENTS (ld.so(8)).
 * By the link's name `ps` and `killall` know the program; by --argv0 it takes itself for what was called.
 *
 * It has no libc: no board has one that it could rely on. Given by the compiler's options:
 * INTERPRETER  the name of the Python, which a venv made of copies has under another one
 * KERNEL       the oldest kernel that the libc runs on, as MAJOR * 1000 + MINOR; KERNEL_NAME the same as text
 */

/* GCC would replace loops by calls of memset and strlen, which are not there. */
#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/utsname.h>

typedef __SIZE_TYPE__ size_t;

/* The first instruction: hands the stack as the kernel made it (argc, argv, environment) to begin(). */
#if defined(__arm__)
__asm__(".arm\n.globl _start\n.type _start, %function\n_start: mov r0, sp\n b begin\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start: mov x0, sp\n b begin\n");
#elif defined(__riscv)
__asm__(".globl _start\n_start: mv a0, sp\n j begin\n");
#elif defined(__x86_64__)
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");
#elif defined(__i386__)
__asm__(".globl _start\n_start: mov %esp, %eax\n and $-16, %esp\n sub $12, %esp\n push %eax\n call begin\n");
#else
#error "starter.c does not know the system calls of this machine"
#endif

/* One system call (syscall(2), "Architecture calling conventions"). */
static long call(long number, long a, long b, long c, long d)
{
#if defined(__arm__)
    register long r7 __asm__("r7") = number, r0 __asm__("r0") = a, r1 __asm__("r1") = b, r2 __asm__("r2") = c,
                  r3 __asm__("r3") = d;
    __asm__ volatile("svc 0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2), "r"(r3) : "memory");
    return r0;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c,
                  x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
#elif defined(__riscv)
    register long a7 __asm__("a7") = number, a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c,
                  a3 __asm__("a3") = d;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3) : "memory");
    return a0;
#elif defined(__x86_64__)
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return number;
#elif defined(__i386__)
    __asm__ volatile("int $0x80" : "+a"(number) : "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
    return number;
#endif
}

static size_t length(const char *text)
{
    size_t count = 0;
    while (text[count])
        count++;
    return count;
}

/* What follows a beginning in a text; 0 where it begins otherwise. */
static char *after(char *text, const char *beginning)
{
    while (*beginning)
        if (*text++ != *beginning++)
            return 0;
    return text;
}

/* Writes a text, and returns where the next one goes. */
static char *append(char *place, const char *text)
{
    while (*text)
        *place++ = *text++;
    *place = 0;
    return place;
}

static void say(const char *text)
{
    call(__NR_write, 2, (long)text, length(text), 0);
}

static void __attribute__((noreturn)) stop(const char *who, const char *what, const char *which)
{
    say(who);
    say(": ");
    say(what);
    say(which);
    say("\n");
    for (;;)
        call(__NR_exit_group, 127, 0, 0, 0);
}

static int exists(const char *path)
{
    return call(__NR_faccessat, AT_FDCWD, (long)path, 0, 0) == 0;
}

/* The last slash of a path; that is cut off. */
static char *cut_name(char *path)
{
    char *end = path + length(path);
    while (end > path && *end != '/')
        end--;
    *end = 0;
    return end + 1;
}

/* The kernel's version as KERNEL counts it. */
static int kernel_version(const char *release)
{
    int numbers[2] = {0, 0};
    for (int which = 0; which < 2; which++) {
        while (*release >= '0' && *release <= '9')
            numbers[which] = numbers[which] * 10 + *release++ - '0';
        if (*release == '.')
            release++;
    }
    return numbers[0] * 1000 + numbers[1];
}

/* A venv that was made of copies says in pyvenv.cfg where the Python is: `home = /opt/python/bin`. */
static int read_home(char *root)
{
    static char text[PATH_MAX + 512];
    char file[PATH_MAX + 16];
    append(append(file, root), "/pyvenv.cfg");
    long descriptor = call(__NR_openat, AT_FDCWD, (long)file, O_RDONLY, 0);
    if (descriptor < 0)
        return 0;
    call(__NR_read, descriptor, (long)text, sizeof text - 1, 0);
    call(__NR_close, descriptor, 0, 0, 0);
    for (char *line = text; *line;) {
        char *home = after(line, "home = "), *end = line;
        while (*end && *end != '\n')
            end++;
        if (home && end - home < PATH_MAX) {
            *end = 0;
            append(root, home);
            cut_name(root);
            return 1;
        }
        line = *end ? end + 1 : end;
    }
    return 0;
}

/* The environment with C.UTF-8 of the bundle, on boards without any locale. */
static char **with_locale(char **environment, char **larger, char *variable, const char *folder)
{
    size_t count = 0;
    for (; environment[count]; count++) {
        if (after(environment[count], "LOCPATH="))
            return environment;
        larger[count] = environment[count];
    }
    append(append(append(variable, "LOCPATH="), folder), "/locale");
    if (!exists(variable + 8) || exists("/usr/lib/locale/C.utf8") || exists("/usr/lib/locale/locale-archive"))
        return environment;
    larger[count++] = variable;
    larger[count] = 0;
    return larger;
}

static char *find_variable(char **environment, const char *name)
{
    for (; *environment; environment++) {
        char *value = after(*environment, name);
        if (value)
            return value;
    }
    return 0;
}

static void require_kernel(const char *who)
{
    struct new_utsname system;
    call(__NR_uname, (long)&system, 0, 0, 0);
    if (kernel_version(system.release) < KERNEL)
        stop(who, "this Linux is too old for the libc that the bundle brings, which needs " KERNEL_NAME ": ",
             system.release);
}

/* Where the tree is, into root, and the program that this stands for there, into program; returns its name. */
static const char *find_program(const char *who, char *root, char *program)
{
    long size = call(__NR_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)root, PATH_MAX - 1);
    if (size <= 0)
        stop(who, "it cannot find its own folder, because there is no /proc; next: mount -t proc proc /proc", "");
    root[size] = 0;
    const char *name = cut_name(root);
    cut_name(root);
    append(append(append(program, root), "/libexec/"), name);
    if (exists(program))
        return name;
    if (!read_home(root))
        stop(who, "its bundle is not complete: unpack all of it again; missing: ", program);
    append(append(append(program, root), "/libexec/"), INTERPRETER);
    return INTERPRETER;
}

/* Executes the loader, whose link is in folder, beside the libc. */
static void __attribute__((noreturn))
run(const char *who, const char *folder, const char *name, char *program, char **arguments, char **environment)
{
    size_t count = 0, variables = 0, place = 0;
    while (arguments[count])
        count++;
    while (environment[variables])
        variables++;
    char *given = find_variable(environment, "LD_LIBRARY_PATH=");
    char loader[PATH_MAX + 288], path[length(folder) + (given ? length(given) : 0) + 2], variable[PATH_MAX + 32];
    char *words[count + 7], *larger[variables + 2];

    append(append(append(loader, folder), "/"), name);
    char *end = append(path, folder);
    if (given && *given)
        append(append(end, ":"), given);
    words[place++] = loader;
    words[place++] = "--argv0";
    words[place++] = (char *)who;
    words[place++] = "--library-path";
    words[place++] = path;
    words[place++] = program;
    for (size_t each = 1; each < count; each++)
        words[place++] = arguments[each];
    words[place] = 0;
    call(__NR_execve, (long)loader, (long)words, (long)with_locale(environment, larger, variable, folder), 0);
    stop(who, "it cannot be executed: ", loader);
}

void __attribute__((noreturn, used)) begin(long *stack)
{
    char **arguments = (char **)(stack + 1), **environment = arguments + stack[0] + 1;
    char root[PATH_MAX], folder[PATH_MAX + 16], program[PATH_MAX + 288];
    const char *who = stack[0] ? arguments[0] : INTERPRETER;
    require_kernel(who);
    const char *name = find_program(who, root, program);
    append(append(folder, root), "/lib/private");
    for (char *each = folder; *each; each++)
        if (*each == ':' || *each == ';')
            stop(who, "the loader does not find libraries in a folder with a colon or a semicolon in its name: ", root);
    run(who, folder, name, program, arguments, environment);
}

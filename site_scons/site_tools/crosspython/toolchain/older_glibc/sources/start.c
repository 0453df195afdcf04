/* How programs started before glibc 2.34: they run their own constructors (its csu/elf-init.c and start.S of each machine,
   whose __libc_start_main calls what it is handed). Since 2.34 a program hands over none, and older ones run none then. */

typedef void function(int, char **, char **);

extern int main(int, char **, char **);
extern void _init(void) __attribute__((weak)); /* RISC-V has none */
extern int __libc_start_main(int (*)(int, char **, char **), int, char **, function *, void (*)(void), void (*)(void), void *);
extern void abort(void);

extern function *__preinit_array_start[] __attribute__((visibility("hidden")));
extern function *__preinit_array_end[] __attribute__((visibility("hidden")));
extern function *__init_array_start[] __attribute__((visibility("hidden")));
extern function *__init_array_end[] __attribute__((visibility("hidden")));

static void construct(int count, char **arguments, char **environment)
{
    /* A program that is linked dynamically has its preinit_array run by the loader. */
    if (_init)
        _init();
    for (function **each = __init_array_start; each < __init_array_end; each++)
        (*each)(count, arguments, environment);
}

/* The loader runs the destructors of what it has loaded, the program itself among it. */
static void destroy(void)
{
}

__attribute__((used, noreturn)) static void crosspython_start(long *stack, void (*loaders)(void))
{
    char **arguments = (char **)(stack + 1);
    __libc_start_main(main, (int)*stack, arguments, construct, destroy, loaders, arguments);
    for (;;)
        abort();
}

#if defined __arm__
#define MODE ".syntax unified\n.arm\n"
#else
#define MODE ""
#endif
#define BEGIN ".text\n" MODE ".globl _start\n.type _start, %function\n_start:\n"

#if defined __aarch64__
__asm__(BEGIN ".cfi_startproc\n.cfi_undefined x30\nmov x29, #0\nmov x30, #0\nmov x1, x0\nmov x0, sp\n"
              "b crosspython_start\n.cfi_endproc\n");
#elif defined __arm__
__asm__(BEGIN ".fnstart\n.cantunwind\nmov r1, r0\nmov r0, sp\nmov r2, #0\nmov fp, r2\nmov lr, r2\n"
              "bl crosspython_start\n.fnend\n");
#elif defined __riscv
__asm__(BEGIN ".cfi_startproc\n.cfi_undefined ra\n.option push\n.option norelax\nlla gp, __global_pointer$\n.option pop\n"
              "mv a1, a0\nmv a0, sp\nandi sp, sp, -16\ntail crosspython_start\n.cfi_endproc\n");
#elif defined __x86_64__
__asm__(BEGIN ".cfi_startproc\n.cfi_undefined rip\nxor %ebp, %ebp\nmov %rdx, %rsi\nmov %rsp, %rdi\nand $-16, %rsp\n"
              "call crosspython_start\nhlt\n.cfi_endproc\n");
#elif defined __i386__
__asm__(BEGIN ".cfi_startproc\n.cfi_undefined eip\nxor %ebp, %ebp\nmov %esp, %eax\nand $-16, %esp\nsub $8, %esp\n"
              "push %edx\npush %eax\ncall crosspython_start\nhlt\n.cfi_endproc\n");
#else
#error the start of a program is not known for this machine
#endif

/* Data of old start files: some programs name them. */
int __data_start = 0;
extern int data_start __attribute__((weak, alias("__data_start")));
const int _IO_stdin_used = 0x20001;

/* libgfortran.a has one file that cannot become part of a shared library: it keeps a variable of each thread where only
   programs may have one. This is it without threads: libgfortran then does what a program asks to be done asynchronously
   at once, as it does where there are no threads (its io/async.c, init_async_unit), and hands nothing to what follows. */

#include <stdlib.h>

__thread void *thread_unit __attribute__((tls_model("initial-exec")));

void _gfortrani_init_async_unit(void *unit)
{
    (void)unit;
}

void _gfortrani_async_wait(void *common, void *unit)
{
    (void)common;
    (void)unit;
}

_Bool _gfortrani_async_wait_id(void *common, void *unit, int id)
{
    (void)common;
    (void)unit;
    (void)id;
    return 0;
}

_Bool _gfortrani_collect_async_errors(void *common, void *unit)
{
    (void)common;
    (void)unit;
    return 0;
}

void _gfortrani_async_close(void *unit)
{
    (void)unit;
}

#define NEVER(name)                                                                                                    \
    int name(void)                                                                                                     \
    {                                                                                                                  \
        abort();                                                                                                       \
    }

NEVER(_gfortrani_enqueue_close)
NEVER(_gfortrani_enqueue_done)
NEVER(_gfortrani_enqueue_done_id)
NEVER(_gfortrani_enqueue_data_transfer_init)
NEVER(_gfortrani_enqueue_transfer)

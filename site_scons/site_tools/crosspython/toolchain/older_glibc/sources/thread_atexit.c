/* What libstdc++ calls for destructors of thread_local objects since glibc 2.18: here a key of the thread's runs them. */

#define _GNU_SOURCE
#include <features.h>

#if __GLIBC_MINOR__ < 18
#include <pthread.h>
#include <stdlib.h>

struct destructor {
    void (*function)(void *);
    void *object;
    struct destructor *next;
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void run(void *list)
{
    while (list != NULL) {
        struct destructor *first = list;
        pthread_setspecific(key, first->next);
        first->function(first->object);
        free(first);
        list = pthread_getspecific(key);
    }
}

/* The main thread has no end of its own: its destructors run when the program ends. */
static void run_for_main(void)
{
    run(pthread_getspecific(key));
}

static void prepare(void)
{
    if (pthread_key_create(&key, run) != 0)
        abort();
    atexit(run_for_main);
}

__attribute__((visibility("hidden"))) int __cxa_thread_atexit_impl(void (*function)(void *), void *object, void *library)
{
    struct destructor *first = malloc(sizeof *first);
    (void)library;
    if (first == NULL)
        return -1;
    pthread_once(&once, prepare);
    *first = (struct destructor){function, object, pthread_getspecific(key)};
    return pthread_setspecific(key, first);
}
#endif

/* What libgfortran calls since glibc 2.18. A signaling NaN has the highest bit of its fraction clear on all of our
   machines (IEEE 754-2008, 6.2.1). */

#define _GNU_SOURCE
#include <features.h>

#if __GLIBC_MINOR__ < 18
#include <stdint.h>
#include <string.h>

__attribute__((visibility("hidden"))) int __issignaling(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return ((bits ^ 0x0008000000000000) & 0x7fffffffffffffff) > 0x7ff8000000000000;
}

__attribute__((visibility("hidden"))) int __issignalingf(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return ((bits ^ 0x00400000) & 0x7fffffff) > 0x7fc00000;
}
#endif

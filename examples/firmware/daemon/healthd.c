/* A daemon in C beside Python: it writes a checksum of the kernel's uptime once a minute, with the sysroot's zlib. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

int main(int argc, char **argv)
{
    char text[64];
    do {
        FILE *uptime = fopen("/proc/uptime", "r");
        if (uptime == NULL || fgets(text, sizeof text, uptime) == NULL)
            return 1;
        fclose(uptime);
        printf("healthd: zlib %s, uptime %08lx\n", zlibVersion(), crc32(0L, (const Bytef *)text, strlen(text)));
        fflush(stdout);
    } while (!(argc > 1 && strcmp(argv[1], "--once") == 0) && sleep(60) == 0);
    return 0;
}

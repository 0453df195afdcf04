/* A plugin of QEMU's user-mode emulator: how many instructions a program executed, as one line at the end of a file.
 *
 *     gcc -shared -fPIC count_instructions.c -o count.so && qemu-arm -plugin ./count.so,to=FILE PROGRAM
 *
 * The functions are those of QEMU's documentation ("QEMU TCG Plugins"); Debian's qemu-user has no header of them.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct block;
typedef uint64_t plugin;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin, void (*)(plugin, struct block *));
size_t qemu_plugin_tb_n_insns(const struct block *);
void qemu_plugin_register_vcpu_tb_exec_inline(struct block *, int, void *, uint64_t);
void qemu_plugin_register_atexit_cb(plugin, void (*)(plugin, void *), void *);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static uint64_t count;
static char file[4096];

static void count_block(plugin id, struct block *block)
{
    qemu_plugin_register_vcpu_tb_exec_inline(block, 0, &count, qemu_plugin_tb_n_insns(block));
}

static void write_count(plugin id, void *none)
{
    FILE *stream = fopen(file, "a");
    if (stream) {
        fprintf(stream, "%llu\n", (unsigned long long)count);
        fclose(stream);
    }
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin id, const void *info, int size, char **words)
{
    if (size != 1 || strncmp(words[0], "to=", 3) != 0 || strlen(words[0]) - 3 >= sizeof file)
        return 1;
    strcpy(file, words[0] + 3);
    qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
    qemu_plugin_register_atexit_cb(id, write_count, NULL);
    return 0;
}

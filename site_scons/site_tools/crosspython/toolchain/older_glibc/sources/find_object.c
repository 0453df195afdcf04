/* What GCC's unwinder asks since glibc 2.35: which file of the process an address is in, and where its table of frames is
   (glibc's manual, "Dynamic Linker Introspection"). Found here as the unwinder did before, with dl_iterate_phdr. */

#define _GNU_SOURCE
#include <features.h>

#if __GLIBC_MINOR__ < 35
#include <dlfcn.h>
#include <link.h>
#include <stddef.h>

#ifdef DLFO_EH_SEGMENT_TYPE
struct search {
    ElfW(Addr) address;
    struct dl_find_object *answer;
};

static int look(struct dl_phdr_info *file, size_t size, void *data)
{
    struct search *search = data;
    struct dl_find_object *answer = search->answer;
    const ElfW(Phdr) *frames = NULL, *dynamic = NULL;
    ElfW(Addr) start = 0, end = 0;
    int is_inside = 0;
    (void)size;
    for (int each = 0; each < file->dlpi_phnum; each++) {
        const ElfW(Phdr) *segment = &file->dlpi_phdr[each];
        ElfW(Addr) first = file->dlpi_addr + segment->p_vaddr, last = first + segment->p_memsz;
        if (segment->p_type == PT_LOAD) {
            if (end == 0 || first < start)
                start = first;
            if (last > end)
                end = last;
            is_inside |= search->address >= first && search->address < last;
        } else if (segment->p_type == DLFO_EH_SEGMENT_TYPE)
            frames = segment;
        else if (segment->p_type == PT_DYNAMIC)
            dynamic = segment;
    }
    if (!is_inside)
        return 0;
    if (frames == NULL)
        return -1;
    answer->dlfo_flags = 0;
    answer->dlfo_map_start = (void *)start;
    answer->dlfo_map_end = (void *)end;
    answer->dlfo_link_map = NULL;
    answer->dlfo_eh_frame = (void *)(file->dlpi_addr + frames->p_vaddr);
#if DLFO_STRUCT_HAS_EH_COUNT
    answer->dlfo_eh_count = frames->p_memsz / 8;
#endif
#if DLFO_STRUCT_HAS_EH_DBASE
    answer->dlfo_eh_dbase = NULL;
    if (dynamic != NULL)
        for (const ElfW(Dyn) *tag = (void *)(file->dlpi_addr + dynamic->p_vaddr); tag->d_tag != DT_NULL; tag++)
            if (tag->d_tag == DT_PLTGOT)
                answer->dlfo_eh_dbase = (void *)tag->d_un.d_ptr;
#else
    (void)dynamic;
#endif
    return 1;
}

__attribute__((visibility("hidden"))) int _dl_find_object(void *address, struct dl_find_object *answer)
{
    struct search search = {(ElfW(Addr))address, answer};
    return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}
#endif
#endif

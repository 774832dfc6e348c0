// The C library's allocator, and the pages of programs.
#include <elf.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

// `dl_iterate_phdr`, which `link.h` declares for those alone who define _GNU_SOURCE, which would make some of its types others than Glibc's module has.
struct steelyard_object {
    uintptr_t address;
    const char *name;
    const void *parts;
    uint16_t part_count;
};
int steelyard_for_each_object(int (*)(struct steelyard_object *, size_t, void *), void *) __asm__("dl_iterate_phdr");

#if UINTPTR_MAX > 0xFFFFFFFF
typedef Elf64_Phdr steelyard_object_part;
#else
typedef Elf32_Phdr steelyard_object_part;
#endif

static inline int steelyard_release_code_of(struct steelyard_object *object, size_t size, void *unused) {
    (void)size, (void)unused;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < object->part_count; index++) {
        const steelyard_object_part *part = (const steelyard_object_part *)object->parts + index;
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X) || part->p_flags & PF_W) continue;
        const uintptr_t start = (object->address + part->p_vaddr) & ~(page - 1);
        const uintptr_t end = (object->address + part->p_vaddr + part->p_filesz) & ~(page - 1);
        if (end > start) madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

// Takes the pages of machine code, of the program and its libraries, out of the process until they are needed again. They stand
// in the system's cache of files, and nothing writes to them, so that this loses nothing and coming back needs no disk.
static inline void steelyard_release_code(void) {
    steelyard_for_each_object(steelyard_release_code_of, NULL);
}

/* harden.c: see harden.h. */
#include "harden.h"

#include <link.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

void
harden_secrets(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
}

/* The start of our own image, from the linker. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

void
harden_relro(void)
{
	const ElfW(Phdr) *header = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	uintptr_t page = (uintptr_t)getauxval(AT_PAGESZ);
	uintptr_t base = __ehdr_start.e_type == ET_DYN ? (uintptr_t)&__ehdr_start : 0;

	if (header == NULL || page == 0)
		return;
	for (unsigned long n = getauxval(AT_PHNUM); n > 0; n--, header++) {
		uintptr_t from = (base + header->p_vaddr) & ~(page - 1);
		uintptr_t to = (base + header->p_vaddr + header->p_memsz) & ~(page - 1);

		if (header->p_type == PT_GNU_RELRO && to > from)
			(void)mprotect((void *)from, to - from, PROT_READ);
	}
}

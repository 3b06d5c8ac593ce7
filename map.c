/* map.c: see map.h. */
#include "map.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

/* Linux 5.14; musl does not name it. */
#if defined(__linux__) && !defined(MADV_POPULATE_READ)
#define MADV_POPULATE_READ 22
#endif

/* SIGBUS comes to the thread that looked. */
static __thread struct map *current;

static size_t
system_page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Put zeros where bytes have gone, up to the end of the mapping, and go on. mmap is a system call
 * and no more, so it may be called here. */
static void
on_sigbus(int sig, siginfo_t *info, void *context)
{
	struct map *map = current;
	size_t at = map != NULL ? (size_t)((char *)info->si_addr - map->begin) : 0;

	(void)context;
	if (map != NULL && at < map->size) {
		at -= at % system_page();
		map->lost = true;
		if (mmap(map->begin + at, map->size - at, PROT_READ,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
			return;
	}
	(void)signal(sig, SIG_DFL); /* not ours: it comes again, and ends the process */
}

void
map_prepare(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO};

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGBUS, &action, NULL);
}

void
map_free(struct map *map)
{
	if (map->begin != NULL)
		(void)munmap(map->begin, map->size);
	*map = (struct map){0};
	current = NULL;
}

static void
map_window(struct map *map, uint64_t file, int fd, uint64_t at, size_t n)
{
	size_t before = (size_t)(at % system_page());
	size_t size = n < MAP_WINDOW ? before + MAP_WINDOW : before + n;
	void *p;

	map_free(map);
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, (off_t)(at - before));
	if (p == MAP_FAILED)
		return;
	*map = (struct map){.begin = p, .size = size, .file = file, .from = at - before};
	current = map;
}

/* Bring the pages in at once, not sixteen at a time when they are looked at. Where the system
 * cannot do so, nothing is lost. */
static void
populate(const struct map *map, size_t at, size_t n)
{
#ifdef MADV_POPULATE_READ
	size_t before = at % system_page();

	(void)madvise(map->begin + at - before, before + n, MADV_POPULATE_READ);
#else
	(void)map;
	(void)at;
	(void)n;
#endif
}

struct str
map_bytes(struct map *map, uint64_t file, int fd, uint64_t at, size_t n)
{
	if (map->begin == NULL || map->file != file || map->lost || at < map->from ||
	    at + n > map->from + map->size)
		map_window(map, file, fd, at, n);
	if (map->begin == NULL)
		return STR("");
	populate(map, (size_t)(at - map->from), n);
	return (struct str){map->begin + (at - map->from), n};
}

bool
map_lost(const struct map *map)
{
	return map->lost;
}

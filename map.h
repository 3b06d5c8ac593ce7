/* map.h: bytes of a file looked at where the system has them, instead of reading a copy.
 *
 * What is mapped may change while it is looked at, as the file may be written to, and go away, as
 * it may be cut off: then zeros are in its place, and map_lost says so. So who looks at it must
 * not rely on seeing the same twice. */
#ifndef MAP_H
#define MAP_H

#include "str.h"

#define MAP_WINDOW (32u << 20) /* bytes: to map and unmap takes longer than to look */

struct map {
	char *begin; /* of the mapping, which begins with a page of the system's; NULL: none */
	size_t size;
	uint64_t file; /* which it is of */
	uint64_t from; /* where it begins there */
	volatile bool lost;
};

/* Be ready for mapped bytes that go away (SIGBUS, which must not be blocked). */
void map_prepare(void);

/* The n > 0 bytes of the file that begin at `at`, mapped; n is 0 where that is not possible. They
 * are there until the next call. `file` is a number of the file at fd: more of it is mapped than
 * asked for, and stays. There is one map for a thread, all zeros at first, and it must not move. */
struct str map_bytes(struct map *map, uint64_t file, int fd, uint64_t at, size_t n);

/* Have some of the bytes last asked for gone, that is, are zeros? */
bool map_lost(const struct map *map);

void map_free(struct map *map);

#endif

/* arena.h: memory that is given back all at once, with a cap.
 *
 * For what lives as long as one event, one compiled query or one page. An arena belongs to one
 * thread at a time. Its cap bounds what hostile input can make us take: reaching it is an ordinary
 * error. */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

#include "str.h"

struct arena {
	struct arena_block *head; /* the block in use; fuller ones behind it */
	size_t used;              /* bytes handed out since the last reset */
	size_t cap;               /* at most this many; set by arena_init */
};

void arena_init(struct arena *a, size_t cap);

/* n bytes, aligned for any type, not initialised. NULL when the cap is reached. */
void *arena_alloc(struct arena *a, size_t n) MUSTUSE;

/* A copy of s in the arena; {NULL, 0} when the cap is reached (never for n == 0: then p is not
 * NULL). */
struct str arena_copy(struct arena *a, struct str s);

/* Forget all that was handed out; keep the largest block for reuse. */
void arena_reset(struct arena *a);

/* Give the memory back. The arena may be used again after arena_init. */
void arena_free(struct arena *a);

#endif

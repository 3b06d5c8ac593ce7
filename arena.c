/* arena.c: see arena.h. */
#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"

#define ARENA_FIRST_BLOCK 4096 /* bytes; each further block doubles */
#define ARENA_ALIGN 16

struct arena_block {
	struct arena_block *next;
	size_t size; /* bytes in data */
	size_t used;
	size_t pad; /* data starts aligned */
	unsigned char data[];
};

void
arena_init(struct arena *a, size_t cap)
{
	*a = (struct arena){.cap = cap};
}

static void
add_block(struct arena *a, size_t at_least)
{
	size_t size = a->head != NULL ? a->head->size * 2 : ARENA_FIRST_BLOCK;
	struct arena_block *b;

	if (size < at_least)
		size = at_least;
	b = xmalloc(sizeof(*b) + size);
	*b = (struct arena_block){.next = a->head, .size = size};
	a->head = b;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	void *p;

	if (n > a->cap - a->used || n > SIZE_MAX - ARENA_ALIGN)
		return NULL;
	n = (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (n > a->cap - a->used)
		n = a->cap - a->used;
	if (a->head == NULL || a->head->size - a->head->used < n)
		add_block(a, n);
	p = a->head->data + a->head->used;
	a->head->used += n;
	a->used += n;
	return p;
}

struct str
arena_copy(struct arena *a, struct str s)
{
	char *p;

	if (s.n == 0)
		return (struct str){"", 0};
	p = arena_alloc(a, s.n);
	if (p == NULL)
		return (struct str){NULL, 0};
	memcpy(p, s.p, s.n);
	return (struct str){p, s.n};
}

void
arena_reset(struct arena *a)
{
	if (a->head != NULL) {
		struct arena_block *b = a->head->next;

		while (b != NULL) {
			struct arena_block *next = b->next;
			free(b);
			b = next;
		}
		a->head->next = NULL;
		a->head->used = 0;
	}
	a->used = 0;
}

void
arena_free(struct arena *a)
{
	arena_reset(a);
	free(a->head);
	*a = (struct arena){0};
}

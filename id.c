/* id.c: see id.h. */
#include "id.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 16 };

/* 8-4-4-4-12 hexadecimal digits (RFC 9562 section 4). */
static bool
read_uuid(struct str text, struct id *id)
{
	uint64_t half[2] = {0, 0};
	size_t digits = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i], low = c | 0x20;
		bool digit = (c >= '0' && c <= '9') || (low >= 'a' && low <= 'f');

		if (text.n != 36 || digit == (i == 8 || i == 13 || i == 18 || i == 23) ||
		    (!digit && c != '-'))
			return false;
		if (!digit)
			continue;
		half[digits / 16] = half[digits / 16] << 4 |
		    (uint64_t)(c <= '9' ? c - '0' : low - 'a' + 10);
		digits++;
	}
	*id = (struct id){half[0], half[1]};
	return digits == 32;
}

struct id
id_of(struct str text)
{
	struct id id = {UINT64_C(0xcbf29ce484222325), UINT64_C(0x84222325cbf29ce4)};

	if (!read_uuid(text, &id))
		for (size_t i = 0; i < text.n; i++) {
			unsigned char c = (unsigned char)text.p[i];

			id.high = (id.high ^ c) * UINT64_C(0x100000001b3);
			id.low = (id.low ^ (uint64_t)(c + 1)) * UINT64_C(0x100000001b3);
		}
	if (id.high == 0 && id.low == 0)
		id.low = 1;
	return id;
}

bool
id_eq(struct id a, struct id b)
{
	return a.high == b.high && a.low == b.low;
}

/* Where the id is, or the empty slot where it would be. The table is never full. */
static struct id *
slot_of(const struct ids *set, struct id id)
{
	size_t i = (size_t)(id.low ^ id.high) & (set->cap - 1);

	while ((set->slots[i].low != 0 || set->slots[i].high != 0) && !id_eq(set->slots[i], id))
		i = (i + 1) & (set->cap - 1);
	return &set->slots[i];
}

static void
grow(struct ids *set)
{
	struct ids larger = {.cap = set->cap > 0 ? set->cap * 2 : FIRST_SLOTS};

	larger.slots = xcalloc(larger.cap, sizeof(*larger.slots));
	for (size_t i = 0; i < set->cap; i++)
		if (set->slots[i].low != 0 || set->slots[i].high != 0)
			(void)ids_add(&larger, set->slots[i]);
	free(set->slots);
	*set = larger;
}

bool
ids_add(struct ids *set, struct id id)
{
	struct id *slot;

	if (set->n >= set->cap / 4 * 3)
		grow(set);
	slot = slot_of(set, id);
	if (id_eq(*slot, id))
		return false;
	*slot = id;
	set->n++;
	return true;
}

bool
ids_has(const struct ids *set, struct id id)
{
	return set->cap > 0 && id_eq(*slot_of(set, id), id);
}

void
ids_free(struct ids *set)
{
	free(set->slots);
	*set = (struct ids){0};
}

/* id.h: the identities of events, and sets of them. Pure; a set belongs to one thread at a time. */
#ifndef ID_H
#define ID_H

#include "str.h"

struct id { /* 128 bits; never all 0 */
	uint64_t high;
	uint64_t low;
};

/* A UUID is its own 128 bits; of anything else it is a hash (FNV-1a, twice). */
struct id id_of(struct str text);

bool id_eq(struct id a, struct id b);

/* A set: {0} is empty. */
struct ids {
	struct id *slots; /* a hash table with open addressing; an empty slot is all 0 */
	size_t cap;       /* a power of two, or 0 */
	size_t n;
};

/* Was it new? */
bool ids_add(struct ids *set, struct id id);
bool ids_has(const struct ids *set, struct id id);
void ids_free(struct ids *set);

#endif

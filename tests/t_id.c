/* Tests of id.c: what the ids of events are, and sets of them against a naive one. */
#include "../id.h"

#include <stdlib.h>

#include "tap.h"

static uint64_t state = 88172645463325252u;

static uint64_t
rnd(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

static struct id
of(const char *text)
{
	return id_of(str_of(text));
}

/* FNV-1a with 64 bits (RFC 9923). */
static uint64_t
fnv1a(const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return h;
}

/* --- ids --- */

struct uuid {
	const char *text;
	uint64_t high;
	uint64_t low;
};

static const struct uuid uuids[] = {
    {"37a01d48-1a1f-4c4e-9a7c-0f8b5d9d6a11", 0x37a01d481a1f4c4e, 0x9a7c0f8b5d9d6a11},
    {"37A01D48-1A1F-4C4E-9A7C-0F8B5D9D6A11", 0x37a01d481a1f4c4e, 0x9a7c0f8b5d9d6a11},
    {"37a01D48-1a1F-4c4E-9A7c-0F8B5d9D6a11", 0x37a01d481a1f4c4e, 0x9a7c0f8b5d9d6a11},
    {"ffffffff-ffff-ffff-ffff-ffffffffffff", UINT64_MAX, UINT64_MAX},
    {"00000000-0000-0000-0000-000000000001", 0, 1},
    {"80000000-0000-0000-0000-000000000000", UINT64_C(1) << 63, 0},
    {"01234567-89ab-cdef-0123-456789abcdef", 0x0123456789abcdef, 0x0123456789abcdef},
    {"ABCDEFAB-CDEF-abcd-efab-cdefabcdefab", 0xabcdefabcdefabcd, 0xefabcdefabcdefab},
};

/* No two of them are the same event. */
static const char *const others[] = {
    "",
    "a",
    "b",
    "A",
    "-",
    "0",
    "00",
    "37a01d48-1a1f-4c4e-9a7c-0f8b5d9d6a11",
    "37a01d48-1a1f-4c4e-9a7c-0f8b5d9d6a1",
    "37a01d48-1a1f-4c4e-9a7c-0f8b5d9d6a111",
    "37a01d48-1a1f-4c4e-9a7c-0f8b5d9d6a1g",
    "37a01d48-1a1f-4c4e-9a7c-0f8b5d9d6a1 ",
    " 37a01d48-1a1f-4c4e-9a7c-0f8b5d9d6a1",
    "37a01d481a1f4c4e9a7c0f8b5d9d6a11",
    "{37a01d48-1a1f-4c4e-9a7c-0f8b5d9d6a11}",
    "37a01d48 1a1f 4c4e 9a7c 0f8b5d9d6a11",
    "37a01d481-a1f-4c4e-9a7c-0f8b5d9d6a11",
    "37a01d48_1a1f_4c4e_9a7c_0f8b5d9d6a11",
    "----37a01d481a1f4c4e9a7c0f8b5d9d6a11",
    "37a01d481a1f4c4e9a7c0f8b5d9d6a11zzzz",
    "37a01d481a1f4c4e9a7c0f8b5d9d6a110000",
    "37a01d481a1f4c4e9a7c0f8b5d9d6a110001",
    "event-1",
    "event-2",
    "{\"n\":1}",
    "{\"n\":2}",
    "\xff",
    "\xfe",
};

enum { OTHERS = sizeof(others) / sizeof(others[0]) };

static void
test_id_of(void)
{
	struct id none = id_of(STR("")), nil = of("00000000-0000-0000-0000-000000000000");
	size_t same = 0, zero = 0;

	for (size_t i = 0; i < sizeof(uuids) / sizeof(uuids[0]); i++) {
		struct id id = of(uuids[i].text);

		ok(id.high == uuids[i].high && id.low == uuids[i].low, "%s: its own bits",
		    uuids[i].text);
	}
	ok(nil.high != 0 || nil.low != 0, "the nil UUID is not all 0");
	ok(none.high != 0 || none.low != 0, "nor is that of nothing");
	for (size_t i = 0; i < OTHERS; i++) {
		struct id id = of(others[i]);

		zero += id.high == 0 && id.low == 0;
		ok(id_eq(id, of(others[i])), "'%s': the same again", others[i]);
		for (size_t k = 0; k < i; k++)
			if (id_eq(id, of(others[k]))) {
				note("'%s' is taken for '%s'", others[i], others[k]);
				same++;
			}
	}
	is_int(zero, 0, "none is all 0");
	is_int(same, 0, "different texts, different ids");
	ok(of("foobar").high == fnv1a("foobar") && fnv1a("foobar") == 0x85944171f73967e8,
	    "one half is FNV-1a");
	ok(of("ab").low != of("ba").low && of("ab").high != of("ba").high, "order counts");
	ok(id_eq(id_of((struct str){"a\0b", 3}), id_of((struct str){"a\0b", 3})) &&
		!id_eq(id_of((struct str){"a\0b", 3}), id_of((struct str){"a\0c", 3})),
	    "bytes behind a NUL count");
	ok(!id_eq((struct id){1, 2}, (struct id){2, 1}) &&
		!id_eq((struct id){1, 2}, (struct id){1, 3}) &&
		!id_eq((struct id){1, 2}, (struct id){3, 2}) &&
		id_eq((struct id){1, 2}, (struct id){1, 2}),
	    "both halves count");
}

/* --- sets --- */

enum { MOST = 3000 };

/* Ids that get in each other's way: many begin at the same slot. */
static struct id
make_id(int kind)
{
	uint64_t n = rnd(MOST);

	if (kind == 0)
		return (struct id){n * UINT64_C(0x9e3779b97f4a7c15), n + 1};
	if (kind == 1) /* one slot for all */
		return (struct id){n, n ^ UINT64_C(0x8000000000000000)};
	if (kind == 2) /* the last slots */
		return (struct id){~(n % 7), n << 32};
	return (struct id){n << 40, rnd(3) << 50 | 1};
}

static bool
naive_has(const struct id *list, size_t n, struct id id)
{
	for (size_t i = 0; i < n; i++)
		if (id_eq(list[i], id))
			return true;
	return false;
}

static void
test_set(int kind)
{
	struct id *list = xrealloc(NULL, MOST * 4, sizeof(*list));
	struct ids set = {0};
	size_t n = 0, wrong = 0, sizes = 0, full = 0;

	for (int i = 0; i < MOST; i++) {
		struct id id = make_id(kind), other = make_id(kind);
		bool there = naive_has(list, n, id);

		wrong += ids_has(&set, id) != there;
		wrong += ids_add(&set, id) == there;
		if (!there)
			list[n++] = id;
		wrong += !ids_has(&set, id) || ids_add(&set, id);
		wrong += ids_has(&set, other) != naive_has(list, n, other);
		sizes += set.n != n;
		full += set.n >= set.cap || (set.cap & (set.cap - 1)) != 0;
	}
	for (size_t i = 0; i < n; i++)
		wrong += !ids_has(&set, list[i]);
	is_int(wrong, 0, "ids of kind %d: as a list has them, %zu", kind, n);
	is_int(sizes, 0, "ids of kind %d: their number", kind);
	is_int(full, 0, "ids of kind %d: a slot is always empty", kind);
	ids_free(&set);
	ok(set.n == 0 && set.cap == 0 && set.slots == NULL, "empty after ids_free");
	ok(!ids_has(&set, list[0]) && ids_add(&set, list[0]) && ids_has(&set, list[0]),
	    "and can be used again");
	ids_free(&set);
	free(list);
}

static void
test_growth(void)
{
	enum { MANY = 200000 };
	struct ids set = {0};
	size_t wrong = 0;
	char text[48];

	ok(!ids_has(&set, (struct id){1, 2}), "nothing is in an empty set");
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(text, sizeof(text), i % 2 == 0 ? "event-%d" : "%08x-0000", i);
		wrong += !ids_add(&set, of(text));
	}
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(text, sizeof(text), i % 2 == 0 ? "event-%d" : "%08x-0000", i);
		wrong += !ids_has(&set, of(text)) || ids_add(&set, of(text));
		(void)snprintf(text, sizeof(text), "other-%d", i);
		wrong += ids_has(&set, of(text));
	}
	is_int(wrong, 0, "%d texts that are no UUIDs", MANY);
	is_int(set.n, MANY, "all are in");
	ok(set.cap <= 8 * MANY, "in %zu slots", set.cap);
	ids_free(&set);
	ids_free(&set);
}

int
main(void)
{
	test_id_of();
	for (int kind = 0; kind < 4; kind++)
		test_set(kind);
	test_growth();
	return done_testing();
}

/* Arenas: alignment, the cap, and that no two pieces overlap. */
#include <stdint.h>
#include <stdlib.h>

#include "../arena.h"
#include "tap.h"

static bool
aligned(const void *p)
{
	union {
		long long i;
		long double d;
		void *p;
		void (*f)(void);
	} any;
	size_t n = sizeof(any) < 16 ? sizeof(any) : 16;

	return (uintptr_t)p % n == 0;
}

static void
test_pieces(void)
{
	enum { PIECES = 2000 };
	static unsigned char *piece[PIECES];
	struct arena a;
	size_t sum = 0;
	int bad = 0;

	arena_init(&a, 64u << 20);
	for (int round = 0; round < 3; round++) {
		bad = 0;
		sum = 0;
		for (size_t i = 0; i < PIECES; i++) {
			size_t n = i * 7 % 251 + (i % 500 == 499 ? 100000 : 0);

			piece[i] = arena_alloc(&a, n);
			if (piece[i] == NULL || !aligned(piece[i]))
				bad++;
			else
				memset(piece[i], (int)(i % 255 + 1), n);
			sum += n;
		}
		for (size_t i = 0; i < PIECES; i++) {
			size_t n = i * 7 % 251 + (i % 500 == 499 ? 100000 : 0);

			for (size_t k = 0; piece[i] != NULL && k < n; k++)
				bad += piece[i][k] != i % 255 + 1;
		}
		is_int(bad, 0, "round %d: pieces are aligned, whole and apart", round);
		ok(a.used >= sum && a.used <= a.cap, "round %d: used counts them", round);
		arena_reset(&a);
		is_int(a.used, 0, "round %d: nothing used after a reset", round);
	}
	arena_free(&a);
	arena_free(&a);
	ok(true, "freed twice");
	arena_init(&a, 100);
	ok(arena_alloc(&a, 10) != NULL, "used again after arena_init");
	arena_free(&a);
}

/* The last bytes under a cap can be had in one piece, and never more than the cap in all. */
static void
test_cap(void)
{
	int bad = 0;

	for (size_t cap = 0; cap < 300; cap++) {
		struct arena a;
		size_t taken = 0;

		arena_init(&a, cap);
		bad += arena_alloc(&a, cap + 1) != NULL;
		for (size_t n = 1;; n = n * 3 % 31 + 1) {
			size_t left = a.cap - a.used;
			unsigned char *p = arena_alloc(&a, n);

			bad += a.used > a.cap;
			bad += (p != NULL) != (n <= left);
			if (p == NULL)
				break;
			memset(p, 0xaa, n);
			taken += n;
		}
		bad += taken > cap;
		arena_reset(&a);
		if (cap > 0) {
			unsigned char *p = arena_alloc(&a, cap);

			bad += p == NULL;
			if (p != NULL)
				memset(p, 0xbb, cap);
			bad += arena_alloc(&a, 1) != NULL;
		}
		arena_free(&a);
	}
	is_int(bad, 0, "caps from 0 to 299 are kept to the byte");
}

static void
test_no_limit(void)
{
	struct arena a;

	arena_init(&a, SIZE_MAX);
	ok(arena_alloc(&a, SIZE_MAX - 3) == NULL, "a size that cannot be rounded up is refused");
	is_int(a.used, 0, "and takes nothing");
	ok(arena_alloc(&a, 100) != NULL, "the rest can be had");
	arena_free(&a);
}

static void
test_copy(void)
{
	struct arena a;
	struct str s, t;
	char text[] = "slice", big[64];

	arena_init(&a, 64);
	s = arena_copy(&a, str_of(text));
	text[0] = 'S';
	is_mem(s.p, s.n, "slice", 5, "a copy");
	t = arena_copy(&a, (struct str){NULL, 0});
	ok(t.p != NULL && t.n == 0, "a copy of nothing is not NULL");
	memset(big, 'x', sizeof(big));
	t = arena_copy(&a, (struct str){big, sizeof(big)});
	ok(t.p == NULL && t.n == 0, "a copy beyond the cap is NULL");
	is_mem(s.p, s.n, "slice", 5, "and harms nothing");
	arena_free(&a);

	arena_init(&a, 0);
	t = arena_copy(&a, STR(""));
	ok(t.p != NULL && t.n == 0, "a copy of nothing is not NULL at the cap either");
	t = arena_copy(&a, STR("x"));
	ok(t.p == NULL && t.n == 0, "a cap of 0 gives no byte");
	arena_free(&a);
}

int
main(void)
{
	test_pieces();
	test_cap();
	test_no_limit();
	test_copy();
	return done_testing();
}

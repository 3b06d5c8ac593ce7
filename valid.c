/* valid.c: see valid.h. The grammar of JSON is mostly about what may follow what: whether a comma
 * may stand here, whether a string is a name. Such questions are asked of 512 bytes at once, of
 * masks in which a bit stands for a byte (scan.h); valid_kernel.h does so. One by one are looked at
 * only what is bare (numbers and words), the rarer escapes, and brackets in and around arrays. */
#include "valid.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "number.h"

/* What valid_kernel.h finds out. */
struct relations {
	uint64_t objects[SCAN_GROUP];  /* what is wrong in an object, */
	uint64_t arrays[SCAN_GROUP];   /* in an array, */
	uint64_t doubts[SCAN_GROUP];   /* and wherever it is */
	uint64_t brackets[SCAN_GROUP]; /* outside of strings, as all that follow */
	uint64_t starts[SCAN_GROUP];   /* of numbers and words */
	uint64_t newlines[SCAN_GROUP]; /* \n */
	uint64_t controls[SCAN_GROUP]; /* other control characters */
	/* In which blocks there is any, as bits. */
	unsigned in_objects;
	unsigned in_squares; /* square brackets that open */
	unsigned in_starts;
	unsigned in_rest; /* doubts, controls, escapes, and newlines that are not between lines */
};

static inline void
plain_add(uint64_t *v, uint64_t w, uint64_t *carry)
{
	bool over = __builtin_add_overflow(*v, w, v);

	over |= __builtin_add_overflow(*v, *carry, v);
	*carry = over;
}

#define KERNEL(name) plain_##name
#define TARGET
#define masks uint64_t
#define MASKS 1
#define load(p) (*(p))
#define store(p, v) (*(p) = (v))
#define before(v, bit) ((bit) << 63)
#define last(v) ((v) >> 63)
#define filled(v) ((unsigned)((v) != 0))
#define add(v, w, carry) plain_add(v, w, carry)
#include "valid_kernel.h"

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))

typedef uint64_t four __attribute__((vector_size(32)));

AVX2 static inline void
avx2_add(four *v, four w, uint64_t *carry)
{
	for (int i = 0; i < 4; i++) {
		uint64_t sum = (*v)[i];

		plain_add(&sum, w[i], carry);
		(*v)[i] = sum;
	}
}

#define KERNEL(name) avx2_##name
#define TARGET AVX2
#define masks four
#define MASKS 4
#define load(p) ((four)_mm256_loadu_si256((const __m256i *)(const void *)(p)))
#define store(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), (__m256i)(v))
#define before(v, bit)                                                                             \
	((four)_mm256_blend_epi32(_mm256_permute4x64_epi64((__m256i)(v), 0x90),                    \
	    _mm256_set1_epi64x((long long)((bit) << 63)), 3))
#define last(v) ((v)[3] >> 63)
#define filled(v)                                                                                  \
	(15u ^                                                                                     \
	    (unsigned)_mm256_movemask_pd(                                                          \
		(__m256d)_mm256_cmpeq_epi64((__m256i)(v), _mm256_setzero_si256())))
#define add(v, w, carry) avx2_add(v, w, carry)
#include "valid_kernel.h"

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx2,bmi,bmi2,popcnt")))

typedef uint64_t eight __attribute__((vector_size(64)));

/* A carry out of a mask goes on through those that are all ones: so does one that is added to the
 * number in which each of these is a 1. */
AVX512 static inline void
avx512_add(eight *v, eight w, uint64_t *carry)
{
	__m512i sum = (__m512i)(*v + w), ones = _mm512_set1_epi64(-1);
	unsigned over = _mm512_cmplt_epu64_mask(sum, (__m512i)w);
	unsigned full = _mm512_cmpeq_epi64_mask(sum, ones);
	unsigned moved = (over << 1 | (unsigned)*carry) + full;

	*v = (eight)_mm512_mask_sub_epi64(sum, (__mmask8)(moved ^ full), sum, ones);
	*carry = moved >> 8;
}

#define KERNEL(name) avx512_##name
#define TARGET AVX512
#define masks eight
#define MASKS 8
#define load(p) ((eight)_mm512_loadu_si512(p))
#define store(p, v) _mm512_storeu_si512(p, (__m512i)(v))
#define before(v, bit)                                                                             \
	((eight)_mm512_alignr_epi64((__m512i)(v), _mm512_set1_epi64((long long)((bit) << 63)), 7))
#define last(v) ((v)[7] >> 63)
#define filled(v) ((unsigned)_mm512_test_epi64_mask((__m512i)(v), (__m512i)(v)))
#define add(v, w, carry) avx512_add(v, w, carry)
#include "valid_kernel.h"

#endif

static void
relate(
    enum scan_kernel kernel, struct valid_run *run, const struct scan_group *g, struct relations *r)
{
#if defined(__x86_64__)
	if (kernel == SCAN_AVX512) {
		avx512_relate(run, g, r);
		return;
	}
	if (kernel == SCAN_AVX2) {
		avx2_relate(run, g, r);
		return;
	}
#endif
	(void)kernel;
	plain_relate(run, g, r);
}

/* --- doubts --- */

static void
drop_doubts(struct valid_run *run, ptrdiff_t before)
{
	size_t kept = 0;

	for (size_t i = 0; i < run->n_doubts; i++)
		if (run->doubts[i] >= before)
			run->doubts[kept++] = run->doubts[i];
	run->n_doubts = kept;
}

static void
doubt(struct valid_run *run, ptrdiff_t at)
{
	if (run->n_doubts == VALID_DOUBTS)
		drop_doubts(run, run->passed);
	if (run->n_doubts < VALID_DOUBTS)
		run->doubts[run->n_doubts++] = at;
	else if (at < run->lost)
		run->lost = at;
}

/* The bytes of a block of the text, which begins at `at`. */
static void
doubt_all(struct valid_run *run, ptrdiff_t at, uint64_t bits)
{
	for (; bits != 0; bits &= bits - 1)
		doubt(run, at + __builtin_ctzll(bits));
}

/* --- numbers and words --- */

/* Where they begin. */
static inline void
note_bare(struct valid_run *run, const struct scan_group *g, const struct relations *r)
{
	uint32_t *out = run->bare + run->n_bare;

	for (unsigned in = r->in_starts; in != 0; in &= in - 1) {
		int k = __builtin_ctz(in);
		uint32_t at = (uint32_t)(g->at + k * SCAN_BLOCK);

		for (uint64_t bits = r->starts[k]; bits != 0; bits &= bits - 1)
			*out++ = at + (uint32_t)__builtin_ctzll(bits);
	}
	run->n_bare = (size_t)(out - run->bare);
}

static inline size_t
word_len(const char *p, const char *end)
{
	if (end - p < 5)
		return end - p == 4 && (memcmp(p, "true", 4) == 0 || memcmp(p, "null", 4) == 0) ?
		    4 :
		    0;
	return (size_t)((memcmp(p, "true", 4) == 0) | (memcmp(p, "null", 4) == 0)) * 4 +
	    (size_t)(memcmp(p, "false", 5) == 0) * 5;
}

/* Is each well, and does it end with what is none? (A quote or an opening bracket behind it is told
 * of elsewhere.) */
static void
check_bare(struct valid_run *run)
{
	for (size_t i = 0; i < run->n_bare; i++) {
		const char *p = run->p + run->bare[i];
		size_t n = word_len(p, run->end);

		if (n == 0)
			n = number_scan(p, run->end);
		p += n;
		if (n == 0 ||
		    (p < run->end && *p != ',' && *p != '}' && *p != ']' && !json_is_space(*p)))
			doubt(run, (ptrdiff_t)run->bare[i]);
	}
	run->n_bare = 0;
}

/* --- what is rarer --- */

static bool
is_escape(const char *p, const char *end)
{
	uint32_t digits;

	if (p == end) /* behind a backslash */
		return false;
	if (*p == 'u')
		return str_hex4(p + 1, end, &digits);
	return *p != '\0' && strchr("/bfnrt", *p) != NULL;
}

/* Of a text that is one value line breaks are noted; else, as they may be in a record, which is no
 * line then, they are doubts. */
static void
check_rest(struct valid_run *run, const struct scan_group *g, const struct relations *r, size_t k)
{
	ptrdiff_t at = g->at + (ptrdiff_t)(k * SCAN_BLOCK);
	uint64_t bits;

	doubt_all(run, at, r->doubts[k]);
	for (bits = g->escapes[k]; bits != 0; bits &= bits - 1)
		if (!is_escape(run->p + (at + __builtin_ctzll(bits)), run->end))
			doubt(run, at + __builtin_ctzll(bits));
	for (bits = r->controls[k]; bits != 0; bits &= bits - 1) {
		char c = run->p[at + __builtin_ctzll(bits)];

		run->breaks |= c == '\r';
		if (c != '\t' && (c != '\r' || !run->whole))
			doubt(run, at + __builtin_ctzll(bits));
	}
	run->breaks |= r->newlines[k] != 0;
	if (!run->whole && !run->lines)
		doubt_all(run, at, r->newlines[k]);
}

/* How many bytes from p on are known to be ASCII: none, eight or 32. */
static inline size_t
skip_ascii(const char *p, ptrdiff_t n)
{
	const uint64_t high = 0x8080808080808080u;
	uint64_t w[4];

	if (n >= 32) {
		memcpy(w, p, 32);
		if (((w[0] | w[1] | w[2] | w[3]) & high) == 0)
			return 32;
	}
	if (n < 8)
		return 0;
	memcpy(w, p, 8);
	return (w[0] & high) == 0 ? 8 : 0;
}

/* The text goes on behind the group, so that a character at its end can be looked at whole. */
static void
check_utf8(struct valid_run *run, const struct scan_group *g)
{
	ptrdiff_t end = g->at + SCAN_GROUP * SCAN_BLOCK, at = run->utf8 > g->at ? run->utf8 : g->at;

	if (at < 0)
		at = 0;
	if (end > run->end - run->p)
		end = run->end - run->p;
	while (at < end) {
		size_t n = skip_ascii(run->p + at, end - at);
		uint32_t cp;

		if (n == 0)
			n = utf8_read(run->p + at, run->end, &cp);
		if (n == 0)
			doubt(run, at);
		at += n > 0 ? (ptrdiff_t)n : 1;
	}
	run->utf8 = at;
}

/* --- brackets --- */

/* Is the bracket where it may be? Where a text is not one value, brackets count from the outermost
 * array on: around that nothing has to be known. */
static inline bool
pass_bracket(struct valid_run *run, char c)
{
	enum valid_in kind = (c & 0x20) != 0 ? VALID_OBJECT : VALID_ARRAY;
	bool matches = run->in == kind;

	if ((c & 0x06) == 0x02) { /* it opens */
		if (run->depth == 0 && !run->whole && kind == VALID_OBJECT)
			return true;
		if (run->depth == JSON_MAX_DEPTH)
			return false;
		run->open[run->depth++] = (unsigned char)run->in;
		run->in = kind;
		return true;
	}
	if (run->depth > 0)
		run->in = run->open[--run->depth];
	return matches;
}

/* Of what is between the brackets, what is wrong there is in doubt. */
static void
check_block(struct valid_run *run, const struct scan_group *g, const struct relations *r, size_t k)
{
	const uint64_t wrong[] = {[VALID_OBJECT] = r->objects[k],
	    [VALID_ARRAY] = r->arrays[k],
	    [VALID_ROOT] = r->arrays[k] | (g->commas[k] & ~(g->strings[k] | g->quotes[k]))};
	ptrdiff_t at = g->at + (ptrdiff_t)(k * SCAN_BLOCK);
	uint64_t rest = ~(uint64_t)0, found = 0;

	for (uint64_t bits = r->brackets[k]; bits != 0; bits &= bits - 1) {
		uint64_t to_here = bits ^ (bits - 1);

		found |= wrong[run->in] & rest & to_here;
		rest = ~to_here;
		if (!pass_bracket(run, run->p[at + __builtin_ctzll(bits)]))
			found |= bits & (0 - bits);
	}
	doubt_all(run, at, found | (wrong[run->in] & rest));
}

/* The same for all of the group. Where no array is around or begins, all is in objects. */
static void
check_blocks(struct valid_run *run, const struct scan_group *g, const struct relations *r)
{
	unsigned objects = r->in_objects;

	for (size_t k = 0; k < SCAN_GROUP; k++) {
		unsigned squares = r->in_squares >> k;

		if (run->depth == 0 && !run->whole) {
			if (squares == 0)
				break;
			k += (size_t)__builtin_ctz(squares);
		}
		check_block(run, g, r, k);
		objects &= ~(1u << k);
	}
	for (; objects != 0; objects &= objects - 1) {
		int k = __builtin_ctz(objects);

		doubt_all(run, g->at + k * SCAN_BLOCK, r->objects[k]);
	}
}

static void
check_group(struct valid_run *run, const struct scan_group *g, const struct relations *r)
{
	check_blocks(run, g, r);
	note_bare(run, g, r);
	for (unsigned in = r->in_rest; in != 0; in &= in - 1)
		check_rest(run, g, r, (size_t)__builtin_ctz(in));
	if (!g->ascii)
		check_utf8(run, g);
}

/* What one loop has stored in vectors can be read in parts only later without waiting for it. */
static void
check_groups(
    struct valid_run *run, enum scan_kernel kernel, const struct scan_group *groups, size_t n)
{
	struct relations relations[SCAN_GROUPS];

	for (size_t i = 0; i < n; i++)
		relate(kernel, run, &groups[i], &relations[i]);
	for (size_t i = 0; i < n; i++)
		check_group(run, &groups[i], &relations[i]);
	check_bare(run);
}

/* --- records --- */

void
valid_start(struct valid_run *run, const char *p, size_t n, bool lines)
{
	run->p = p;
	run->end = p + n;
	run->lines = lines;
	run->whole = run->breaks = false;
	run->lost = PTRDIFF_MAX;
	run->carry = (struct valid_carry){.value = 1};
	run->utf8 = run->passed = 0;
	run->in = VALID_OBJECT;
	run->depth = run->n_doubts = run->n_bare = 0;
}

void
valid_scan(struct valid_run *run, const struct scan *scan)
{
	size_t n = (scan->n_blocks + SCAN_GROUP - 1) / SCAN_GROUP;

	if (run->lost == PTRDIFF_MAX)
		check_groups(run, scan->kernel, scan->groups, n);
}

bool
valid_record(struct valid_run *run, size_t at, size_t n)
{
	bool good = run->lost >= (ptrdiff_t)(at + n);

	drop_doubts(run, (ptrdiff_t)at + 1);
	for (size_t i = 0; i < run->n_doubts; i++)
		good &= run->doubts[i] >= (ptrdiff_t)(at + n);
	return good;
}

/* --- one text --- */

enum valid
valid_json(struct str text, enum scan_kernel kernel)
{
	struct scan_carry carry = {0};
	struct scan_group groups[SCAN_GROUPS];
	struct valid_run run;

	if (text.n > JSON_MAX_BYTES)
		return VALID_NOT;
	valid_start(&run, text.p, text.n, false);
	run.whole = true;
	run.in = VALID_ROOT;
	for (size_t at = 0, n; at < text.n; at += n) {
		n = text.n - at < SCAN_STEP ? text.n - at : SCAN_STEP;
		check_groups(
		    &run, kernel, groups, scan_sort(kernel, &carry, text.p, at, n, groups));
		if (run.n_doubts > 0)
			return VALID_NOT;
	}
	if (run.carry.value != 0 || run.depth != 0 || carry.in_string != 0)
		return VALID_NOT;
	return run.breaks ? VALID_LINES : VALID_LINE;
}

/* valid.c: see valid.h. The grammar of JSON is mostly about what may follow what: whether a comma
 * may stand here, whether a string is a name. Such questions are asked of 512 bytes at once, of
 * masks in which a bit stands for a byte (scan.h); valid_kernel.h does so. What may be right in an
 * object and wrong in an array, or the other way round, is noted at the next bracket, for who knows
 * what is around that. One by one are looked at only what is bare (numbers and words) and the rarer
 * escapes. */
#include "valid.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "number.h"

/* What valid_kernel.h finds out, beside valid_run.wrong. */
struct relations {
	uint64_t doubts[SCAN_GROUP];   /* what is wrong wherever it is */
	uint64_t starts[SCAN_GROUP];   /* of numbers and words */
	uint64_t newlines[SCAN_GROUP]; /* \n outside of strings */
	uint64_t controls[SCAN_GROUP]; /* other control characters there */
	/* In which blocks there is any, as bits. */
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
#define before(v, w) (w)
#define last(v) ((v) >> 63)
#define only_last(bit) ((bit) << 63)
#define filled(v) ((unsigned)((v) != 0))
#define add(v, w, carry) plain_add(v, w, carry)
#include "valid_kernel.h"

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))

typedef uint64_t four __attribute__((vector_size(32)));

/* See avx512_add. */
AVX2 static inline void
avx2_add(four *v, four w, uint64_t *carry)
{
	const __m256i ones = _mm256_set1_epi64x(-1), top = _mm256_set1_epi64x(INT64_MIN);
	const __m256i bits = _mm256_setr_epi64x(1, 2, 4, 8);
	__m256i sum = (__m256i)(*v + w), one;
	unsigned over = (unsigned)_mm256_movemask_pd((__m256d)_mm256_cmpgt_epi64(
	    _mm256_xor_si256((__m256i)w, top), _mm256_xor_si256(sum, top)));
	unsigned full = (unsigned)_mm256_movemask_pd((__m256d)_mm256_cmpeq_epi64(sum, ones));
	unsigned moved = (over << 1 | (unsigned)*carry) + full;

	one = _mm256_and_si256(_mm256_set1_epi64x((long long)(moved ^ full)), bits);
	*v = (four)_mm256_sub_epi64(sum, _mm256_cmpeq_epi64(one, bits));
	*carry = moved >> 4;
}

#define KERNEL(name) avx2_##name
#define TARGET AVX2
#define masks four
#define MASKS 4
#define load(p) ((four)_mm256_loadu_si256((const __m256i *)(const void *)(p)))
#define store(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), (__m256i)(v))
#define before(v, w)                                                                               \
	((four)_mm256_alignr_epi8(                                                                 \
	    (__m256i)(v), _mm256_permute2x128_si256((__m256i)(w), (__m256i)(v), 0x21), 8))
#define last(v) ((v)[3] >> 63)
#define only_last(bit) ((four){0, 0, 0, (bit) << 63})
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
#define before(v, w) ((eight)_mm512_alignr_epi64((__m512i)(v), (__m512i)(w), 7))
#define last(v) ((v)[7] >> 63)
#define only_last(bit) ((eight){0, 0, 0, 0, 0, 0, 0, (bit) << 63})
#define filled(v) ((unsigned)_mm512_test_epi64_mask((__m512i)(v), (__m512i)(v)))
#define add(v, w, carry) avx512_add(v, w, carry)
#include "valid_kernel.h"

#endif

/* Relate the tokens of n groups. */
static void
relate(enum scan_kernel kernel, struct valid_run *run, const struct scan_group *groups, size_t n,
    struct relations *relations)
{
#if defined(__x86_64__)
	if (kernel == SCAN_AVX512) {
		avx512_relate(run, groups, n, relations);
		return;
	}
	if (kernel == SCAN_AVX2) {
		avx2_relate(run, groups, n, relations);
		return;
	}
#endif
	(void)kernel;
	plain_relate(run, groups, n, relations);
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

/* What may stand behind them. */
static const bool ends_bare[256] = {[' '] = true,
    ['\t'] = true,
    ['\n'] = true,
    ['\r'] = true,
    [','] = true,
    ['}'] = true,
    [']'] = true};

static inline size_t
word_len(const char *p, const char *end)
{
	if (end - p < 5)
		return end - p == 4 && (memcmp(p, "true", 4) == 0 || memcmp(p, "null", 4) == 0) ?
		    4 :
		    0;
	return (size_t)((memcmp(p, "true", 4) == 0) | (memcmp(p, "null", 4) == 0)) * 4 +
	    (size_t)((memcmp(p, "fals", 4) == 0) & (p[4] == 'e')) * 5;
}

/* Is the number or word well, and does it end with what is none? (A quote or an opening bracket
 * behind it is told of elsewhere.) */
static bool
is_bare(const char *p, const char *end)
{
	size_t n = word_len(p, end);

	if (n == 0)
		n = number_scan(p, end);
	return n > 0 && (p + n == end || ends_bare[(unsigned char)p[n]]);
}

/* Is it a word or an integer of less than eight digits, as most are? There are more than eight
 * bytes. Which of them it is is hard to foretell: no jumps. */
static inline bool
is_short(const char *p)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t w, others;
	size_t n;

	memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	/* Up to the first byte that is no digit, each has its top bit clear. */
	w ^= ones * '0';
	others = ((w + ones * (0x7f - 9)) | w) & ones * 0x80;
	n = (size_t)__builtin_ctzll(others | (uint64_t)1 << 63) / 8;
	n *= (size_t)((n == 1) | (*p != '0'));
	n += word_len(p, p + 8);
	return (n > 0) & ends_bare[(unsigned char)p[n]];
}

static void
check_bare(struct valid_run *run)
{
	for (size_t i = 0; i < run->n_bare; i++) {
		const char *p = run->p + run->bare[i];

		if ((run->end - p <= 8 || !is_short(p)) && !is_bare(p, run->end))
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

static void
check_group(struct valid_run *run, const struct scan_group *g, const struct relations *r)
{
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

	run->at = groups[0].at;
	relate(kernel, run, groups, n, relations);
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
	run->n_doubts = run->n_bare = 0;
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

/* The brackets around a place in the text. */
struct nesting {
	size_t depth;
	unsigned char kinds[JSON_MAX_DEPTH + 1]; /* by the depth, from 1 on */
};

/* Is the bracket, and what is before it, where it may be? Around all brackets there is no comma,
 * and so nothing that is for one kind of them. */
static bool
pass_bracket(const struct valid_run *run, struct nesting *nest, size_t at)
{
	enum valid_in kind = valid_in(run->p[at]), in = (enum valid_in)nest->kinds[nest->depth];
	bool wrong;

	if (nest->depth > 0)
		wrong = valid_wrong(run, in, at);
	else
		wrong = valid_wrong(run, VALID_OBJECT, at) || valid_wrong(run, VALID_ARRAY, at);
	if ((run->p[at] & 0x06) == 0x02) { /* it opens */
		if (nest->depth == JSON_MAX_DEPTH)
			return false;
		nest->kinds[++nest->depth] = (unsigned char)kind;
		return !wrong;
	}
	return nest->depth-- > 0 && in == kind && !wrong;
}

static bool
pass_brackets(
    const struct valid_run *run, struct nesting *nest, const struct scan_group *groups, size_t n)
{
	for (size_t i = 0; i < n * SCAN_GROUP; i++) {
		const struct scan_group *g = &groups[i / SCAN_GROUP];
		uint64_t bits = g->opening[i % SCAN_GROUP] | g->closing[i % SCAN_GROUP];
		size_t at = (size_t)run->at + i * SCAN_BLOCK;

		for (; bits != 0; bits &= bits - 1)
			if (!pass_bracket(run, nest, at + (size_t)__builtin_ctzll(bits)))
				return false;
	}
	return true;
}

/* Nothing is due at the text's end. */
static bool
is_complete(const struct valid_carry *c)
{
	return (c->value | c->name | c->wrong[VALID_OBJECT] | c->wrong[VALID_ARRAY]) == 0;
}

enum valid
valid_json(struct str text, enum scan_kernel kernel)
{
	struct scan_carry carry = {0};
	struct scan_group groups[SCAN_GROUPS];
	struct nesting nest;
	struct valid_run run;

	if (text.n > JSON_MAX_BYTES)
		return VALID_NOT;
	valid_start(&run, text.p, text.n, false);
	run.whole = true;
	nest.depth = nest.kinds[0] = 0;
	for (size_t at = 0, n; at < text.n; at += n) {
		size_t n_groups;

		n = text.n - at < SCAN_STEP ? text.n - at : SCAN_STEP;
		n_groups = scan_sort(kernel, &carry, text.p, at, n, groups);
		check_groups(&run, kernel, groups, n_groups);
		if (run.n_doubts > 0 || !pass_brackets(&run, &nest, groups, n_groups))
			return VALID_NOT;
	}
	if (!is_complete(&run.carry) || nest.depth != 0 || carry.in_string != 0)
		return VALID_NOT;
	return run.breaks ? VALID_LINES : VALID_LINE;
}

/* scan.c: see scan.h. The arithmetic on masks is here, bit i standing for byte i of a block; how
 * masks are won from bytes is up to the kernels, which are made of one text, scan_kernel.h. */
#include "scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

/* Keeps the compiler from gathering words in a vector to store them at once, which is slower. */
#define ONE_BY_ONE(word) __asm__("" : "+r"(word))

static const unsigned char name_bytes[3] = SCAN_NAME_BYTES;

/* The bytes that are escaped, where `slashes` are backslashes; *carry as in scan_carry.
 *
 * In a run of backslashes each second byte is escaped, and the byte behind a run of odd length.
 * A run that begins at an even place has its escaped bytes at odd places, and the other way round;
 * which runs begin at an even place is found by adding 1 to each of them: the carry goes through
 * the run and changes all its bits and the one behind. */
static inline uint64_t
escaped_bytes(uint64_t slashes, uint64_t *carry)
{
	const uint64_t even = 0x5555555555555555u;
	uint64_t escaped = *carry, starts, even_runs;

	slashes &= ~*carry;
	starts = slashes & ~(slashes << 1);
	even_runs = (slashes + (starts & even)) ^ slashes;
	escaped |= slashes << 1 & ((even_runs & ~even) | (~even_runs & even));
	*carry = (slashes & ~escaped) >> 63;
	return escaped;
}

/* The bytes behind strings with an escape; `strings` has the bits of each string from its opening
 * quote up to, not including, its closing one. To add some of its bits to such a run of ones always
 * carries into the bit behind it, and never farther. */
static inline uint64_t
behind_escapes(uint64_t slashes, uint64_t strings, struct scan_carry *carry)
{
	uint64_t sum, closing, after;
	bool overflow = __builtin_add_overflow(strings, slashes & strings, &sum);

	overflow |= __builtin_add_overflow(sum, carry->has_escape, &sum);
	closing = sum & ~strings;
	after = closing << 1 | carry->after;
	carry->has_escape = overflow;
	carry->after = closing >> 63;
	return after;
}

/* The groups of names that do not have a byte. */
static inline struct scan_names
other_names(const struct scan_names *names)
{
	struct scan_names others;

	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 16; k++)
			others.low[i][k] = (unsigned char)~names->low[i][k];
	return others;
}

static inline bool
needle_at(const struct scan_needle *needles, size_t n_needles, const char *p, size_t n, size_t at)
{
	for (size_t k = 0; k < n_needles; k++) {
		struct str text = needles[k].text;

		if (n - at >= text.n && memcmp(p + at, text.p, text.n) == 0)
			return true;
	}
	return false;
}

/* The parity of the bits up to each bit, without help. */
static inline uint64_t
xor_by_shifts(uint64_t bits)
{
	for (int i = 1; i < 64; i *= 2)
		bits ^= bits << i;
	return bits;
}

static inline unsigned
lowest_or_63(uint64_t bits)
{
	return (unsigned)__builtin_ctzll(bits | (uint64_t)1 << 63);
}

/* --- 64-bit words --- */

#define ONES 0x0101010101010101u

static inline uint64_t
word_load(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

/* The top bit of each byte that is 0. */
static inline uint64_t
word_zero(uint64_t w)
{
	return ~(((w & ONES * 0x7f) + ONES * 0x7f) | w) & ONES * 0x80;
}

static inline uint64_t
word_bits(const uint64_t h[8])
{
	uint64_t bits = 0;

	/* The product brings the eight bits together in the top byte. */
	for (int i = 0; i < 8; i++)
		bits |= ((h[i] >> 7) * 0x0102040810204080u) >> 56 << (8 * i);
	return bits;
}

#define KERNEL(name) swar_##name
#define TARGET
#define VECTORS 8
#define vec uint64_t
#define hits uint64_t
#define vec_load(p) word_load(p)
#define vec_fill(c) (ONES * (unsigned char)(c))
#define vec_or(v, w) ((v) | (w))
#define vec_equal(v, w) word_zero((v) ^ (w))
#define vec_control(v) word_zero((v) & (ONES * 0xe0))
#define vec_high(v) ((v) & ONES * 0x80)
#define hits_or(h, i) ((h) | (i))
#define hits_and(h, i) ((h) & (i))
#define hits_bits(h) word_bits(h)
#define prefix_xor(bits) xor_by_shifts(bits)
#define lowest(bits) lowest_or_63(bits)
#include "scan_kernel.h"

#if defined(__x86_64__)

/* --- SSE2 --- */

static inline uint64_t
sse2_bits(const __m128i h[4])
{
	uint64_t bits = 0;

	UNROLL
	for (int i = 0; i < 4; i++)
		bits |= (uint64_t)(unsigned)_mm_movemask_epi8(h[i]) << (16 * i);
	return bits;
}

#define KERNEL(name) sse2_##name
#define TARGET
#define VECTORS 4
#define vec __m128i
#define hits __m128i
#define vec_load(p) _mm_loadu_si128((const __m128i *)(p))
#define vec_fill(c) _mm_set1_epi8(c)
#define vec_or(v, w) _mm_or_si128(v, w)
#define vec_equal(v, w) _mm_cmpeq_epi8(v, w)
#define vec_control(v) _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v)
#define vec_high(v) (v) /* its bits are the top ones */
#define hits_or(h, i) _mm_or_si128(h, i)
#define hits_and(h, i) _mm_and_si128(h, i)
#define hits_bits(h) sse2_bits(h)
#define prefix_xor(bits) xor_by_shifts(bits)
#define lowest(bits) lowest_or_63(bits)
#include "scan_kernel.h"

/* --- AVX2 --- */

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,pclmul")))

/* A product without carries with all ones is the prefix xor. */
AVX2 static inline uint64_t
xor_by_clmul(uint64_t bits)
{
	__m128i product = _mm_clmulepi64_si128(
	    _mm_cvtsi64_si128((long long)bits), _mm_set1_epi8((char)0xff), 0);

	return (uint64_t)_mm_cvtsi128_si64(product);
}

AVX2 static inline uint64_t
avx2_bits(const __m256i h[2])
{
	return (uint64_t)(uint32_t)_mm256_movemask_epi8(h[0]) |
	    (uint64_t)(uint32_t)_mm256_movemask_epi8(h[1]) << 32;
}

#define KERNEL(name) avx2_##name
#define TARGET AVX2
#define VECTORS 2
#define vec __m256i
#define hits __m256i
#define vec_load(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define vec_fill(c) _mm256_set1_epi8(c)
#define vec_or(v, w) _mm256_or_si256(v, w)
#define vec_equal(v, w) _mm256_cmpeq_epi8(v, w)
#define vec_control(v) _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v)
#define vec_high(v) (v)
#define hits_or(h, i) _mm256_or_si256(h, i)
#define hits_and(h, i) _mm256_and_si256(h, i)
#define hits_bits(h) avx2_bits(h)
#define vec_table(p)                                                                               \
	_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define vec_lookup(t, v) _mm256_shuffle_epi8(t, v)
#define prefix_xor(bits) xor_by_clmul(bits)
#define lowest(bits) _tzcnt_u64(bits)
#include "scan_kernel.h"

/* --- AVX-512 --- */

#define AVX512                                                                                     \
	__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi,bmi2,popcnt,pclmul")))

/* The numbers of the bits set are what is left of 0 to 63. */
AVX512 static inline void
avx512_put_eight(uint32_t *out, uint64_t bits, uint32_t base)
{
	static const unsigned char numbers[64] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36,
	    37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58,
	    59, 60, 61, 62, 63};
	__m512i left = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(numbers));
	__m256i eight = _mm256_cvtepu8_epi32(_mm512_castsi512_si128(left));

	_mm256_storeu_si256(
	    (__m256i *)(void *)out, _mm256_add_epi32(eight, _mm256_set1_epi32((int)base)));
}

#define KERNEL(name) avx512_##name
#define TARGET AVX512
#define VECTORS 1
#define vec __m512i
#define hits __mmask64
#define vec_load(p) _mm512_loadu_si512(p)
#define vec_fill(c) _mm512_set1_epi8(c)
#define vec_or(v, w) _mm512_or_si512(v, w)
#define vec_equal(v, w) _mm512_cmpeq_epi8_mask(v, w)
#define vec_control(v) _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20))
#define vec_high(v) _mm512_movepi8_mask(v)
#define hits_or(h, i) ((h) | (i))
#define hits_and(h, i) ((h) & (i))
#define hits_bits(h) ((uint64_t)(h)[0])
#define vec_table(p) _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define vec_lookup(t, v) _mm512_shuffle_epi8(t, v)
#define prefix_xor(bits) xor_by_clmul(bits)
#define put_eight(out, bits, base) avx512_put_eight(out, bits, base)
#include "scan_kernel.h"

#elif defined(__aarch64__)

/* --- NEON --- */

static inline uint64_t
neon_bits(const uint8x16_t h[4])
{
	static const uint8_t bit[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	uint8x16_t b = vld1q_u8(bit), low, high;

	low = vpaddq_u8(vandq_u8(h[0], b), vandq_u8(h[1], b));
	high = vpaddq_u8(vandq_u8(h[2], b), vandq_u8(h[3], b));
	low = vpaddq_u8(low, high);
	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(low, low)), 0);
}

#define KERNEL(name) neon_##name
#define TARGET
#define VECTORS 4
#define vec uint8x16_t
#define hits uint8x16_t
#define vec_load(p) vld1q_u8((const uint8_t *)(p))
#define vec_fill(c) vdupq_n_u8((uint8_t)(c))
#define vec_or(v, w) vorrq_u8(v, w)
#define vec_equal(v, w) vceqq_u8(v, w)
#define vec_control(v) vcltq_u8(v, vdupq_n_u8(0x20))
#define vec_high(v) vcgeq_u8(v, vdupq_n_u8(0x80))
#define hits_or(h, i) vorrq_u8(h, i)
#define hits_and(h, i) vandq_u8(h, i)
#define hits_bits(h) neon_bits(h)
#define vec_table(p) vld1q_u8(p)
#define vec_lookup(t, v) vqtbl1q_u8(t, vandq_u8(v, vdupq_n_u8(0x0f)))
#define prefix_xor(bits) xor_by_shifts(bits)
#define lowest(bits) lowest_or_63(bits)
#include "scan_kernel.h"

#endif

/* --- which of them --- */

static const char *const names[SCAN_KERNELS] = {[SCAN_SWAR] = "swar",
    [SCAN_SSE2] = "sse2",
    [SCAN_AVX2] = "avx2",
    [SCAN_AVX512] = "avx512",
    [SCAN_NEON] = "neon"};

static const struct kernel {
	uint32_t *(*marks)(struct scan *, const char *, size_t, uint32_t, uint32_t *);
	uint32_t *(*sort)(struct scan *, struct scan_carry *, const char *, size_t, size_t,
	    struct scan_group *, uint32_t *);
	bool (*find)(
	    const struct scan_needle *, size_t, const char *, size_t, size_t, size_t *, size_t);
} kernels[SCAN_KERNELS] = {
    [SCAN_SWAR] = {swar_marks, swar_sort, swar_find},
#if defined(__x86_64__)
    [SCAN_SSE2] = {sse2_marks, sse2_sort, sse2_find},
    [SCAN_AVX2] = {avx2_marks, avx2_sort, avx2_find},
    [SCAN_AVX512] = {avx512_marks, avx512_sort, avx512_find},
#elif defined(__aarch64__)
    [SCAN_NEON] = {neon_marks, neon_sort, neon_find},
#endif
};

bool
scan_has(enum scan_kernel kernel)
{
#if defined(__x86_64__)
	/* These also ask whether the system saves the registers. */
	__builtin_cpu_init();
	if (kernel == SCAN_AVX2 || kernel == SCAN_AVX512) {
		if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") ||
		    !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("popcnt") ||
		    !__builtin_cpu_supports("pclmul"))
			return false;
	}
	if (kernel == SCAN_AVX512 &&
	    (!__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl") ||
		!__builtin_cpu_supports("avx512vbmi2")))
		return false;
#endif
	return kernels[kernel].marks != NULL;
}

enum scan_kernel
scan_best(void)
{
	static const enum scan_kernel best_first[] = {
	    SCAN_AVX512, SCAN_AVX2, SCAN_SSE2, SCAN_NEON, SCAN_SWAR};
	size_t i = 0;

	while (!scan_has(best_first[i]))
		i++;
	return best_first[i];
}

const char *
scan_kernel_name(enum scan_kernel kernel)
{
	return names[kernel];
}

int
scan_kernel_named(struct str name, enum scan_kernel *kernel)
{
	for (int i = 0; i < SCAN_KERNELS; i++)
		if (str_eq(name, str_of(names[i]))) {
			*kernel = (enum scan_kernel)i;
			return 0;
		}
	return -1;
}

/* --- the scan --- */

void
scan_names_add(struct scan_names *set, struct str name, size_t n)
{
	unsigned char group = (unsigned char)(1u << n % 8);

	for (size_t i = 0; i < 3; i++) {
		size_t before = name_bytes[i];

		/* Before a short name is its opening quote, and before that anything. */
		if (before > name.n + 1)
			for (size_t k = 0; k < 16; k++)
				set->low[i][k] |= group;
		else
			set->low[i][(before <= name.n ? name.p[name.n - before] : '"') & 15] |=
			    group;
	}
}

void
scan_start(struct scan *s, enum scan_kernel kernel, const struct scan_names *set, const char *p,
    size_t n, bool breaks, bool sorts)
{
	s->p = p;
	s->n = n;
	s->names = set;
	s->breaks = breaks;
	s->sorts = sorts;
	s->kernel = kernel;
	s->done = s->n_marks = s->n_blocks = 0;
	s->damage = SIZE_MAX;
	s->carry = (struct scan_carry){0};
}

/* Begin a group that is at byte `at` of the text: where it will not be full, all blank. */
static void
start_group(struct scan_group *g, ptrdiff_t at, bool full)
{
	if (!full) {
		memset(g, 0, sizeof(*g));
		memset(g->spaces, 0xff, sizeof(g->spaces));
	}
	g->at = at;
	g->ascii = true;
}

/* Sort blocks, which fill the groups one after the other, and mark them. */
static uint32_t *
sort_blocks(struct scan *s, const char *p, size_t blocks, ptrdiff_t at, uint32_t *out)
{
	while (blocks > 0) {
		size_t first = s->n_blocks % SCAN_GROUP;
		size_t n = blocks < SCAN_GROUP - first ? blocks : SCAN_GROUP - first;
		struct scan_group *g = &s->groups[s->n_blocks / SCAN_GROUP];

		if (first == 0)
			start_group(g, at, n == SCAN_GROUP);
		out = kernels[s->kernel].sort(s, &s->carry, p, first, first + n, g, out);
		s->n_blocks += n;
		blocks -= n;
		p += n * SCAN_BLOCK;
		at += (ptrdiff_t)(n * SCAN_BLOCK);
	}
	return out;
}

/* Scan blocks at p, which are those of the text from byte `at` on, or a copy. */
static uint32_t *
scan_blocks(struct scan *s, const char *p, size_t blocks, ptrdiff_t at, uint32_t *out)
{
	return s->sorts ? sort_blocks(s, p, blocks, at, out) :
			  kernels[s->kernel].marks(s, p, blocks, (uint32_t)at, out);
}

/* The first block or the last one, in a copy with room around it. Blanks mark nothing. The first is
 * made to end where a line of the cache does. */
static uint32_t *
scan_edge(struct scan *s, uint32_t *out)
{
	char room[2 * SCAN_BLOCK];
	size_t skip = s->done == 0 ? (uintptr_t)s->p % SCAN_BLOCK : 0;
	size_t before = s->done < 8 ? s->done : 8;
	size_t n = s->n - s->done < SCAN_BLOCK - skip ? s->n - s->done : SCAN_BLOCK - skip;

	memset(room, ' ', sizeof(room));
	memcpy(room + SCAN_BLOCK + skip - before, s->p + s->done - before, before + n);
	out = scan_blocks(s, room + SCAN_BLOCK, 1, (ptrdiff_t)s->done - (ptrdiff_t)skip, out);
	s->done += n;
	return out;
}

bool
scan_more(struct scan *s)
{
	uint32_t *out = s->marks;
	size_t blocks, most = SCAN_STEP / SCAN_BLOCK;

	if (s->done == s->n)
		return false;
	s->n_blocks = 0;
	if (s->done == 0) {
		out = scan_edge(s, out);
		most--;
	}
	blocks = (s->n - s->done) / SCAN_BLOCK;
	if (blocks > most)
		blocks = most;
	out = scan_blocks(s, s->p + s->done, blocks, (ptrdiff_t)s->done, out);
	s->done += blocks * SCAN_BLOCK;
	if (s->done < s->n && s->n - s->done < SCAN_BLOCK)
		out = scan_edge(s, out);
	/* Behind a string at the very end there is nothing to mark. */
	while (out > s->marks && out[-1] >= s->n)
		out--;
	s->n_marks = (size_t)(out - s->marks);
	return true;
}

void
scan_sort(enum scan_kernel kernel, struct scan_carry *carry, const char *p, size_t n,
    struct scan_group *group)
{
	char room[2 * SCAN_BLOCK];
	size_t whole = n / SCAN_BLOCK, rest = n % SCAN_BLOCK;

	start_group(group, 0, whole == SCAN_GROUP);
	(void)kernels[kernel].sort(NULL, carry, p, 0, whole, group, NULL);
	if (rest == 0)
		return;
	/* To copy as many bytes as the compiler knows is faster. */
	if (whole > 0)
		memcpy(room, p + n - SCAN_BLOCK, SCAN_BLOCK);
	else
		memcpy(room + SCAN_BLOCK - rest, p, rest);
	memset(room + SCAN_BLOCK, ' ', SCAN_BLOCK);
	(void)kernels[kernel].sort(
	    NULL, carry, room + SCAN_BLOCK - rest, whole, whole + 1, group, NULL);
}

/* --- needles --- */

struct scan_needle
scan_needle(struct str text)
{
	/* What CloudTrail's events are made of, the most frequent first. */
	static const char frequent[] = "\"eatinors:,cdlmu0123456789pvgAhfS-.{}/ybwETIRPNCkOD";
	struct scan_needle d = {.text = text};
	size_t best[2] = {0, 0};

	for (size_t i = 0; i < text.n && i < SCAN_BLOCK; i++) {
		const char *found = text.p[i] != '\0' ? strchr(frequent, text.p[i]) : NULL;
		size_t rarity = found != NULL ? (size_t)(found - frequent) + 1 : sizeof(frequent);

		if (rarity > best[0]) {
			best[1] = best[0];
			d.at[1] = d.at[0];
			best[0] = rarity;
			d.at[0] = (unsigned char)i;
		} else if (rarity > best[1]) {
			best[1] = rarity;
			d.at[1] = (unsigned char)i;
		}
	}
	return d;
}

size_t
scan_find(enum scan_kernel kernel, const struct scan_needle *needles, size_t n_needles,
    const char *p, size_t n, size_t from, size_t to)
{
	size_t reach = 0;

	for (size_t k = 0; k < n_needles; k++)
		for (size_t i = 0; i < 2; i++)
			if (reach < needles[k].at[i] + (size_t)SCAN_BLOCK)
				reach = needles[k].at[i] + (size_t)SCAN_BLOCK;
	if (to > n)
		to = n;
	if (kernels[kernel].find(needles, n_needles, p, n, reach, &from, to))
		return from < to ? from : to;
	while (from < to && !needle_at(needles, n_needles, p, n, from))
		from++;
	return from < to ? from : to;
}

/* The plain form:
 *
 *     while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\') p++;
 */
const char *
scan_plain(const char *p, const char *end)
{
#if defined(__x86_64__)
	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		/* As signed bytes, those beyond ASCII are below 0x20 as well. */
		__m128i stop = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
		unsigned bits;

		stop = _mm_or_si128(stop, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
		stop = _mm_or_si128(stop, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
		bits = (unsigned)_mm_movemask_epi8(stop);
		if (bits != 0)
			return p + __builtin_ctz(bits);
	}
#else
	for (; end - p >= 8; p += 8) {
		uint64_t w = word_load(p);
		uint64_t stop = word_zero(w ^ ONES * '"') | word_zero(w ^ ONES * '\\') |
		    word_zero(w & ONES * 0xe0) | (w & ONES * 0x80);

		if (stop != 0)
			return p + __builtin_ctzll(stop) / 8;
	}
#endif
	while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' &&
	    *p != '\\')
		p++;
	return p;
}

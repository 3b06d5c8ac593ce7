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

/* Have what is a step ahead brought near: a text larger than the near caches comes from far. */
#define PREFETCH(p) __builtin_prefetch((p) + SCAN_STEP)

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
	__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,gfni,vpclmulqdq,"  \
			      "avx2,bmi,bmi2,popcnt,pclmul")))

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

AVX512 static inline __m512i
avx512_table(const unsigned char p[16])
{
	return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)p));
}

/* What a byte may be; it may be more than one of these. */
enum kind {
	QUOTE,
	SQUARE, /* [ \ ] */
	OPENING,
	CLOSING,
	TEN, /* : \n */
	COMMA,
	SPACE,
	CONTROL,
	KINDS
};

#define OF(kind) (1u << (kind))

/* Of what kinds the ASCII characters are. 0x7f is of none, and stands for all that are no ASCII. */
static const unsigned char kinds_of[128] = {
    OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL),
    OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL) | OF(TEN), OF(CONTROL), OF(CONTROL),
    OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL),
    OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL),
    OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL), OF(CONTROL), [' '] = OF(SPACE),
    ['"'] = OF(QUOTE), [','] = OF(COMMA), [':'] = OF(TEN), ['['] = OF(SQUARE) | OF(OPENING),
    ['\\'] = OF(SQUARE), [']'] = OF(SQUARE) | OF(CLOSING), ['{'] = OF(OPENING),
    ['}'] = OF(CLOSING)};

/* kinds[i] becomes what the i-th words were. */
AVX512 static inline void
avx512_transpose(__m512i kinds[8])
{
	__m512i pairs[8];

	UNROLL
	for (int i = 0; i < 4; i++) {
		pairs[i] = _mm512_unpacklo_epi64(kinds[2 * i], kinds[2 * i + 1]);
		pairs[4 + i] = _mm512_unpackhi_epi64(kinds[2 * i], kinds[2 * i + 1]);
	}
	UNROLL
	for (int odd = 0; odd < 2; odd++) {
		const __m512i *x = &pairs[4 * odd];
		__m512i a = _mm512_shuffle_i64x2(x[0], x[1], 0x44);
		__m512i b = _mm512_shuffle_i64x2(x[2], x[3], 0x44);
		__m512i c = _mm512_shuffle_i64x2(x[0], x[1], 0xee);
		__m512i d = _mm512_shuffle_i64x2(x[2], x[3], 0xee);

		kinds[odd] = _mm512_shuffle_i64x2(a, b, 0x88);
		kinds[odd + 2] = _mm512_shuffle_i64x2(a, b, 0xdd);
		kinds[odd + 4] = _mm512_shuffle_i64x2(c, d, 0x88);
		kinds[odd + 6] = _mm512_shuffle_i64x2(c, d, 0xdd);
	}
}

/* Which bytes of eight blocks are of each kind, the first one being that of bit 0. A product with
 * the unit matrix makes of the eight bytes of a word, which say of what kind each is, eight that
 * say which are of each kind; these are brought together for a block, and then for all. False:
 * there are bytes beyond ASCII. */
AVX512 static inline bool
avx512_kinds(const char *p, __m512i kinds[KINDS])
{
	static const unsigned char last_first[16] = {
	    7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8};
	static const unsigned char columns[64] = {0, 8, 16, 24, 32, 40, 48, 56, 1, 9, 17, 25, 33,
	    41, 49, 57, 2, 10, 18, 26, 34, 42, 50, 58, 3, 11, 19, 27, 35, 43, 51, 59, 4, 12, 20, 28,
	    36, 44, 52, 60, 5, 13, 21, 29, 37, 45, 53, 61, 6, 14, 22, 30, 38, 46, 54, 62, 7, 15, 23,
	    31, 39, 47, 55, 63};
	const __m512i unit = _mm512_set1_epi64((long long)0x8040201008040201u);
	const __m512i low = _mm512_loadu_si512(kinds_of);
	const __m512i high = _mm512_loadu_si512(kinds_of + 64);
	__m512i all = _mm512_setzero_si512();

	UNROLL
	for (int k = 0; k < SCAN_GROUP; k++) {
		__m512i v = _mm512_loadu_si512(p + k * SCAN_BLOCK);
		__m512i of = _mm512_permutex2var_epi8(
		    low, _mm512_min_epu8(v, _mm512_set1_epi8(0x7f)), high);

		PREFETCH(p + k * SCAN_BLOCK);
		of = _mm512_shuffle_epi8(of, avx512_table(last_first));
		of = _mm512_gf2p8affine_epi64_epi8(unit, of, 0);
		kinds[k] = _mm512_permutexvar_epi8(_mm512_loadu_si512(columns), of);
		all = _mm512_or_si512(all, v);
	}
	avx512_transpose(kinds);
	return _mm512_movepi8_mask(all) == 0;
}

/* The strings between the quotes; prefix_xor through all eight words. */
AVX512 static inline __m512i
avx512_strings(__m512i quotes, uint64_t *in_string)
{
	const __m512i ones = _mm512_set1_epi64(-1);
	__m512i strings = _mm512_unpacklo_epi64(_mm512_clmulepi64_epi128(quotes, ones, 0),
	    _mm512_clmulepi64_epi128(quotes, ones, 1));
	unsigned odd = _mm512_cmplt_epi64_mask(strings, _mm512_setzero_si512()), in;

	odd ^= odd << 1;
	odd ^= odd << 2;
	odd ^= odd << 4;
	in = odd << 1 ^ (unsigned)*in_string;
	*in_string ^= (uint64_t)0 - (odd >> 7 & 1);
	return _mm512_mask_xor_epi64(strings, (__mmask8)in, strings, ones);
}

/* Backslashes are rare: what they do is found out block by block. *quotes are left with those that
 * are not escaped. */
AVX512 static void
avx512_escapes(struct scan_carry *carry, const char *p, __m512i slashes, __m512i *quotes,
    struct scan_group *g)
{
	uint64_t escaped[SCAN_GROUP];

	_mm512_storeu_si512(escaped, slashes);
	for (int k = 0; k < SCAN_GROUP; k++)
		escaped[k] = escaped_bytes(escaped[k], &carry->escape);
	_mm512_storeu_si512(g->escapes,
	    _mm512_andnot_si512(_mm512_or_si512(*quotes, slashes), _mm512_loadu_si512(escaped)));
	*quotes = _mm512_andnot_si512(_mm512_loadu_si512(escaped), *quotes);
	for (int k = 0; k < SCAN_GROUP; k++) {
		__m512i v = _mm512_loadu_si512(p + k * SCAN_BLOCK);

		g->marks[k] = escaped[k] &
		    (_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('u')) |
			_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('/')));
	}
}

AVX512 static void
avx512_behind_escapes(
    struct scan_carry *carry, __m512i slashes, __m512i strings, struct scan_group *g)
{
	uint64_t s[SCAN_GROUP], in[SCAN_GROUP];

	_mm512_storeu_si512(s, slashes);
	_mm512_storeu_si512(in, strings);
	for (int k = 0; k < SCAN_GROUP; k++)
		g->marks[k] |= behind_escapes(s[k], in[k], carry);
}

AVX512 static inline void
avx512_sort_whole(struct scan_carry *carry, const char *p, struct scan_group *g)
{
	__m512i kinds[KINDS], slashes, strings, opening, closing, marks, damage;
	bool ascii = avx512_kinds(p, kinds), escapes;
	const __m512i controls = kinds[CONTROL];

	marks = _mm512_or_si512(kinds[OPENING], kinds[CLOSING]);
	slashes = _mm512_andnot_si512(marks, kinds[SQUARE]);
	escapes = _mm512_test_epi64_mask(slashes, slashes) != 0 ||
	    (carry->escape | carry->has_escape | carry->after) != 0;
	if (escapes)
		avx512_escapes(carry, p, slashes, &kinds[QUOTE], g);
	strings = avx512_strings(kinds[QUOTE], &carry->in_string);
	opening = _mm512_andnot_si512(strings, kinds[OPENING]);
	closing = _mm512_andnot_si512(strings, kinds[CLOSING]);
	marks = _mm512_or_si512(opening, closing);
	damage = _mm512_and_si512(controls, strings);
	if (escapes) {
		avx512_behind_escapes(carry, slashes, strings, g);
		marks = _mm512_or_si512(marks, _mm512_loadu_si512(g->marks));
		damage = _mm512_or_si512(damage, _mm512_andnot_si512(strings, slashes));
	} else {
		_mm512_storeu_si512(g->escapes, _mm512_setzero_si512());
	}
	_mm512_storeu_si512(g->quotes, kinds[QUOTE]);
	_mm512_storeu_si512(g->ends, _mm512_andnot_si512(strings, kinds[QUOTE]));
	_mm512_storeu_si512(g->strings, strings);
	_mm512_storeu_si512(g->marks, marks);
	_mm512_storeu_si512(g->damage, damage);
	_mm512_storeu_si512(g->opening, opening);
	_mm512_storeu_si512(g->closing, closing);
	_mm512_storeu_si512(g->braces, _mm512_andnot_si512(kinds[SQUARE], kinds[OPENING]));
	_mm512_storeu_si512(g->colons, _mm512_andnot_si512(controls, kinds[TEN]));
	_mm512_storeu_si512(g->commas, kinds[COMMA]);
	_mm512_storeu_si512(g->spaces, kinds[SPACE]);
	_mm512_storeu_si512(g->newlines, _mm512_and_si512(controls, kinds[TEN]));
	_mm512_storeu_si512(g->controls, controls);
	g->ascii = ascii;
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
#define vec_table(p) avx512_table(p)
#define vec_lookup(t, v) _mm512_shuffle_epi8(t, v)
#define prefix_xor(bits) xor_by_clmul(bits)
#define put_eight(out, bits, base) avx512_put_eight(out, bits, base)
#define sort_whole(to, p, g) avx512_sort_whole(to, p, g)
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
	void (*sort)(struct scan_carry *, const char *, size_t, size_t, struct scan_group *);
	uint32_t *(*mark_sorted)(struct scan *, const char *, size_t, size_t, uint32_t *);
	bool (*find)(
	    const struct scan_needle *, size_t, const char *, size_t, size_t, size_t *, size_t);
} kernels[SCAN_KERNELS] = {
    [SCAN_SWAR] = {swar_marks, swar_sort, swar_mark_sorted, swar_find},
#if defined(__x86_64__)
    [SCAN_SSE2] = {sse2_marks, sse2_sort, sse2_mark_sorted, sse2_find},
    [SCAN_AVX2] = {avx2_marks, avx2_sort, avx2_mark_sorted, avx2_find},
    [SCAN_AVX512] = {avx512_marks, avx512_sort, avx512_mark_sorted, avx512_find},
#elif defined(__aarch64__)
    [SCAN_NEON] = {neon_marks, neon_sort, neon_mark_sorted, neon_find},
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
		!__builtin_cpu_supports("avx512vbmi") ||
		!__builtin_cpu_supports("avx512vbmi2") || !__builtin_cpu_supports("gfni") ||
		!__builtin_cpu_supports("vpclmulqdq")))
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

/* Sort blocks, which fill the groups one after the other, and then mark them: masks that were
 * stored side by side can be read one by one only after a while without waiting. */
static uint32_t *
sort_blocks(struct scan *s, const char *p, size_t blocks, ptrdiff_t at, uint32_t *out)
{
	size_t begin = s->n_blocks, end = begin + blocks;

	while (s->n_blocks < end) {
		size_t first = s->n_blocks % SCAN_GROUP, left = end - s->n_blocks;
		size_t n = left < SCAN_GROUP - first ? left : SCAN_GROUP - first;
		size_t done = (s->n_blocks - begin) * SCAN_BLOCK;
		struct scan_group *g = &s->groups[s->n_blocks / SCAN_GROUP];

		if (first == 0)
			start_group(g, at + (ptrdiff_t)done, n == SCAN_GROUP);
		kernels[s->kernel].sort(&s->carry, p + done, first, first + n, g);
		s->n_blocks += n;
	}
	return kernels[s->kernel].mark_sorted(s, p, begin, end, out);
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

/* The group of the n bytes of a text from `at` on. */
static void
sort_group(enum scan_kernel kernel, struct scan_carry *carry, const char *text, size_t at, size_t n,
    struct scan_group *group)
{
	const char *p = text + at;
	char room[2 * SCAN_BLOCK];
	size_t whole = n / SCAN_BLOCK, rest = n % SCAN_BLOCK;

	start_group(group, (ptrdiff_t)at, whole == SCAN_GROUP);
	kernels[kernel].sort(carry, p, 0, whole, group);
	if (rest == 0)
		return;
	/* To copy as many bytes as the compiler knows is faster. */
	if (whole > 0)
		memcpy(room, p + n - SCAN_BLOCK, SCAN_BLOCK);
	else
		memcpy(room + SCAN_BLOCK - rest, p, rest);
	memset(room + SCAN_BLOCK, ' ', SCAN_BLOCK);
	kernels[kernel].sort(carry, room + SCAN_BLOCK - rest, whole, whole + 1, group);
}

size_t
scan_sort(enum scan_kernel kernel, struct scan_carry *carry, const char *text, size_t at, size_t n,
    struct scan_group groups[SCAN_GROUPS])
{
	size_t k = 0;

	for (size_t end = at + n; at < end; at += SCAN_GROUP * SCAN_BLOCK) {
		size_t left = end - at, most = SCAN_GROUP * SCAN_BLOCK;

		sort_group(kernel, carry, text, at, left < most ? left : most, &groups[k++]);
	}
	return k;
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

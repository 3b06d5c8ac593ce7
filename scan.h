/* scan.h: JSON text at the speed of memory: where its structure is, where a text occurs.
 *
 * The scan goes over the bytes once, 64 at a time, as bit masks: which bytes are escaped, which
 * are in a string, which of the rest are brackets. What comes out are marks, a short list of the
 * places that somebody who walks over the structure has to look at; all else can be skipped
 * unseen. Nothing is validated here: garbage has marks as well. project.h walks.
 *
 * The loops exist once for each kind of vectors (a kernel); all of them give what the walk needs.
 * No byte outside of the text is read. Pure; a scan belongs to one thread. */
#ifndef SCAN_H
#define SCAN_H

#include "str.h"

#define SCAN_BLOCK 64             /* bytes that one mask stands for */
#define SCAN_GROUP 8              /* blocks whose masks are kept together */
#define SCAN_STEP 4096            /* bytes scanned ahead: their marks stay in the L1 cache */
#define SCAN_GROUPS (SCAN_STEP / (SCAN_BLOCK * SCAN_GROUP) + 1)
#define SCAN_MAX_BYTES (1u << 31) /* of one text: marks are 32 bits wide */

/* What they do on one core of an EPYC 9005 at 3.6 GHz (tests/bench/scan.c, marks only): SWAR 1.6
 * GB/s, SSE2 5.0, AVX2 11, AVX-512 18. */
enum scan_kernel {
	SCAN_SWAR,   /* 64-bit words; everywhere */
	SCAN_SSE2,   /* every x86-64 */
	SCAN_AVX2,   /* with BMI and PCLMUL: since about 2013 */
	SCAN_AVX512, /* AVX-512BW, VL, VBMI, VBMI2, GFNI, VPCLMULQDQ and the above: 2019 */
	SCAN_NEON,   /* every 64-bit ARM */
	SCAN_KERNELS
};

/* Does this program, on this processor, have the kernel? */
bool scan_has(enum scan_kernel kernel);

/* The fastest one here. It asks the processor: keep the answer. */
enum scan_kernel scan_best(void);

/* "swar", "sse2", "avx2", "avx512", "neon"; and back. -1 where no kernel has this name. */
const char *scan_kernel_name(enum scan_kernel kernel);
int scan_kernel_named(struct str name, enum scan_kernel *kernel) MUSTUSE;

/* A set of members' names, as a filter: it lets pass what ends as one of them does, as far as the
 * low halves of three bytes can say. An empty set is {0}.
 *
 * Of all places in the last seven bytes, these three keep most other names and texts out of a set
 * of usual names: half a text an event passes, where the last three bytes would let five pass. */
#define SCAN_NAME_BYTES                                                                            \
	{                                                                                          \
		2, 4, 7                                                                            \
	} /* before the closing quote */

struct scan_names {
	unsigned char low[3][16]; /* by the place and the low half of its byte: a bit for each
				     group of names that may have such a byte there */
};

/* Add a name, as it is written without escapes; the n-th to be added. */
void scan_names_add(struct scan_names *set, struct str name, size_t n);

/* What a block leaves to the next one. */
struct scan_carry {
	uint64_t in_string;  /* all ones: its end is in a string */
	uint64_t escape;     /* 1: its last byte is a backslash that escapes the next one */
	uint64_t has_escape; /* 1: in a string, and that has an escape */
	uint64_t after;      /* 1: its last byte closed a string with an escape */
};

/* What the bytes of some blocks are, as masks: bit i of the k-th stands for byte i of block k.
 * Those from `braces` on are of bytes in and outside of strings. */
struct scan_group {
	ptrdiff_t at; /* in the text: the first byte, which may lie before it */
	bool ascii;   /* are all bytes? */
	uint64_t strings[SCAN_GROUP]; /* those of strings, from the opening quote up to, not
					 including, the closing one */
	uint64_t quotes[SCAN_GROUP];  /* that open and close strings */
	uint64_t escapes[SCAN_GROUP]; /* escaped, but no quotes or backslashes */
	uint64_t marks[SCAN_GROUP];   /* those of struct scan but for names, and without `breaks` */
	uint64_t ends[SCAN_GROUP];    /* quotes that close strings */
	uint64_t damage[SCAN_GROUP];  /* control characters in strings, backslashes in none */
	uint64_t opening[SCAN_GROUP]; /* brackets and braces, outside of strings */
	uint64_t closing[SCAN_GROUP];
	uint64_t braces[SCAN_GROUP]; /* opening ones */
	uint64_t colons[SCAN_GROUP];
	uint64_t commas[SCAN_GROUP];
	uint64_t spaces[SCAN_GROUP];   /* 0x20; and all that is not of the text */
	uint64_t newlines[SCAN_GROUP]; /* \n */
	uint64_t controls[SCAN_GROUP]; /* 0x00 to 0x1f */
};

/* A scan of one text. The marks are, in ascending order, the positions of
 *
 *     '{' '}' '[' ']'  outside of strings
 *     '"'              that closes a string; that of a member with one of the names is not
 *                      missing, others may be there
 *     'u' '/'          that are escaped: \u and \/ are the escapes of what needs none
 *     any byte         behind a string with an escape in it
 *     0x00 to 0x1f     with `breaks`, in and outside of strings
 *
 * so that what a mark is shows in its byte. */
struct scan {
	const char *p;
	size_t n;
	const struct scan_names *names;
	bool breaks;
	bool sorts;
	enum scan_kernel kernel;
	size_t done;   /* bytes scanned; their marks were or are in marks[] */
	size_t damage; /* where the first control character in a string is, or backslash in none; or
			  SIZE_MAX */
	size_t n_marks;
	struct scan_carry carry;
	uint32_t marks[SCAN_STEP + 3 * SCAN_BLOCK];
	size_t n_blocks; /* in the groups; what is left in the last one is blank */
	struct scan_group groups[SCAN_GROUPS];
};

/* Begin at the first byte of the n bytes at p, at most SCAN_MAX_BYTES, outside of any string. What
 * names points to must outlive the scan. There are no marks yet. With `sorts` there will be groups,
 * too. */
void scan_start(struct scan *s, enum scan_kernel kernel, const struct scan_names *names,
    const char *p, size_t n, bool breaks, bool sorts);

/* Scan the next bytes, SCAN_STEP of them or a little more or less: marks[0] to marks[n_marks - 1]
 * are theirs, maybe none, and so are the groups, where they are; the earlier ones are gone. False
 * where all was scanned. */
bool scan_more(struct scan *s);

/* Sort the n bytes of a text from `at` on, SCAN_STEP or, at its end, less. *carry is {0} for the
 * first bytes. The number of groups is returned. */
size_t scan_sort(enum scan_kernel kernel, struct scan_carry *carry, const char *text, size_t at,
    size_t n, struct scan_group groups[SCAN_GROUPS]);

/* A text to look for. */
struct scan_needle {
	struct str text;
	unsigned char at[2]; /* of two of its bytes that are rare in CloudTrail's events */
};

/* text has at least 2 bytes and must outlive the needle. */
struct scan_needle scan_needle(struct str text);

/* Where does the first of the needles begin in the n bytes at p, looking only at those that begin
 * at `from` or later and before `to`? `to` (or n) where there is none. */
size_t scan_find(enum scan_kernel kernel, const struct scan_needle *needles, size_t n_needles,
    const char *p, size_t n, size_t from, size_t to);

/* The first byte of [p, end) that is not plain: a quote, a backslash, a control character or a
 * byte beyond ASCII; end where there is none. */
const char *scan_plain(const char *p, const char *end);

#endif

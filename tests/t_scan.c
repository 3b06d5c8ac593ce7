/* Tests of scan.c: each kernel that this machine has against a reading of the text byte by byte.
 * All texts are in blocks of just their size, for the sanitizers. */
#include "../scan.h"

#include <stdlib.h>

#include "random.h"
#include "tap.h"

static const struct str names[] = {{"eventName", 9}, {"arn", 3}, {"id", 2}, {"x", 1}, {"", 0},
    {"CloudTrailEvent", 15}, {"sourceIPAddress", 15}, {"errorCode", 9}, {"abcdef", 6},
    {"abcdefg", 7}, {"a/b", 3}};

enum { NAMES = sizeof(names) / sizeof(names[0]) };

/* What there is at each byte of a text. */
enum { PLAIN, MARK, MAY_BE_MARK };

static bool
is_any_name(struct str s)
{
	for (size_t i = 0; i < NAMES; i++)
		if (str_eq(s, names[i]))
			return true;
	return false;
}

static bool
before_colon(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p < end && *p == ':';
}

/* What struct scan_group says of a byte, as bits in the order of `masks_of`. */
enum {
	STRING = 1,
	QUOTE = 1 << 1,
	ESCAPE = 1 << 2,
	MARKED = 1 << 3,
	DAMAGE = 1 << 4,
	OPENING = 1 << 5,
	CLOSING = 1 << 6,
	BRACE = 1 << 7,
	COLON = 1 << 8,
	COMMA = 1 << 9,
	SPACE = 1 << 10,
	NEWLINE = 1 << 11,
	CONTROL = 1 << 12,
	END = 1 << 13
};

static unsigned
bits_of(const struct scan_group *g, size_t byte)
{
	const uint64_t *const masks_of[] = {g->strings, g->quotes, g->escapes, g->marks, g->damage,
	    g->opening, g->closing, g->braces, g->colons, g->commas, g->spaces, g->newlines,
	    g->controls, g->ends};
	unsigned bits = 0;

	for (size_t i = 0; i < sizeof(masks_of) / sizeof(masks_of[0]); i++)
		bits |= (unsigned)(masks_of[i][byte / SCAN_BLOCK] >> byte % SCAN_BLOCK & 1) << i;
	return bits;
}

/* Of a byte that may be anywhere. */
static unsigned
bits_anywhere(char c)
{
	unsigned bits = (unsigned char)c < 0x20 ? CONTROL : 0;

	return bits | (c == '{' ? BRACE : 0) | (c == ':' ? COLON : 0) | (c == ',' ? COMMA : 0) |
	    (c == ' ' ? SPACE : 0) | (c == '\n' ? NEWLINE : 0);
}

/* What scan.h says of the marks and masks, byte by byte. Returns where the damage is, or SIZE_MAX.
 */
static size_t
read_slowly(const char *p, size_t n, bool breaks, char *what, unsigned *bits)
{
	size_t damage = SIZE_MAX, start = 0;
	bool in_string = false, escaped = false, has_escape = false, after = false;

	memset(what, PLAIN, n);
	for (size_t i = 0; i < n; i++) {
		bool control = (unsigned char)p[i] < 0x20, was_escaped = escaped;

		bits[i] = bits_anywhere(p[i]) | (after ? MARKED : 0);
		if (after)
			what[i] = MARK;
		after = escaped = false;
		if (control && breaks)
			what[i] = MARK;
		if (in_string ? control : p[i] == '\\') {
			bits[i] |= DAMAGE;
			if (damage == SIZE_MAX)
				damage = i;
		}
		if (!in_string && p[i] != '\0' && strchr("{}[]", p[i]) != NULL) {
			bits[i] |= strchr("{[", p[i]) != NULL ? OPENING : CLOSING;
			bits[i] |= MARKED;
			what[i] = MARK;
		}
		if (was_escaped) {
			if (p[i] == 'u' || p[i] == '/')
				what[i] = MARK;
			bits[i] |= p[i] == 'u' || p[i] == '/' ? MARKED : 0;
			bits[i] |= p[i] != '"' && p[i] != '\\' ? ESCAPE : 0;
		} else if (p[i] == '\\') {
			escaped = true;
			has_escape |= in_string;
		} else if (p[i] == '"' && !in_string) {
			in_string = true;
			has_escape = false;
			start = i + 1;
			bits[i] |= QUOTE;
		} else if (p[i] == '"') {
			in_string = false;
			bits[i] |= QUOTE | END;
			if (what[i] == PLAIN)
				what[i] = is_any_name((struct str){p + start, i - start}) &&
					before_colon(p + i + 1, p + n) ?
				    MARK :
				    MAY_BE_MARK;
			after = has_escape;
		}
		bits[i] |= in_string ? STRING : 0;
	}
	return damage;
}

/* Do the groups of the last step, which ended at byte `done`, say what was read slowly? Around the
 * text are blanks, up to the group's end: a string may go on there, or be marked, or an escape. */
static bool
sorts_well(const struct scan *s, const unsigned *bits, ptrdiff_t from)
{
	size_t bytes = SCAN_GROUP * SCAN_BLOCK;
	size_t groups = (s->n_blocks + SCAN_GROUP - 1) / SCAN_GROUP;
	bool good = true, ascii;

	for (size_t k = 0; k < groups; k++) {
		const struct scan_group *g = &s->groups[k];

		ascii = true;
		for (size_t i = 0; i < bytes; i++) {
			ptrdiff_t at = g->at + (ptrdiff_t)i;
			bool is_text = at >= from && at < (ptrdiff_t)s->done;
			unsigned got = bits_of(g, i), any = STRING | MARKED | ESCAPE;

			good &= is_text ? got == bits[at] : (got | any) == (SPACE | any);
			if (is_text)
				ascii &= (unsigned char)s->p[at] < 0x80;
		}
		good = good && g->ascii == ascii;
	}
	return good;
}

/* Is what the scan of the n bytes at p says the same? Otherwise where it differs. */
static bool
scans_well(enum scan_kernel kernel, const char *p, size_t n, bool breaks, bool sorts)
{
	static struct scan s;
	struct scan_names set = {0};
	char *what = malloc(n + 1);
	unsigned *bits = malloc((n + 1) * sizeof(*bits));
	size_t damage, seen = 0;
	int64_t last = -1;
	bool good = true;

	if (what == NULL || bits == NULL)
		abort();
	for (size_t i = 0; i < NAMES; i++)
		scan_names_add(&set, names[i], i);
	damage = read_slowly(p, n, breaks, what, bits);
	scan_start(&s, kernel, &set, p, n, breaks, sorts);
	while (scan_more(&s)) {
		good = good && s.done > seen && s.done - seen <= SCAN_STEP + 2 * SCAN_BLOCK;
		for (size_t i = 0; i < s.n_marks; i++) {
			uint32_t at = s.marks[i];

			good = good && at < n && at >= seen && at < s.done && (int64_t)at > last &&
			    what[at] != PLAIN;
			last = at;
			if (at < n)
				what[at] = PLAIN;
		}
		good = good && (!sorts || sorts_well(&s, bits, (ptrdiff_t)seen));
		seen = s.done;
	}
	good = good && seen == n && s.damage == damage;
	for (size_t i = 0; i < n; i++)
		good = good && what[i] != MARK;
	free(what);
	free(bits);
	return good;
}

/* The text in a block that ends where it ends, and begins so many bytes before. */
static bool
scans_copy(enum scan_kernel kernel, const char *text, size_t n, size_t before, bool breaks)
{
	char *block = malloc(before + n > 0 ? before + n : 1);
	bool good;

	if (block == NULL)
		abort();
	memset(block, '"', before);
	memcpy(block + before, text, n);
	good = scans_well(kernel, block + before, n, breaks, false) &&
	    scans_well(kernel, block + before, n, breaks, true);
	free(block);
	return good;
}

static size_t
random_text(char *p, size_t max, const char *alphabet)
{
	size_t n = 0, letters = strlen(alphabet);

	while (n < max) {
		unsigned what = below(12);
		struct str name = names[below(NAMES)];

		if (what == 0 && max - n > name.n + 3) {
			p[n++] = '"';
			memcpy(p + n, name.p, name.n);
			n += name.n;
			p[n++] = '"';
			p[n++] = ':';
		} else if (what == 1 && strchr(alphabet, '\\') != NULL) { /* a run of backslashes */
			for (unsigned k = below(9); k > 0 && n < max; k--)
				p[n++] = '\\';
		} else {
			p[n++] = alphabet[below((unsigned)letters)];
		}
	}
	return n;
}

static void
test_random(enum scan_kernel kernel)
{
	static const char *const alphabets[] = {"\"\\{}[]:, \nau/\x01\xc3\x7f", "abcdefghij \"",
	    "{}[]", "\\\"", "\n \t\r\"x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{\"",
	    "\"{}[]:, ;*jJzZl-\n\xc3\xa9\x1f\x20\x7f\x8b\xa2\xdb\xfd"};
	static const size_t n_alphabets = sizeof(alphabets) / sizeof(alphabets[0]);
	static char text[3 * SCAN_STEP];
	unsigned bad = 0, done = 0;

	for (unsigned round = 0; round < 6000; round++) {
		size_t max = round % 50 == 0 ? 3 * SCAN_STEP - below(200) : below(400);
		size_t n = random_text(text, max, alphabets[round % n_alphabets]);

		bad += !scans_copy(kernel, text, n, below(70), round & 1);
		done++;
	}
	is_int(bad, 0, "%s: %u random texts", scan_kernel_name(kernel), done);
}

/* Each byte of these comes to stand at each place of a block. */
static void
test_places(enum scan_kernel kernel)
{
	static const char *const texts[] = {"\"a\\\\\"{", "\"\\\"\"[\"",
	    "\"\\\\\\\"}\":", "\"\\u0041\" :", "\"ab\\/c\"]", "\\\"{",
	    "\"eventName\":", "\"id\":", "\"x\":", "\"\":", "\"CloudTrailEvent\" :", "\"a\nb\"",
	    "}{", "\n", "\"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"{"};
	char text[4 * SCAN_BLOCK];
	unsigned bad = 0;

	for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
		for (size_t at = 0; at < 2 * SCAN_BLOCK + 2; at++)
			for (size_t fill = 0; fill < 3; fill++) {
				size_t n = strlen(texts[k]);

				memset(text, " \\,"[fill], sizeof(text));
				memcpy(text + at, texts[k], n);
				bad += !scans_copy(kernel, text, at + n, at % 64, true);
				bad += !scans_copy(kernel, text, at + n + 70, 0, false);
			}
	is_int(bad, 0, "%s: each byte at each place of a block", scan_kernel_name(kernel));
}

/* Each text is cut everywhere, at each alignment. */
static void
test_cuts(enum scan_kernel kernel)
{
	static const char text[] =
	    "{\"eventName\":\"Get\\\"Object\",\"a\\u0062\":[{\"x\":\"\\\\\"},{\"id\":\"{[\"}],"
	    "\"CloudTrailEvent\":{\"arn\" : 12},\"deep\":[[[[{\"\":\"\\/\"}]]]]}\n{\"x\":1}\n";
	unsigned bad = 0;

	for (size_t n = 0; n < sizeof(text); n++)
		for (size_t before = 0; before < 64; before++)
			bad += !scans_copy(kernel, text, n, before, before & 1);
	is_int(bad, 0, "%s: each cut at each alignment", scan_kernel_name(kernel));
}

static size_t
find_slowly(const struct str *texts, size_t n_texts, struct str in, size_t from, size_t to)
{
	for (; from < to && from < in.n; from++)
		for (size_t k = 0; k < n_texts; k++)
			if (in.n - from >= texts[k].n &&
			    memcmp(in.p + from, texts[k].p, texts[k].n) == 0)
				return from;
	return to < in.n ? to : in.n;
}

static void
test_find(enum scan_kernel kernel)
{
	static const struct str texts[] = {{"\"ab\"", 4}, {"ba", 2}, {"\"\"", 2},
	    {"\"prod-data\"", 11}, {"aaaaaaaaaab", 11}, {"\xc3\xa9\"", 3}};
	char text[700];
	unsigned bad = 0;

	for (unsigned round = 0; round < 5000; round++) {
		size_t n = below(round % 4 == 0 ? 700 : 150), from = below((unsigned)n + 1);
		size_t to = from + below(700), n_texts = 1 + below(3), first = below(4), want, got;
		struct scan_needle needles[3];
		char *copy = malloc(n + 1);

		if (copy == NULL)
			abort();
		for (size_t i = 0; i < n; i++)
			text[i] = "aaaab\"-\xc3\xa9"[below(9)];
		if (n > 20 && round % 2 == 0) {
			struct str s = texts[below(6)];

			memcpy(text + below((unsigned)(n - s.n + 1)), s.p, s.n);
		}
		memcpy(copy, text, n);
		copy = realloc(copy, n > 0 ? n : 1);
		if (copy == NULL)
			abort();
		for (size_t k = 0; k < n_texts; k++)
			needles[k] = scan_needle(texts[first + k]);
		want = find_slowly(texts + first, n_texts, (struct str){copy, n}, from, to);
		got = scan_find(kernel, needles, n_texts, copy, n, from, to);
		bad += got != want;
		free(copy);
	}
	is_int(bad, 0, "%s: texts found as one by one", scan_kernel_name(kernel));
}

static void
test_plain(void)
{
	unsigned bad = 0;

	for (size_t n = 0; n < 70; n++)
		for (size_t stop = 0; stop <= n; stop++)
			for (size_t k = 0; k < 7; k++) {
				char *p = malloc(n > 0 ? n : 1);

				if (p == NULL)
					abort();
				memset(p, "az 9~\x7f!"[k], n);
				if (stop < n)
					p[stop] = "\"\\\x1f\x80\xff\x00\n"[k];
				if (stop + 3 < n)
					p[stop + 3] = '"';
				bad += scan_plain(p, p + n) != p + stop;
				free(p);
			}
	is_int(bad, 0, "a run of plain bytes ends where it does");
}

static void
test_kernels(void)
{
	enum scan_kernel kernel;

	ok(scan_has(SCAN_SWAR), "words are everywhere");
	ok(scan_has(scan_best()), "the best one (%s) is there", scan_kernel_name(scan_best()));
	for (int i = 0; i < SCAN_KERNELS; i++)
		ok(scan_kernel_named(str_of(scan_kernel_name((enum scan_kernel)i)), &kernel) == 0 &&
			kernel == (enum scan_kernel)i,
		    "%s has its name", scan_kernel_name((enum scan_kernel)i));
	is_int(scan_kernel_named(STR("sse9"), &kernel), -1, "sse9 is none");
}

int
main(void)
{
	test_kernels();
	test_plain();
	for (int i = 0; i < SCAN_KERNELS; i++) {
		enum scan_kernel kernel = (enum scan_kernel)i;

		if (!scan_has(kernel))
			continue;
		test_random(kernel);
		test_places(kernel);
		test_cuts(kernel);
		test_find(kernel);
	}
	return done_testing();
}

/* valid.c: see valid.h. The grammar of JSON is mostly about what may follow what: whether a comma
 * may stand here, whether a string is a name. Such questions are asked of 64 bytes at once, of
 * masks in which a bit stands for a byte (scan.h). One by one are looked at only the brackets, what
 * is bare (numbers and words) and the rarer escapes. */
#include "valid.h"

#include "json.h"
#include "number.h"

enum { BLOCKS = 32 }; /* sorted at a time: their masks stay in the L1 cache */

/* What the bytes before a block leave to it; the masks' carries are 0 or 1. */
struct state {
	const char *end; /* of the text */
	struct scan_carry scan;
	uint64_t value;     /* the last token is one that a value has to follow */
	uint64_t separator; /* it is a comma or a colon */
	uint64_t member;    /* it is a comma or an opening brace */
	uint64_t name;      /* it is a string behind one of these */
	uint64_t in_name;   /* the last byte is in such a string */
	uint64_t in_bare;   /* it is in a number or word */
	bool ascii;         /* all were */
	bool breaks;        /* there were line breaks outside of strings */
	unsigned in;        /* the kind of brackets around us */
	size_t depth;
	unsigned char open[JSON_MAX_DEPTH]; /* those around them, outermost first */
};

enum { IN_ROOT, IN_ARRAY, IN_OBJECT };

/* The first bytes of the tokens that follow those whose last bytes are `ends`; *carry is 1 where
 * the last token before this block is one of those, and then where the last one in it is.
 *
 * To add the byte behind a token to a run of white space carries into the byte behind the run. */
static inline uint64_t
following(uint64_t ends, uint64_t blanks, uint64_t *carry)
{
	uint64_t next = ends << 1 | *carry;

	*carry = ends >> 63;
	if (blanks != 0) {
		*carry |= __builtin_add_overflow(next, blanks, &next);
		next &= ~blanks;
	}
	return next;
}

/* The closing quotes of the strings whose opening ones are `opening`. To add these to the run of a
 * string's bytes carries into the byte behind it. */
static inline uint64_t
closing_quotes(uint64_t opening, uint64_t strings, uint64_t *carry)
{
	uint64_t sum;
	bool overflow = __builtin_add_overflow(strings, opening, &sum);

	overflow |= __builtin_add_overflow(sum, *carry, &sum);
	*carry = overflow;
	return sum & ~strings;
}

/* Which control characters outside of strings are white space? False where one is not. */
static bool
sort_controls(struct state *s, const char *p, uint64_t controls, uint64_t *blanks)
{
	for (; controls != 0; controls &= controls - 1) {
		char c = p[__builtin_ctzll(controls)];

		if (c != '\t' && c != '\n' && c != '\r')
			return false;
		s->breaks |= c != '\t';
		*blanks |= controls & (0 - controls);
	}
	return true;
}

static bool
check_escapes(const struct state *s, const char *p, uint64_t escapes)
{
	for (; escapes != 0; escapes &= escapes - 1) {
		const char *c = p + __builtin_ctzll(escapes);
		uint32_t digits;

		if (c == s->end) /* behind a backslash */
			return false;
		if (*c == 'u' ? !str_hex4(c + 1, s->end, &digits) :
				*c == '\0' || strchr("/bfnrt", *c) == NULL)
			return false;
	}
	return true;
}

/* The length of the number or word at p, 0 where there is none. */
static size_t
bare_len(const char *p, const char *end)
{
	size_t n = (size_t)(end - p);

	switch (*p) {
	case 't':
		return n >= 4 && memcmp(p, "true", 4) == 0 ? 4 : 0;
	case 'f':
		return n >= 5 && memcmp(p, "false", 5) == 0 ? 5 : 0;
	case 'n':
		return n >= 4 && memcmp(p, "null", 4) == 0 ? 4 : 0;
	default:
		return number_scan(p, end);
	}
}

static bool
check_bare(const struct state *s, const char *p, uint64_t starts)
{
	for (; starts != 0; starts &= starts - 1) {
		const char *bare = p + __builtin_ctzll(starts);
		size_t n = bare_len(bare, s->end);

		if (n == 0)
			return false;
		bare += n;
		/* A quote or an opening bracket is told of elsewhere. */
		if (bare < s->end && *bare != ',' && *bare != '}' && *bare != ']' && *bare != ' ' &&
		    *bare != '\n' && *bare != '\r' && *bare != '\t')
			return false;
	}
	return true;
}

/* Are the brackets of the right kind, and is nothing between them that is wrong there: wrong[] says
 * where things are that are wrong in the root, in arrays, in objects? */
static bool
check_brackets(
    struct state *s, const char *p, uint64_t opening, uint64_t closing, const uint64_t wrong[3])
{
	uint64_t brackets = opening | closing, rest = ~(uint64_t)0;
	unsigned in = s->in;

	for (; brackets != 0; brackets &= brackets - 1) {
		uint64_t to_here = brackets ^ (brackets - 1);
		unsigned i = (unsigned)__builtin_ctzll(brackets);
		unsigned kind = (p[i] & 0x20) != 0 ? IN_OBJECT : IN_ARRAY;

		if ((wrong[in] & rest & to_here) != 0)
			return false;
		rest = ~to_here;
		if ((opening >> i & 1) != 0) {
			if (s->depth == JSON_MAX_DEPTH)
				return false;
			s->open[s->depth++] = (unsigned char)in;
			in = kind;
		} else {
			if (in != kind)
				return false;
			in = s->open[--s->depth];
		}
	}
	s->in = in;
	return (wrong[in] & rest) == 0;
}

/* Check the block whose bytes are at p in the text. */
static bool
check_block(struct state *s, const char *p, const struct scan_block *b)
{
	uint64_t outside = ~(b->strings | b->quotes), blanks = b->spaces & outside;
	uint64_t opening = b->opening & outside, closing = b->closing & outside;
	uint64_t colons = b->colons & outside, commas = b->commas & outside;
	uint64_t separators = colons | commas, strings = b->quotes & b->strings;
	uint64_t bare, starts, values, value, separator, member, name, wrong[3];

	if (b->controls != 0 &&
	    ((b->controls & b->strings) != 0 || !sort_controls(s, p, b->controls, &blanks)))
		return false;
	if (b->escapes != 0 && !check_escapes(s, p, b->escapes))
		return false;
	bare = outside & ~(opening | closing | separators | blanks);
	starts = bare & ~(bare << 1 | s->in_bare);
	s->in_bare = bare >> 63;
	values = opening | strings | starts;

	value = following(opening | separators, blanks, &s->value);
	separator = following(separators, blanks, &s->separator);
	member = following((b->braces & outside) | commas, blanks, &s->member);
	name = following(
	    closing_quotes(strings & member, b->strings, &s->in_name), blanks, &s->name);
	if ((((values ^ value) & (values | separators)) | (closing & separator) |
		(colons & ~name)) != 0)
		return false;
	wrong[IN_ROOT] = separators;
	wrong[IN_ARRAY] = colons;
	wrong[IN_OBJECT] = (member & values & ~strings) | (name & ~colons);
	return check_brackets(s, p, opening, closing, wrong) && check_bare(s, p, starts);
}

static bool
is_utf8(const char *p, const char *end)
{
	while (p < end) {
		uint32_t cp;
		uint64_t w;
		size_t n = 8;

		if (end - p >= 8)
			memcpy(&w, p, 8);
		if (end - p < 8 || (w & 0x8080808080808080u) != 0)
			n = utf8_read(p, end, &cp);
		if (n == 0)
			return false;
		p += n;
	}
	return true;
}

/* Check the next n bytes, at most BLOCKS blocks; only the text's last ones may be less than a
 * block. */
static bool
check_blocks(struct state *s, enum scan_kernel kernel, const char *p, size_t n)
{
	struct scan_block blocks[BLOCKS];

	s->ascii &= scan_sort(kernel, &s->scan, p, n, blocks);
	for (size_t i = 0; i * SCAN_BLOCK < n; i++)
		if (!check_block(s, p + i * SCAN_BLOCK, &blocks[i]))
			return false;
	return true;
}

enum valid
valid_json(struct str text, enum scan_kernel kernel)
{
	struct state s;

	if (text.n > JSON_MAX_BYTES)
		return VALID_NOT;
	s.end = text.p + text.n;
	s.scan = (struct scan_carry){0};
	s.value = 1;
	s.separator = s.member = s.name = s.in_name = s.in_bare = 0;
	s.breaks = false;
	s.ascii = true;
	s.depth = 0;
	s.in = IN_ROOT;
	for (size_t at = 0; at < text.n; at += BLOCKS * SCAN_BLOCK) {
		size_t left = text.n - at;

		if (!check_blocks(&s, kernel, text.p + at,
			left < BLOCKS * SCAN_BLOCK ? left : BLOCKS * SCAN_BLOCK))
			return VALID_NOT;
	}
	if (s.value != 0 || s.depth != 0 || s.scan.in_string != 0)
		return VALID_NOT;
	if (!s.ascii && !is_utf8(text.p, s.end))
		return VALID_NOT;
	return s.breaks ? VALID_LINES : VALID_LINE;
}

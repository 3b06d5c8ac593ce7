/* literal.c: see literal.h. A literal is written down as JSON text while it is read, and json_parse
 * builds the values from that: so one place knows how values are laid out and which of two members
 * with the same name wins. As in json.c the open brackets are on a stack of our own. */
#include "literal.h"

#include <stdlib.h>

struct bracket {
	const char *at;   /* where it was opened */
	size_t json;      /* and where that is in the JSON text */
	char close;       /* what closes it: ) ] or } */
	uint32_t items;   /* begun so far */
};

struct reader {
	const char *start; /* of the text */
	const char *p;
	const char *end;
	struct err *err;
	struct buf json;   /* what was read so far, as JSON */
	struct buf part;   /* scratch: a decoded string, or a number's digits */
	bool name;         /* a dict key is being read: a colon ends it */
	size_t depth;
	struct bracket open[LITERAL_MAX_DEPTH];
};

static int PRINTFLIKE(3, 4)
fail(struct reader *r, const char *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	r->err->pos = (size_t)(at - r->start);
	(void)vsnprintf(r->err->msg, sizeof(r->err->msg), fmt, ap);
	va_end(ap);
	return -1;
}

/* Name the character at p in an error: what was expected, and what is there. */
static int
unexpected(struct reader *r, const char *expected)
{
	char seen[24];
	uint32_t cp;
	size_t n;

	if (r->p >= r->end)
		return fail(r, r->p, "%s expected, but the text ends", expected);
	n = utf8_read(r->p, r->end, &cp);
	return fail(r, r->p, "%s expected, but there is '%s'", expected,
	    str_escape(seen, sizeof(seen), (struct str){r->p, n > 0 ? n : 1}));
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool
is_digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

static void
skip_blanks(struct reader *r)
{
	while (r->p < r->end && is_blank(*r->p))
		r->p++;
}

/* The number or word at p, as far as it goes. */
static struct str
token(const struct reader *r, const char *p)
{
	const char *q = p;

	while (q < r->end && !is_blank(*q) && *q != '\0' && strchr("\"'()[]{},", *q) == NULL &&
	    !(r->name && *q == ':'))
		q++;
	return (struct str){p, (size_t)(q - p)};
}

static bool
has_prefix(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

/* There is a word that is no literal: guess what was meant. */
static int
explain(struct reader *r, struct str word)
{
	static const char *const quotes[] = { /* U+2018, U+2019, U+201C, U+201D */
		"\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9c", "\xe2\x80\x9d",
	};
	struct buf shown = {0};
	int rv;

	r->p = word.p;
	if (word.n == 0 || strchr("=<>!~|&;:", *word.p) != NULL)
		return unexpected(r, "a Python literal");
	if (str_eq(word, STR("$")) || has_prefix(word, "$."))
		return fail(r, word.p,
		    "a Python literal expected; a JSONPath stands on the left side only");
	if (str_eq_nocase(word, STR("true")) || str_eq_nocase(word, STR("false")))
		return fail(r, word.p, "a Python literal expected; write True or False");
	if (str_eq_nocase(word, STR("none")) || str_eq_nocase(word, STR("null")))
		return fail(r, word.p, "a Python literal expected; write None or null");
	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++)
		if (has_prefix(word, quotes[i]))
			return fail(r, word.p,
			    "a Python literal expected; use straight quotes, ' or \"");
	buf_escaped(&shown, word, 44); /* fits into the message, whatever it is */
	buf_char(&shown, '\0');
	rv = fail(r, word.p, "a Python literal expected; put text in quotes: %s\"%s\"",
	    memchr(word.p, '\\', word.n) != NULL ? "r" : "", shown.p);
	buf_free(&shown);
	return rv;
}

static int
read_word(struct reader *r)
{
	static const struct {
		const char *word;
		const char *json;
	} words[] = {
		{"True", "true"}, {"False", "false"}, {"None", "null"},
		{"true", "true"}, {"false", "false"}, {"null", "null"},
	};
	struct str word = token(r, r->p);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq(word, str_of(words[i].word))) {
			buf_str(&r->json, str_of(words[i].json));
			r->p += word.n;
			return 0;
		}
	return explain(r, word);
}

/* The digit's value, 16 where it is none. */
static unsigned
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* Append the digits at p to part, without the underscores that may stand between two of them. */
static int
read_digits(struct reader *r, unsigned base)
{
	while (r->p < r->end && digit_value(*r->p) < base) {
		buf_char(&r->part, *r->p++);
		if (r->p >= r->end || *r->p != '_')
			continue;
		if (r->end - r->p < 2 || digit_value(r->p[1]) >= base)
			return fail(r, r->p, "an underscore in a number stands between two digits");
		r->p++;
	}
	return 0;
}

/* Append a number of base 2^bits in decimal digits. */
static void
add_converted(struct buf *out, struct str digits, unsigned bits)
{
	enum { LIMB = 1000000000, AT_ONCE = 28 }; /* LIMB << AT_ONCE leaves room in 64 bits */
	size_t n = 0, i = 0;
	uint32_t *limbs; /* the least significant first */

	limbs = xrealloc(NULL, digits.n * bits / AT_ONCE + 1, sizeof(*limbs));
	while (i < digits.n) {
		uint64_t carry = 0;
		unsigned shift = 0;

		for (; i < digits.n && shift + bits <= AT_ONCE; i++, shift += bits)
			carry = carry << bits | digit_value(digits.p[i]);
		for (size_t k = 0; k < n; k++) {
			carry += (uint64_t)limbs[k] << shift;
			limbs[k] = (uint32_t)(carry % LIMB);
			carry /= LIMB;
		}
		if (carry > 0)
			limbs[n++] = (uint32_t)carry;
	}
	buf_printf(out, "%u", n > 0 ? (unsigned)limbs[n - 1] : 0u);
	while (n > 1)
		buf_printf(out, "%09u", (unsigned)limbs[--n - 1]);
	free(limbs);
}

/* Read a number behind its 0x, 0o or 0b. */
static int
read_converted(struct reader *r, unsigned bits, const char *digits)
{
	r->part.n = 0;
	if (r->end - r->p > 1 && *r->p == '_' && digit_value(r->p[1]) < 1u << bits)
		r->p++;
	if (read_digits(r, 1u << bits) != 0)
		return -1;
	if (r->part.n == 0)
		return unexpected(r, digits);
	if (r->part.n > LITERAL_MAX_DIGITS)
		return fail(r, r->p, "more than %d digits in a number that is not decimal",
		    LITERAL_MAX_DIGITS);
	add_converted(&r->json, buf_slice(&r->part), bits);
	return 0;
}

/* Append a float's fraction and exponent, as far as they are there: p is behind the whole part. */
static int
read_fraction(struct reader *r)
{
	if (r->p < r->end && *r->p == '.') {
		r->p++;
		r->part.n = 0;
		if (read_digits(r, 10) != 0)
			return -1;
		buf_char(&r->json, '.');
		buf_str(&r->json, r->part.n > 0 ? buf_slice(&r->part) : STR("0"));
	}
	if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
		const char *sign = r->p + 1;
		bool has_sign = sign < r->end && (*sign == '+' || *sign == '-');

		if (!is_digit(sign + has_sign, r->end))
			return 0;
		buf_add(&r->json, r->p, has_sign ? 2 : 1);
		r->p = sign + has_sign;
		r->part.n = 0;
		if (read_digits(r, 10) != 0)
			return -1;
		buf_str(&r->json, buf_slice(&r->part));
	}
	return 0;
}

/* Read a decimal number; p is at its first digit or its point. */
static int
read_decimal(struct reader *r)
{
	const char *at = r->p, *after;
	struct str whole, shown;
	bool zeros;

	r->part.n = 0;
	if (read_digits(r, 10) != 0)
		return -1;
	after = r->p;
	whole = buf_slice(&r->part);
	while (whole.n > 1 && *whole.p == '0') {
		whole.p++;
		whole.n--;
	}
	buf_str(&r->json, whole.n > 0 ? whole : STR("0"));
	/* A float may have leading zeros, and so may zero itself. */
	zeros = whole.n < r->part.n && *whole.p != '0';
	if (read_fraction(r) != 0)
		return -1;
	if (!zeros || r->p != after || token(r, after).n > 0)
		return 0;
	shown = token(r, at);
	return fail(r, at, "a number has no leading zeros; put an identifier in quotes: \"%.*s\"",
	    shown.n < 60 ? (int)shown.n : 60, shown.p);
}

/* Read a number; p is at its sign, its first digit or its point. */
static int
read_number(struct reader *r)
{
	const char *at = r->p;
	bool has_point;
	int rv;

	if (*at == '+' || *at == '-') {
		if (*at == '-')
			buf_char(&r->json, '-');
		r->p++;
		skip_blanks(r);
		if (r->p != at + 1)
			at = r->p;
	}
	has_point = r->p < r->end && *r->p == '.';
	if (!is_digit(r->p + has_point, r->end))
		return unexpected(r, "a digit");
	switch (*r->p == '0' && r->end - r->p > 1 ? r->p[1] | 0x20 : 0) {
	case 'x':
		r->p += 2;
		rv = read_converted(r, 4, "a hexadecimal digit");
		break;
	case 'o':
		r->p += 2;
		rv = read_converted(r, 3, "an octal digit");
		break;
	case 'b':
		r->p += 2;
		rv = read_converted(r, 1, "a binary digit");
		break;
	default:
		rv = read_decimal(r);
		break;
	}
	if (rv != 0)
		return -1;
	if (r->p < r->end && (*r->p == 'j' || *r->p == 'J') && token(r, r->p).n == 1)
		return fail(r, at, "complex numbers cannot be compared with JSON");
	if (token(r, r->p).n > 0)
		return explain(r, token(r, at));
	return 0;
}

/* The opening quote of the string that starts at p, with its prefix; NULL where none starts. */
static const char *
opening_quote(const char *p, const char *end)
{
	for (int i = 0; i < 3 && p < end && *p != '\0'; i++, p++) {
		if (*p == '"' || *p == '\'')
			return p;
		if (strchr("rRuUbBfF", *p) == NULL)
			break;
	}
	return NULL;
}

static int
check_prefix(struct reader *r, struct str prefix)
{
	for (size_t i = 0; i < prefix.n; i++) {
		if ((prefix.p[i] | 0x20) == 'b')
			return fail(r, prefix.p + i,
			    "bytes literals cannot be compared with JSON; leave out the b");
		if ((prefix.p[i] | 0x20) == 'f')
			return fail(r, prefix.p + i, "an f-string is no literal; leave out the f");
	}
	if (prefix.n > 1)
		return fail(r, prefix.p, "there is no string prefix %.2s", prefix.p);
	return 0;
}

static bool
read_hex(const char *p, const char *end, int digits, uint32_t *value)
{
	*value = 0;
	if (end - p < digits)
		return false;
	for (int i = 0; i < digits; i++) {
		if (digit_value(p[i]) > 15)
			return false;
		*value = *value << 4 | digit_value(p[i]);
	}
	return true;
}

/* The code point of the \u or \U escape at p (the backslash); its length, 0 where it is none. */
static size_t
unicode_escape(const char *p, const char *end, uint32_t *cp)
{
	int digits;

	if (end - p < 2 || p[0] != '\\' || (p[1] | 0x20) != 'u')
		return 0;
	digits = p[1] == 'u' ? 4 : 8;
	return read_hex(p + 2, end, digits, cp) ? (size_t)digits + 2 : 0;
}

static void
add_code_point(struct buf *out, uint32_t cp)
{
	char utf8[4];

	buf_add(out, utf8, utf8_write(utf8, cp));
}

/* To Python \ud83d\ude00 is two lone surrogates, a string that equals nothing in an event. It is
 * written by those who think of JSON, so it means what it means there. */
static int
read_unicode_escape(struct reader *r)
{
	const char *at = r->p;
	uint32_t cp, low;
	size_t n = unicode_escape(at, r->end, &cp);

	if (n == 0)
		return fail(r, at, "\\%c wants %s hexadecimal digits", at[1],
		    at[1] == 'u' ? "four" : "eight");
	if (cp > 0x10ffff)
		return fail(r, at, "there is no character beyond \\U0010ffff");
	r->p += n;
	if (cp >= 0xd800 && cp <= 0xdfff) {
		n = unicode_escape(r->p, r->end, &low);
		if (cp < 0xdc00 && n > 0 && low >= 0xdc00 && low <= 0xdfff) {
			cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
			r->p += n;
		} else {
			cp = 0xfffd;
		}
	}
	add_code_point(&r->part, cp);
	return 0;
}

/* The length of the line end at p, 0 where there is none. Python reads every kind as one \n. */
static size_t
line_end(const char *p, const char *end)
{
	if (p < end && *p == '\n')
		return 1;
	if (p < end && *p == '\r')
		return end - p > 1 && p[1] == '\n' ? 2 : 1;
	return 0;
}

/* Decode the escape at p (the backslash), behind which there is at least one byte. */
static int
read_escape(struct reader *r)
{
	static const char letters[] = "\\'\"abfnrtv", values[] = "\\'\"\a\b\f\n\r\t\v";
	const char *at = r->p, *letter;
	uint32_t cp = 0;
	char c = at[1];

	if (line_end(at + 1, r->end) > 0) {
		r->p += 1 + line_end(at + 1, r->end);
		return 0;
	}
	if (c >= '0' && c <= '7') {
		for (r->p++; r->p < r->end && r->p - at < 4 && *r->p >= '0' && *r->p <= '7'; r->p++)
			cp = cp << 3 | digit_value(*r->p);
		add_code_point(&r->part, cp);
		return 0;
	}
	if (c == 'u' || c == 'U')
		return read_unicode_escape(r);
	if (c == 'x') {
		if (!read_hex(at + 2, r->end, 2, &cp))
			return fail(r, at, "\\x wants two hexadecimal digits");
		add_code_point(&r->part, cp);
		r->p += 4;
		return 0;
	}
	if (c == 'N')
		return fail(r, at,
		    "characters are not known by name; write \\uXXXX in place of \\N{...}");
	letter = c != '\0' ? strchr(letters, c) : NULL;
	/* An unknown escape stays, backslash and all. */
	buf_char(&r->part, letter != NULL ? values[letter - letters] : '\\');
	r->p += letter != NULL ? 2 : 1;
	return 0;
}

/* Append the character at p as it is. */
static int
read_plain(struct reader *r)
{
	size_t n = line_end(r->p, r->end);
	uint32_t cp;

	if (n > 0) {
		buf_char(&r->part, '\n');
	} else {
		n = utf8_read(r->p, r->end, &cp);
		if (n == 0)
			return fail(r, r->p, "invalid UTF-8 in a string");
		buf_add(&r->part, r->p, n);
	}
	r->p += n;
	return 0;
}

/* Append one string's text to part; p is at its prefix or quote. */
static int
read_string(struct reader *r)
{
	const char *at = r->p, *quote = opening_quote(at, r->end);
	struct str prefix = {at, (size_t)(quote - at)};
	bool raw, triple;

	if (check_prefix(r, prefix) != 0)
		return -1;
	raw = prefix.n > 0 && (*at | 0x20) == 'r';
	triple = r->end - quote > 2 && quote[1] == *quote && quote[2] == *quote;
	r->p = quote + (triple ? 3 : 1);
	while (r->p < r->end) {
		bool escape = *r->p == '\\' && r->end - r->p > 1;

		if (*r->p == *quote && (!triple ||
		    (r->end - r->p > 2 && r->p[1] == *quote && r->p[2] == *quote))) {
			r->p += triple ? 3 : 1;
			return 0;
		}
		if (!triple && line_end(r->p, r->end) > 0)
			return fail(r, at,
			    "the string has no end on its line; write \\n, or use triple quotes");
		if (escape && !raw) {
			if (read_escape(r) != 0)
				return -1;
			continue;
		}
		/* In a raw string a backslash keeps the quote behind it from ending the string. */
		if (escape)
			buf_char(&r->part, *r->p++);
		if (read_plain(r) != 0)
			return -1;
	}
	return fail(r, at, "the string has no end");
}

/* Read a string, or several that stand side by side. */
static int
read_strings(struct reader *r)
{
	const char *after;

	buf_reserve(&r->part, 1); /* so that "" is somewhere, too */
	r->part.n = 0;
	do {
		if (read_string(r) != 0)
			return -1;
		after = r->p;
		skip_blanks(r);
	} while (opening_quote(r->p, r->end) != NULL);
	r->p = after;
	json_print_string(&r->json, buf_slice(&r->part));
	return 0;
}

static int
open_bracket(struct reader *r, char json, char close)
{
	if (r->depth == LITERAL_MAX_DEPTH)
		return fail(r, r->p, "more than %d open brackets", LITERAL_MAX_DEPTH);
	r->open[r->depth++] = (struct bracket){.at = r->p, .json = r->json.n, .close = close};
	buf_char(&r->json, json);
	r->p++;
	return 0;
}

/* Parentheses around one value without a comma only group: they leave a blank in the JSON text. */
static void
close_bracket(struct reader *r, bool comma)
{
	struct bracket *b = &r->open[--r->depth];

	r->p++;
	if (b->close == '}')
		buf_char(&r->json, '}');
	else if (b->close == ']' || b->items != 1 || comma)
		buf_char(&r->json, ']');
	else
		r->json.p[b->json] = ' ';
}

/* Read one value; of a container only the opening bracket. */
static int
read_value(struct reader *r)
{
	skip_blanks(r);
	if (r->p >= r->end)
		return unexpected(r, "a Python literal");
	if (opening_quote(r->p, r->end) != NULL)
		return read_strings(r);
	switch (*r->p) {
	case '(':
		return open_bracket(r, '[', ')');
	case '[':
		return open_bracket(r, '[', ']');
	case '{':
		return open_bracket(r, '{', '}');
	case '+': case '-':
		return read_number(r);
	default:
		if (is_digit(r->p + (*r->p == '.'), r->end))
			return read_number(r);
		return read_word(r);
	}
}

/* Read a dict's key and the colon behind it. */
static int
read_name(struct reader *r, const struct bracket *dict)
{
	const char *at = r->p;
	bool string = opening_quote(at, r->end) != NULL;

	if (at < r->end && (*at == '(' || *at == '[' || *at == '{'))
		return fail(r, at,
		    "the names in a JSON object are strings; a set is written as a list: [1, 2]");
	r->name = true;
	if (read_value(r) != 0)
		return -1;
	r->name = false;
	skip_blanks(r);
	if (r->p < r->end && *r->p == ':') {
		if (!string)
			return fail(r, at,
			    "the names in a JSON object are strings; put the key in quotes");
		buf_char(&r->json, ':');
		r->p++;
		return 0;
	}
	if (dict->items == 1 && r->p < r->end && (*r->p == ',' || *r->p == '}'))
		return fail(r, dict->at, "JSON has no sets; use a list: [1, 2]");
	return unexpected(r, "':'");
}

/* After a value or an opening bracket (`opened`): go on to where the next value starts, closing
 * what ends here. Returns 1 when a value follows, 0 when the literal is complete. */
static int
read_between(struct reader *r, bool opened)
{
	while (r->depth > 0) {
		struct bracket *in = &r->open[r->depth - 1];
		bool comma = false;

		skip_blanks(r);
		if (!opened && r->p < r->end && *r->p == ',') {
			comma = true;
			r->p++;
			skip_blanks(r);
		}
		if (r->p < r->end && *r->p == in->close) {
			close_bracket(r, comma);
			opened = false;
			continue;
		}
		if (!opened && !comma)
			return unexpected(r, in->close == '}' ? "',' or '}'" :
			    in->close == ']' ? "',' or ']'" : "',' or ')'");
		if (in->items++ > 0)
			buf_char(&r->json, ',');
		if (in->close == '}' && read_name(r, in) != 0)
			return -1;
		return 1;
	}
	return 0;
}

/* Build the values from the JSON text, and let them point into a copy that doc owns. */
static int
build(struct json_doc *doc, struct str json, struct err *err)
{
	struct str copy;

	if (json_parse(doc, json, err) != 0)
		return -1;
	copy = arena_copy(&doc->strings, json);
	if (copy.p == NULL)
		return err_set(err, 0, "too much text in one literal");
	for (size_t i = 0; i < doc->n; i++) {
		/* Strings with escapes are in doc->strings already. */
		uintptr_t offset = (uintptr_t)doc->v[i].text - (uintptr_t)json.p;

		if (offset < json.n)
			doc->v[i].text = copy.p + offset;
	}
	return 0;
}

int
literal_parse(struct str text, size_t *used, struct json_doc *doc, struct err *err)
{
	const char *start = text.n > 0 ? text.p : ""; /* no arithmetic on NULL */
	struct reader r = {.start = start, .p = start, .end = start + text.n, .err = err};
	int rv = -1, more;

	if (text.n > LITERAL_MAX_BYTES)
		return err_set(err, 0, "more than %u bytes in one literal", LITERAL_MAX_BYTES);
	do {
		size_t depth = r.depth;

		if (read_value(&r) != 0)
			goto out;
		more = read_between(&r, r.depth > depth);
	} while (more > 0);
	if (more < 0)
		goto out;
	*used = (size_t)(r.p - r.start);
	rv = build(doc, buf_slice(&r.json), err);
out:
	buf_free(&r.json);
	buf_free(&r.part);
	return rv;
}

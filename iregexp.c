/* iregexp.c: see iregexp.h. Recursive descent over RFC 9485's grammar, whose rule names are in the
 * comments.
 *
 * What PCRE2 might read in a way of its own is never copied but written anew: punctuation is
 * escaped, groups do not capture, counts are printed from their values. */
#include "iregexp.h"

#define NO_IREGEXP 1
#define OVER_LIMIT (-1)

struct translator {
	const char *start; /* of the I-Regexp */
	const char *p;
	const char *end;
	struct buf *out;
	struct err *err;
	unsigned depth;
};

static int
refuse(struct translator *t, const char *at, int result, const char *why)
{
	(void)err_set(t->err, (size_t)(at - t->start), "%s", why);
	return result;
}

static bool
at(const struct translator *t, char c)
{
	return t->p < t->end && *t->p == c;
}

static bool
one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* To PCRE2 a backslash and an ASCII character that is no letter or digit are that character. */
static void
put_literal(struct buf *out, uint32_t cp)
{
	char bytes[4];

	if (cp < 0x20 || cp == 0x7f)
		buf_printf(out, "\\x{%02x}", (unsigned)cp);
	else if (cp < 0x30 || (cp > 0x39 && cp < 0x41) || (cp > 0x5a && cp < 0x61) ||
	    (cp > 0x7a && cp < 0x80))
		buf_printf(out, "\\%c", (int)cp);
	else
		buf_add(out, bytes, utf8_write(bytes, cp));
}

/* The character that a SingleCharEsc with this letter stands for, 0 where there is none. */
static uint32_t
single_escape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return one_of(c, "()*+-.?[\\]^{|}") ? (uint32_t)c : 0;
	}
}

/* charClassEsc, with p at its backslash: \p{...} and \P{...} with the general categories. */
static int
category(struct translator *t)
{
	static const char *const groups[] = {
		"Llmotu", "Mcen", "Ndlo", "Pcdefios", "Zlps", "Sckmo", "Ccfno",
	};
	const char *p = t->p + 2;
	size_t left = (size_t)(t->end - p), n;

	if (left >= 3 && p[0] == '{' && p[2] == '}')
		n = 1;
	else if (left >= 4 && p[0] == '{' && p[3] == '}')
		n = 2;
	else
		return refuse(t, t->p, NO_IREGEXP, "\\p wants a general category, as in \\p{Lu}");
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (p[1] == groups[i][0] && (n == 1 || one_of(p[2], groups[i] + 1))) {
			buf_add(t->out, t->p, 4 + n);
			t->p += 4 + n;
			return 0;
		}
	return refuse(t, p + 1, NO_IREGEXP, "there is no such general category");
}

static bool
at_category(const struct translator *t)
{
	return t->end - t->p >= 2 && t->p[0] == '\\' && (t->p[1] == 'p' || t->p[1] == 'P');
}

/* SingleCharEsc, with p at its backslash. */
static int
escape(struct translator *t, uint32_t *cp)
{
	if (t->end - t->p < 2)
		return refuse(t, t->p, NO_IREGEXP, "a character is missing behind '\\'");
	*cp = single_escape(t->p[1]);
	if (*cp == 0)
		return refuse(t, t->p, NO_IREGEXP, "an I-Regexp (RFC 9485) has no such escape");
	t->p += 2;
	return 0;
}

/* One character, whose bytes only have to be UTF-8. */
static int
character(struct translator *t, uint32_t *cp)
{
	size_t n = utf8_read(t->p, t->end, cp);

	if (n == 0)
		return refuse(t, t->p, NO_IREGEXP, "invalid UTF-8");
	t->p += n;
	return 0;
}

/* CCchar */
static int
class_character(struct translator *t, uint32_t *cp)
{
	if (t->p == t->end)
		return refuse(t, t->p, NO_IREGEXP, "']' is missing");
	if (*t->p == '\\')
		return escape(t, cp);
	if (one_of(*t->p, "-[]"))
		return refuse(t, t->p, NO_IREGEXP, "'-', '[' and ']' are to be escaped here");
	return character(t, cp);
}

/* CCE1 */
static int
class_item(struct translator *t)
{
	const char *start = t->p;
	uint32_t low, high;
	int rv;

	if (at_category(t))
		return category(t);
	rv = class_character(t, &low);
	if (rv != 0)
		return rv;
	put_literal(t->out, low);
	if (!at(t, '-') || (t->end - t->p >= 2 && t->p[1] == ']'))
		return 0;
	t->p++;
	rv = class_character(t, &high);
	if (rv != 0)
		return rv;
	if (high < low)
		return refuse(t, start, NO_IREGEXP, "the range's end comes before its start");
	buf_char(t->out, '-');
	put_literal(t->out, high);
	return 0;
}

/* charClassExpr, with p behind its '['. The grammar reads [^] as a class of '^' alone. */
static int
class_expression(struct translator *t)
{
	bool first = true;

	buf_char(t->out, '[');
	if (at(t, '^') && !(t->end - t->p >= 2 && t->p[1] == ']')) {
		buf_char(t->out, '^');
		t->p++;
	}
	while (first || !at(t, ']')) {
		bool last = t->end - t->p >= 2 && t->p[1] == ']';
		int rv = 0;

		if (at(t, '-') && (first || last)) {
			buf_add(t->out, "\\-", 2);
			t->p++;
		} else {
			rv = class_item(t);
		}
		if (rv != 0)
			return rv;
		first = false;
	}
	t->p++;
	buf_char(t->out, ']');
	return 0;
}

static int alternatives(struct translator *t, uint64_t *atoms);

/* "(" i-regexp ")", with p behind the '('. */
static int
group(struct translator *t, uint64_t *atoms)
{
	const char *start = t->p - 1;
	int rv;

	if (t->depth == IREGEXP_MAX_DEPTH)
		return refuse(t, start, OVER_LIMIT, "too many nested groups");
	t->depth++;
	buf_add(t->out, "(?:", 3);
	rv = alternatives(t, atoms);
	if (rv != 0)
		return rv;
	if (!at(t, ')'))
		return refuse(t, start, NO_IREGEXP, "')' is missing");
	t->p++;
	t->depth--;
	buf_char(t->out, ')');
	return 0;
}

/* atom. An anchor is put into a group, since PCRE2 repeats groups but not every assertion. */
static int
atom(struct translator *t, uint64_t *atoms)
{
	char c = *t->p;
	uint32_t cp;
	int rv;

	if (at_category(t))
		return category(t);
	if (c == '\\') {
		rv = escape(t, &cp);
	} else if (one_of(c, "*+?{")) {
		return refuse(t, t->p, NO_IREGEXP, "there is nothing to repeat here");
	} else if (one_of(c, "]}")) {
		return refuse(t, t->p, NO_IREGEXP, "']' and '}' are to be escaped here");
	} else if (one_of(c, "([.^$")) {
		t->p++;
		if (c == '(')
			return group(t, atoms);
		if (c == '[')
			return class_expression(t);
		buf_str(t->out, c == '.' ? STR("[^\\n\\r]") :
		    c == '^' ? STR("(?:\\A)") : STR("(?:\\z)"));
		return 0;
	} else {
		rv = character(t, &cp);
	}
	if (rv == 0)
		put_literal(t->out, cp);
	return rv;
}

/* QuantExact */
static int
count(struct translator *t, uint32_t *n)
{
	const char *start = t->p;

	*n = 0;
	while (t->p < t->end && *t->p >= '0' && *t->p <= '9') {
		*n = *n * 10 + (uint32_t)(*t->p++ - '0');
		if (*n > IREGEXP_MAX_COUNT)
			return refuse(t, start, OVER_LIMIT, "the count is too large");
	}
	if (t->p == start)
		return refuse(t, t->p, NO_IREGEXP, "a digit is missing in {n,m}");
	return 0;
}

/* range-quantifier, with p behind its '{'. *times: how often the atom is written out. */
static int
range_quantifier(struct translator *t, uint32_t *times)
{
	const char *start = t->p - 1;
	uint32_t least, most;
	int rv = count(t, &least);

	if (rv != 0)
		return rv;
	most = least;
	buf_printf(t->out, "{%u", least);
	if (at(t, ',')) {
		t->p++;
		buf_char(t->out, ',');
		if (!at(t, '}')) {
			rv = count(t, &most);
			if (rv != 0)
				return rv;
			buf_printf(t->out, "%u", most);
		}
	}
	if (!at(t, '}'))
		return refuse(t, start, NO_IREGEXP, "'}' is missing");
	t->p++;
	if (most < least)
		return refuse(t, start, NO_IREGEXP, "in {n,m} m is at least n");
	buf_char(t->out, '}');
	*times = most;
	return 0;
}

/* piece */
static int
piece(struct translator *t, uint64_t *atoms)
{
	const char *start = t->p;
	uint64_t inner = 0;
	uint32_t times = 1;
	int rv = atom(t, &inner);

	if (rv != 0)
		return rv;
	if (t->p < t->end && one_of(*t->p, "*+?")) {
		buf_char(t->out, *t->p++);
	} else if (at(t, '{')) {
		t->p++;
		rv = range_quantifier(t, &times);
		if (rv != 0)
			return rv;
	}
	/* PCRE2 counts a single character or class at run time, but writes a group out. */
	*atoms += 1 + inner * times;
	if (*atoms > IREGEXP_MAX_ATOMS)
		return refuse(t, start, OVER_LIMIT, "the counts make the pattern too large");
	return 0;
}

/* i-regexp. Recursion is bounded by IREGEXP_MAX_DEPTH. */
static int
alternatives(struct translator *t, uint64_t *atoms)
{
	while (t->p < t->end && *t->p != ')') {
		int rv;

		if (*t->p == '|') {
			buf_char(t->out, '|');
			t->p++;
			continue;
		}
		rv = piece(t, atoms);
		if (rv != 0)
			return rv;
	}
	return 0;
}

int
iregexp_to_pcre2(struct str pattern, bool whole, struct buf *out, struct err *err)
{
	struct translator t = {.out = out, .err = err};
	uint64_t atoms = 0;
	int rv;

	t.start = t.p = pattern.n > 0 ? pattern.p : "";
	t.end = t.p + pattern.n;
	if (whole)
		buf_add(out, "\\A(?:", 5);
	rv = alternatives(&t, &atoms);
	if (rv != 0)
		return rv;
	if (t.p < t.end)
		return refuse(&t, t.p, NO_IREGEXP, "there is no group that this ')' could end");
	if (whole)
		buf_add(out, ")\\z", 3);
	return 0;
}

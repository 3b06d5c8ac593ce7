/* json.c: see json.h. The parser is one loop over the text with the open containers on a small
 * stack, so that no input can exhaust the C stack. */
#include "json.h"

#include <stdlib.h>

#include "number.h"
#include "scan.h"

void
json_doc_init(struct json_doc *doc)
{
	*doc = (struct json_doc){0};
	arena_init(&doc->strings, JSON_MAX_BYTES);
}

void
json_doc_free(struct json_doc *doc)
{
	free(doc->v);
	arena_free(&doc->strings);
	*doc = (struct json_doc){0};
}

struct parser {
	struct json_doc *doc;
	const char *start; /* of the text */
	const char *p;
	const char *end;
	struct err *err;
	size_t depth;
	uint32_t open[JSON_MAX_DEPTH]; /* indices of the containers we are in */
};

static int PRINTFLIKE(3, 4) fail(struct parser *ps, const char *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ps->err->pos = (size_t)(at - ps->start);
	(void)vsnprintf(ps->err->msg, sizeof(ps->err->msg), fmt, ap);
	va_end(ap);
	return -1;
}

/* Name the byte at p in an error: what was expected, and what is there. */
static int
unexpected(struct parser *ps, const char *expected)
{
	char seen[24];

	if (ps->p >= ps->end)
		return fail(ps, ps->p, "%s expected, but the text ends", expected);
	return fail(ps, ps->p, "%s expected, but there is '%s'", expected,
	    str_escape(seen, sizeof(seen), (struct str){ps->p, 1}));
}

static struct json *
push(struct parser *ps, enum json_type type, const char *text, size_t len)
{
	struct json_doc *doc = ps->doc;
	struct json *v;

	if (doc->n == doc->cap) {
		doc->cap = doc->cap > 0 ? doc->cap * 2 : 256;
		doc->v = xrealloc(doc->v, doc->cap, sizeof(*doc->v));
	}
	v = &doc->v[doc->n++];
	*v = (struct json){.type = (uint8_t)type, .skip = 1, .len = (uint32_t)len, .text = text};
	return v;
}

static void
skip_space(struct parser *ps)
{
	const char *p = ps->p;

	while (p < ps->end && json_is_space(*p))
		p++;
	ps->p = p;
}

/* Decode the \u escape whose four digits start at *p (RFC 8259 section 7), with its second half
 * where it has one; *p ends up behind it. Half a pair decodes to U+FFFD. */
static bool
read_u_escape(const char **p, const char *end, uint32_t *cp)
{
	uint32_t low;

	if (!str_hex4(*p, end, cp))
		return false;
	*p += 4;
	if (*cp < 0xd800 || *cp > 0xdfff)
		return true;
	if (*cp < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' &&
	    str_hex4(*p + 2, end, &low) && low >= 0xdc00 && low <= 0xdfff) {
		*cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
		*p += 6;
	} else {
		*cp = 0xfffd;
	}
	return true;
}

/* The byte that a one-letter escape stands for, 0 where there is no such escape. */
static char
simple_escape(char c)
{
	switch (c) {
	case '"':
	case '\\':
	case '/':
		return c;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

/* The string's closing quote, with p behind its opening one; NULL where there is none. */
static const char *
closing_quote(const char *p, const char *end)
{
	while (p < end && *p != '"')
		p += *p == '\\' && end - p > 1 ? 2 : 1;
	return p < end ? p : NULL;
}

/* Decode one escape at p (the backslash) to *out. */
static int
parse_escape(struct parser *ps, const char **p, char **out)
{
	const char *at = *p;
	uint32_t cp;
	char c;

	if (ps->end - at < 2)
		return fail(ps, at, "the string has no end");
	*p = at + 2;
	if (at[1] == 'u') {
		if (!read_u_escape(p, ps->end, &cp))
			return fail(ps, at, "\\u wants four hexadecimal digits");
		*out += utf8_write(*out, cp);
		return 0;
	}
	c = simple_escape(at[1]);
	if (c == 0)
		return fail(ps, at, "there is no such escape in a JSON string");
	*(*out)++ = c;
	return 0;
}

/* Parse the string whose opening quote is at ps->p. */
static int
parse_string(struct parser *ps)
{
	const char *start = ps->p + 1, *p = start, *run = start;
	char *decoded = NULL, *out = NULL;

	for (;;) {
		uint32_t cp;
		size_t n;

		p = scan_plain(p, ps->end);
		if (p >= ps->end)
			return fail(ps, start - 1, "the string has no end");
		if (*p == '"')
			break;
		if ((unsigned char)*p < 0x20)
			return fail(
			    ps, p, "control character 0x%02x in a string", (unsigned char)*p);
		if (*p != '\\') {
			n = utf8_read(p, ps->end, &cp);
			if (n == 0)
				return fail(ps, p, "invalid UTF-8 in a string");
			p += n;
			continue;
		}
		if (decoded == NULL) {
			const char *quote = closing_quote(p, ps->end);

			if (quote == NULL)
				return fail(ps, start - 1, "the string has no end");
			/* No escape decodes to more bytes than it has. */
			decoded = out = arena_alloc(&ps->doc->strings, (size_t)(quote - start));
			if (decoded == NULL)
				return fail(ps, p, "too much text in one document");
		}
		memcpy(out, run, (size_t)(p - run));
		out += p - run;
		if (parse_escape(ps, &p, &out) != 0)
			return -1;
		run = p;
	}
	ps->p = p + 1;
	if (decoded == NULL) {
		push(ps, JSON_STRING, start, (size_t)(p - start));
		return 0;
	}
	memcpy(out, run, (size_t)(p - run));
	out += p - run;
	push(ps, JSON_STRING, decoded, (size_t)(out - decoded));
	return 0;
}

static int
parse_number(struct parser *ps)
{
	size_t n = number_scan(ps->p, ps->end);
	const char *after = ps->p + n;

	if (n == 0)
		return fail(ps, ps->p, "a digit is missing in a number");
	if (after < ps->end &&
	    ((*after >= '0' && *after <= '9') || *after == '.' || (*after | 0x20) == 'e'))
		return fail(ps, after,
		    *after >= '0' && *after <= '9' ? "a number has no leading zeros" :
						     "a digit is missing in a number");
	push(ps, JSON_NUMBER, ps->p, n);
	ps->p = after;
	return 0;
}

static int
parse_word(struct parser *ps, enum json_type type, const char *word, size_t n)
{
	if ((size_t)(ps->end - ps->p) < n || memcmp(ps->p, word, n) != 0)
		return unexpected(ps, "a value");
	push(ps, type, ps->p, n);
	ps->p += n;
	return 0;
}

static int
by_name_then_place(const void *a, const void *b)
{
	const struct json *x = *(struct json *const *)a, *y = *(struct json *const *)b;
	int c = str_cmp(json_text(x), json_text(y));

	return c != 0 ? c : x < y ? -1 : x > y;
}

/* Members up to which names are compared pair by pair; more are sorted, so that a hostile object
 * costs n log n. */
enum { FEW = 48 };

/* Of members with the same name the last one wins: mark the others. */
static void
shadow_duplicates(struct json *object)
{
	struct json *few[FEW], **names = few;
	uint32_t n = 0, members = object->count;

	if (members < 2)
		return;
	if (members > FEW)
		names = xrealloc(NULL, members, sizeof(*names));
	for (struct json *m = object + 1; n < members; m += 1 + m[1].skip)
		names[n++] = m;
	if (members > FEW) {
		qsort(names, n, sizeof(*names), by_name_then_place);
		for (uint32_t i = 0; i + 1 < n; i++)
			names[i]->shadowed = str_eq(json_text(names[i]), json_text(names[i + 1]));
		free(names);
	} else {
		for (uint32_t i = 0; i + 1 < n; i++)
			for (uint32_t k = i + 1; k < n && !names[i]->shadowed; k++)
				names[i]->shadowed = str_eq(
				    json_text(names[i]), json_text(names[k]));
	}
	for (struct json *m = object + 1; n > 0; m += 1 + m[1].skip, n--)
		object->count -= m->shadowed;
}

static int
open_container(struct parser *ps, enum json_type type)
{
	if (ps->depth == JSON_MAX_DEPTH)
		return fail(ps, ps->p, "nested deeper than %d containers", JSON_MAX_DEPTH);
	ps->open[ps->depth++] = (uint32_t)ps->doc->n;
	push(ps, type, ps->p, 0);
	ps->p++;
	return 0;
}

static void
close_container(struct parser *ps)
{
	struct json *v = &ps->doc->v[ps->open[--ps->depth]];

	ps->p++;
	v->skip = (uint32_t)(&ps->doc->v[ps->doc->n] - v);
	v->len = (uint32_t)(ps->p - v->text);
	if (v->type == JSON_OBJECT)
		shadow_duplicates(v);
}

static int
parse_name(struct parser *ps)
{
	skip_space(ps);
	if (ps->p >= ps->end || *ps->p != '"')
		return unexpected(ps, "a member's name in quotes");
	if (parse_string(ps) != 0)
		return -1;
	skip_space(ps);
	if (ps->p >= ps->end || *ps->p != ':')
		return unexpected(ps, "':'");
	ps->p++;
	return 0;
}

/* Parse one value; a container is only opened. */
static int
parse_value(struct parser *ps)
{
	skip_space(ps);
	if (ps->p >= ps->end)
		return unexpected(ps, "a value");
	switch (*ps->p) {
	case '{':
		return open_container(ps, JSON_OBJECT);
	case '[':
		return open_container(ps, JSON_ARRAY);
	case '"':
		return parse_string(ps);
	case 't':
		return parse_word(ps, JSON_TRUE, "true", 4);
	case 'f':
		return parse_word(ps, JSON_FALSE, "false", 5);
	case 'n':
		return parse_word(ps, JSON_NULL, "null", 4);
	default:
		if (*ps->p == '-' || (*ps->p >= '0' && *ps->p <= '9'))
			return parse_number(ps);
		return unexpected(ps, "a value");
	}
}

/* After a value or an opening bracket: go on to where the next value starts, closing what ends
 * here. Returns 1 when a value follows, 0 when the root is complete. `opened`: a container was
 * opened just now. */
static int
parse_between(struct parser *ps, bool opened)
{
	while (ps->depth > 0) {
		struct json *in = &ps->doc->v[ps->open[ps->depth - 1]];
		char close = in->type == JSON_OBJECT ? '}' : ']';

		skip_space(ps);
		if (ps->p < ps->end && *ps->p == close) {
			close_container(ps);
			opened = false;
			continue;
		}
		if (!opened) {
			if (ps->p >= ps->end || *ps->p != ',')
				return unexpected(ps, close == '}' ? "',' or '}'" : "',' or ']'");
			ps->p++;
		}
		in->count++;
		if (in->type == JSON_OBJECT && parse_name(ps) != 0)
			return -1;
		return 1;
	}
	return 0;
}

int
json_parse_first(struct json_doc *doc, struct str text, size_t *used, struct err *err)
{
	struct parser ps;
	int more;

	doc->n = 0;
	arena_reset(&doc->strings);
	if (text.n > JSON_MAX_BYTES)
		return err_set(err, 0, "more than %u bytes in one JSON text", JSON_MAX_BYTES);
	ps.doc = doc;
	ps.start = ps.p = text.p;
	ps.end = text.p + text.n;
	ps.err = err;
	ps.depth = 0;
	do {
		size_t depth = ps.depth;

		if (parse_value(&ps) != 0)
			return -1;
		more = parse_between(&ps, ps.depth > depth);
	} while (more > 0);
	if (more < 0)
		return -1;
	skip_space(&ps);
	*used = (size_t)(ps.p - ps.start);
	return 0;
}

int
json_parse(struct json_doc *doc, struct str text, struct err *err)
{
	char seen[24];
	size_t used;

	if (json_parse_first(doc, text, &used, err) != 0)
		return -1;
	if (used < text.n)
		return err_set(err, used, "the end expected, but there is '%s'",
		    str_escape(seen, sizeof(seen), (struct str){text.p + used, 1}));
	return 0;
}

static const struct json *
skip_shadowed(const struct json *object, const struct json *name)
{
	const struct json *end = json_end(object);

	while (name < end && name->shadowed)
		name += 1 + name[1].skip;
	return name < end ? name : NULL;
}

const struct json *
json_first_member(const struct json *object)
{
	return skip_shadowed(object, object + 1);
}

const struct json *
json_next_member(const struct json *object, const struct json *name)
{
	return skip_shadowed(object, name + 1 + name[1].skip);
}

const struct json *
json_get(const struct json *v, struct str name)
{
	if (v->type != JSON_OBJECT)
		return NULL;
	for (const struct json *m = json_first_member(v); m != NULL; m = json_next_member(v, m))
		if (str_eq(json_text(m), name))
			return m + 1;
	return NULL;
}

struct str
json_get_text(const struct json *v, struct str name)
{
	const struct json *s = json_get(v, name);

	return s != NULL && s->type == JSON_STRING ? json_text(s) : (struct str){"", 0};
}

/* The members that are not shadowed, sorted by name; to be freed. */
static const struct json **
sorted_members(const struct json *object)
{
	const struct json **names = xrealloc(NULL, object->count, sizeof(*names));
	size_t n = 0;

	for (const struct json *m = json_first_member(object); m != NULL;
	     m = json_next_member(object, m))
		names[n++] = m;
	qsort(names, n, sizeof(*names), by_name_then_place);
	return names;
}

static bool
equal_large_objects(const struct json *a, const struct json *b)
{
	const struct json **x = sorted_members(a), **y = sorted_members(b);
	bool equal = true;

	for (uint32_t i = 0; i < a->count && equal; i++)
		equal = str_eq(json_text(x[i]), json_text(y[i])) && json_equal(x[i] + 1, y[i] + 1);
	free(x);
	free(y);
	return equal;
}

static bool
equal_objects(const struct json *a, const struct json *b)
{
	if (a->count != b->count)
		return false;
	if (a->count > FEW)
		return equal_large_objects(a, b);
	for (const struct json *m = json_first_member(a); m != NULL; m = json_next_member(a, m)) {
		const struct json *other = json_get(b, json_text(m));

		if (other == NULL || !json_equal(m + 1, other))
			return false;
	}
	return true;
}

/* Recursion is bounded by JSON_MAX_DEPTH. */
bool
json_equal(const struct json *a, const struct json *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case JSON_NUMBER:
		return number_cmp(json_text(a), json_text(b)) == 0;
	case JSON_STRING:
		return str_eq(json_text(a), json_text(b));
	case JSON_ARRAY:
		if (a->count != b->count)
			return false;
		for (const struct json *x = json_begin(a), *y = json_begin(b); x < json_end(a);
		     x = json_next(x), y = json_next(y))
			if (!json_equal(x, y))
				return false;
		return true;
	case JSON_OBJECT:
		return equal_objects(a, b);
	default:
		return true;
	}
}

void
json_print_string(struct buf *out, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	buf_char(out, '"');
	while (p < end) {
		const char *run = p;
		uint32_t cp;
		size_t n;

		p = scan_plain(p, end);
		buf_add(out, run, (size_t)(p - run));
		if (p >= end)
			break;
		n = utf8_read(p, end, &cp);
		if (n == 0)
			buf_add(out, "\xef\xbf\xbd", 3);
		else if (cp == '"' || cp == '\\')
			buf_printf(out, "\\%c", (char)cp);
		else if (cp < 0x20)
			buf_printf(out, "\\u%04x", (unsigned)cp);
		else
			buf_add(out, p, n);
		p += n > 0 ? n : 1;
	}
	buf_char(out, '"');
}

/* Recursion is bounded by JSON_MAX_DEPTH. */
void
json_print(struct buf *out, const struct json *v)
{
	bool first = true;

	switch (v->type) {
	case JSON_STRING:
		json_print_string(out, json_text(v));
		break;
	case JSON_ARRAY:
		buf_char(out, '[');
		for (const struct json *e = json_begin(v); e < json_end(v); e = json_next(e)) {
			if (!first)
				buf_char(out, ',');
			first = false;
			json_print(out, e);
		}
		buf_char(out, ']');
		break;
	case JSON_OBJECT:
		buf_char(out, '{');
		for (const struct json *m = json_first_member(v); m != NULL;
		     m = json_next_member(v, m)) {
			if (!first)
				buf_char(out, ',');
			first = false;
			json_print_string(out, json_text(m));
			buf_char(out, ':');
			json_print(out, m + 1);
		}
		buf_char(out, '}');
		break;
	default:
		buf_str(out, json_text(v));
		break;
	}
}

void
json_minify(struct buf *out, struct str text)
{
	const char *p = text.p, *end = text.p + text.n;

	buf_reserve(out, text.n);
	while (p < end) {
		if (*p == '"') {
			const char *quote = closing_quote(p + 1, end);
			const char *after = quote != NULL ? quote + 1 : end;

			buf_add(out, p, (size_t)(after - p));
			p = after;
			continue;
		}
		if (*p != ' ' && *p != '\n' && *p != '\r' && *p != '\t')
			buf_char(out, *p);
		p++;
	}
}

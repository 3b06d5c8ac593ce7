/* ini.c: see ini.h. The names of the steps below follow Python's configparser. */
#include "ini.h"

#include <stdlib.h>

/* --- characters --- */

/* Unicode white space, as Python's str.isspace has it. */
static bool
is_space(uint32_t c)
{
	return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 ||
	    c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
	    c == 0x202f || c == 0x205f || c == 0x3000;
}

/* s without the white space around it. *indent is the number of characters that were in front; it
 * may be NULL. s is UTF-8. */
static struct str
strip(struct str s, size_t *indent)
{
	const char *p = s.p, *end = s.p + s.n, *first = NULL, *last = s.p;
	size_t skipped = 0;

	while (p < end) {
		uint32_t c;
		size_t n = utf8_read(p, end, &c);

		if (!is_space(c)) {
			if (first == NULL)
				first = p;
			last = p + n;
		} else if (first == NULL) {
			skipped++;
		}
		p += n;
	}
	if (indent != NULL)
		*indent = skipped;
	return first != NULL ? (struct str){first, (size_t)(last - first)} : (struct str){s.p, 0};
}

static struct str
without_first(struct str s, size_t n)
{
	return (struct str){s.p + n, s.n - n};
}

/* The position of the first of the bytes a and b in s; s.n if there is none. */
static size_t
find_either(struct str s, char a, char b)
{
	size_t i = 0;

	while (i < s.n && s.p[i] != a && s.p[i] != b)
		i++;
	return i;
}

/* --- parsing --- */

struct parser {
	struct ini *ini;
	struct err *err;
	size_t pos;     /* of the line, in bytes */
	size_t line;    /* its number, from 1 */
	size_t indent;  /* of the line that the open key or section started on */
	bool open;      /* is there a key that may be continued? */
	size_t blanks;  /* empty lines since its last line */
	size_t section_cap;
	size_t key_cap;
};

static int PRINTFLIKE(2, 3) fail(struct parser *ps, const char *fmt, ...)
{
	int n = snprintf(ps->err->msg, sizeof(ps->err->msg), "line %zu: ", ps->line);
	va_list ap;

	va_start(ap, fmt);
	ps->err->pos = ps->pos;
	(void)vsnprintf(ps->err->msg + n, sizeof(ps->err->msg) - (size_t)n, fmt, ap);
	va_end(ap);
	return -1;
}

static int
start_section(struct parser *ps, struct str name)
{
	struct ini *ini = ps->ini;
	const struct ini_section *same = ini_section(ini, name);
	char shown[80];

	(void)str_escape(shown, sizeof(shown), name);
	if (same != NULL)
		return fail(ps, "section [%s] is there already, at line %zu", shown, same->line);
	if (str_eq(name, STR("DEFAULT")))
		return fail(ps, "section [DEFAULT]: write [default] in small letters (a section "
		    "whose keys all others get is not supported)");
	if (ini->n_sections == INI_MAX_SECTIONS)
		return fail(ps, "more than %d sections", INI_MAX_SECTIONS);
	if (ini->n_sections == ps->section_cap) {
		ps->section_cap = ps->section_cap > 0 ? ps->section_cap * 2 : 16;
		ini->sections = xrealloc(ini->sections, ps->section_cap, sizeof(*ini->sections));
	}
	ini->sections[ini->n_sections++] = (struct ini_section){name, ps->line, ini->n_keys, 0};
	ps->open = false;
	return 0;
}

static void
lower(struct str s, const struct ini *ini)
{
	char *p = ini->text.p + (s.p - ini->text.p);

	for (size_t i = 0; i < s.n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] | 0x20);
}

static int
start_key(struct parser *ps, struct str line)
{
	struct ini *ini = ps->ini;
	struct ini_section *section;
	const struct ini_key *same;
	size_t n = find_either(line, '=', ':');
	struct str name = strip((struct str){line.p, n}, NULL);
	char shown[80];

	if (ini->n_sections == 0)
		return fail(ps, "neither a [section] nor within one");
	if (n == line.n)
		return fail(ps, "neither a [section] nor \"key = value\"");
	if (name.n == 0)
		return fail(ps, "no key before the '%c'", line.p[n]);
	section = &ini->sections[ini->n_sections - 1];
	lower(name, ini);
	same = ini_key(ini, section, name);
	if (same != NULL)
		return fail(ps, "key \"%s\" is there already, at line %zu",
		    str_escape(shown, sizeof(shown), name), same->line);
	if (section->n == INI_MAX_KEYS)
		return fail(ps, "more than %d keys in a section", INI_MAX_KEYS);
	if (ini->n_keys == ps->key_cap) {
		ps->key_cap = ps->key_cap > 0 ? ps->key_cap * 2 : 64;
		ini->keys = xrealloc(ini->keys, ps->key_cap, sizeof(*ini->keys));
	}
	ini->keys[ini->n_keys++] =
	    (struct ini_key){name, strip(without_first(line, n + 1), NULL), ps->line};
	section->n++;
	ps->open = true;
	ps->blanks = 0;
	return 0;
}

/* Move a continuation line up behind the value so far. There is room: an end of line lies between
 * for each '\n' that is written. */
static int
continue_key(struct parser *ps, struct str line)
{
	struct ini *ini = ps->ini;
	struct ini_key *key = &ini->keys[ini->n_keys - 1];
	struct str *value = &key->value;
	char *end = ini->text.p + (value->p - ini->text.p) + value->n;

	if ((value->n == 0 || ini_is_nested(key)) && find_either(line, '=', '=') == line.n)
		return fail(ps, "not \"key = value\" like the lines around it, which belong to "
		    "the key of line %zu", key->line);
	memset(end, '\n', ps->blanks + 1);
	memmove(end + ps->blanks + 1, line.p, line.n);
	value->n += ps->blanks + 1 + line.n;
	ps->blanks = 0;
	return 0;
}

static int
parse_line(struct parser *ps, struct str line)
{
	size_t indent, n;
	struct str s = strip(line, &indent);

	if (s.n == 0) {
		ps->blanks++;
		return 0;
	}
	if (s.p[0] == '#' || s.p[0] == ';')
		return 0;
	if (ps->open && indent > ps->indent)
		return continue_key(ps, s);
	ps->indent = indent;
	for (n = s.n; n > 0 && s.p[n - 1] != ']'; n--)
		continue;
	if (s.p[0] == '[' && n > 2)
		return start_section(ps, (struct str){s.p + 1, n - 2});
	return start_key(ps, s);
}

/* A byte that no line can have, or that is no UTF-8. */
static int
check_text(struct parser *ps, struct str line)
{
	const char *p = line.p, *end = line.p + line.n;

	while (p < end) {
		uint32_t c;
		size_t n = utf8_read(p, end, &c);

		if (n == 0)
			return fail(ps, "bytes that are no UTF-8");
		if (c == 0)
			return fail(ps, "a NUL byte");
		if (c == 0xfeff && p == line.p && ps->line == 1)
			return fail(ps, "a byte order mark: save the file without one");
		p += n;
	}
	return 0;
}

int
ini_parse(struct ini *ini, struct str text, struct err *err)
{
	struct parser ps = {.ini = ini, .err = err};
	struct str rest;

	*ini = (struct ini){0};
	if (text.n > INI_MAX_BYTES)
		return err_set(err, 0, "the file has more than %u bytes", INI_MAX_BYTES);
	buf_str(&ini->text, text);
	rest = buf_slice(&ini->text);
	while (rest.n > 0) {
		size_t n = find_either(rest, '\n', '\r');
		struct str line = {rest.p, n};

		ps.pos = text.n - rest.n;
		ps.line++;
		if (check_text(&ps, line) < 0 || parse_line(&ps, line) < 0)
			return -1;
		if (n < rest.n)
			n += rest.p[n] == '\r' && n + 1 < rest.n && rest.p[n + 1] == '\n' ? 2 : 1;
		rest = without_first(rest, n);
	}
	return 0;
}

void
ini_free(struct ini *ini)
{
	if (ini->text.p != NULL)
		explicit_bzero(ini->text.p, ini->text.cap);
	buf_free(&ini->text);
	free(ini->sections);
	free(ini->keys);
	*ini = (struct ini){0};
}

/* --- looking up --- */

const struct ini_section *
ini_section(const struct ini *ini, struct str name)
{
	for (size_t i = 0; i < ini->n_sections; i++)
		if (str_eq(ini->sections[i].name, name))
			return &ini->sections[i];
	return NULL;
}

/* Take the first word off s as a POSIX shell would, but expand nothing, and append it to word. 1,
 * or 0 where there is none left, or -1 where a quote is not closed. */
static int
take_word(struct str *s, struct buf *word)
{
	char quote = '\0';
	bool any = false;
	size_t i = 0;

	while (i < s->n && memchr(" \t\r\n", s->p[i], 4) != NULL)
		i++;
	for (; i < s->n; i++) {
		char c = s->p[i], next = i + 1 < s->n ? s->p[i + 1] : '\0';

		if (quote == '\0' && memchr(" \t\r\n", c, 4) != NULL)
			break;
		any = true;
		if (quote != '\0' && c == quote) {
			quote = '\0';
		} else if (quote == '\0' && (c == '\'' || c == '"')) {
			quote = c;
		} else if (c == '\\' && quote != '\'') {
			if (i + 1 == s->n)
				return -1;
			if (quote == '"' && next != '"' && next != '\\')
				buf_char(word, c);
			buf_char(word, next);
			i++;
		} else {
			buf_char(word, c);
		}
	}
	*s = without_first(*s, i);
	return quote != '\0' ? -1 : any;
}

/* Is the section's name "kind NAME", in two words? */
static bool
is_named(struct str section, struct str kind, struct str name, struct buf *word)
{
	if (section.n < kind.n || memcmp(section.p, kind.p, kind.n) != 0)
		return false;
	word->n = 0;
	if (take_word(&section, word) != 1)
		return false;
	word->n = 0;
	if (take_word(&section, word) != 1 || !str_eq(buf_slice(word), name))
		return false;
	return take_word(&section, word) == 0;
}

const struct ini_section *
ini_named_section(const struct ini *ini, struct str kind, struct str name)
{
	bool is_default = str_eq(kind, STR("profile")) && str_eq(name, STR("default"));
	const struct ini_section *found = NULL;
	struct buf word = {0};

	for (size_t i = 0; i < ini->n_sections; i++) {
		struct str section = ini->sections[i].name;

		if (is_named(section, kind, name, &word) || (is_default && str_eq(section, name)))
			found = &ini->sections[i];
	}
	buf_free(&word);
	return found;
}

const struct ini_key *
ini_key(const struct ini *ini, const struct ini_section *section, struct str name)
{
	if (section == NULL)
		return NULL;
	for (size_t i = section->first; i < section->first + section->n; i++)
		if (str_eq(ini->keys[i].name, name))
			return &ini->keys[i];
	return NULL;
}

bool
ini_is_nested(const struct ini_key *key)
{
	return key->value.n > 0 && key->value.p[0] == '\n';
}

bool
ini_nested(const struct ini_key *key, struct str name, struct str *value)
{
	struct str rest = key->value;
	bool found = false;

	if (!ini_is_nested(key))
		return false;
	while (rest.n > 0) {
		size_t n = find_either(rest, '\n', '\n');
		struct str line = {rest.p, n};
		size_t equals = find_either(line, '=', '=');

		if (equals < n && str_eq(strip((struct str){line.p, equals}, NULL), name)) {
			*value = strip(without_first(line, equals + 1), NULL);
			found = true;
		}
		rest = without_first(rest, n < rest.n ? n + 1 : n);
	}
	return found;
}

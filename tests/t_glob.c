/* Tests of glob.c: every row, then all short patterns over a small alphabet against a plain
 * recursive matcher, then patterns made to take long. */
#include "../glob.h"

#include <stdlib.h>

#include "tap.h"

struct row {
	const char *pattern;
	const char *text;
	bool any_case;
	bool match;
};

static const struct row rows[] = {
    {"", "", false, true},
    {"", "a", false, false},
    {"*", "", false, true},
    {"**", "", false, true},
    {"*", "anything at all", false, true},
    {"?", "", false, false},
    {"?", "a", false, true},
    {"?", "ab", false, false},
    {"??", "ab", false, true},
    {"?*", "a", false, true},
    {"?*", "", false, false},
    {"*?", "", false, false},
    {"*?", "abc", false, true},
    {"Get*", "GetObject", false, true},
    {"Get*", "Get", false, true},
    {"Get*", "getObject", false, false},
    {"get*", "GetObject", true, true},
    {"GET*", "getobject", true, true},
    {"*Object", "GetObject", false, true},
    {"*Object", "GetObjectAcl", false, false},
    {"G*O*t", "GetObject", false, true},
    {"*et*", "GetObject", false, true},
    {"*ab", "aab", false, true},
    {"*aab", "aaab", false, true},
    {"a*b*c", "abcbc", false, true},
    {"a*b*c", "acb", false, false},
    {"abc", "ab", false, false},
    {"ab", "abc", false, false},
    {"xabc", "abc", false, false},
    /* no classes, no escapes */
    {"[a]", "a", false, false},
    {"[a]", "[a]", false, true},
    {"{a,b}", "a", false, false},
    {"\\*", "*", false, false},
    {"\\*", "\\anything", false, true},
    {"\\?", "\\x", false, true},
    {"a.c", "abc", false, false},
    {"^a$", "a", false, false},
    /* '/', '.' and ':' are nothing special */
    {"*", "a/b", false, true},
    {"a?b", "a/b", false, true},
    {"*", ".hidden", false, true},
    {"arn:*:user/*", "arn:aws:iam::1:user/x/y", false, true},
    /* one UTF-8 character, whatever its length */
    {"?", "\xc3\xa9", false, true},
    {"?", "\xe2\x82\xac", false, true},
    {"?", "\xf0\x9f\x98\x80", false, true},
    {"??", "\xc3\xa9", false, false},
    {"*?", "\xf0\x9f\x98\x80", false, true},
    {"?b",
	"\xc3\xa9"
	"b",
	false, true},
    {"*?b",
	"\xc3\xa9"
	"b",
	false, true},
    {"*??b",
	"\xc3\xa9"
	"b",
	false, false},
    {"a?", "a\xc3", false, true}, /* a byte that is no UTF-8 counts one */
    {"\xc3\xa9", "\xc3\xa9", false, true},
    {"\xc3\xa9", "\xc3\x89", true, false}, /* only ASCII letters have a case here */
    {"@", "`", true, false}, /* 0x40 and 0x60 differ in the case bit, but are no letters */
    {"[", "{", true, false},
    {"Z", "z", true, true},
    {"Z", "z", false, false},
};

/* The definition, for bytes of ASCII. */
static bool
plain(const char *p, const char *t)
{
	if (*p == '\0')
		return *t == '\0';
	if (*p == '*')
		return plain(p + 1, t) || (*t != '\0' && plain(p, t + 1));
	return *t != '\0' && (*p == '?' || *p == *t) && plain(p + 1, t + 1);
}

/* The nth string over the letters, all strings of up to `max` letters being counted through. */
static bool
nth_string(char *out, size_t n, const char *letters)
{
	size_t base = strlen(letters), len = 0, count = 1;

	while (n >= count) {
		n -= count;
		count *= base;
		len++;
	}
	for (size_t i = len; i-- > 0; n /= base)
		out[i] = letters[n % base];
	out[len] = '\0';
	return true;
}

static void
test_all_short(void)
{
	int bad = 0, matched = 0;

	for (size_t i = 0; i < 1365; i++) { /* patterns of up to 5 */
		char p[16];

		(void)nth_string(p, i, "ab*?");
		for (size_t k = 0; k < 127; k++) { /* texts of up to 6 */
			char t[16];
			bool want;

			(void)nth_string(t, k, "ab");
			want = plain(p, t);
			matched += want;
			if (glob_match(str_of(p), str_of(t), false) != want && bad++ == 0)
				note("first: '%s' on '%s'", p, t);
		}
	}
	ok(matched > 1000, "some of all short patterns match");
	is_int(bad, 0, "all short patterns match as the definition says");
}

static void
test_not_terminated(void)
{
	char text[4] = {'a', 'b', 'X', 'X'};

	ok(glob_match((struct str){"a?X", 2}, (struct str){text, 2}, false),
	    "lengths count, not a NUL");
	ok(glob_match((struct str){"a*", 2}, (struct str){"a\0b", 3}, false),
	    "a NUL is a character");
	ok(!glob_match((struct str){"a", 1}, (struct str){"a\0", 2}, false), "and not the end");
	ok(glob_match((struct str){NULL, 0}, (struct str){NULL, 0}, false),
	    "nothing matches nothing");
}

static void
test_worst(void)
{
	enum { N = 20000 };
	char *text = malloc(N), pattern[128];
	size_t n = 0;

	if (text == NULL)
		abort();
	memset(text, 'a', N);
	for (int i = 0; i < 40; i++) {
		pattern[n++] = '*';
		pattern[n++] = 'a';
	}
	pattern[n] = 'b';
	ok(!glob_match((struct str){pattern, n + 1}, (struct str){text, N}, false),
	    "forty stars end: no match");
	ok(glob_match((struct str){pattern, n}, (struct str){text, N}, false),
	    "forty stars end: a match");
	memset(text, '*', N);
	ok(glob_match((struct str){text, N}, STR(""), false), "a pattern of stars only");
	free(text);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		ok(glob_match(str_of(r->pattern), str_of(r->text), r->any_case) == r->match,
		    "'%s' %s '%s'%s", r->pattern, r->match ? "matches" : "does not match", r->text,
		    r->any_case ? " in any case" : "");
	}
	test_all_short();
	test_not_terminated();
	test_worst();
	return done_testing();
}

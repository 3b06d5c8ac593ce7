/* Tests of regex.c: what a pattern finds, what is refused, and that every limit is an error. */
#include "../regex.h"

#include <stdlib.h>

#include "tap.h"

static struct regex_scratch *scratch;

/* 1, 0, -1 as regex_search; -2 where the pattern does not compile. */
static int
search(struct str pattern, struct str subject, struct err *err)
{
	struct regex *re = regex_compile(pattern, err);
	int r;

	if (re == NULL)
		return -2;
	r = regex_search(re, subject, scratch, err);
	regex_free(re);
	return r;
}

struct row {
	const char *pattern;
	const char *subject;
	int found;
};

static const struct row rows[] = {
    {"", "", 1},
    {"", "abc", 1},
    {"b", "abc", 1}, /* unanchored */
    {"^b", "abc", 0},
    {"c$", "abc", 1},
    {"c$", "abc\n", 1},
    {"c\\z", "abc\n", 0},
    {"^abc$", "abc", 1},
    {".*/MyRole/MyUser", "arn:aws:sts::1:assumed-role/MyRole/MyUser", 1},
    {"a.c", "a\nc", 0},
    {"(?s)a.c", "a\nc", 1},
    {"ABC", "abc", 0},
    {"(?i)ABC", "abc", 1},
    {"(?i)\xc3\x89", "\xc3\xa9", 1}, /* case beyond ASCII */
    {"^.$", "\xe2\x82\xac", 1},      /* a character, not a byte */
    {"^...$", "\xe2\x82\xac", 0},
    {"\\p{Lu}", "\xc3\x89", 1},
    {"(a)(b)(c)(d)(e)\\5", "abcdee", 1}, /* more groups than there is room to tell */
    {"(?<!a)b", "ab", 0},
    {"x(?=y)", "xy", 1},
    {"[[:digit:]]+", "a1", 1},
    {"\\d{3}-\\d{4}", "555-1234", 1},
    {"a|b|", "zzz", 1},
};

struct bad {
	const char *pattern;
	size_t at_least; /* the byte, from .. to: PCRE2 points behind what it has read */
	size_t at_most;
};

static const struct bad bads[] = {
    {"(", 0, 1},
    {")", 0, 1},
    {"a)", 1, 2},
    {"[a", 0, 2},
    {"*a", 0, 1},
    {"a{2,1}", 1, 6},
    {"(?P<x", 0, 5},
    {"\\", 0, 1},
    {"\xff", 0, 1},
    {"ab\xc3", 2, 3},
    {"(?<=a*)b", 0, 8},
    {"\\p{Nonsense}", 0, 12},
};

static void
test_bad(void)
{
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		struct err err = {.pos = 999};
		struct regex *re = regex_compile(str_of(bads[i].pattern), &err);

		ok(re == NULL, "'%s' is refused", bads[i].pattern);
		ok(err.pos >= bads[i].at_least && err.pos <= bads[i].at_most && err.msg[0] != '\0',
		    "'%s': at byte %zu: %s", bads[i].pattern, err.pos, err.msg);
		regex_free(re);
	}
}

static void
test_size(void)
{
	char *p = malloc(REGEX_MAX_PATTERN + 1);
	struct err err = {0};
	struct regex *re;

	if (p == NULL)
		abort();
	memset(p, 'a', REGEX_MAX_PATTERN + 1);
	re = regex_compile((struct str){p, REGEX_MAX_PATTERN + 1}, &err);
	ok(re == NULL, "a pattern of more than REGEX_MAX_PATTERN bytes is refused");
	is_int(err.pos, REGEX_MAX_PATTERN, "at the limit");
	regex_free(re);
	re = regex_compile((struct str){p, 20000}, &err);
	ok(re != NULL, "a large one is not");
	if (re != NULL)
		is_int(regex_search(re, (struct str){p, 20001}, scratch, &err), 1, "and matches");
	regex_free(re);
	memset(p, '(', REGEX_MAX_PATTERN);
	re = regex_compile((struct str){p, REGEX_MAX_PATTERN}, &err);
	ok(re == NULL, "parentheses without end are refused");
	regex_free(re);
	free(p);
}

static void
test_limits(void)
{
	struct err err = {0};
	char subject[64];
	char *big = malloc(1u << 20);

	memset(subject, 'a', sizeof(subject));
	subject[sizeof(subject) - 1] = 'b';
	is_int(search(STR("^(a+)+$"), (struct str){subject, sizeof(subject)}, &err), -1,
	    "mad backtracking is given up");
	ok(strstr(err.msg, "gave up") != NULL && strlen(err.msg) > 40, "and says so: %s", err.msg);
	is_int(search(STR("^(a|aa)+$"), (struct str){subject, sizeof(subject)}, &err), -1,
	    "so is another kind of it");
	is_int(search(STR("a"), (struct str){subject, sizeof(subject)}, &err), 1,
	    "the scratch is as good as new after it");
	if (big == NULL)
		abort();
	memset(big, 'a', 1u << 20);
	ok(search(STR("^(?:(a)|b)*$"), (struct str){big, 1u << 20}, &err) != 0,
	    "a group repeated a million times: found or given up, never 'not found'");
	ok(search(STR("^(.(?1)?)$"), (struct str){big, 1u << 20}, &err) != 0,
	    "recursion a million deep: found or given up, no crash");
	free(big);
}

static void
test_embedded(void)
{
	struct err err;

	is_int(search((struct str){"a\0b", 3}, (struct str){"xa\0b", 4}, &err), 1,
	    "NUL in pattern and text");
	is_int(search((struct str){"a\0b", 3}, (struct str){"xa\0c", 4}, &err), 0,
	    "NUL does not end them");
	is_int(search((struct str){NULL, 0}, (struct str){NULL, 0}, &err), 1,
	    "nothing is found in nothing");
	is_int(search(STR("a"), (struct str){NULL, 0}, &err), 0, "something is not");
}

int
main(void)
{
	char version[64];

	scratch = regex_scratch_new();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err;

		is_int(search(str_of(rows[i].pattern), str_of(rows[i].subject), &err),
		    rows[i].found, "/%s/ in '%s'", rows[i].pattern, rows[i].subject);
	}
	test_bad();
	test_size();
	test_limits();
	test_embedded();
	regex_scratch_free(scratch);
	regex_scratch_free(NULL);
	regex_free(NULL);
	ok(strncmp(regex_version(version), "10.", 3) == 0, "version %s", version);
	return done_testing();
}

/* I-Regexp: RFC 9485's grammar, what its patterns find once PCRE2 has them, and limits. */
#include "../iregexp.h"
#include "../regex.h"
#include "tap.h"

static struct regex_scratch *scratch;

/* 1 found, 0 not found, 2 no I-Regexp, -1 an error. */
static int
find(const char *pattern, bool whole, struct str subject)
{
	struct buf out = {0};
	struct err err = {0};
	struct regex *re = NULL;
	int rv = iregexp_to_pcre2(str_of(pattern), whole, &out, &err);

	if (rv == 1) {
		rv = 2;
	} else if (rv == 0) {
		re = regex_compile(buf_slice(&out), &err);
		rv = re != NULL ? regex_search(re, subject, scratch, &err) : -1;
	}
	if (rv < 0)
		note("%s: %s", pattern, err.msg);
	regex_free(re);
	buf_free(&out);
	return rv;
}

static void
test_matches(void)
{
	static const struct {
		const char *pattern, *subject;
		int whole, search; /* what is expected of each */
	} cases[] = {
		{"", "", 1, 1},
		{"", "a", 0, 1},
		{"abc", "abc", 1, 1},
		{"abc", "xabcx", 0, 1},
		{"abc", "ABC", 0, 0},
		{"a|bc", "bc", 1, 1},
		{"a|bc", "ac", 0, 1},
		{"a||b", "", 1, 1},
		{"|", "", 1, 1},
		{"()", "", 1, 1},
		{"(a|b)*c", "abbac", 1, 1},
		{"(())", "x", 0, 1},
		{".", "\n", 0, 0},
		{".", "\r", 0, 0},
		{".", "\xe2\x80\xa8", 1, 1},
		{".", "\xf0\x9f\x98\x80", 1, 1},
		{"..", "\xf0\x9f\x98\x80", 0, 0},
		{"a.c", "a\tc", 1, 1},
		{"a?b+c*", "bbcc", 1, 1},
		{"a{2}", "aa", 1, 1},
		{"a{2}", "aaa", 0, 1},
		{"a{2,}", "aaaa", 1, 1},
		{"a{0,2}", "", 1, 1},
		{"a{0,2}b", "aaab", 0, 1},
		{"a{002}", "aa", 1, 1},
		{"a{0}", "", 1, 1},
		{"(ab){2,3}", "ababab", 1, 1},
		{"(ab){2,3}", "ab", 0, 0},
		/* escapes */
		{"\\(\\)\\*\\+\\-\\.\\?\\[\\\\\\]\\^\\{\\|\\}", "()*+-.?[\\]^{|}", 1, 1},
		{"\\n\\r\\t", "\n\r\t", 1, 1},
		{"a\\.b", "axb", 0, 0},
		/* what PCRE2 would take for something else */
		{"a#b c", "a#b c", 1, 1},
		{"-,:=!<>'\"/&%~`@_;", "-,:=!<>'\"/&%~`@_;", 1, 1},
		{"\x01\x1f\x7f\n", "\x01\x1f\x7f\n", 1, 1},
		{"(a)1", "a1", 1, 1},
		{"[a&&b]", "&", 1, 1},
		{"[&&a]+", "&a&", 1, 1},
		{"[:alpha:]", "a", 1, 1},
		{"[:alpha:]", "z", 0, 0},
		{"[.]", "x", 0, 0},
		{"[$]", "$", 1, 1},
		{"[#x ]+", "# x", 1, 1},
		{"a*b", "aab", 1, 1},
		/* classes */
		{"[abc]", "b", 1, 1},
		{"[^abc]", "b", 0, 0},
		{"[^abc]", "\n", 1, 1},
		{"[a-c]", "b", 1, 1},
		{"[a-a]", "a", 1, 1},
		{"[-a]", "-", 1, 1},
		{"[a-]", "-", 1, 1},
		{"[-]", "-", 1, 1},
		{"[--]", "-", 1, 1},
		{"[^-]", "-", 0, 0},
		{"[^-a]", "b", 1, 1},
		{"[-a-c-]+", "-b-", 1, 1},
		{"[^]", "^", 1, 1},
		{"[^]", "a", 0, 0},
		{"[^^]", "^", 0, 0},
		{"[a^]+", "^a", 1, 1},
		{"[\\^a]", "^", 1, 1},
		{"[\\]\\[\\\\\\-]+", "[]\\-", 1, 1},
		{"[\\t-\\r]", "\n", 1, 1},
		{"[+--]+", "+,-", 2, 2}, /* a range's end cannot be a bare '-' */
		{"[+-\\-]+", "+,-", 1, 1},
		{"[*+?(){}|.]+", "*+?(){}|.", 1, 1},
		{"[\xc3\xa0-\xc3\xbf]", "\xc3\xbc", 1, 1},
		{"[\\p{Lu}x]+", "Ax\xc3\x9c", 1, 1},
		{"[^\\p{Lu}]", "A", 0, 0},
		{"[\\P{Lu}]", "a", 1, 1},
		{"[\\p{Lu}-]+", "A-", 1, 1},
		/* categories */
		{"\\p{L}+", "aB\xc3\xbc", 1, 1},
		{"\\p{Lu}\\P{Lu}", "Aa", 1, 1},
		{"\\p{Nd}", "5", 1, 1},
		{"\\p{Sc}", "\xe2\x82\xac", 1, 1},
		{"\\p{Zs}\\p{Pd}\\p{Mn}\\p{Cc}", " -\xcc\x81\x01", 1, 1},
		/* anchors, which RFC 9485 does not have and RFC 9535's suite does */
		{"^ab.*", "abc", 1, 1},
		{"^b", "ab", 0, 0},
		{".*bc$", "abc", 1, 1},
		{"a$", "a\n", 0, 0},
		{"(^a|b$)", "xb", 0, 1},
		{"^*a", "a", 1, 1},
		{"a^b", "a^b", 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str subject = str_of(cases[i].subject);

		is_int(find(cases[i].pattern, true, subject), cases[i].whole, "match: %s",
		    cases[i].pattern);
		is_int(find(cases[i].pattern, false, subject), cases[i].search, "search: %s",
		    cases[i].pattern);
	}
}

static void
test_invalid(void)
{
	static const struct {
		const char *pattern;
		size_t pos;
	} cases[] = {
		{"(", 0}, {"a)", 1}, {"(a", 0}, {"(?:a)", 1}, {"(?i)a", 1}, {"(*UTF)", 1},
		{"*", 0}, {"+a", 0}, {"?", 0}, {"a**", 2}, {"a+?", 2}, {"a*+", 2}, {"a|*", 2},
		{"a{1}{2}", 4}, {"a{1}?", 4},
		{"{", 0}, {"{1}", 0}, {"a{", 2}, {"a{}", 2}, {"a{,2}", 2}, {"a{1", 1}, {"a{1,", 4},
		{"a{1,2", 1}, {"a{ 1}", 2}, {"a{-1}", 2}, {"a{3,2}", 1}, {"a}", 1}, {"]", 0},
		{"\\", 0}, {"a\\", 1}, {"\\d", 0}, {"\\w", 0}, {"\\s", 0}, {"\\b", 0}, {"\\A", 0},
		{"\\1", 0}, {"\\$", 0}, {"\\/", 0}, {"\\x41", 0}, {"\\u0041", 0}, {"\\Qa\\E", 0},
		{"\\f", 0}, {"\\N", 0}, {"\\R", 0}, {"\\X", 0}, {"\\\xc3\xbc", 0},
		{"\\p", 0}, {"\\pL", 0}, {"\\p{", 0}, {"\\p{}", 0}, {"\\p{Lx}", 3}, {"\\p{Xx}", 3},
		{"\\p{l}", 3}, {"\\p{Lul}", 0}, {"\\p{^L}", 3}, {"\\p{Cs}", 3}, {"\\p{L&}", 3},
		{"\\p{IsBasicLatin}", 0}, {"\\p{Han}", 0}, {"\\p{L", 0},
		{"[", 1}, {"[]", 1}, {"[]a]", 1}, {"[a", 2}, {"[^", 2}, {"[^]a]", 4}, {"[[a]", 1},
		{"[a[]", 2}, {"[z-a]", 1}, {"[a-\\p{L}]", 3}, {"[\\p{L}-z]", 6}, {"[a-b-c]", 4},
		{"[a--b]", 3}, {"[--a]", 2}, {"[\\d]", 1}, {"[\\b]", 1}, {"[a-", 3}, {"[a\\]", 4},
		{"\xff", 0}, {"a\xed\xa0\x80", 1}, {"[\xc3]", 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = {0};
		struct err err = {0};

		is_int(iregexp_to_pcre2(str_of(cases[i].pattern), false, &out, &err), 1,
		    "invalid: %s", cases[i].pattern);
		is_int(err.pos, cases[i].pos, "place of the error: %s", err.msg);
		buf_free(&out);
	}
}

static void
test_bytes(void)
{
	struct buf out = {0};
	struct err err;

	is_int(iregexp_to_pcre2(STR("a\0[\0-\x01]"), true, &out, &err), 0, "NUL");
	is_mem(out.p, out.n, "\\A(?:a\\x{00}[\\x{00}-\\x{01}])\\z", 30, "its translation");
	out.n = 0;
	is_int(iregexp_to_pcre2((struct str){NULL, 0}, false, &out, &err), 0, "no bytes");
	is_int(out.n, 0, "their translation");
	is_int(iregexp_to_pcre2(STR("(.^{007}\\n)"), false, &out, &err), 0, "rewriting");
	is_mem(out.p, out.n, "(?:[^\\n\\r](?:\\A){7}\\x{0a})", 26, "its result");
	is_int(find("a.b", true, STR("a\0b")), 1, "NUL in a subject");
	buf_free(&out);
}

static void
test_limits(void)
{
	struct buf nested = {0}, out = {0};
	struct err err = {0};

	for (int i = 0; i < IREGEXP_MAX_DEPTH; i++)
		buf_char(&nested, '(');
	for (int i = 0; i < IREGEXP_MAX_DEPTH; i++)
		buf_char(&nested, ')');
	buf_char(&nested, '\0');
	is_int(find(nested.p, true, STR("")), 1, "nested groups");
	nested.n = 0;
	for (int i = 0; i < 60000; i++)
		buf_char(&nested, '(');
	is_int(iregexp_to_pcre2(buf_slice(&nested), true, &out, &err), -1, "far too many");
	is_int(err.pos, IREGEXP_MAX_DEPTH, "place of the first too many");
	is_int(find("[ab]{65535}", true, STR("ab")), 0, "largest count");
	is_int(find("a{65536}", true, STR("")), -1, "too large a count");
	is_int(find("a{99999999999999999999}", true, STR("")), -1, "far too large a count");
	is_int(find("((a{9}){9}){9}", true, STR("a")), 0, "counted groups");
	is_int(find("((a{1000}){1000}){1000}", true, STR("")), -1, "too many counted groups");
	is_int(
	    find("(((((a{999}){999}){999}){999}){999}){999}", true, STR("")), -1, "far too many");
	buf_free(&nested);
	buf_free(&out);
}

int
main(void)
{
	scratch = regex_scratch_new();
	test_matches();
	test_invalid();
	test_bytes();
	test_limits();
	regex_scratch_free(scratch);
	return done_testing();
}

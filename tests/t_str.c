/* Slices, buffers, UTF-8 and what is shown on a terminal. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../str.h"
#include "tap.h"

static void
test_compare(void)
{
	static const struct {
		struct str a, b;
		int want;
	} cases[] = {
		{{"", 0}, {"", 0}, 0}, {{NULL, 0}, {"", 0}, 0}, {{NULL, 0}, {NULL, 0}, 0},
		{{"", 0}, {"a", 1}, -1}, {{"a", 1}, {"a", 1}, 0}, {{"a", 1}, {"b", 1}, -1},
		{{"a", 1}, {"ab", 2}, -1}, {{"ab", 2}, {"b", 1}, -1}, {{"A", 1}, {"a", 1}, -1},
		{{"\x7f", 1}, {"\x80", 1}, -1}, {{"z", 1}, {"\xc3\xa9", 2}, -1},
		{{"a\0b", 3}, {"a\0c", 3}, -1}, {{"a\0", 2}, {"a", 1}, 1},
		/* U+FFFD comes before U+1F600, though its UTF-16 form does not */
		{{"\xef\xbf\xbd", 3}, {"\xf0\x9f\x98\x80", 4}, -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str a = cases[i].a, b = cases[i].b;
		int c = str_cmp(a, b), d = str_cmp(b, a);

		ok((c > 0) - (c < 0) == cases[i].want && (d > 0) - (d < 0) == -cases[i].want,
		    "order, case %zu", i);
		ok(str_eq(a, b) == (cases[i].want == 0), "equality, case %zu", i);
	}
	ok(str_eq_nocase(STR("AbZ-9"), STR("aBz-9")), "letters without case");
	ok(!str_eq_nocase(STR("ab"), STR("abc")), "another length");
	ok(!str_eq_nocase(STR("a@["), STR("a`{")), "only letters have case");
	ok(!str_eq_nocase(STR("\xc3\x89"), STR("\xc3\xa9")), "only those of ASCII");
	ok(!str_eq_nocase(STR("k"), STR("\xe2\x84\xaa")), "a Kelvin sign is no k");
	ok(str_eq_nocase((struct str){NULL, 0}, STR("")), "nothing and nothing");
	is_int(STR("a\0b").n, 3, "STR takes the literal's NUL along");
	is_int(str_of("abc").n, 3, "str_of ends at the NUL");
}

static void
test_buf(void)
{
	struct buf b = {0}, small = {0};
	int bad = 0;

	buf_add(&b, NULL, 0);
	buf_str(&b, (struct str){NULL, 0});
	buf_printf(&b, "%s", "");
	is_int(b.n, 0, "adding nothing to nothing");
	for (int i = 0; i < 100000; i++)
		buf_char(&b, (char)(i % 256));
	for (int i = 0; i < 100000; i++)
		bad += b.p[i] != (char)(i % 256);
	ok(bad == 0 && b.n == 100000 && b.cap >= b.n, "100000 bytes one by one");
	buf_free(&b);
	ok(b.p == NULL && b.n == 0 && b.cap == 0, "free leaves an empty one");
	buf_free(&b);

	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d,%s;", i, "x");
	is_int(b.n, 10 + 2 * 90 + 3 * 900 + 1000 * strlen(",x;"), "1000 times printf");
	is_mem(b.p, 12, "0,x;1,x;2,x;", 12, "its start");
	buf_free(&b);

	buf_reserve(&small, 1);
	buf_reserve(&small, 0);
	ok(small.cap >= 1 && small.n == 0, "room for a byte");
	buf_reserve(&b, 5000);
	ok(b.cap >= 5000 && b.n == 0, "room for 5000");
	memset(b.p, 'y', 5000);
	b.n = 5000;
	buf_str(&b, STR("tail"));
	is_mem(buf_slice(&b).p + 4999, 5, "ytail", 5, "and behind them");
	buf_free(&b);
	buf_free(&small);
}

static void
ask_too_much(int what)
{
	struct buf b = {0};
	volatile size_t huge = SIZE_MAX;

	buf_char(&b, 'x');
	if (what == 0)
		buf_reserve(&b, huge);
	else if (what == 1)
		buf_reserve(&b, huge / 2);
	else
		b.p = xrealloc(b.p, huge / 2, 3);
	buf_free(&b);
}

/* A size that overflows ends the process; it must not wrap round to a small one. */
static void
test_overflow(void)
{
	for (int what = 0; what < 3; what++) {
		int status = 0;
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			(void)close(2);
			ask_too_much(what);
			_exit(0);
		}
		ok(pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
		    WTERMSIG(status) == SIGABRT, "overflow %d aborts", what);
	}
}

/* The one UTF-8 form of each code point is read back, and there is no other: the sequences that are
 * accepted are as many as there are code points. */
static void
test_utf8(void)
{
	static const unsigned char tails[] = {0x00, 0x22, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
	const size_t n_tails = sizeof(tails);
	uint32_t cp, seen;
	char s[4];
	long bad = 0, two = 0, three = 0, four = 0;

	for (cp = 0; cp <= 0x10ffff; cp++) {
		size_t n, want = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		n = utf8_write(s, cp);
		seen = 0;
		bad += n != want || utf8_read(s, s + n, &seen) != n || seen != cp;
		for (size_t less = 0; less < n; less++)
			bad += utf8_read(s, s + less, &seen) != 0;
	}
	is_int(bad, 0, "all code points there and back, none from a part of it");

	for (unsigned i = 0x80; i <= 0xff; i++)
		for (unsigned k = 0; k <= 0xff; k++) {
			s[0] = (char)i;
			s[1] = (char)k;
			two += utf8_read(s, s + 2, &seen) == 2;
			for (unsigned m = 0; m <= 0xff; m++) {
				s[2] = (char)m;
				three += utf8_read(s, s + 3, &seen) == 3;
			}
			for (size_t m = 0; m < n_tails * n_tails; m++) {
				s[2] = (char)tails[m / n_tails];
				s[3] = (char)tails[m % n_tails];
				four += utf8_read(s, s + 4, &seen) == 4;
			}
		}
	is_int(two, 0x800 - 0x80, "sequences of two bytes");
	is_int(three, 0x10000 - 0x800 - 0x800, "of three");
	/* 4 of the 9 tails continue a sequence: 16 pairs for each of 256 pairs of first bytes */
	is_int(four, 256 * 16, "of four, with some tails");
}

static void
check_escaped(struct str s, const char *want)
{
	struct buf b = {0};
	char out[200];

	buf_escaped(&b, s, 100);
	is_mem(b.p, b.n, want, strlen(want), "shown: %s", want);
	is_str(str_escape(out, sizeof(out), s), want, "the same into an array");
	buf_free(&b);
}

static void
test_escaped(void)
{
	check_escaped(STR("plain ~ text \\ \"q\""), "plain ~ text \\ \"q\"");
	check_escaped(STR("\x1b[31m\a"), "\\x1b[31m\\x07");
	check_escaped(STR("a\0b"), "a\\x00b");
	check_escaped(STR("\t\r\n\x7f"), "\\x09\\x0d\\x0a\\x7f");
	check_escaped(STR("\xc3\xa9 \xe1\x88\xb4 \xf0\x9f\x98\x80"),
	    "\xc3\xa9 \xe1\x88\xb4 \xf0\x9f\x98\x80");
	check_escaped(STR("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0"),
	    "\\u{0080}\\u{009b}\\u{009f}\xc2\xa0");
	check_escaped(STR("\xe2\x80\xae\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9"),
	    "\\u{202e}\\u{202a}\\u{2066}\\u{2069}");
	check_escaped(STR("\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf"),
	    "\\u{200e}\\u{200f}\\u{2028}\\u{2029}\\u{feff}");
	check_escaped(STR("\xff\xc3(\xc3"), "\\xff\\xc3(\\xc3");
	check_escaped(STR("\xc0\xaf\xed\xa0\x80"), "\\xc0\\xaf\\xed\\xa0\\x80");
}

static bool
is_utf8(const char *s)
{
	const char *end = s + strlen(s);
	uint32_t cp;
	size_t n;

	while (s < end && (n = utf8_read(s, end, &cp)) > 0)
		s += n;
	return s == end;
}

/* At every limit: whole characters, as many as fit, and the dots where some are left out. */
static void
test_cut(void)
{
	static const struct str text = {"a\xc3\xa9\xe1\x88\xb4\xf0\x9f\x98\x80z", 11};
	static const size_t ends[] = {0, 1, 3, 6, 10, 11};
	const size_t n_ends = sizeof(ends) / sizeof(*ends);
	int bad = 0;

	for (size_t max = 0; max <= 12; max++) {
		struct buf got = {0}, want = {0};
		size_t end = 0;

		for (size_t i = 0; i < n_ends; i++)
			if (ends[i] <= max)
				end = ends[i];
		buf_add(&want, text.p, end);
		if (end < text.n)
			buf_str(&want, STR("..."));
		buf_escaped(&got, text, max);
		is_mem(got.p, got.n, want.p, want.n, "at most %zu bytes", max);
		buf_free(&got);
		buf_free(&want);
	}
	for (size_t size = 8; size <= 14; size++) {
		char *out = malloc(size);
		size_t n;

		if (out == NULL)
			abort();
		n = strlen(str_escape(out, size, text));
		bad += n >= size || !is_utf8(out);
		bad += text.n < size ? n != text.n : strcmp(out + n - 3, "...") != 0;
		/* What is cut off is not more than it must be: a character has four bytes. */
		bad += text.n >= size && n + 4 < size;
		if (bad > 0)
			note("%zu bytes: %s", size, out);
		free(out);
	}
	is_int(bad, 0, "into an array that is too small: whole characters, then the dots");
}

int
main(void)
{
	test_compare();
	test_buf();
	test_overflow();
	test_utf8();
	test_escaped();
	test_cut();
	return done_testing();
}

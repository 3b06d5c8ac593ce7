/* Tests of valid.c: each kernel that this machine has against json_parse. All texts are in blocks
 * of just their size, for the sanitizers. With SPITZEL_VECTORS set to the folder of the public
 * suites, its json-parsing/ runs as well. */
#include "../valid.h"

#include <dirent.h>
#include <stdlib.h>

#include "../json.h"
#include "kernels.h"
#include "random.h"
#include "tap.h"

#define LENGTH(a) (sizeof(a) / sizeof(*(a)))
#define S(literal)                                                                                 \
	{                                                                                          \
		"" literal, sizeof(literal) - 1                                                    \
	}

/* Blocks in which the masks begin anew, and those sorted at a time. */
enum { BLOCK = SCAN_BLOCK, MANY = 32 * SCAN_BLOCK };

static struct json_doc doc;
static unsigned n_texts, n_valid, n_bad;

/* Compare the answers for one text. */
static void
try(const char *p, size_t n)
{
	char *copy = malloc(n > 0 ? n : 1);
	struct str text = {copy, n};
	struct err err;
	bool valid;

	if (copy == NULL)
		abort();
	memcpy(copy, p, n);
	valid = json_parse(&doc, text, &err) == 0;
	n_texts++;
	n_valid += valid;
	if (!all_say(text, valid)) {
		if (n_bad++ < 5)
			note("%s: %.*s", valid ? "valid" : "not valid", n < 300 ? (int)n : 300, p);
	}
	free(copy);
}

/* How the texts since the last call went, of which some are valid and some not. */
static void
result(const char *what)
{
	is_int(n_bad, 0, "%s: %u texts, %u of them valid", what, n_texts, n_valid);
	ok(n_valid > 0 && n_valid < n_texts, "%s: both are there", what);
	n_texts = n_valid = n_bad = 0;
}

static const struct str record = S(
    "{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"AssumedRole\",\"arn\":\"arn:aws:sts::"
    "123456789012:assumed-role/r/s\",\"sessionContext\":{\"attributes\":{\"mfaAuthenticated\":"
    "false}}},\"eventTime\":\"2024-05-14T00:00:09Z\",\"errorMessage\":\"a \\\"b\\\" \\\\ \\n\\u00e9"
    "\\ud83d\\ude00 \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\",\"n\":[0,-1,2.5,1e9,-0.1E-20,[],{}],"
    "\"responseElements\":null, \"readOnly\" : true ,\r\n\t\"resources\":[{\"ARN\":\"x\"},{\"a\":"
    "\"\",\"\":[[\"y\",null],true]}],\"last\":12345678901234567890}");

/* What may come to stand in the wrong place. */
static const char bytes[] = "\"\\{}[],: \n\r\t\x01\x1f\x7f\x80\xbf\xc3\xe2\xed\xf0\xff"
			    "0179-+.eEtnfual/b";

static void
test_changes(void)
{
	char text[2048];

	for (size_t i = 0; i < record.n; i++) {
		memcpy(text, record.p, record.n);
		for (size_t k = 0; k < sizeof(bytes); k++) { /* with the NUL */
			text[i] = bytes[k];
			try(text, record.n);
		}
	}
	result("a byte changed");
	for (size_t i = 0; i <= record.n; i++) {
		memcpy(text, record.p, i);
		memcpy(text + i + 1, record.p + i, record.n - i);
		for (size_t k = 0; k < sizeof(bytes); k++) {
			text[i] = bytes[k];
			try(text, record.n + 1);
		}
	}
	result("a byte more");
	for (size_t i = 0; i < record.n; i++) {
		memcpy(text, record.p, i);
		memcpy(text + i, record.p + i + 1, record.n - i - 1);
		try(text, record.n - 1);
	}
	result("a byte less");
	for (size_t n = 0; n <= record.n; n++) {
		try(record.p, n);
		try(record.p + n, record.n - n);
	}
	result("cut");
}

/* To be put into a list, at all places of a block. */
static const struct str pieces[] = {S("0"), S("-0"), S("10"), S("1.5"), S("-1.50"), S("1e5"),
    S("1E+5"), S("-0.1e-05"),
    S("12345678901234567890123456789012345678901234567890123456789012345678901234567890"), S("01"),
    S("-"), S("-a"), S("+1"), S("1."), S(".5"), S("1.e5"), S("1e"), S("1e+"), S("1.5.5"),
    S("1e5e5"), S("0x1"), S("1 2"), S("1\"a\""), S("1{}"), S("1[]"), S("- 1"), S("Infinity"),
    S("true"), S("false"), S("null"), S("tru"), S("truee"), S("fals"), S("nul"), S("nulll"),
    S("True"), S("truefalse"), S("true\"a\""), S("null,"), S(",null"), S("null,,1"), S("null null"),
    S("t"), S("\"\""), S("\"a\",\"b\""), S("\"a\"\"b\""), S("\"a\" \"b\""), S("\"a\"1"), S("\"a"),
    S("a\""), S("\"a\":1"), S("\"a\","), S("'a'"), S("\"a\":"), S(":"), S("::"), S(","),
    S("\"\\\"\""), S("\"\\\\\""), S("\"\\\""), S("\"\\\\\\\"\""), S("\"\\\\\\\""), S("\"\\"),
    S("\"\\/\\b\\f\\n\\r\\t\""), S("\"\\a\""), S("\"\\0\""), S("\"\\\0\""), S("\"\\U0041\""),
    S("\"\\u0041\""), S("\"\\u004\""), S("\"\\u00g1\""), S("\"\\u\""), S("\"\\uD83D\\uDE00\""),
    S("\"\\ud83d\""), S("\"\\ude00\\ud83d\""), S("\"\\ud83d\\u12\""), S("\"\\ud83d\\\"\""),
    S("\"\\\n\""), S("\\\"\""), S("\\"), S("1\\\""), S("\"a\"\\"), S("\"\\\xc3\xa9\""), S("\"\t\""),
    S("\"\n\""), S("\"\0\""), S("\"\x1f\""), S("\"\x7f\""), S("\0"), S("\x01"), S("\x0b"),
    S("\x0c"), S("\x7f"), S("\xc3\xa9"), S("\xef\xbb\xbf"), S("\xc2\xa0"), S("\xff"),
    S("\"\xc3\xa9\""), S("\"\xe2\x82\xac\""), S("\"\xf0\x9f\x98\x80\""), S("\"\xf4\x8f\xbf\xbf\""),
    S("\"\xc3\""), S("\"\xe2\x82\""), S("\"\xf0\x9f\x98\""), S("\"\x80\""), S("\"\xc0\x80\""),
    S("\"\xe0\x9f\xbf\""), S("\"\xed\xa0\x80\""), S("\"\xf0\x8f\xbf\xbf\""),
    S("\"\xf4\x90\x80\x80\""), S("\"\xf5\x80\x80\x80\""), S("\"\xfe\""), S("\"\xc3\xa9\xa9\""),
    S("\"\xe2\x28\xa1\""), S("[]"), S("[[]]"), S("[ ]"), S("[,]"), S("[1,]"), S("[1}"), S("[1"),
    S("1]"), S("[]]"), S("[[]"), S("[:]"), S("[\"a\":1]"), S("[][]"), S("[]{}"), S("[]1"),
    S("[]\"a\""), S("[1\n,\r2\t, 3 ]"), S("{}"), S("{ }"), S("{\"a\":1}"),
    S("{\"a\" : 1 , \"b\":[2,{}],\"c\":{}}"), S("{,}"), S("{\"a\":1,}"), S("{\"a\":1]"),
    S("{\"a\"}"), S("{\"a\":}"), S("{\"a\"1}"), S("{\"a\",1}"), S("{1:1}"), S("{null:1}"),
    S("{[]:1}"), S("{{}}"), S("{{}:1}"), S("{\"a\":1,2}"), S("{\"a\":1,[]}"), S("{\"a\":1,{}}"),
    S("{\"a\":1,\"b\"}"), S("{\"a\":1,\"b\",\"c\":1}"), S("{\"a\":\"b\":1}"), S("{\"a\"::1}"),
    S("{:1}"), S("{\"a\":1 \"b\":1}"), S("{\"a\":{\"b\":1},2}"), S("{\"a\":{\"b\":1},\"c\"}"),
    S("[{\"a\":1},\"b\":1]"), S("[{\"a\":1},\"b\"]"), S("{\"a\":[1],\"b\":1}"),
    S("{\"a\":[\"b\":1]}"), S("{\"a\":[1],\"b\"}"), S("}{"), S("]["), S("//"), S("/**/1"),
    S("\n\r\t 1\n\r\t "), S(" ")};

/* A list of a string of `before` bytes and the piece, which so begins anywhere in a block; or the
 * piece alone, behind as many blanks. */
static void
try_piece(struct str piece, size_t before)
{
	struct buf b = {0};

	buf_add(&b, "[\"", 2);
	for (size_t i = 0; i < before; i++)
		buf_char(&b, 'x');
	buf_add(&b, "\",", 2);
	buf_str(&b, piece);
	buf_char(&b, ']');
	try(b.p, b.n);
	memset(b.p, ' ', before + 4);
	try(b.p, before + 4 + piece.n);
	memcpy(b.p + b.n - 1, " ", 1);
	try(b.p, b.n);
	buf_free(&b);
}

static void
test_pieces(void)
{
	for (size_t i = 0; i < LENGTH(pieces); i++) {
		try(pieces[i].p, pieces[i].n);
		for (size_t before = 0; before < 2 * BLOCK + 2; before++)
			try_piece(pieces[i], before);
	}
	result("pieces at each place");
	for (size_t i = 0; i < LENGTH(pieces); i++)
		for (size_t before = MANY - BLOCK - 8; before < MANY + 8;
		     before += before % BLOCK < 8 ? 3 : 1)
			try_piece(pieces[i], before);
	result("pieces where the blocks sorted at a time end");
}

/* Runs of backslashes, and what is behind them. */
static void
test_backslashes(void)
{
	static const char *const behind[] = {"\"", "n\"", "\"\"", "u0041\"", "\xc3\xa9\"", ""};
	char text[512];

	for (size_t before = 0; before < BLOCK; before++)
		for (size_t run = 0; run <= 2 * BLOCK + 2;
		     run += run < 5 || run > BLOCK - 5 ? 1 : 3)
			for (size_t i = 0; i < LENGTH(behind); i++) {
				memset(text, 'x', sizeof(text));
				text[0] = '"';
				memset(text + 1 + before, '\\', run);
				strcpy(text + 1 + before + run, behind[i]);
				try(text, 1 + before + run + strlen(behind[i]));
			}
	result("backslashes");
}

/* Each byte at each place of a long string, and of blanks. */
static void
test_every_byte(void)
{
	char text[3 * BLOCK];

	for (size_t at = 0; at < sizeof(text); at++)
		for (int c = 0; c < 256; c++) {
			memset(text, 'x', sizeof(text));
			text[0] = text[sizeof(text) - 1] = '"';
			text[at] = (char)c;
			try(text, sizeof(text));
			memset(text, ' ', sizeof(text));
			text[sizeof(text) / 2] = '7';
			text[at] = (char)c;
			try(text, sizeof(text));
		}
	result("each byte at each place");
}

/* Containers nested as deep as they may be, and one more. */
static void
test_depth(void)
{
	static const char *const open[] = {"[", "{\"a\":", "[1,{\"a\" :\n"};
	static const char *const close[] = {"]", "}", "},2 ]"};

	for (size_t i = 0; i < LENGTH(open); i++)
		for (size_t n = JSON_MAX_DEPTH - 2; n <= JSON_MAX_DEPTH + 2; n++) {
			size_t levels = i < 2 ? n : n / 2;
			struct buf b = {0};

			for (size_t k = 0; k < levels; k++)
				buf_str(&b, str_of(open[i]));
			buf_str(&b, STR("\"x\""));
			for (size_t k = 0; k < levels; k++)
				buf_str(&b, str_of(close[i]));
			try(b.p, b.n);
			try(b.p, b.n - 1);
			buf_char(&b, close[i][strlen(close[i]) - 1]);
			try(b.p, b.n);
			buf_free(&b);
		}
	result("nested deep");
}

/* All sequences of up to `max` tokens, with `before` blanks before them and `gap` between them. */
static void
try_sequences(size_t max, size_t before, const char *gap)
{
	static const char *const tokens[] = {"{", "}", "[", "]", ",", ":", "\"a\"", "1"};
	size_t sequences = 1;

	for (size_t n = 1; n <= max; n++) {
		sequences *= LENGTH(tokens);
		for (size_t i = 0; i < sequences; i++) {
			char text[256], *p = text + before;

			memset(text, ' ', before);
			for (size_t k = 0, rest = i; k < n; k++, rest /= LENGTH(tokens))
				p += sprintf(p, "%s%s", tokens[rest % LENGTH(tokens)], gap);
			try(text, (size_t)(p - text));
		}
	}
}

static void
test_sequences(void)
{
	try_sequences(6, 0, "");
	result("all sequences of tokens");
	try_sequences(5, 0, " ");
	result("with blanks between them");
	for (size_t before = BLOCK - 8; before < BLOCK; before++)
		try_sequences(4, before, "");
	try_sequences(5, BLOCK - 3, "");
	result("over the end of a block");
	for (size_t before = BLOCK - 8; before < BLOCK; before++)
		try_sequences(3, before, "\n ");
	try_sequences(4, BLOCK - 3, "                                ");
	result("over the ends of blocks, with blanks between them");
}

static void
write_blanks(struct buf *b, bool blanks)
{
	while (blanks && below(3) == 0)
		buf_char(b, " \n\t\r"[below(4)]);
}

/* A value at random; recursion ends where depth is 0. */
static void
write_value(struct buf *b, unsigned depth, bool blanks)
{
	static const char *const scalars[] = {"\"\"", "\"eventName\"", "\"\\\\\"",
	    "\"{\\\"a\\\":[1,2]}\"", "\"\xc3\xa9\"", "0", "-12.5e3", "true", "false", "null",
	    "\"arn:aws:iam::123456789012:user/a, [b] {c}: d\""};
	bool object = below(2) == 0;
	unsigned n = below(5);

	write_blanks(b, blanks);
	if (depth == 0 || below(4) == 0) {
		buf_str(b, str_of(scalars[below(LENGTH(scalars))]));
		write_blanks(b, blanks);
		return;
	}
	buf_char(b, object ? '{' : '[');
	write_blanks(b, blanks);
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			buf_char(b, ',');
		write_blanks(b, blanks);
		if (object)
			buf_str(b, str_of(scalars[below(5)]));
		write_blanks(b, blanks);
		if (object)
			buf_char(b, ':');
		write_value(b, depth - 1, blanks);
	}
	buf_char(b, object ? '}' : ']');
	write_blanks(b, blanks);
}

/* Values at random, as they are and with a byte changed. */
static void
test_random(void)
{
	for (int i = 0; i < 6000; i++) {
		struct buf b = {0};

		write_value(&b, 1 + below(6), i % 2 == 0);
		try(b.p, b.n);
		for (int k = 0; k < 5; k++) {
			size_t at = below((unsigned)b.n);
			char was = b.p[at];

			b.p[at] = bytes[below(sizeof(bytes))];
			try(b.p, b.n);
			b.p[at] = was;
		}
		buf_free(&b);
	}
	result("values at random");
}

static void
test_vectors(void)
{
	const char *vectors = getenv("SPITZEL_VECTORS");
	char folder[4096], path[8192], text[200000];
	struct dirent *entry;
	DIR *d;

	if (vectors == NULL || *vectors == '\0') {
		note("SPITZEL_VECTORS is not set: without the public suite");
		return;
	}
	(void)snprintf(folder, sizeof(folder), "%s/json-parsing", vectors);
	d = opendir(folder);
	while (d != NULL && (entry = readdir(d)) != NULL) {
		FILE *f;

		if (strchr("yni", entry->d_name[0]) == NULL || entry->d_name[1] != '_')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		f = fopen(path, "rb");
		if (!ok(f != NULL, "%s opened", path))
			continue;
		try(text, fread(text, 1, sizeof(text), f));
		(void)fclose(f);
	}
	if (d != NULL)
		(void)closedir(d);
	ok(n_texts > 300, "%u files of the public suite", n_texts);
	result("the public suite");
}

int
main(void)
{
	json_doc_init(&doc);
	test_changes();
	test_pieces();
	test_backslashes();
	test_every_byte();
	test_depth();
	test_sequences();
	test_random();
	test_vectors();
	ok(all_say((struct str){"1", JSON_MAX_BYTES + 1u}, false), "too long");
	json_doc_free(&doc);
	return done_testing();
}

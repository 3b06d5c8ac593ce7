/* RFC 8259: what is accepted, what is refused and where, and what comes out. With SPITZEL_VECTORS
 * set to the folder of the public suites, its json-parsing/ runs as well. */
#include <dirent.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../json.h"
#include "../number.h"
#include "kernels.h"
#include "tap.h"
#include "tokens.h"

#define LENGTH(a) (sizeof(a) / sizeof(*(a)))
#define S(literal)                                                                                 \
	{                                                                                          \
		"" literal, sizeof(literal) - 1                                                    \
	}

/* Parse text, which must be valid. */
static void
parse(struct json_doc *doc, struct str text)
{
	struct err err;

	json_doc_init(doc);
	if (json_parse(doc, text, &err) != 0 || !all_say(text, true)) {
		ok(false, "unexpected error at %zu: %s", err.pos, err.msg);
		exit(1);
	}
}

static bool
equal(const char *a, const char *b)
{
	struct json_doc x, y;
	bool forth, back;

	parse(&x, str_of(a));
	parse(&y, str_of(b));
	forth = json_equal(x.v, y.v);
	back = json_equal(y.v, x.v);
	json_doc_free(&x);
	json_doc_free(&y);
	if (forth != back)
		note("%s and %s: not the same turned round", a, b);
	return forth && back;
}

static const struct {
	const char *text;
	enum json_type type;
	const char *value; /* json_text */
	const char *print; /* NULL: as the text */
} values[] = {
    {"null", JSON_NULL, "null", NULL},
    {"true", JSON_TRUE, "true", NULL},
    {"false", JSON_FALSE, "false", NULL},
    {" \t\r\n null\n\r\t ", JSON_NULL, "null", "null"},
    {"0", JSON_NUMBER, "0", NULL},
    {"-0", JSON_NUMBER, "-0", NULL},
    {"-0.0e-0", JSON_NUMBER, "-0.0e-0", NULL},
    {"1234567890", JSON_NUMBER, "1234567890", NULL},
    {"1.50E+009", JSON_NUMBER, "1.50E+009", NULL},
    {"123456789012345678901234567890.12345678901234567890e400", JSON_NUMBER,
	"123456789012345678901234567890.12345678901234567890e400", NULL},
    {"1e99999999999999999999", JSON_NUMBER, "1e99999999999999999999", NULL},
    {"\"\"", JSON_STRING, "", NULL},
    {"\"a\"", JSON_STRING, "a", NULL},
    {" \"a b\" ", JSON_STRING, "a b", "\"a b\""},
    {"\"exactly8\"", JSON_STRING, "exactly8", NULL},
    {"\"longer than sixteen bytes\"", JSON_STRING, "longer than sixteen bytes", NULL},
    {"\"\x7f\"", JSON_STRING, "\x7f", NULL},
    {"\"\xc2\x80\xe2\x80\xae\xef\xbf\xbf\xf4\x8f\xbf\xbf\"", JSON_STRING,
	"\xc2\x80\xe2\x80\xae\xef\xbf\xbf\xf4\x8f\xbf\xbf", NULL},
    {"\"\xef\xbb\xbf\"", JSON_STRING, "\xef\xbb\xbf", NULL},
    {"[]", JSON_ARRAY, "[]", NULL},
    {" [ ] ", JSON_ARRAY, "[ ]", "[]"},
    {"{}", JSON_OBJECT, "{}", NULL},
    {"\n{\n}\n", JSON_OBJECT, "{\n}", "{}"},
    {"[[],{},[[]],\"\",0]", JSON_ARRAY, "[[],{},[[]],\"\",0]", NULL},
    {"[ 1 , \"b\" ,\ttrue\r\n, null ] ", JSON_ARRAY, "[ 1 , \"b\" ,\ttrue\r\n, null ]",
	"[1,\"b\",true,null]"},
    {"{ \"b\" : { } , \"\" : [ ] , \"a\\u0062\" : -1 }", JSON_OBJECT,
	"{ \"b\" : { } , \"\" : [ ] , \"a\\u0062\" : -1 }", "{\"b\":{},\"\":[],\"ab\":-1}"},
};

static void
test_values(void)
{

	for (size_t i = 0; i < LENGTH(values); i++) {
		struct json_doc doc;
		struct buf out = {0};
		const char *print = values[i].print != NULL ? values[i].print : values[i].text;

		parse(&doc, str_of(values[i].text));
		is_int(doc.v->type, values[i].type, "type of %s", values[i].text);
		is_int(doc.v->skip, doc.n, "values in %s", values[i].text);
		is_mem(
		    doc.v->text, doc.v->len, values[i].value, strlen(values[i].value), "its text");
		json_print(&out, doc.v);
		is_mem(out.p, out.n, print, strlen(print), "printed");
		buf_free(&out);
		json_doc_free(&doc);
	}
}

static const struct {
	const char *text; /* between the quotes */
	struct str want;
} strings[] = {
    {"\\\"\\\\\\/\\b\\f\\n\\r\\t", S("\"\\/\b\f\n\r\t")},
    {"\\u0041\\u00e9\\u00E9\\u1234\\uFfFf", S("A\xc3\xa9\xc3\xa9\xe1\x88\xb4\xef\xbf\xbf")},
    {"\\u0000", S("\0")},
    {"a\\u0000b", S("a\0b")},
    {"\\u0022\\u005c\\u002f", S("\"\\/")},
    {"\\u007f\\u0080\\u07ff\\u0800", S("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80")},
    {"\\ud7ff\\ue000", S("\xed\x9f\xbf\xee\x80\x80")},
    {"\\ud800\\udc00", S("\xf0\x90\x80\x80")},
    {"\\uD83D\\uDE00!", S("\xf0\x9f\x98\x80!")},
    {"\\udbff\\udfff", S("\xf4\x8f\xbf\xbf")},
    /* halves of pairs */
    {"\\ud800", S("\xef\xbf\xbd")},
    {"\\udc00", S("\xef\xbf\xbd")},
    {"\\ud800x", S("\xef\xbf\xbdx")},
    {"\\ud800\\n", S("\xef\xbf\xbd\n")},
    {"\\ud800\\u0041",
	S("\xef\xbf\xbd"
	  "A")},
    {"\\ud800\\ud800", S("\xef\xbf\xbd\xef\xbf\xbd")},
    {"\\udc00\\ud800", S("\xef\xbf\xbd\xef\xbf\xbd")},
    {"\\udc00\\udc00", S("\xef\xbf\xbd\xef\xbf\xbd")},
    {"\\ud800\\ud800\\udc00", S("\xef\xbf\xbd\xf0\x90\x80\x80")},
    {"\\ud800\\ue000", S("\xef\xbf\xbd\xee\x80\x80")},
    {"\\udbff\\udbff\\udfff\\udfff", S("\xef\xbf\xbd\xf4\x8f\xbf\xbf\xef\xbf\xbd")},
    /* runs around escapes */
    {"12345678\\n12345678", S("12345678\n12345678")},
    {"1234567\\t", S("1234567\t")},
    {"\\t1234567890123456", S("\t1234567890123456")},
    {"\xc3\xa9\\u00e9\xc3\xa9", S("\xc3\xa9\xc3\xa9\xc3\xa9")},
    {"\\\\\\\\\\\\", S("\\\\\\")},
    {"\\\\u0041", S("\\u0041")},
    {"\\/", S("/")},
};

static void
test_strings(void)
{

	for (size_t i = 0; i < LENGTH(strings); i++) {
		struct json_doc doc, again;
		struct buf text = {0}, out = {0};

		buf_printf(&text, "[\"%s\", {\"%s\": 1}]", strings[i].text, strings[i].text);
		parse(&doc, buf_slice(&text));
		is_mem(doc.v[1].text, doc.v[1].len, strings[i].want.p, strings[i].want.n,
		    "string %s", strings[i].text);
		is_mem(doc.v[3].text, doc.v[3].len, strings[i].want.p, strings[i].want.n,
		    "the same as a name");
		ok(json_get(&doc.v[2], strings[i].want) == &doc.v[4], "found by it");
		json_print(&out, doc.v);
		parse(&again, buf_slice(&out));
		ok(json_equal(doc.v, again.v), "printed as %.*s", (int)out.n, out.p);
		json_doc_free(&again);
		json_doc_free(&doc);
		buf_free(&out);
		buf_free(&text);
	}
}

static const struct {
	struct str text;
	size_t pos;
} invalid[] = {
    /* nothing, and too much */
    {S(""), 0},
    {S("  "), 2},
    {S("1 2"), 2},
    {S("{} {}"), 3},
    {S("[],"), 2},
    {S("null\0"), 4},
    {S("\0null"), 0},
    {S("[]]"), 2},
    {S("1}"), 1},
    /* not JSON */
    {S("\xef\xbb\xbfnull"), 0},
    {S("\xff\xfe[\0]\0"), 0},
    {S("nul"), 0},
    {S("nulL"), 0},
    {S("True"), 0},
    {S("TRUE"), 0},
    {S("truex"), 4},
    {S("nullnull"), 4},
    {S("undefined"), 0},
    {S("NaN"), 0},
    {S("Infinity"), 0},
    {S("'a'"), 0},
    {S("a"), 0},
    {S("/**/1"), 0},
    {S("1//"), 1},
    {S("[1]#"), 3},
    {S("\f1"), 0},
    {S("\v1"), 0},
    {S("\xc2\xa0"
       "1"),
	0},
    {S("1\xc2\xa0"), 1},
    /* numbers */
    {S("-"), 0},
    {S("+1"), 0},
    {S(".5"), 0},
    {S("-.5"), 0},
    {S("- 1"), 0},
    {S("--1"), 0},
    {S("01"), 1},
    {S("-01"), 2},
    {S("00"), 1},
    {S("00.5"), 1},
    {S("1."), 1},
    {S("1.e5"), 1},
    {S("1.5.5"), 3},
    {S("1e"), 1},
    {S("1e+"), 1},
    {S("1e5e5"), 3},
    {S("1e5.5"), 3},
    {S("0x10"), 1},
    {S("1_000"), 1},
    {S("1,"), 1},
    {S("1a"), 1},
    {S("-Infinity"), 0},
    {S("[-]"), 1},
    {S("[1.]"), 2},
    {S("1\0"), 1},
    {S("[1e]"), 2},
    {S("\xef\xbc\x91"), 0},
    /* strings: an open one is told at its quote */
    {S("\""), 0},
    {S("\"a"), 0},
    {S("\"\\"), 0},
    {S("\"\\\""), 0},
    {S("[\"a"), 1},
    {S("\"a\\"), 0},
    {S("\"12345678"), 0},
    {S("\"12345678\\\""), 0},
    {S("\"a\nb\""), 2},
    {S("\"\t\""), 1},
    {S("\"\0\""), 1},
    {S("\"\x1f\""), 1},
    {S("\"12345678\x01"
       "2345678\""),
	9},
    {S("\"1234567\r\""), 8},
    {S("\"\\a\""), 1},
    {S("\"\\'\""), 1},
    {S("\"\\x41\""), 1},
    {S("\"\\0\""), 1},
    {S("\"\\\n\""), 1},
    {S("\"\\U0041\""), 1},
    {S("\"\\N\""), 1},
    {S("\"\\ \""), 1},
    {S("\"\\u\""), 1},
    {S("\"\\u1\""), 1},
    {S("\"\\u123\""), 1},
    {S("\"\\u12g4\""), 1},
    {S("\"\\u 123\""), 1},
    {S("\"\\u+123\""), 1},
    {S("\"\\u123"), 0},
    {S("\"ab\\ud800\\uzzzz\""), 9},
    {S("\"\\ud800\\u12\""), 7},
    {S("\"\\u1234"), 0},
    /* UTF-8 */
    {S("\"\x80\""), 1},
    {S("\"\xbf\""), 1},
    {S("\"\xc0\x80\""), 1},
    {S("\"\xc1\xbf\""), 1},
    {S("\"\xc3\""), 1},
    {S("\"\xc3(\""), 1},
    {S("\"\xe0\x80\x80\""), 1},
    {S("\"\xe0\x9f\xbf\""), 1},
    {S("\"\xe1\x88\""), 1},
    {S("\"\xed\xa0\x80\""), 1},
    {S("\"\xed\xbf\xbf\""), 1},
    {S("\"\xf0\x80\x80\x80\""), 1},
    {S("\"\xf0\x8f\xbf\xbf\""), 1},
    {S("\"\xf0\x9f\x98\""), 1},
    {S("\"\xf4\x90\x80\x80\""), 1},
    {S("\"\xf5\x80\x80\x80\""), 1},
    {S("\"\xfe\""), 1},
    {S("\"\xff\""), 1},
    {S("\"1234567\xff\""), 8},
    {S("\"\\n\xed\xa0\x80\""), 3},
    {S("{\"\xff\":1}"), 2},
    {S("[\xc3\xa9]"), 1},
    /* arrays */
    {S("["), 1},
    {S("[1"), 2},
    {S("[1,"), 3},
    {S("[1,]"), 3},
    {S("[,1]"), 1},
    {S("[1,,2]"), 3},
    {S("[1 2]"), 3},
    {S("[1;2]"), 2},
    {S("[1:2]"), 2},
    {S("[}"), 1},
    {S("[1}"), 2},
    {S("]"), 0},
    {S("[[]"), 3},
    {S("[\"a\":1]"), 4},
    /* objects */
    {S("{"), 1},
    {S("}"), 0},
    {S("{1:1}"), 1},
    {S("{a:1}"), 1},
    {S("{'a':1}"), 1},
    {S("{\"a\""), 4},
    {S("{\"a\"}"), 4},
    {S("{\"a\":"), 5},
    {S("{\"a\":}"), 5},
    {S("{\"a\":1"), 6},
    {S("{\"a\":1,"), 7},
    {S("{\"a\":1,}"), 7},
    {S("{,}"), 1},
    {S("{\"a\" 1}"), 5},
    {S("{\"a\",1}"), 4},
    {S("{\"a\"::1}"), 5},
    {S("{\"a\":1 \"b\":2}"), 7},
    {S("{\"a\":1;\"b\":2}"), 6},
    {S("{\"a\":1]"), 6},
    {S("{]"), 1},
    {S("{null:1}"), 1},
    {S("{[]:1}"), 1},
    {S("{\"a\":1,,\"b\":2}"), 7},
    {S("{\"a"), 1},
    {S("{\"a\":\"b"), 5},
    {S("{\"a\"=1}"), 4},
};

static void
test_invalid(void)
{

	for (size_t i = 0; i < LENGTH(invalid); i++) {
		struct json_doc doc;
		struct err err = {99999, ""};
		char shown[60];

		json_doc_init(&doc);
		(void)str_escape(shown, sizeof(shown), invalid[i].text);
		ok(all_say(invalid[i].text, false), "not valid: %s", shown);
		if (ok(json_parse(&doc, invalid[i].text, &err) == -1, "invalid: %s", shown)) {
			if (!is_int(err.pos, invalid[i].pos, "where: %s", shown))
				note("%s", err.msg);
			ok(err.msg[0] != '\0' && strpbrk(err.msg, "\n\r\x1b\xff") == NULL &&
				err.msg[strlen(err.msg) - 1] != '.',
			    "message: %s", err.msg);
		}
		json_doc_free(&doc);
	}
}

/* Each byte at each place of a string but the last, where a backslash would take the quote along:
 * it is right from 0x20 to 0x7f but for '"' and '\\'. */
static void
test_every_byte(void)
{
	char text[26];
	int bad = 0;

	for (size_t at = 1; at + 2 < sizeof(text); at++)
		for (unsigned c = 0; c <= 0xff; c++) {
			struct json_doc doc;
			struct err err = {99999, ""};
			bool want = c >= 0x20 && c <= 0x7f && c != '"' && c != '\\';
			bool got;

			memset(text, 'x', sizeof(text));
			text[0] = text[sizeof(text) - 1] = '"';
			text[at] = (char)c;
			json_doc_init(&doc);
			got = json_parse(&doc, (struct str){text, sizeof(text)}, &err) == 0;
			/* A quote ends the string: what follows is wrong. */
			if (got != want || !all_say((struct str){text, sizeof(text)}, got) ||
			    (!got && err.pos != at + (c == '"'))) {
				bad++;
				note("byte 0x%02x at %zu", c, at);
			}
			json_doc_free(&doc);
		}
	is_int(bad, 0, "each byte at each place of a string");
}

static void
nest(struct buf *out, size_t depth, bool objects, const char *inside)
{
	for (size_t i = 0; i < depth; i++)
		buf_str(out, objects ? STR("{\"a\":") : STR("["));
	buf_str(out, str_of(inside));
	for (size_t i = 0; i < depth; i++)
		buf_char(out, objects ? '}' : ']');
}

static void
test_depth(void)
{
	for (int objects = 0; objects < 2; objects++) {
		struct buf text = {0}, out = {0}, small = {0};
		struct json_doc doc, again;
		struct err err = {0};

		nest(&text, JSON_MAX_DEPTH, objects, "1");
		parse(&doc, buf_slice(&text));
		is_int(doc.n, objects ? 2 * JSON_MAX_DEPTH + 1 : JSON_MAX_DEPTH + 1,
		    "%d containers in each other", JSON_MAX_DEPTH);
		json_print(&out, doc.v);
		is_mem(out.p, out.n, text.p, text.n, "printed");
		json_minify(&small, buf_slice(&text));
		is_mem(small.p, small.n, text.p, text.n, "minified");
		parse(&again, buf_slice(&out));
		ok(json_equal(doc.v, again.v), "compared");
		json_doc_free(&again);

		text.n = 0;
		nest(&text, JSON_MAX_DEPTH + 1, objects, "1");
		ok(json_parse(&doc, buf_slice(&text), &err) == -1, "one more is refused: %s",
		    err.msg);
		is_int(err.pos, (size_t)JSON_MAX_DEPTH * (objects ? 5 : 1), "at its bracket");
		json_doc_free(&doc);
		buf_free(&small);
		buf_free(&text);
		buf_free(&out);
	}
}

/* What closes is not counted any more: many deep values side by side. A million open brackets are
 * an error and not a crash. */
static void
test_depth_is_not_length(void)
{
	struct buf text = {0};
	struct json_doc doc;
	struct err err = {0};

	buf_char(&text, '[');
	for (int i = 0; i < 50; i++) {
		nest(&text, JSON_MAX_DEPTH - 1, i % 2, "null");
		buf_char(&text, i < 49 ? ',' : ']');
	}
	parse(&doc, buf_slice(&text));
	is_int(doc.v->count, 50, "deep values side by side");
	text.n = 0;
	for (int i = 0; i < 1000000; i++)
		buf_char(&text, '[');
	ok(json_parse(&doc, buf_slice(&text), &err) == -1 && err.pos == JSON_MAX_DEPTH,
	    "a million brackets: %s", err.msg);
	json_doc_free(&doc);
	buf_free(&text);
}

/* An object of n members whose values are their index; the names repeat after `names` of them. */
static void
write_object(struct buf *out, uint32_t n, uint32_t names)
{
	buf_char(out, '{');
	for (uint32_t i = 0; i < n; i++)
		buf_printf(
		    out, "%s\"k%u\":%u", i > 0 ? "," : "", (unsigned)(i % names), (unsigned)i);
	buf_char(out, '}');
}

static void
check_members(uint32_t n, uint32_t names)
{
	const uint32_t left = names < n ? names : n;
	struct json_doc doc, again;
	struct buf text = {0}, out = {0};
	const struct json *m;
	uint32_t seen = 0;
	int bad = 0;
	char name[16];

	write_object(&text, n, names);
	parse(&doc, buf_slice(&text));
	is_int(doc.v->count, left, "%u members of %u names: count", (unsigned)n, (unsigned)names);
	is_int(doc.n, 2 * n + 1, "all of them in the document");
	for (m = json_first_member(doc.v); m != NULL; m = json_next_member(doc.v, m)) {
		/* The last `left` members are those that win, in their order. */
		uint32_t index = n - left + seen++;

		(void)snprintf(name, sizeof(name), "%u", (unsigned)index);
		bad += !str_eq(json_text(m + 1), str_of(name));
		(void)snprintf(name, sizeof(name), "k%u", (unsigned)(index % names));
		bad += !str_eq(json_text(m), str_of(name));
		bad += json_get(doc.v, str_of(name)) != m + 1;
	}
	ok(bad == 0 && seen == left, "iteration and json_get see the last ones");
	json_print(&out, doc.v);
	parse(&again, buf_slice(&out));
	ok(json_equal(doc.v, again.v) && again.v->count == left && again.n == 2 * left + 1,
	    "printed without the others");
	json_doc_free(&again);
	json_doc_free(&doc);
	buf_free(&out);
	buf_free(&text);
}

static void
test_duplicates(void)
{
	static const uint32_t sizes[] = {1, 2, 3, 47, 48, 49, 50, 1000};
	struct json_doc doc;
	const struct json *v;

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		check_members(sizes[i], sizes[i]);
		check_members(sizes[i], 1);
		if (sizes[i] > 2) {
			check_members(sizes[i], 2);
			check_members(sizes[i], sizes[i] - 1);
		}
	}
	parse(&doc, STR("{\"a\":1,\"\\u0061\":{\"a\":2,\"a\":[3]},\"b\":{\"a\":4},\"\":5,\"\":6}"));
	is_int(doc.v->count, 3, "names are the same however they are escaped");
	v = json_get(doc.v, STR("a"));
	ok(v != NULL && v->type == JSON_OBJECT && v->count == 1, "the last one wins");
	v = v != NULL ? json_get(v, STR("a")) : NULL;
	ok(v != NULL && v->type == JSON_ARRAY, "inside as well");
	v = json_get(doc.v, STR(""));
	ok(v != NULL && str_eq(json_text(v), STR("6")), "the empty name is one, too");
	ok(json_get(doc.v, STR("A")) == NULL, "names have case");
	json_doc_free(&doc);
	ok(equal("{\"a\":1,\"a\":2}", "{\"a\":2}"), "a shadowed member does not count in equality");
	ok(!equal("{\"a\":1,\"a\":2}", "{\"a\":1}"), "nor does its value");
	ok(!equal("{\"a\":1,\"a\":2}", "{\"a\":2,\"b\":2}"), "nor its place");
}

static void
test_access(void)
{
	struct json_doc doc;
	const struct json *a, *e;
	const struct json *v;
	int n = 0;

	parse(&doc, STR("{\"a\":[10,[20,[30]],{\"x\":40},[],{},50],\"b\":\"text\",\"n\":null}"));
	a = json_get(doc.v, STR("a"));
	ok(a != NULL && a->type == JSON_ARRAY && a->count == 6, "an array of six");
	for (e = json_begin(a); e < json_end(a); e = json_next(e))
		n++;
	is_int(n, 6, "six by iteration");
	v = json_get(doc.v, STR("b"));
	ok(v != NULL && json_next(json_end(a)) == v, "behind the array: the name, then its value");
	ok(json_get(a, STR("a")) == NULL, "an array has no members");
	ok(json_get(v, STR("t")) == NULL, "a string has no members");
	v = json_get(doc.v, STR("n"));
	ok(v != NULL && v->type == JSON_NULL, "null is a value");
	ok(json_get(doc.v, STR("c")) == NULL, "no such member");
	json_doc_free(&doc);

	parse(&doc, STR("[{},[]]"));
	ok(json_first_member(doc.v + 1) == NULL, "no member in {}");
	ok(json_get(doc.v + 1, STR("a")) == NULL, "nothing in {}");
	ok(json_begin(doc.v + 2) == json_end(doc.v + 2), "nothing in []");
	json_doc_free(&doc);
}

static void
test_equal(void)
{
	static const struct {
		const char *a, *b;
		bool want;
	} cases[] = {
	    {"null", "null", true},
	    {"true", "false", false},
	    {"null", "false", false},
	    {"1", "1.0", true},
	    {"100", "1e2", true},
	    {"0", "-0.0", true},
	    {"1", "2", false},
	    {"1", "\"1\"", false},
	    {"1", "true", false},
	    {"0", "null", false},
	    {"9007199254740993", "9007199254740992", false},
	    {"12345678901234567890", "12345678901234567890.0", true},
	    {"\"a\"", "\"\\u0061\"", true},
	    {"\"a\"", "\"A\"", false},
	    {"\"\"", "[]", false},
	    {"\"\xc3\xa9\"", "\"e\xcc\x81\"", false},
	    {"\"a\"", "\"a\\u0000\"", false},
	    {"[]", "[ ]", true},
	    {"[]", "{}", false},
	    {"[1,2]", "[1,2]", true},
	    {"[1,2]", "[2,1]", false},
	    {"[1]", "[1,1]", false},
	    {"[[]]", "[]", false},
	    {"[[1],2]", "[[1,2]]", false},
	    {"[[],[]]", "[[[]]]", false},
	    {"{}", "{ }", true},
	    {"{\"a\":1,\"b\":2}", "{\"b\":2.0,\"a\":1}", true},
	    {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
	    {"{\"a\":1}", "{\"b\":1}", false},
	    {"{\"a\":null}", "{}", false},
	    {"{\"a\":null}", "{\"b\":null}", false},
	    {"{\"a\":{\"x\":[1,{\"y\":2,\"z\":3}]}}", "{\"a\":{\"x\":[1.0,{\"z\":3,\"y\":2}]}}",
		true},
	    {"{\"a\":{\"x\":[1,{\"y\":2,\"z\":3}]}}", "{\"a\":{\"x\":[1,{\"z\":2,\"y\":3}]}}",
		false},
	    {"{\"a\":[1,2]}", "{\"a\":[2,1]}", false},
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		ok(equal(cases[i].a, cases[i].b) == cases[i].want, "%s %s %s", cases[i].a,
		    cases[i].want ? "equals" : "is not", cases[i].b);
}

/* Objects of n members, the second one in another order; they differ in what `change` says. */
static bool
large_equal(uint32_t n, int change)
{
	struct buf a = {0}, b = {0};
	bool equals;

	buf_char(&a, '{');
	buf_char(&b, '{');
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = i * 7 % n; /* 7 divides no n in use: all of them, in another order */
		const char *name = change == 1 && k == n / 2 ? "other" : "k";
		unsigned value = (unsigned)k + (change == 2 && k == n / 2);

		buf_printf(&a, "%s\"k%u\":[%u]", i > 0 ? "," : "", (unsigned)i, (unsigned)i);
		buf_printf(&b, "%s\"%s%u\":[%u.0]", i > 0 ? "," : "", name, (unsigned)k, value);
	}
	/* A member of a name that is there already does not count, but its value does. */
	if (change >= 3)
		buf_printf(&a, ",\"k%u\":%s", (unsigned)n - 1, change == 3 ? "0" : "");
	if (change >= 4)
		buf_printf(&a, "[%u]", (unsigned)n - 1);
	buf_char(&a, '}');
	buf_char(&b, '}');
	buf_char(&a, '\0');
	buf_char(&b, '\0');
	equals = equal(a.p, b.p);
	buf_free(&a);
	buf_free(&b);
	return equals;
}

static void
test_equal_large(void)
{
	static const uint32_t sizes[] = {2, 47, 48, 50, 51, 1000};

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		unsigned n = (unsigned)sizes[i];

		ok(large_equal(n, 0), "%u members in another order are equal", n);
		ok(!large_equal(n, 1), "%u members, one has another name", n);
		ok(!large_equal(n, 2), "%u members, one has another value", n);
		ok(!large_equal(n, 3), "%u members, one is shadowed by another value", n);
		ok(large_equal(n, 4), "%u members, one is shadowed by the same value", n);
	}
}

static void
test_print_string(void)
{
	static const struct {
		struct str s;
		const char *want;
	} cases[] = {
	    {S(""), "\"\""},
	    {S("a/b"), "\"a/b\""},
	    {S("\"\\\n\0\x1f\x7f"), "\"\\\"\\\\\\u000a\\u0000\\u001f\x7f\""},
	    {S("\xc3\xa9\xf0\x9f\x98\x80"), "\"\xc3\xa9\xf0\x9f\x98\x80\""},
	    {S("a\xff"
	       "b"),
		"\"a\xef\xbf\xbd"
		"b\""},
	    {S("\xc3"), "\"\xef\xbf\xbd\""},
	    {S("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct json_doc want, got;
		struct buf out = {0};

		/* How a character is escaped is free: compare what is read back. */
		json_print_string(&out, cases[i].s);
		parse(&got, buf_slice(&out));
		parse(&want, str_of(cases[i].want));
		ok(json_equal(want.v, got.v), "string %zu printed as %.*s", i, (int)out.n, out.p);
		json_doc_free(&want);
		json_doc_free(&got);
		buf_free(&out);
	}
}

static void
test_minify(void)
{
	static const char *const cases[][2] = {
	    {" 1 ", "1"},
	    {"\t\"a b\\\" \\\\\" \n", "\"a b\\\" \\\\\""},
	    {"[ ]", "[]"},
	    {"{ \"a b\" :\r\n [ 1 , 2.50E1 , \" \" ] }\n", "{\"a b\":[1,2.50E1,\" \"]}"},
	    {"\"\\u0061 \\/\"", "\"\\u0061 \\/\""},
	    {"{\"a\":1, \"a\":2}", "{\"a\":1,\"a\":2}"},
	    {"\"\\\\\" ", "\"\\\\\""},
	    {"[\"\\\\\" , \"x y\"]", "[\"\\\\\",\"x y\"]"},
	    {"[\"\xc2\xa0 \xe2\x80\x83\"]", "[\"\xc2\xa0 \xe2\x80\x83\"]"},
	    {"", ""},
	    /* not valid: no promise but to end */
	    {"\"open ", "\"open "},
	    {"\"\\", "\"\\"},
	};
	struct buf out = {0};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		out.n = 0;
		json_minify(&out, str_of(cases[i][0]));
		ok(str_eq(buf_slice(&out), str_of(cases[i][1])), "minified: %s", cases[i][0]);
	}
	out.n = 0;
	buf_char(&out, 'x');
	json_minify(&out, STR("[ 1 ]"));
	json_minify(&out, STR(""));
	is_mem(out.p, out.n, "x[1]", 4, "behind what is there");
	buf_free(&out);
}

static const char *const documents[] = {
    ("{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"AssumedRole\",\"arn\":null},"
     "\"n\":[1,-2.5e+3,true,false],\"e\":{},\"a\":[ ],"
     "\"errorMessage\":\"line\\nend \\\"quoted\\\" \\\\ \\u00e9\\ud83d\\ude00\"}"),
    ("  [ \"12345678\" , \"\xc3\xa9\xe1\x88\xb4\xf0\x9f\x98\x80\" ,"
     " \"\\ud800\\ud800\\udc00\" , -0.0E-10 ]  "),
    "{\"a\":1,\"a\":2,\"\\u0061\":3,\"b\":\"\x7f\",\"\":null}",
    "\"one long string with an escape at its very end, and then some more text behind it\\t\"",
    "-12345678901234567890.12345678901234567890e-12345678901234567890",
};

/* Every prefix of the documents right before a page that cannot be read: a look beyond the end
 * crashes. None but the whole may be valid, except for a number and white space. */
static void
test_guard_page(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(
	    NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct json_doc doc;

	if (map == MAP_FAILED || mprotect(map + page, page, PROT_NONE) != 0) {
		ok(false, "a guard page");
		return;
	}
	json_doc_init(&doc);
	for (size_t i = 0; i < LENGTH(documents); i++) {
		const size_t all = strlen(documents[i]);
		size_t valid = 0;

		for (size_t n = 0; n <= all; n++) {
			struct str text = {map + page - n, n};
			struct buf out = {0};
			struct err err = {99999, ""};
			int rv;

			memcpy(map + page - n, documents[i], n);
			rv = json_parse(&doc, text, &err);
			valid += rv == 0;
			if (!all_say(text, rv == 0) ||
			    (rv == 0 ? doc.v->skip != doc.n : err.pos > n))
				ok(false, "document %zu to byte %zu", i, n);
			json_minify(&out, text);
			json_print_string(&out, text);
			buf_escaped(&out, text, n);
			(void)number_scan(text.p, text.p + n);
			buf_free(&out);
		}
		ok(documents[i][0] == '-' || valid == 1 + (documents[i][0] == ' ' ? 2 : 0),
		    "document %zu, every prefix before a guard page", i);
	}
	json_doc_free(&doc);
	(void)munmap(map, 2 * page);
}

/* Every sequence of up to six tokens. */
static void
test_sequences(void)
{
	enum { MOST = 6 };
	size_t bad = 0, valid = 0;
	struct json_doc doc;
	struct buf b = {0};

	json_doc_init(&doc);
	for (size_t n = 0, all = 1; n <= MOST; n++, all *= TOKENS)
		for (size_t number = 0; number < all; number++) {
			struct err err;
			bool good;

			b.n = 0;
			add_tokens(&b, number, n);
			good = json_parse(&doc, buf_slice(&b), &err) == 0;
			valid += good;
			bad += !all_say(buf_slice(&b), good);
		}
	buf_free(&b);
	is_int(bad, 0, "each sequence of tokens: all say the same");
	is_int(valid, 354, "as many are values as Python has it");
	json_doc_free(&doc);
}

/* Any cap of the arena for strings: an error, or the whole value. */
static void
test_caps(void)
{
	for (size_t i = 0; i < LENGTH(documents); i++) {
		struct json_doc want;
		size_t cap = 0;
		int rv = -1, bad = 0;

		parse(&want, str_of(documents[i]));
		for (; rv != 0 && cap < 10000; cap++) {
			struct json_doc doc;
			struct err err = {99999, ""};

			json_doc_init(&doc);
			doc.strings.cap = cap;
			rv = json_parse(&doc, str_of(documents[i]), &err);
			if (rv == 0)
				bad += !json_equal(doc.v, want.v);
			else
				bad += err.pos > strlen(documents[i]) || err.msg[0] == '\0';
			bad += doc.strings.used > cap;
			json_doc_free(&doc);
		}
		ok(rv == 0 && bad == 0, "document %zu with every cap to %zu", i, cap - 1);
		json_doc_free(&want);
	}
}

/* A document is used again and again, after errors as well. */
static void
test_reuse(void)
{
	struct json_doc doc;
	struct err err;
	struct buf big = {0}, out = {0};
	int bad = 0;

	json_doc_init(&doc);
	write_object(&big, 20000, 20000);
	for (int round = 0; round < 3; round++) {
		bad += json_parse(&doc, buf_slice(&big), &err) != 0 || doc.v->count != 20000;
		bad += json_parse(&doc, STR("[1,\"a\\n\","), &err) != -1 || err.pos != 9;
		bad += json_parse(&doc, STR("[\"\\u0062\"]"), &err) != 0 || doc.n != 2;
		out.n = 0;
		json_print(&out, doc.v);
		bad += !str_eq(buf_slice(&out), STR("[\"b\"]"));
	}
	is_int(bad, 0, "one document for many texts");
	buf_free(&out);
	buf_free(&big);
	json_doc_free(&doc);
	json_doc_free(&doc);
}

static void
read_file(const char *folder, const char *name, struct buf *out)
{
	struct buf path = {0};
	char block[4096];
	size_t n;
	FILE *f;

	buf_printf(&path, "%s/%s", folder, name);
	buf_char(&path, '\0');
	out->n = 0;
	f = fopen(path.p, "rb");
	if (f == NULL) {
		ok(false, "cannot open %s", path.p);
		exit(1);
	}
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(out, block, n);
	(void)fclose(f);
	buf_free(&path);
}

/* One file of the suite: y_ is valid, n_ is not, of i_ either is right. */
static void
run_vector(const char *folder, const char *name)
{
	struct buf text = {0}, out = {0};
	struct json_doc doc, again;
	struct err err = {0};
	int rv;

	read_file(folder, name, &text);
	json_doc_init(&doc);
	rv = json_parse(&doc, buf_slice(&text), &err);
	if (rv != 0 && name[0] == 'y')
		note("at %zu: %s", err.pos, err.msg);
	ok(name[0] == 'i' || rv == (name[0] == 'y' ? 0 : -1), "%s", name);
	if (rv == 0) {
		json_print(&out, doc.v);
		parse(&again, buf_slice(&out));
		ok(json_equal(doc.v, again.v), "%s, printed and read back", name);
		json_doc_free(&again);
	}
	json_doc_free(&doc);
	buf_free(&out);
	buf_free(&text);
}

static void
test_vectors(void)
{
	const char *vectors = getenv("SPITZEL_VECTORS");
	struct buf folder = {0};
	struct dirent *entry;
	int n = 0;
	DIR *d;

	if (vectors == NULL || *vectors == '\0') {
		note("SPITZEL_VECTORS is not set: without the public suite");
		return;
	}
	buf_printf(&folder, "%s/json-parsing", vectors);
	buf_char(&folder, '\0');
	d = opendir(folder.p);
	while (d != NULL && (entry = readdir(d)) != NULL)
		if (strchr("yni", entry->d_name[0]) != NULL && entry->d_name[1] == '_') {
			run_vector(folder.p, entry->d_name);
			n++;
		}
	ok(n > 300, "%d files of the public suite", n);
	if (d != NULL)
		(void)closedir(d);
	buf_free(&folder);
}

int
main(void)
{
	test_values();
	test_strings();
	test_invalid();
	test_every_byte();
	test_depth();
	test_depth_is_not_length();
	test_duplicates();
	test_access();
	test_equal();
	test_equal_large();
	test_print_string();
	test_minify();
	test_guard_page();
	test_sequences();
	test_caps();
	test_reuse();
	test_vectors();
	return done_testing();
}

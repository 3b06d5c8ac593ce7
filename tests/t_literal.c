/* Tests of literal.c. What `accepted` holds was asked of Python's ast.literal_eval. */
#include "../literal.h"

#include <stdlib.h>

#include "tap.h"

struct accepted {
	const char *text;
	const char *rest; /* what follows the literal */
	const char *json; /* what it means */
};

static const struct accepted accepted[] = {
	{"\"AccessDenied\"", "", "\"AccessDenied\""},
	{"'AccessDenied'", " and $.b", "\"AccessDenied\""},
	{"\"\"", "", "\"\""},
	{"''", ")", "\"\""},
	{"\"\"\"a\"b\"\"c\"\"\"", "", "\"a\\\"b\\\"\\\"c\""},
	{"'''it's'''", "", "\"it's\""},
	{"\"\"\"a\nb\r\nc\rd\"\"\"", "", "\"a\\nb\\nc\\nd\""},
	{"\"\"\"\\\nx\"\"\"", "", "\"x\""},
	{"\"a\\\nb\"", "", "\"ab\""},
	{"\"a\\\r\nb\"", "", "\"ab\""},
	{"\"it's\"", "", "\"it's\""},
	{"'say \"hi\"'", "", "\"say \\\"hi\\\"\""},
	{"\"\\\\ \\' \\\" \\a\\b\\f\\n\\r\\t\\v\"", "",
	    "\"\\\\ ' \\\" \\u0007\\b\\f\\n\\r\\t\\u000b\""},
	{"\"\\0\\7\\12\\101\\1011\\777\\8\"", "", "\"\\u0000\\u0007\\nAA1\\u01ff\\\\8\""},
	{"\"\\x41\\xe9\\xFF\\x7f\"", "", "\"A\\u00e9\\u00ff\\u007f\""},
	{"\"\\u00e9\\u20AC\\U0001F600\"", "", "\"\\u00e9\\u20ac\\ud83d\\ude00\""},
	{"\"\\d+\\.\\w\\s\\/\\z\\\303\251\"", "", "\"\\\\d+\\\\.\\\\w\\\\s\\\\/\\\\z\\\\\\u00e9\""},
	{"r\"\\d+\\.x\\\"y\\\\\"", "", "\"\\\\d+\\\\.x\\\\\\\"y\\\\\\\\\""},
	{"R'\\n\\u0041'", "", "\"\\\\n\\\\u0041\""},
	{"r\"\"\"a\\\nb\"\"\"", "", "\"a\\\\\\nb\""},
	{"u\"x\"", "", "\"x\""},
	{"U'x'", "", "\"x\""},
	{"\"\303\251\342\202\254\360\237\230\200\"", "", "\"\\u00e9\\u20ac\\ud83d\\ude00\""},
	{"\"a\" \"b\"", "", "\"ab\""},
	{"'a'\"b\" r'\\c' u\"\"\"d\"\"\"", " == 1", "\"ab\\\\cd\""},
	{"(\"a\"\n \"b\")", "", "\"ab\""},
	{"\"tab\tand\001\"", "", "\"tab\\tand\\u0001\""},
	{"\"\"\"\"\"\" \"x\"", "", "\"x\""},
	{"\"a\"", "and 1", "\"a\""},
	{"\"a\"", " or \"b\"", "\"a\""},
	{"\"\\\\\"", "", "\"\\\\\""},
	{"'\\''", "", "\"'\""},
	{"\"\"\"\\\"\"\"\"", "", "\"\\\"\""},
	{"0", "", "0"},
	{"1", " ", "1"},
	{"00", "", "0"},
	{"0_0", "", "0"},
	{"12", ")", "12"},
	{"-12", ",", "-12"},
	{"+12", "]", "12"},
	{"-  12", "", "-12"},
	{"- \t12", "", "-12"},
	{"-0", "", "0"},
	{"1_000_000", "", "1000000"},
	{"123456789012", "", "123456789012"},
	{"9223372036854775808", "", "9223372036854775808"},
	{"123456789012345678901234567890123456789", "", "123456789012345678901234567890123456789"},
	{"0xff", "", "255"},
	{"0XFF", "", "255"},
	{"0x_f_f", "", "255"},
	{"-0x10", "", "-16"},
	{"0x0000", "", "0"},
	{"0o17", "", "15"},
	{"0O7_7", "", "63"},
	{"0b1010", "", "10"},
	{"0B1", "", "1"},
	{"-0b11", "", "-3"},
	{"0xffffffffffffffff", "", "18446744073709551615"},
	{"0x3b9aca00", "", "1000000000"},
	{"0x3b9aca0000000000000000", "", "72057594037927936000000000"},
	{"0x8ac7230489e80000", "", "10000000000000000000"},
	{"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "",
	    "115792089237316195423570985008687907853269984665640564039457584007913129639935"},
	{"0o7777777777777777777777777777777777777777", "", "1329227995784915872903807060280344575"},
	{"0b10000000000000000000000000000000000000000000000000000000000000000000000", "",
	    "1180591620717411303424"},
	{"0xde0b6b3a7640000", "", "1000000000000000000"},
	{"0x204fce5e3e25026110000001", "", "10000000000000000000000000001"},
	{"1.", "", "1.0"},
	{".5", "", "0.5"},
	{"-.5", "", "-0.5"},
	{"+.5", "", "0.5"},
	{"1.5", "", "1.5"},
	{"1e5", "", "100000.0"},
	{"1E5", "", "100000.0"},
	{"1.e5", "", "100000.0"},
	{"1.e-5", "", "1e-05"},
	{"1e+05", "", "100000.0"},
	{".5e1", "", "5.0"},
	{"1_0.5_0e1_0", "", "105000000000.0"},
	{"012.5", "", "12.5"},
	{"00.5", "", "0.5"},
	{"012e1", "", "120.0"},
	{"0e0", "", "0.0"},
	{"0.1", "", "0.1"},
	{"-0.0", "", "-0.0"},
	{"3.141592653589793", "", "3.141592653589793"},
	{"True", "", "true"},
	{"False", " or", "false"},
	{"None", ")", "null"},
	{"[]", "", "[]"},
	{"[1]", "", "[1]"},
	{"[1,]", "", "[1]"},
	{"[ 1 , 2 ]", " x", "[1, 2]"},
	{"[\n1,\r\n\t2\014]", "", "[1, 2]"},
	{"()", "", "[]"},
	{"( )", "", "[]"},
	{"(1)", "", "1"},
	{"((1))", "", "1"},
	{"(1,)", "", "[1]"},
	{"( 1 , )", "", "[1]"},
	{"(1,2)", "", "[1, 2]"},
	{"(1,2,)", "", "[1, 2]"},
	{"((1),)", "", "[1]"},
	{"((1,),)", "", "[[1]]"},
	{"((),)", "", "[[]]"},
	{"([],())", "", "[[], []]"},
	{"((\"a\" \"b\"))", "", "\"ab\""},
	{"[(1),(2,)]", "", "[1, [2]]"},
	{"(\"a\",\"b\")", " and", "[\"a\", \"b\"]"},
	{"{}", "", "{}"},
	{"{\"a\":1}", "", "{\"a\": 1}"},
	{"{\"a\":1,}", "", "{\"a\": 1}"},
	{"{'a' : None , \"b\":[True,(False,)]}", "", "{\"a\": null, \"b\": [true, [false]]}"},
	{"{\"a\":1,\"b\":2,\"a\":3}", "", "{\"a\": 3, \"b\": 2}"},
	{"{\"a\" \"b\":1}", "", "{\"ab\": 1}"},
	{"{r\"\\d\":{}}", "", "{\"\\\\d\": {}}"},
	{"{\"a\":{\"a\":{\"a\":()}},\"\":\"\"}", "", "{\"a\": {\"a\": {\"a\": []}}, \"\": \"\"}"},
	{"{\"a\":(1),\"b\":(1,)}", "", "{\"a\": 1, \"b\": [1]}"},
	{"{\"a\":{\"b\":1,\"b\":2},\"a\":{\"b\":3}}", "", "{\"a\": {\"b\": 3}}"},
	{"[\"a\" \"b\",\"c\"]", "", "[\"ab\", \"c\"]"},
	{"[-1,+1,- 1]", "", "[-1, 1, -1]"},
	{"[\"arn:aws:iam::123456789012:role/*\"]", "", "[\"arn:aws:iam::123456789012:role/*\"]"},
	{"\t \"x\"", "", "\"x\""},
};

/* Where Python says something else, or nothing: its own rules are in literal.h. */
static const struct accepted ours[] = {
	{"true", "", "true"},
	{"false", " and", "false"},
	{"null", "", "null"},
	{"[true,False,null,None]", "", "[true,false,null,null]"},
	{"\"a\"\n  'b'", "", "\"ab\""},
	{"\n\n1", "\n", "1"},
	{"\"\\ud83d\\ude00\"", "", "\"\360\237\230\200\""},
	{"\"\\U0000d83d\\ude00\"", "", "\"\360\237\230\200\""},
	{"\"\\ud83d\"", "", "\"\357\277\275\""},
	{"\"\\ude00\\ud83d\"", "", "\"\357\277\275\357\277\275\""},
	{"\"\\ud83d\\ud83d\\ude00\"", "", "\"\357\277\275\360\237\230\200\""},
	{"\"\\ud83d\" \"\\ude00\"", "", "\"\357\277\275\357\277\275\""},
	{"0.1000000000000000000000000000000000000001", "",
	    "0.1000000000000000000000000000000000000001"},
	{"1e999", "", "1e999"},
	{"'it'", " is", "\"it\""},
	{"\"a\"", "or\"b\"", "\"a\""},
	{"5", "(", "5"},
	{"True", "\"\"", "true"},
};

/* How numbers are written down: JSON's syntax, and no digit that was not there. */
static const struct {
	const char *text;
	const char *printed;
} numbers[] = {
	{"1.", "1.0"},
	{".5", "0.5"},
	{"-.5", "-0.5"},
	{"+1", "1"},
	{"-  007.250", "-7.250"},
	{"000", "0"},
	{"-0", "-0"},
	{"1_0.5_0e1_0", "10.50e10"},
	{"1.E+05", "1.0E+05"},
	{"-0x_7F", "-127"},
	{"0x0", "0"},
	{"0b11111111111111111111111111111111", "4294967295"},
	{"0x3b9aca00", "1000000000"},
	{"0xde0b6b3a7640001", "1000000000000000001"},
};

struct refused {
	const char *text;
	size_t pos;
	const char *msg;
};

#define WORD "a Python literal expected; put text in quotes: "
#define NO_SETS "JSON has no sets; use a list: [1, 2]"
#define NAMES "the names in a JSON object are strings; "
#define NO_BYTES "bytes literals cannot be compared with JSON; leave out the b"
#define COMPLEX "complex numbers cannot be compared with JSON"
#define UNDERSCORE "an underscore in a number stands between two digits"
#define ZEROS "a number has no leading zeros; put an identifier in quotes: "

static const struct refused refused[] = {
	{"", 0, "a Python literal expected, but the text ends"},
	{"  ", 2, "a Python literal expected, but the text ends"},
	{"AccessDenied", 0, WORD "\"AccessDenied\""},
	{" AccessDenied and $.b", 1, WORD "\"AccessDenied\""},
	{"arn:aws:iam::1:role/x", 0, WORD "\"arn:aws:iam::1:role/x\""},
	{"10.0.0.0/8", 0, WORD "\"10.0.0.0/8\""},
	{"2023-07-10", 0, WORD "\"2023-07-10\""},
	{"-5x", 0, WORD "\"-5x\""},
	{"- 5x", 2, WORD "\"5x\""},
	{"5and", 0, WORD "\"5and\""},
	{"1e", 0, WORD "\"1e\""},
	{"0b12", 0, WORD "\"0b12\""},
	{"_1", 0, WORD "\"_1\""},
	{"...", 0, WORD "\"...\""},
	{"*Denied", 0, WORD "\"*Denied\""},
	{".*\\.com", 0, WORD "r\".*\\.com\""},
	{"Nonesuch", 0, WORD "\"Nonesuch\""},
	{"x\033[2J", 0, WORD "\"x\\x1b\""},
	{"\303\251", 0, WORD "\"\303\251\""},
	{"\377", 0, WORD "\"\\xff\""},
	{"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee", 0,
	    WORD "\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeee...\""},
	{"TRUE", 0, "a Python literal expected; write True or False"},
	{"[NULL]", 1, "a Python literal expected; write None or null"},
	{"$.a.b", 0, "a Python literal expected; a JSONPath stands on the left side only"},
	{"$['a']", 0, "a Python literal expected; a JSONPath stands on the left side only"},
	{"$LATEST", 0, WORD "\"$LATEST\""},
	{"\342\200\234x\342\200\235", 0, "a Python literal expected; use straight quotes, ' or \""},
	{"=1", 0, "a Python literal expected, but there is '='"},
	{")", 0, "a Python literal expected, but there is ')'"},
	{"b\"x\"", 0, NO_BYTES},
	{"Rb'x'", 1, NO_BYTES},
	{"\"a\" b\"c\"", 4, NO_BYTES},
	{"f\"x\"", 0, "an f-string is no literal; leave out the f"},
	{"ur\"x\"", 0, "there is no string prefix ur"},
	{"\"abc", 0, "the string has no end"},
	{"[\"abc\\", 1, "the string has no end"},
	{"r\"abc\\\"", 0, "the string has no end"},
	{"\"\"\"abc\"\"", 0, "the string has no end"},
	{"'a\nb'", 0, "the string has no end on its line; write \\n, or use triple quotes"},
	{"'a\rb'", 0, "the string has no end on its line; write \\n, or use triple quotes"},
	{"\"ab\\x4\"", 3, "\\x wants two hexadecimal digits"},
	{"\"\\u12g4\"", 1, "\\u wants four hexadecimal digits"},
	{"\"\\U0001F60\"", 1, "\\U wants eight hexadecimal digits"},
	{"\"\\U00110000\"", 1, "there is no character beyond \\U0010ffff"},
	{"\"\\N{BULLET}\"", 1,
	    "characters are not known by name; write \\uXXXX in place of \\N{...}"},
	{"\"a\303\"", 2, "invalid UTF-8 in a string"},
	{"'\300\200'", 1, "invalid UTF-8 in a string"},
	{"'\355\240\200'", 1, "invalid UTF-8 in a string"},
	{"r'\\\200'", 3, "invalid UTF-8 in a string"},
	{"007", 0, ZEROS "\"007\""},
	{"-012345678901", 1, ZEROS "\"012345678901\""},
	{"0_7", 0, ZEROS "\"0_7\""},
	{"1__0", 1, UNDERSCORE},
	{"1_", 1, UNDERSCORE},
	{"1_.5", 1, UNDERSCORE},
	{"1.5_", 3, UNDERSCORE},
	{"1e5_e", 3, UNDERSCORE},
	{"0xf__f", 3, UNDERSCORE},
	{"1._5", 0, WORD "\"1._5\""},
	{"1e_5", 0, WORD "\"1e_5\""},
	{"0x", 2, "a hexadecimal digit expected, but the text ends"},
	{"0x_", 2, "a hexadecimal digit expected, but there is '_'"},
	{"0o8", 2, "an octal digit expected, but there is '8'"},
	{"0b2", 2, "a binary digit expected, but there is '2'"},
	{"-", 1, "a digit expected, but the text ends"},
	{"--1", 1, "a digit expected, but there is '-'"},
	{"- True", 2, "a digit expected, but there is 'T'"},
	{"-\303\251", 1, "a digit expected, but there is '\303\251'"},
	{"1j", 0, COMPLEX},
	{"[1, 012.5J]", 4, COMPLEX},
	{"{1}", 0, NO_SETS},
	{"{1, 2}", 0, NO_SETS},
	{"[{'a'}]", 1, NO_SETS},
	{"{'a', 'b'}", 0, NO_SETS},
	{"{1: 2}", 1, NAMES "put the key in quotes"},
	{"{'a': 1, None: 2}", 9, NAMES "put the key in quotes"},
	{"{(1, 2): 3}", 1, NAMES "a set is written as a list: [1, 2]"},
	{"{name: 1}", 1, WORD "\"name\""},
	{"{'a': x:y}", 6, WORD "\"x:y\""},
	{"{'a': 1, 'b'}", 12, "':' expected, but there is '}'"},
	{"{'a' 1}", 5, "':' expected, but there is '1'"},
	{"{'a': }", 6, "a Python literal expected, but there is '}'"},
	{"{,}", 1, "a Python literal expected, but there is ','"},
	{"{'a': 1 'b': 2}", 8, "',' or '}' expected, but there is '''"},
	{"{", 1, "a Python literal expected, but the text ends"},
	{"[,]", 1, "a Python literal expected, but there is ','"},
	{"(,)", 1, "a Python literal expected, but there is ','"},
	{"[1,,2]", 3, "a Python literal expected, but there is ','"},
	{"[1 2]", 3, "',' or ']' expected, but there is '2'"},
	{"[1", 2, "',' or ']' expected, but the text ends"},
	{"[1)", 2, "',' or ']' expected, but there is ')'"},
	{"(1]", 2, "',' or ')' expected, but there is ']'"},
	{"[1, # one\n2]", 4, WORD "\"#\""},
};

/* Parse from memory that ends with the text, and give that back before the values are used. */
static int
parse(const char *text, size_t n, size_t *used, struct json_doc *doc, struct err *err)
{
	char *copy = xmalloc(n);
	int rv;

	if (n > 0)
		memcpy(copy, text, n);
	*used = 0;
	*err = (struct err){0};
	rv = literal_parse((struct str){copy, n}, used, doc, err);
	free(copy);
	return rv;
}

static void
test_accepted(const struct accepted *table, size_t n)
{
	struct json_doc got, want;

	json_doc_init(&got);
	json_doc_init(&want);
	for (size_t i = 0; i < n; i++) {
		const struct accepted *a = &table[i];
		struct buf text = {0};
		struct err err;
		size_t used;

		buf_str(&text, str_of(a->text));
		buf_str(&text, str_of(a->rest));
		if (ok(parse(text.p, text.n, &used, &got, &err) == 0, "%s is read", a->text)) {
			is_int(used, strlen(a->text), "%s: bytes read", a->text);
			ok(json_parse(&want, str_of(a->json), &err) == 0 &&
			    json_equal(got.v, want.v), "%s is %s", a->text, a->json);
		} else {
			note("%zu: %s", err.pos, err.msg);
		}
		buf_free(&text);
	}
	json_doc_free(&got);
	json_doc_free(&want);
}

static void
test_numbers(void)
{
	struct json_doc doc;

	json_doc_init(&doc);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const char *text = numbers[i].text, *want = numbers[i].printed;
		struct buf out = {0};
		struct err err;
		size_t used;

		if (ok(parse(text, strlen(text), &used, &doc, &err) == 0, "%s is read", text)) {
			json_print(&out, doc.v);
			is_mem(out.p, out.n, want, strlen(want), "%s is written %s", text, want);
		}
		buf_free(&out);
	}
	json_doc_free(&doc);
}

static void
test_refused(void)
{
	struct json_doc doc;

	json_doc_init(&doc);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct refused *r = &refused[i];
		struct err err;
		size_t used;

		ok(parse(r->text, strlen(r->text), &used, &doc, &err) != 0, "%s is refused",
		    r->text);
		is_int(err.pos, r->pos, "%s: position", r->text);
		is_str(err.msg, r->msg, "%s: message", r->text);
	}
	json_doc_free(&doc);
}

/* A literal that is cut off anywhere is read or refused, never read past its end. */
static void
test_cut_off(void)
{
	struct json_doc doc;
	bool fits = true;

	json_doc_init(&doc);
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
		for (size_t n = 0; n < strlen(accepted[i].text); n++) {
			struct err err;
			size_t used;

			if (parse(accepted[i].text, n, &used, &doc, &err) == 0)
				fits = fits && used <= n;
			else
				fits = fits && err.pos <= n && err.msg[0] != '\0';
		}
	ok(fits, "cut off literals stay in bounds");
	json_doc_free(&doc);
}

static void
fill(struct buf *b, const char *s, size_t times)
{
	while (times-- > 0)
		buf_str(b, str_of(s));
}

/* Parse `open` times n, `middle`, `close` times n. */
static int
parse_nested(const char *open, const char *middle, const char *close, size_t n,
    struct json_doc *doc, struct err *err)
{
	struct buf b = {0};
	size_t used;
	int rv;

	fill(&b, open, n);
	fill(&b, middle, 1);
	fill(&b, close, n);
	rv = parse(b.p, b.n, &used, doc, err);
	if (rv == 0)
		is_int(used, b.n, "%zu times %s: bytes read", n, open);
	buf_free(&b);
	return rv;
}

static void
test_limits(void)
{
	const size_t deep = LITERAL_MAX_DEPTH, digits = LITERAL_MAX_DIGITS;
	struct json_doc doc;
	struct err err;

	json_doc_init(&doc);
	ok(parse_nested("[", "1", "]", deep, &doc, &err) == 0, "deep lists");
	is_int(doc.n, deep + 1, "a list has a value for each bracket");
	ok(parse_nested("[", "1", "]", deep + 1, &doc, &err) != 0, "too deep lists");
	is_int(err.pos, deep, "too deep lists: position");
	is_str(err.msg, "more than 200 open brackets", "too deep lists: message");
	ok(parse_nested("(", "1", ")", deep, &doc, &err) == 0, "deep parentheses");
	is_int(doc.n, 1, "parentheses leave no value");
	ok(parse_nested("{'a':(", "'b'", ",)}", deep / 2, &doc, &err) == 0, "deep dicts");
	ok(parse_nested("{'a':(", "'b'", ",)}", deep / 2 + 1, &doc, &err) != 0, "too deep dicts");
	ok(parse_nested("", "0x", "f", digits, &doc, &err) == 0, "many hexadecimal digits");
	is_int(doc.v->len, 78914, "2^262144 - 1 has 78914 digits");
	is_mem(doc.v->text, 20, "16113257174857604736", 20, "and starts with these");
	is_mem(doc.v->text + 78894, 20, "62605349934298300415", 20, "and ends with these");
	ok(parse_nested("", "0x", "f", digits + 1, &doc, &err) != 0, "too many hexadecimal digits");
	is_str(err.msg, "more than 65536 digits in a number that is not decimal", "and it says so");
	ok(parse_nested("", "1", "0", digits + 1, &doc, &err) == 0, "many decimal digits");
	json_doc_free(&doc);
}

static void
test_length(void)
{
	struct json_doc doc;
	struct buf b = {0};
	struct err err;
	size_t used;

	json_doc_init(&doc);
	fill(&b, "'", 1);
	fill(&b, "\1", LITERAL_MAX_BYTES - 2);
	fill(&b, "'", 1);
	if (ok(parse(b.p, b.n, &used, &doc, &err) == 0, "as long a text as there may be"))
		is_int(doc.v->len, LITERAL_MAX_BYTES - 2, "and all of its string");
	fill(&b, " ", 1);
	ok(parse(b.p, b.n, &used, &doc, &err) != 0, "a longer one is refused");
	is_str(err.msg, "more than 1048576 bytes in one literal", "and it says so");
	ok(parse(NULL, 0, &used, &doc, &err) != 0, "no text at all is refused");
	buf_free(&b);
	json_doc_free(&doc);
}

/* The values are laid out as json.h says. */
static void
test_layout(void)
{
	static const char text[] = "{'a': 1, 'b': (2, [3]), 'a': ('x\\n',)}";
	struct json_doc doc;
	const struct json *a;
	struct err err;
	size_t used;

	json_doc_init(&doc);
	if (ok(parse(text, strlen(text), &used, &doc, &err) == 0, "a dict")) {
		is_int(doc.n, 11, "values");
		is_int(doc.v->type, JSON_OBJECT, "type");
		is_int(doc.v->count, 2, "a name given twice counts once");
		is_int(doc.v->skip, doc.n, "the root spans all");
		a = json_get(doc.v, STR("a"));
		if (ok(a != NULL && a->type == JSON_ARRAY && a->count == 1, "the last a wins"))
			ok(str_eq(json_text(a + 1), STR("x\n")), "its element");
		ok(json_get(doc.v, STR("b")) != NULL && json_get(doc.v, STR("b"))->skip == 4, "b");
	}
	ok(parse("7", 1, &used, &doc, &err) == 0 && doc.n == 1, "a document is used again");
	json_doc_free(&doc);
}

int
main(void)
{
	test_accepted(accepted, sizeof(accepted) / sizeof(accepted[0]));
	test_accepted(ours, sizeof(ours) / sizeof(ours[0]));
	test_numbers();
	test_refused();
	test_cut_off();
	test_limits();
	test_length();
	test_layout();
	return done_testing();
}

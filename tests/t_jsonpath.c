/* JSONPath: the examples of RFC 9535's sections, our extensions, error positions, prefixes, limits.
 */
#include <stdlib.h>

#include "../jsonpath.h"
#include "tap.h"

#define ARRAY_END(a) ((a) + sizeof(a) / sizeof((a)[0]))

static struct jsonpath_scratch *scratch;

struct output {
	struct buf *values; /* [value,...] */
	struct buf *places; /* one after another, a blank between */
};

static int
collect(void *context, const struct json *node, const struct jsonpath_place *place, struct err *err)
{
	struct output *out = context;

	(void)err;
	if (out->places->n > 0) {
		buf_char(out->values, ',');
		buf_char(out->places, ' ');
	}
	json_print(out->values, node);
	jsonpath_print_place(out->places, place);
	return 0;
}

/* Fill in both buffers, each ended by a NUL; an error is values "error: ...". */
static void
query(const char *text, struct str document, struct buf *values, struct buf *places)
{
	struct output out = {values, places};
	struct json_doc doc;
	struct jsonpath *path = NULL;
	struct err err = {0};
	int rv = -1;

	json_doc_init(&doc);
	buf_char(values, '[');
	if (json_parse(&doc, document, &err) == 0)
		path = jsonpath_compile(str_of(text), NULL, &err);
	if (path != NULL)
		rv = jsonpath_each(path, doc.v, scratch, collect, &out, &err);
	buf_char(values, ']');
	if (rv != 0) {
		values->n = 0;
		buf_printf(values, "error: %s", err.msg);
	}
	buf_char(values, '\0');
	buf_char(places, '\0');
	jsonpath_free(path);
	json_doc_free(&doc);
}

struct example {
	const char *path;
	const char *values; /* NULL: not compared */
	const char *places; /* NULL: not compared */
};

static void
run(const char *section, const char *document, const struct example *e, const struct example *end)
{
	for (; e < end; e++) {
		struct buf values = {0}, places = {0};

		query(e->path, str_of(document), &values, &places);
		if (e->values != NULL)
			is_str(values.p, e->values, "%s: %s", section, e->path);
		if (e->places != NULL)
			is_str(places.p, e->places, "%s: places of %s", section, e->path);
		buf_free(&values);
		buf_free(&places);
	}
}

static const char store[] =
    "{\"store\":{\"book\":["
    "{\"category\":\"reference\",\"author\":\"Nigel Rees\",\"title\":\"Sayings of the Century\","
    "\"price\":8.95},"
    "{\"category\":\"fiction\",\"author\":\"Evelyn Waugh\",\"title\":\"Sword of Honour\","
    "\"price\":12.99},"
    "{\"category\":\"fiction\",\"author\":\"Herman Melville\",\"title\":\"Moby Dick\","
    "\"isbn\":\"0-553-21311-3\",\"price\":8.99},"
    "{\"category\":\"fiction\",\"author\":\"J. R. R. Tolkien\",\"title\":\"The Lord of the Rings\","
    "\"isbn\":\"0-395-19395-8\",\"price\":22.99}],"
    "\"bicycle\":{\"color\":\"red\",\"price\":399}}}";

static void
test_overview(void)
{
	static const struct example examples[] = {
	    {"$.store.book[*].author",
		"[\"Nigel Rees\",\"Evelyn Waugh\",\"Herman Melville\",\"J. R. R. Tolkien\"]", NULL},
	    {"$..author",
		"[\"Nigel Rees\",\"Evelyn Waugh\",\"Herman Melville\",\"J. R. R. Tolkien\"]", NULL},
	    {"$.store.*", NULL, "$['store']['book'] $['store']['bicycle']"},
	    {"$.store..price", "[8.95,12.99,8.99,22.99,399]", NULL},
	    {"$..book[2]", NULL, "$['store']['book'][2]"},
	    {"$..book[2].author", "[\"Herman Melville\"]", NULL},
	    {"$..book[2].publisher", "[]", ""},
	    {"$..book[-1]", NULL, "$['store']['book'][3]"},
	    {"$..book[0,1]", NULL, "$['store']['book'][0] $['store']['book'][1]"},
	    {"$..book[:2]", NULL, "$['store']['book'][0] $['store']['book'][1]"},
	    {"$..book[?@.isbn]", NULL, "$['store']['book'][2] $['store']['book'][3]"},
	    {"$..book[?@.price<10]", NULL, "$['store']['book'][0] $['store']['book'][2]"},
	    {"$..*", NULL,
		"$['store'] $['store']['book'] $['store']['bicycle'] "
		"$['store']['book'][0] $['store']['book'][1] $['store']['book'][2] "
		"$['store']['book'][3] "
		"$['store']['book'][0]['category'] $['store']['book'][0]['author'] "
		"$['store']['book'][0]['title'] $['store']['book'][0]['price'] "
		"$['store']['book'][1]['category'] $['store']['book'][1]['author'] "
		"$['store']['book'][1]['title'] $['store']['book'][1]['price'] "
		"$['store']['book'][2]['category'] $['store']['book'][2]['author'] "
		"$['store']['book'][2]['title'] $['store']['book'][2]['isbn'] "
		"$['store']['book'][2]['price'] "
		"$['store']['book'][3]['category'] $['store']['book'][3]['author'] "
		"$['store']['book'][3]['title'] $['store']['book'][3]['isbn'] "
		"$['store']['book'][3]['price'] "
		"$['store']['bicycle']['color'] $['store']['bicycle']['price']"},
	};

	run("1.5", store, examples, ARRAY_END(examples));
}

static void
test_selectors(void)
{
	static const struct example root[] = {{"$", "[{\"k\":\"v\"}]", "$"}};
	static const struct example name[] = {
		{"$.o['j j']", "[{\"k.k\":3}]", "$['o']['j j']"},
		{"$.o['j j']['k.k']", "[3]", "$['o']['j j']['k.k']"},
		{"$.o[\"j j\"][\"k.k\"]", "[3]", "$['o']['j j']['k.k']"},
		{"$[\"'\"][\"@\"]", "[2]", "$['\\'']['@']"},
	};
	static const struct example wildcard[] = {
		{"$[*]", "[{\"j\":1,\"k\":2},[5,3]]", "$['o'] $['a']"},
		{"$.o[*]", "[1,2]", "$['o']['j'] $['o']['k']"},
		{"$.o[*, *]", "[1,2,1,2]", NULL},
		{"$.a[*]", "[5,3]", "$['a'][0] $['a'][1]"},
	};
	static const struct example index[] = {
		{"$[1]", "[\"b\"]", "$[1]"},
		{"$[-2]", "[\"a\"]", "$[0]"},
		{"$[2]", "[]", ""},
		{"$[-3]", "[]", ""},
	};
	static const struct example slice[] = {
		{"$[1:3]", "[\"b\",\"c\"]", "$[1] $[2]"},
		{"$[5:]", "[\"f\",\"g\"]", "$[5] $[6]"},
		{"$[1:5:2]", "[\"b\",\"d\"]", "$[1] $[3]"},
		{"$[5:1:-2]", "[\"f\",\"d\"]", "$[5] $[3]"},
		{"$[::-1]", NULL, "$[6] $[5] $[4] $[3] $[2] $[1] $[0]"},
		{"$[::0]", "[]", ""},
		{"$[-3::-3]", "[\"e\",\"b\"]", "$[4] $[1]"},
		{"$[::9007199254740991]", "[\"a\"]", "$[0]"},
		{"$[::-9007199254740991]", "[\"g\"]", "$[6]"},
		{"$[9007199254740991:-9007199254740991:-3]", "[\"g\",\"d\",\"a\"]", NULL},
		{"$[-9007199254740991:9007199254740991:3]", "[\"a\",\"d\",\"g\"]", NULL},
	};

	run("2.2.3", "{\"k\":\"v\"}", root, ARRAY_END(root));
	run("2.3.1.3", "{\"o\":{\"j j\":{\"k.k\":3}},\"'\":{\"@\":2}}", name, ARRAY_END(name));
	run("2.3.2.3", "{\"o\":{\"j\":1,\"k\":2},\"a\":[5,3]}", wildcard, ARRAY_END(wildcard));
	run("2.3.3.3", "[\"a\",\"b\"]", index, ARRAY_END(index));
	run("2.3.4.3", "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]", slice, ARRAY_END(slice));
}

/* Section 2.3.5.3, first table, and what it leaves out. */
static void
test_comparisons(void)
{
	static const struct {
		const char *comparison;
		bool holds;
	} cases[] = {
	    {"$.absent1 == $.absent2", true},
	    {"$.absent1 <= $.absent2", true},
	    {"$.absent == 'g'", false},
	    {"$.absent1 != $.absent2", false},
	    {"$.absent != 'g'", true},
	    {"1 <= 2", true},
	    {"1 > 2", false},
	    {"13 == '13'", false},
	    {"'a' <= 'b'", true},
	    {"'a' > 'b'", false},
	    {"$.obj == $.arr", false},
	    {"$.obj != $.arr", true},
	    {"$.obj == $.obj", true},
	    {"$.obj != $.obj", false},
	    {"$.arr == $.arr", true},
	    {"$.arr != $.arr", false},
	    {"$.obj == 17", false},
	    {"$.obj != 17", true},
	    {"$.obj <= $.arr", false},
	    {"$.obj < $.arr", false},
	    {"$.obj <= $.obj", true},
	    {"$.arr <= $.arr", true},
	    {"1 <= $.arr", false},
	    {"1 >= $.arr", false},
	    {"1 > $.arr", false},
	    {"1 < $.arr", false},
	    {"true <= true", true},
	    {"true > true", false},
	    {"$.absent < 1", false},
	    {"$.absent >= $.absent", true},
	    {"$.absent == null", false},
	    {"null >= null", true},
	    {"true == 1", false},
	    {"-0 == 0.0", true},
	    {"1e3 == 1000", true},
	    {"9007199254740993 > 9007199254740992", true},
	    {"'\\ud83d\\ude00' > '\\uffff'", true}, /* code points, not UTF-16 units */
	    {"'' < 'a'", true},
	    {"'a' < 'ab'", true},
	    {"$.arr == $.same", true},
	    {"$.obj.x == 'y' && !($.obj.x == 'z') || false == true", true},
	    {"$.obj || $.absent && $.absent", true},
	    {"!$.absent && !$.arr[2]", true},
	    {"length($.arr) == 2 && length($.obj) == 1 && length('\\u00fc\\ud83d\\ude00') == 2",
		true},
	    {"length(1) == length($.absent)", true},
	    {"length(length($.arr)) == 2", false},
	    {"count($..x) == 1 && count($.absent) == 0 && count($.arr) == 1", true},
	    {"value($.obj.*) == 'y'", true},
	    {"value($.arr.*) == $.absent", true},
	    {"match('ab', 'a.') && !match('abc', 'a.') && search('xabc', 'a.')", true},
	    {"match(1, 'a') || match('a', 1) || search('a', '(') || match($.absent, '.*')", false},
	    {"match($.obj.x, $.obj.x) && !search($.obj.x, $.arr)", true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf path = {0}, values = {0}, places = {0};

		buf_printf(&path, "$[?%s]%c", cases[i].comparison, '\0');
		query(path.p, STR("{\"obj\":{\"x\":\"y\"},\"arr\":[2,3],\"same\":[2.0,30e-1]}"),
		    &values, &places);
		is_str(places.p, cases[i].holds ? "$['obj'] $['arr'] $['same']" : "",
		    "2.3.5.3: %s is %s", cases[i].comparison, cases[i].holds ? "true" : "false");
		buf_free(&path);
		buf_free(&values);
		buf_free(&places);
	}
}

static void
test_filters(void)
{
	static const struct example examples[] = {
	    {"$.a[?@.b == 'kilo']", "[{\"b\":\"kilo\"}]", "$['a'][9]"},
	    {"$.a[?(@.b == 'kilo')]", "[{\"b\":\"kilo\"}]", "$['a'][9]"},
	    {"$.a[?@>3.5]", "[5,4,6]", "$['a'][1] $['a'][4] $['a'][5]"},
	    {"$.a[?@.b]", NULL, "$['a'][6] $['a'][7] $['a'][8] $['a'][9]"},
	    {"$[?@.*]", NULL, "$['a'] $['o']"},
	    {"$[?@[?@.b]]", NULL, "$['a']"},
	    {"$.o[?@<3, ?@<3]", "[1,2,1,2]", NULL},
	    {"$.a[?@<2 || @.b == \"k\"]", "[1,{\"b\":\"k\"}]", "$['a'][2] $['a'][7]"},
	    {"$.a[?match(@.b, \"[jk]\")]", "[{\"b\":\"j\"},{\"b\":\"k\"}]", NULL},
	    {"$.a[?search(@.b, \"[jk]\")]", "[{\"b\":\"j\"},{\"b\":\"k\"},{\"b\":\"kilo\"}]", NULL},
	    {"$.o[?@>1 && @<4]", "[2,3]", "$['o']['q'] $['o']['r']"},
	    {"$.o[?@.u || @.x]", "[{\"u\":6}]", "$['o']['t']"},
	    {"$.a[?@.b == $.x]", "[3,5,1,2,4,6]", NULL},
	    {"$.a[?@ == @]", NULL,
		"$['a'][0] $['a'][1] $['a'][2] $['a'][3] $['a'][4] $['a'][5] $['a'][6] $['a'][7] "
		"$['a'][8] $['a'][9]"},
	    {"$.a[?@.b == $.e]", "[]", NULL},
	    {"$.a[?search(@.b, $.e)]", "[]", NULL},
	    {"$.e[?@ == 'f']", "[]", NULL},
	};

	run("2.3.5.3",
	    "{\"a\":[3,5,1,2,4,6,{\"b\":\"j\"},{\"b\":\"k\"},{\"b\":{}},{\"b\":\"kilo\"}],"
	    "\"o\":{\"p\":1,\"q\":2,\"r\":3,\"s\":5,\"t\":{\"u\":6}},\"e\":\"f\"}",
	    examples, ARRAY_END(examples));
}

static void
test_segments(void)
{
	static const struct example child[] = {
		{"$[0, 3]", "[\"a\",\"d\"]", NULL},
		{"$[0:2, 5]", "[\"a\",\"b\",\"f\"]", NULL},
		{"$[0, 0]", "[\"a\",\"a\"]", NULL},
	};
	static const struct example descendant[] = {
	    {"$..j", "[1,4]", "$['o']['j'] $['a'][2][0]['j']"},
	    {"$..[0]", "[5,{\"j\":4}]", "$['a'][0] $['a'][2][0]"},
	    {"$..[*]", NULL,
		"$['o'] $['a'] $['o']['j'] $['o']['k'] $['a'][0] $['a'][1] $['a'][2] $['a'][2][0] "
		"$['a'][2][1] $['a'][2][0]['j'] $['a'][2][1]['k']"},
	    {"$..*", NULL,
		"$['o'] $['a'] $['o']['j'] $['o']['k'] $['a'][0] $['a'][1] $['a'][2] $['a'][2][0] "
		"$['a'][2][1] $['a'][2][0]['j'] $['a'][2][1]['k']"},
	    {"$..o", "[{\"j\":1,\"k\":2}]", "$['o']"},
	    {"$.o..[*, *]", "[1,2,1,2]", NULL},
	    {"$.a..[0, 1]", "[5,3,{\"j\":4},{\"k\":6}]", NULL},
	    {"$..*..j", "[1,4,4,4]", NULL},
	};
	static const struct example null[] = {
		{"$.a", "[null]", NULL},
		{"$.a[0]", "[]", NULL},
		{"$.a.d", "[]", NULL},
		{"$.b[0]", "[null]", NULL},
		{"$.b[*]", "[null]", NULL},
		{"$.b[?@]", "[null]", NULL},
		{"$.b[?@==null]", "[null]", NULL},
		{"$.c[?@.d==null]", "[]", NULL},
		{"$.null", "[1]", NULL},
	};

	run("2.5.1.3", "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]", child, ARRAY_END(child));
	run("2.5.2.3", "{\"o\":{\"j\":1,\"k\":2},\"a\":[5,3,[{\"j\":4},{\"k\":6}]]}", descendant,
	    ARRAY_END(descendant));
	run("2.6.1", "{\"a\":null,\"b\":[null],\"c\":[{}],\"null\":1}", null, ARRAY_END(null));
}

static void
test_places(void)
{
	static const struct example examples[] = {
		{"$.a", NULL, "$['a']"},
		{"$.n[1]", NULL, "$['n'][1]"},
		{"$.n[-3]", NULL, "$['n'][2]"},
		{"$.n[1:2]", NULL, "$['n'][1]"},
		{"$[\"\\u000B\"]", NULL, "$['\\u000b']"},
		{"$[\"\\u0061\"]", NULL, "$['a']"},
		{"$.e.*", NULL,
		    "$['e']['\\b\\t\\n\\f\\r'] $['e']['\\u0000\\u0007\\u000e\\u001f'] "
		    "$['e']['\\'\"\\\\/'] $['e'][''] $['e']['\x7f\xc3\xbc\xf0\x9f\x98\x80']"},
		{"$.big[?@==11]", NULL, "$['big'][11]"},
	};

	run("2.7.1",
	    "{\"a\":0,\"n\":[0,1,2,3,4],\"\\u000b\":1,\"e\":{\"\\b\\t\\n\\f\\r\":1,"
	    "\"\\u0000\\u0007\\u000e\\u001f\":2,\"'\\\"\\\\\\/\":3,\"\":4,"
	    "\"\x7f\xc3\xbc\\ud83d\\ude00\":5},"
	    "\"big\":[0,1,2,3,4,5,6,7,8,9,10,11]}",
	    examples, ARRAY_END(examples));
}

static void
test_extensions(void)
{
	static const struct example examples[] = {
		{"$.store..book[(@.length-1)]", NULL, "$['store']['book'][3]"},
		{"$.store.book[(@.length)].title", "[]", NULL},
		{"$.store.book[(@.length-5)].title", "[]", NULL},
		{"$.store.book[( 2 * ( @.length - 3 ) - -1 )].price", "[22.99]", NULL},
		{"$.store.book[(1+1*0)].price", "[12.99]", NULL},
		{"$.store.book[(3-1-1)].price", "[12.99]", NULL},
		{"$.store.book[(@.length*@.length-@.length*3-2)].price", "[8.99]", NULL},
		{"$.store.book[(9007199254740991+1-9007199254740991)]", "[]", NULL},
		{"$.store.book[(9007199254740991*9007199254740991*0)]", "[]", NULL},
		{"$.store.book[(-9007199254740991*-2)]", "[]", NULL},
		{"$.store.bicycle[(@.length-1)]", "[]", NULL},
		{"$.store.bicycle.color[(0)]", "[]", NULL},
		{"$.store[?@[(@.length-1)].price == 22.99]", NULL, "$['store']['book']"},
		{"$.store.book[(@.length-1),0,(@.length-2)].price", "[22.99,8.95,8.99]", NULL},
		{"$[store][book][0][price]", "[8.95]", NULL},
		{"$[store][bicycle, book].price", "[399]", NULL},
		{"$[ store ]['bicycle'][price,'color',x]", "[399,\"red\"]", NULL},
		{"$..book[?@[title]==='Moby Dick'].price", "[8.99]", NULL},
		{"$..book[?@.category !== 'fiction'].price", "[8.95]", NULL},
	};
	static const struct example hyphens[] = {
		{"$.x-amz-id-2", "[1]", "$['x-amz-id-2']"},
		{"$..x-y.z-", "error: '.', '[' or the end expected, but there is '-'", NULL},
		{"$[x-y].z", "[2]", NULL},
		{"$[?@.a-b==3].c", "[4]", NULL},
		{"$.a--b", "error: '.', '[' or the end expected, but there is '-'", NULL},
	};

	run("extension", store, examples, ARRAY_END(examples));
	run("extension", "{\"x-amz-id-2\":1,\"x-y\":{\"z\":2},\"o\":{\"a-b\":3,\"c\":4}}", hyphens,
	    ARRAY_END(hyphens));
}

static void
test_duplicates(void)
{
	static const struct example examples[] = {
		{"$.a", "[{\"x\":3}]", "$['a']"},
		{"$..x", "[3]", "$['a']['x']"},
		{"$.*", "[1,{\"x\":3}]", "$['b'] $['a']"},
		{"$..[*]", "[1,{\"x\":3},3]", NULL},
		{"$[?count($.*)==2 && length($)==2 && length($.a)==1]", "[1,{\"x\":3}]", NULL},
	};

	run("duplicates", "{\"a\":{\"x\":1,\"y\":[1,2]},\"b\":1,\"a\":{\"x\":2,\"x\":3}}", examples,
	    ARRAY_END(examples));
}

static void
test_errors(void)
{
	static const struct {
		const char *path;
		size_t pos;
		const char *says;
	} cases[] = {
		{"", 0, "'$' expected at the start of a path, but the path ends"},
		{"a", 0, "'$' expected at the start of a path, but there is 'a'"},
		{" $", 0, "but there is ' '"},
		{"$ ", 1, "'.', '[' or the end expected, but there is ' '"},
		{"$.a b", 3, "but there is ' '"},
		{"$.", 2, "a name or '*' expected after '.', but the path ends"},
		{"$..", 3, "a name, '*' or '[' expected after '..', but the path ends"},
		{"$. a", 2, "a name or '*' expected after '.', but there is ' '"},
		{"$...a", 3, "expected after '..', but there is '.'"},
		{"$.-a", 2, "but there is '-'"},
		{"$.1", 2, "but there is '1'"},
		{"$.\x1b[31m", 2, "but there is '\\x1b'"},
		{"$.\xff", 2, "but there is '\\xff'"},
		{"$.\xe2\x80\xae!", 5, "but there is '!'"},
		{"$.a\xed\xa0\x80", 3, "but there is '\\xed'"},
		{"$[", 2, "but the path ends"},
		{"$[]", 2, "a name, an index, a slice, '*' or '?' expected, but there is ']'"},
		{"$[0 2]", 4, "',' or ']' expected, but there is '2'"},
		{"$[0,]", 4, "but there is ']'"},
		{"$[@.a]", 2, "but there is '@'"},
		{"$[\"\xe2\x82", 2, "the string has no end"},
		{"$[\"\xe2\x82\"]", 3, "invalid UTF-8 in a string"},
		{"$['\x01']", 3, "control character 0x01 in a string"},
		{"$['ab\\\"']", 5, "no such escape"},
		{"$[\"ab\\'\"]", 5, "no such escape"},
		{"$['\\u12g4']", 3, "four hexadecimal digits"},
		{"$['\\u12", 2, "the string has no end"},
		{"$['x\\ud800']", 4, "half a surrogate pair"},
		{"$['\\ud800\\u0041']", 3, "half a surrogate pair"},
		{"$['\\udc00']", 3, "half a surrogate pair"},
		{"$[00]", 2, "no leading zeros"},
		{"$[-0]", 2, "-0 is no index"},
		{"$[- 1]", 3, "a digit expected, but there is ' '"},
		{"$[1,-9007199254740992]", 4, "integers end at 2^53-1"},
		{"$[1:9007199254740992]", 4, "integers end at 2^53-1"},
		{"$[1:2:3:4]", 7, "',' or ']' expected, but there is ':'"},
		{"$[?]", 3, "a query, a literal or a function expected, but there is ']'"},
		{"$[?@.a", 6, "an operator, ',' or ']' expected, but the path ends"},
		{"$[?@.a=1]", 6, "but there is '='"},
		{"$[?@.a==]", 8, "a query, a literal or a function expected"},
		{"$[?@.a====1]", 9, "but there is '='"},
		{"$[?@.a!===1]", 9, "but there is '='"},
		{"$[?@.a =~ 'x']", 7, "but there is '='"},
		{"$[?@.a==1 &&]", 12, "but there is ']'"},
		{"$[?(@.a]", 7, "an operator or ')' expected, but there is ']'"},
		{"$[?!@.a==1]", 7, "but there is '='"},
		{"$[?(@.a)==1]", 8, "but there is '='"},
		{"$[?!!@.a]", 4, "but there is '!'"},
		{"$[?@.*==1]", 3, "cannot be compared"},
		{"$[?1==@..a]", 6, "cannot be compared"},
		{"$[?@['a','b']==1]", 3, "cannot be compared"},
		{"$[?true]", 3, "a literal must be compared"},
		{"$[?@.a && 'x']", 10, "a literal must be compared"},
		{"$[?True==1]", 3, "but there is 'T'"},
		{"$[?truest==1]", 3, "but there is 't'"},
		{"$[?@==01]", 7, "no leading zeros"},
		{"$[?@==1.]", 7, "a digit is missing"},
		{"$[?@==1e+]", 7, "a digit is missing"},
		{"$[?@==+1]", 6, "but there is '+'"},
		{"$[?@==-]", 7, "a digit expected"},
		{"$[?length(@.*) < 3]", 10, "length() wants one value here"},
		{"$[?count(1) == 1]", 9, "count() wants a query here"},
		{"$[?count(length(@)) == 1]", 9, "count() wants a query here"},
		{"$[?count(@.*)]", 3, "the result of count() must be compared"},
		{"$[?count (@.*)==1]", 3, "a query, a literal or a function expected"},
		{"$[?count()==1]", 9, "count() has 1 argument"},
		{"$[?count(@,@)==1]", 11, "count() has 1 argument"},
		{"$[?count(@,)==1]", 11, "but there is ')'"},
		{"$[?match(@.a)]", 12, "match() has 2 arguments"},
		{"$[?match(@.timezone, 'Europe/.*') == true]", 3, "cannot be compared"},
		{"$[?length(match(@,'a'))==1]", 10, "length() wants one value here"},
		{"$[?length(@.a==1)==1]", 13, "',' or ')' expected, but there is '='"},
		{"$[?value(@..color)]", 3, "the result of value() must be compared"},
		{"$[?bar(@.a)]", 3, "there is no function bar()"},
		{"$[?search(@, 'a{65536}')]", 13, "the count is too large"},
		{"$[(@.length-1]", 13, "'+', '-', '*' or ')' expected, but there is ']'"},
		{"$[(@.lengths-1)]", 3, "@.length, an integer or '(' expected"},
		{"$[(@.length/2)]", 11, "but there is '/'"},
		{"$[(@.length-)]", 12, "but there is ')'"},
		{"$[()]", 3, "but there is ')'"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = {0};
		struct jsonpath *path = jsonpath_compile(str_of(cases[i].path), NULL, &err);

		if (!ok(path == NULL, "error: %s", cases[i].path))
			jsonpath_free(path);
		is_int(err.pos, cases[i].pos, "place of the error");
		if (!ok(strstr(err.msg, cases[i].says) != NULL, "it says: %s", cases[i].says))
			note("it says: %s", err.msg);
	}
}

static void
test_prefix(void)
{
	static const struct {
		const char *text;
		size_t used; /* 0: an error */
		size_t pos;
	} cases[] = {
		{"$", 1, 0},
		{"$ == 1", 1, 0},
		{"$x", 1, 0},
		{"$.errorCode == \"AccessDenied\"", 11, 0},
		{"$.a==1", 3, 0},
		{"$.a regex '^x'", 3, 0},
		{"$.a)", 3, 0},
		{"$.a ", 3, 0},
		{"$.a  .b\t['c'] in [1]", 13, 0},
		{"$.a-1 x", 5, 0},
		{"$.a- x", 3, 0},
		{"$.a -b", 3, 0},
		{"$..[?@.x == ']'].y != 'z'", 18, 0},
		{"$.*'", 3, 0},
		{"$.\xc3\xbc\xff", 4, 0},
		{"$.a .", 0, 5},
		{"$.a [", 0, 5},
		{"$.a[0", 0, 5},
		{" $.a", 0, 0},
		{"errorCode", 0, 0},
		{"", 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = {0};
		size_t used = 0;
		struct jsonpath *path = jsonpath_compile(str_of(cases[i].text), &used, &err);

		is_int(path != NULL ? used : 0, cases[i].used, "prefix of: %s", cases[i].text);
		if (path == NULL)
			is_int(err.pos, cases[i].pos, "place of the error");
		jsonpath_free(path);
	}
}

static void
test_members(void)
{
	static const struct {
		const char *path;
		const char *names; /* each with a '|' behind it; NULL: no plain chain */
	} cases[] = {
		{"$.a", "a|"},
		{"$.a['b.c'][\"\\u0064\"].e-f[g]", "a|b.c|d|e-f|g|"},
		{"$['']", "|"},
		{"$", NULL},
		{"$.a[0]", NULL},
		{"$.a.*", NULL},
		{"$..a", NULL},
		{"$['a','b']", NULL},
		{"$.a[?@.b]", NULL},
		{"$.a[(@.length-1)]", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err;
		struct jsonpath *path = jsonpath_compile(str_of(cases[i].path), NULL, &err);
		size_t n = 42;
		const struct str *names = jsonpath_members(path, &n);
		struct buf joined = {0};

		for (size_t k = 0; k < n; k++) {
			buf_str(&joined, names[k]);
			buf_char(&joined, '|');
		}
		buf_char(&joined, '\0');
		is_str(names != NULL ? joined.p : NULL, cases[i].names, "members of %s",
		    cases[i].path);
		is_int(n > 0, names != NULL, "number of members");
		buf_free(&joined);
		jsonpath_free(path);
	}
}

static void
repeat(struct buf *b, const char *s, int times)
{
	while (times-- > 0)
		buf_str(b, str_of(s));
}

/* The path a, b n times, c, d n times, e: whether it compiles. */
static bool
compiles(const char *a, const char *b, const char *c, const char *d, const char *e, int n,
    struct err *err)
{
	struct buf text = {0};
	struct jsonpath *path;

	buf_str(&text, str_of(a));
	repeat(&text, b, n);
	buf_str(&text, str_of(c));
	repeat(&text, d, n);
	buf_str(&text, str_of(e));
	path = jsonpath_compile(buf_slice(&text), NULL, err);
	buf_free(&text);
	jsonpath_free(path);
	return path != NULL;
}

static void
test_compile_limits(void)
{
	const int most = JSONPATH_MAX_DEPTH;
	struct err err;

	ok(compiles("$", "[?@", "", "]", "", most, &err), "nested filters");
	ok(!compiles("$", "[?@", "", "]", "", most + 1, &err), "too many");
	is_int(err.pos, 1 + 3 * most + 1, "place of the error");
	ok(compiles("$[?", "(", "@", ")", "]", most - 1, &err), "nested parentheses");
	ok(!compiles("$[?", "(", "@", ")", "]", most, &err), "too many");
	ok(!compiles("$[?", "!(", "@", ")", "]", 5000, &err), "far too many");
	ok(compiles("$[?", "length(", "@", ")", "==1]", most - 1, &err), "nested calls");
	ok(!compiles("$[?", "length(", "@", ")", "==1]", most, &err), "too many");
	ok(compiles("$[", "(", "1", ")", "]", most, &err), "nested parentheses of a script");
	ok(!compiles("$[", "(", "1", ")", "]", most + 1, &err), "too many");
	ok(compiles("$", ".a", "", "", "", 32767, &err), "65535 bytes of path");
	ok(!compiles("$", ".a", "", "", "", 32768, &err), "65537 bytes");
	ok(strstr(err.msg, "bytes") != NULL, "it says: %s", err.msg);
	ok(!compiles("$", ".a", "", "", "", 500000, &err), "a million bytes");
	ok(compiles("$[?@", "&&@", "", "", "]", 20000, &err), "20000 operands");
	ok(compiles("$[(1", "+1", "", "", ")]", 30000, &err), "30000 terms");
	ok(compiles("$[0", ",0", "", "", "]", 30000, &err), "30000 selectors");
	ok(!compiles("$[?search(@,'", "(", "", ")", "')]", 101, &err),
	    "nested groups of a pattern");
}

static int
count_nodes(void *context, const struct json *node, const struct jsonpath_place *place,
    struct err *err)
{
	size_t *n = context;

	(void)node;
	(void)place;
	(void)err;
	++*n;
	return 0;
}

/* Evaluate on a document of `depth` nested arrays and objects in turn. */
static int
evaluate_deep(const char *text, int depth, size_t *found, struct err *err)
{
	struct buf document = {0};
	struct json_doc doc;
	struct jsonpath *path = jsonpath_compile(str_of(text), NULL, err);
	int rv = -1;

	for (int i = 0; i < depth; i++)
		buf_str(&document, i % 2 == 0 ? STR("[") : STR("{\"a\":"));
	buf_char(&document, '1');
	for (int i = depth; i-- > 0;)
		buf_char(&document, i % 2 == 0 ? ']' : '}');
	json_doc_init(&doc);
	*found = 0;
	if (path != NULL && json_parse(&doc, buf_slice(&document), err) == 0)
		rv = jsonpath_each(path, doc.v, scratch, count_nodes, found, err);
	jsonpath_free(path);
	json_doc_free(&doc);
	buf_free(&document);
	return rv;
}

/* Paths whose work explodes must end with an error, and soon. */
static void
test_explosion(const char *text, const char *document)
{
	struct json_doc doc;
	struct err err = {0};
	struct jsonpath *path = jsonpath_compile(str_of(text), NULL, &err);
	size_t n = 0;

	json_doc_init(&doc);
	ok(path != NULL && json_parse(&doc, str_of(document), &err) == 0, "explosion: %s", text);
	is_int(jsonpath_each(path, doc.v, scratch, count_nodes, &n, &err), -1, "is stopped");
	ok(strstr(err.msg, "too") != NULL, "it says: %s", err.msg);
	jsonpath_free(path);
	json_doc_free(&doc);
}

static void
test_evaluation_limits(void)
{
	struct buf wide = {0}, members = {0};
	struct err err = {0};
	size_t found;

	is_int(evaluate_deep("$..[0]", JSON_MAX_DEPTH, &found, &err), 0, "deep document");
	is_int(found, JSON_MAX_DEPTH / 2, "nodes found in it");
	is_int(evaluate_deep("$..[0]..a", JSON_MAX_DEPTH, &found, &err), 0, "two descents");
	is_int(found, 512 * 513 / 2, "nodes found by them");
	is_int(
	    evaluate_deep("$..*..*..*..*", JSON_MAX_DEPTH, &found, &err), -1, "four: %s", err.msg);
	is_int(evaluate_deep("$..[?count(@..*) == 1].a", JSON_MAX_DEPTH, &found, &err), 0,
	    "filter in a deep document");
	is_int(found, 1, "nodes found in it");
	is_int(evaluate_deep(
		   "$..[?count($..[?count($..[?@.b]) == 1]) == 1]", JSON_MAX_DEPTH, &found, &err),
	    -1, "nested filters: %s", err.msg);

	buf_str(&wide, STR("[0"));
	repeat(&wide, ",0", 3000);
	buf_add(&wide, "]", 2);
	test_explosion("$[?count($[?count($[?@ == 1]) == 0]) == 0]", wide.p);
	buf_str(&members, STR("{\"m0\":0"));
	for (int i = 1; i < 7000; i++)
		buf_printf(&members, ",\"m%d\":0", i);
	buf_add(&members, "}", 2);
	test_explosion("$[?@.x == $.x]", members.p);
	buf_free(&wide);
	buf_free(&members);
}

static int
stop_at_two(void *context, const struct json *node, const struct jsonpath_place *place,
    struct err *err)
{
	return count_nodes(context, node, place, err) == 0 && *(size_t *)context == 2;
}

static int
refuse(void *context, const struct json *node, const struct jsonpath_place *place, struct err *err)
{
	(void)context;
	(void)node;
	(void)place;
	return err_set(err, 7, "no");
}

static void
test_visitor(void)
{
	struct err err = {0};
	struct json_doc doc;
	struct jsonpath *path = jsonpath_compile(STR("$..*"), NULL, &err);
	size_t n = 0;

	json_doc_init(&doc);
	ok(json_parse(&doc, STR("[1,[2,3],4]"), &err) == 0, "visitor");
	is_int(jsonpath_each(path, doc.v, scratch, count_nodes, &n, &err), 0, "all nodes");
	is_int(n, 5, "five of them");
	n = 0;
	is_int(jsonpath_each(path, doc.v, scratch, stop_at_two, &n, &err), 1, "stop early");
	is_int(n, 2, "after two");
	is_int(jsonpath_each(path, doc.v, scratch, refuse, NULL, &err), -1, "the visitor fails");
	is_str(err.msg, "no", "its message");
	json_doc_free(&doc);
	jsonpath_free(path);
}

/* Both kinds of backward slice: elements that are filled containers, and elements that are not. */
static void
test_long_slices(void)
{
	struct buf nested = {0}, flat = {0};
	struct json_doc doc;
	struct err err;

	for (int i = 0; i < 100; i++) {
		buf_printf(&nested, "%c[%d]", i > 0 ? ',' : '[', i);
		buf_printf(&flat, "%c%d", i > 0 ? ',' : '[', i);
	}
	buf_char(&nested, ']');
	buf_char(&flat, ']');
	json_doc_init(&doc);
	for (int step = 1; step < 12; step++)
		for (int start = 99; start > 90; start--) {
			struct buf text = {0}, want = {0}, got = {0}, places = {0};

			for (int i = start; i > 3; i -= step)
				buf_printf(&want, "%c[%d]", want.n > 0 ? ',' : '[', i);
			buf_add(&want, "]", 2);
			buf_printf(&text, "$[%d:3:%d]%c", start, -step, '\0');
			query(text.p, buf_slice(&nested), &got, &places);
			is_str(got.p, want.p, "%s of arrays", text.p);
			got.n = places.n = want.n = 0;
			for (int i = start; i > 3; i -= step)
				buf_printf(&want, "%s$[%d]", want.n > 0 ? " " : "", i);
			buf_char(&want, '\0');
			query(text.p, buf_slice(&flat), &got, &places);
			is_str(places.p, want.p, "%s of numbers", text.p);
			buf_free(&text);
			buf_free(&want);
			buf_free(&got);
			buf_free(&places);
		}
	ok(json_parse(&doc, STR("[]"), &err) == 0, "the parser is still well");
	json_doc_free(&doc);
	buf_free(&nested);
	buf_free(&flat);
}

/* Patterns that a document brings, in turn valid and not, so that the cached one is replaced. */
static void
test_dynamic_patterns(void)
{
	static const struct example examples[] = {
		{"$[?match(@.s, @.re)].n", "[1,4,5,6]", NULL},
		{"$[?search(@.s, @.re)].n", "[1,2,4,5,6]", NULL},
		{"$[?!match(@.s, @.re)].n", "[2,3,7]", NULL},
		{"$[?search(@.s, @.re) && !match(@.s, @.re)].n", "[2]", NULL},
	};

	run("patterns in the document",
	    "[{\"n\":1,\"s\":\"ab\",\"re\":\"ab?\"},{\"n\":2,\"s\":\"xaby\",\"re\":\"ab?\"},"
	    "{\"n\":3,\"s\":\"(\",\"re\":\"(\"},{\"n\":4,\"s\":\"(\",\"re\":\"\\\\(\"},"
	    "{\"n\":5,\"s\":\"(\",\"re\":\"\\\\(\"},{\"n\":6,\"s\":\"\",\"re\":\"\"},"
	    "{\"n\":7,\"s\":\"a\",\"re\":\"\\\\d|a\"}]",
	    examples, ARRAY_END(examples));
}

static void
test_pattern_limit(void)
{
	struct buf values = {0}, places = {0};

	query("$[?search(@,'(a|aa)+[cd]')]",
	    STR("[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"]"), &values, &places);
	ok(strstr(values.p, "error: the regular expression gave up") != NULL, "a regex limit: %s",
	    values.p);
	values.n = places.n = 0;
	query("$[?search(@.s,@.re)]", str_of("[{\"s\":\"a\",\"re\":\"a{65536}\"}]"), &values,
	    &places);
	is_str(values.p, "error: a pattern in the document: the count is too large",
	    "a pattern's limit");
	buf_free(&values);
	buf_free(&places);
}

int
main(void)
{
	scratch = jsonpath_scratch_new();
	test_overview();
	test_selectors();
	test_comparisons();
	test_filters();
	test_segments();
	test_places();
	test_extensions();
	test_duplicates();
	test_errors();
	test_prefix();
	test_members();
	test_compile_limits();
	test_evaluation_limits();
	test_visitor();
	test_long_slices();
	test_dynamic_patterns();
	test_pattern_limit();
	jsonpath_scratch_free(scratch);
	return done_testing();
}

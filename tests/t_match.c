/* Tests of match.c. Expectations are the sentences of the design's section on the query language.
 */
#include "../match.h"

#include <stdlib.h>

#include "tap.h"

static struct match_scratch *scratch;

static const char event_text[] =
    "{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\","
    "\"errorCode\":\"AccessDenied\","
    "\"t\":true,\"f\":false,\"null\":null,"
    "\"zero\":0,\"one\":1,\"onef\":1.0,\"minus\":-1,\"half\":0.5,"
    "\"p53\":9007199254740993,\"big\":123456789012345678901234567890,"
    "\"huge\":1e400,\"tiny\":1e-400,"
    "\"tenth\":0.1,\"hundred\":1e2,\"empty\":\"\",\"s\":\"abc\",\"num\":\"1\",\"e\":\"\\u00e9\","
    "\"nul\":\"a\\u0000b\",\"emoji\":\"\\ud83d\\ude00\",\"ffff\":\"\\uffff\","
    "\"list\":[1,\"b\",true,null,[2]],\"nolist\":[],\"nodict\":{},\"dict\":{\"a\":1,\"b\":[1,2]},"
    "\"users\":[{\"n\":\"alice\",\"age\":30},{\"n\":\"bob\",\"age\":40},{\"n\":\"eve\"}],"
    "\"ip\":\"10.1.2.3\",\"ip6\":\"2001:db8::1\",\"mapped\":\"::ffff:10.1.2.3\","
    "\"host\":\"aws.example\","
    "\"and\":1,\"or\":2,\"not\":3,\"in\":4,\"lines\":\"x\\ny\"}";

enum { BAD = -2 };

/* Ask one expression, in a block of just its size, of one event. */
static int
ask(const char *expression, size_t n, const char *event, struct err *err)
{
	struct match *m = match_new();
	struct json_doc doc;
	char *copy = malloc(n > 0 ? n : 1);
	int r;

	if (copy == NULL)
		abort();
	if (n > 0)
		memcpy(copy, expression, n);
	json_doc_init(&doc);
	if (json_parse(&doc, str_of(event), err) != 0)
		abort();
	r = match_add_expression(m, (struct str){copy, n}, err);
	free(copy); /* no pointer into it is kept */
	r = r != 0 ? BAD : match_event(m, doc.v, scratch, err);
	json_doc_free(&doc);
	match_free(m);
	return r;
}

struct row {
	const char *expression;
	int match;
};

static const struct row rows[] = {
    /* the seed's examples */
    {"$.errorCode == \"AccessDenied\"", 1},
    {"$.errorCode != None", 1},
    {"$.s regex \".*b\"", 1},
    /* nothing at all holds always */
    {"", 1},
    {" \t\r\n", 1},
    /* a path alone asks whether it selects anything */
    {"$", 1},
    {"$.errorCode", 1},
    {"$.nothing", 0},
    {"$.null", 1},
    {"$.f", 1},
    {"$.empty", 1},
    {"$.nolist", 1},
    {"$.nolist[*]", 0},
    {"$..age", 1},
    {"$.users[?@.age > 30]", 1},
    {"$.users[?@.age > 40]", 0},
    /* None */
    {"$.nothing == None", 1},
    {"$.nothing != None", 0},
    {"$.nothing == null", 1},
    {"$.null == None", 1},
    {"$.null != None", 0},
    {"$.errorCode == None", 0},
    {"$.nothing == 0", 0},
    {"$.nothing == False", 0},
    {"$.nothing == \"\"", 0},
    {"$.nothing == []", 0},
    {"$.nothing != \"x\"", 1},
    {"$.nothing != 0", 1},
    {"$.nothing in [None]", 1},
    {"$.nothing in [1, 2]", 0},
    {"$.nothing in []", 0},
    {"$.nothing regex \"\"", 0},
    {"$.nothing glob \"*\"", 0},
    {"$.nothing cidr \"0.0.0.0/0\"", 0},
    {"$.nothing < 1", 0},
    {"$.nothing >= 0", 0},
    {"$.nothing >= \"\"", 0},
    {"$.nolist[*] == None", 1},
    {"$.users[*].age == None", 0}, /* some are selected, and none of these is None */
    {"$.users[2].age == None", 1},
    /* equality, deep and by value */
    {"$.one == 1", 1},
    {"$.one == 1.0", 1},
    {"$.onef == 1", 1},
    {"$.one == 10e-1", 1},
    {"$.hundred == 100", 1},
    {"$.one != 1", 0},
    {"$.one == -1", 0},
    {"$.minus == -1", 1},
    {"$.zero == -0", 1},
    {"$.zero == 0.0", 1},
    {"$.p53 == 9007199254740993", 1},
    {"$.p53 == 9007199254740992", 0},
    {"$.p53 == 9007199254740993.0", 1},
    {"$.p53 > 9007199254740992", 1},
    {"$.p53 < 9007199254740994", 1},
    {"$.big == 123456789012345678901234567890", 1},
    {"$.big == 123456789012345678901234567891", 0},
    {"$.big < 123456789012345678901234567891", 1},
    {"$.huge == 1e400", 1},
    {"$.huge == 1e401", 0},
    {"$.huge < 1e401", 1},
    {"$.huge > 1e399", 1},
    {"$.huge == 10e399", 1},
    {"$.tiny == 0", 0},
    {"$.tiny > 0", 1},
    {"$.tenth == 0.1", 1},
    {"$.tenth == .10", 1},
    {"$.tenth == 0.1000000000000000055511151231257827021181583404541015625", 0},
    {"$.one == 0x1", 1},
    {"$.one == 1_0", 0},
    {"$.hundred == 1_00", 1},
    {"$.one == \"1\"", 0},
    {"$.num == 1", 0},
    {"$.num == \"1\"", 1},
    {"$.num == '1'", 1},
    {"$.num == r'1'", 1},
    {"$.num == \"\"\"1\"\"\"", 1},
    {"$.t == True", 1},
    {"$.t == true", 1},
    {"$.t == 1", 0},
    {"$.t != 1", 1},
    {"$.f == False", 1},
    {"$.f == 0", 0},
    {"$.f == None", 0},
    {"$.one == True", 0},
    {"$.zero == False", 0},
    {"$.empty == \"\"", 1},
    {"$.empty == None", 0},
    {"$.e == \"\xc3\xa9\"", 1},
    {"$.e == \"\\xe9\"", 1},
    {"$.e == \"\\u00e9\"", 1},
    {"$.nul == \"a\\0b\"", 1},
    {"$.nul == \"a\"", 0},
    {"$.list == [1, 'b', True, None, [2]]", 1},
    {"$.list == (1, 'b', True, None, (2,))", 1},
    {"$.list == [1, 'b', True, None, 2]", 0},
    {"$.list == [1, 'b', True, None]", 0},
    {"$.list != [1]", 1},
    {"$.list == ['b', 1, True, None, [2]]", 0},
    {"$.nolist == []", 1},
    {"$.nolist == ()", 1},
    {"$.nolist == {}", 0},
    {"$.nodict == {}", 1},
    {"$.dict == {'b': [1, 2.0], \"a\": 1}", 1},
    {"$.dict == {'a': 1}", 0},
    {"$.dict == {'a': 1, 'b': [1, 2], 'c': 3}", 0},
    {"$.dict == {'a': True, 'b': [1, 2]}", 0},
    {"$.dict != {'a': 1}", 1},
    /* any node, and not negates the whole test */
    {"$.users[*].n == \"bob\"", 1},
    {"$.users[*].n != \"bob\"", 1},
    {"not $.users[*].n == \"bob\"", 0},
    {"not $.users[*].n == \"mallory\"", 1},
    {"$.users[*].age > 35", 1},
    {"not $.users[*].age > 35", 0},
    {"not not $.t", 1},
    {"not $.nothing", 1},
    {"not $.nothing == None", 0},
    {"$..n regex '^e'", 1},
    {"$.* == 4", 1},
    {"$.* == 5", 0},
    /* order */
    {"$.one < 2", 1},
    {"$.one <= 1", 1},
    {"$.one < 1", 0},
    {"$.one >= 1.0", 1},
    {"$.one > 0.999999999999999999999999", 1},
    {"$.minus < 0", 1},
    {"$.half > 0", 1},
    {"$.s < 'abd'", 1},
    {"$.s < 'abc'", 0},
    {"$.s <= 'abc'", 1},
    {"$.s > 'ab'", 1},
    {"$.s > 'ABD'", 1},
    {"$.s > ''", 1},
    {"$.empty >= ''", 1},
    {"$.emoji > '\\uffff'", 1}, /* code points, not UTF-16 */
    {"$.ffff < '\\U0001F600'", 1},
    {"$.s < 5", 0},
    {"$.s > 5", 0},
    {"$.one < 'a'", 0},
    {"$.num < 2", 0},
    {"$.t < 2", 0},
    {"$.t >= 1", 0},
    {"$.null <= 0", 0},
    {"$.list > 0", 0},
    {"$.dict >= ''", 0},
    /* in */
    {"$.errorCode in ['AccessDenied', 'Client.Unauthorized']", 1},
    {"$.errorCode in ('AccessDenied',)", 1},
    {"$.errorCode in ['x']", 0},
    {"$.errorCode in []", 0},
    {"$.one in [1.0]", 1},
    {"$.one in [True]", 0},
    {"$.t in [1, True]", 1},
    {"$.null in [None]", 1},
    {"$.list in [[1, 'b', True, None, [2]]]", 1},
    {"$.list in [1, 'b']", 0},
    {"$.dict in [{}, {'a': 1, 'b': [1, 2]}]", 1},
    {"$.users[*].n in ['eve', 'mallory']", 1},
    {"$.s in ['a', 'ab']", 0}, /* no search in the text */
    /* regex */
    {"$.s regex 'b'", 1},
    {"$.s regex '^b'", 0},
    {"$.s regex ''", 1},
    {"$.s regex r'\\w'", 1},
    {"$.s regex \"^\\\\w+$\"", 1},
    {"$.s regex '(?i)ABC'", 1},
    {"$.one regex '1'", 0},
    {"$.t regex 'true'", 0},
    {"$.null regex ''", 0},
    {"$.list regex 'b'", 0},
    {"$.dict regex ''", 0},
    {"$.list[*] regex 'b'", 1},
    {"$.e regex '^.$'", 1},
    {"$.lines regex 'x$'", 0},
    {"$.lines regex '(?m)x$'", 1},
    /* glob */
    {"$.s glob 'a*'", 1},
    {"$.s glob 'a?c'", 1},
    {"$.s glob 'b'", 0},
    {"$.s glob 'A*'", 0},
    {"$.s glob ''", 0},
    {"$.empty glob ''", 1},
    {"$.one glob '*'", 0},
    {"$.null glob '*'", 0},
    {"$.e glob '?'", 1},
    {"$.users[*].n glob 'b*'", 1},
    /* cidr */
    {"$.ip cidr '10.0.0.0/8'", 1},
    {"$.ip cidr '10.1.2.3'", 1},
    {"$.ip cidr '10.1.2.4'", 0},
    {"$.ip cidr '10.1.2.3/32'", 1},
    {"$.ip cidr '10.1.2.2/31'", 1},
    {"$.ip cidr '10.1.2.4/31'", 0},
    {"$.ip cidr '10.1.0.0/22'", 1},
    {"$.ip cidr '10.1.4.0/22'", 0},
    {"$.ip cidr '0.0.0.0/0'", 1},
    {"$.ip cidr '128.0.0.0/1'", 0},
    {"$.ip cidr '0.0.0.0/1'", 1},
    {"$.ip cidr '10.9.9.9/8'", 1}, /* host bits do not count */
    {"$.ip cidr '::/0'", 0},       /* another family */
    {"$.ip cidr '::ffff:10.0.0.0/104'", 1},
    {"$.ip cidr '::ffff:10.1.2.3'", 1},
    {"$.ip cidr '2001:db8::/32'", 0},
    {"$.mapped cidr '10.0.0.0/8'", 1},
    {"$.mapped cidr '11.0.0.0/8'", 0},
    {"$.mapped cidr '::ffff:10.1.2.3/128'", 1},
    {"$.ip6 cidr '2001:db8::/32'", 1},
    {"$.ip6 cidr '2001:DB8:0:0::/64'", 1},
    {"$.ip6 cidr '2001:db8::1'", 1},
    {"$.ip6 cidr '2001:db8::2'", 0},
    {"$.ip6 cidr '2001:db8::2/126'", 1},
    {"$.ip6 cidr '2001:db8::2/127'", 0},
    {"$.ip6 cidr '::/0'", 1},
    {"$.ip6 cidr '0.0.0.0/0'", 0},
    {"$.host cidr '0.0.0.0/0'", 0},
    {"$.host cidr '::/0'", 0},
    {"$.one cidr '0.0.0.0/0'", 0},
    {"$.empty cidr '0.0.0.0/0'", 0},
    {"$.nul cidr '0.0.0.0/0'", 0},
    {"$.* cidr '10.0.0.0/8'", 1},
    /* precedence: not before and before or */
    {"$.t or $.nothing and $.nothing", 1},
    {"($.t or $.nothing) and $.nothing", 0},
    {"$.nothing and $.nothing or $.t", 1},
    {"$.nothing and ($.nothing or $.t)", 0},
    {"not $.nothing and $.nothing", 0},
    {"not ($.nothing and $.nothing)", 1},
    {"not $.t or $.t", 1},
    {"not ($.t or $.t)", 0},
    {"$.t and not $.nothing", 1},
    {"$.t and $.t and $.t and $.nothing", 0},
    {"$.nothing or $.nothing or $.nothing or $.t", 1},
    {"((($.t)))", 1},
    /* blanks are needed only where words would run together */
    {"($.t)and($.t)", 1},
    {"not($.t)", 0},
    {"not$.nothing", 1},
    {"($.nothing)or($.t)", 1},
    {"($.nothing)or not($.t)", 0},
    {"not(not($.t))", 1},
    {"$.s==\"abc\"and$.t", 1},
    {"$.s=='x'or$.t", 1},
    {"$.list==[1,'b',True,None,[2]]and($.t)", 1},
    {"$.one==1and$.t", BAD},
    {"$.one==1 and$.t", 1},
    {"$.one<2", 1},
    {"$.one>=1", 1},
    {"$.s regex'b'", 1},
    {"$.s in['abc']", 1},
    {"$.s in('abc',)", 1},
    {"  $.s  ==  'abc'  ", 1},
    {"\n$.s\n==\r\n'abc'\t", 1},
    {"( $.t )", 1},
    /* words of the language as names, and in texts */
    {"$.and == 1", 1},
    {"$.or==2", 1},
    {"$.not == 3 and $.in == 4", 1},
    {"$['in'] in [4]", 1},
    {"$.in in [4]", 1},
    {"$.s == ' and ' or $.t", 1},
    {"$.s == ')' or $.t", 1},
    {"$.s == '$.t or' or $.t", 1},
    {"$[?@ == 'abc']", 1},
    {"$[?@ == 'abc' && true == true]", 1},
    {"$.users[?@.n == 'bob' || @.n == 'x'].age == 40", 1},
    {"$.users[?(@.n == 'bob')].age == 40 and $.t", 1},
    {"$['s'] == 'abc'", 1},
    {"$.s == 'a' 'bc'", 1},
};

struct bad {
	const char *expression;
	size_t pos;
	const char *says;
};

static const struct bad bads[] = {
    {"eventName == 'x'", 0, "JSONPath"},
    {"   x", 3, "JSONPath"},
    {"==", 0, "JSONPath"},
    {"(", 1, "the expression ends"},
    {"()", 1, "JSONPath"},
    {"($.a", 4, "')'"},
    {"$.a)", 3, "'and', 'or' or the end"},
    {"($.a))", 5, "'and', 'or' or the end"},
    {"not", 3, "the expression ends"},
    {"not not", 7, "the expression ends"},
    {"nothing", 0, "JSONPath"},
    {"$.a and", 7, "the expression ends"},
    {"$.a or or $.b", 7, "JSONPath"},
    {"and $.a", 0, "JSONPath"},
    {"$.a $.b", 4, "operator"},
    {"$.a not $.b", 4, "operator"},
    {"$.a = 1", 4, "operator"},
    {"$.a ! 1", 4, "operator"},
    {"$.a && $.b", 4, "operator"},
    {"$.a || $.b", 4, "operator"},
    {"$.a AND $.b", 4, "operator"},
    {"$.a is None", 4, "operator"},
    {"$.a inside [1]", 4, "operator"},
    {"$.a regexp 'x'", 4, "operator"},
    {"$.a matches 'x'", 4, "operator"},
    {"$.a == 1 2", 9, "'and', 'or' or the end"},
    {"$.a == 'x' $.b", 11, "'and', 'or' or the end"},
    {"($.a == 'x' $.b)", 12, "'and', 'or' or ')'"},
    {"$.a == nonsense", 7, ""},
    {"$.a == $.b", 7, ""},
    {"$.a === 1", 6, ""},
    {"$.a in 'x'", 7, "list"},
    {"$.a in {'x': 1}", 7, "list"},
    {"$.a in 1", 7, "list"},
    {"$.a in ('x')", 7, "list"},
    {"$.a regex 1", 10, "quotes"},
    {"$.a regex None", 10, "quotes"},
    {"$.a regex ['x']", 10, "quotes"},
    {"$.a glob 1", 9, "quotes"},
    {"$.a < None", 6, "order"},
    {"$.a < True", 6, "order"},
    {"$.a >= [1]", 7, "order"},
    {"$.a > {}", 6, "order"},
    {"$.a regex '('", 10, "regular expression"},
    {"$.a regex '[z'", 10, "regular expression"},
    {"$.a == 'x' and $.b regex '*'", 25, "regular expression"},
    {"$.a cidr 1", 9, "network"},
    {"$.a cidr ''", 9, "network"},
    {"$.a cidr 'x'", 9, "network"},
    {"$.a cidr '10.0.0.0/33'", 9, "network"},
    {"$.a cidr '10.0.0.0/'", 9, "network"},
    {"$.a cidr '10.0.0.0/-1'", 9, "network"},
    {"$.a cidr '10.0.0.0/1x'", 9, "network"},
    {"$.a cidr '10.0.0.0/8/8'", 9, "network"},
    {"$.a cidr '10.0.0.0/99999999999'", 9, "network"},
    {"$.a cidr '/8'", 9, "network"},
    {"$.a cidr '10.0.0/8'", 9, "network"},
    {"$.a cidr '10.0.0.256'", 9, "network"},
    {"$.a cidr '2001:db8::/129'", 9, "network"},
    {"$.a cidr '2001:db8:::/32'", 9, "network"},
    {"$.a cidr '10.0.0.0 /8'", 9, "network"},
    {"$.a cidr '10.0.0.0/8\\0'", 9, "network"},
    {"$.a cidr '0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/8'", 9, "network"},
    {"$.a == b'x'", 7, ""},
    {"$.a == f'x'", 7, ""},
    {"$.a == 1j", 7, ""},
};

/* Places where the byte is within a path or a literal: their own tests know which, here it has to
 * be in them. */
static const struct bad inside[] = {
    {"$.t and $.a[", 8, ""},
    {"$.t and $.a[?@.b ==]", 8, ""},
    {"$..", 0, ""},
    {"$.a == ", 6, ""},
    {"$.a ==", 6, ""},
    {"$.a == 'x", 7, ""},
    {"$.a == [1, 2", 7, ""},
    {"$.a in", 6, ""},
    {"$.a == (1, {'x': })", 7, ""},
    {"$.t and $.a == \"\\x\"", 15, ""},
};

static void
test_bad(void)
{
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		const struct bad *b = &bads[i];
		struct err err = {.pos = 999};

		is_int(ask(b->expression, strlen(b->expression), "{}", &err), BAD, "%s: refused",
		    b->expression);
		is_int(err.pos, b->pos, "%s: the byte", b->expression);
		ok(err.msg[0] != '\0' && strstr(err.msg, b->says) != NULL, "%s: %s", b->expression,
		    err.msg);
	}
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		const struct bad *b = &inside[i];
		size_t n = strlen(b->expression);
		struct err err = {.pos = 999};

		is_int(ask(b->expression, n, "{}", &err), BAD, "%s: refused", b->expression);
		ok(err.pos >= b->pos && err.pos <= n && err.msg[0] != '\0', "%s: at byte %zu: %s",
		    b->expression, err.pos, err.msg);
	}
}

/* Every prefix of every row is accepted or refused within its bounds, and so is each with a byte
 * changed. */
static void
test_hostile(void)
{
	static const char bytes[] = "\0\xff\"'()[]$@\\/ \n\xc3";
	int bad = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].expression);
		char copy[256];
		struct err err;

		if (n >= sizeof(copy))
			continue;
		for (size_t k = 0; k < n; k++) {
			err = (struct err){0};
			if (ask(rows[i].expression, k, "{}", &err) == BAD &&
			    (err.pos > k || err.msg[0] == '\0'))
				bad++;
			memcpy(copy, rows[i].expression, n);
			copy[k] = bytes[(i + k) % (sizeof(bytes) - 1)];
			err = (struct err){0};
			if (ask(copy, n, "{}", &err) == BAD &&
			    (err.pos > n || err.msg[0] == '\0' ||
				strlen(err.msg) >= sizeof(err.msg) - 1 ||
				strchr(err.msg, '\n') != NULL))
				bad++;
		}
	}
	is_int(bad, 0, "cut and damaged expressions: an error is in them, and one line");
	for (size_t i = 0; i < 2; i++) {
		struct err err = {0};

		is_int(ask(i == 0 ? "$.a \x1b[2J" : "\x1b[2J", i == 0 ? 8 : 4, "{}", &err), BAD,
		    "escapes are refused");
		ok(strchr(err.msg, '\x1b') == NULL, "and not repeated raw");
	}
}

static int
ask_nested(const char *open, size_t n, const char *close)
{
	struct buf b = {0};
	struct err err = {0};
	int r;

	for (size_t i = 0; i < n; i++)
		buf_str(&b, str_of(open));
	buf_str(&b, STR("$"));
	for (size_t i = 0; i < n; i++)
		buf_str(&b, str_of(close));
	r = ask(b.p, b.n, "{}", &err);
	buf_free(&b);
	return r;
}

static void
test_depth(void)
{
	struct buf b = {0};
	struct err err;

	is_int(ask_nested("(", MATCH_MAX_DEPTH - 1, ")"), 1, "parentheses below the limit");
	is_int(ask_nested("(", MATCH_MAX_DEPTH, ")"), 1, "parentheses at the limit");
	is_int(ask_nested("(", MATCH_MAX_DEPTH + 1, ")"), BAD, "parentheses beyond it");
	is_int(ask_nested("not ", MATCH_MAX_DEPTH, ""), 1, "nots at the limit");
	is_int(ask_nested("not ", MATCH_MAX_DEPTH + 1, ""), BAD, "nots beyond it");
	is_int(ask_nested("not(", MATCH_MAX_DEPTH / 2, ")"), 1, "both at the limit");
	is_int(ask_nested("not(", MATCH_MAX_DEPTH, ")"), BAD, "both beyond it");
	is_int(ask_nested("(", 1000000, ")"), BAD, "a million");
	is_int(ask_nested("(", 1000000, ""), BAD, "a million without end");
	for (int i = 0; i < 20000; i++)
		buf_str(&b, STR("$.nothing or (not $) or "));
	buf_str(&b, STR("$"));
	is_int(ask(b.p, b.n, "{}", &err), 1, "width is no depth");
	buf_free(&b);
}

static void
test_limits(void)
{
	static const char mad[] =
	    "{\"s\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"}";
	static const struct row limited[] = {
	    {"$.s regex '^(a+)+$'", -1},
	    {"not $.s regex '^(a+)+$'", -1}, /* what could not be said is not negated */
	    {"$.s regex '^(a+)+$' or $.s", -1},
	    {"$.s and $.s regex '^(a+)+$'", -1},
	    {"$.s or $.s regex '^(a+)+$'", 1}, /* never asked */
	    {"$.x and $.s regex '^(a+)+$'", 0},
	};

	for (size_t i = 0; i < sizeof(limited) / sizeof(limited[0]); i++) {
		const char *e = limited[i].expression;
		struct err err = {0};

		is_int(ask(e, strlen(e), mad, &err), limited[i].match, "%s on mad text", e);
		ok(limited[i].match >= 0 || err.msg[0] != '\0', "%s: %s", e, err.msg);
	}
}

/* Several expressions, and patterns beside them. */
static int
ask_query(const char *const *patterns, const char *const *expressions, const char *event)
{
	struct match *m = match_new();
	struct json_doc doc;
	struct err err;
	int r = 0;

	json_doc_init(&doc);
	if (json_parse(&doc, str_of(event), &err) != 0)
		abort();
	for (; *patterns != NULL && r == 0; patterns++)
		r = match_add_pattern(m, str_of(*patterns), &err);
	for (; *expressions != NULL && r == 0; expressions++)
		r = match_add_expression(m, str_of(*expressions), &err);
	r = r != 0 ? BAD : match_event(m, doc.v, scratch, &err);
	json_doc_free(&doc);
	match_free(m);
	return r;
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NONE ((const char *const[]){NULL})

static void
test_queries(void)
{
	static const char insight[] =
	    "{\"eventType\":\"AwsCloudTrailInsight\",\"insightDetails\":{\"eventSource\":"
	    "\"ssm.amazonaws.com\",\"eventName\":\"UpdateInstanceInformation\"}}";

	is_int(ask_query(NONE, NONE, event_text), 1, "no query: every event");
	is_int(ask_query(NONE, NONE, "{}"), 1, "even an empty one");
	is_int(ask_query(LIST("s3:Get*"), NONE, event_text), 1, "a pattern");
	is_int(ask_query(LIST("s3:Put*"), NONE, event_text), 0, "another");
	is_int(ask_query(LIST("s3:Put*", "s3:Get*"), NONE, event_text), 1, "patterns: any");
	is_int(ask_query(NONE, LIST("$.t", "$.one == 1"), event_text), 1, "expressions: all");
	is_int(ask_query(NONE, LIST("$.t", "$.one == 2"), event_text), 0, "all of them");
	is_int(ask_query(NONE, LIST("$.one == 2", "$.t"), event_text), 0, "in any order");
	is_int(
	    ask_query(NONE, LIST("$.nothing or $.t", "$.t"), event_text), 1, "each in parentheses");
	is_int(ask_query(NONE, LIST("$.t", "", " "), event_text), 1, "empty ones hold");
	is_int(ask_query(LIST("s3:Get*"), LIST("$.t"), event_text), 1, "pattern and expression");
	is_int(ask_query(LIST("s3:Get*"), LIST("$.nothing"), event_text), 0, "both have to hold");
	is_int(ask_query(LIST("s3:Put*"), LIST("$.t"), event_text), 0, "the pattern as well");
	is_int(ask_query(LIST("s3:"), NONE, event_text), BAD, "a bad pattern");
	is_int(ask_query(LIST("s3:*"), NONE, "{}"), 0, "no eventSource");
	is_int(ask_query(LIST("*"), NONE, "{}"), 1, "any action of any service, even none");
	is_int(ask_query(LIST("s3:*"), NONE, "{\"eventSource\":5,\"eventName\":[\"x\"]}"), 0,
	    "no texts");
	is_int(
	    ask_query(LIST("s3:GetObject"), NONE,
		"{\"eventSource\":\"x\",\"eventName\":\"GetObject\","
		"\"eventSource\":\"s3.amazonaws.com\"}"),
	    1, "of members with one name the last counts");
	is_int(ask_query(LIST("ssm:Update*"), NONE, insight), 1,
	    "insight events have it in insightDetails");
	is_int(ask_query(LIST("s3:*"), NONE,
		   "{\"x\":{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"A\"}}"),
	    0, "no other depth");
	is_int(ask_query(LIST("*"), LIST("$ == [1]"), "[1]"), 1, "an event that is no object");
	is_int(ask_query(LIST("s3:*"), NONE, "\"s3\""), 0, "or a text");
}

int
main(void)
{
	scratch = match_scratch_new();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *e = rows[i].expression;
		struct err err = {0};

		if (!is_int(ask(e, strlen(e), event_text, &err), rows[i].match, "%s", e) &&
		    err.msg[0] != '\0')
			note("at %zu: %s", err.pos, err.msg);
	}
	test_bad();
	test_hostile();
	test_depth();
	test_limits();
	test_queries();
	match_scratch_free(scratch);
	match_scratch_free(NULL);
	match_free(NULL);
	return done_testing();
}

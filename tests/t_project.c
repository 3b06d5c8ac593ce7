/* Tests of project.c: what it says of a record, and that it never says other than the parser and
 * the query do (json_parse, match_event), with each kernel that this machine has. */
#include "../project.h"

#include <stdlib.h>

#include "../json.h"
#include "../match.h"
#include "../when.h"
#include "random.h"
#include "tap.h"
#include "tokens.h"

enum { NO = PROJECT_NO, YES = PROJECT_YES, MAYBE = PROJECT_MAYBE };

static const int64_t from_us = INT64_C(1688169600000000); /* 2023-07-01T00:00:00Z */
static const int64_t to_us = INT64_C(1690847999000000);   /* 2023-07-31T23:59:59Z */

static struct match_scratch *scratch;
static struct json_doc doc;
/* One query, with each kernel. */
struct query {
	struct match *match;
	struct project_query q;
	struct project *project[SCAN_KERNELS];
	struct project_run *run[SCAN_KERNELS];
};

static void
make_projects(struct query *q)
{
	for (int k = 0; k < SCAN_KERNELS; k++)
		if (scan_has((enum scan_kernel)k)) {
			q->project[k] = project_new(&q->q, (enum scan_kernel)k);
			q->run[k] = project_run_new(q->project[k], scratch);
		}
}

/* Empty texts and false: not asked. */
static void
query_open(struct query *q, const char *pattern, const char *expression, bool windowed)
{
	struct err err;

	*q = (struct query){.match = match_new()};
	if ((pattern[0] != '\0' && match_add_pattern(q->match, str_of(pattern), &err) != 0) ||
	    match_add_expression(q->match, str_of(expression), &err) != 0) {
		note("%s: %s", expression, err.msg);
		abort();
	}
	q->q = (struct project_query){q->match, windowed, from_us, to_us, false};
	make_projects(q);
}

static void
query_close(struct query *q)
{
	for (int k = 0; k < SCAN_KERNELS; k++) {
		project_run_free(q->run[k]);
		project_free(q->project[k]);
	}
	match_free(q->match);
}

/* The first record of the text, in a block of just its size, with one kernel. */
static enum project_result
first_record(
    const struct query *q, int kernel, struct str text, bool lines, struct project_record *record)
{
	size_t before = below(70);
	char *block = malloc(before + text.n > 0 ? before + text.n : 1);
	enum project_result r;

	if (block == NULL)
		abort();
	memset(block, '"', before);
	if (text.n > 0)
		memcpy(block + before, text.p, text.n);
	project_start(q->run[kernel], block + before, text.n, lines, false);
	r = project_next(q->run[kernel], 0, record);
	if (record->time.n > 0) /* for who looks at it: the same text, where it stays */
		record->time.p = text.p + (record->time.p - (block + before));
	free(block);
	return r;
}

/* With all of them, which must agree; -1 where they do not. */
static int
ask_all(const struct query *q, struct str text, bool lines, struct project_record *record)
{
	struct project_record other;
	int r = (int)first_record(q, SCAN_SWAR, text, lines, record);

	for (int k = 0; k < SCAN_KERNELS; k++)
		if (q->run[k] != NULL &&
		    ((int)first_record(q, k, text, lines, &other) != r || other.at != record->at ||
			other.n != record->n || !str_eq(other.time, record->time)))
			return -1;
	return r;
}

struct row {
	const char *pattern;
	const char *expression;
	const char *record;
	int result;
};

#define S3 "{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\""

static const struct row rows[] = {
    /* patterns */
    {"", "", "{}", YES},
    {"s3:*", "", S3 "}", YES},
    {"s3:Get*", "", S3 "}", YES},
    {"s3:Put*", "", S3 "}", NO},
    {"ec2:*", "", S3 "}", NO},
    {"s3:Get*", "", "{\"eventName\":\"GetObject\"}", MAYBE},
    {"s3:Get*", "", "{\"eventSource\":1,\"eventName\":\"GetObject\"}", NO},
    {"*:Get*", "", "{\"eventSource\":1,\"eventName\":\"GetObject\"}", YES},
    {"s3:Get*", "", "{\"insightDetails\":{\"eventSource\":\"s3.amazonaws.com\"}}", MAYBE},
    {"s3:Get*", "", "{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"Get\\u0041\"}", MAYBE},
    /* the query's example, and each way to put it */
    {"s3:Get*", "$.errorCode == \"AccessDenied\"", S3 ",\"errorCode\":\"AccessDenied\"}", YES},
    {"s3:Get*", "$.errorCode == \"AccessDenied\"", S3 ",\"errorCode\":\"AccessDenied2\"}", NO},
    {"s3:Get*", "$.errorCode == \"AccessDenied\"", S3 "}", NO},
    {"", "$['errorCode'] == \"x\"", "{ \"errorCode\" :\r\"x\" }", YES},
    {"", "$.errorCode == \"x\"", "{\"a\":{\"errorCode\":\"x\"}}", NO},
    {"", "$.errorCode == \"x\"", "{\"a\":[\"errorCode\",{\"errorCode\":\"x\"}]}", NO},
    {"", "$.errorCode == \"x\"", "{\"a\":\"errorCode\",\"b\":\"x\"}", NO},
    {"", "$.errorCode != None", "{\"errorCode\":\"x\"}", YES},
    {"", "$.errorCode != None", "{\"errorCode\":null}", NO},
    {"", "$.errorCode != None", "{}", NO},
    {"", "$.errorCode", "{\"errorCode\":null}", YES},
    {"", "$.errorCode", "{\"errorcode\":null}", NO},
    {"", "not $.errorCode", "{\"errorcode\":null}", YES},
    /* values of each type */
    {"", "$.a == 1", "{\"a\":1}", YES},
    {"", "$.a == 1", "{\"a\":10e-1}", YES},
    {"", "$.a == 1", "{\"a\":-1}", NO},
    {"", "$.a == 1", "{\"a\":01}", MAYBE},
    {"", "$.a == 1", "{\"a\":1x}", MAYBE},
    {"", "$.a == 1", "{\"a\":\"1\"}", NO},
    {"", "$.a < 2.5", "{\"a\":1}", YES},
    {"", "$.a >= 2.5", "{\"a\":1}", NO},
    {"", "$.a > \"a\"", "{\"a\":\"b\"}", YES},
    {"", "$.a == True", "{\"a\":true}", YES},
    {"", "$.a == True", "{\"a\":false}", NO},
    {"", "$.a == True", "{\"a\":tru}", MAYBE},
    {"", "$.a == True", "{\"a\":truee}", MAYBE},
    {"", "$.a == True", "{\"a\":[true]}", NO},
    {"", "$.a == True", "{\"a\":}", MAYBE},
    {"", "$.a == []", "{\"a\":[]}", MAYBE},
    {"", "$.a == []", "{\"a\":\"x\"}", NO},
    {"", "$.a == {}", "{\"a\":{}}", MAYBE},
    {"", "$.a in [1, \"b\", None]", "{\"a\":\"b\"}", YES},
    {"", "$.a in [1, \"b\", None]", "{}", YES},
    {"", "$.a in [1, \"b\", None]", "{\"a\":\"c\"}", NO},
    {"", "$.a in [1, \"b\", None]", "{\"a\":[]}", NO},
    {"", "$.a in [1, [\"b\"]]", "{\"a\":[\"b\"]}", MAYBE},
    {"", "$.a in [1, [\"b\"]]", "{\"a\":\"b\"}", NO},
    {"", "$.a regex \"^b+$\"", "{\"a\":\"bbb\"}", YES},
    {"", "$.a regex \"^b+$\"", "{\"a\":\"abb\"}", NO},
    {"", "$.a regex \"^.$\"", "{\"a\":\"\xc3\xa9\"}", YES},
    {"", "$.a regex \"^.$\"", "{\"a\":\"\xc3\"}", MAYBE},
    {"", "$.a regex \"b\"", "{\"a\":{\"x\":\"b\"}}", NO},
    {"", "$.a regex \"(a+)+$\"", "{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"}", MAYBE},
    {"", "$.a glob \"b*\"", "{\"a\":\"bbb\"}", YES},
    {"", "$.a glob \"b*\"", "{\"a\":\"abb\"}", NO},
    {"", "$.a cidr \"10.0.0.0/8\"", "{\"a\":\"10.1.2.3\"}", YES},
    {"", "$.a cidr \"10.0.0.0/8\"", "{\"a\":\"11.1.2.3\"}", NO},
    {"", "$.a == \"b\\n\"", "{\"a\":\"b\\n\"}", MAYBE},
    {"", "$.a == \"\"", "{\"a\":\"\"}", YES},
    /* paths */
    {"", "$.a.b.c == 1", "{\"a\":{\"b\":{\"c\":1}}}", YES},
    {"", "$.a.b.c == 1", "{\"a\":{\"b\":{\"d\":1}}}", NO},
    {"", "$.a.b.c == 1", "{\"a\":{\"c\":1},\"b\":{\"c\":1}}", NO},
    {"", "$.a.b.c == 1", "{\"a\":[{\"b\":{\"c\":1}}]}", NO},
    {"", "$.a.b.c == 1", "{\"a\":\"{\\\"b\\\":\",\"b\":{\"c\":1}}", NO},
    {"", "$.a.b.c == 1 and $.a.b == 2", "{\"a\":{\"b\":{\"c\":1}}}", NO},
    {"", "$.a.b.c == 1 and $.a.b", "{\"a\":{\"x\":{},\"b\":{\"c\":1}}}", YES},
    {"", "$.a[*].b == 1", "{\"a\":[{\"b\":1}]}", MAYBE},
    {"", "$ == 1", "{}", MAYBE},
    {"", "$['\xc3\xa9'] == 1", "{\"\xc3\xa9\":1}", YES},
    {"", "$['\xc3\xa9'] == 1", "{\"\xc3\xa8\":1}", NO},
    {"", "$['a\\\\b'] == 1", "{\"a\\\\b\":1}", MAYBE},
    {"", "$['']", "{\"\":1}", YES},
    {"", "$['a.b']", "{\"a\":{\"b\":1},\"a.c\":1}", NO},
    {"", "$.aVeryLongNameOfAMember", "{\"aVeryLongNameOfAMember\":1}", YES},
    {"", "$.aVeryLongNameOfAMember", "{\"aVeryLungNameOfAMember\":1}", NO},
    {"", "$.sevenby", "{\"xsevenby\":0,\"evenby\":0}", NO},
    {"", "$.eightbyt", "{\"xeightbyt\":0,\"ightbyt\":0}", NO},
    /* the last of members with the same name counts */
    {"", "$.a == 1", "{\"a\":2,\"a\":1}", YES},
    {"", "$.a == 1", "{\"a\":1,\"a\":2}", NO},
    {"", "$.a.b == 1", "{\"a\":{\"b\":1},\"a\":{}}", NO},
    {"", "$.a.b == 1", "{\"a\":{\"b\":1},\"a\":3}", NO},
    {"", "$.a.b == 1", "{\"a\":{\"b\":0},\"a\":{\"b\":1}}", YES},
    {"", "$.a.b.c == 1", "{\"a\":{\"b\":{\"c\":1}},\"a\":{\"b\":0}}", NO},
    /* names with escapes */
    {"", "$.a == 1", "{\"\\u0061\":1}", MAYBE},
    {"", "$.a == 1", "{\"a\":1,\"\\u0061\" :2}", MAYBE},
    {"", "$.a == 1", "{\"b\":{\"\\u0061\":2}}", NO},
    {"", "$.a == 1", "{\"x\\\"a\":1}", MAYBE},
    {"", "$.a.b == 1", "{\"a\":{\"\\u0062\":1}}", MAYBE},
    {"", "$.a == \"x\"", "{\"b\":\"\\u0061\\n\",\"c\":[\"\\\\\"],\"a\":\"x\"}", YES},
    /* and, or, not have three values */
    {"", "$..x == 1 and $.a == 1", "{\"a\":2}", NO},
    {"", "$..x == 1 and $.a == 1", "{\"a\":1}", MAYBE},
    {"", "$..x == 1 or $.a == 1", "{\"a\":1}", YES},
    {"", "$..x == 1 or $.a == 1", "{\"a\":2}", MAYBE},
    {"", "not ($..x == 1 and $.a == 1)", "{\"a\":2}", YES},
    {"", "not ($..x == 1)", "{}", MAYBE},
    {"", "not ($.a == 1 or $.b == 2)", "{\"a\":1}", NO},
    {"", "($.a == 1 or $.b == 2) and not $.c", "{\"b\":2}", YES},
    /* texts that have to occur */
    {"", "$..x == \"abc\"", "{\"a\":\"abd\"}", NO},
    {"", "$..x == \"abc\"", "{\"a\":\"abc\"}", MAYBE},
    {"", "$..x == \"abc\"", "{\"a\":\"xabc\"}", NO},
    {"", "$..x == \"abc\"", "{\"a\":\"\\u0061bc\"}", MAYBE},
    {"", "$..x == \"abc\"", "{\"a\":\"\\\\u0061bc\"}", NO},
    {"", "$..x == \"a/c\"", "{\"a\":\"a\\/c\"}", MAYBE},
    {"", "$..x == \"a\\\\c\"", "{\"a\":\"abc\"}", MAYBE},
    {"", "$..x == \"\"", "{\"a\":1}", NO},
    {"", "$..x == \"\"", "{\"a\":\"\"}", MAYBE},
    {"", "$..x in [\"abc\", \"def\"]", "{\"a\":\"abd\"}", NO},
    {"", "$..x in [\"abc\", \"def\"]", "{\"a\":\"def\"}", MAYBE},
    {"", "$..x in [\"abc\", 1]", "{\"a\":\"abd\"}", MAYBE},
    {"", "$..x in [\"abc\", None]", "{\"a\":\"abd\"}", MAYBE},
    {"", "$..x != \"abc\"", "{\"a\":\"abd\"}", MAYBE},
    {"", "not $..x == \"abc\"", "{\"a\":\"abd\"}", MAYBE},
    {"", "$..x == \"abc\" or $..y == 1", "{\"a\":\"abd\"}", MAYBE},
    {"", "$.a and ($..y == 1 and $..x == \"abc\")", "{\"a\":\"abd\"}", NO},
    /* what holds records, or is none */
    {"", "", "{\"Records\":[{}]}", MAYBE},
    {"", "", "{\"Events\":[]}", MAYBE},
    {"", "", "{\"CloudTrailEvent\":\"{}\"}", MAYBE},
    {"", "$..x == \"abc\"", "{\"CloudTrailEvent\":\"{\\\"x\\\":\\\"abc\\\"}\"}", MAYBE},
    {"", "", "{\"digestStartTime\":\"x\"}", MAYBE},
    {"", "", "{\"a\":{\"Records\":[{}]}}", YES},
    {"", "$.Records.x", "{\"a\":1}", NO},
    /* no record */
    {"", "", "", PROJECT_END},
    {"", "", " \n\t\r ", PROJECT_END},
    {"", "", "[{}]", PROJECT_ODD},
    {"", "", "\"{}\"", PROJECT_ODD},
    {"", "", "x{}", PROJECT_ODD},
    {"", "", "}", PROJECT_ODD},
    {"", "", "{", PROJECT_CUT},
    {"", "", "{\"a\":\"}", PROJECT_CUT},
    {"", "", "{\"a\":[}", PROJECT_CUT},
    {"", "", "{\"a\":[}}", PROJECT_ODD},
    {"", "", "{\"a\":{]}", PROJECT_ODD},
    {"", "", "{\"a\":\"\n\"}", PROJECT_ODD},
    {"", "", "{\"a\":\"\x01\"}", PROJECT_ODD},
    {"", "", "{\"a\":\n1}", PROJECT_ODD},
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct project_record record;
		struct query q;

		query_open(&q, row->pattern, row->expression, false);
		is_int(ask_all(&q, str_of(row->record), true, &record), row->result,
		    "%s %s: %.300s", row->pattern, row->expression, row->record);
		query_close(&q);
	}
}

static void
test_window(void)
{
	static const struct {
		const char *record;
		int result;
		const char *time;
	} cases[] = {
	    {"{\"eventTime\":\"2023-07-10T11:42:36Z\"}", YES, "2023-07-10T11:42:36Z"},
	    {"{\"eventTime\":\"2023-06-30T23:59:59Z\"}", NO, ""},
	    {"{\"eventTime\":\"2023-08-01T00:00:00Z\"}", NO, ""},
	    {"{\"eventTime\":\"2023-07-31T23:59:59Z\"}", YES, "2023-07-31T23:59:59Z"},
	    {"{\"eventTime\":\"yesterday\"}", YES, "yesterday"},
	    {"{\"eventTime\":17}", YES, ""},
	    {"{\"a\":{\"eventTime\":\"2023-08-01T00:00:00Z\"}}", YES, ""},
	    {"{\"eventTime\":\"\\u0032023-07-10T11:42:36Z\"}", MAYBE, ""},
	};
	struct project_record record;
	struct query q;

	query_open(&q, "", "", true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		is_int(ask_all(&q, str_of(cases[i].record), true, &record), cases[i].result,
		    "window: %s", cases[i].record);
		if (record.n > 0 && cases[i].result == YES)
			is_mem(record.time.p, record.time.n, cases[i].time, strlen(cases[i].time),
			    "its time");
	}
	query_close(&q);
}

static void
test_untimed(void)
{
	static const char *const records[] = {"{\"eventTime\":\"2023-07-10T11:42:36Z\"}",
	    "{\"eventTime\":\"\\u0032023-07-10T11:42:36Z\"}", "{}"};
	struct query q = {.match = match_new()};
	struct project_record record;

	q.q = (struct project_query){.match = q.match, .untimed = true};
	make_projects(&q);
	for (size_t i = 0; i < 3; i++) {
		is_int(ask_all(&q, str_of(records[i]), true, &record), YES, "untimed: %s",
		    records[i]);
		is_int((long long)record.time.n, 0, "no time");
	}
	query_close(&q);
}

/* --- against the parser --- */

/* Where the record that begins at p ends, by counting brackets; NULL where it does not, or they are
 * of the wrong kind, too deep, or there is a control character in a string or a backslash in none.
 */
static const char *
end_slowly(const char *p, const char *end)
{
	char open[PROJECT_MAX_DEPTH + 1];
	bool in_string = false;
	size_t depth = 0;

	for (; p < end; p++) {
		if (in_string) {
			if ((unsigned char)*p < 0x20)
				return NULL;
			if (*p == '\\' && end - p > 1 && (unsigned char)p[1] >= 0x20)
				p++;
			else if (*p == '"')
				in_string = false;
		} else if (*p == '\\') {
			return NULL;
		} else if (*p == '"') {
			in_string = true;
		} else if (*p == '{' || *p == '[') {
			if (depth == PROJECT_MAX_DEPTH)
				return NULL;
			open[depth++] = *p;
		} else if (*p == '}' || *p == ']') {
			if (depth == 0 || open[--depth] != *p - 2)
				return NULL;
			if (depth == 0)
				return p + 1;
		}
	}
	return NULL;
}

/* Does the answer for the record agree with the parser's? */
static bool
agrees(const struct query *q, int result, struct str text)
{
	const struct json *v;
	struct err err;
	int64_t time;
	int r;

	if (json_parse(&doc, text, &err) != 0)
		return true;
	if (result == MAYBE)
		return true;
	if (result != YES && result != NO)
		return false;
	/* What search.c does not take for a record has to be a MAYBE. */
	v = json_get(doc.v, STR("Records"));
	if (v != NULL && v->type == JSON_ARRAY)
		return false;
	v = json_get(doc.v, STR("Events"));
	if (v != NULL && v->type == JSON_ARRAY)
		return false;
	v = json_get(doc.v, STR("CloudTrailEvent"));
	if (v != NULL && v->type == JSON_STRING)
		return false;
	if (json_get(doc.v, STR("digestStartTime")) != NULL &&
	    json_get(doc.v, STR("eventName")) == NULL)
		return false;
	v = json_get(doc.v, STR("eventTime"));
	r = match_event(q->match, doc.v, scratch, &err);
	if (q->q.windowed && v != NULL && v->type == JSON_STRING &&
	    when_parse_event(json_text(v), &time) == 0 && (time < from_us || time > to_us))
		r = 0;
	return r < 0 || r == (result == YES);
}

static const char *const patterns[] = {"", "s3:Get*", "*:*", "ec2:*"};

static const char *const expressions[] = {"", "$.errorCode == \"AccessDenied\"", "$.a.b.c == 1",
    "$.a.b regex \"x\" or not $.errorCode", "$..x == \"abc\"", "$.a in [1, \"abc\", None, [1]]",
    "$.a.x != None and $.b.a != 2", "$['id'] == 1 or $['']", "$..x in [\"abc\", \"a/c\"]",
    "$.eventName == \"GetObject\" and $..a == \"abc\"", "$.a < 2", "$.a.a.a.a or $.b.b == {}"};

static const char *const members[] = {"eventName", "eventSource", "eventTime", "errorCode", "a",
    "b", "c", "x", "id", "", "a", "b", "insightDetails", "Records", "CloudTrailEvent",
    "digestStartTime", "Events", "\\u0061", "x\\\"a", "errorC\\u006fde", "\xc3\xa9",
    "event\\/Name"};

static const char *const scalars[] = {"1", "2", "-1.5e3", "true", "false", "null", "\"abc\"",
    "\"AccessDenied\"", "\"GetObject\"", "\"s3.amazonaws.com\"", "\"2023-07-10T11:42:36Z\"",
    "\"2022-07-10T11:42:36Z\"", "\"x\"", "\"\\\"\"", "\"a\\/c\"", "\"a/c\"", "\"\\u0061bc\"",
    "\"\\\\\"", "\"\xc3\xa9\"", "\"{[}]\"", "\"\"", "{}", "[]", "\"a\\\\\"", "\"eventName\"",
    "\"the quick brown fox jumps over the lazy dog and on and on and on\""};

#define ANY(list) (list)[below(sizeof(list) / sizeof((list)[0]))]

static void
put_space(struct buf *b, bool spaced)
{
	if (spaced)
		buf_add(b, " \t\n\r  \n", below(8));
}

static void
put_value(struct buf *b, unsigned depth, bool spaced)
{
	unsigned n = below(5), what = depth == 0 ? 0 : below(4);

	if (what > 1 || depth > 5) {
		buf_str(b, str_of(ANY(scalars)));
		return;
	}
	buf_char(b, what == 0 ? '{' : '[');
	if (depth == 0)
		n = 2 + below(8);
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			buf_char(b, ',');
		put_space(b, spaced);
		if (what == 0) {
			const char *name = below(12) == 0 ? ANY(members) : members[below(12)];

			buf_printf(b, "\"%s\"", name);
			put_space(b, spaced);
			buf_char(b, ':');
			put_space(b, spaced);
		}
		put_value(b, depth + 1, spaced);
		put_space(b, spaced);
	}
	buf_char(b, what == 0 ? '}' : ']');
}

static void
test_random(void)
{
	struct buf b = {0};
	unsigned bad = 0, decided = 0, yes = 0, rounds = 12000;

	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
		struct query q;

		query_open(&q, patterns[i % 4], expressions[i], i % 3 == 0);
		for (unsigned round = 0; round < rounds / 12; round++) {
			struct project_record record;
			int r;

			b.n = 0;
			put_value(&b, 0, round % 3 == 0);
			r = ask_all(&q, buf_slice(&b), false, &record);
			decided += r == NO || r == YES;
			yes += r == YES;
			if (record.n == b.n && agrees(&q, r, buf_slice(&b)))
				continue;
			if (bad++ < 5)
				note("%s %s: %d, %zu bytes: %.*s", patterns[i % 4], expressions[i],
				    r, record.n, (int)b.n, b.p);
		}
		query_close(&q);
	}
	is_int(bad, 0, "records at random: the parser agrees");
	ok(decided > rounds / 3 && yes > rounds / 50, "%u of %u decided, %u of them YES", decided,
	    rounds, yes);
	buf_free(&b);
}

/* Change, drop or add some bytes; or cut. */
static void
damage(struct buf *b)
{
	static const char bytes[] = "{}[]\"\\:,\n1ex u\x01\xff";
	unsigned n = 1 + below(3);

	while (n-- > 0 && b->n > 2) {
		size_t at = 1 + below((unsigned)b->n - 1);

		switch (below(4)) {
		case 0:
			b->p[at] = bytes[below(sizeof(bytes) - 1)];
			break;
		case 1:
			memmove(b->p + at, b->p + at + 1, b->n - at - 1);
			b->n--;
			break;
		case 2:
			buf_char(b, ' ');
			memmove(b->p + at + 1, b->p + at, b->n - at - 1);
			b->p[at] = bytes[below(sizeof(bytes) - 1)];
			break;
		default:
			if (below(10) == 0)
				b->n = at;
		}
	}
}

static void
test_damage(void)
{
	struct buf b = {0};
	unsigned bad = 0, odd = 0, cut = 0, rounds = 12000;

	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
		struct query q;

		query_open(&q, patterns[i % 4], expressions[i], i % 3 == 0);
		for (unsigned round = 0; round < rounds / 12; round++) {
			struct project_record record;
			const char *end;
			bool good;
			int r;

			b.n = 0;
			put_value(&b, 0, round % 3 == 0);
			damage(&b);
			end = end_slowly(b.p, b.p + b.n);
			r = ask_all(&q, buf_slice(&b), false, &record);
			odd += r == PROJECT_ODD;
			cut += r == PROJECT_CUT;
			if (end == NULL)
				good = r == PROJECT_ODD || r == PROJECT_CUT;
			else
				good = record.n == (size_t)(end - b.p) &&
				    agrees(&q, r, (struct str){b.p, record.n});
			if (!good && bad++ < 5)
				note("%s %s: %d, %zu bytes: %.*s", patterns[i % 4], expressions[i],
				    r, record.n, (int)b.n, b.p);
		}
		query_close(&q);
	}
	is_int(bad, 0, "damaged records: their structure is checked, the parser agrees");
	ok(odd > rounds / 20 && cut > rounds / 20, "%u of %u odd, %u cut", odd, rounds, cut);
	buf_free(&b);
}

/* Of a record's beginning nothing is said. */
static void
test_cuts(void)
{
	static const char text[] =
	    " {\"eventName\":\"Get\\\"Object\",\"a\":[{\"x\":\"\\\\\"},{\"id\":\"{[\"}],"
	    "\"errorCode\":\"AccessDenied\",\"deep\":[[[[{\"\":\"\\/\"}]]]],\"eventSource\":12}";
	struct project_record record;
	unsigned bad = 0;
	struct query q;

	query_open(&q, "", "$.errorCode == \"AccessDenied\"", false);
	for (size_t n = 1; n < sizeof(text) - 1; n++)
		bad += ask_all(&q, (struct str){text, n}, true, &record) !=
		    (n == 1 ? PROJECT_END : PROJECT_CUT);
	is_int(bad, 0, "a record cut anywhere is cut");
	is_int(ask_all(&q, str_of(text), true, &record), YES, "a whole one is not");
	is_int(record.at, 1, "it begins behind the blank");
	query_close(&q);
}

/* Blocks with many records, over many steps of the scan. */
static void
test_blocks(enum scan_kernel kernel, bool lines)
{
	enum { RECORDS = 3000 };
	static size_t at[RECORDS], n[RECORDS];
	static const char expression[] = "$.a != 1 and $..x == \"abc\"";
	struct buf b = {0};
	struct query q, one_by_one;
	struct project_record record = {0};
	unsigned bad = 0;
	enum project_result r;

	query_open(&q, "", expression, true);
	query_open(&one_by_one, "", expression, true);
	buf_str(&b, lines ? STR("") : STR("{\"Records\":["));
	record.n = b.n;
	for (size_t i = 0; i < RECORDS; i++) {
		at[i] = b.n;
		put_value(&b, 0, !lines && i % 3 == 0);
		n[i] = b.n - at[i];
		buf_str(&b, lines ? STR("\n") : i + 1 < RECORDS ? STR(" , \n") : STR("]}"));
	}
	project_start(q.run[kernel], b.p, b.n, lines, false);
	for (size_t i = 0; i < RECORDS; i++) {
		struct project_record alone;
		size_t from = record.at + record.n;

		while (b.p[from] == ' ' || b.p[from] == ',')
			from++;
		r = project_next(q.run[kernel], from, &record);
		bad += r !=
			first_record(&one_by_one, (int)kernel, (struct str){b.p + at[i], n[i]},
			    lines, &alone) ||
		    record.at != at[i] || record.n != n[i];
	}
	is_int(bad, 0, "%s: %d records in a block, %s", scan_kernel_name(kernel), RECORDS,
	    lines ? "as lines" : "in a list");
	r = project_next(q.run[kernel], record.at + record.n, &record);
	is_int(r, lines ? PROJECT_END : PROJECT_ODD, "and then %s", lines ? "the end" : "no more");
	query_close(&one_by_one);
	query_close(&q);
	buf_free(&b);
}

/* --- what is checked on the way --- */

static const char checked[] =
    "{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"Root\",\"ok\":false},\"text\":"
    "\"a \\\"b\\\" \\\\ \\n\\u00e9 \xc3\xa9\xe2\x82\xac\",\"n\":[0,-1,2.5,1e9,[],{}],\"null\":null,"
    " \"read\" : true ,\t\"resources\":[{\"ARN\":\"x\"},{\"a\":\"\",\"\":[[\"y\",null],true]}],"
    "\"last\":12345678901234567890}";

/* Between two others, as lines or in a list, and behind so many bytes: what is said to be valid is,
 * and of what is valid, on one line, it is said. */
static bool
is_checked(const struct query *q, int kernel, struct str text, bool lines, size_t before)
{
	struct project_record record = {0};
	struct project_run *run = q->run[kernel];
	enum project_result r;
	struct buf b = {0};
	struct err err;
	bool good = true;
	size_t at;

	buf_str(&b, STR("{\"before\":\""));
	for (size_t i = 0; i < before; i++)
		buf_char(&b, 'b');
	buf_str(&b, lines ? STR("\",\"x\":[1]}\n") : STR("\",\"x\":[1]},"));
	at = b.n;
	buf_str(&b, text);
	buf_str(
	    &b, lines ? STR("\n{\"behind\":[{\"a\":1}]}\n") : STR(",{\"behind\":[{\"a\":1}]}]}"));
	project_start(run, b.p, b.n, lines, true);
	for (size_t from = 0; from < b.n;) {
		struct str found;
		bool valid;

		from += b.p[from] == ',';
		r = project_next(run, from, &record);
		if (r > PROJECT_MAYBE)
			break;
		found = (struct str){b.p + record.at, record.n};
		valid = json_parse(&doc, found, &err) == 0 &&
		    memchr(found.p, '\n', found.n) == NULL &&
		    memchr(found.p, '\r', found.n) == NULL;
		good = good && (r != PROJECT_YES || record.valid == valid);
		if (record.at > at)
			break;
		from = record.at + record.n;
	}
	buf_free(&b);
	return good;
}

/* Every sequence of up to five tokens between these: the number of wrong answers. */
static unsigned
bad_sequences(const struct query *q, int kernel, const char *before, const char *behind)
{
	enum { MOST = 5 };
	struct buf b = {0};
	unsigned bad = 0;

	for (size_t n = 0, all = 1; n <= MOST; n++, all *= TOKENS)
		for (size_t number = 0; number < all; number++) {
			b.n = 0;
			buf_str(&b, str_of(before));
			add_tokens(&b, number, n);
			buf_str(&b, str_of(behind));
			bad += !is_checked(q, kernel, buf_slice(&b), number % 2 == 0, number % 64);
		}
	buf_free(&b);
	return bad;
}

static void
test_checks(void)
{
	static const char bytes[] = "\"\\{}[],: \n\r\t\x01\x7f\x80\xc3\xff"
				    "019-+.eEtnful/b";
	char text[sizeof(checked) + 1];
	size_t n = sizeof(checked) - 1;
	struct query q;

	query_open(&q, "", "", false);
	for (int k = 0; k < SCAN_KERNELS; k++) {
		unsigned bad = 0;

		if (q.run[k] == NULL)
			continue;
		for (size_t i = 0; i < 1100; i++) {
			bad += !is_checked(&q, k, (struct str){checked, n}, true, i);
			bad += !is_checked(&q, k, (struct str){checked, n}, false, i);
		}
		is_int(bad, 0, "%s: valid records, at all places", scan_kernel_name(k));
		for (size_t i = 0, before = 0; i < n; i++)
			for (size_t c = 0; c < sizeof(bytes); c++, before = (before + 7) % 600) {
				memcpy(text, checked, n);
				text[i] = bytes[c];
				bad += !is_checked(&q, k, (struct str){text, n}, c % 2, before);
				memcpy(text + i + 1, checked + i, n - i);
				bad += !is_checked(&q, k, (struct str){text, n + 1}, c % 3, before);
				memcpy(text + i, checked + i + 1, n - i - 1);
				bad += !is_checked(&q, k, (struct str){text, n - 1}, c % 2, before);
			}
		is_int(
		    bad, 0, "%s: records with a byte changed, more or less", scan_kernel_name(k));
		is_int(bad_sequences(&q, k, "{", "}"), 0,
		    "%s: each sequence of tokens in an object", scan_kernel_name(k));
		is_int(bad_sequences(&q, k, "{\"a\":[", "]}"), 0,
		    "%s: each sequence of tokens in an array", scan_kernel_name(k));
	}
	query_close(&q);
}

/* All records of a list with many of these. */
static void
count_valid(
    struct project_run *run, struct str record, struct str rare, unsigned *n, unsigned *valid)
{
	struct project_record r = {0};
	struct buf b = {0};
	size_t from = 0;

	*n = *valid = 0;
	for (int i = 0; i < 500; i++) {
		buf_str(&b, i == 250 ? rare : record);
		buf_char(&b, ',');
	}
	project_start(run, b.p, b.n, false, true);
	while (project_next(run, from, &r) == PROJECT_YES) {
		++*n;
		*valid += r.valid;
		from = r.at + r.n + 1;
	}
	buf_free(&b);
}

/* Is the record said to be valid, with so many others behind it? */
static bool
is_known_valid(struct project_run *run, struct str record, struct str other, unsigned n)
{
	struct project_record r = {0};
	struct buf b = {0};
	bool valid;

	buf_str(&b, record);
	while (n-- > 0)
		buf_str(&b, other);
	project_start(run, b.p, b.n, false, true);
	valid = project_next(run, 0, &r) == PROJECT_YES && r.valid;
	buf_free(&b);
	return valid;
}

/* Records in which lines break are left to others, and after many of these all are. */
static void
test_many_doubts(void)
{
	const struct str line = STR(
	    "{\"a\":[1],\"b\":\"a string that is as long as a record may be "
	    "short\",\"c\":{}}");
	const struct str lines = STR("{\"a\"\n:\n[\n1\n]\n}");
	struct query q;

	query_open(&q, "", "", false);
	for (int k = 0; k < SCAN_KERNELS; k++) {
		unsigned n, valid;

		if (q.run[k] == NULL)
			continue;
		count_valid(q.run[k], line, lines, &n, &valid);
		is_int(n, 500, "%s: all match", scan_kernel_name(k));
		is_int(valid, 499, "%s: all but one are valid lines", scan_kernel_name(k));
		count_valid(q.run[k], lines, line, &n, &valid);
		is_int(n, 500, "%s: all match", scan_kernel_name(k));
		is_int(valid, 0, "%s: of many that are not, none is asked", scan_kernel_name(k));
		ok(!is_known_valid(q.run[k], STR("{\"a\":1,\"b\"}"), lines, 100),
		    "%s: what is wrong before many doubts is known to be", scan_kernel_name(k));
	}
	query_close(&q);
}

static void
test_depth(void)
{
	struct project_record record;
	struct buf b = {0};
	struct query q;

	query_open(&q, "", "$.a", false);
	for (int depth = PROJECT_MAX_DEPTH; depth <= PROJECT_MAX_DEPTH + 2; depth++) {
		b.n = 0;
		buf_str(&b, STR("{\"b\":"));
		for (int i = 1; i < depth; i++)
			buf_char(&b, '[');
		for (int i = 1; i < depth; i++)
			buf_char(&b, ']');
		buf_str(&b, STR(",\"a\":1}"));
		is_int(ask_all(&q, buf_slice(&b), true, &record),
		    depth > PROJECT_MAX_DEPTH ? PROJECT_ODD : YES, "%d brackets open", depth);
	}
	query_close(&q);
	buf_free(&b);
}

/* More names than are kept, a path too deep: such a test is left to the parser. */
static void
test_limits(void)
{
	struct project_record record;
	struct buf e = {0}, text = {0};
	struct query q;

	buf_str(&text, STR("{\"a\":1"));
	for (int i = 0; i < 2 * PROJECT_MAX_NAMES; i++) {
		buf_printf(&e, "%s$.m%d == %d", i > 0 ? " and " : "", i, i);
		buf_printf(&text, ",\"m%d\":%d", i, i);
	}
	buf_str(&text, STR("}"));
	buf_char(&e, '\0');
	query_open(&q, "", e.p, false);
	is_int(ask_all(&q, buf_slice(&text), true, &record), MAYBE, "many names: cannot say");
	is_int(ask_all(&q, STR("{\"m0\":0,\"m1\":0}"), true, &record), NO, "but that it is a NO");
	query_close(&q);
	e.n = 0;
	buf_char(&e, '$');
	for (int i = 0; i < 2 * PROJECT_MAX_DEPTH; i++)
		buf_str(&e, STR(".a"));
	buf_char(&e, '\0');
	query_open(&q, "", e.p, false);
	is_int(ask_all(&q, STR("{\"a\":{}}"), true, &record), MAYBE, "a deep path: cannot say");
	query_close(&q);
	buf_free(&e);
	buf_free(&text);
}

int
main(void)
{
	scratch = match_scratch_new();
	json_doc_init(&doc);
	test_rows();
	test_window();
	test_untimed();
	test_cuts();
	test_checks();
	test_many_doubts();
	test_depth();
	test_limits();
	for (int k = 0; k < SCAN_KERNELS; k++)
		if (scan_has((enum scan_kernel)k)) {
			test_blocks((enum scan_kernel)k, true);
			test_blocks((enum scan_kernel)k, false);
		}
	test_random();
	test_damage();
	json_doc_free(&doc);
	match_scratch_free(scratch);
	return done_testing();
}

/* Tests of answer.c: what LookupEvents answers, in all its forms and in none. */
#include "../answer.h"

#include "tap.h"

static struct answer a;

static const char *
read_text(const char *text)
{
	return answer_read(&a, str_of(text));
}

static void
test_page(void)
{
	static const char text[] =
	    " {\"Events\" : [ {\"EventId\":\"id-1\",\"EventName\":\"GetObject\","
	    "\"EventTime\":1.704164645E9,\"Resources\":[{\"ResourceName\":\"}\"}],"
	    "\"CloudTrailEvent\":\"{\\\"eventID\\\":\\\"id-1\\\"}\"} , "
	    "{ \"EventTime\":1704164644,\"EventId\":\"i\\u0064-2\",\"CloudTrailEvent\":\"x\" } ],"
	    "\"NextToken\":\"to\\u002fken+=\",\"Other\":{\"NextToken\":7}}\n";

	is_str(read_text(text), NULL, "a page");
	is_int(a.n, 2, "its events");
	is_mem(a.token.p, a.token.n, "to/ken+=", SIZE_MAX, "its token, unescaped");
	is_mem(a.events[0].id.p, a.events[0].id.n, "id-1", SIZE_MAX, "an id");
	is_mem(a.events[1].id.p, a.events[1].id.n, "id-2", SIZE_MAX, "an id with an escape");
	ok(a.events[0].has_time && a.events[1].has_time, "both have times");
	is_int(a.events[0].time, INT64_C(1704164645000000), "a time with an exponent");
	is_int(a.events[1].time, INT64_C(1704164644000000), "a time without");
	ok(a.events[0].has_record && a.events[1].has_record, "both have records");
	for (size_t i = 0; i < 2; i++) {
		struct span s = a.events[i].span;
		const char *first = strchr(strchr(text + 2, '{'), '{');
		const char *second = strstr(text, "{ \"EventTime\"");

		if (i == 0)
			is_int(s.at, first - text, "where the first begins");
		else
			is_int(s.at, second - text, "where the second begins");
		is_mem(text + s.at + s.n - 1, 1, "}", 1, "where it ends");
	}
	is_int(a.events[1].span.n,
	    strlen("{ \"EventTime\":1704164644,\"EventId\":\"i\\u0064-2\","
		   "\"CloudTrailEvent\":\"x\" }"),
	    "how long the second is");
}

static void
test_tokens(void)
{
	static const struct {
		const char *member;
		const char *token; /* NULL: no answer */
	} t[] = {{"", ""}, {",\"NextToken\":null", ""}, {",\"NextToken\":\"a\"", "a"},
	    {",\"NextToken\":\"\\\"\\\\\\n\"", "\"\\\n"}, {",\"NextToken\":\"\"", NULL},
	    {",\"NextToken\":7", NULL}, {",\"NextToken\":false", NULL}, {",\"NextToken\":{}", NULL},
	    {",\"NextToken\":[\"a\"]", NULL}, {",\"nextToken\":\"a\"", ""},
	    {",\"NextToken\":\"a\",\"NextToken\":\"b\"", "b"},
	    {",\"NextToken\":\"a\",\"NextToken\":null", ""}};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct buf text = {0};
		const char *wrong;

		buf_printf(&text, "{\"Events\":[]%s}", t[i].member);
		wrong = answer_read(&a, buf_slice(&text));
		if (t[i].token == NULL) {
			ok(wrong != NULL && strstr(wrong, "token") != NULL, "%s: %s", text.p,
			    wrong != NULL ? wrong : "taken");
		} else if (is_str(wrong, NULL, "%s", text.p)) {
			is_mem(a.token.p, a.token.n, t[i].token, SIZE_MAX, "%s: its token", text.p);
			is_int(a.n, 0, "%s: no events", text.p);
		}
		buf_free(&text);
	}
}

static int64_t
floor_second(int64_t us)
{
	return us / 1000000 - (us % 1000000 < 0);
}

static void
test_times(void)
{
	static const struct {
		const char *text;
		bool there;
		int64_t seconds;
	} t[] = {{"1.704164645E9", true, 1704164645}, {"1.704164645e9", true, 1704164645},
	    {"1.704164645E+9", true, 1704164645}, {"17.04164645E8", true, 1704164645},
	    {"1704164645", true, 1704164645}, {"1704164645.0", true, 1704164645},
	    {"1704164645.999", true, 1704164645}, {"1.704164645999E9", true, 1704164645},
	    {"1704164645000E-3", true, 1704164645}, {"1.7041646E9", true, 1704164600},
	    {"1.7E9", true, 1700000000}, {"0", true, 0}, {"-0", true, 0}, {"-0.0", true, 0},
	    {"0.5", true, 0}, {"-0.5", true, -1}, {"-1", true, -1}, {"-1.0", true, -1},
	    {"-1.5", true, -2}, {"-1E3", true, -1000}, {"1e-300", true, 0}, {"-1e-300", true, 0},
	    {"253402300799", true, INT64_C(253402300799)}, {"1e13", false, 0}, {"-1e13", false, 0},
	    {"1e18", false, 0}, {"9223372036854775808", false, 0}, {"1e308", false, 0},
	    {"1e999", false, 0}, {"-1e999", false, 0}, {"null", false, 0}, {"true", false, 0},
	    {"{}", false, 0}, {"[1704164645]", false, 0}, {"\"\"", false, 0}, {"\"x\"", false, 0}};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct buf text = {0};

		buf_printf(&text, "{\"Events\":[{\"EventTime\":%s}]}", t[i].text);
		is_str(answer_read(&a, buf_slice(&text)), NULL, "EventTime %s", t[i].text);
		is_int(a.n, 1, "EventTime %s: an event", t[i].text);
		is_int(a.events[0].has_time, t[i].there, "EventTime %s: there or not", t[i].text);
		if (t[i].there && a.events[0].has_time)
			is_int(floor_second(a.events[0].time), t[i].seconds, "EventTime %s",
			    t[i].text);
		buf_free(&text);
	}
}

static void
test_odd_events(void)
{
	static const char text[] =
	    "{\"Events\":[null,1,\"{}\",[],[{\"EventId\":\"no\"}],{},"
	    "{\"EventId\":7,\"EventTime\":\"x\","
	    "\"CloudTrailEvent\":{}},{\"CloudTrailEvent\":\"\"},{\"EventId\":\"\","
	    "\"CloudTrailEvent\":null},{\"EventId\":\"a\",\"EventId\":\"b\"},"
	    "{\"CloudTrailEvent\":\"\\u0000\"}]}";
	static const size_t spans[] = {0, 0, 0, 0, 0, 2};

	if (!is_str(read_text(text), NULL, "elements that are no events") ||
	    !is_int(a.n, 11, "are all in it"))
		return;
	for (size_t i = 0; i < 11; i++) {
		const struct answer_event *e = &a.events[i];

		ok(!e->has_time, "%zu: no time", i);
		is_int(e->has_record, i == 10, "%zu: record", i);
		is_int(e->id.n, i == 9, "%zu: id", i);
		if (i < 6)
			is_int(e->span.n, spans[i], "%zu: span", i);
		else
			ok(e->span.n > 10 && text[e->span.at] == '{' &&
				text[e->span.at + e->span.n - 1] == '}',
			    "%zu: span", i);
	}
	is_mem(a.events[9].id.p, a.events[9].id.n, "b", 1, "the last of two ids");
}

static void
test_no_answers(void)
{
	static const char *const t[] = {"", " ", "null", "7", "\"Events\"", "[]", "{}",
	    "[{\"Events\":[]}]", "{\"Events\":{}}", "{\"Events\":\"\"}", "{\"Events\":7}",
	    "{\"Events\":false}", "{\"events\":[]}", "{\"Events\":[]", "{\"Events\":[]}}",
	    "{\"Events\":[]}{}", "{\"Events\":[],}", "{\"Events\":[{\"EventId\":\"a\"]}",
	    "{\"Events\":[{\"CloudTrailEvent\":\"{", "{\"Events\":[\"\xff\"]}",
	    "\xef\xbb\xbf{\"Events\":[]}", "<html></html>", "\x1f\x8b\x08",
	    "{\"__type\":\"ThrottlingException\"}", "{\"Output\":{\"Events\":[]}}",
	    "{\"Events\":[{\"EventTime\":01}]}", "{\"Events\":[{\"EventTime\":NaN}]}"};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const char *wrong = read_text(t[i]);

		ok(wrong != NULL && *wrong != '\0', "%s: %s", t[i],
		    wrong != NULL ? wrong : "taken");
	}
	is_str(read_text("{\"Events\":[]}"), NULL, "an empty answer after all that");
	is_int(a.n, 0, "has none of their events");
	is_int(a.token.n, 0, "and no token");
	is_str(answer_read(&a, (struct str){"{\"Events\":[]}\0", 14}),
	    "the service's answer is no JSON", "a NUL behind it");
}

/* Many events, many times over. */
static void
test_many(void)
{
	struct buf text = {0};

	buf_str(&text, STR("{\"Events\":["));
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "%s{\"EventId\":\"%d\",\"EventTime\":%d}", i > 0 ? "," : "", i,
		    1000 - i);
	buf_str(&text, STR("]}"));
	for (int k = 0; k < 3; k++) {
		size_t bad = 0;

		is_str(answer_read(&a, buf_slice(&text)), NULL, "1000 events");
		is_int(a.n, 1000, "all of them");
		for (size_t i = 0; i < a.n; i++) {
			char want[24];

			(void)snprintf(want, sizeof(want), "%zu", i);
			bad += !str_eq(a.events[i].id, str_of(want)) ||
			    a.events[i].time != (1000 - (int64_t)i) * 1000000 ||
			    text.p[a.events[i].span.at] != '{';
		}
		is_int(bad, 0, "in the order given");
	}
	buf_free(&text);
}

int
main(void)
{
	answer_init(&a);
	test_page();
	test_tokens();
	test_times();
	test_odd_events();
	test_no_answers();
	test_many();
	answer_free(&a);
	answer_init(&a);
	answer_free(&a);
	return done_testing();
}

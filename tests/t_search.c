/* Tests of search.c: what is unwrapped, the time window, what is told of damage, and the lines that
 * come out. */
#include "../search.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "../frame.h"
#include "../json.h"
#include "../match.h"
#include "../page.h"
#include "../project.h"
#include "../when.h"
#include "tap.h"

enum { BASE = 1000 }; /* where the page begins in its file */

static struct search_scratch *scratch;

struct query {
	const char *expression; /* NULL for none */
	const char *from;       /* NULL for no window */
	const char *to;
};

static int64_t
us(const char *text)
{
	int64_t t;

	if (when_parse_event(str_of(text), &t) != 0)
		abort();
	return t;
}

static void
frame_all(struct page *page)
{
	struct framer f;
	struct err err;
	struct span e;
	enum frame_result r;

	frame_start(&f);
	while ((r = frame_next(&f, page->bytes.p, page->bytes.n, true, &e, &err)) != FRAME_END)
		if (r == FRAME_EVENT)
			page_add_event(page, e);
		else
			page_problem(page, NULL, page->base + err.pos, "frame: %s", err.msg);
}

/* A page with the text's events (just one, without framing, with `whole`), searched. */
static struct page *
search_text(const struct query *q, struct str text, bool whole)
{
	struct match *m = match_new();
	struct search search = {.match = m};
	struct page *page = page_new();
	struct err err;

	if (q != NULL && q->expression != NULL &&
	    match_add_expression(m, str_of(q->expression), &err) != 0)
		abort();
	if (q != NULL && q->from != NULL) {
		search.windowed = true;
		search.from = us(q->from);
		search.to = us(q->to);
	}
	buf_str(&page->name, STR("file"));
	buf_str(&page->bytes, text);
	page->base = BASE;
	if (whole)
		page_add_event(page, (struct span){0, text.n});
	else
		frame_all(page);
	search_page(&search, page, scratch);
	match_free(m);
	return page;
}

/* Are the page's lines this text, and do they lie one behind the other? */
static void
check_lines(const struct page *page, const char *want, const char *name)
{
	size_t at = 0, bad = 0;

	is_mem(
	    page->out.n > 0 ? page->out.p : "", page->out.n, want, strlen(want), "%s: lines", name);
	for (size_t i = 0; i < page->n_lines; i++) {
		struct span s = page->lines[i].span;

		bad += s.at != at || s.n == 0 || s.n > page->out.n - at ||
		    page->out.p[at + s.n - 1] != '\n' ||
		    memchr(page->out.p + at, '\n', s.n) != page->out.p + at + s.n - 1;
		at += s.n;
	}
	ok(bad == 0 && at == page->out.n && page->counts.matched == page->n_lines,
	    "%s: each is one line", name);
}

struct form {
	const char *text;
	const char *lines;
	int events;
	int problems;
	int digests;
};

#define R1 "{\"eventName\":\"A\"}"
#define R2 "{\"eventName\":\"B\"}"
#define E1 "{\\\"eventName\\\":\\\"A\\\"}"
#define DIGEST "{\"digestStartTime\":\"2023-07-10T00:00:00Z\",\"logFiles\":[]}"

static const struct form forms[] = {
    {"", "", 0, 0, 0},
    {R1, R1 "\n", 1, 0, 0},
    {"[" R1 "," R2 "]", R1 "\n" R2 "\n", 2, 0, 0},
    {"{\"Records\":[" R1 "," R2 "]}", R1 "\n" R2 "\n", 2, 0, 0},
    {R1 "\n" R2 "\n", R1 "\n" R2 "\n", 2, 0, 0},
    {"{}", "{}\n", 1, 0, 0},
    /* LookupEvents */
    {"{\"Events\":[{\"EventId\":\"x\",\"CloudTrailEvent\":\"" E1 "\"}]}", R1 "\n", 1, 0, 0},
    {"{\"EventId\":\"x\",\"CloudTrailEvent\":\"" E1 "\"}", R1 "\n", 1, 0, 0},
    {"\"" E1 "\"", R1 "\n", 1, 0, 0},
    {"[\"" E1 "\",\"" E1 "\"]", R1 "\n" R1 "\n", 2, 0, 0},
    {"{\"CloudTrailEvent\":{}}", "{\"CloudTrailEvent\":{}}\n", 1, 0,
	0}, /* no text: a record as any other */
    {"{\"CloudTrailEvent\":\"{\\n  \\\"eventName\\\" : \\\"A B\\\"\\n}\"}",
	"{\"eventName\":\"A B\"}\n", 1, 0, 0},
    {"{\"CloudTrailEvent\":\"{\\\"eventName\\\":\\\"\\\\u0041\\\\n\\\"}\"}",
	"{\"eventName\":\"\\u0041\\n\"}\n", 1, 0, 0},
    {"{\"CloudTrailEvent\":\"{\\\"s\\\":\\\"\\u00e9\\\"}\"}", "{\"s\":\"\xc3\xa9\"}\n", 1, 0, 0},
    /* lists inside of a line that does not begin as one */
    {R1 "\n{\"k\":0,\"Records\":[" R2 "," R1 "]}\n", R1 "\n" R2 "\n" R1 "\n", 3, 0, 0},
    {R1 "\n{\"k\":0,\"Events\":[{\"CloudTrailEvent\":\"" E1 "\"}]}\n", R1 "\n" R1 "\n", 2, 0, 0},
    {"[{\"Records\":[" R1 "," R2 "]}]", R1 "\n" R2 "\n", 2, 0, 0},
    {"[{\"Records\":[]}]", "", 0, 0, 0},
    {"[{\"Records\":[\"" E1 "\"]}]", R1 "\n", 1, 0, 0},
    {"{\"Records\":5}", "{\"Records\":5}\n", 1, 0, 0},
    /* digest files */
    {DIGEST, "", 0, 0, 1},
    {"{\"Records\":[" R1 "]}\n" DIGEST, R1 "\n", 1, 0, 1},
    {"{\"digestStartTime\":\"x\",\"eventName\":\"A\"}",
	"{\"digestStartTime\":\"x\",\"eventName\":\"A\"}\n", 1, 0, 0},
    /* what is no event */
    {"[1]", "", 0, 1, 0},
    {"[null,true,[],[" R1 "]," R1 "]", R1 "\n", 1, 4, 0},
    {"\"x\"", "", 0, 1, 0},
    {"\"[]\"", "", 0, 1, 0},
    {"\"5\"", "", 0, 1, 0},
    {"{\"CloudTrailEvent\":\"\"}", "", 0, 1, 0},
    {"{\"CloudTrailEvent\":\"{\"}", "", 0, 1, 0},
    {"[" R1 ",{\"a\":},{\"b\" 1}," R2 "]", R1 "\n" R2 "\n", 2, 2, 0},
    {R1 "\n{\"a\":\n" R2 "\n", R1 "\n" R2 "\n", 2, 1, 0},
    /* one line: white space goes only where there is a line break */
    {"{ \"eventName\" : \"A\" }", "{ \"eventName\" : \"A\" }\n", 1, 0, 0},
    {"{\t\"eventName\": \"A\"}", "{\t\"eventName\": \"A\"}\n", 1, 0, 0},
    {"{\n \"eventName\" : \"A  B\",\r\n\t\"n\": [ 1.50 , -0e1 ]\n}",
	"{\"eventName\":\"A  B\",\"n\":[1.50,-0e1]}\n", 1, 0, 0},
    {"{\r\"a\" : 1}", "{\"a\":1}\n", 1, 0, 0},
    {"{\n\"s\":\"\\\" \\\\\", \"t\" : \" , \" }", "{\"s\":\"\\\" \\\\\",\"t\":\" , \"}\n", 1, 0, 0},
    {"{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}\n", 1, 0, 0}, /* CloudTrail's own bytes */
    {"{\"\\u0061\":1e0,\"s\":\"\\/\\u00E9\"}", "{\"\\u0061\":1e0,\"s\":\"\\/\\u00E9\"}\n", 1, 0, 0},
};

static void
test_forms(void)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct page *page = search_text(NULL, str_of(forms[i].text), false);

		check_lines(page, forms[i].lines, forms[i].text);
		is_int(page->counts.events, forms[i].events, "%s: events", forms[i].text);
		is_int(page->counts.problems, forms[i].problems, "%s: problems", forms[i].text);
		is_int(page->n_problems, forms[i].problems, "%s: told", forms[i].text);
		is_int(page->counts.digests, forms[i].digests, "%s: digests", forms[i].text);
		page_free(page);
	}
}

/* --- the time window --- */

static void
test_window(void)
{
	static const char text[] = "{\"n\":1,\"eventTime\":\"2023-07-10T11:59:59Z\"}\n"
				   "{\"n\":2,\"eventTime\":\"2023-07-10T12:00:00Z\"}\n"
				   "{\"n\":3,\"eventTime\":\"2023-07-10T12:30:00Z\"}\n"
				   "{\"n\":4,\"eventTime\":\"2023-07-10T13:00:00Z\"}\n"
				   "{\"n\":5,\"eventTime\":\"2023-07-10T13:00:01Z\"}\n"
				   "{\"n\":6,\"eventTime\":\"2023-07-10T15:00:00+02:00\"}\n"
				   "{\"n\":7}\n"
				   "{\"n\":8,\"eventTime\":\"yesterday\"}\n"
				   "{\"n\":9,\"eventTime\":1688990400}\n"
				   "{\"n\":10,\"eventTime\":\"2023-07-10T13:00:00.000001Z\"}\n"
				   "{\"n\":11,\"eventTime\":null}\n";
	static const struct query hour = {NULL, "2023-07-10T12:00:00Z", "2023-07-10T13:00:00Z"},
				  few = {"$.n >= 8", "2023-07-10T12:00:00Z",
				      "2023-07-10T13:00:00Z"},
				  all = {"$.n >= 8", NULL, NULL};
	struct page *page = search_text(&hour, str_of(text), false);

	check_lines(page,
	    "{\"n\":2,\"eventTime\":\"2023-07-10T12:00:00Z\"}\n"
	    "{\"n\":3,\"eventTime\":\"2023-07-10T12:30:00Z\"}\n"
	    "{\"n\":4,\"eventTime\":\"2023-07-10T13:00:00Z\"}\n"
	    "{\"n\":6,\"eventTime\":\"2023-07-10T15:00:00+02:00\"}\n"
	    "{\"n\":7}\n"
	    "{\"n\":8,\"eventTime\":\"yesterday\"}\n"
	    "{\"n\":9,\"eventTime\":1688990400}\n"
	    "{\"n\":11,\"eventTime\":null}\n",
	    "both ends count, and what has no time is kept");
	is_int(page->counts.events, 11, "all were searched");
	is_int(page->counts.undated, 4, "the undated are counted");
	is_int(page->counts.problems, 0, "and are no problem");
	if (ok(page->n_lines == 8, "eight lines")) {
		is_int(page->lines[0].time, us("2023-07-10T12:00:00Z"), "a line's time");
		is_int(page->lines[3].time, us("2023-07-10T13:00:00Z"), "with an offset");
		ok(page->lines[4].time == INT64_MIN && page->lines[5].time == INT64_MIN &&
			page->lines[6].time == INT64_MIN,
		    "INT64_MIN where there is none");
	}
	page_free(page);
	page = search_text(&few, str_of(text), false);
	is_int(page->n_lines, 3, "with a query");
	is_int(page->counts.undated, 3, "only those that match are counted");
	page_free(page);
	page = search_text(&all, str_of(text), false);
	is_int(page->n_lines, 4, "without a window");
	is_int(page->counts.undated, 0, "nothing is undated");
	ok(page->n_lines == 4 && page->lines[2].time == us("2023-07-10T13:00:00.000001Z"),
	    "times are there all the same");
	page_free(page);
	page = search_text(&hour,
	    STR("{\"CloudTrailEvent\":\"{\\\"eventTime\\\":\\\"2023-07-10T12:00:00Z\\\"}\"}\n"
		"{\"CloudTrailEvent\":\"{\\\"eventTime\\\":\\\"2023-07-10T11:00:00Z\\\"}\"}\n"),
	    false);
	check_lines(page, "{\"eventTime\":\"2023-07-10T12:00:00Z\"}\n",
	    "LookupEvents: the record's time counts");
	page_free(page);
}

/* --- what is told --- */

struct told {
	const char *text;
	size_t pos; /* in text */
	const char *says;
};

static const struct told told[] = {
    {"{\"a\":x}", 5, "malformed event"},
    {R1 "\n{\"a\":x}\n", 23, "malformed event"},
    {"[" R1 ", {\"a\":[1,]}]", 28, "malformed event"},
    {"[" R1 ",{\"a\":\"\x01\"}]", 25, "malformed event"},
    {"[" R1 ",{\"a\":\"\xff\"}]", 25, "malformed event"},
    {"[" R1 ",5]", 19, "no"},
    {"[" R1 ",\"x\"]", 19, "string"},
    {"[" R1 ",{\"CloudTrailEvent\":\"{]\"}]", 19, "at byte 1"},
    {"[{\"k\":0,\"Records\":[" R1 ",{\"CloudTrailEvent\":\"{]\"}]}]", 37, "at byte 1"},
    {"[{\"k\":0,\"Records\":[" R1 ",5]}]", 37, "no"},
    {"[{\"k\":0,\"Records\":[" R1 ",[5]]}]", 37, "no"},
    {"[{\"k\":0,\"Records\":[" R1 ",true," R2 "]}]", 37, "no"},
};

static void
test_told(void)
{
	static const char mad[] =
	    "{\"eventID\":\"e1\","
	    "\"s\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"}\n"
	    "{\"eventID\":\"e2\",\"s\":\"b\"}\n{\"eventId\":\"e3\","
	    "\"s\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"}\n"
	    "{\"s\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"}\n"
	    "{\"eventID\":\"\\u001b[2J\","
	    "\"s\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"}\n";
	static const struct query slow = {"$.s regex '^(a+)+$' or $.s == 'b'", NULL, NULL};
	struct page *page;

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		const char *t = told[i].text;

		page = search_text(NULL, str_of(t), false);
		if (ok(page->n_problems == 1, "%s: one problem", t)) {
			const struct problem *p = &page->problems[0];

			ok(p->has_pos && !p->note, "%s: with a position", t);
			is_int(p->pos, BASE + told[i].pos, "%s: which is", t);
			is_str(p->where, "file", "%s: in the page's file", t);
			ok(strstr(p->what, told[i].says) != NULL, "%s: %s", t, p->what);
		}
		page_free(page);
	}
	page = search_text(&slow, str_of(mad), false);
	is_int(page->n_problems, 4, "four events at a limit");
	check_lines(page, "{\"eventID\":\"e2\",\"s\":\"b\"}\n", "and one that matches");
	if (page->n_problems == 4) {
		ok(strstr(page->problems[0].what, "e1") != NULL, "with the event's ID: %s",
		    page->problems[0].what);
		is_int(page->problems[0].pos, BASE, "and position");
		ok(strstr(page->problems[1].what, "e3") != NULL, "eventId too: %s",
		    page->problems[1].what);
		ok(strstr(page->problems[2].what, "without eventID") != NULL, "or none: %s",
		    page->problems[2].what);
		ok(strchr(page->problems[3].what, '\x1b') == NULL, "escaped: %s",
		    page->problems[3].what);
	}
	is_int(page->counts.problems, 4, "counted");
	page_free(page);
}

/* Damaged events never match by accident, and nothing lies outside: each prefix, and each byte
 * changed. */
static void
test_hostile(void)
{
	static const char text[] =
	    "{\"Records\":[{\"eventTime\":\"2023-07-10T12:00:00Z\",\"eventID\":\"\\ud83d\\ude00\"},"
	    "{\"CloudTrailEvent\":\"{\\\"a\\\":[1,{}]}\"},\"{}\",7]}";
	static const char bytes[] = "\0\xff\"{}[],\\ \n";
	struct query q = {"$..a or $.eventID", "2023-07-10T12:00:00Z", "2023-07-10T13:00:00Z"};
	int bad = 0;

	for (size_t n = 0; n < sizeof(text); n++)
		for (size_t k = 0; k < sizeof(bytes); k++) {
			char copy[sizeof(text)];
			struct page *page;

			memcpy(copy, text, sizeof(text));
			if (k < sizeof(bytes) - 1)
				copy[n] = bytes[k];
			page = search_text(&q,
			    (struct str){copy, k < sizeof(bytes) - 1 ? sizeof(text) - 1 : n},
			    k % 2 == 0);
			for (size_t i = 0; i < page->n_problems; i++)
				bad += page->problems[i].pos < BASE ||
				    page->problems[i].pos > BASE + sizeof(text) ||
				    strchr(page->problems[i].what, '\n') != NULL;
			bad += page->n_lines != page->counts.matched ||
			    page->n_lines > page->counts.events;
			page_free(page);
		}
	is_int(bad, 0, "damaged lists: positions within, counts right");
}

static void
test_empty(void)
{
	struct page *page = search_text(NULL, STR("  "), true);

	is_int(page->n_problems, 1, "an event of nothing but blanks is malformed");
	page_free(page);
	/* a line of NDJSON may hold more than one value */
	page = search_text(NULL, STR(R1 R2 " [" R1 "]\t{\"Records\":[" R2 "]}"), true);
	is_int(page->n_problems, 1, "an array in a line is no event");
	check_lines(page, R1 "\n" R2 "\n" R2 "\n", "what stands in one line");
	page_free(page);
	page = search_text(NULL, STR(R1 " " R2 " {\"a\":x} " R1), true);
	check_lines(page, R1 "\n" R2 "\n", "a line up to where it is damaged");
	is_int(page->n_problems, 1, "which is told");
	if (page->n_problems == 1)
		is_int(page->problems[0].pos, BASE + 41, "with its position");
	page_free(page);
	page = search_text(NULL, STR(R1 " \n"), true);
	is_int(page->n_problems, 0, "blanks behind an event are nothing");
	page_free(page);
	page = search_text(NULL, STR(R1 "," R2), true);
	is_int(page->n_problems, 1, "a comma is");
	page_free(page);
}

/* --- what lines are known by --- */

struct known {
	const char *text;
	const char *id; /* that the line's is made of */
};

static const struct known known[] = {
    {"{\"eventID\":\"37a01d48-1a1f-4c4e-9a7c-0f8b5d9d6a11\",\"n\":1}",
	"37a01d48-1a1f-4c4e-9a7c-0f8b5d9d6a11"},
    {"{\"n\":1,\"eventId\":\"37a01d48-1a1f-4c4e-9a7c-0f8b5d9d6a12\"}",
	"37a01d48-1a1f-4c4e-9a7c-0f8b5d9d6a12"},
    {"{\"eventId\":\"two\",\"eventID\":\"one\"}", "one"},
    {"{\"eventID\":5,\"eventId\":\"two\"}", "two"},
    {"{\"eventID\":\"\"}", ""},
    {"{\"eventID\":\"\\u0041\"}", "A"},
    {"{\"eventID\":null,\"n\":1}", "{\"eventID\":null,\"n\":1}"},
    {"{ \"n\" : 1 }", "{ \"n\" : 1 }"},
    {"{}", "{}"},
    {"{\"EventId\":\"outer\",\"CloudTrailEvent\":\"{\\\"eventID\\\":\\\"inner\\\"}\"}", "inner"},
    {"{\"EventId\":\"outer\",\"CloudTrailEvent\":\"{\\\"n\\\":1}\"}", "{\"n\":1}"},
    {"\"{\\\"eventId\\\":\\\"x\\\"}\"", "x"},
};

static void
test_known(void)
{
	struct match *match = match_new();
	struct search search = {.match = match};
	struct page *page = page_new();
	size_t bad = 0;

	page_reset(page);
	page->stream = 7;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		buf_str(&page->bytes, str_of(known[i].text));
		page_add_event(page,
		    (struct span){page->bytes.n - strlen(known[i].text), strlen(known[i].text)});
	}
	search_page(&search, page, scratch);
	if (is_int(page->n_lines, sizeof(known) / sizeof(known[0]), "all match"))
		for (size_t i = 0; i < page->n_lines; i++) {
			ok(id_eq(page->lines[i].id, id_of(str_of(known[i].id))), "%s: by its id",
			    known[i].text);
			bad += page->lines[i].stream != 7;
		}
	is_int(bad, 0, "they are from the page's stream");
	for (size_t i = 0; i < page->n_lines; i++) {
		struct span s = page->lines[i].span;
		struct json_doc doc;
		struct err err;

		json_doc_init(&doc);
		bad += json_parse(&doc, (struct str){page->out.p + s.at, s.n - 1}, &err) != 0 ||
		    !id_eq(search_id(doc.v), page->lines[i].id);
		json_doc_free(&doc);
	}
	is_int(bad, 0, "a line read again has the same id");
	page_free(page);

	/* What is made one line is still known as the same. */
	page = page_new();
	page_reset(page);
	buf_str(&page->bytes, STR("{\n \"n\": 1\n}"));
	page_add_event(page, (struct span){0, page->bytes.n});
	search_page(&search, page, scratch);
	is_int(page->n_lines, 1, "an event in several lines");
	ok(page->n_lines == 1 && id_eq(page->lines[0].id, id_of(STR("{\"n\":1}"))),
	    "without an id: known by the line that is printed");
	page_free(page);
	match_free(match);
}

/* Search lines that end where memory does, with each kernel. */
static struct page *
search_at_edge(struct str text)
{
	struct match *match = match_new();
	size_t size = (text.n + 65535) / 65536 * 65536;
	char *p = mmap(NULL, size + 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	    0);
	struct page *page = NULL;
	struct err err;

	if (p == MAP_FAILED || mprotect(p + size, 65536, PROT_NONE) != 0 ||
	    match_add_expression(match, STR("$.eventName == \"A\""), &err) != 0)
		abort();
	memcpy(p + size - text.n, text.p, text.n);
	for (int k = 0; k < SCAN_KERNELS; k++) {
		struct project_query q = {.match = match};
		struct project *project;
		struct search search = {.match = match};
		struct search_scratch *s;

		if (!scan_has((enum scan_kernel)k))
			continue;
		search.project = project = project_new(&q, (enum scan_kernel)k);
		s = search_scratch_new(&search);
		page_free(page);
		page = page_new();
		page->form = FORM_LINES;
		page->text = (struct str){p + size - text.n, text.n};
		search_page(&search, page, s);
		search_scratch_free(s);
		project_free(project);
	}
	(void)munmap(p, size + 65536);
	match_free(match);
	return page;
}

/* Nothing beyond the lines is read; of zeros there is one problem. */
static void
test_edge(void)
{
	static const char text[] = R1 "\n" R2 "\n" R1 "\n";
	struct buf b = {0};
	struct page *page;

	for (size_t n = 1; n < sizeof(text); n++) {
		page = search_at_edge((struct str){text, n});
		is_int(page->n_lines, n < 17 ? 0 : n < 53 ? 1 : 2, "%zu bytes: lines", n);
		is_int(page->counts.problems, n % 18 != 17 && n % 18 != 0, "%zu bytes: problems",
		    n);
		page_free(page);
	}
	for (int i = 0; i < 1000; i++)
		buf_str(&b, STR(R1 "\n"));
	for (size_t cut = 0; cut < 40; cut++) {
		memset(b.p + cut, 0, b.n - cut);
		memcpy(b.p, text, cut);
		page = search_at_edge(buf_slice(&b));
		is_int(page->n_lines, (cut >= 17), "cut off at %zu: lines", cut);
		is_int(page->counts.problems, 1, "cut off at %zu: a problem", cut);
		page_free(page);
	}
	buf_free(&b);
}

int
main(void)
{
	scratch = search_scratch_new(&(struct search){0});
	test_forms();
	test_window();
	test_told();
	test_hostile();
	test_empty();
	test_known();
	test_edge();
	search_scratch_free(scratch);
	search_scratch_free(NULL);
	return done_testing();
}

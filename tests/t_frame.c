/* Tests of frame.c. Each input is fed whole, byte by byte, at every split point and in random
 * pieces, in blocks of just their size that move between calls: events and problems must be the
 * same each time. */
#include "../frame.h"

#include <stdlib.h>

#include "tap.h"

/* --- a caller --- */

struct feed {
	struct framer f;
	struct str input; /* all of it */
	size_t given;     /* bytes of it given so far */
	size_t base;      /* bytes of it dropped */
	char *held;       /* input from base to given, in a block of its own */
	size_t limit;     /* bytes that may be held: then frame_overflow */
	size_t most;      /* bytes held, at most */
	size_t events;
	size_t problems;
	size_t bad_spans;
	bool over;
	bool stuck;
	bool parts;      /* what can be found by others is */
	struct buf log;  /* what came out: events in angle brackets, problems as !POSITION */
	struct buf says; /* the problems' texts */
};

static void
feed_start(struct feed *d, struct str input, size_t limit)
{
	*d = (struct feed){.input = input, .limit = limit};
	frame_start(&d->f);
	d->held = xmalloc(0);
}

static void
feed_end(struct feed *d)
{
	free(d->held);
	buf_free(&d->log);
	buf_free(&d->says);
}

static void
note_problem(struct feed *d, const struct err *err)
{
	d->problems++;
	buf_printf(&d->log, "!%zu", d->base + err->pos);
	buf_printf(&d->says, "%zu: %s\n", d->base + err->pos, err->msg);
	d->bad_spans += d->base + err->pos > d->given || err->msg[0] == '\0';
}

static void drain(struct feed *d, bool ended);

/* What is lines or items is found by another framer, in a block of just their size. */
static void
pass(struct feed *d)
{
	static struct scan scan;
	size_t n = d->given - d->base, begin;
	enum frame_part part;

	while (
	    (part = frame_pass(&d->f, d->held, n, &scan, scan_best(), &begin)) != FRAME_NO_PART) {
		size_t size = d->f.pos - begin;
		struct feed other = {.input = {d->held + begin, size},
		    .given = d->base + begin + size,
		    .base = d->base + begin,
		    .held = xmalloc(size)};

		memcpy(other.held, d->held + begin, size);
		other.input.p -= other.base;
		other.input.n = other.given;
		if (part == FRAME_ITEMS)
			frame_start_items(&other.f);
		else
			frame_start_lines(&other.f);
		drain(&other, true);
		d->events += other.events;
		d->problems += other.problems;
		d->bad_spans += other.bad_spans;
		d->stuck |= other.stuck;
		buf_str(&d->log, buf_slice(&other.log));
		buf_str(&d->says, buf_slice(&other.says));
		feed_end(&other);
	}
}

/* Take all that comes out of what is held. */
static void
drain(struct feed *d, bool ended)
{
	size_t n = d->given - d->base, calls = 0;

	if (d->parts)
		pass(d);
	while (!d->over && !d->stuck) {
		struct span e = {SIZE_MAX / 2, SIZE_MAX / 2};
		struct err err = {.pos = SIZE_MAX / 2};
		enum frame_result r = frame_next(&d->f, d->held, n, ended, &e, &err);

		if (d->f.keep > n || d->f.pos > n || d->f.keep > d->f.pos)
			d->bad_spans++;
		if (r == FRAME_MORE) {
			d->stuck = ended;
			return;
		}
		if (r == FRAME_END) {
			d->over = true;
		} else if (r == FRAME_BAD) {
			note_problem(d, &err);
		} else if (e.at > n || e.n > n - e.at || e.n == 0) {
			d->bad_spans++;
		} else {
			d->events++;
			buf_printf(&d->log, "<%.*s>", (int)e.n, d->held + e.at);
			d->bad_spans += memcmp(d->held + e.at, d->input.p + d->base + e.at, e.n) !=
			    0;
		}
		if (++calls > 4 * d->input.n + 100)
			d->stuck = true;
	}
}

/* What frame_next needs no more is dropped, and the rest moves into a new block with n more bytes.
 */
static void
give(struct feed *d, size_t n)
{
	size_t drop = d->f.keep, left = d->given - d->base - drop;
	char *block;

	if (d->over) { /* nobody reads on */
		d->given += n;
		d->base += n;
		return;
	}
	block = xmalloc(left + n);
	if (left > 0)
		memcpy(block, d->held + drop, left);
	if (n > 0)
		memcpy(block + left, d->input.p + d->given, n);
	free(d->held);
	d->held = block;
	frame_drop(&d->f, drop);
	d->base += drop;
	d->given += n;
	if (d->given - d->base > d->most)
		d->most = d->given - d->base;
	drain(d, false);
	while (!d->over && d->given - d->base - d->f.keep > d->limit && d->bad_spans == 0) {
		struct err err = {.pos = SIZE_MAX / 2};
		size_t before = d->f.keep;

		if (frame_overflow(&d->f, d->held, d->given - d->base, &err) == FRAME_BAD)
			note_problem(d, &err);
		d->bad_spans += d->f.keep <= before; /* it has to move */
		drain(d, false);
	}
}

static uint32_t random_state = 1;

static uint32_t
random_below(uint32_t n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

enum how { WHOLE, BYTES, AT, RANDOM, LATE_END, PARTS };

static void
feed_all(struct feed *d, enum how how, size_t at)
{
	size_t n = d->input.n;

	d->parts = how == PARTS;
	if (how == AT || how == PARTS) {
		give(d, at);
		give(d, n - at);
	}
	while (d->given < n)
		give(d,
		    how == BYTES      ? 1 :
			how == RANDOM ? random_below((uint32_t)(n - d->given) + 1) :
					n - d->given);
	if (how == LATE_END || how == RANDOM)
		give(d, 0);
	drain(d, true);
}

/* The log of an input fed in one way into *log; the texts of the problems behind it. */
static void
run(struct buf *log, struct str input, enum how how, size_t at)
{
	struct feed d;

	feed_start(&d, input, SIZE_MAX);
	feed_all(&d, how, at);
	buf_str(log, buf_slice(&d.log));
	buf_printf(log, "%s%s\n", d.stuck ? " STUCK" : "", d.bad_spans > 0 ? " BAD SPANS" : "");
	buf_str(log, buf_slice(&d.says));
	feed_end(&d);
}

/* Is an input fed in this way the same as whole? Says so when it is not, and `quiet` is not set. */
static bool
same(struct str whole, struct str input, enum how how, size_t at, bool quiet)
{
	struct buf log = {0};
	bool good;

	run(&log, input, how, at);
	good = str_eq(whole, buf_slice(&log));
	if (!good && !quiet) {
		note("fed otherwise (%d, at %zu):", (int)how, at);
		tap_bytes("whole", (const unsigned char *)whole.p, whole.n);
		tap_bytes("otherwise", (const unsigned char *)log.p, log.n);
	}
	buf_free(&log);
	return good;
}

/* However it is split, the same comes out; in parts, too, if it is not damaged: where damage ends
 * is found by each part for itself. */
static int
differing_splits(struct str input, bool damaged)
{
	struct buf whole = {0};
	int bad = 0;

	run(&whole, input, WHOLE, 0);
	bad += !same(buf_slice(&whole), input, LATE_END, 0, false);
	bad += !same(buf_slice(&whole), input, BYTES, 0, bad > 0);
	for (size_t at = 0; at <= input.n; at++)
		bad += !same(buf_slice(&whole), input, AT, at, bad > 0) +
		    (!damaged && !same(buf_slice(&whole), input, PARTS, at, bad > 0));
	for (int i = 0; i < 20; i++)
		bad += !same(buf_slice(&whole), input, RANDOM, 0, bad > 0);
	buf_free(&whole);
	return bad;
}

/* --- every form --- */

struct row {
	const char *input;
	const char *log;
};

#define A "{\"a\":1}"
#define B "{\"b\":2}"
#define C "{\"c\":3}"
#define D "{\"d\":{\"e\":[4,{}]}}"
#define DIGEST "{\"digestStartTime\":\"x\",\"logFiles\":[{\"s3Bucket\":\"b\"}]}"

static const struct row rows[] = {
    /* nothing */
    {"", ""},
    {" \r\n\t ", ""},
    {"[]", ""},
    {" [ ] ", ""},
    {"{\"Records\":[]}", ""},
    {"{\"Events\":[]}", ""},
    {" { \"Records\" : [ ] } ", ""},
    /* {"Records":[...]} */
    {"{\"Records\":[" A "]}", "<" A ">"},
    {"{\"Records\":[" A "," B "," D "]}", "<" A "><" B "><" D ">"},
    {"{\"Records\": [\n  " A ",\n  " B "\n]}\n", "<" A "><" B ">"},
    {"{\"Records\":[{}]}", "<{}>"},
    {"{\"Records\":[{\n\"a\" : [ 1 ]\n}]}", "<{\n\"a\" : [ 1 ]\n}>"},
    {"{\"x\":1,\"Records\":[" A "],\"y\":[2,{\"Records\":[3]}]}", "<" A ">"},
    {"{\"x\":{\"Records\":[1]},\"Records\":[" A "]}", "<" A ">"},
    {"{\"Records\":[" A "],\"Records\":[" B "]}", "<" A "><" B ">"},
    {"{\"Records\":[" A "],\"Events\":[" B "],\"Records\":5}", "<" A "><" B ">"},
    {"{\"Records\":[" A "]}{\"Records\":[" B "]}", "<" A "><" B ">"},
    {"{\"Records\":[" A "]}\n{\"Records\":[" B "]}\n", "<" A "><" B ">"},
    {"{\"Records\":[" A "]}\r\n \r\n{\"Records\":[" B "]}\r\n", "<" A "><" B ">"},
    /* {"Events":[...]} */
    {"{\"Events\":[{\"CloudTrailEvent\":\"{\\\"a\\\":\\\"]}\\\"}\"}]}",
	"<{\"CloudTrailEvent\":\"{\\\"a\\\":\\\"]}\\\"}\"}>"},
    {"{\n    \"Events\": [\n        {\n            \"EventId\": \"1\"\n        }\n"
     "    ],\n    \"NextToken\": \"x\"\n}\n",
	"<{\n            \"EventId\": \"1\"\n        }>"},
    {"{\"NextToken\":\"]}\",\"Events\":[" A "]}", "<" A ">"},
    /* an array */
    {"[" A "," B "]", "<" A "><" B ">"},
    {"[\n" A "\n,\n" B "\n]", "<" A "><" B ">"},
    {"[" A "][" B "]", "<" A "><" B ">"},
    {"[" A "]\n[" B "]\n", "<" A "><" B ">"},
    {"[{\"Records\":[1]}]", "<{\"Records\":[1]}>"},
    /* elements that are no objects are handed out: whoever parses them says what they are */
    {"[1,\"x\",null,[2,[3]],-4.5e6,true]", "<1><\"x\"><null><[2,[3]]><-4.5e6><true>"},
    {"{\"Records\":[1, \"]\" ,{}]}", "<1><\"]\"><{}>"},
    /* a bare record */
    {A, "<" A ">"},
    {" \n" D " \n", "<" D ">"},
    {"{}", "<{}>"},
    {"{ }", "<{ }>"},
    {"{\n  \"a\": 1,\n  \"b\": [\n    {}\n  ]\n}\n",
	"<{\n  \"a\": 1,\n  \"b\": [\n    {}\n  ]\n}>"},
    {"{\n\"a\": 1\n}\n{\n\"b\": 2\n}\n", "<{\n\"a\": 1\n}><{\n\"b\": 2\n}>"},
    {"{\"Records\":5}", "<{\"Records\":5}>"},
    {"{\"Records\":{\"a\":[1]}}", "<{\"Records\":{\"a\":[1]}}>"},
    {"{\"Records\":\"[1]\"}", "<{\"Records\":\"[1]\"}>"},
    {"{\"Recordss\":[1]}", "<{\"Recordss\":[1]}>"},
    {"{\"records\":[1]}", "<{\"records\":[1]}>"},
    {"{\"a\":{\"Records\":[1]}}", "<{\"a\":{\"Records\":[1]}}>"},
    {"{\"a\":\"Records\",\"b\":[1]}", "<{\"a\":\"Records\",\"b\":[1]}>"},
    {DIGEST, "<" DIGEST ">"},
    /* a string with a record in it */
    {"\"{\\\"a\\\":1}\"", "<\"{\\\"a\\\":1}\">"},
    {"\"x\" \"y\"\n\"z\"", "<\"x\"><\"y\"><\"z\">"},
    {"\"\"", "<\"\">"},
    {"\"\\\\\"" A, "<\"\\\\\"><" A ">"},
    /* strings hide what they hold */
    {"[\"]\",\"}\",\"{\",\"[\",\",\",\"\\\"]\",\"\\\\\"]",
	"<\"]\"><\"}\"><\"{\"><\"[\"><\",\"><\"\\\"]\"><\"\\\\\">"},
    {"{\"}\":\"{\",\"\\\"\":\"\\\\\"}", "<{\"}\":\"{\",\"\\\"\":\"\\\\\"}>"},
    {"{\"a\\\"Records\":[1]}", "<{\"a\\\"Records\":[1]}>"},
    {"[\"\xc3\xa9\xff\x01\"]", "<\"\xc3\xa9\xff\x01\">"},
    /* NDJSON */
    {A "\n" B "\n" C "\n", "<" A "><" B "><" C ">"},
    {A "\n" B "\n" C, "<" A "><" B "><" C ">"},
    {A "\r\n" B "\r\n", "<" A "><" B ">"},
    {A "\n\n\n" B "\n \n", "<" A "><" B ">"},
    {"  " A "  \n\t" B "\t\n", "<" A "><" B ">"},
    {A "\n" D "\n" DIGEST "\n" A "\n", "<" A "><" D "><" DIGEST "><" A ">"},
    {A "\n{\"Records\":[" B "," C "]}\n" D "\n", "<" A "><" B "><" C "><" D ">"},
    {A "\n{ \"Events\" : [" B "," C "] }\n" D "\n", "<" A "><" B "><" C "><" D ">"},
    {A "\n[" B "," C "]\n" D "\n", "<" A "><" B "><" C "><" D ">"},
    {A "\n\"{}\"\n" B "\n", "<" A "><\"{}\"><" B ">"},
    {A "\n{\n\"b\":2\n}\n" C "\n", "<" A "><{\n\"b\":2\n}><" C ">"},
    /* "with or without line breaks between them" */
    {A B C, "<" A "><" B "><" C ">"},
    {A " " B "\n" C, "<" A "><" B "><" C ">"},
    {A "[" B "]\"x\"" C, "<" A "><" B "><\"x\"><" C ">"},
    /* damage: told where it is, the rest goes on where it can */
    {"x", "!0"},
    {"  null", "!2"},
    {"1", "!0"},
    {"]", "!0"},
    {"}", "!0"},
    {"[" A, "<" A ">!8"},
    {"[" A ",", "<" A ">!9"},
    {"[", "!1"},
    {"[ ", "!2"},
    {"[{\"a\":1", "!1"},
    {"[\"x", "!1"},
    {"[\"x\\", "!1"},
    {"[1", "<1>!2"},
    {"{\"Records\":[" A, "<" A ">!19"},
    {"{\"Records\":[" A "]", "<" A ">!20"},
    {"{\"Records\":[" A ",{\"b\"", "<" A ">!20"},
    {"{", "!0"},
    {"{\"a", "!0"},
    {"{\"a\"", "!0"},
    {"{\"a\":", "!0"},
    {"{\"a\":1", "!0"},
    {"{\"a\":1,", "!0"},
    {"  {\"a\":[", "!2"},
    {"\"abc", "!0"},
    {"{\"a\" 1}", "!5"},
    {"{\"a\":}", "!5"},
    {"{a:1}", "!1"},
    {"{,}", "!1"},
    {"{\"a\":1 \"b\":2}", "!7"},
    {A "}", "<" A ">!7"},
    {A "\n}", "<" A "><}>"}, /* a line of NDJSON: whoever parses it finds out */
    {"[" A "]]", "<" A ">!9"},
    {"{\"Records\":[" A "],}", "<" A ">!21"},
    {"{\"Records\":[" A "] 5}", "<" A ">!21"},
    {"[," A "]", "!1<" A ">"},
    {"[" A ",," B "]", "<" A ">!9<" B ">"},
    {"[" A ",]", "<" A ">!9"},
    {"[" A ",]" B, "<" A ">!9<" B ">"},
    {"[" A " " B "]", "<" A ">!9<" B ">"},
    {"[" A B "]", "<" A ">!8<" B ">"},
    {"[" A " xyz," B "]", "<" A ">!9<" B ">"},
    {"[" A " x y z " B "]", "<" A ">!9<" B ">"},
    {"[" A "}," B "]", "<" A ">!8<" B ">"},
    {"[" A ":" B "]" C, "<" A ">!8<" B "><" C ">"},
    {"[{\"a\":1]," B "]", "<{\"a\":1]><" B ">"}, /* brackets are counted only */
    /* a damaged line of NDJSON is lost, and only that */
    {A "\n{\"b\":\n" C "\n", "<" A "><{\"b\":><" C ">"},
    {A "\n{\"b\":{{{[[[\n" C "\n", "<" A "><{\"b\":{{{[[[><" C ">"},
    {A "\n{\"b\":\"\n" C "\n", "<" A "><{\"b\":\"><" C ">"},
    {A "\n{\"b\":\"\\\n" C "\n", "<" A "><{\"b\":\"\\><" C ">"},
    {A "\n}}]]\"\n" C "\n", "<" A "><}}]]\"><" C ">"},
    {A "\n# x\n" C "\n", "<" A "><# x><" C ">"},
    {A "\n{\n" C "\n", "<" A "><{><" C ">"},
    {"{\"a\" 1}\n" B "\n" C "\n", "!5<" B "><" C ">"},
    {"{\"a\" 1}\r\n" B "\r\n" C "\r\n", "!5<" B "><" C ">"},
    {"{\"a\":1\n" B "\n" C "\n", "!7<" B "><" C ">"},
    {"{\"a\":\n" B "\n" C "\n", "!14<" B "><" C ">"},
    {"{\"a\":{\"b\":1\n" B "\n" C "\n", "!0<" B "><" C ">"},
    {"{\"a\":\"x\n" B "\n" C "\n", "!7<" B "><" C ">"}, /* no line break in a string */
    {A "}\n" B "\n" C "\n", "<" A ">!7<" B "><" C ">"},
    {A "x\n" B "\n" C "\n", "<" A ">!7<" B "><" C ">"},
    {A ",\n" B ",\n" C "\n", "<" A ">!7<" B ",><" C ">"},
    {"# log\n" A "\n" B "\n", "!0<" A "><" B ">"},
    {"x\n", "!0"},
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str input = str_of(rows[i].input);
		struct feed d;

		feed_start(&d, input, SIZE_MAX);
		feed_all(&d, WHOLE, 0);
		is_mem(d.log.n > 0 ? d.log.p : "", d.log.n, rows[i].log, strlen(rows[i].log), "%s",
		    rows[i].input);
		ok(!d.stuck && d.bad_spans == 0, "%s: ends, and all positions are within",
		    rows[i].input);
		feed_end(&d);
		is_int(differing_splits(input, false), 0, "%s: the same however it is split",
		    rows[i].input);
	}
}

/* --- what the header promises: of NDJSON only the damaged line is lost --- */

static const struct row promised[] = {
    /* the input; events that must come out, and at least one problem */
    {"{\"a\":\"x\\\n" B "\n" C "\n", "<" B "><" C ">"},
    {"# one\n# two\n" A "\n" B "\n", "<" A "><" B ">"},
    {"# x\n{ \"a\":1}\n{ \"b\":2}\n", "<{ \"a\":1}><{ \"b\":2}>"},
    {"garbage\n{\"x\" 1}\n" A "\n" B "\n", "<{\"x\" 1}><" A "><" B ">"},
    {"{\"x\" 1}\ngarbage\n" A "\n" B "\n", "<" A "><" B ">"},
    {"{\"x\" 1}\n\n" A "\n" B "\n", "<" A "><" B ">"},
    {"{\"x\" 1}\n " A "\n" B "\n", "<" A "><" B ">"},
    {"{\"Records\":[" A "]}\n{\"x\" 1}\n" B "\n" C "\n", "<" A "><" B "><" C ">"},
    {"{\"Records\":[" A ",{\"x\":\"\n{\"Records\":[" B "]}\n{\"Records\":[" C "]}\n",
	"<" A "><" B "><" C ">"},
    {A "\n{\"Records\":[" B ",{\"x\":\n" C "\n" D "\n", "<" A "><" B "><" C "><" D ">"},
    {A "\n[{\"x\":\n" C "\n" D "\n", "<" A "><" C "><" D ">"},
    {A "\n{\"Records\":{\n" C "\n" D "\n", "<" A "><" C "><" D ">"},
};

static void
test_promised(void)
{
	for (size_t i = 0; i < sizeof(promised) / sizeof(promised[0]); i++) {
		struct str input = str_of(promised[i].input);
		struct buf events = {0};
		struct feed d;

		feed_start(&d, input, SIZE_MAX);
		feed_all(&d, WHOLE, 0);
		for (size_t k = 0; k < d.log.n; k++) { /* without the !NUMBERs */
			if (d.log.p[k] == '!' &&
			    (k == 0 || d.log.p[k - 1] == '>' || events.n == 0 ||
				events.p[events.n - 1] == '>'))
				while (k + 1 < d.log.n && d.log.p[k + 1] >= '0' &&
				    d.log.p[k + 1] <= '9')
					k++;
			else
				buf_char(&events, d.log.p[k]);
		}
		is_mem(events.n > 0 ? events.p : "", events.n, promised[i].log,
		    strlen(promised[i].log), "only the damaged line is lost: %s",
		    promised[i].input);
		ok(d.problems > 0, "and it is told: %s", promised[i].input);
		is_int(differing_splits(input, false), 0, "however it is split: %s",
		    promised[i].input);
		buf_free(&events);
		feed_end(&d);
	}
}

/* "any sequence of JSON values with or without line breaks between them": once NDJSON is known as
 * well. */
static void
test_mixed(void)
{
	static const struct row mixed[] = {
	    {A "\n" B C "\n" D "\n",
		"<" A "><" B C "><" D ">"}, /* search.c takes such a line apart */
	    {A "\n" B " " C "\n" D "\n", "<" A "><" B " " C "><" D ">"},
	    {A "\n{\"b\":\n2}\n" C "\n", "<" A "><{\"b\":\n2}><" C ">"},
	    {A "\n{ \"b\":2,\n  \"c\":3 }\n", "<" A "><{ \"b\":2,\n  \"c\":3 }>"},
	    {A "\n{\"k\":0,\"Records\":[" B "]}\n", "<" A "><{\"k\":0,\"Records\":[" B "]}>"},
	};

	for (size_t i = 0; i < sizeof(mixed) / sizeof(mixed[0]); i++) {
		struct feed d;

		feed_start(&d, str_of(mixed[i].input), SIZE_MAX);
		feed_all(&d, WHOLE, 0);
		is_mem(d.log.n > 0 ? d.log.p : "", d.log.n, mixed[i].log, strlen(mixed[i].log),
		    "mixed: %s", mixed[i].input);
		feed_end(&d);
		is_int(differing_splits(str_of(mixed[i].input), false), 0,
		    "mixed: the same however split: %s", mixed[i].input);
	}
}

/* --- random valid streams, whose writer knows where the events are --- */

struct writer {
	struct buf text;
	struct buf log; /* as a feed's */
	bool lines;     /* no line breaks inside of values */
};

static void
write_space(struct writer *w)
{
	static const char spaces[] = " \t\n\r";

	while (random_below(4) == 0)
		buf_char(&w->text, spaces[random_below(w->lines ? 2 : 4)]);
}

static void
write_string(struct writer *w)
{
	static const char *const pieces[] = {"a", "Records", "{", "}", "[", "]", ",", ":", "\\\"",
	    "\\\\", "\\n", "\\u0022", "\xc3\xa9", " ", "Events", "\\/", "'"};

	buf_char(&w->text, '"');
	for (uint32_t n = random_below(6); n > 0; n--)
		buf_str(&w->text, str_of(pieces[random_below(sizeof(pieces) / sizeof(pieces[0]))]));
	buf_char(&w->text, '"');
}

static void write_value(struct writer *w, int depth);

/* Members or elements; the outermost names are never Records or Events by themselves. */
static void
write_container(struct writer *w, bool object, int depth)
{
	uint32_t n = random_below(4);

	buf_char(&w->text, object ? '{' : '[');
	for (uint32_t i = 0; i < n; i++) {
		write_space(w);
		if (object) {
			if (random_below(4) == 0 && depth > 0)
				buf_str(&w->text,
				    random_below(2) == 0 ? STR("\"Records\"") : STR("\"Events\""));
			else {
				buf_str(&w->text, STR("\"x"));
				w->text.n--; /* a name begins like a string, */
				w->text.n--;
				write_string(w);
				w->text
				    .n--; /* and ends in a letter, so that it is none of the two */
				buf_str(&w->text, STR("x\""));
			}
			write_space(w);
			buf_char(&w->text, ':');
			write_space(w);
		}
		write_value(w, depth + 1);
		write_space(w);
		if (i + 1 < n)
			buf_char(&w->text, ',');
	}
	write_space(w);
	buf_char(&w->text, object ? '}' : ']');
}

static void
write_value(struct writer *w, int depth)
{
	static const char *const words[] = {
	    "true", "false", "null", "0", "-1.5e+3", "12345678901234567890"};

	switch (random_below(depth > 4 ? 2 : 4)) {
	case 0:
		write_string(w);
		break;
	case 1:
		buf_str(&w->text, str_of(words[random_below(6)]));
		break;
	default:
		write_container(w, random_below(2) == 0, depth);
	}
}

static void
write_event(struct writer *w, bool object, int depth)
{
	size_t at = w->text.n;

	if (object)
		write_container(w, true, depth);
	else
		write_value(w, depth);
	buf_char(&w->log, '<');
	buf_add(&w->log, w->text.p + at, w->text.n - at);
	buf_char(&w->log, '>');
}

static void
write_list(struct writer *w)
{
	uint32_t n = random_below(5);

	buf_char(&w->text, '[');
	for (uint32_t i = 0; i < n; i++) {
		write_space(w);
		write_event(w, random_below(8) != 0, 1);
		write_space(w);
		if (i + 1 < n)
			buf_char(&w->text, ',');
	}
	write_space(w);
	buf_char(&w->text, ']');
}

static void
write_wrapper(struct writer *w)
{
	bool before = random_below(3) == 0, after = random_below(3) == 0;

	buf_char(&w->text, '{');
	write_space(w);
	if (before && !w->lines) { /* in NDJSON a wrapper is one that begins so */
		buf_str(&w->text, STR("\"x\":"));
		write_value(w, 2);
		buf_char(&w->text, ',');
	}
	write_space(w);
	buf_str(&w->text, random_below(2) == 0 ? STR("\"Records\"") : STR("\"Events\""));
	write_space(w);
	buf_char(&w->text, ':');
	write_space(w);
	write_list(w);
	if (after) {
		buf_str(&w->text, STR(",\"y\":"));
		write_value(w, 2);
	}
	write_space(w);
	buf_char(&w->text, '}');
}

static void
write_stream(struct writer *w)
{
	uint32_t kind = random_below(5), n = random_below(5) + 1;

	w->lines = kind == 0;
	for (uint32_t i = 0; i < n; i++) {
		if (kind > 0)
			write_space(w);
		if (kind == 1)
			write_wrapper(w);
		else if (kind == 2)
			write_list(w);
		else if (kind == 0 && random_below(6) == 0)
			write_wrapper(w);
		else
			write_event(w, true, 0);
		buf_char(&w->text, kind == 0 || kind == 4 ? '\n' : ' ');
		if (kind ==
		    4) { /* pretty-printed records, with line breaks in each, one after the other */
			size_t at = w->text.n;

			buf_str(&w->text, STR("{\n  \"z\": 1\n}"));
			buf_char(&w->log, '<');
			buf_add(&w->log, w->text.p + at, w->text.n - at);
			buf_char(&w->log, '>');
		}
	}
}

/* Does an object end at the end of a line, maybe as NDJSON's? */
static bool
has_lines(struct str s)
{
	bool ended = false;

	for (size_t i = 0; i < s.n; i++) {
		if (ended && s.p[i] == '\n')
			return true;
		ended = s.p[i] == '}' ||
		    (ended && s.p[i] != '\n' && strchr(" \t\r", s.p[i]) != NULL);
	}
	return false;
}

static void
test_random(void)
{
	int bad = 0, bad_splits = 0;
	size_t bytes = 0;

	for (uint32_t seed = 1; seed <= 2000; seed++) {
		struct writer w = {0};
		struct feed d;
		bool mixed;

		random_state = seed;
		write_stream(&w);
		bytes += w.text.n;
		feed_start(&d, buf_slice(&w.text), SIZE_MAX);
		feed_all(&d, WHOLE, 0);
		mixed = has_lines(buf_slice(&w.text)) && !w.lines; /* see test_mixed */
		if (!mixed &&
		    (d.problems > 0 || d.stuck || d.bad_spans > 0 ||
			!str_eq(buf_slice(&d.log), buf_slice(&w.log))) &&
		    bad++ == 0) {
			note("seed %u:", (unsigned)seed);
			tap_bytes("input", (const unsigned char *)w.text.p, w.text.n);
			tap_bytes("got", (const unsigned char *)d.log.p, d.log.n);
			tap_bytes("want", (const unsigned char *)w.log.p, w.log.n);
		}
		feed_end(&d);
		if (seed % 8 == 0 && differing_splits(buf_slice(&w.text), false) > 0 &&
		    bad_splits++ == 0)
			note("seed %u: splits differ", (unsigned)seed);
		buf_free(&w.text);
		buf_free(&w.log);
	}
	ok(bytes > 200000, "%zu bytes of random streams", bytes);
	is_int(bad, 0, "random valid streams: just the events that were written");
	is_int(bad_splits, 0, "random valid streams: the same however they are split");
}

/* Random streams with a byte changed: nothing stands still or lies outside, and splits do not
 * matter. */
static void
test_damaged(void)
{
	static const char bytes[] = "{}[]\",:\\\n x\0";
	int bad = 0, bad_splits = 0;

	for (uint32_t seed = 1; seed <= 3000; seed++) {
		struct writer w = {0};
		struct feed d;

		random_state = seed;
		write_stream(&w);
		for (uint32_t n = random_below(3) + 1; n > 0 && w.text.n > 0; n--)
			w.text.p[random_below((uint32_t)w.text.n)] =
			    bytes[random_below(sizeof(bytes) - 1)];
		if (random_below(3) == 0)
			w.text.n = random_below((uint32_t)w.text.n);
		feed_start(&d, buf_slice(&w.text), SIZE_MAX);
		feed_all(&d, WHOLE, 0);
		bad += d.stuck || d.bad_spans > 0;
		feed_end(&d);
		feed_start(&d, buf_slice(&w.text), SIZE_MAX);
		feed_all(&d, PARTS, w.text.n / 2);
		bad += d.stuck || d.bad_spans > 0;
		feed_end(&d);
		if (seed % 12 == 0 && w.text.n < 300 &&
		    differing_splits(buf_slice(&w.text), true) > 0 && bad_splits++ == 0) {
			note("seed %u:", (unsigned)seed);
			tap_bytes("input", (const unsigned char *)w.text.p, w.text.n);
		}
		buf_free(&w.text);
		buf_free(&w.log);
	}
	is_int(bad, 0, "random damaged streams: no standing still, no byte outside");
	is_int(bad_splits, 0, "random damaged streams: the same however they are split");
}

/* --- more than the caller can hold --- */

enum { LIMIT = 100, LONG = 1000 };

/* The template with '@' replaced by a run of LONG bytes. */
static void
expand(struct buf *out, const char *template, char fill)
{
	for (const char *p = template; *p != '\0'; p++)
		for (int i = 0; i < (*p == '@' ? LONG : 1); i++)
			buf_char(out, *p == '@' ? fill : *p);
}

struct large {
	const char *template;
	const char *log; /* positions as "!N" */
};

static const struct large larges[] = {
    {"[{\"x\":\"@\"}]", "!1"}, {"[" A ",{\"x\":\"@\"}," B "]", "<" A ">!9<" B ">"},
    {"[" A ",\"@\"," B "]", "<" A ">!9<" B ">"},
    {"[" A ",{\"x\":\"@\"},{\"x\":\"@\"}," B "]", "<" A ">!9!1018<" B ">"},
    {"{\"Records\":[" A ",{\"x\":\"@\"}," B "]}", "<" A ">!20<" B ">"},
    {"{\"Records\":[" A ",{\"x\":{\"@\":1}}," B "]}", "<" A ">!20<" B ">"}, {"{\"x\":\"@\"}", "!0"},
    {"{\"x\":\"@\"}\n" A "\n", "!0<" A ">"}, {"{\"x\":\"@\"}" A, "!0<" A ">"}, {"{\"@\":1}", "!0"},
    {"{\"@\":1}\n" A "\n", "!0<" A ">"}, {"{\"a\":1,\"@\":1,\"c\":\"@\"}\n" A "\n", "!0<" A ">"},
    {A "\n{\"x\":\"@\"}\n" B "\n", "<" A ">!8<" B ">"},
    {A "\n{\"@\":1}\n" B "\n", "<" A ">!8<" B ">"}, {"\"@\"", "!0"}, {"\"@\" " A, "!0<" A ">"},
    {"\"@\"\n" A "\n", "!0<" A ">"},
    {"{\"x\":{\"y\":\"@\"},\"Records\":[" A "]}",
	"!0<" A ">"}, /* a wrapper that shows itself late */
    {"{\"Records\":[" A "],\"x\":\"@\"}\n" B,
	"<" A "><" B ">"}, /* nothing of a wrapper's own is needed */
};

static void
test_large(void)
{
	for (size_t i = 0; i < sizeof(larges) / sizeof(larges[0]); i++) {
		struct buf input = {0};
		struct feed d;

		expand(&input, larges[i].template, 'y');
		for (int piece = 1; piece <= 30; piece += 29) {
			feed_start(&d, buf_slice(&input), LIMIT);
			while (d.given < input.n)
				give(&d,
				    input.n - d.given < (size_t)piece ? input.n - d.given :
									(size_t)piece);
			drain(&d, true);
			/* Of what is given up only the place counts, and that it is told once. */
			is_mem(d.log.p != NULL ? d.log.p : "", d.log.n, larges[i].log,
			    strlen(larges[i].log), "larger than the limit, by %d: %s", piece,
			    larges[i].template);
			ok(d.most <= LIMIT + 2 * 30 && !d.stuck && d.bad_spans == 0,
			    "never holds more than the limit and a piece (%zu): %s", d.most,
			    larges[i].template);
			feed_end(&d);
		}
		buf_free(&input);
	}
}

/* What never ends is given up as well, and costs no memory however long it goes on. */
static void
test_endless(void)
{
	static const char *const templates[] = {"{\"@@@@@@@@", "{\"Records\":[],\"@@@@@@@@",
	    "{\"a\":1,\"@@@@@@@@", "[\"@@@@@@@@", "\"@@@@@@@@", "{\"a\":\"@@@@@@@@",
	    "{\"a\":@@@@@@@@", "[@@@@@@@@", "@@@@@@@@", "# x\n@@@@@@@@", "{\"a\" 1}\n@@@@@@@@",
	    "{\"a\":1}\n{\"b\":\n@@@@@@@@", "{\"a\":1}\n{\n@@@@@@@@", "[{\"a\":@@@@@@@@",
	    "{\"a\":1}\n{\"b\":\"@@@@@@@@", "{\"a\":1}\n@@@@@@@@", "{\"Records\":[{\"@@@@@@@@"};
	static const char fills[] = "y{[\" \n";

	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++)
		for (size_t k = 0; k < sizeof(fills) - 1; k++) {
			struct buf input = {0};
			struct feed d;

			expand(&input, templates[i], fills[k]);
			feed_start(&d, buf_slice(&input), LIMIT);
			while (d.given < input.n)
				give(&d, input.n - d.given < 20 ? input.n - d.given : 20);
			drain(&d, true);
			ok(d.most <= LIMIT + 40, "%s of '%c': %zu bytes held at most", templates[i],
			    fills[k], d.most);
			ok(!d.stuck && d.bad_spans == 0, "%s of '%c': comes to an end",
			    templates[i], fills[k]);
			if (fills[k] == 'y')
				ok(d.problems >= 1 && d.problems <= 3,
				    "%s of '%c': told (%zu times)", templates[i], fills[k],
				    d.problems);
			feed_end(&d);
			buf_free(&input);
		}
}

/* A first line without end gives up that line, not the lines behind it. */
static void
test_large_line(void)
{
	struct buf input = {0};
	struct feed d;

	buf_str(&input, STR("{\"x\":{\"y\":1\n"));
	for (int i = 0; i < 50; i++)
		buf_str(&input, STR(A "\n"));
	feed_start(&d, buf_slice(&input), LIMIT);
	while (d.given < input.n)
		give(&d, 1);
	drain(&d, true);
	is_int(d.events, 50, "a first line without end: the lines behind it come out");
	is_int(d.problems, 1, "and it is told once");
	ok(d.most <= LIMIT + 2, "%zu bytes held at most", d.most);
	feed_end(&d);
	buf_free(&input);
}

/* Lines that look like wrappers and never end. Each costs the search for its end through all of the
 * rest: that is done up to FRAME_MAX_RESCAN, or a damaged file of some megabytes would take
 * hours. */
static void
test_many_broken(int lines, bool all)
{
	struct buf input = {0};
	struct feed d;

	buf_str(&input, STR(A "\n"));
	for (int i = 0; i < lines; i++)
		buf_str(&input, STR("{\"Records\":{\n"));
	buf_str(&input, STR(B "\n"));
	feed_start(&d, buf_slice(&input), SIZE_MAX);
	feed_all(&d, WHOLE, 0);
	ok(d.events == (all ? 2 : 1) && !d.stuck, "%d broken wrappers: %zu events and %zu problems",
	    lines, d.events, d.problems);
	feed_end(&d);
	buf_free(&input);
}

static void
test_deep(void)
{
	struct buf input = {0};
	struct feed d;

	buf_char(&input, '[');
	for (int i = 0; i < 1000000; i++)
		buf_char(&input, i % 2 != 0 ? '[' : '{');
	for (int i = 0; i < 1000000; i++)
		buf_char(&input, '}');
	buf_char(&input, ']');
	feed_start(&d, buf_slice(&input), SIZE_MAX);
	feed_all(&d, WHOLE, 0);
	is_int(d.events, 1, "a million brackets are one event");
	is_int(d.problems, 0, "and no problem here");
	feed_end(&d);
	buf_free(&input);
}

int
main(void)
{
	test_rows();
	test_promised();
	test_mixed();
	test_random();
	test_damaged();
	test_large();
	test_endless();
	test_large_line();
	test_many_broken(2000, true);
	test_many_broken(100000, false);
	test_deep();
	return done_testing();
}

/* Fuzz target for scan.c and project.c: a pattern (or nothing), a line feed, an expression, a line
 * feed, and a text with records. For each record that project.c finds, with each kernel: where it
 * ends is where its brackets are balanced, and what it says is what the parser and the query say,
 * if the parser accepts it. */
#include "../project.h"

#include <stdlib.h>

#include "../json.h"
#include "../match.h"
#include "../when.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t from_us = INT64_C(1688169600000000); /* 2023-07-01T00:00:00Z */
static const int64_t to_us = INT64_C(1690847999000000);   /* 2023-07-31T23:59:59Z */

static struct match_scratch *scratch;
static struct json_doc doc;

static void
check(bool good)
{
	if (!good)
		abort();
}

static struct str
take_line(struct str *text)
{
	const char *nl = text->n > 0 ? memchr(text->p, '\n', text->n) : NULL;
	struct str line = {text->p, nl != NULL ? (size_t)(nl - text->p) : text->n};
	size_t used = line.n + (nl != NULL);

	*text = (struct str){text->p + used, text->n - used};
	return line;
}

/* The text begins with '{', ends with the '}' that belongs to it, is balanced, and has no backslash
 * outside of strings. */
static bool
is_balanced(struct str text)
{
	char open[PROJECT_MAX_DEPTH];
	bool in_string = false, escaped = false;
	size_t depth = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool was_escaped = escaped;

		escaped = c == '\\' && !was_escaped;
		if (in_string ? (unsigned char)c < 0x20 : c == '\\')
			return false;
		if (c == '"' && !was_escaped)
			in_string = !in_string;
		if (in_string)
			continue;
		if (c == '{' || c == '[') {
			if (depth == PROJECT_MAX_DEPTH)
				return false;
			open[depth++] = c;
		} else if (c == '}' || c == ']') {
			if (depth == 0 || open[--depth] != c - 2)
				return false;
			if (depth == 0)
				return i + 1 == text.n;
		}
	}
	return false;
}

/* search.h: is it something else than a record? */
static bool
is_wrapper(const struct json *v)
{
	const struct json *records = json_get(v, STR("Records"));
	const struct json *events = json_get(v, STR("Events"));
	const struct json *escaped = json_get(v, STR("CloudTrailEvent"));

	return (records != NULL && records->type == JSON_ARRAY) ||
	    (events != NULL && events->type == JSON_ARRAY) ||
	    (escaped != NULL && escaped->type == JSON_STRING) ||
	    (json_get(v, STR("digestStartTime")) != NULL && json_get(v, STR("eventName")) == NULL);
}

static void
check_record(
    const struct project_query *q, enum project_result said, struct str text, struct str time)
{
	const struct json *v;
	struct err err;
	int64_t us;
	int r;

	check(is_balanced(text));
	if (said == PROJECT_MAYBE || json_parse(&doc, text, &err) != 0)
		return;
	check(!is_wrapper(doc.v));
	v = json_get(doc.v, STR("eventTime"));
	r = match_event(q->match, doc.v, scratch, &err);
	if (q->windowed && v != NULL && v->type == JSON_STRING &&
	    when_parse_event(json_text(v), &us) == 0 && (us < from_us || us > to_us))
		r = 0;
	if (r < 0)
		return;
	check(r == (said == PROJECT_YES));
	if (said == PROJECT_YES)
		check(str_eq(time,
		    v != NULL && v->type == JSON_STRING ? json_text(v) : (struct str){"", 0}));
}

static void
check_valid(struct str text)
{
	struct err err;

	check(json_parse(&doc, text, &err) == 0);
	check(memchr(text.p, '\n', text.n) == NULL && memchr(text.p, '\r', text.n) == NULL);
}

enum { MOST = 64 }; /* records looked at */

struct answers {
	enum project_result said[MOST + 1];
	size_t at[MOST + 1];
	size_t n;
};

static void
ask(const struct project_query *q, enum scan_kernel kernel, struct str text, bool lines,
    bool checks, struct answers *a)
{
	struct project *project = project_new(q, kernel);
	struct project_run *run = project_run_new(project, scratch);
	struct project_record record = {0};
	enum project_result r;

	memset(a, 0, sizeof(*a)); /* its padding, too: they are compared */
	project_start(run, text.p, text.n, lines, checks);
	do {
		size_t from = record.at + record.n;

		while (from < text.n && text.p[from] == ',')
			from++;
		r = project_next(run, from, &record);
		a->said[a->n] = r;
		a->at[a->n++] = record.at;
		check(record.at >= from && record.at + record.n <= text.n);
		if (r > PROJECT_MAYBE)
			break;
		check_record(q, r, (struct str){text.p + record.at, record.n}, record.time);
		if (record.valid)
			check_valid((struct str){text.p + record.at, record.n});
	} while (a->n < MOST);
	check(r != PROJECT_END || record.at == text.n);
	project_run_free(run);
	project_free(project);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct str pattern = take_line(&text), expression = take_line(&text);
	struct match *m = match_new();
	struct err err;

	if (scratch == NULL)
		scratch = match_scratch_new();
	json_doc_init(&doc);
	if ((pattern.n == 0 || match_add_pattern(m, pattern, &err) == 0) &&
	    match_add_expression(m, expression, &err) == 0)
		for (int flags = 0; flags < 8; flags++) {
			struct project_query q = {m, flags & 1, from_us, to_us, false};
			struct answers first, other;

			ask(&q, SCAN_SWAR, text, flags & 2, flags & 4, &first);
			for (int k = 0; k < SCAN_KERNELS; k++) {
				if (k == SCAN_SWAR || !scan_has((enum scan_kernel)k))
					continue;
				ask(&q, (enum scan_kernel)k, text, flags & 2, flags & 4, &other);
				check(memcmp(&first, &other, sizeof(first)) == 0);
			}
		}
	json_doc_free(&doc);
	match_free(m);
	return 0;
}

/* probe.c: the pure modules as a line protocol, so that any test suite can ask them.
 *
 *     probe jsonpath   {"selector": S, "document": D}            {"result": [...], "paths": [...]}
 *     probe match      {"match": [E...], "patterns": [P...], "event": E}   {"match": true|false}
 *     probe sigv4      {"request": RAW, "context": {...}, "s3": false}     {"canonical": ..., ...}
 *     probe when       {"text": T, "now": EPOCH}                 {"epoch": N}
 *     probe json       one document on stdin: exit 0 and it compact on stdout, or exit 1 and the
 * reason
 *
 * One request a line on stdin, one response a line on stdout; {"error": "..."} where a request
 * fails. */
#include "probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "json.h"
#include "jsonpath.h"
#include "match.h"
#include "when.h"

static void
respond_error(struct buf *out, const struct err *err)
{
	out->n = 0;
	buf_str(out, STR("{\"error\":"));
	json_print_string(out, str_of(err->msg));
	buf_printf(out, ",\"pos\":%zu}", err->pos);
}

struct selected {
	struct buf nodes;
	struct buf paths;
};

static int
collect(void *context, const struct json *node, const struct jsonpath_place *place, struct err *err)
{
	struct selected *s = context;
	struct buf path = {0};

	(void)err;
	if (s->nodes.n > 0) {
		buf_char(&s->nodes, ',');
		buf_char(&s->paths, ',');
	}
	json_print(&s->nodes, node);
	jsonpath_print_place(&path, place);
	json_print_string(&s->paths, buf_slice(&path));
	buf_free(&path);
	return 0;
}

static int
probe_jsonpath(const struct json *request, struct buf *out, struct err *err)
{
	const struct json *document = json_get(request, STR("document"));
	struct jsonpath *path = jsonpath_compile(
	    json_get_text(request, STR("selector")), NULL, err);
	struct jsonpath_scratch *scratch;
	struct selected s = {{0}, {0}};
	int r = 0;

	if (path == NULL)
		return -1;
	scratch = jsonpath_scratch_new();
	if (document != NULL)
		r = jsonpath_each(path, document, scratch, collect, &s, err);
	if (r == 0) {
		buf_str(out, STR("{\"result\":["));
		buf_str(out, buf_slice(&s.nodes));
		buf_str(out, STR("],\"paths\":["));
		buf_str(out, buf_slice(&s.paths));
		buf_str(out, STR("]}"));
	}
	buf_free(&s.nodes);
	buf_free(&s.paths);
	jsonpath_scratch_free(scratch);
	jsonpath_free(path);
	return r;
}

static int
add_all(struct match *m, const struct json *list, int add(struct match *, struct str, struct err *),
    struct err *err)
{
	if (list == NULL || list->type != JSON_ARRAY)
		return 0;
	for (const struct json *v = json_begin(list); v < json_end(list); v = json_next(v))
		if (add(m, json_text(v), err) != 0)
			return -1;
	return 0;
}

static int
probe_match(const struct json *request, struct buf *out, struct err *err)
{
	const struct json *event = json_get(request, STR("event"));
	struct match *m = match_new();
	struct match_scratch *scratch = match_scratch_new();
	int r = -1;

	if (event == NULL)
		(void)err_set(err, 0, "the request has no event");
	else if (add_all(m, json_get(request, STR("patterns")), match_add_pattern, err) == 0 &&
	    add_all(m, json_get(request, STR("match")), match_add_expression, err) == 0)
		r = match_event(m, event, scratch, err);
	if (r >= 0)
		buf_printf(out, "{\"match\":%s}", r > 0 ? "true" : "false");
	match_scratch_free(scratch);
	match_free(m);
	return r < 0 ? -1 : 0;
}

static int
probe_when(const struct json *request, struct buf *out, struct err *err)
{
	const struct json *now = json_get(request, STR("now"));
	double epoch = now != NULL && now->type == JSON_NUMBER ? atof(now->text) : 0;
	int64_t us;

	if (epoch < -1e11 || epoch > 1e12)
		return err_set(err, 0, "now is too far away");
	if (when_parse(json_get_text(request, STR("text")), (int64_t)(epoch * 1e6), &us, err) != 0)
		return -1;
	buf_printf(out, "{\"epoch\":");
	if (us % WHEN_SECOND_US == 0)
		buf_printf(out, "%" PRId64 "}", us / WHEN_SECOND_US);
	else
		buf_printf(out, "%.6f}", (double)us / 1e6);
	return 0;
}

static int
probe_json(void)
{
	struct buf in = {0}, out = {0};
	struct json_doc doc;
	struct err err;
	size_t n;
	int r;

	do {
		buf_reserve(&in, 65536);
		n = fread(in.p + in.n, 1, in.cap - in.n, stdin);
		in.n += n;
	} while (n > 0);
	json_doc_init(&doc);
	r = json_parse(&doc, buf_slice(&in), &err);
	if (r == 0)
		json_print(&out, doc.v);
	else
		(void)fprintf(stderr, "at byte %zu: %s\n", err.pos, err.msg);
	(void)printf("%.*s%s", (int)out.n, out.n > 0 ? out.p : "", r == 0 ? "\n" : "");
	json_doc_free(&doc);
	buf_free(&in);
	buf_free(&out);
	return r == 0 ? 0 : 1;
}

static void
answer(const char *command, struct str line)
{
	struct json_doc request;
	struct buf out = {0};
	struct err err;
	int r;

	json_doc_init(&request);
	r = json_parse(&request, line, &err);
	if (r == 0 && strcmp(command, "jsonpath") == 0)
		r = probe_jsonpath(request.v, &out, &err);
	else if (r == 0 && strcmp(command, "match") == 0)
		r = probe_match(request.v, &out, &err);
	else if (r == 0 && strcmp(command, "when") == 0)
		r = probe_when(request.v, &out, &err);
	else if (r == 0)
		(void)probe_sigv4(request.v, &out);
	if (r != 0)
		respond_error(&out, &err);
	(void)printf("%.*s\n", (int)out.n, out.p);
	buf_free(&out);
	json_doc_free(&request);
}

int
main(int argc, char **argv)
{
	static const char *const commands[] = {"jsonpath", "match", "sigv4", "when"};
	const char *command = argc == 2 ? argv[1] : "";
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	bool known = false;

	if (strcmp(command, "json") == 0)
		return probe_json();
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		known = known || strcmp(command, commands[i]) == 0;
	if (!known) {
		(void)fprintf(stderr, "usage: probe jsonpath | match | sigv4 | when | json\n");
		return 2;
	}
	while ((n = getline(&line, &cap, stdin)) > 0)
		answer(command, (struct str){line, (size_t)n});
	free(line);
	return fflush(stdout) == 0 ? 0 : 1;
}

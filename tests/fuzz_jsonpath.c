/* Fuzz target: a JSONPath, a newline or NUL, a JSON document. Besides crashes it looks for
 * disagreement: the path compiled as a prefix and as a whole, and each normalized path, which must
 * select exactly the node that it was printed for. */
#include <stdio.h>
#include <stdlib.h>

#include "../jsonpath.h"

#define MUST(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

enum { MAX_PLACES = 50 }; /* of one input: each costs a compilation */

struct visited {
	struct json_doc *doc;
	struct jsonpath_scratch *scratch;
	size_t n;
	size_t stop_at; /* 0: never */
};

struct expected {
	const struct json *node;
	size_t n;
};

static int
see_same(
    void *context, const struct json *node, const struct jsonpath_place *place, struct err *err)
{
	struct expected *e = context;

	(void)place;
	(void)err;
	MUST(node == e->node);
	e->n++;
	return 0;
}

static int
see_node(
    void *context, const struct json *node, const struct jsonpath_place *place, struct err *err)
{
	struct visited *v = context;
	struct expected e = {node, 0};
	struct buf text = {0};
	struct jsonpath *path;

	MUST(node >= v->doc->v && node < v->doc->v + v->doc->n);
	v->n++;
	if (v->stop_at > 0)
		return v->n == v->stop_at;
	if (v->n > MAX_PLACES)
		return 0;
	jsonpath_print_place(&text, place);
	if (text.n <= JSONPATH_MAX_BYTES) {
		path = jsonpath_compile(buf_slice(&text), NULL, err);
		MUST(path != NULL);
		MUST(jsonpath_each(path, v->doc->v, v->scratch, see_same, &e, err) == 0);
		MUST(e.n == 1);
		jsonpath_free(path);
	}
	buf_free(&text);
	return 0;
}

/* The path must select the same from the document however often, and stop where it is told to. */
static void
evaluate(const struct jsonpath *path, struct json_doc *doc, struct jsonpath_scratch *scratch)
{
	struct visited v = {doc, scratch, 0, 0}, again = {doc, scratch, 0, 1};
	struct err err;
	int rv = jsonpath_each(path, doc->v, scratch, see_node, &v, &err);

	MUST(rv == 0 || rv == -1);
	if (v.n > 0) {
		MUST(jsonpath_each(path, doc->v, scratch, see_node, &again, &err) == 1);
		MUST(again.n == 1);
	}
}

static void
check_members(const struct jsonpath *path, struct json_doc *doc, struct jsonpath_scratch *scratch)
{
	size_t n;
	const struct str *names = jsonpath_members(path, &n);
	const struct json *v = doc->v;
	struct expected e = {0};
	struct err err;

	MUST((names != NULL) == (n > 0));
	if (names == NULL)
		return;
	for (size_t i = 0; i < n && v != NULL; i++)
		v = json_get(v, names[i]);
	e.node = v;
	MUST(jsonpath_each(path, doc->v, scratch, see_same, &e, &err) == 0);
	MUST(e.n == (v != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct jsonpath *path, *prefix;
	struct jsonpath_scratch *scratch;
	struct json_doc doc;
	struct err err;
	size_t n = 0, used;

	while (n < size && text[n] != '\n' && text[n] != '\0')
		n++;
	path = jsonpath_compile((struct str){text, n}, NULL, &err);
	MUST(path != NULL || err.pos <= n);
	prefix = jsonpath_compile((struct str){text, n}, &used, &err);
	MUST(prefix != NULL ? used > 0 && used <= n : err.pos <= n);
	MUST((path != NULL) == (prefix != NULL && used == n));
	if (prefix != NULL && path == NULL) /* what it took is a path by itself */
		path = jsonpath_compile((struct str){text, used}, NULL, &err);
	jsonpath_free(prefix);
	MUST(prefix == NULL || path != NULL);
	if (path == NULL)
		return 0;
	json_doc_init(&doc);
	scratch = jsonpath_scratch_new();
	if (n < size && json_parse(&doc, (struct str){text + n + 1, size - n - 1}, &err) == 0) {
		evaluate(path, &doc, scratch);
		check_members(path, &doc, scratch);
	}
	jsonpath_scratch_free(scratch);
	json_doc_free(&doc);
	jsonpath_free(path);
	return 0;
}

/* Fuzz target for literal.c. Of what is read, three things must hold: it prints as JSON that means
 * the same, that JSON is a literal that means the same, and so are the bytes used by themselves. */
#include "../literal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
	if (!good)
		abort();
}

static void
check_literal(struct str text, const struct json *want)
{
	struct json_doc doc;
	struct err err;
	size_t used;

	json_doc_init(&doc);
	check(literal_parse(text, &used, &doc, &err) == 0);
	check(used == text.n && json_equal(doc.v, want) && json_equal(want, doc.v));
	json_doc_free(&doc);
}

static void
check_json(struct str text, const struct json *want)
{
	struct json_doc doc;
	struct err err;

	json_doc_init(&doc);
	check(json_parse(&doc, text, &err) == 0);
	check(json_equal(doc.v, want) && json_equal(want, doc.v));
	json_doc_free(&doc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = xmalloc(size);
	struct str text = {copy, size};
	struct json_doc doc;
	struct buf out = {0};
	struct err err;
	size_t used;

	if (size > 0)
		memcpy(copy, data, size);
	json_doc_init(&doc);
	if (literal_parse(text, &used, &doc, &err) == 0) {
		check(used > 0 && used <= size && doc.v->skip == doc.n);
		text.n = used;
		check_literal(text, doc.v);
		free(copy); /* the values live on */
		copy = NULL;
		json_print(&out, doc.v);
		check_json(buf_slice(&out), doc.v);
		if (out.n <= LITERAL_MAX_BYTES) /* escapes may make it longer */
			check_literal(buf_slice(&out), doc.v);
	} else {
		check(err.pos <= size && err.msg[0] != '\0');
		check(strlen(err.msg) < sizeof(err.msg) - 1); /* not cut off */
	}
	free(copy);
	buf_free(&out);
	json_doc_free(&doc);
	return 0;
}

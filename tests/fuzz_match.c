/* Fuzz target for match.c: an expression, a line feed, an event. An error lies in the expression;
 * and an expression E, (E), not (E), E and E, E or E agree with each other. */
#include "../match.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BAD = -2 };

static struct match_scratch *scratch;

static void
check(bool good)
{
	if (!good)
		abort();
}

/* BAD where it does not compile, else what match_event says. */
static int
ask(struct str expression, const struct json *event)
{
	struct match *m = match_new();
	struct err err = {.pos = SIZE_MAX};
	char *copy = xmalloc(expression.n);
	int r;

	if (expression.n > 0)
		memcpy(copy, expression.p, expression.n);
	if (match_add_expression(m, (struct str){copy, expression.n}, &err) != 0) {
		check(
		    err.pos <= expression.n && err.msg[0] != '\0' && strchr(err.msg, '\n') == NULL);
		free(copy);
		match_free(m);
		return BAD;
	}
	free(copy);
	r = match_event(m, event, scratch, &err);
	check(r == 0 || r == 1 || (r == -1 && err.msg[0] != '\0'));
	match_free(m);
	return r;
}

static int
ask_in(struct str before, struct str e, struct str middle, bool twice, struct str after,
    const struct json *event)
{
	struct buf b = {0};
	int r;

	buf_str(&b, before);
	buf_str(&b, e);
	buf_str(&b, middle);
	if (twice)
		buf_str(&b, e);
	buf_str(&b, after);
	r = ask(buf_slice(&b), event);
	buf_free(&b);
	return r;
}

static bool
is_blank(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != ' ' && s.p[i] != '\t' && s.p[i] != '\r' && s.p[i] != '\n')
			return false;
	return true;
}

static void
check_expression(struct str e, const struct json *event)
{
	int r = ask(e, event), same;

	if (is_blank(e)) {
		check(r == 1);
		return;
	}
	same = ask_in(STR("("), e, STR(")"), false, STR(""), event);
	if (r == BAD) {
		check(same == BAD || memchr(e.p, ')', e.n) != NULL);
		return;
	}
	check(same == r || same == BAD); /* BAD: one level too deep */
	same = ask_in(STR("not ("), e, STR(")"), false, STR(""), event);
	check(same == BAD || same == (r < 0 ? r : !r));
	same = ask_in(STR("("), e, STR(") and ("), true, STR(")"), event);
	check(same == BAD || same == r);
	same = ask_in(STR("("), e, STR(") or ("), true, STR(")"), event);
	check(same == BAD || same == r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *nl = size > 0 ? memchr(text, '\n', size) : NULL;
	struct str e = {text, nl != NULL ? (size_t)(nl - text) : size};
	struct str event = nl != NULL ? (struct str){nl + 1, size - e.n - 1} : STR("{}");
	struct json_doc doc;
	struct err err;

	if (scratch == NULL)
		scratch = match_scratch_new();
	json_doc_init(&doc);
	if (json_parse(&doc, event, &err) != 0 && json_parse(&doc, STR("{\"a\":1}"), &err) != 0)
		abort();
	check_expression(e, doc.v);
	json_doc_free(&doc);
	return 0;
}

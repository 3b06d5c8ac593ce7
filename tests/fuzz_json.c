/* Any bytes as JSON. What parses must print as a text that parses to an equal value, and so must
 * its minified form, which is no longer than the text; its numbers must be ordered. What does not
 * parse must say where. Any bytes at all must print as a string. */
#include <stdio.h>
#include <stdlib.h>

#include "../json.h"
#include "../number.h"
#include "kernels.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(cond) ((cond) ? (void)0 : broken(__LINE__, #cond))

#define MAX_NUMBERS 32 /* of one document, to compare each with each */

static void
broken(int line, const char *what)
{
	(void)fprintf(stderr, "fuzz_json.c:%d: does not hold: %s\n", line, what);
	abort();
}

static void
parse_again(struct str text, const struct json *want, struct buf *printed)
{
	struct json_doc doc;
	struct err err;

	json_doc_init(&doc);
	CHECK(json_parse(&doc, text, &err) == 0);
	CHECK(json_equal(doc.v, want));
	CHECK(json_equal(want, doc.v));
	json_print(printed, doc.v);
	json_doc_free(&doc);
}

static void
check_forms(struct str text, const struct json_doc *doc)
{
	struct buf printed = {0}, again = {0}, small = {0}, smaller = {0};

	json_print(&printed, doc->v);
	parse_again(buf_slice(&printed), doc->v, &again);
	CHECK(str_eq(buf_slice(&printed), buf_slice(&again)));

	json_minify(&small, text);
	CHECK(small.n <= text.n);
	again.n = 0;
	parse_again(buf_slice(&small), doc->v, &again);
	CHECK(str_eq(buf_slice(&printed), buf_slice(&again)));
	json_minify(&smaller, buf_slice(&small));
	CHECK(str_eq(buf_slice(&small), buf_slice(&smaller)));

	buf_free(&printed);
	buf_free(&again);
	buf_free(&small);
	buf_free(&smaller);
}

/* The values lie as json.h says, and members are found by the names that iteration tells. */
static void
check_shape(const struct json_doc *doc)
{
	CHECK(doc->n > 0 && doc->v->skip == doc->n);
	for (size_t i = 0; i < doc->n; i++) {
		const struct json *v = &doc->v[i], *end = json_end(v), *e;
		uint32_t n = 0;

		CHECK(v->skip >= 1 && i + v->skip <= doc->n);
		if (v->type == JSON_ARRAY) {
			for (e = json_begin(v); e < end; e = json_next(e))
				n++;
			CHECK(e == end && n == v->count);
		} else if (v->type == JSON_OBJECT) {
			for (e = json_first_member(v); e != NULL; e = json_next_member(v, e)) {
				CHECK(e > v && e + 1 < end && e->type == JSON_STRING);
				/* Each name costs a search: not for all of a large object. */
				CHECK(n > 100 || json_get(v, json_text(e)) == e + 1);
				n++;
			}
			CHECK(n == v->count);
		} else {
			CHECK(v->skip == 1);
		}
	}
}

static int
sign(int c)
{
	return (c > 0) - (c < 0);
}

static void
check_numbers(const struct json_doc *doc)
{
	struct str s[MAX_NUMBERS];
	size_t n = 0;

	for (size_t i = 0; i < doc->n && n < MAX_NUMBERS; i++)
		if (doc->v[i].type == JSON_NUMBER)
			s[n++] = json_text(&doc->v[i]);
	for (size_t i = 0; i < n; i++) {
		CHECK(number_scan(s[i].p, s[i].p + s[i].n) == s[i].n);
		CHECK(number_cmp(s[i], s[i]) == 0);
		for (size_t k = 0; k < n; k++) {
			int c = sign(number_cmp(s[i], s[k]));

			CHECK(c == -sign(number_cmp(s[k], s[i])));
			if (k + 1 < n && c <= 0 && number_cmp(s[k], s[k + 1]) <= 0)
				CHECK(number_cmp(s[i], s[k + 1]) <= 0);
		}
	}
}

/* Bytes that are UTF-8 come back as they were, others as U+FFFD: a second time changes nothing. */
static void
check_string(struct str bytes)
{
	struct buf once = {0}, twice = {0}, shown = {0};
	struct json_doc doc;
	struct err err;

	json_print_string(&once, bytes);
	json_doc_init(&doc);
	CHECK(json_parse(&doc, buf_slice(&once), &err) == 0);
	CHECK(doc.n == 1 && doc.v->type == JSON_STRING);
	json_print_string(&twice, json_text(doc.v));
	CHECK(str_eq(buf_slice(&once), buf_slice(&twice)));
	json_doc_free(&doc);

	buf_escaped(&shown, bytes, bytes.n);
	for (size_t i = 0; i < shown.n; i++)
		CHECK((unsigned char)shown.p[i] >= 0x20 && shown.p[i] != 0x7f);
	buf_free(&once);
	buf_free(&twice);
	buf_free(&shown);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct json_doc doc;
	struct err err = {0};
	bool parsed;

	check_string(text);
	json_doc_init(&doc);
	parsed = json_parse(&doc, text, &err) == 0;
	CHECK(all_say(text, parsed));
	if (parsed) {
		check_shape(&doc);
		check_forms(text, &doc);
		check_numbers(&doc);
	} else {
		struct buf ignored = {0};

		CHECK(err.pos <= size && err.msg[0] != '\0');
		json_minify(&ignored, text);
		CHECK(ignored.n <= size);
		buf_free(&ignored);
	}
	json_doc_free(&doc);
	return 0;
}

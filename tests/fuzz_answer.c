/* Fuzz target for answer.c: bytes as LookupEvents' answer. Each element's span is an object in the
 * text, in order and apart from the others, the strings can be read, and reading once more with the
 * same struct gives the same. */
#include "../answer.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(cond) ((cond) ? (void)0 : broken(__LINE__, #cond))

static void
broken(int line, const char *what)
{
	(void)fprintf(stderr, "fuzz_answer.c:%d: does not hold: %s\n", line, what);
	abort();
}

/* All that was read. */
static void
print(struct buf *out, const struct answer *a, const char *wrong)
{
	if (wrong != NULL) {
		CHECK(*wrong != '\0');
		buf_str(out, str_of(wrong));
		return;
	}
	CHECK(a->token.p != NULL);
	buf_printf(out, "%zu events, token ", a->n);
	buf_str(out, a->token);
	for (size_t i = 0; i < a->n; i++) {
		const struct answer_event *e = &a->events[i];

		CHECK(e->id.p != NULL);
		buf_str(out, e->id);
		buf_printf(out, " %d %lld %d %zu %zu;", e->has_time,
		    e->has_time ? (long long)e->time : 0, e->has_record, e->span.at, e->span.n);
	}
}

static void
check_events(const struct answer *a, struct str text)
{
	size_t end = 0;

	for (size_t i = 0; i < a->n; i++) {
		const struct answer_event *e = &a->events[i];

		if (e->span.n == 0) {
			CHECK(e->id.n == 0 && !e->has_time && !e->has_record);
			continue;
		}
		CHECK(e->span.at > end && e->span.at + e->span.n < text.n);
		CHECK(text.p[e->span.at] == '{' && text.p[e->span.at + e->span.n - 1] == '}');
		end = e->span.at + e->span.n;
		CHECK(!e->has_time ||
		    (e->time >= -INT64_C(100000000000000000) &&
			e->time <= INT64_C(1000000000000000000)));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct buf first = {0}, second = {0};
	const char *wrong;
	struct answer a;

	answer_init(&a);
	wrong = answer_read(&a, text);
	print(&first, &a, wrong);
	if (wrong == NULL)
		check_events(&a, text);
	wrong = answer_read(&a, STR("{\"Events\":[{\"EventId\":\"x\"}],\"NextToken\":\"t\"}"));
	CHECK(wrong == NULL && a.n == 1 && str_eq(a.token, STR("t")));
	wrong = answer_read(&a, text);
	print(&second, &a, wrong);
	CHECK(str_eq(buf_slice(&first), buf_slice(&second)));
	answer_free(&a);
	buf_free(&first);
	buf_free(&second);
	return 0;
}

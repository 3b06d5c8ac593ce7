/* Fuzz target for when.c. What is read is printed and read again as the same time, by both readers;
 * a span leads back from a time to one that is that much earlier. */
#include "../when.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1688989356000000)

static void
check(bool good)
{
	if (!good)
		abort();
}

static void
check_error(const struct err *err, size_t size)
{
	check(err->pos <= size && err->msg[0] != '\0');
}

static void
check_time(int64_t us)
{
	char out[WHEN_PRINT_SIZE];
	struct err err;
	int64_t again;

	check(us >= WHEN_MIN_US && us <= WHEN_MAX_US);
	(void)when_print(out, us);
	check(when_parse(str_of(out), 0, &again, &err) == 0 && again == us);
	check(when_parse_event(str_of(out), &again) == 0 && again == us);
}

static void
check_span(struct str text, int64_t us)
{
	struct buf b = {0};
	struct err err;
	int64_t then;

	check(us > 0 && us <= WHEN_MAX_SPAN_US);
	while (text.n > 0 && strchr(" \t\r\n", *text.p) != NULL) {
		text.p++;
		text.n--;
	}
	buf_char(&b, '-');
	buf_str(&b, text);
	check(when_parse(buf_slice(&b), WHEN_MAX_US, &then, &err) == 0 && then == WHEN_MAX_US - us);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	char out[WHEN_PRINT_SIZE];
	struct err err;
	int64_t us, same;

	if (when_parse(text, NOW, &us, &err) == 0)
		check_time(us);
	else
		check_error(&err, size);
	if (when_parse_event(text, &us) == 0)
		check(when_parse(text, NOW, &same, &err) == 0 && same == us);
	if (when_parse_span(text, &us, &err) == 0)
		check_span(text, us);
	else
		check_error(&err, size);
	if (when_parse_minutes(text, &us, &err) == 0)
		check(us > 0 && us <= WHEN_MAX_SPAN_US && us % (60 * WHEN_SECOND_US) == 0);
	else
		check_error(&err, size);
	if (size >= sizeof(us)) { /* any number at all can be printed, and be the clock */
		memcpy(&us, data, sizeof(us));
		check(strlen(when_print(out, us)) < sizeof(out));
		text.p += sizeof(us);
		text.n -= sizeof(us);
		if (when_parse(text, us, &same, &err) == 0)
			check_time(same);
		else
			check_error(&err, text.n);
	}
	return 0;
}

/* Fuzz target for frame.c. The first four bytes choose how the rest is split: whole and in pieces
 * the same events and problems come out, every span lies in the input, and it comes to an end; in
 * parts the same events do where there is no problem. With a limit on what is held, frame_overflow
 * always gives something up. */
#include "../frame.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
	if (!good)
		abort();
}

struct feed {
	struct framer f;
	struct str input;
	size_t given;
	size_t base; /* bytes dropped */
	char *held;  /* input from base to given, in a block of just its size */
	bool over;
	size_t calls;
	bool parts; /* what can be found by others is */
	struct buf log;
};

static void
log_number(struct feed *d, char kind, size_t n)
{
	buf_printf(&d->log, "%c%zu ", kind, n);
}

static void drain(struct feed *d, bool ended);

static void
pass(struct feed *d)
{
	static struct scan scan;
	size_t n = d->given - d->base, begin;
	enum frame_part part;

	while (
	    (part = frame_pass(&d->f, d->held, n, &scan, scan_best(), &begin)) != FRAME_NO_PART) {
		size_t size = d->f.pos - begin;
		struct feed other = {.input = {d->input.p, d->base + begin + size},
		    .given = d->base + begin + size,
		    .base = d->base + begin,
		    .held = xmalloc(size),
		    .log = d->log};

		check(size > 0 && d->f.pos <= n && d->f.keep == d->f.pos);
		memcpy(other.held, d->held + begin, size);
		if (part == FRAME_ITEMS)
			frame_start_items(&other.f);
		else
			frame_start_lines(&other.f);
		drain(&other, true);
		d->log = other.log;
		free(other.held);
	}
}

static void
drain(struct feed *d, bool ended)
{
	size_t n = d->given - d->base;

	if (d->parts)
		pass(d);
	while (!d->over) {
		struct span e = {SIZE_MAX, SIZE_MAX};
		struct err err = {.pos = SIZE_MAX};
		enum frame_result r = frame_next(&d->f, d->held, n, ended, &e, &err);

		check(d->f.keep <= d->f.pos && d->f.pos <= n);
		check(++d->calls <= 8 * d->input.n + 100);
		if (r == FRAME_MORE) {
			check(!ended);
			return;
		}
		if (r == FRAME_END) {
			check(frame_next(&d->f, d->held, n, ended, &e, &err) ==
			    FRAME_END); /* and stays there */
			d->over = true;
		} else if (r == FRAME_BAD) {
			check(err.pos <= n && err.msg[0] != '\0');
			log_number(d, '!', d->base + err.pos);
			buf_str(&d->log, str_of(err.msg));
		} else {
			check(e.n > 0 && e.at <= n && e.n <= n - e.at && d->f.keep >= e.at + e.n);
			check(memcmp(d->held + e.at, d->input.p + d->base + e.at, e.n) == 0);
			log_number(d, '<', d->base + e.at);
			log_number(d, '+', e.n);
		}
	}
}

static void
give(struct feed *d, size_t n)
{
	size_t drop = d->f.keep, left = d->given - d->base - drop;
	char *block = xmalloc(left + n);

	if (left > 0)
		memcpy(block, d->held + drop, left);
	if (n > 0)
		memcpy(block + left, d->input.p + d->given, n);
	free(d->held);
	d->held = block;
	frame_drop(&d->f, drop);
	d->base += drop;
	d->given += n;
	drain(d, false);
}

static struct buf
run(struct str input, const unsigned char *sizes, size_t n_sizes, size_t limit, bool parts)
{
	struct feed d = {.input = input, .held = xmalloc(0), .parts = parts};
	size_t k = 0;

	frame_start(&d.f);
	while (!d.over && d.given < input.n) {
		size_t n = n_sizes > 0 ? sizes[k++ % n_sizes] : input.n;

		give(&d, n < input.n - d.given ? n : input.n - d.given);
		if (n_sizes > 0 && k > n_sizes && n == 0)
			give(&d, 1); /* all sizes may be 0 */
		while (!d.over && d.given - d.base - d.f.keep > limit) {
			struct err err = {.pos = SIZE_MAX};
			size_t before = d.f.keep;

			if (frame_overflow(&d.f, d.held, d.given - d.base, &err) == FRAME_BAD)
				check(err.pos <= d.given - d.base && err.msg[0] != '\0');
			check(d.f.keep > before);
			drain(&d, false);
		}
	}
	drain(&d, true);
	check(d.over);
	free(d.held);
	return d.log;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char one = 1;
	struct buf whole, other;
	struct str input;

	if (size < 4)
		return 0;
	input = (struct str){(const char *)data + 4, size - 4};
	whole = run(input, NULL, 0, SIZE_MAX, false);
	for (int split = 0; split < 2; split++) {
		other = run(input, data, split ? 4 : 0, SIZE_MAX, true);
		check(whole.n == 0 || memchr(whole.p, '!', whole.n) != NULL ||
		    str_eq(buf_slice(&whole), buf_slice(&other)));
		buf_free(&other);
	}
	other = run(input, data, 4, SIZE_MAX, false);
	check(str_eq(buf_slice(&whole), buf_slice(&other)));
	buf_free(&other);
	other = run(input, &one, 1, SIZE_MAX, false);
	check(str_eq(buf_slice(&whole), buf_slice(&other)));
	buf_free(&other);
	buf_free(&whole);
	other = run(input, data, 4, 48, false);
	buf_free(&other);
	return 0;
}

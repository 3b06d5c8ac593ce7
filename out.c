/* out.c: see out.h. */
#define _GNU_SOURCE /* F_SETPIPE_SZ */
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "page.h"

struct kept {
	int64_t time;
	uint64_t nth; /* in the order read: keeps the sort stable */
	struct span span;
};

struct out {
	int fd;
	bool terminal;
	enum out_order order;
	uint64_t left; /* lines that may still be printed */
	uint64_t printed;
	bool sorts;      /* it was asked to */
	uint64_t sorted; /* lines printed before it had to give that up */
	struct buf text; /* lines kept to be sorted */
	struct kept *kept;
	size_t n_kept;
	size_t cap_kept;
	struct buf shown;               /* text as it goes to a terminal */
	bool (*stopped)(void *context); /* or NULL: see out_stop_when */
	void *context;
};

struct out *
out_new(int fd, enum out_order order, uint64_t limit)
{
	struct out *out = xmalloc(sizeof(*out));

	*out = (struct out){.fd = fd,
	    .terminal = isatty(fd) == 1,
	    .order = order,
	    .sorts = order != OUT_READ,
	    .left = limit};
	/* Fewer and larger writes; of what is no pipe, or beyond the limit, nothing is changed. */
	(void)fcntl(fd, F_SETPIPE_SZ, OUT_PIPE);
	return out;
}

void
out_free(struct out *out)
{
	if (out == NULL)
		return;
	buf_free(&out->text);
	buf_free(&out->shown);
	free(out->kept);
	free(out);
}

void
out_stop_when(struct out *out, bool (*stopped)(void *context), void *context)
{
	out->stopped = stopped;
	out->context = context;
}

uint64_t
out_printed(const struct out *out)
{
	return out->printed;
}

uint64_t
out_unsorted(const struct out *out)
{
	return out->sorts && out->order == OUT_READ ? out->printed - out->sorted : 0;
}

/* Write characters that steer a terminal as JSON escapes. They can only stand in strings. */
static struct str
harmless(struct buf *b, struct str s)
{
	const char *p = s.p, *end = s.p + s.n, *run = p;

	b->n = 0;
	while (p < end) {
		uint32_t cp;
		size_t n = utf8_read(p, end, &cp);

		if (n > 0 &&
		    ((cp >= 0x7f && cp < 0xa0) || (cp >= 0x202a && cp <= 0x202e) ||
			(cp >= 0x2066 && cp <= 0x2069))) {
			buf_add(b, run, (size_t)(p - run));
			buf_printf(b, "\\u%04x", (unsigned)cp);
			run = p + n;
		}
		p += n > 0 ? n : 1;
	}
	buf_add(b, run, (size_t)(p - run));
	return buf_slice(b);
}

/* Wait until a pipe takes PIPE_BUF bytes, or another output some. False when told to stop. */
static bool
wait_for_reader(const struct out *out)
{
	struct pollfd p = {.fd = out->fd, .events = POLLOUT};
	int n;

	while ((n = poll(&p, 1, OUT_WAIT_MS)) == 0 || (n < 0 && errno == EINTR))
		if (out->stopped(out->context))
			return false;
	return true; /* if it is not ready, a write says why */
}

/* What is to be written at once. A pipe takes up to PIPE_BUF bytes without waiting: whole lines, if
 * it can be. */
static size_t
portion(const struct out *out, struct str s)
{
	size_t n = PIPE_BUF;

	if (out->stopped == NULL || s.n <= PIPE_BUF)
		return s.n;
	while (n > 0 && s.p[n - 1] != '\n')
		n--;
	return n > 0 ? n : PIPE_BUF;
}

static uint64_t
count_lines(const char *p, const char *end)
{
	uint64_t n = 0;

	while (p < end)
		n += *p++ == '\n';
	return n;
}

/* Print n lines. Those that were printed are counted: all, or if it is stopped, some. */
static enum out_result
print_lines(struct out *out, struct str s, uint64_t n, struct err *err)
{
	enum out_result r = OUT_MORE;
	const char *begin;

	if (out->terminal)
		s = harmless(&out->shown, s);
	begin = s.p;
	while (s.n > 0) {
		ssize_t done;

		if (out->stopped != NULL && !wait_for_reader(out)) {
			n = count_lines(begin, s.p);
			r = OUT_STOPPED;
			break;
		}
		done = write(out->fd, s.p, portion(out, s));
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno == EPIPE)
			return OUT_GONE;
		if (done < 0)
			return err_set(err, 0, "cannot write the events: %s", strerror(errno));
		s.p += done;
		s.n -= (size_t)done;
	}
	out->printed += n;
	out->left -= n;
	return r == OUT_MORE && out->left == 0 ? OUT_ENOUGH : r;
}

static enum out_result
print_page(struct out *out, const struct page *page, struct err *err)
{
	size_t n = page->n_lines < out->left ? page->n_lines : (size_t)out->left;

	return n > 0 ? print_lines(out, page_lines(page, n), n, err) : OUT_MORE;
}

static void
keep_page(struct out *out, const struct page *page)
{
	size_t base = out->text.n;

	buf_str(&out->text, page_lines(page, page->n_lines));
	for (size_t i = 0; i < page->n_lines; i++) {
		if (out->n_kept == out->cap_kept) {
			out->cap_kept = out->cap_kept > 0 ? out->cap_kept * 2 : 256;
			out->kept = xrealloc(out->kept, out->cap_kept, sizeof(*out->kept));
		}
		out->kept[out->n_kept] = (struct kept){page->lines[i].time, out->n_kept,
		    {base + page->lines[i].span.at - page->lines[0].span.at,
			page->lines[i].span.n}};
		out->n_kept++;
	}
}

enum out_result
out_page(struct out *out, const struct page *page, struct err *err)
{
	enum out_result r;

	if (out->left == 0)
		return OUT_ENOUGH;
	if (out->order == OUT_READ)
		return print_page(out, page, err);
	if (out->text.n + page_lines(page, page->n_lines).n <= OUT_MAX_SORTED) {
		keep_page(out, page);
		return OUT_MORE;
	}
	/* Nothing is lost: what does not fit is printed as it comes, behind what was kept. */
	r = out_finish(out, err);
	out->order = OUT_READ;
	out->sorted = out->printed;
	return r == OUT_MORE ? print_page(out, page, err) : r;
}

static int
oldest_first(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->time != y->time) {
		if (x->time == INT64_MIN || y->time == INT64_MIN)
			return x->time == INT64_MIN ? 1 : -1;
		return x->time < y->time ? -1 : 1;
	}
	return x->nth < y->nth ? -1 : x->nth > y->nth;
}

static int
newest_first(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->time != y->time)
		return x->time > y->time ? -1 : 1;
	return x->nth < y->nth ? -1 : x->nth > y->nth;
}

enum out_result
out_finish(struct out *out, struct err *err)
{
	enum { BLOCK = 1 << 18 }; /* bytes written at once */
	enum out_result r = OUT_MORE;
	struct buf block = {0};
	size_t n = out->n_kept < out->left ? out->n_kept : (size_t)out->left, lines = 0;

	if (out->n_kept > 0)
		qsort(out->kept, out->n_kept, sizeof(*out->kept),
		    out->order == OUT_NEWEST ? newest_first : oldest_first);
	for (size_t i = 0; i < n && r == OUT_MORE; i++) {
		buf_add(&block, out->text.p + out->kept[i].span.at, out->kept[i].span.n);
		lines++;
		if (block.n >= BLOCK || i + 1 == n) {
			r = print_lines(out, buf_slice(&block), lines, err);
			block.n = 0;
			lines = 0;
		}
	}
	out->n_kept = 0;
	buf_free(&block);
	buf_free(&out->text);
	return r == OUT_MORE && out->left == 0 ? OUT_ENOUGH : r;
}

/* Tests of out.c: orders, the limit, and what happens when writing fails. */
#define _XOPEN_SOURCE 700 /* posix_openpt */
#include "../out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "../page.h"
#include "tap.h"

static char path[] = "/tmp/spitzel-t_out-XXXXXX";
static int file;

/* A page of lines "TEXT", each with its time. */
static struct page *
page_of(const char *const *texts, const int64_t *times, size_t n)
{
	struct page *page = page_new();

	for (size_t i = 0; i < n; i++)
		page_add_line(page, str_of(texts[i]), &(struct line){.time = times[i]});
	return page;
}

/* The same, the lines lying in what was a text, behind something that is not printed. */
static struct page *
page_in_place(const char *const *texts, const int64_t *times, size_t n)
{
	struct page *page = page_new();
	size_t at;

	page->in_place = true;
	buf_str(&page->bytes, STR("[this does not match\n,"));
	at = page->bytes.n;
	for (size_t i = 0; i < n; i++) {
		buf_str(&page->bytes, str_of(texts[i]));
		buf_char(&page->bytes, ',');
	}
	for (size_t i = 0; i < n; i++) {
		struct str text = {page->bytes.p + at, strlen(texts[i])};

		page_add_line(page, text, &(struct line){.time = times[i]});
		at += text.n + 1;
	}
	page_end_lines(page);
	return page;
}

static void
truncate_file(void)
{
	if (ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0)
		perror(path);
}

static void
is_written(const char *want, const char *name)
{
	static char got[1 << 16];
	ssize_t n = pread(file, got, sizeof(got), 0);

	is_mem(got, n < 0 ? 0 : (size_t)n, want, strlen(want), "%s", name);
}

#define NO INT64_MIN

static const char *const texts1[] = {"a5", "b3", "c-", "d5", "e9"};
static const int64_t times1[] = {5, 3, NO, 5, 9};
static const char *const texts2[] = {"f5", "g-", "h1", "i9"};
static const int64_t times2[] = {5, NO, 1, 9};

struct row {
	enum out_order order;
	uint64_t limit;
	const char *want;
	int first, second, finish; /* results of the calls; 9 for a call not made */
};

static const struct row rows[] = {
    {OUT_READ, UINT64_MAX, "a5\nb3\nc-\nd5\ne9\nf5\ng-\nh1\ni9\n", OUT_MORE, OUT_MORE, OUT_MORE},
    {OUT_READ, 0, "", OUT_ENOUGH, 9, OUT_MORE},
    {OUT_READ, 1, "a5\n", OUT_ENOUGH, 9, OUT_MORE},
    {OUT_READ, 4, "a5\nb3\nc-\nd5\n", OUT_ENOUGH, 9, OUT_MORE},
    {OUT_READ, 5, "a5\nb3\nc-\nd5\ne9\n", OUT_ENOUGH, 9, OUT_MORE},
    {OUT_READ, 6, "a5\nb3\nc-\nd5\ne9\nf5\n", OUT_MORE, OUT_ENOUGH, OUT_MORE},
    {OUT_READ, 9, "a5\nb3\nc-\nd5\ne9\nf5\ng-\nh1\ni9\n", OUT_MORE, OUT_ENOUGH, OUT_MORE},
    {OUT_READ, 10, "a5\nb3\nc-\nd5\ne9\nf5\ng-\nh1\ni9\n", OUT_MORE, OUT_MORE, OUT_MORE},
    {OUT_OLDEST, UINT64_MAX, "h1\nb3\na5\nd5\nf5\ne9\ni9\nc-\ng-\n", OUT_MORE, OUT_MORE, OUT_MORE},
    {OUT_NEWEST, UINT64_MAX, "e9\ni9\na5\nd5\nf5\nb3\nh1\nc-\ng-\n", OUT_MORE, OUT_MORE, OUT_MORE},
    {OUT_OLDEST, 3, "h1\nb3\na5\n", OUT_MORE, OUT_MORE,
	OUT_MORE}, /* the limit is on what is sorted */
    {OUT_NEWEST, 4, "e9\ni9\na5\nd5\n", OUT_MORE, OUT_MORE, OUT_MORE},
    {OUT_NEWEST, 8, "e9\ni9\na5\nd5\nf5\nb3\nh1\nc-\n", OUT_MORE, OUT_MORE, OUT_MORE},
    {OUT_NEWEST, 0, "", OUT_ENOUGH, 9, OUT_MORE},
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct page *one = page_of(texts1, times1, 5), *none = page_new();
		struct page *two = page_in_place(texts2, times2, 4);
		struct out *out;
		struct err err;
		char name[80];

		(void)snprintf(name, sizeof(name), "order %d, limit %llu", (int)r->order,
		    (unsigned long long)r->limit);
		truncate_file();
		out = out_new(file, r->order, r->limit);
		is_int(out_page(out, none, &err), r->limit == 0 ? OUT_ENOUGH : OUT_MORE,
		    "%s: an empty page", name);
		is_int(out_page(out, one, &err), r->first, "%s: a page", name);
		if (r->second != 9)
			is_int(out_page(out, two, &err), r->second, "%s: another", name);
		ok(out_finish(out, &err) >= OUT_MORE, "%s: the end", name);
		is_written(r->want, name);
		is_int(out_printed(out), strlen(r->want) / 3, "%s: lines printed", name);
		is_int(out_unsorted(out), 0, "%s: none unsorted", name);
		out_free(out);
		page_free(one);
		page_free(two);
		page_free(none);
	}
}

/* Many lines in several blocks, with many of one time. */
static void
test_many(void)
{
	enum { LINES = 40000 };
	struct out *out;
	struct err err;
	FILE *f;
	char line[64];
	int bad = 0;
	unsigned n = 0;
	int64_t last = -1, last_nth = -1;

	truncate_file();
	out = out_new(file, OUT_OLDEST, UINT64_MAX);
	for (int p = 0; p < 40; p++) {
		struct page *page = page_new();

		for (int i = 0; i < LINES / 40; i++) {
			int nth = p * (LINES / 40) + i;

			(void)snprintf(
			    line, sizeof(line), "{\"t\":%d,\"n\":%d}", nth * 7919 % 100, nth);
			page_add_line(page, str_of(line), &(struct line){.time = nth * 7919 % 100});
		}
		if (out_page(out, page, &err) != OUT_MORE)
			bad++;
		page_free(page);
	}
	is_written("", "nothing is printed before the end");
	is_int(out_finish(out, &err), OUT_MORE, "the end");
	is_int(out_printed(out), LINES, "all lines");
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		int t, nth;

		if (sscanf(line, "{\"t\":%d,\"n\":%d}\n", &t, &nth) != 2 || t < last ||
		    (t == last && nth < last_nth))
			bad++;
		last = t;
		last_nth = nth;
		n++;
	}
	if (f != NULL)
		(void)fclose(f);
	is_int(n, LINES, "all are there");
	is_int(bad, 0, "in order, those of one time in the order read");
	is_int(out_finish(out, &err), OUT_MORE, "a second end");
	is_int(out_printed(out), LINES, "prints nothing more");
	out_free(out);
}

/* What goes wrong with this descriptor: for each order. */
static void
test_failing(int fd, int want, const char *name)
{
	for (int order = OUT_READ; order <= OUT_OLDEST; order++) {
		struct out *out = out_new(fd, (enum out_order)order, UINT64_MAX);
		struct page *page = page_of(texts1, times1, 5);
		struct err err = {0};
		int r = out_page(out, page, &err);

		if (order != OUT_READ) {
			is_int(r, OUT_MORE, "%s, order %d: kept", name, order);
			r = out_finish(out, &err);
		}
		is_int(r, want, "%s, order %d: the result", name, order);
		if (want == OUT_FAILED)
			ok(err.msg[0] != '\0', "%s, order %d: %s", name, order, err.msg);
		is_int(out_printed(out), 0, "%s, order %d: nothing was printed", name, order);
		out_free(out);
		page_free(page);
	}
}

static void
test_errors(void)
{
	int ends[2], full = open("/dev/full", O_WRONLY), readonly = open("/dev/null", O_RDONLY);

	if (pipe(ends) != 0)
		perror("pipe");
	(void)close(ends[0]);
	test_failing(ends[1], OUT_GONE, "a pipe nobody reads");
	(void)close(ends[1]);
	test_failing(ends[1], OUT_FAILED, "a closed descriptor");
	test_failing(-1, OUT_FAILED, "no descriptor");
	test_failing(readonly, OUT_FAILED, "one only to be read");
	(void)close(readonly);
	if (full >= 0) {
		test_failing(full, OUT_FAILED, "a full disk");
		(void)close(full);
	}
}

static bool
is_stopped(void *context)
{
	return *(bool *)context;
}

/* A reader that takes nothing, or half of it, and then the run is stopped. */
static void
test_stopped(size_t taken)
{
	enum { LINE = 1000, LINES = 3000 };
	static char text[LINE], got[1 << 20];
	bool stopped = false;
	int ends[2], flags;
	struct page *page = page_new();
	struct out *out;
	struct err err;
	size_t n = 0, all = 0;
	ssize_t r;

	if (pipe(ends) != 0)
		perror("pipe");
	memset(text, 'x', LINE - 2);
	for (size_t i = 0; i < LINES; i++)
		page_add_line(page, str_of(text), &(struct line){.time = 0});
	out = out_new(ends[1], OUT_READ, UINT64_MAX);
	out_stop_when(out, is_stopped, &stopped);
	stopped = true;
	/* What fits is printed though the run is stopped. */
	is_int(out_page(out, page, &err), OUT_STOPPED, "the pipe is full");
	n = (size_t)out_printed(out);
	ok(n > 0 && n < LINES, "%zu lines were printed", n);
	flags = fcntl(ends[0], F_GETFL);
	(void)fcntl(ends[0], F_SETFL, flags | O_NONBLOCK);
	while (all < taken && (r = read(ends[0], got, LINE - 1)) > 0)
		all += (size_t)r;
	if (taken > 0) {
		is_int(out_page(out, page, &err), OUT_STOPPED, "full again");
		ok((size_t)out_printed(out) > n && (size_t)out_printed(out) <= n + taken / LINE + 1,
		    "what was taken made room for as much");
		n = (size_t)out_printed(out);
	}
	while ((r = read(ends[0], got, sizeof(got))) > 0)
		all += (size_t)r;
	is_int(all, n * (LINE - 1), "it says what the reader got: whole lines");
	out_free(out);
	page_free(page);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* On a terminal what could steer it becomes escapes; in a file bytes stay as they are. */
static void
test_terminal(void)
{
	static const char text[] =
	    "{\"s\":\"a"
	    "\x7f\xc2\x9b\xe2\x80\xae\xe2\x81\xa6 \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}";
	static const char shown[] =
	    "{\"s\":\"a\\u007f\\u009b\\u202e\\u2066 \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}\r\n";
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave = -1;
	struct page *page = page_new();
	struct out *out;
	struct err err;
	char got[256];
	size_t n = 0;

	page_add_line(page, str_of(text), &(struct line){.time = 0});
	truncate_file();
	out = out_new(file, OUT_READ, UINT64_MAX);
	is_int(out_page(out, page, &err), OUT_MORE, "to a file");
	is_mem(page->out.p, page->out.n - 1, text, sizeof(text) - 1, "the page is as it was");
	out_free(out);
	{
		char want[sizeof(text) + 1];

		(void)snprintf(want, sizeof(want), "%s\n", text);
		is_written(want, "CloudTrail's own bytes");
	}
	if (master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0)
		slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave < 0) {
		note("no terminal to be had");
	} else {
		struct pollfd p = {.fd = master, .events = POLLIN};

		out = out_new(slave, OUT_READ, UINT64_MAX);
		is_int(out_page(out, page, &err), OUT_MORE, "to a terminal");
		while (n < sizeof(shown) - 1 && poll(&p, 1, 5000) == 1) {
			ssize_t r = read(master, got + n, sizeof(got) - n);

			if (r <= 0)
				break;
			n += (size_t)r;
		}
		is_mem(got, n, shown, sizeof(shown) - 1, "escaped for a terminal");
		out_free(out);
		(void)close(slave);
	}
	if (master >= 0)
		(void)close(master);
	page_free(page);
}

int
main(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	file = mkstemp(path);
	if (file < 0) {
		perror(path);
		return 1;
	}
	test_rows();
	test_many();
	test_errors();
	test_stopped(0);
	test_stopped((1 << 15) / 999 * 999);
	test_terminal();
	out_free(NULL);
	(void)close(file);
	(void)unlink(path);
	return done_testing();
}

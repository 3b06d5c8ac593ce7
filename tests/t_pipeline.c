/* Tests of pipeline.c with a source made up here: order, counts, problems, bounds, and every way to
 * end early. Meant to be run under the thread sanitizer as well. Nothing here waits for time to
 * pass. */
#include "../pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "../match.h"
#include "../out.h"
#include "../page.h"
#include "../search.h"
#include "../source.h"
#include "tap.h"

enum { SEEN = 3000 };

enum { GRACE_MS = 300 }; /* that interrupted runs have, of which some cannot end */

/* A source of numbered events. A run that ends early leaves its reader behind: so nothing here is
 * freed or looked at without the lock. */
struct fake {
	struct source source;
	uint64_t pages;    /* that it has */
	uint64_t block_at; /* page before which it waits for its pipe */
	int pipe[2];
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t moved;
	uint64_t at;     /* the next page */
	uint64_t events; /* given so far */
	bool blocked;
	int closed;
	const struct page *seen[SEEN]; /* the pages that were to be filled */
	size_t n_seen;
	int odd; /* pages that were not empty */
};

static void *left_behind[200]; /* what runs that ended early may still use; keeps it known to leak
				  checkers */
static size_t n_left;

static void
leave(void *p)
{
	if (n_left < sizeof(left_behind) / sizeof(left_behind[0]))
		left_behind[n_left++] = p;
}

static uint64_t
events_of(uint64_t nth)
{
	return nth % 11 == 0 ? 150 : nth % 4;
}

static void
fill_page(struct fake *f, struct page *page, uint64_t nth)
{
	buf_printf(&page->name, "file %d", (int)(nth / 10));
	page->base = nth * 100000;
	for (uint64_t i = 0; i < events_of(nth); i++) {
		size_t at = page->bytes.n;

		buf_printf(&page->bytes, "{\"n\":%d}", (int)f->events++);
		page_add_event(page, (struct span){at, page->bytes.n - at});
	}
	page->counts.files = nth % 10 == 9;
	page->counts.bytes = page->bytes.n;
	if (nth % 3 == 0)
		page_problem(page, NULL, nth, "source %d", (int)nth);
	if (nth % 5 == 0) { /* an event that is none */
		size_t at = page->bytes.n;

		buf_printf(&page->bytes, "[%d]", (int)nth);
		page_add_event(page, (struct span){at, page->bytes.n - at});
	}
}

static bool
fake_next(struct source *source, size_t stream, struct page *page)
{
	struct fake *f = (struct fake *)source;
	bool block, more;
	char c;

	(void)stream;
	(void)pthread_mutex_lock(&f->lock);
	f->odd += page->n_events + page->n_problems + page->n_lines + page->bytes.n + page->out.n +
		page->name.n >
	    0;
	for (size_t i = 0; i <= f->n_seen && f->n_seen < SEEN; i++)
		if (i == f->n_seen) {
			f->seen[f->n_seen++] = page;
			break;
		} else if (f->seen[i] == page) {
			break;
		}
	block = f->at == f->block_at;
	f->blocked = block;
	(void)pthread_cond_broadcast(&f->moved);
	(void)pthread_mutex_unlock(&f->lock);
	if (block)
		while (read(f->pipe[0], &c, 1) < 0 && errno == EINTR)
			continue;
	(void)pthread_mutex_lock(&f->lock);
	f->blocked = false;
	more = f->at < f->pages;
	if (more)
		fill_page(f, page, f->at++);
	(void)pthread_cond_broadcast(&f->moved);
	(void)pthread_mutex_unlock(&f->lock);
	return more;
}

static void
fake_close(struct source *source)
{
	struct fake *f = (struct fake *)source;

	(void)pthread_mutex_lock(&f->lock);
	f->closed++;
	(void)pthread_mutex_unlock(&f->lock);
}

static struct fake *
fake_new(uint64_t pages, uint64_t block_at)
{
	struct fake *f = xmalloc(sizeof(*f));

	*f = (struct fake){.source = {.next = fake_next, .close = fake_close},
	    .pages = pages,
	    .block_at = block_at};
	if (pthread_mutex_init(&f->lock, NULL) != 0 || pthread_cond_init(&f->moved, NULL) != 0 ||
	    pipe(f->pipe) != 0)
		abort();
	return f;
}

/* Wait until it has given so many pages, or stands before the one where it waits. */
static void
wait_for(struct fake *f, uint64_t pages, bool blocked)
{
	(void)pthread_mutex_lock(&f->lock);
	while (blocked ? !f->blocked : f->at < pages)
		(void)pthread_cond_wait(&f->moved, &f->lock);
	(void)pthread_mutex_unlock(&f->lock);
}

static void
unblock(struct fake *f)
{
	(void)close(f->pipe[1]);
}

/* --- a run --- */

struct run {
	struct fake *fake;
	struct match *match;
	struct search search;
	struct out *out;
	struct pipeline_config config;
	struct pipeline *pipeline;
	struct buf told; /* the problems, "POSITION TEXT\n" */
	int result;
	struct err err;
	struct counts counts;
};

static void
report(void *context, const struct problem *p)
{
	struct run *r = context;

	if (!p->note)
		buf_printf(&r->told, "%s %d %s\n", p->where, (int)p->pos, p->what);
}

static struct run *
run_new(
    struct fake *fake, int fd, enum out_order order, uint64_t limit, unsigned jobs, bool ordered)
{
	struct run *r = xmalloc(sizeof(*r));

	*r = (struct run){.fake = fake};
	r->match = match_new();
	r->search.match = r->match;
	r->out = out_new(fd, order, limit);
	r->config = (struct pipeline_config){.source = &fake->source,
	    .search = &r->search,
	    .out = r->out,
	    .jobs = jobs,
	    .ordered = ordered,
	    .report = report,
	    .context = r};
	r->pipeline = pipeline_new(&r->config);
	return r;
}

static void *
run_it(void *context)
{
	struct run *r = context;

	r->result = pipeline_run(r->pipeline, &r->err);
	pipeline_counts(r->pipeline, &r->counts);
	return NULL;
}

/* The end of a run that came to its end by itself. */
static void
run_free(struct run *r, const char *name)
{
	ok(pipeline_free(r->pipeline), "%s: is freed", name);
	is_int(r->fake->closed, 1, "%s: its source is closed, once", name);
	(void)close(r->fake->pipe[0]);
	(void)close(r->fake->pipe[1]);
	(void)pthread_mutex_destroy(&r->fake->lock);
	(void)pthread_cond_destroy(&r->fake->moved);
	free(r->fake);
	match_free(r->match);
	out_free(r->out);
	buf_free(&r->told);
	free(r);
}

/* The end of one that ended early: the reader may still use all of it. */
static void
run_leave(struct run *r)
{
	leave(r);
	leave(r->fake);
	(void)pipeline_free(r->pipeline);
}

/* Interrupt it. Where it does not end, it is only the end of the process that ends it: it is left
 * as it is. */
static bool
interrupt(struct run *r, pthread_t t)
{
	bool ended = pipeline_interrupt(r->pipeline, GRACE_MS);

	if (ended) {
		if (pthread_join(t, NULL) != 0)
			abort();
		is_int(r->result, 0, "%u jobs: interrupted, no failure", r->config.jobs);
		run_leave(r);
	} else {
		leave(r);
		leave(r->fake);
		ok(true, "%u jobs: interrupted, left waiting", r->config.jobs);
		if (pthread_detach(t) != 0)
			abort();
	}
	return ended;
}

static char path[] = "/tmp/spitzel-t_pipeline-XXXXXX";
static int file;

static void
truncate_file(void)
{
	if (ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0)
		perror(path);
}

static struct buf
written(void)
{
	struct buf b = {0};
	char block[65536];
	ssize_t n;

	while ((n = pread(file, block, sizeof(block), (off_t)b.n)) > 0)
		buf_add(&b, block, (size_t)n);
	return b;
}

/* The lines of n events in order. */
static struct buf
lines(uint64_t n)
{
	struct buf b = {0};

	for (uint64_t i = 0; i < n; i++)
		buf_printf(&b, "{\"n\":%d}\n", (int)i);
	return b;
}

/* The problems of so many pages in order. */
static struct buf
problems(uint64_t pages)
{
	struct buf b = {0};

	for (uint64_t i = 0; i < pages; i++) {
		if (i % 3 == 0)
			buf_printf(&b, "file %d %d source %d\n", (int)(i / 10), (int)i, (int)i);
		if (i % 5 == 0) {
			uint64_t first = 0, size = 0;

			for (uint64_t k = 0; k < i; k++)
				first += events_of(k);
			for (uint64_t k = 0; k < events_of(i); k++)
				size += (uint64_t)snprintf(NULL, 0, "{\"n\":%d}", (int)(first + k));
			buf_printf(&b, "file %d %d ", (int)(i / 10), (int)(i * 100000 + size));
			buf_str(&b, STR("an event is a JSON object, this is none\n"));
		}
	}
	return b;
}

static uint64_t
sum_events(uint64_t pages)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < pages; i++)
		n += events_of(i);
	return n;
}

static const unsigned all_jobs[] = {1, 2, 8};

static void
test_whole(unsigned jobs, bool ordered)
{
	enum { PAGES = 500 };
	struct fake *f = fake_new(PAGES, UINT64_MAX);
	struct buf want = lines(sum_events(PAGES)), want_told = problems(PAGES), got;
	struct run *r;
	char name[64];

	(void)snprintf(name, sizeof(name), "%u jobs, %s", jobs, ordered ? "ordered" : "as found");
	truncate_file();
	r = run_new(f, file, OUT_READ, UINT64_MAX, jobs, ordered);
	(void)run_it(r);
	is_int(r->result, 0, "%s: runs to the end", name);
	got = written();
	if (ordered || jobs == 1) {
		ok(str_eq(buf_slice(&got), buf_slice(&want)), "%s: all events in order", name);
		is_mem(r->told.p, r->told.n, want_told.p, want_told.n, "%s: all problems in order",
		    name);
	} else {
		char *seen = calloc(sum_events(PAGES), 1);
		size_t n = 0, bad = 0;
		int nth;

		for (char *p = got.p;
		     p != NULL && p < got.p + got.n && sscanf(p, "{\"n\":%d}\n", &nth) == 1;
		     p = memchr(p, '\n', (size_t)(got.p + got.n - p)),
			  p = p != NULL ? p + 1 : NULL) {
			bad += nth < 0 || (uint64_t)nth >= sum_events(PAGES) || seen == NULL ||
			    seen[nth]++ > 0;
			n++;
		}
		free(seen);
		ok(bad == 0 && n == sum_events(PAGES), "%s: each event once", name);
		is_int(r->told.n, want_told.n, "%s: all problems", name);
	}
	is_int(r->counts.events, sum_events(PAGES), "%s: events are counted", name);
	is_int(r->counts.matched, sum_events(PAGES), "%s: matches are counted", name);
	is_int(r->counts.files, PAGES / 10, "%s: files are counted", name);
	is_int(r->counts.problems, 267, "%s: problems are counted", name);
	ok(f->n_seen <= (jobs > 1 ? jobs * PIPELINE_PAGES_PER_JOB : 1), "%s: %zu pages in all",
	    name, f->n_seen);
	is_int(f->odd, 0, "%s: pages to be filled are empty", name);
	run_free(r, name);
	buf_free(&want);
	buf_free(&want_told);
	buf_free(&got);
}

static void
test_nothing(unsigned jobs)
{
	struct fake *f = fake_new(0, UINT64_MAX);
	struct run *r = run_new(f, file, OUT_READ, UINT64_MAX, jobs, true);

	(void)run_it(r);
	is_int(r->result, 0, "%u jobs: a source without pages", jobs);
	is_int(r->counts.events, 0, "%u jobs: nothing counted", jobs);
	run_free(r, "without pages");
	f = fake_new(5, UINT64_MAX);
	r = run_new(f, file, OUT_READ, UINT64_MAX, jobs, true);
	run_free(r, "never run");
}

/* An endless source ends with the limit, after just these lines. */
static void
test_limit(unsigned jobs, uint64_t limit)
{
	struct fake *f = fake_new(UINT64_MAX, UINT64_MAX);
	struct buf want = lines(limit), got;
	struct run *r;

	truncate_file();
	r = run_new(f, file, OUT_READ, limit, jobs, true);
	(void)run_it(r);
	got = written();
	is_int(r->result, 0, "%u jobs, limit %d: ends", jobs, (int)limit);
	ok(str_eq(buf_slice(&got), buf_slice(&want)), "%u jobs, limit %d: the first lines", jobs,
	    (int)limit);
	is_int(out_printed(r->out), limit, "%u jobs, limit %d: as many printed", jobs, (int)limit);
	ok(r->counts.matched >= limit, "%u jobs, limit %d: what was searched is counted", jobs,
	    (int)limit);
	{
		struct buf told = problems(200);

		ok(r->told.n <= told.n &&
			(r->told.n == 0 || memcmp(r->told.p, told.p, r->told.n) == 0),
		    "%u jobs, limit %d: problems in order up to there", jobs, (int)limit);
		buf_free(&told);
	}
	run_leave(r);
	buf_free(&want);
	buf_free(&got);
}

static void
test_sorted(unsigned jobs)
{
	struct fake *f = fake_new(100, UINT64_MAX);
	struct buf want = lines(7), got;
	struct run *r;

	truncate_file();
	r = run_new(f, file, OUT_OLDEST, 7, jobs, true);
	(void)run_it(r);
	got = written();
	is_int(r->result, 0, "%u jobs, sorted: ends", jobs);
	ok(str_eq(buf_slice(&got), buf_slice(&want)),
	    "%u jobs, sorted: what was kept is printed at the end", jobs);
	is_int(r->counts.events, sum_events(100), "%u jobs, sorted: all is searched", jobs);
	run_free(r, "sorted");
	buf_free(&want);
	buf_free(&got);
}

/* The output fails: an endless source ends all the same. */
static void
test_output(unsigned jobs)
{
	int ends[2], full = open("/dev/full", O_WRONLY);
	struct run *r;

	if (pipe(ends) != 0)
		abort();
	(void)close(ends[0]);
	r = run_new(fake_new(UINT64_MAX, UINT64_MAX), ends[1], OUT_READ, UINT64_MAX, jobs, true);
	(void)run_it(r);
	is_int(r->result, 0, "%u jobs: a pipe nobody reads any more ends the run quietly", jobs);
	run_leave(r);
	(void)close(ends[1]);
	r = run_new(fake_new(50, UINT64_MAX), ends[1], OUT_OLDEST, UINT64_MAX, jobs, true);
	(void)run_it(r);
	is_int(r->result, -1, "%u jobs: a closed descriptor fails it, sorted as well", jobs);
	ok(r->err.msg[0] != '\0', "%u jobs: %s", jobs, r->err.msg);
	run_leave(r);
	if (full < 0)
		return;
	r = run_new(fake_new(UINT64_MAX, UINT64_MAX), full, OUT_READ, UINT64_MAX, jobs, true);
	(void)run_it(r);
	is_int(r->result, -1, "%u jobs: a full disk fails it", jobs);
	ok(r->err.msg[0] != '\0', "%u jobs: %s", jobs, r->err.msg);
	run_leave(r);
	(void)close(full);
}

static void
start(pthread_t *t, struct run *r)
{
	if (pthread_create(t, NULL, run_it, r) != 0)
		abort();
}

/* Interrupted while the source waits for its input. */
static void
test_interrupt_source(unsigned jobs, enum out_order order)
{
	struct fake *f = fake_new(UINT64_MAX, 30);
	struct buf want = lines(sum_events(30)), got;
	struct counts counts;
	struct run *r;
	pthread_t t;
	bool ended;

	truncate_file();
	r = run_new(f, file, order, UINT64_MAX, jobs, true);
	start(&t, r);
	wait_for(f, 0, true);
	pipeline_counts(r->pipeline, &counts);
	ok(counts.events <= sum_events(30), "%u jobs: counts while it runs", jobs);
	ended = interrupt(r, t);
	note("%u jobs: interrupted while the source waits: %s", jobs,
	    ended ? "ended" : "did not end");
	ok(jobs > 1 || !ended, "%u jobs: alone, it cannot end", jobs);
	got = written();
	ok(got.n <= want.n && memcmp(got.p != NULL ? got.p : "", want.p, got.n) == 0,
	    "%u jobs: what is printed is in order", jobs);
	if (jobs == 1) /* all pages were searched before the source was asked for one more */
		is_int(got.n, want.n, "%u jobs: all that was found is printed, order %d", jobs,
		    (int)order);
	unblock(f);
	buf_free(&want);
	buf_free(&got);
}

/* Interrupted while nobody reads what it prints: its pipe is full before it begins. */
static void
test_interrupt_output(unsigned jobs)
{
	struct fake *f = fake_new(UINT64_MAX, UINT64_MAX);
	struct run *r;
	pthread_t t;
	int ends[2];
	bool ended;

	if (pipe(ends) != 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0)
		abort();
	while (write(ends[1], "x", 1) == 1)
		continue;
	if (fcntl(ends[1], F_SETFL, 0) != 0)
		abort();
	r = run_new(f, ends[1], OUT_READ, UINT64_MAX, jobs, true);
	start(&t, r);
	wait_for(f, jobs > 1 ? jobs * PIPELINE_PAGES_PER_JOB : 1,
	    false); /* all the pages that there are */
	ended = interrupt(r, t);
	note("%u jobs: interrupted while its output waits: %s", jobs,
	    ended ? "ended" : "did not end");
	(void)close(ends[0]); /* only now may it go on */
}

/* Interrupted at any moment; and once more after the end. */
static void
test_interrupt_any(unsigned jobs, uint64_t pages)
{
	struct fake *f = fake_new(UINT64_MAX, UINT64_MAX);
	int null = open("/dev/null", O_WRONLY);
	struct run *r = run_new(f, null, OUT_READ, UINT64_MAX, jobs, pages % 2 == 0);
	pthread_t t;

	start(&t, r);
	wait_for(f, pages, false);
	ok(true, "%u jobs: interrupted after %d pages", jobs, (int)pages);
	if (!interrupt(r, t))
		note("%u jobs: did not end within %d ms", jobs, GRACE_MS);
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
	for (size_t i = 0; i < sizeof(all_jobs) / sizeof(all_jobs[0]); i++) {
		unsigned jobs = all_jobs[i];

		test_whole(jobs, true);
		test_whole(jobs, false);
		test_nothing(jobs);
		test_limit(jobs, 0);
		test_limit(jobs, 1);
		test_limit(jobs, 150);
		test_limit(jobs, 151);
		test_limit(jobs, 1000);
		test_sorted(jobs);
		test_output(jobs);
		test_interrupt_source(jobs, OUT_READ);
		test_interrupt_source(jobs, OUT_OLDEST);
		test_interrupt_output(jobs);
		for (uint64_t pages = 0; pages < 12; pages += jobs == 1 ? 4 : 1)
			test_interrupt_any(jobs, pages * pages);
	}
	(void)close(file);
	(void)unlink(path);
	return done_testing();
}

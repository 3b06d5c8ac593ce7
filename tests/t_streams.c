/* Tests of pipeline.c with several streams, as event history has them: the order over all, counts,
 * problems, limits, and a stream that is far ahead of the others. Meant to be run under the thread
 * sanitizer as well. */
#include "../pipeline.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../match.h"
#include "../out.h"
#include "../page.h"
#include "../search.h"
#include "../source.h"
#include "../when.h"
#include "tap.h"

enum { STREAMS = 5 };

#define NOW INT64_C(1700000000) /* s: no event is newer */

/* A source of streams of numbered events. What a run that ended early may still use is never
 * freed. */
struct fake {
	struct source source;
	size_t pages[STREAMS]; /* that each has */
	size_t events;         /* in a page */
	size_t padding;        /* bytes of an event that say nothing */
	int step;              /* seconds between two events of a stream */
	bool finishes;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t moved;
	bool held[STREAMS]; /* the stream waits until it is let go */
	size_t at[STREAMS]; /* the next page */
	size_t inside[STREAMS];
	size_t given; /* events */
	size_t after; /* calls of a stream that had ended */
	size_t odd;   /* pages that were not empty, calls of a stream at the same time */
	size_t finished;
	size_t closed;
	size_t open_at_finish; /* streams that had not ended when finish was called */
};

static void *left_behind[400]; /* keeps it known to leak checkers */
static size_t n_left;

static void
leave(void *p)
{
	if (n_left < sizeof(left_behind) / sizeof(left_behind[0]))
		left_behind[n_left++] = p;
}

/* The time of the n-th event of a stream: each stream has seconds of its own. */
static int64_t
time_of(const struct fake *f, size_t stream, size_t n)
{
	return NOW - (int64_t)n * f->step - (int64_t)stream;
}

static void
fill_page(struct fake *f, size_t stream, struct page *page)
{
	size_t first = f->at[stream] * f->events, end = first + f->events;
	char when[WHEN_PRINT_SIZE];

	page->stream = stream;
	buf_printf(&page->name, "stream %zu", stream);
	for (size_t n = first; n < end; n++) {
		size_t at = page->bytes.n;

		buf_printf(&page->bytes, "{\"s\":%zu,\"n\":%zu,\"eventTime\":\"%s\",\"pad\":\"",
		    stream, n, when_print(when, time_of(f, stream, n) * WHEN_SECOND_US));
		for (size_t i = 0; i < f->padding; i++)
			buf_char(&page->bytes, 'x');
		buf_str(&page->bytes, STR("\"}"));
		page_add_event(page, (struct span){at, page->bytes.n - at});
	}
	f->given += f->events;
	if (f->at[stream] % 3 == 0)
		page_problem(page, NULL, UINT64_MAX, "page %zu", f->at[stream]);
	page->counts.pages = 1;
	page->counts.bytes = page->bytes.n;
	page->reached = time_of(f, stream, end > 0 ? end - 1 : 0) * WHEN_SECOND_US;
	f->at[stream]++;
	page->ended = f->at[stream] == f->pages[stream];
}

static bool
fake_next(struct source *source, size_t stream, struct page *page)
{
	struct fake *f = (struct fake *)source;
	bool more;

	(void)pthread_mutex_lock(&f->lock);
	f->odd += page->n_events + page->n_problems + page->n_lines + page->bytes.n + page->out.n +
		page->name.n >
	    0;
	f->odd += f->inside[stream]++ > 0;
	(void)pthread_cond_broadcast(&f->moved);
	while (f->held[stream])
		(void)pthread_cond_wait(&f->moved, &f->lock);
	more = f->at[stream] < f->pages[stream];
	if (more)
		fill_page(f, stream, page);
	else
		f->after++;
	f->inside[stream]--;
	(void)pthread_cond_broadcast(&f->moved);
	(void)pthread_mutex_unlock(&f->lock);
	return more;
}

static void
fake_finish(struct source *source, struct page *page)
{
	struct fake *f = (struct fake *)source;

	(void)pthread_mutex_lock(&f->lock);
	f->finished++;
	for (size_t i = 0; i < f->source.streams; i++)
		f->open_at_finish += f->at[i] < f->pages[i] || f->inside[i] > 0;
	(void)pthread_mutex_unlock(&f->lock);
	page_problem(page, "all", UINT64_MAX, "finish");
	page_warning(page, "all", "a warning");
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
fake_new(size_t streams, size_t pages, size_t events, bool finish)
{
	struct fake *f = xmalloc(sizeof(*f));

	*f = (struct fake){.source = {.streams = streams,
			       .next = fake_next,
			       .finish = finish ? fake_finish : NULL,
			       .close = fake_close},
	    .events = events,
	    .step = STREAMS};
	for (size_t i = 0; i < streams; i++)
		f->pages[i] = pages;
	if (pthread_mutex_init(&f->lock, NULL) != 0 || pthread_cond_init(&f->moved, NULL) != 0)
		abort();
	return f;
}

static void
let_go(struct fake *f, size_t stream)
{
	(void)pthread_mutex_lock(&f->lock);
	f->held[stream] = false;
	(void)pthread_cond_broadcast(&f->moved);
	(void)pthread_mutex_unlock(&f->lock);
}

/* --- a run --- */

struct run {
	struct fake *fake;
	struct match *match;
	struct search search;
	struct out *out;
	struct pipeline_config config;
	struct pipeline *pipeline;
	size_t problems; /* that were told */
	size_t warnings;
	size_t finish_told; /* how many were told before */
	pthread_t teller;
	bool told_elsewhere;
	int result;
	struct err err;
	struct counts counts;
};

static void
report(void *context, const struct problem *p)
{
	struct run *r = context;

	if (strcmp(p->what, "finish") == 0)
		r->finish_told = r->problems + 1;
	r->problems += !p->warning && !p->note;
	r->warnings += p->warning;
	r->told_elsewhere = r->told_elsewhere || !pthread_equal(r->teller, pthread_self());
}

static struct run *
run_new(
    struct fake *fake, int fd, enum out_order order, uint64_t limit, unsigned jobs, bool ordered)
{
	struct run *r = xmalloc(sizeof(*r));

	*r = (struct run){.fake = fake, .match = match_new(), .teller = pthread_self()};
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

	r->teller = pthread_self();
	r->result = pipeline_run(r->pipeline, &r->err);
	pipeline_counts(r->pipeline, &r->counts);
	return NULL;
}

static void
start(pthread_t *t, struct run *r)
{
	if (pthread_create(t, NULL, run_it, r) != 0)
		abort();
}

/* The end of a run that came to its end by itself. */
static void
run_free(struct run *r, const char *name)
{
	ok(pipeline_free(r->pipeline), "%s: is freed", name);
	is_int(r->fake->closed, 1, "%s: its source is closed, once", name);
	is_int(r->fake->odd, 0, "%s: pages are empty, a stream is asked by one at a time", name);
	(void)pthread_mutex_destroy(&r->fake->lock);
	(void)pthread_cond_destroy(&r->fake->moved);
	free(r->fake);
	match_free(r->match);
	out_free(r->out);
	free(r);
}

/* The end of one that ended early: its threads may still use all of it. */
static void
run_leave(struct run *r)
{
	leave(r);
	leave(r->fake);
	(void)pipeline_free(r->pipeline);
}

static char path[] = "/tmp/spitzel-t_streams-XXXXXX";
static int file;

static void
truncate_file(void)
{
	if (ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0)
		perror(path);
}

/* What was printed: how many lines, and what is wrong with them. */
struct printed {
	size_t n;
	size_t unsorted; /* newer than the line before */
	size_t gaps;     /* lines that are not the next of their stream */
	size_t strange;
	int64_t last; /* s */
};

static struct printed
read_printed(const struct fake *f, int64_t direction)
{
	struct printed x = {.last = direction > 0 ? INT64_MAX : INT64_MIN};
	size_t next[STREAMS] = {0};
	struct buf b = {0};
	char block[65536];
	ssize_t got;
	char *p, *end;

	while ((got = pread(file, block, sizeof(block), (off_t)b.n)) > 0)
		buf_add(&b, block, (size_t)got);
	buf_char(&b, '\0');
	for (p = b.p; *p != '\0'; p = end + 1) {
		size_t s, n;
		int64_t t;

		end = strchr(p, '\n');
		if (end == NULL || sscanf(p, "{\"s\":%zu,\"n\":%zu,\"eventTime\":", &s, &n) != 2 ||
		    s >= STREAMS) {
			x.strange++;
			break;
		}
		t = time_of(f, s, n);
		x.unsorted += direction > 0 ? t > x.last : t < x.last;
		x.last = t;
		x.gaps += direction > 0 && n != next[s];
		next[s]++;
		x.n++;
	}
	buf_free(&b);
	return x;
}

static void
test_whole(size_t streams, unsigned jobs, bool ordered, bool finish)
{
	enum { PAGES = 40, EVENTS = 20 };
	struct fake *f = fake_new(streams, PAGES, EVENTS, finish);
	size_t pages = 0, problems = finish;
	struct printed x;
	struct run *r;
	char name[80];

	for (size_t i = 0; i < streams; i++) { /* not all are of the same length */
		f->pages[i] = PAGES - i * 7;
		pages += f->pages[i];
		problems += (f->pages[i] + 2) / 3;
	}
	(void)snprintf(name, sizeof(name), "%zu streams, %u jobs, %s%s", streams, jobs,
	    ordered ? "ordered" : "as found", finish ? ", finish" : "");
	truncate_file();
	r = run_new(f, file, OUT_READ, UINT64_MAX, jobs, ordered);
	ok(pipeline_reached(r->pipeline) == INT64_MAX, "%s: nothing is reached before", name);
	(void)run_it(r);
	is_int(r->result, 0, "%s: runs to the end", name);
	x = read_printed(f, 1);
	is_int(x.n, pages * EVENTS, "%s: all lines", name);
	is_int(x.strange + x.gaps, 0, "%s: each once, in its stream's order", name);
	if (ordered)
		is_int(x.unsorted, 0, "%s: newest first over all", name);
	if (ordered && (streams > 1 || finish))
		ok(pipeline_reached(r->pipeline) == INT64_MIN, "%s: all is reached", name);
	is_int(r->counts.events, pages * EVENTS, "%s: events are counted", name);
	is_int(r->counts.matched, pages * EVENTS, "%s: matches are counted", name);
	is_int(r->counts.pages, pages, "%s: pages are counted", name);
	is_int(r->counts.problems, problems, "%s: problems are counted", name);
	is_int(r->problems, problems, "%s: problems are told", name);
	is_int(r->warnings, finish, "%s: a warning is told and not counted", name);
	ok(!r->told_elsewhere, "%s: by the caller's thread", name);
	is_int(f->finished, finish, "%s: finish is called once", name);
	is_int(f->open_at_finish, 0, "%s: when all streams have ended", name);
	if (finish)
		is_int(r->finish_told, problems, "%s: what it says comes last", name);
	run_free(r, name);
}

static void
test_nothing(size_t streams)
{
	struct fake *f = fake_new(streams, 0, 1, true);
	struct run *r = run_new(f, file, OUT_READ, UINT64_MAX, 1, true);

	(void)run_it(r);
	is_int(r->result, 0, "%zu streams without a page", streams);
	is_int(r->counts.events, 0, "nothing is counted");
	is_int(f->finished, 1, "finish is called");
	run_free(r, "without pages");
	f = fake_new(streams, 5, 0, true);
	r = run_new(f, file, OUT_READ, UINT64_MAX, 1, true);
	(void)run_it(r);
	is_int(r->counts.pages, 5 * streams, "%zu streams of empty pages", streams);
	run_free(r, "empty pages");
	f = fake_new(streams, 5, 5, true);
	r = run_new(f, file, OUT_READ, UINT64_MAX, 1, true);
	run_free(r, "never run");
}

/* Endless streams end with the limit: the newest lines over all. */
static void
test_limit(size_t streams, uint64_t limit, bool ordered)
{
	struct fake *f = fake_new(streams, SIZE_MAX / 1000, 10, true);
	struct printed x;
	struct run *r;
	char name[80];

	(void)snprintf(name, sizeof(name), "%zu streams, limit %d, %s", streams, (int)limit,
	    ordered ? "ordered" : "as found");
	truncate_file();
	r = run_new(f, file, OUT_READ, limit, 2, ordered);
	(void)run_it(r);
	is_int(r->result, 0, "%s: ends", name);
	x = read_printed(f, 1);
	is_int(x.n, limit, "%s: as many lines", name);
	is_int(x.strange + x.gaps, 0, "%s: the first of their streams", name);
	if (ordered) {
		is_int(x.unsorted, 0, "%s: newest first", name);
		if (limit > 0) /* the streams have every second between them */
			is_int(x.last, time_of(f, (limit - 1) % streams, (limit - 1) / streams),
			    "%s: the newest of all", name);
	}
	is_int(out_printed(r->out), limit, "%s: as many are said to be printed", name);
	ok(r->counts.matched >= limit, "%s: what was searched is counted", name);
	run_leave(r);
}

static void
test_oldest(size_t streams)
{
	struct fake *f = fake_new(streams, 10, 10, false);
	struct printed x;
	struct run *r;

	truncate_file();
	r = run_new(f, file, OUT_OLDEST, UINT64_MAX, 2, false);
	(void)run_it(r);
	x = read_printed(f, -1);
	is_int(x.n, streams * 100, "%zu streams, oldest first: all lines", streams);
	is_int(x.unsorted + x.strange, 0, "%zu streams, oldest first: in order", streams);
	run_free(r, "oldest first");
}

static void
sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	(void)nanosleep(&t, NULL);
}

/* One stream is slow to begin: the others go on as far as what waits of them may grow, then stop;
 * nothing is printed or lost, and all goes on when it comes. */
static void
test_ahead(size_t streams)
{
	enum { PAGES = 60, EVENTS = 4, PADDING = 64 << 10, PAGE = EVENTS * PADDING };
	struct fake *f = fake_new(streams, PAGES, EVENTS, true);
	size_t enough = PIPELINE_MAX_HELD / PAGE, most = 0, least = SIZE_MAX;
	struct printed x;
	struct run *r;
	pthread_t t;

	f->padding = PADDING;
	f->pages[0] = 3;
	f->held[0] = true;
	truncate_file();
	r = run_new(f, file, OUT_READ, UINT64_MAX, 2, true);
	start(&t, r);
	(void)pthread_mutex_lock(&f->lock);
	for (size_t i = 1; i < streams; i++)
		while (f->at[i] < enough)
			(void)pthread_cond_wait(&f->moved, &f->lock);
	(void)pthread_mutex_unlock(&f->lock);
	sleep_ms(300);
	(void)pthread_mutex_lock(&f->lock);
	for (size_t i = 1; i < streams; i++) {
		most = f->at[i] > most ? f->at[i] : most;
		least = f->at[i] < least ? f->at[i] : least;
	}
	(void)pthread_mutex_unlock(&f->lock);
	ok(least >= enough, "%zu streams, one is slow: the others go on, %zu pages", streams,
	    least);
	ok(most <= enough + streams * 2, "%zu streams, one is slow: not too far, %zu pages",
	    streams, most);
	is_int(read_printed(f, 1).n, 0, "%zu streams, one is slow: nothing is certain", streams);
	ok(pipeline_reached(r->pipeline) == INT64_MAX, "and nothing is reached");
	let_go(f, 0);
	if (pthread_join(t, NULL) != 0)
		abort();
	is_int(r->result, 0, "%zu streams, one was slow: runs to the end", streams);
	x = read_printed(f, 1);
	is_int(x.n, ((streams - 1) * PAGES + 3) * EVENTS, "%zu streams, one was slow: all lines",
	    streams);
	is_int(
	    x.unsorted + x.gaps + x.strange, 0, "%zu streams, one was slow: newest first", streams);
	run_free(r, "one was slow");
}

/* The same, not ordered: nobody waits. */
static void
test_ahead_unordered(void)
{
	struct fake *f = fake_new(3, 60, 4, false);
	struct run *r;
	pthread_t t;

	f->padding = 64 << 10;
	f->pages[0] = 3;
	f->held[0] = true;
	truncate_file();
	r = run_new(f, file, OUT_READ, UINT64_MAX, 2, false);
	start(&t, r);
	(void)pthread_mutex_lock(&f->lock);
	while (f->at[1] < 60 || f->at[2] < 60)
		(void)pthread_cond_wait(&f->moved, &f->lock);
	(void)pthread_mutex_unlock(&f->lock);
	ok(true, "as found: the others come to their end");
	let_go(f, 0);
	if (pthread_join(t, NULL) != 0)
		abort();
	is_int(read_printed(f, 1).n, 123 * 4, "as found: all lines");
	run_free(r, "as found");
}

/* Interrupted while streams wait, and at any moment. */
static void
test_interrupt(size_t streams, size_t pages, bool hold)
{
	struct fake *f = fake_new(streams, SIZE_MAX / 1000, 10, true);
	struct printed x;
	struct run *r;
	pthread_t t;
	bool ended;

	f->held[0] = hold;
	truncate_file();
	r = run_new(f, file, OUT_READ, UINT64_MAX, 2, true);
	start(&t, r);
	(void)pthread_mutex_lock(&f->lock);
	while (f->at[streams - 1] < pages)
		(void)pthread_cond_wait(&f->moved, &f->lock);
	(void)pthread_mutex_unlock(&f->lock);
	ended = pipeline_interrupt(r->pipeline);
	ok(ended, "%zu streams, interrupted after %zu pages%s: ends", streams, pages,
	    hold ? ", one waits" : "");
	if (ended) {
		if (pthread_join(t, NULL) != 0)
			abort();
		is_int(r->result, 0, "it is no failure");
		is_int(f->finished, 0, "finish is not called");
		x = read_printed(f, 1);
		is_int(x.unsorted + x.gaps + x.strange, 0, "what is printed is in order");
		run_leave(r);
	} else {
		leave(r);
		leave(f);
		(void)pthread_detach(t);
	}
	let_go(f, 0);
}

/* The output fails: endless streams end. */
static void
test_output(size_t streams)
{
	struct run *r;
	int ends[2];

	if (pipe(ends) != 0)
		abort();
	(void)close(ends[0]);
	r = run_new(
	    fake_new(streams, SIZE_MAX / 1000, 10, true), ends[1], OUT_READ, UINT64_MAX, 2, true);
	(void)run_it(r);
	is_int(r->result, 0, "%zu streams: a pipe nobody reads any more ends them", streams);
	run_leave(r);
	(void)close(ends[1]);
	r = run_new(
	    fake_new(streams, SIZE_MAX / 1000, 10, true), ends[1], OUT_READ, UINT64_MAX, 2, true);
	(void)run_it(r);
	is_int(r->result, -1, "%zu streams: a closed descriptor fails", streams);
	ok(r->err.msg[0] != '\0', "%s", r->err.msg);
	run_leave(r);
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
	for (size_t streams = 1; streams <= STREAMS; streams++) {
		for (int i = 0; i < 4; i++)
			test_whole(streams, i < 2 ? 1 : 4, i % 2 == 0, true);
		if (streams > 1)
			test_whole(streams, 2, true, false);
		test_nothing(streams);
		test_limit(streams, 0, true);
		test_limit(streams, 1, true);
		test_limit(streams, 333, true);
		test_limit(streams, 100, false);
		test_oldest(streams);
		test_output(streams);
		if (streams == 2 || streams == STREAMS)
			test_ahead(streams);
		for (size_t pages = 0; pages < 16; pages = pages * 3 + 1)
			test_interrupt(streams, pages, false);
		if (streams > 1)
			test_interrupt(streams, 5, true);
	}
	test_ahead_unordered();
	(void)close(file);
	(void)unlink(path);
	return done_testing();
}

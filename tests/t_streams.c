/* Tests of pipeline.c with several streams, as event history has them: the order over all, counts,
 * problems, limits, and a stream that is far ahead of the others. Meant to be run under the thread
 * sanitizer as well. */
#include "../pipeline.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../checkpoint.h"
#include "../match.h"
#include "../out.h"
#include "../page.h"
#include "../search.h"
#include "../source.h"
#include "../when.h"
#include "tap.h"

enum { STREAMS = 5 };

enum { HANG_MS = 600000 }; /* until an interrupted run counts as one that does not end */

#define NOW INT64_C(1700000000) /* s: no event is newer */

/* One of the fake's streams: blocks of events, newest first, each fetched by one of several
 * threads. The blocks are done in any order, and the pages made of them are handed on in any order.
 */
struct stream {
	size_t pages;   /* that it has */
	bool held;      /* its threads wait until it is let go, whatever they are told */
	size_t at;      /* the next block */
	size_t done;    /* pages made */
	bool *is_done;  /* of the blocks at `first` and behind it */
	size_t first;   /* block that is not done */
	size_t inside;  /* threads that fetch or wait */
	size_t waiting; /* of them */
	size_t flying;  /* of them, with a block */
	size_t threads; /* that it was given or has asked for, less those that have ended */
	size_t most;    /* that it wants */
	size_t granted; /* that it has asked for and was given */
	enum source_gate gate;
	size_t front; /* times that it was told so */
	size_t shut;
};

/* A source of streams of numbered events. What a run that ended early may still use is never
 * freed. */
struct fake {
	struct source source;
	struct stream streams[STREAMS];
	size_t events;        /* in a page */
	size_t padding;       /* bytes of an event that say nothing */
	int step;             /* seconds between two events of a stream */
	bool quits;           /* threads end before their stream does */
	bool greedy;          /* it asks for a thread with each page */
	bool late;            /* the first block of the second stream waits */
	pthread_mutex_t lock; /* of what follows, and of the streams */
	pthread_cond_t moved;
	bool stopped;
	size_t stops;
	uint64_t random;
	size_t given; /* events */
	size_t asked; /* for threads */
	size_t odd;   /* pages that were not empty, more threads than were asked for */
	size_t finished;
	size_t closed;
	size_t open_at_finish; /* streams that had not ended when finish was called */
};

enum { MAX_FLYING = 4096 }; /* blocks between the first that is not done and the last taken */

static char dir[] = "/tmp/spitzel-t_streams-XXXXXX";
static char path[100], check_path[100], check_new[120];
static int file;

static void *left_behind[800]; /* keeps it known to leak checkers */
static size_t n_left;

static void
leave(void *p)
{
	if (n_left < sizeof(left_behind) / sizeof(left_behind[0]))
		left_behind[n_left++] = p;
}

/* Of a locked fake. */
static uint64_t
rnd(struct fake *f, uint64_t n)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return f->random % n;
}

/* The time of the n-th event of a stream: each stream has seconds of its own. */
static int64_t
time_of(const struct fake *f, size_t stream, size_t n)
{
	return NOW - (int64_t)n * f->step - (int64_t)stream;
}

/* Bytes of which packing makes little less. */
static void
pad(struct buf *out, size_t n, uint64_t seed)
{
	static const char digits[] =
	    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

	for (; n > 0; n--) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		buf_char(out, digits[seed >> 58]);
	}
}

static void
fill_page(const struct fake *f, size_t stream, size_t block, struct page *page)
{
	size_t first = block * f->events, end = first + f->events;
	char when[WHEN_PRINT_SIZE];

	buf_printf(&page->name, "stream %zu", stream);
	for (size_t n = first; n < end; n++) {
		size_t at = page->bytes.n;

		buf_printf(&page->bytes,
		    "{\"eventID\":\"%zu-%zu\",\"s\":%zu,\"n\":%zu,\"eventTime\":\"%s\",\"pad\":\"",
		    stream, n, stream, n, when_print(when, time_of(f, stream, n) * WHEN_SECOND_US));
		pad(&page->bytes, f->padding, (uint64_t)n * 31 + stream);
		buf_str(&page->bytes, STR("\"}"));
		page_add_event(page, (struct span){at, page->bytes.n - at});
	}
	if (block % 3 == 0)
		page_problem(page, NULL, UINT64_MAX, "page %zu", block);
	page->counts.pages = 1;
	page->counts.bytes = page->bytes.n;
}

/* A block is there: number its page, and say how far all of the stream has come. */
static void
close_page(struct fake *f, size_t stream, size_t block, struct page *page)
{
	struct stream *s = &f->streams[stream];

	page->stream = stream;
	s->is_done[block % MAX_FLYING] = true;
	while (s->first < s->at && s->is_done[s->first % MAX_FLYING])
		s->is_done[s->first++ % MAX_FLYING] = false;
	page->seq = s->done++;
	page->ended = s->done == s->pages;
	page->reached = page->ended ? INT64_MIN :
				      time_of(f, stream, s->first * f->events) * WHEN_SECOND_US;
	f->given += f->events;
}

/* May the stream's next block be fetched? */
static bool
may_fetch(const struct stream *s)
{
	return !s->held &&
	    (s->gate == SOURCE_FREE || (s->gate == SOURCE_FRONT && s->flying == 0)) &&
	    s->at - s->first < MAX_FLYING;
}

static void
pause_ns(uint64_t ns)
{
	struct timespec t = {0, (long)ns};

	if (ns > 0)
		(void)nanosleep(&t, NULL);
}

/* Fetch a block, with the fake locked before and after. */
static void
fetch(struct fake *f, size_t stream, struct page *page)
{
	struct stream *s = &f->streams[stream];
	uint64_t pause = rnd(f, 3) == 0 ? rnd(f, 100000) : 0;
	size_t block = s->at++;
	bool more = f->greedy || (s->threads < s->most && s->waiting == 0), refused;

	s->flying++;
	s->threads += more;
	f->asked += more;
	(void)pthread_cond_broadcast(&f->moved);
	(void)pthread_mutex_unlock(&f->lock);
	refused = more && !f->source.more(f->source.context, stream);
	fill_page(f, stream, block, page);
	pause_ns(pause);
	(void)pthread_mutex_lock(&f->lock);
	s->threads -= refused;
	s->granted += more && !refused;
	while (f->late && stream == 1 && block == 0 && !f->stopped)
		(void)pthread_cond_wait(&f->moved, &f->lock);
	s->flying--;
	close_page(f, stream, block, page);
	(void)pthread_cond_broadcast(&f->moved);
}

static bool
fake_next(struct source *source, size_t stream, struct page *page)
{
	struct fake *f = (struct fake *)source;
	struct stream *s = &f->streams[stream];
	bool given = false;
	uint64_t pause;

	(void)pthread_mutex_lock(&f->lock);
	f->odd += page->n_events + page->n_problems + page->n_lines + page->bytes.n + page->out.n +
		page->name.n >
	    0;
	f->odd += s->inside++ >= s->threads;
	s->waiting++;
	(void)pthread_cond_broadcast(&f->moved);
	while ((!f->stopped || s->held) && s->at < s->pages && !may_fetch(s))
		(void)pthread_cond_wait(&f->moved, &f->lock);
	s->waiting--;
	if (f->quits && s->threads > 1 && rnd(f, 4) == 0) {
		s->threads--;
	} else if (!f->stopped && s->at < s->pages) {
		fetch(f, stream, page);
		given = true;
	}
	pause = s->most > 1 && rnd(f, 3) == 0 ? rnd(f, 100000) : 0;
	s->inside--;
	(void)pthread_cond_broadcast(&f->moved);
	(void)pthread_mutex_unlock(&f->lock);
	pause_ns(pause); /* others overtake */
	return given;
}

static void
fake_gate(struct source *source, size_t stream, enum source_gate gate)
{
	struct fake *f = (struct fake *)source;

	(void)pthread_mutex_lock(&f->lock);
	f->streams[stream].gate = gate;
	f->streams[stream].front += gate == SOURCE_FRONT;
	f->streams[stream].shut += gate == SOURCE_SHUT;
	(void)pthread_cond_broadcast(&f->moved);
	(void)pthread_mutex_unlock(&f->lock);
}

static void
fake_stop(struct source *source)
{
	struct fake *f = (struct fake *)source;

	(void)pthread_mutex_lock(&f->lock);
	f->stopped = true;
	f->stops++;
	(void)pthread_cond_broadcast(&f->moved);
	(void)pthread_mutex_unlock(&f->lock);
}

static void
fake_state(struct source *source, struct source_state *state)
{
	struct fake *f = (struct fake *)source;

	*state = (struct source_state){.seconds = -1};
	(void)pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->source.streams; i++)
		state->streams_done += f->streams[i].done == f->streams[i].pages;
	(void)pthread_mutex_unlock(&f->lock);
}

static void
fake_finish(struct source *source, struct page *page)
{
	struct fake *f = (struct fake *)source;

	(void)pthread_mutex_lock(&f->lock);
	f->finished++;
	for (size_t i = 0; i < f->source.streams; i++)
		f->open_at_finish += f->streams[i].done < f->streams[i].pages ||
		    f->streams[i].inside > 0;
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

/* Streams that end with their last page, or at once; `threads` for each. */
static struct fake *
fake_new(size_t streams, size_t pages, size_t events, bool finish)
{
	struct fake *f = xmalloc(sizeof(*f));

	*f = (struct fake){.source = {.streams = streams,
			       .next = fake_next,
			       .finish = finish ? fake_finish : NULL,
			       .close = fake_close,
			       .gate = fake_gate,
			       .stop = fake_stop,
			       .state = fake_state},
	    .events = events,
	    .step = STREAMS,
	    .random = 88172645463325252u};
	for (size_t i = 0; i < streams; i++)
		f->streams[i] = (struct stream){.pages = pages,
		    .threads = 1,
		    .most = 1 + i % 4,
		    .is_done = xcalloc(MAX_FLYING, sizeof(bool))};
	if (pthread_mutex_init(&f->lock, NULL) != 0 || pthread_cond_init(&f->moved, NULL) != 0)
		abort();
	return f;
}

static void
set_threads(struct fake *f, size_t most)
{
	for (size_t i = 0; i < STREAMS; i++)
		f->streams[i].most = most;
}

static void
let_go(struct fake *f, size_t stream)
{
	(void)pthread_mutex_lock(&f->lock);
	f->streams[stream].held = false;
	(void)pthread_cond_broadcast(&f->moved);
	(void)pthread_mutex_unlock(&f->lock);
}

/* Do all threads that wait in the source come back soon, but those of streams that are held? */
static bool
is_left(struct fake *f)
{
	size_t inside = 1;

	for (int i = 0; i < 5000 && inside > 0; i++) {
		inside = 0;
		(void)pthread_mutex_lock(&f->lock);
		for (size_t k = 0; k < f->source.streams; k++)
			inside += f->streams[k].held ? 0 : f->streams[k].inside;
		(void)pthread_mutex_unlock(&f->lock);
		pause_ns(inside > 0 ? 1000000 : 0);
	}
	return inside == 0;
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
	size_t moves;       /* calls of moved */
	size_t prints;      /* of printing */
	size_t unsaid;      /* of both, when the checkpoint did not say what was printed */
	size_t spoil_at;    /* after so many moves the checkpoint's file is ... */
	void (*spoil)(void);
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

/* What the checkpoint says that was printed; -1 where there is none. */
static long long
said(void)
{
	FILE *f = fopen(check_path, "r");
	long long n = -1;
	char text[512];
	const char *at;

	if (f == NULL)
		return -1;
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	(void)fclose(f);
	at = strstr(text, "\"printed\":");
	return at != NULL && sscanf(at, "\"printed\":%lld", &n) == 1 ? n : -1;
}

static long long
count_lines(void)
{
	char block[1 << 14];
	long long lines = 0;
	off_t at = 0;
	ssize_t n;

	while ((n = pread(file, block, sizeof(block), at)) > 0) {
		at += n;
		for (ssize_t i = 0; i < n; i++)
			lines += block[i] == '\n';
	}
	return lines;
}

static void
check_said(struct run *r)
{
	r->told_elsewhere = r->told_elsewhere || !pthread_equal(r->teller, pthread_self());
	r->unsaid += r->config.checkpoint != NULL && r->spoil == NULL && said() != count_lines();
}

static void
moved(void *context)
{
	struct run *r = context;

	if (++r->moves == r->spoil_at && r->spoil != NULL)
		r->spoil();
	check_said(r);
}

static void
printing(void *context)
{
	struct run *r = context;

	r->prints++;
	check_said(r);
}

static struct run *
run_with(struct fake *fake, int fd, enum out_order order, uint64_t limit, unsigned jobs,
    bool ordered, struct checkpoint *checkpoint)
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
	    .checkpoint = checkpoint,
	    .report = report,
	    .moved = moved,
	    .printing = printing,
	    .context = r};
	r->pipeline = pipeline_new(&r->config);
	return r;
}

static struct run *
run_new(
    struct fake *fake, int fd, enum out_order order, uint64_t limit, unsigned jobs, bool ordered)
{
	return run_with(fake, fd, order, limit, jobs, ordered, NULL);
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

/* The end of a run that came to its end by itself. */
static void
run_free(struct run *r, const char *name)
{
	ok(pipeline_free(r->pipeline), "%s: is freed", name);
	is_int(r->fake->closed, 1, "%s: its source is closed, once", name);
	is_int(r->fake->odd, 0, "%s: pages are empty, no more threads than asked for", name);
	(void)pthread_mutex_destroy(&r->fake->lock);
	(void)pthread_cond_destroy(&r->fake->moved);
	for (size_t i = 0; i < STREAMS; i++)
		free(r->fake->streams[i].is_done);
	free(r->fake);
	match_free(r->match);
	out_free(r->out);
	free(r);
}

/* The end of one that ended early: its threads may still use all of it. */
static void
run_leave(struct run *r)
{
	ok(r->fake->stops > 0, "the source is told to stop");
	ok(is_left(r->fake), "and no thread waits in it any more");
	leave(r);
	leave(r->fake);
	(void)pipeline_free(r->pipeline);
}

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
	size_t twice;
	size_t strange;
	int64_t last; /* s */
};

static void
add_printed(struct printed *x, const struct fake *f, size_t s, size_t n, int64_t direction,
    size_t *next, struct buf *seen)
{
	int64_t t = time_of(f, s, n);

	while (seen->n <= n)
		buf_char(seen, '\0');
	x->twice += seen->p[n] != '\0';
	seen->p[n] = 'x';
	x->unsorted += direction > 0 ? t > x->last : t < x->last;
	x->last = t;
	x->gaps += direction > 0 && n != *next;
	++*next;
	x->n++;
}

static struct printed
read_printed(const struct fake *f, int64_t direction)
{
	struct printed x = {.last = direction > 0 ? INT64_MAX : INT64_MIN};
	struct buf seen[STREAMS] = {{0}}, b = {0};
	size_t next[STREAMS] = {0};
	char block[65536];
	ssize_t got;
	char *p, *end;

	while ((got = pread(file, block, sizeof(block), (off_t)b.n)) > 0)
		buf_add(&b, block, (size_t)got);
	buf_char(&b, '\0');
	for (p = b.p; *p != '\0'; p = end + 1) {
		size_t s, n;

		end = strchr(p, '\n');
		if (end == NULL ||
		    sscanf(p, "{\"eventID\":\"%*u-%*u\",\"s\":%zu,\"n\":%zu,\"eventTime\":", &s,
			&n) != 2 ||
		    s >= STREAMS || n > 10000000) {
			x.strange++;
			break;
		}
		add_printed(&x, f, s, n, direction, &next[s], &seen[s]);
	}
	for (size_t i = 0; i < STREAMS; i++)
		buf_free(&seen[i]);
	buf_free(&b);
	return x;
}

static void
test_whole(size_t streams, size_t threads, bool quits, bool ordered, bool finish)
{
	enum { PAGES = 40, EVENTS = 20 };
	struct fake *f = fake_new(streams, PAGES, EVENTS, finish);
	size_t pages = 0, problems = finish;
	struct printed x;
	struct run *r;
	char name[80];

	for (size_t i = 0; i < streams; i++) { /* not all are of the same length */
		f->streams[i].pages = PAGES - i * 7;
		pages += f->streams[i].pages;
		problems += (f->streams[i].pages + 2) / 3;
	}
	if (threads > 0)
		set_threads(f, threads);
	f->quits = quits;
	(void)snprintf(name, sizeof(name), "%zu streams, %zu threads%s, %s%s", streams, threads,
	    quits ? " that end" : "", ordered ? "ordered" : "as found", finish ? ", finish" : "");
	truncate_file();
	r = run_new(f, file, OUT_READ, UINT64_MAX, threads > 2 ? 1 : 2, ordered);
	ok(pipeline_reached(r->pipeline) == INT64_MAX, "%s: nothing is reached before", name);
	(void)run_it(r);
	is_int(r->result, 0, "%s: runs to the end", name);
	x = read_printed(f, 1);
	is_int(x.n, pages * EVENTS, "%s: all lines", name);
	is_int(x.strange + x.twice, 0, "%s: each once", name);
	if (ordered)
		is_int(x.gaps + x.unsorted, 0, "%s: newest first over all", name);
	if (threads > 2 && !quits)
		ok(f->asked > 0 && f->asked <= streams * (threads - 1), "%s: it got threads, %zu",
		    name, f->asked);
	is_int(f->stops, 0, "%s: it was not told to stop", name);
	if (ordered && (streams > 1 || finish))
		ok(pipeline_reached(r->pipeline) == INT64_MIN, "%s: all is reached", name);
	is_int(r->counts.events, pages * EVENTS, "%s: events are counted", name);
	is_int(r->counts.matched, pages * EVENTS, "%s: matches are counted", name);
	is_int(r->counts.pages, pages, "%s: pages are counted", name);
	is_int(r->counts.problems, problems, "%s: problems are counted", name);
	is_int(r->problems, problems, "%s: problems are told", name);
	is_int(r->warnings, finish, "%s: a warning is told and not counted", name);
	ok(r->moves == pages && r->prints > 0 && r->prints <= pages, "%s: moves and prints", name);
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
	is_int(x.strange + x.twice, 0, "%s: each once", name);
	if (ordered) {
		is_int(x.gaps, 0, "%s: the first of their streams", name);
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
	is_int(x.unsorted + x.twice + x.strange, 0, "%zu streams, oldest first: in order", streams);
	run_free(r, "oldest first");
}

/* Wait until all streams but the first have ended or may take nothing any more, which stays so
 * while what holds them up lasts. The blocks that they took. */
static size_t
wait_for_rest(struct fake *f)
{
	size_t taken, resting;

	(void)pthread_mutex_lock(&f->lock);
	for (;;) {
		taken = resting = 0;
		for (size_t i = 1; i < f->source.streams; i++) {
			const struct stream *s = &f->streams[i];

			taken += s->at;
			resting += s->at == s->pages || (s->gate != SOURCE_FREE && !may_fetch(s));
		}
		if (resting == f->source.streams - 1)
			break;
		(void)pthread_cond_wait(&f->moved, &f->lock);
	}
	(void)pthread_mutex_unlock(&f->lock);
	return taken;
}

static void
start(pthread_t *t, struct run *r)
{
	r->teller = pthread_self(); /* until it runs */
	if (pthread_create(t, NULL, run_it, r) != 0)
		abort();
}

static void
join(pthread_t t)
{
	if (pthread_join(t, NULL) != 0)
		abort();
}

/* One stream is slow to begin: the others go on as far as what waits of them may grow, then stop;
 * nothing is printed or lost, and all goes on when it comes. */
static void
test_ahead(size_t streams)
{
	enum { EVENTS = 4, PADDING = 64 << 10, PAGE = EVENTS * PADDING, THREADS = 3 };
	struct fake *f = fake_new(streams, 600 / (streams - 1), EVENTS, true);
	size_t enough = PIPELINE_MAX_HELD / (PAGE + 1024), pages = f->streams[1].pages, taken;
	size_t most = 2 * (PIPELINE_MAX_HELD / PAGE) + 2 * THREADS * streams;
	struct printed x;
	struct run *r;
	pthread_t t;

	f->padding = PADDING;
	f->streams[0].pages = 3;
	f->streams[0].held = true;
	set_threads(f, THREADS);
	truncate_file();
	r = run_new(f, file, OUT_READ, UINT64_MAX, 2, true);
	start(&t, r);
	taken = wait_for_rest(f);
	ok(taken >= enough, "%zu streams, one is slow: the others go on, %zu pages", streams,
	    taken);
	ok(taken <= most && most < (streams - 1) * pages,
	    "%zu streams, one is slow: not too far, %zu pages", streams, taken);
	is_int(count_lines(), 0, "%zu streams, one is slow: nothing is certain", streams);
	ok(pipeline_reached(r->pipeline) == INT64_MAX, "and nothing is reached");
	let_go(f, 0);
	join(t);
	is_int(r->result, 0, "%zu streams, one was slow: runs to the end", streams);
	x = read_printed(f, 1);
	is_int(x.n, ((streams - 1) * pages + 3) * EVENTS, "%zu streams, one was slow: all lines",
	    streams);
	is_int(
	    x.unsorted + x.gaps + x.strange, 0, "%zu streams, one was slow: newest first", streams);
	is_int(f->streams[0].shut, 0, "%zu streams: the one that is waited for is never shut",
	    streams);
	ok(f->streams[1].shut > 0, "%zu streams: the others are", streams);
	run_free(r, "one was slow");
}

/* The same, not ordered: nobody waits. */
static void
test_ahead_unordered(void)
{
	struct fake *f = fake_new(3, 60, 4, false);
	struct printed x;
	struct run *r;
	pthread_t t;

	f->padding = 64 << 10;
	f->streams[0].pages = 3;
	f->streams[0].held = true;
	truncate_file();
	r = run_new(f, file, OUT_READ, UINT64_MAX, 2, false);
	start(&t, r);
	(void)pthread_mutex_lock(&f->lock);
	while (f->streams[1].done < 60 || f->streams[2].done < 60)
		(void)pthread_cond_wait(&f->moved, &f->lock);
	(void)pthread_mutex_unlock(&f->lock);
	ok(true, "as found: the others come to their end");
	let_go(f, 0);
	join(t);
	x = read_printed(f, 1);
	is_int(x.n, 123 * 4, "as found: all lines");
	is_int(x.twice + x.strange, 0, "as found: each once");
	for (size_t i = 0; i < 3; i++)
		is_int(f->streams[i].shut + f->streams[i].front, 0, "as found: all are free");
	run_free(r, "as found");
}

/* Interrupted while streams wait, and at any moment. */
static void
test_interrupt(size_t streams, size_t pages, bool hold, bool ordered)
{
	struct fake *f = fake_new(streams, SIZE_MAX / 1000, 10, true);
	struct printed x;
	struct run *r;
	pthread_t t;
	bool ended;

	f->streams[0].held = hold;
	set_threads(f, 1 + pages);
	truncate_file();
	r = run_new(f, file, OUT_READ, UINT64_MAX, 2, ordered);
	start(&t, r);
	(void)pthread_mutex_lock(&f->lock);
	while (f->streams[streams - 1].at < pages)
		(void)pthread_cond_wait(&f->moved, &f->lock);
	(void)pthread_mutex_unlock(&f->lock);
	ended = pipeline_interrupt(r->pipeline, HANG_MS);
	ok(ended, "%zu streams, interrupted after %zu pages%s: ends", streams, pages,
	    hold ? ", one waits" : "");
	if (ended) {
		join(t);
		is_int(r->result, 0, "it is no failure");
		is_int(f->finished, 0, "finish is not called");
		x = read_printed(f, 1);
		is_int((ordered ? x.unsorted + x.gaps : 0) + x.twice + x.strange, 0,
		    "what is printed is in order");
		run_leave(r);
	} else {
		leave(r);
		leave(f);
		(void)pthread_detach(t);
	}
	let_go(f, 0);
}

/* Streams that are shut, as they are far ahead, are woken, too. */
static void
test_interrupt_shut(void)
{
	struct fake *f = fake_new(3, SIZE_MAX / 1000, 4, true);
	struct run *r;
	pthread_t t;

	f->padding = 64 << 10;
	f->streams[0].held = true;
	set_threads(f, 8);
	truncate_file();
	r = run_new(f, file, OUT_READ, UINT64_MAX, 2, true);
	start(&t, r);
	(void)wait_for_rest(f);
	(void)pthread_mutex_lock(&f->lock);
	while (f->streams[1].waiting < 2)
		(void)pthread_cond_wait(&f->moved, &f->lock);
	(void)pthread_mutex_unlock(&f->lock);
	ok(true, "several threads wait at a gate");
	ok(pipeline_interrupt(r->pipeline, HANG_MS), "an interrupt ends the run");
	join(t);
	is_int(count_lines(), 0, "nothing was certain");
	run_leave(r);
	let_go(f, 0);
}

/* More threads than there may be: those that there are do. */
static void
test_greedy(void)
{
	enum { PAGES = PIPELINE_MAX_FETCHERS * 2 };
	struct fake *f = fake_new(2, PAGES, 1, true);
	struct printed x;
	struct run *r;

	f->greedy = true;
	truncate_file();
	r = run_new(f, file, OUT_READ, UINT64_MAX, 2, true);
	(void)run_it(r);
	is_int(r->result, 0, "very many threads: runs to the end");
	x = read_printed(f, 1);
	is_int(f->asked, 2 * PAGES, "more were asked for than there may be");
	is_int(x.n, 2 * PAGES, "all lines");
	is_int(x.unsorted + x.gaps + x.twice + x.strange, 0, "in order");
	run_free(r, "very many threads");
}

/* Is the stream given more than so many threads soon, or does it end? */
static bool
comes_to(struct fake *f, size_t stream, size_t granted)
{
	const struct stream *s = &f->streams[stream];
	bool there = false;

	for (int i = 0; i < 20000 && !there; i++) {
		(void)pthread_mutex_lock(&f->lock);
		there = s->granted > granted || s->done == s->pages;
		(void)pthread_mutex_unlock(&f->lock);
		pause_ns(there ? 0 : 1000000);
	}
	return there;
}

/* Streams that have not ended share the threads alike, and those of one that has are theirs. */
static void
test_shares(void)
{
	enum { SHARE = PIPELINE_MAX_FETCHERS / 2 };
	struct fake *f = fake_new(2, PIPELINE_MAX_FETCHERS * 2, 1, true);
	struct run *r;
	pthread_t t;

	f->greedy = true;
	f->streams[0].held = true;
	f->streams[0].pages = SIZE_MAX / 1000;
	truncate_file();
	r = run_new(f, file, OUT_READ, UINT64_MAX, 2, false);
	start(&t, r);
	ok(comes_to(f, 1, SHARE), "a stream ends while another waits");
	/* Some more when the first of them had ended. */
	ok(f->streams[1].granted >= SHARE - 1 && f->streams[1].granted < SHARE + SHARE / 2,
	    "it had half of the threads: %zu of %d", f->streams[1].granted, 2 * SHARE);
	let_go(f, 0);
	ok(comes_to(f, 0, SHARE), "then the other gets more than half of them");
	ok(pipeline_interrupt(r->pipeline, HANG_MS), "an interrupt ends the run");
	join(t);
	run_leave(r);
}

/* --- with a checkpoint --- */

static const char *const names[STREAMS] = {"a", "b", "c", "d", "e"};

static struct checkpoint *
open_checkpoint(size_t streams, uint64_t limit, int output)
{
	struct checkpoint_config config = {.path = check_path,
	    .regions = names,
	    .n_regions = streams,
	    .from = 0,
	    .to = NOW,
	    .limit = limit,
	    .output = output};
	struct checkpoint *c;
	struct err err;
	bool usage;

	c = checkpoint_open(&config, &usage, &err);
	if (c == NULL) {
		note("%s", err.msg);
		abort();
	}
	return c;
}

static void
remove_checkpoint(void)
{
	(void)remove(check_path);
	(void)remove(check_new);
}

static void
test_checkpoint(size_t streams, bool ordered, uint64_t limit)
{
	enum { PAGES = 20, EVENTS = 10 };
	struct fake *f = fake_new(streams, PAGES, EVENTS, true);
	uint64_t want = limit < streams * PAGES * EVENTS ? limit : streams * PAGES * EVENTS;
	struct checkpoint *c;
	struct printed x;
	struct run *r;
	char name[80];

	(void)snprintf(name, sizeof(name), "a checkpoint, %zu streams, %s%s", streams,
	    ordered ? "ordered" : "as found", limit == UINT64_MAX ? "" : ", limit");
	truncate_file();
	c = open_checkpoint(streams, limit, file);
	r = run_with(f, file, OUT_READ, limit, 2, ordered, c);
	(void)run_it(r);
	is_int(r->result, 0, "%s: runs to the end", name);
	is_int(r->unsaid, 0, "%s: when a batch is printed, and not before, it says so", name);
	x = read_printed(f, 1);
	is_int(x.n, want, "%s: all lines", name);
	is_int((ordered ? x.gaps + x.unsorted : 0) + x.twice + x.strange, 0, "%s: in order", name);
	ok(r->moves > 0 && r->prints > 0, "%s: it moves and prints", name);
	if (limit == UINT64_MAX)
		run_free(r, name);
	else
		run_leave(r);
	checkpoint_free(c);
	c = open_checkpoint(streams, limit, file);
	ok(checkpoint_is_complete(c), "%s: it is complete", name);
	is_int(checkpoint_printed(c), want, "%s: as many lines", name);
	checkpoint_free(c);
	remove_checkpoint();
}

/* An interrupted run has noted what it has printed. */
static void
test_checkpoint_interrupt(bool ordered)
{
	struct fake *f = fake_new(3, SIZE_MAX / 1000, 10, true);
	struct checkpoint *c;
	struct run *r;
	pthread_t t;

	truncate_file();
	c = open_checkpoint(3, UINT64_MAX, file);
	r = run_with(f, file, OUT_READ, UINT64_MAX, 2, ordered, c);
	start(&t, r);
	(void)pthread_mutex_lock(&f->lock);
	while (f->streams[2].at < 20 || count_lines() == 0)
		(void)pthread_cond_wait(&f->moved, &f->lock);
	(void)pthread_mutex_unlock(&f->lock);
	ok(pipeline_interrupt(r->pipeline, HANG_MS), "a checkpoint, interrupted: ends");
	join(t);
	ok(count_lines() > 0 && said() == count_lines(), "it says what was printed, %lld lines",
	    said());
	run_leave(r);
	leave(c);
	c = open_checkpoint(3, UINT64_MAX, file);
	ok(!checkpoint_is_complete(c), "it is not complete");
	checkpoint_free(c);
	remove_checkpoint();
}

static void
spoil_folder(void)
{
	char away[80];

	(void)snprintf(away, sizeof(away), "%s/folder", dir);
	remove_checkpoint();
	(void)rmdir(away);
}

static void
spoil_place(void)
{
	(void)remove(check_path);
	if (mkdir(check_path, 0700) != 0)
		perror(check_path);
}

/* A checkpoint that cannot be written ends the run, and nothing more is printed. */
static void
test_checkpoint_fails(void (*spoil)(void), size_t after)
{
	struct fake *f = fake_new(3, SIZE_MAX / 1000, 10, true);
	char folder[80], check[sizeof(check_path)];
	struct checkpoint *c;
	struct run *r;

	(void)snprintf(folder, sizeof(folder), "%s/folder", dir);
	if (mkdir(folder, 0700) != 0)
		perror(folder);
	memcpy(check, check_path, sizeof(check));
	(void)snprintf(check_path, sizeof(check_path), "%s/check", folder);
	(void)snprintf(check_new, sizeof(check_new), "%s/check.aws-spitzel", folder);
	truncate_file();
	c = open_checkpoint(3, UINT64_MAX, file);
	r = run_with(f, file, OUT_READ, UINT64_MAX, 2, false, c);
	r->spoil = spoil;
	r->spoil_at = after;
	(void)run_it(r);
	is_int(r->result, -1, "a checkpoint that cannot be written: the run fails");
	ok(strstr(r->err.msg, "check") != NULL, "it is told: %s", r->err.msg);
	is_int(r->moves, after, "at once");
	ok(count_lines() <= (long long)(after + (spoil == spoil_place)) * 10,
	    "nothing more is printed");
	is_int(f->finished, 0, "finish is not called");
	run_leave(r);
	leave(c);
	remove_checkpoint();
	(void)rmdir(folder);
	memcpy(check_path, check, sizeof(check));
	(void)snprintf(check_new, sizeof(check_new), "%s.aws-spitzel", check_path);
}

/* Lines that nobody takes are not said to be printed: neither while the reader is slow, nor when it
 * goes away. */
static void
test_checkpoint_pipe(void)
{
	struct fake *f = fake_new(1, SIZE_MAX / 1000, 4, true);
	struct checkpoint *c;
	struct run *r;
	pthread_t t;
	char byte;
	int ends[2];

	if (pipe(ends) != 0)
		abort();
	f->padding = 256 << 10;
	set_threads(f, 1);
	c = open_checkpoint(1, UINT64_MAX, ends[1]);
	r = run_with(f, ends[1], OUT_READ, UINT64_MAX, 2, true, c);
	r->spoil = remove_checkpoint; /* never: the output is not the file */
	start(&t, r);
	ok(read(ends[0], &byte, 1) == 1, "a slow reader of a pipe");
	is_int(said(), 0, "the checkpoint says nothing before all is written");
	ok(access(check_new, F_OK) == 0, "but what it will say is written");
	(void)close(ends[0]);
	join(t);
	is_int(r->result, 0, "its end is no failure");
	is_int(said(), 0, "lines that the reader did not take are not said to be printed");
	run_leave(r);
	leave(c);
	(void)close(ends[1]);
	remove_checkpoint();
}

/* As found: a stream whose newest events are late does not go too far ahead of them, as each line
 * before them has to be noted. */
static void
test_checkpoint_ahead(void)
{
	enum { EVENTS = 32, THREADS = 8, PAGES = 4 * CHECKPOINT_MAX_AHEAD / EVENTS };
	struct fake *f = fake_new(2, PAGES, EVENTS, true);
	size_t enough = CHECKPOINT_MAX_AHEAD / EVENTS, most = enough + 2 * (THREADS + 1) + 1, taken;
	struct checkpoint *c;
	struct printed x;
	struct run *r;
	pthread_t t;

	f->streams[0].pages = 3;
	f->late = true;
	set_threads(f, THREADS);
	truncate_file();
	c = open_checkpoint(2, UINT64_MAX, file);
	r = run_with(f, file, OUT_READ, UINT64_MAX, 2, false, c);
	start(&t, r);
	taken = wait_for_rest(f);
	ok(taken >= enough && taken <= most, "its newest events are late: %zu pages", taken);
	ok(count_lines() >= CHECKPOINT_MAX_AHEAD, "their lines are printed");
	(void)pthread_mutex_lock(&f->lock);
	ok(f->streams[1].gate == SOURCE_FRONT, "it may only ask for those");
	f->late = false;
	(void)pthread_cond_broadcast(&f->moved);
	(void)pthread_mutex_unlock(&f->lock);
	join(t);
	is_int(r->result, 0, "when they come all goes on");
	is_int(r->unsaid, 0, "the checkpoint says what is printed");
	x = read_printed(f, 1);
	is_int(x.n, (PAGES + 3) * EVENTS, "all lines");
	is_int(x.twice + x.strange, 0, "each once");
	is_int(f->streams[0].shut + f->streams[1].shut, 0, "none was shut");
	run_free(r, "newest events are late");
	checkpoint_free(c);
	remove_checkpoint();
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
	if (mkdtemp(dir) == NULL) {
		perror(dir);
		return 1;
	}
	(void)snprintf(path, sizeof(path), "%s/out", dir);
	(void)snprintf(check_path, sizeof(check_path), "%s/check", dir);
	(void)snprintf(check_new, sizeof(check_new), "%s/check.aws-spitzel", dir);
	file = open(path, O_RDWR | O_CREAT, 0600);
	for (size_t streams = 1; streams <= STREAMS; streams++) {
		for (int i = 0; i < 8; i++)
			test_whole(streams, (size_t)1 << i / 2 * 2, false, i % 2 == 0, true);
		test_whole(streams, 4, true, true, true);
		test_whole(streams, 4, true, false, false);
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
			test_interrupt(streams, pages, false, pages % 2 == 0);
		if (streams > 1)
			test_interrupt(streams, 5, true, true);
		for (int i = 0; i < 4; i++)
			test_checkpoint(streams, i % 2 == 0, i < 2 ? UINT64_MAX : 77);
	}
	test_ahead_unordered();
	test_interrupt_shut();
	test_greedy();
	test_shares();
	test_checkpoint_interrupt(true);
	test_checkpoint_interrupt(false);
	test_checkpoint_ahead();
	test_checkpoint_fails(spoil_folder, 1);
	test_checkpoint_fails(spoil_folder, 5);
	test_checkpoint_fails(spoil_place, 5);
	test_checkpoint_pipe();
	(void)close(file);
	(void)unlink(path);
	(void)rmdir(dir);
	return done_testing();
}

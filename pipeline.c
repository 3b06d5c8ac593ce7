/* pipeline.c: see pipeline.h. */
#include "pipeline.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "checkpoint.h"
#include "merge.h"
#include "out.h"
#include "page.h"
#include "queue.h"
#include "search.h"
#include "source.h"

#define MOST_MERGED (1u << 20) /* bytes of lines, about, that are printed at once */

/* A thread of a stream, or a place for one. */
struct fetcher {
	struct pipeline *p; /* NULL: the place is free */
	size_t stream;
	pthread_t thread;
	bool ended; /* it has only to be joined */
};

struct pipeline {
	struct pipeline_config config;
	struct queue *free_pages; /* with more than one job, or streams */
	struct queue *done;       /* of streams */

	pthread_mutex_t printing; /* held while the output is used */
	pthread_mutex_t lock;     /* of what follows */
	pthread_cond_t ended_cond;
	pthread_cond_t changed;   /* one of reading, searching and stopped */
	struct counts counts;
	bool stopped;        /* end early */
	bool ended;          /* pipeline_run is over */
	size_t searching;    /* searchers or fetchers that still run */
	size_t streams;      /* of the source; 0: one for all */
	size_t live;         /* streams that have fetchers, or are still to get their first */
	struct fetcher *fetchers; /* PIPELINE_MAX_FETCHERS places */
	size_t n_fetchers;        /* that were started: the memory of those that ended stays */
	int64_t reached; /* see pipeline_reached */
	bool abandoned;  /* a thread was left waiting */

	/* Without streams: each searcher gets, searches and hands over its pages itself. */
	size_t n_pages;
	bool reading;           /* one of them uses the source */
	bool drained;           /* which has no more */
	uint64_t n_read;        /* pages it gave */
	uint64_t n_searched;    /* pages handed over */
	struct page **searched; /* those that wait to be printed: page k is at k % n_pages */
	uint64_t n_printed;     /* pages taken from there */
	bool delivering;        /* one of the searchers prints them */
	enum out_result result; /* of printing */
	struct err err;
};

static bool is_stopped(void *context);
static bool start_fetcher(void *context, size_t stream);

static void
must(int error)
{
	if (error != 0)
		abort();
}

static void
give_back(struct pipeline *p, struct page *page)
{
	if (!queue_put(p->free_pages, page)) /* the run has ended */
		page_free(page);
}

static void
add_pages(struct pipeline *p, size_t n)
{
	while (n-- > 0)
		give_back(p, page_new());
}

struct pipeline *
pipeline_new(const struct pipeline_config *config)
{
	struct pipeline *p = xmalloc(sizeof(*p));
	pthread_condattr_t attr;

	*p = (struct pipeline){.config = *config};
	must(pthread_mutex_init(&p->printing, NULL));
	must(pthread_mutex_init(&p->lock, NULL));
	must(pthread_condattr_init(&attr));
	must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
	must(pthread_cond_init(&p->ended_cond, &attr));
	must(pthread_condattr_destroy(&attr));
	must(pthread_cond_init(&p->changed, NULL));
	p->reached = INT64_MAX;
	p->live = p->streams = config->source->streams;
	if (p->streams > 0) {
		p->fetchers = xcalloc(PIPELINE_MAX_FETCHERS, sizeof(*p->fetchers));
		p->free_pages = queue_new(PIPELINE_MAX_FETCHERS);
		p->done = queue_new(PIPELINE_MAX_FETCHERS);
		config->source->more = start_fetcher;
		config->source->context = p;
		out_stop_when(config->out, is_stopped, p);
	} else if (config->jobs > 1) {
		p->n_pages = (size_t)config->jobs * PIPELINE_PAGES_PER_JOB;
		p->free_pages = queue_new(p->n_pages);
		add_pages(p, p->n_pages);
		p->searched = xcalloc(p->n_pages, sizeof(*p->searched));
	}
	return p;
}

bool
pipeline_free(struct pipeline *p)
{
	if (p->abandoned)
		return false;
	p->config.source->close(p->config.source);
	queue_free(p->free_pages);
	queue_free(p->done);
	must(pthread_mutex_destroy(&p->printing));
	must(pthread_mutex_destroy(&p->lock));
	must(pthread_cond_destroy(&p->ended_cond));
	must(pthread_cond_destroy(&p->changed));
	free(p->searched);
	free(p->fetchers);
	free(p);
	return true;
}

void
pipeline_counts(struct pipeline *p, struct counts *counts)
{
	must(pthread_mutex_lock(&p->lock));
	*counts = p->counts;
	must(pthread_mutex_unlock(&p->lock));
}

int64_t
pipeline_reached(struct pipeline *p)
{
	int64_t reached;

	must(pthread_mutex_lock(&p->lock));
	reached = p->reached;
	must(pthread_mutex_unlock(&p->lock));
	return reached;
}

static bool
is_stopped(void *context)
{
	struct pipeline *p = context;
	bool stopped;

	must(pthread_mutex_lock(&p->lock));
	stopped = p->stopped;
	must(pthread_mutex_unlock(&p->lock));
	return stopped;
}

static void
stop(struct pipeline *p)
{
	must(pthread_mutex_lock(&p->lock));
	p->stopped = true;
	must(pthread_cond_broadcast(&p->changed));
	must(pthread_mutex_unlock(&p->lock));
	if (p->streams > 0) {
		p->config.source->stop(p->config.source);
		queue_abort(p->done);
	}
	if (p->free_pages != NULL)
		queue_abort(p->free_pages);
}

bool
pipeline_interrupt(struct pipeline *p, long grace_ms)
{
	struct timespec until;
	struct err err;
	bool ended;
	int r = 0;

	stop(p);
	must(clock_gettime(CLOCK_MONOTONIC, &until));
	until.tv_sec += grace_ms / 1000;
	until.tv_nsec += grace_ms % 1000 * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	must(pthread_mutex_lock(&p->lock));
	while (!p->ended && r == 0)
		r = pthread_cond_timedwait(&p->ended_cond, &p->lock, &until);
	ended = p->ended;
	must(pthread_mutex_unlock(&p->lock));
	/* What was found is not lost. The output stays locked: the run must not go on with it. */
	if (!ended && pthread_mutex_trylock(&p->printing) == 0 &&
	    out_finish(p->config.out, &err) == OUT_FAILED)
		return false;
	return ended;
}

static void
report(struct pipeline *p, const struct page *page)
{
	for (size_t i = 0; i < page->n_problems; i++)
		p->config.report(p->config.context, &page->problems[i]);
	must(pthread_mutex_lock(&p->lock));
	counts_add(&p->counts, &page->counts);
	must(pthread_mutex_unlock(&p->lock));
}

static enum out_result
print(struct pipeline *p, const struct page *page, struct err *err)
{
	enum out_result r;

	must(pthread_mutex_lock(&p->printing));
	r = out_page(p->config.out, page, err);
	must(pthread_mutex_unlock(&p->printing));
	return r;
}

/* The last stage: report, print, count. */
static enum out_result
deliver(struct pipeline *p, const struct page *page, struct err *err)
{
	report(p, page);
	return print(p, page, err);
}

static void *
loader_new(struct pipeline *p)
{
	return p->config.source->loader_new != NULL ?
	    p->config.source->loader_new(p->config.source) :
	    NULL;
}

static void
loader_free(struct pipeline *p, void *loader)
{
	if (loader != NULL)
		p->config.source->loader_free(loader);
}

/* Search what the page has, and what it only describes. */
static void
search_parts(struct pipeline *p, struct page *page, struct search_scratch *scratch, void *loader)
{
	if (page->piece.kind == PIECE_NONE)
		search_page(p->config.search, page, scratch);
	else
		while (p->config.source->load(loader, page))
			search_page(p->config.search, page, scratch);
}

/* --- one stream: threads that do all of it --- */

/* Have the source fill the page, when no other thread does. False when nothing more will come. */
static bool
read_page(struct pipeline *p, struct page *page)
{
	bool more;

	must(pthread_mutex_lock(&p->lock));
	while (p->reading && !p->stopped)
		must(pthread_cond_wait(&p->changed, &p->lock));
	more = !p->drained && !p->stopped;
	p->reading |= more;
	must(pthread_mutex_unlock(&p->lock));
	if (!more)
		return false;
	page_reset(page);
	more = p->config.source->next(p->config.source, 0, page);
	must(pthread_mutex_lock(&p->lock));
	page->seq = p->n_read;
	p->n_read += more;
	p->drained = !more;
	p->reading = false;
	must(pthread_cond_broadcast(&p->changed));
	must(pthread_mutex_unlock(&p->lock));
	return more;
}

/* Hand over a page that was searched. It is printed when those before it were, by who handed over
 * the last of these: so nobody waits for it, and there is no thread that only prints. Returned is
 * the page itself if it was printed now, as its buffers are in the caches of this processor; else
 * NULL. */
static struct page *
hand_over(struct pipeline *p, struct page *own)
{
	struct page *page = own, *printed = NULL;
	enum out_result r = OUT_MORE;

	must(pthread_mutex_lock(&p->lock));
	if (!p->config.ordered)
		page->seq = p->n_searched++;
	p->searched[page->seq % p->n_pages] = page;
	if (!p->delivering) {
		p->delivering = true;
		while (r == OUT_MORE && !p->stopped &&
		    (page = p->searched[p->n_printed % p->n_pages]) != NULL) {
			p->searched[p->n_printed++ % p->n_pages] = NULL;
			must(pthread_mutex_unlock(&p->lock));
			r = deliver(p, page, &p->err);
			if (page == own)
				printed = own;
			else
				give_back(p, page);
			must(pthread_mutex_lock(&p->lock));
		}
		p->delivering = false;
		if (r != OUT_MORE) {
			p->result = r;
			p->stopped = true;
		}
	}
	must(pthread_mutex_unlock(&p->lock));
	if (r != OUT_MORE)
		stop(p);
	return printed;
}

static void *
searcher_main(void *context)
{
	struct pipeline *p = context;
	void *loader = loader_new(p);
	struct search_scratch *scratch = search_scratch_new(p->config.search);
	struct page *page = NULL;
	bool prints = search_takes_all(p->config.search);

	while (page != NULL || (page = queue_get_newest(p->free_pages)) != NULL) {
		page->prints = prints;
		if (!read_page(p, page)) {
			give_back(p, page);
			break;
		}
		search_parts(p, page, scratch, loader);
		prints = page->prints;
		page = hand_over(p, page);
	}
	search_scratch_free(scratch);
	loader_free(p, loader);
	must(pthread_mutex_lock(&p->lock));
	p->searching--;
	must(pthread_cond_broadcast(&p->changed));
	must(pthread_mutex_unlock(&p->lock));
	return NULL;
}

/* --- several streams --- */

/* Threads of the stream that run. The pipeline is locked. */
static size_t
count_fetchers(const struct pipeline *p, size_t stream)
{
	size_t n = 0;

	for (size_t i = 0; i < PIPELINE_MAX_FETCHERS; i++) {
		const struct fetcher *f = &p->fetchers[i];

		n += f->p != NULL && !f->ended && f->stream == stream;
	}
	return n;
}

/* The calling fetcher ends; NULL: all streams have had their first. Who ends last closes the queue
 * behind them. */
static void
end_searching(struct pipeline *p, struct fetcher *f)
{
	bool last;

	must(pthread_mutex_lock(&p->lock));
	if (f != NULL) {
		f->ended = true;
		p->live -= count_fetchers(p, f->stream) == 0;
	}
	last = --p->searching == 0;
	must(pthread_mutex_unlock(&p->lock));
	if (last)
		queue_close(p->done);
}

/* Fetch and search one stream's pages. */
static void *
fetcher_main(void *context)
{
	struct fetcher *f = context;
	struct pipeline *p = f->p;
	size_t stream = f->stream;
	struct search_scratch *scratch = search_scratch_new(p->config.search);
	struct page *page;

	while ((page = queue_get_newest(p->free_pages)) != NULL) {
		if (!p->config.source->next(p->config.source, stream, page)) {
			page_free(page); /* there is one for each fetcher */
			break;
		}
		search_page(p->config.search, page, scratch);
		search_scratch_shrink(scratch);
		if (!queue_put(p->done, page)) {
			page_free(page);
			break;
		}
	}
	search_scratch_free(scratch);
	end_searching(p, f);
	return NULL;
}

/* The bytes that may be held. */
static size_t
most_held(struct pipeline *p)
{
	size_t fetchers;

	must(pthread_mutex_lock(&p->lock));
	fetchers = p->n_fetchers;
	must(pthread_mutex_unlock(&p->lock));
	fetchers *= PIPELINE_FETCHER;
	return fetchers < PIPELINE_MAX_HELD - PIPELINE_LEAST_HELD ? PIPELINE_MAX_HELD - fetchers :
								    PIPELINE_LEAST_HELD;
}

/* How far each stream may go: one that is far ahead of the others, or whose lines are far ahead of
 * its own newest, waits. What may be held is shared by those that need it. */
static void
set_gates(struct pipeline *p, const struct merge *m)
{
	size_t held = 0, most = most_held(p);

	for (size_t i = 0; i < p->streams; i++)
		held += merge_held(m, i);
	for (size_t i = 0; i < p->streams; i++) {
		bool far = (held >= most && merge_held(m, i) >= most / p->streams) ||
		    (p->config.checkpoint != NULL &&
			checkpoint_ahead(p->config.checkpoint, i) >= CHECKPOINT_MAX_AHEAD);

		p->config.source->gate(p->config.source, i,
		    !far                                        ? SOURCE_FREE :
			merge_wants(m, i) || !p->config.ordered ? SOURCE_FRONT :
								  SOURCE_SHUT);
	}
	must(pthread_mutex_lock(&p->lock));
	p->reached = merge_reached(m);
	must(pthread_mutex_unlock(&p->lock));
}

/* Print the lines, and note it where there is a checkpoint. */
static enum out_result
print_lines(struct pipeline *p, const struct merge *m, const struct page *lines, struct err *err)
{
	struct checkpoint *c = p->config.checkpoint;
	enum out_result r;
	uint64_t printed;

	if (lines->n_lines > 0 && p->config.printing != NULL)
		p->config.printing(p->config.context);
	if (c == NULL)
		return print(p, lines, err);
	for (size_t i = 0; i < p->streams; i++)
		checkpoint_reached(c, i, merge_given(m, i));
	if (checkpoint_prepare(c, lines, err) != 0)
		return OUT_FAILED;
	printed = out_printed(p->config.out);
	r = print(p, lines, err);
	printed = out_printed(p->config.out) - printed;
	if (r == OUT_FAILED || r == OUT_GONE) /* nobody may have read them */
		return r;
	if (r == OUT_STOPPED && checkpoint_prepare_part(c, lines, (size_t)printed, err) != 0)
		return OUT_FAILED;
	return checkpoint_commit(c, err) != 0 ? OUT_FAILED : r;
}

/* Put the page's lines in order with those of the other streams, and print what is certain: maybe
 * much, where many streams waited for this one. */
static enum out_result
merge_page(struct pipeline *p, struct merge *m, const struct page *page, struct page *merged,
    struct err *err)
{
	struct line line;
	struct str text;
	enum out_result r;
	bool more = true;

	merge_add(m, page);
	do {
		page_reset(merged);
		while (merged->out.n < MOST_MERGED && (more = merge_next(m, &text, &line)))
			page_add_line(merged, (struct str){text.p, text.n - 1}, &line);
		r = print_lines(p, m, merged, err);
	} while (r == OUT_MORE && more);
	page_shrink(merged);
	if (r == OUT_MORE)
		set_gates(p, m);
	return r;
}

static enum out_result
write_streams(struct pipeline *p, struct err *err)
{
	struct merge *m = merge_new(p->streams, p->config.ordered);
	struct page *page, *merged = page_new();
	enum out_result r = OUT_MORE;

	while (r == OUT_MORE && (page = queue_get(p->done)) != NULL) {
		report(p, page);
		r = merge_page(p, m, page, merged, err);
		page_shrink(page);
		if (r == OUT_MORE && p->config.moved != NULL)
			p->config.moved(p->config.context);
		give_back(p, page);
	}
	if (r == OUT_MORE && !is_stopped(p) && p->config.source->finish != NULL) {
		p->config.source->finish(p->config.source, merged);
		report(p, merged);
	}
	page_free(merged);
	merge_free(m);
	return r;
}

/* Signals are for the caller's threads: the pipeline's own run with all of them blocked. */
static int
start_thread(pthread_t *thread, void *(*f)(void *), void *context)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int r;

	must(pthread_attr_init(&attr));
	must(pthread_attr_setstacksize(&attr, PIPELINE_STACK));
	(void)sigfillset(&all);
	must(pthread_sigmask(SIG_SETMASK, &all, &old));
	r = pthread_create(thread, &attr, f, context);
	must(pthread_sigmask(SIG_SETMASK, &old, NULL));
	must(pthread_attr_destroy(&attr));
	return r;
}

/* Where the system gives fewer threads than asked for, fewer do. */
static enum out_result
run_threads(struct pipeline *p, struct err *err)
{
	pthread_t *searchers = xrealloc(NULL, p->config.jobs, sizeof(*searchers));
	unsigned n = 0;
	int error = 0;

	p->searching = p->config.jobs;
	while (n < p->config.jobs && (error = start_thread(&searchers[n], searcher_main, p)) == 0)
		n++;
	must(pthread_mutex_lock(&p->lock));
	p->searching -= p->config.jobs - n;
	/* One that waits for input cannot be told to stop: it is left behind. */
	while (p->searching > (p->stopped && p->reading ? 1 : 0))
		must(pthread_cond_wait(&p->changed, &p->lock));
	p->abandoned = p->stopped;
	must(pthread_mutex_unlock(&p->lock));
	for (unsigned i = 0; i < n; i++)
		must(p->abandoned ? pthread_detach(searchers[i]) :
				    pthread_join(searchers[i], NULL));
	free(searchers);
	if (n == 0)
		return err_set(err, 0, "cannot start threads: %s; try -j 1", strerror(error));
	*err = p->err;
	return p->result;
}

/* A place that is free now. The pipeline is locked. NULL for none. */
static struct fetcher *
find_place(struct pipeline *p)
{
	for (size_t i = 0; i < PIPELINE_MAX_FETCHERS; i++) {
		struct fetcher *f = &p->fetchers[i];

		if (f->ended) {
			must(pthread_join(f->thread, NULL));
			*f = (struct fetcher){0};
		}
		if (f->p == NULL)
			return f;
	}
	return NULL;
}

/* Start a thread for the stream, if the run has not ended and it has not had its share: the streams
 * that have not ended share alike. True when there is one more; *error says why not, or is 0. */
static bool
add_fetcher(struct pipeline *p, size_t stream, int *error)
{
	struct fetcher *f = NULL;

	*error = 0;
	must(pthread_mutex_lock(&p->lock));
	if (!p->stopped && count_fetchers(p, stream) < PIPELINE_MAX_FETCHERS / p->live)
		f = find_place(p);
	if (f != NULL) {
		*f = (struct fetcher){.p = p, .stream = stream};
		*error = start_thread(&f->thread, fetcher_main, f);
		if (*error != 0)
			*f = (struct fetcher){0};
		p->n_fetchers += *error == 0;
		p->searching += *error == 0;
	}
	must(pthread_mutex_unlock(&p->lock));
	if (f == NULL || *error != 0)
		return false;
	add_pages(p, 1); /* most of the time it is empty */
	return true;
}

/* source.more: called by a fetcher, so the last has not ended. */
static bool
start_fetcher(void *context, size_t stream)
{
	int error;

	return add_fetcher(context, stream, &error);
}

static enum out_result
run_streams(struct pipeline *p, struct err *err)
{
	enum out_result r = OUT_FAILED;
	int error = 0;

	p->searching = 1; /* until all have been started */
	for (size_t i = 0; i < p->streams && error == 0; i++)
		(void)add_fetcher(p, i, &error);
	end_searching(p, NULL);
	if (error == 0)
		r = write_streams(p, err);
	else
		(void)err_set(err, 0, "cannot start a thread for each region: %s", strerror(error));
	if (r != OUT_MORE)
		stop(p);
	/* A stream that waits for the network cannot be told to stop: it is left behind. */
	p->abandoned = is_stopped(p);
	for (size_t i = 0; i < PIPELINE_MAX_FETCHERS; i++)
		if (p->fetchers[i].p != NULL)
			must(p->abandoned ? pthread_detach(p->fetchers[i].thread) :
					    pthread_join(p->fetchers[i].thread, NULL));
	return r;
}

static enum out_result
run_alone(struct pipeline *p, struct err *err)
{
	struct search_scratch *scratch = search_scratch_new(p->config.search);
	struct page *page = page_new();
	void *loader = loader_new(p);
	enum out_result r = OUT_MORE;

	page->prints = search_takes_all(p->config.search);
	while (
	    r == OUT_MORE && !is_stopped(p) && p->config.source->next(p->config.source, 0, page)) {
		search_parts(p, page, scratch, loader);
		r = deliver(p, page, err);
		page_reset(page);
	}
	page_free(page);
	loader_free(p, loader);
	search_scratch_free(scratch);
	return r;
}

int
pipeline_run(struct pipeline *p, struct err *err)
{
	enum out_result r;

	if (p->streams > 0)
		r = run_streams(p, err);
	else
		r = p->config.jobs > 1 ? run_threads(p, err) : run_alone(p, err);

	must(pthread_mutex_lock(&p->printing));
	if (r == OUT_MORE)
		r = out_finish(p->config.out, err);
	must(pthread_mutex_unlock(&p->printing));
	must(pthread_mutex_lock(&p->lock));
	p->ended = true;
	must(pthread_cond_broadcast(&p->ended_cond));
	must(pthread_mutex_unlock(&p->lock));
	return r == OUT_FAILED ? -1 : 0;
}

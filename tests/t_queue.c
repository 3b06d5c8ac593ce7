/* Tests of queue.c: order, bounds, closing and aborting, alone and with several threads. Meant to
 * be run under the thread sanitizer as well. */
#include "../queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "../page.h"
#include "tap.h"

static struct page *
new_page(uint64_t seq)
{
	struct page *page = page_new();

	page->seq = seq;
	return page;
}

/* The page's number, UINT64_MAX for none. It is freed. */
static uint64_t
number_of(struct page *page)
{
	uint64_t seq = page != NULL ? page->seq : UINT64_MAX;

	page_free(page);
	return seq;
}

static uint64_t
take(struct queue *q)
{
	return number_of(queue_get(q));
}

static uint64_t
take_newest(struct queue *q)
{
	return number_of(queue_get_newest(q));
}

static void
put(struct queue *q, uint64_t seq)
{
	struct page *page = new_page(seq);

	if (!ok(queue_put(q, page), "page %d is taken", (int)seq))
		page_free(page);
}

static void
test_alone(void)
{
	struct queue *q = queue_new(3);
	struct page *page;

	for (uint64_t round = 0; round < 4; round++) {
		put(q, 70 + round);
		put(q, 5);
		put(q, 90);
		is_int(take(q), 70 + round, "first in, first out");
		is_int(take(q), 5, "whatever the numbers");
		put(q, 6);
		is_int(take(q), 90, "third");
		is_int(take(q), 6, "fourth");
	}
	put(q, 1);
	put(q, 2);
	queue_close(q);
	page = new_page(3);
	ok(!queue_put(q, page), "a closed queue takes nothing");
	page_free(page); /* it stayed ours */
	is_int(take(q), 1, "and gives out what it has");
	is_int(take(q), 2, "in order");
	ok(queue_get(q) == NULL && queue_get(q) == NULL, "then nothing, again and again");
	queue_close(q);
	ok(queue_get(q) == NULL, "closed twice");
	queue_free(q);

	q = queue_new(3);
	for (uint64_t round = 0; round < 4; round++) {
		put(q, 1);
		put(q, 2);
		put(q, 3);
		is_int(take_newest(q), 3, "last in, first out, if wanted");
		put(q, 4);
		is_int(take(q), 1, "the first is still the first");
		is_int(take_newest(q), 4, "and the last the last");
		is_int(take_newest(q), 2, "the only one is both");
	}
	queue_free(q);

	q = queue_new(2);
	put(q, 1);
	put(q, 2);
	queue_abort(q);
	ok(queue_get(q) == NULL, "an aborted queue gives out nothing");
	page = new_page(3);
	ok(!queue_put(q, page), "and takes nothing");
	page_free(page);
	queue_free(q); /* frees the two in it */
	queue_free(NULL);
}

/* --- several threads --- */

enum { PAGES = 6000, THREADS = 4 };

struct worker {
	struct queue *from;
	struct queue *to;
	uint64_t n;    /* pages handed on */
	uint64_t sum;  /* of their numbers */
	bool in_order; /* those it got were in rising order */
};

static void *
hand_on(void *context)
{
	struct worker *w = context;
	struct page *page;
	uint64_t last = 0;

	w->in_order = true;
	while ((page = queue_get(w->from)) != NULL) {
		w->in_order = w->in_order && (w->n == 0 || page->seq > last);
		last = page->seq;
		w->n++;
		w->sum += page->seq;
		if (w->to == NULL || !queue_put(w->to, page))
			page_free(page);
	}
	return NULL;
}

static void
start(pthread_t *t, void *(*f)(void *), void *context)
{
	if (pthread_create(t, NULL, f, context) != 0)
		abort();
}

static void
join(pthread_t t)
{
	if (pthread_join(t, NULL) != 0)
		abort();
}

/* The main thread puts, THREADS hand on, one takes them. A free-list keeps their number
 * bounded. */
static void
test_ring(size_t cap)
{
	struct queue *work = queue_new(cap), *done = queue_new(cap), *idle = queue_new(cap);
	struct worker workers[THREADS] = {{0}}, last = {.from = done, .to = idle};
	pthread_t threads[THREADS], taker;
	uint64_t n = 0, sum = 0;
	bool in_order = true;

	for (size_t i = 0; i < cap; i++)
		if (!queue_put(idle, page_new()))
			abort();
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.from = work, .to = done};
		start(&threads[i], hand_on, &workers[i]);
	}
	start(&taker, hand_on, &last);
	for (uint64_t i = 0; i < PAGES; i++) {
		struct page *page = queue_get(idle);

		if (page == NULL)
			break;
		page->seq = i;
		if (!queue_put(work, page))
			page_free(page);
	}
	queue_close(work);
	for (int i = 0; i < THREADS; i++) {
		join(threads[i]);
		n += workers[i].n;
		sum += workers[i].sum;
		in_order = in_order && workers[i].in_order;
	}
	queue_close(done);
	join(taker);
	is_int(n, PAGES, "%zu places: the workers got all pages", cap);
	is_int(sum, (uint64_t)PAGES * (PAGES - 1) / 2, "%zu places: each once", cap);
	ok(in_order, "%zu places: each of them in order", cap);
	is_int(last.n, PAGES, "%zu places: all came out", cap);
	queue_free(work);
	queue_free(done);
	queue_free(idle); /* with all pages in it */
}

/* --- waiting: a full queue holds its producer back --- */

struct producer {
	struct queue *q;
	pthread_mutex_t lock;
	uint64_t put; /* pages that were taken from us */
	bool refused;
};

static void *
produce(void *context)
{
	struct producer *p = context;

	for (uint64_t i = 0;; i++) {
		struct page *page = new_page(i);

		if (!queue_put(p->q, page)) {
			page_free(page);
			break;
		}
		(void)pthread_mutex_lock(&p->lock);
		p->put++;
		(void)pthread_mutex_unlock(&p->lock);
	}
	(void)pthread_mutex_lock(&p->lock);
	p->refused = true;
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

static uint64_t
count_put(struct producer *p)
{
	uint64_t n;

	(void)pthread_mutex_lock(&p->lock);
	n = p->put;
	(void)pthread_mutex_unlock(&p->lock);
	return n;
}

static void
test_bounded(size_t cap, bool abort_it)
{
	struct producer p = {.q = queue_new(cap), .lock = PTHREAD_MUTEX_INITIALIZER};
	uint64_t taken, left = 0;
	pthread_t t;
	int bad = 0;

	start(&t, produce, &p);
	for (taken = 0; taken < 1000; taken++) {
		bad += take(p.q) != taken;
		bad += count_put(&p) > taken + 1 + cap; /* what was put is taken or has a place */
	}
	is_int(bad, 0, "%zu places: never more in the queue", cap);
	if (abort_it)
		queue_abort(p.q);
	else
		queue_close(p.q);
	join(t); /* a waiting producer is woken */
	ok(p.refused, "%s: the producer ends", abort_it ? "aborted" : "closed");
	while (take(p.q) != UINT64_MAX)
		left++;
	if (abort_it)
		is_int(left, 0, "aborted: nothing is given out");
	else
		is_int(taken + left, p.put, "closed: all that was put comes out");
	queue_free(p.q);
	(void)pthread_mutex_destroy(&p.lock);
}

/* Consumers that wait are woken by closing and by aborting, all of them. */
static void
test_waiting(bool abort_it)
{
	struct queue *q = queue_new(2);
	struct worker w[THREADS] = {{0}};
	pthread_t t[THREADS];

	for (int i = 0; i < THREADS; i++) {
		w[i].from = q;
		start(&t[i], hand_on, &w[i]);
	}
	put(q, 0);
	put(q, 1);
	if (abort_it)
		queue_abort(q);
	else
		queue_close(q);
	for (int i = 0; i < THREADS; i++)
		join(t[i]);
	if (abort_it)
		ok(w[0].n + w[1].n + w[2].n + w[3].n <= 2, "aborted: all waiting consumers end");
	else
		is_int(w[0].n + w[1].n + w[2].n + w[3].n, 2,
		    "closed: all waiting consumers end, with what there was");
	queue_free(q);
}

int
main(void)
{
	test_alone();
	test_ring(1);
	test_ring(2);
	test_ring(16);
	test_bounded(1, false);
	test_bounded(1, true);
	test_bounded(7, false);
	test_bounded(7, true);
	for (int i = 0; i < 20; i++)
		test_waiting(i % 2 == 0);
	return done_testing();
}

/* queue.c: see queue.h. One mutex and two conditions for each queue. */
#include "queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "page.h"

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	pthread_cond_t drained;
	bool closed;
	bool aborted;
	size_t cap;
	size_t n;
	uint64_t taken;      /* pages so far */
	struct page **slots; /* cap of them; the k-th page is in slot k % cap */
};

/* A failing lock leaves nothing to go on with. */
static void
must(int error)
{
	if (error != 0)
		abort();
}

struct queue *
queue_new(size_t cap)
{
	struct queue *q = xmalloc(sizeof(*q));

	*q = (struct queue){.cap = cap};
	q->slots = xcalloc(cap, sizeof(*q->slots));
	must(pthread_mutex_init(&q->lock, NULL));
	must(pthread_cond_init(&q->filled, NULL));
	must(pthread_cond_init(&q->drained, NULL));
	return q;
}

void
queue_free(struct queue *q)
{
	if (q == NULL)
		return;
	for (size_t i = 0; i < q->cap; i++)
		page_free(q->slots[i]);
	must(pthread_mutex_destroy(&q->lock));
	must(pthread_cond_destroy(&q->filled));
	must(pthread_cond_destroy(&q->drained));
	free(q->slots);
	free(q);
}

bool
queue_put(struct queue *q, struct page *page)
{
	bool taken;

	must(pthread_mutex_lock(&q->lock));
	while (q->n == q->cap && !q->closed)
		must(pthread_cond_wait(&q->drained, &q->lock));
	taken = !q->closed;
	if (taken) {
		q->slots[(q->taken + q->n++) % q->cap] = page;
		must(pthread_cond_broadcast(&q->filled));
	}
	must(pthread_mutex_unlock(&q->lock));
	return taken;
}

static struct page *
get(struct queue *q, bool newest)
{
	struct page *page = NULL;
	struct page **slot;

	must(pthread_mutex_lock(&q->lock));
	while (!q->closed && q->n == 0)
		must(pthread_cond_wait(&q->filled, &q->lock));
	if (!q->aborted && q->n > 0) {
		q->n--;
		slot = &q->slots[(newest ? q->taken + q->n : q->taken++) % q->cap];
		page = *slot;
		*slot = NULL;
		must(pthread_cond_broadcast(&q->drained));
	}
	must(pthread_mutex_unlock(&q->lock));
	return page;
}

struct page *
queue_get(struct queue *q)
{
	return get(q, false);
}

struct page *
queue_get_newest(struct queue *q)
{
	return get(q, true);
}

void
queue_close(struct queue *q)
{
	must(pthread_mutex_lock(&q->lock));
	q->closed = true;
	must(pthread_cond_broadcast(&q->filled));
	must(pthread_cond_broadcast(&q->drained));
	must(pthread_mutex_unlock(&q->lock));
}

void
queue_abort(struct queue *q)
{
	must(pthread_mutex_lock(&q->lock));
	q->closed = q->aborted = true;
	must(pthread_cond_broadcast(&q->filled));
	must(pthread_cond_broadcast(&q->drained));
	must(pthread_mutex_unlock(&q->lock));
}

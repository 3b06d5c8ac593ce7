/* queue.h: what threads hand to each other: pages, in bounded queues.
 *
 * A page has one owner at a time, and putting it into a queue hands it on. Waiting is the
 * back-pressure. A closed queue takes nothing more and gives out what it has; an aborted one gives
 * out nothing. All functions may be called from any thread. */
#ifndef QUEUE_H
#define QUEUE_H

#include "str.h"

struct page;
struct queue;

/* A queue for at most cap pages, which come out in the order put; it owns those in it. */
struct queue *queue_new(size_t cap) MUSTUSE;

/* Free it with the pages in it. No thread may use it any more. */
void queue_free(struct queue *q);

/* Hand a page on, waiting for room. False when the queue is closed: the page stays the caller's. */
bool queue_put(struct queue *q, struct page *page) MUSTUSE;

/* Take the next page, waiting for it. NULL when none will come. */
struct page *queue_get(struct queue *q) MUSTUSE;

/* The same, but the page that was put last: where all are alike, its buffers are likelier to be in
 * the caches. */
struct page *queue_get_newest(struct queue *q) MUSTUSE;

/* Nothing more will be put. */
void queue_close(struct queue *q);

/* Stop at once: nothing more is put or got. */
void queue_abort(struct queue *q);

#endif

/* source.h: where pages come from. Event history, local trails and trails in S3 all look like this.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct page;

/* A source is one sequence of pages (a trail: streams is 0, and so is `stream` below), or several
 * beside each other (event history: one for each region, each newest first). */
struct source {
	size_t streams;
	/* Fill the page, which is empty, with the stream's next events, and with the problems met
	 * on the way. False when there is nothing more; the page is then still empty. Each stream
	 * is called by one thread at a time, several streams by several at once. */
	bool (*next)(struct source *source, size_t stream, struct page *page);
	/* Add what can only be said when all streams have ended. May be NULL. */
	void (*finish)(struct source *source, struct page *page);
	void (*close)(struct source *source);
};

#endif

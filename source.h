/* source.h: where pages come from. Event history, local trails and trails in S3 all look like this.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct page;

/* How far a stream may go. */
enum source_gate {
	SOURCE_FREE,
	SOURCE_FRONT, /* only for what all others wait for: the newest events to come */
	SOURCE_SHUT
};

/* What is done and what is to come, of all streams. */
struct source_state {
	size_t streams_done;
	double legal;   /* requests a second that may be sent at most, of the streams not done */
	double seconds; /* until the end, as far as can be told; negative when it cannot */
	bool guessed;   /* seconds: if what is older is as dense as what was seen */
};

/* A source is one sequence of pages (a trail: streams is 0, and so is `stream` below), or several
 * beside each other (event history: one for each region). The functions below the line are those
 * of a source with streams, NULL otherwise. */
struct source {
	size_t streams;
	/* Fill the page, which is empty, with the stream's next events, and with the problems met
	 * on the way. False when there is nothing more; the page is then still empty. A stream's
	 * pages are numbered from 0 on (page->seq); the last one says so (page->ended). Called by
	 * one thread at a time, for a stream by as many as it asked for; several streams by several
	 * at once. */
	bool (*next)(struct source *source, size_t stream, struct page *page);
	/* Add what can only be said when all streams have ended. May be NULL. */
	void (*finish)(struct source *source, struct page *page);
	void (*close)(struct source *source);

	/* Where pages are only described by next (page->piece), a loader for each thread that
	 * searches fills them: load gives the next part of the page's events, or false when there
	 * is no more. What became of the parts before stays in the page. Else NULL. */
	void *(*loader_new)(struct source *source);
	void (*loader_free)(void *loader);
	bool (*load)(void *loader, struct page *page);

	/* ---- */
	void (*gate)(struct source *source, size_t stream, enum source_gate gate);
	/* Nothing more is wanted: next returns false as soon as it can. */
	void (*stop)(struct source *source);
	void (*state)(struct source *source, struct source_state *state);
	/* Set by who runs the source: the stream could use another thread that calls next. False
	 * where it has its share of them; it may be larger later. */
	bool (*more)(void *context, size_t stream);
	void *context;
};

#endif

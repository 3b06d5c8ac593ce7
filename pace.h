/* pace.h: when the next request to a region may be sent.
 *
 * The service allows so many requests a second to an account in a region, all clients together. A
 * request that finds others using it is throttled: then the pace slows down at once, and comes back
 * step by step; where nothing was left for a while, from half of what it was before. Times are us
 * of any steady clock. Pure; one thread at a time. */
#ifndef PACE_H
#define PACE_H

#include "str.h"

struct pace {
	double legal;   /* requests a second: never more */
	double rate;    /* at present */
	int64_t next;   /* not before this time */
	int64_t slowed; /* when it was last slowed down */
	double before;  /* the rate before the last requests that were throttled in a row */
	int in_a_row;   /* answers since a request was throttled */
};

void pace_init(struct pace *p, double legal);

/* The time at which the next request may be sent; it is in the past when it may be sent now. */
int64_t pace_next(const struct pace *p);

/* It is sent at this time, not before pace_next. */
void pace_take(struct pace *p, int64_t now);

/* A request was throttled, or not. */
void pace_throttled(struct pace *p, int64_t now);
void pace_answered(struct pace *p);

#endif

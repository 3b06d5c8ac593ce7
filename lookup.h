/* lookup.h: an account's event history as a source of pages (CloudTrail LookupEvents), a stream for
 * each region.
 *
 * The window's ends are fixed at the start, so that the calls of the search itself stay outside of
 * it and a page token keeps its meaning. What is asked for is the region's plan (plan.h), in which
 * order its sweep's (sweep.h), and how fast its pace's (pace.h): as many requests are on their way
 * at once as the service's answers are slow, by as many threads. Each event comes once. */
#ifndef LOOKUP_H
#define LOOKUP_H

#include "aws.h"
#include "id.h"
#include "plan.h"
#include "source.h"
#include "str.h"

#define LOOKUP_HISTORY_DAYS 90  /* that the service keeps events without a trail */
#define LOOKUP_LEGAL_RATE 2     /* requests a second to a region that the service allows */
#define LOOKUP_MAX_FETCHERS 32  /* threads of a region: requests on their way */
#define LOOKUP_AHEAD_PAGES 1600 /* of all regions that may wait for newer ones, about */
#define LOOKUP_PATIENCE 600     /* turns that others use all of the quota: 5 minutes; */
#define LOOKUP_WORD 20          /* turns after which that is said */
#define LOOKUP_MAX_BAD 2        /* times in a row that an answer made no sense */
#define LOOKUP_MAX_CLOCK_S 60   /* that our clock may be behind without a word */
#define LOOKUP_SEEN 98304       /* event ids remembered, twice, to drop what comes again, of all */
#define LOOKUP_LEAST_SEEN 6144  /* regions; but of each at least this many, */
#define LOOKUP_MOST_SEEN 24576  /* and no more than this; beside those of the ways' first pages, */
#define LOOKUP_MAX_SECOND 65536 /* and of this many of the second in which a chain stands */

struct lookup_region {
	const char *name;
	struct aws_config aws;     /* its endpoint; what it points to must outlive the source */
	struct plan *plan;         /* likewise */
	bool done;                 /* nothing of it is to be searched any more */
	int64_t to;                /* seconds since 1970: what is of later ones is there already */
	const struct ids *printed; /* events to be passed over; may be NULL */
};

struct lookup_config {
	const struct lookup_region *regions;
	size_t n;
	bool all;       /* they are all regions of the partition: some may be switched off */
	int64_t from;   /* seconds since 1970, both included */
	int64_t to;
	double rate;    /* requests a second to each region */
	bool until_now; /* the window ends at what our clock says, and nobody asked for it */
};

/* A source over the regions, whose array must outlive it. It frees itself in close. */
struct source *lookup_open(const struct lookup_config *config) MUSTUSE;

#endif

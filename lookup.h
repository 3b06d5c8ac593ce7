/* lookup.h: an account's event history as a source of pages (CloudTrail LookupEvents), a stream for
 * each region.
 *
 * The window's ends are fixed at the start, so that the calls of the search itself stay outside of
 * it and a page token keeps its meaning. Events come newest first in each stream, each once. A
 * region makes at most two requests a second, which is what the service allows. */
#ifndef LOOKUP_H
#define LOOKUP_H

#include "aws.h"
#include "source.h"
#include "str.h"

#define LOOKUP_INTERVAL_MS 500 /* between two requests to a region */
#define LOOKUP_MAX_THROTTLED                                                                       \
	6                     /* times that a page is asked for again when others use the quota    \
			       */
#define LOOKUP_MAX_BAD 2      /* times that a page is asked for again as it made no sense */
#define LOOKUP_MAX_CLOCK_S 60 /* that our clock may be behind without a word */
#define LOOKUP_MAX_RESTARTS 8 /* times that a region starts over because a token is not taken */
#define LOOKUP_MAX_SEEN 32768 /* event ids remembered, twice, to drop what comes again */

struct lookup_region {
	const char *name;
	struct aws_config aws; /* its endpoint; what it points to must outlive the source */
};

struct lookup_config {
	const struct lookup_region *regions;
	size_t n;
	bool all;     /* they are all regions of the partition: some may be switched off */
	int64_t from; /* seconds since 1970, both included */
	int64_t to;
	bool until_now; /* `to` is what our clock says, and nobody asked for it */
};

/* A source over the regions, whose array must outlive it. It frees itself in close. */
struct source *lookup_open(const struct lookup_config *config) MUSTUSE;

#endif

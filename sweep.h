/* sweep.h: which page of a region's event history is asked for next.
 *
 * A lookup's time window is walked by one or more chains, each from a point in time backwards, page
 * by page. A chain can only ask for its next page when it has the one before, so with an answer
 * that takes longer than the pause between two requests there have to be several: a chain with much
 * before it is cut in two. Each cut costs about half a page, as the chain above ends somewhere
 * inside of a page; so no more are made than are needed to have a request ready when one may be
 * sent, but more where many turns have been lost.
 *
 * Among the chains that are ready the one that holds up all others, the newest, is asked first,
 * then the one with the most before it: so they come to their ends together, and few more cuts are
 * needed.
 *
 * Of a plan's ways each is tried with the first page of its lookups, as long as the next could be
 * shorter, and given up as soon as it is known not to be; then the one with the least left before
 * it is walked.
 *
 * Times of events are us, times of requests s (as in LookupEvents), both since 1970; the times in
 * ms are of any steady clock. Pure; one thread at a time. */
#ifndef SWEEP_H
#define SWEEP_H

#include "plan.h"
#include "str.h"

#define SWEEP_MAX_CHAINS (PLAN_MAX_WAYS * PLAN_MAX_LOOKUPS + 64) /* that have not ended */
#define SWEEP_MAX_AHEAD_PAGES 32 /* between a chain and the next that is cut from it */
#define SWEEP_PAGE 50            /* events, at most: MaxResults of LookupEvents */
#define SWEEP_MAX_RESTARTS 8     /* of a chain in the same second */

struct sweep;

struct sweep_config {
	const struct plan *plan; /* must outlive the sweep */
	int64_t from;            /* s, both included */
	int64_t to;
	int64_t interval; /* ms between two requests that may be sent */
	double ahead;     /* pages that may wait for those of the newest chain, about */
	int64_t reached;  /* us: what is newer was searched before; INT64_MAX for nothing */
};

struct sweep_request {
	size_t chain; /* for what follows */
	const struct plan_lookup *lookup;
	int64_t from;     /* s: StartTime */
	int64_t to;       /* s: EndTime */
	struct str token; /* NextToken; empty for the first page. Valid until the next call */
};

enum sweep_state {
	SWEEP_ASK,  /* send the request */
	SWEEP_WAIT, /* nothing to ask for before an answer comes, or some time has passed */
	SWEEP_DONE  /* all is answered */
};

struct sweep *sweep_new(const struct sweep_config *config) MUSTUSE;
void sweep_free(struct sweep *s);

/* A request may be sent now: which? Each SWEEP_ASK is followed by exactly one of sweep_answer,
 * sweep_again, sweep_restart, sweep_narrow and sweep_fail for its chain. With front_only only the
 * chain that holds up all others is asked. On SWEEP_WAIT *wait is ms after which another call makes
 * sense, INT64_MAX for none. */
enum sweep_state sweep_next(struct sweep *s, int64_t now, bool front_only,
    struct sweep_request *request, int64_t *wait) MUSTUSE;

/* The chain's page came: n events, the oldest at this time, and the token of the next page, empty
 * for the last. used: how many of the events sweep_wants took, which is how its waste is known. */
void sweep_answer(struct sweep *s, size_t chain, int64_t now, size_t n, int64_t oldest,
    struct str token, size_t used);

/* The chain's request is to be asked again; again, but from where it stands, as its token is not
 * taken any more; or no more requests are to be sent at all. After a restart only events of the
 * second in which the chain stands come once more. It is false, and nothing has changed, where
 * restarts have not brought the chain on. */
void sweep_again(struct sweep *s, size_t chain);
bool sweep_restart(struct sweep *s, size_t chain) MUSTUSE;
void sweep_fail(struct sweep *s, size_t chain);

/* The chain's request is refused, as the beginning of its window is too old. It is this one now
 * (s), no older than the one that it was: all chains go on from where they stand, those of what is
 * older end. */
void sweep_narrow(struct sweep *s, size_t chain, int64_t from);

/* Does an event of this time, in the chain's page, belong to the chain? If not, it is another
 * chain's, which brings it too; as all do where the chain's way has been given up since. */
bool sweep_wants(const struct sweep *s, size_t chain, int64_t time);

/* Are ways still tried? The one that is walked then brings what came by the others once more. */
bool sweep_is_trying(const struct sweep *s);

/* The lookups before this chain's in the way that is walked: n of them. Their events come by them.
 * n is 0 as long as ways are tried. */
const struct plan_lookup *sweep_before(const struct sweep *s, size_t chain, size_t *n);

/* No event to come is newer than this; INT64_MIN when all is done. A sweep that failed stays where
 * it was. */
int64_t sweep_reached(const struct sweep *s);

/* After sweep_fail: the parts of the window that were not searched, newest first, none twice: part
 * 0, 1, ... is after *from up to *to (us); of the last part *from is included. False behind the
 * last. There are none where a later answer showed that there was nothing to be found. */
bool sweep_left(const struct sweep *s, size_t part, int64_t *from, int64_t *to);

/* Will nothing more be asked or answered? */
bool sweep_is_done(const struct sweep *s);

/* Could another request be sent while those sent are unanswered? */
bool sweep_has_more(struct sweep *s);

/* How long answers take, ms, on average; negative when not known yet. */
double sweep_latency(const struct sweep *s);

/* How many pages are still to come, as far as can be told; negative when nothing is known yet. */
double sweep_pages_left(const struct sweep *s);

#endif

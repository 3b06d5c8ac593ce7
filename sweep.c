/* sweep.c: see sweep.h. */
#include "sweep.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define SECOND 1000000
#define SLACK 0.1         /* pages: see place_of_cut */
#define MIN_CUT 0.5       /* pages before a chain, at least, to cut it in two */
#define CUT_COSTS 0.5     /* pages: what a cut is expected to waste */
#define WASTE_FREE 3.5    /* pages that may be wasted in any case */
#define WASTE_SHARE 0.06  /* and of those asked for */
#define LOST_SHARE 0.4    /* and of the requests that might have been sent, but were not */
#define MOST_CUTS 16      /* that are made in any case, where so many requests are needed at once */
#define PATIENCE 0.25     /* pauses between requests, lost by and by before another cut */
#define SPARE 1.2         /* requests on their way, per one needed: answers differ */
#define OLD_LATENCY 0.7   /* weight of what was known against the last answer */
#define OLD_RATE 0.7      /* likewise of a chain's density */
#define TRUST 0.5         /* of the density above a cut is found below, at least; else see uneven */
#define MOST_SLOPE 5.0    /* that the density is taken to change by within a chain */
#define MIN_PAGE_S 0.001  /* that a page is taken to span, at least */
#define UNKNOWN_PAGES 1e6 /* before a chain that has brought no event yet */

struct chain {
	bool used;     /* the slot is in use: it has not ended */
	bool asked;    /* a request is on its way */
	bool answered; /* at least once */
	bool lost;     /* its way was given up since it was asked */
	int restarts;  /* since it got on */
	size_t way;
	size_t lookup;     /* of the way */
	int64_t from;      /* s: StartTime of its last request, with which its token goes */
	int64_t to;        /* s: EndTime of its requests */
	int64_t ceiling;   /* us: newer events are another chain's; INT64_MAX for none */
	int64_t floor;     /* us: this old and older ones, too; INT64_MIN for none */
	int64_t reached;   /* us: no event to come is newer */
	int64_t sent;      /* ms */
	double rate;       /* pages in a second where it stands, lately; negative when not known */
	double floor_rate; /* and at its floor; likewise */
	struct buf token;
};

struct sweep {
	struct sweep_config config;
	struct chain chains[SWEEP_MAX_CHAINS];
	size_t way;  /* tried now, or walked */
	size_t best; /* with the least left, of those tried before */
	bool chosen; /* it is walked */
	bool failed;
	double latency;  /* ms, on average; negative when not known yet */
	bool uneven;     /* a chain found much less than there is above it: see find_cut */
	double lost;     /* ms in which a request might have been sent, since the last cut */
	double lost_all; /* and since the beginning */
	int64_t idle;    /* since when; INT64_MIN while none is lost */
	double asked;    /* answers, in pages */
	double useful;   /* events wanted, in pages */
	size_t cuts;     /* whose waste is not known yet */
};

static void
open_chain(struct sweep *s, struct chain chain)
{
	for (size_t i = 0; i < SWEEP_MAX_CHAINS; i++)
		if (!s->chains[i].used) {
			struct buf token = s->chains[i].token;

			chain.used = true;
			chain.token = token;
			chain.token.n = 0;
			s->chains[i] = chain;
			return;
		}
	abort(); /* there are as many slots as there can be chains */
}

static int64_t
top(const struct sweep *s)
{
	int64_t top = s->config.to * SECOND + SECOND - 1;

	return s->config.reached < top ? s->config.reached : top;
}

/* Begin to try a way. What is as old as what was reached may have a fraction of a second more than
 * that, so EndTime is behind it. */
static void
open_way(struct sweep *s, size_t way)
{
	int64_t end = top(s) / SECOND + 1;

	s->way = way;
	for (size_t i = 0; i < s->config.plan->ways[way].n; i++)
		open_chain(s,
		    (struct chain){.way = way,
			.lookup = i,
			.to = end < s->config.to ? end : s->config.to,
			.ceiling = s->config.reached,
			.floor = INT64_MIN,
			.reached = top(s),
			.rate = -1,
			.floor_rate = -1});
}

struct sweep *
sweep_new(const struct sweep_config *config)
{
	struct sweep *s = xcalloc(1, sizeof(*s));

	s->config = *config;
	s->latency = -1;
	s->idle = INT64_MIN;
	open_way(s, 0);
	s->chosen = config->plan->n == 1;
	return s;
}

void
sweep_free(struct sweep *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < SWEEP_MAX_CHAINS; i++)
		buf_free(&s->chains[i].token);
	free(s);
}

/* --- how much there is --- */

/* The chain's own events are newer than this. */
static int64_t
floor_of(const struct sweep *s, const struct chain *c)
{
	int64_t floor = s->config.from * SECOND - 1;

	return c->floor > floor ? c->floor : floor;
}

/* The chain that runs into this one; NULL where it is the newest of its lookup. */
static struct chain *
above(struct sweep *s, const struct chain *c)
{
	for (size_t i = 0; i < SWEEP_MAX_CHAINS && c->ceiling != INT64_MAX; i++) {
		struct chain *d = &s->chains[i];

		if (d->used && d->way == c->way && d->lookup == c->lookup && d->floor == c->ceiling)
			return d;
	}
	return NULL;
}

/* How many times as dense the events are at the chain's floor as where it stands. In between the
 * density is taken to grow, or to fall, by the same factor over each second. */
static double
slope_of(const struct chain *c)
{
	double slope = c->floor_rate / c->rate;

	if (c->floor_rate < 0)
		return 1;
	if (slope > MOST_SLOPE)
		return MOST_SLOPE;
	return slope < 1 / MOST_SLOPE ? 1 / MOST_SLOPE : slope;
}

/* Pages before the chain, those on their way not counted. */
static double
pages_before(const struct sweep *s, const struct chain *c)
{
	double pages, slope;

	if (c->rate < 0)
		return c->answered ? UNKNOWN_PAGES : c->asked ? 0 : 1;
	slope = slope_of(c);
	pages = (double)(c->reached - floor_of(s, c)) / SECOND * c->rate;
	if (slope != 1)
		pages *= (slope - 1) / log(slope);
	pages -= c->asked ? 1 : 0;
	return pages > 0 ? pages : 0;
}

double
sweep_pages_left(const struct sweep *s)
{
	double left = 0;

	for (size_t i = 0; i < SWEEP_MAX_CHAINS; i++) {
		const struct chain *c = &s->chains[i];

		if (!c->used || c->way != s->way)
			continue;
		if (c->rate < 0)
			return -1;
		left += pages_before(s, c) + (c->asked ? 1 : 0);
	}
	return left;
}

double
sweep_latency(const struct sweep *s)
{
	return s->latency;
}

/* --- ways --- */

/* The requests that a way still costs, as far as is known: a chain that has not ended costs one at
 * least. Of the lookups that have not answered as many are taken to go on as of those that have. */
static double
left_of(const struct sweep *s, size_t way)
{
	size_t n = s->config.plan->ways[way].n, going_on = 0, silent = 0;
	double left = 0;

	for (size_t i = 0; i < SWEEP_MAX_CHAINS; i++) {
		const struct chain *c = &s->chains[i];
		double pages;

		if (!c->used || c->way != way)
			continue;
		pages = pages_before(s, c);
		silent += !c->answered;
		going_on += c->answered;
		left += c->answered && pages > 1 ? pages : 1;
	}
	return left + (double)silent * (double)going_on / (double)(n - silent + 1);
}

static bool
is_tried(const struct sweep *s)
{
	for (size_t i = 0; i < SWEEP_MAX_CHAINS; i++)
		if (s->chains[i].used && s->chains[i].way == s->way && !s->chains[i].answered)
			return false;
	return true;
}

static void
give_up_way(struct sweep *s, size_t way)
{
	for (size_t i = 0; i < SWEEP_MAX_CHAINS; i++)
		if (s->chains[i].way == way)
			s->chains[i].used = s->chains[i].lost = s->chains[i].asked;
}

/* A first page of the way has come. If it was the last, or if those to come cannot make it the
 * shortest any more: try the next way, or walk the best. */
static void
judge_way(struct sweep *s)
{
	const struct plan *plan = s->config.plan;

	if (s->way != s->best && left_of(s, s->way) >= left_of(s, s->best)) {
		give_up_way(s, s->way);
	} else if (!is_tried(s)) {
		return;
	} else if (s->way != s->best) {
		give_up_way(s, s->best);
		s->best = s->way;
	}
	if (s->way + 1 < plan->n && left_of(s, s->best) > (double)plan->ways[s->way + 1].n) {
		open_way(s, s->way + 1);
		return;
	}
	s->way = s->best;
	s->chosen = true;
}

bool
sweep_is_trying(const struct sweep *s)
{
	return !s->chosen;
}

const struct plan_lookup *
sweep_before(const struct sweep *s, size_t chain, size_t *n)
{
	const struct chain *c = &s->chains[chain];

	*n = s->chosen ? c->lookup : 0;
	return s->config.plan->ways[c->way].lookups;
}

/* --- requests --- */

/* Where the chain stands that holds up all others. */
static int64_t
front_of(const struct sweep *s)
{
	int64_t front = INT64_MIN;

	for (size_t i = 0; i < SWEEP_MAX_CHAINS; i++)
		if (s->chains[i].used && !s->chains[i].lost && s->chains[i].reached > front)
			front = s->chains[i].reached;
	return front;
}

/* The chain that is to be asked next, of those that are ready: the one that holds up all others,
 * else the one with the most before it, so that all come to their end at about the same time.
 * SWEEP_MAX_CHAINS for none. */
static size_t
best_ready(const struct sweep *s)
{
	size_t best = SWEEP_MAX_CHAINS;
	int64_t front = front_of(s);
	double most = -1;

	for (size_t i = 0; i < SWEEP_MAX_CHAINS; i++) {
		const struct chain *c = &s->chains[i];
		double pages;

		if (!c->used || c->asked || (!s->chosen && c->answered))
			continue;
		pages = c->reached == front ? DBL_MAX : pages_before(s, c);
		if (pages > most) {
			best = i;
			most = pages;
		}
	}
	return best;
}

static size_t
count_asked(const struct sweep *s)
{
	size_t n = 0;

	for (size_t i = 0; i < SWEEP_MAX_CHAINS; i++)
		n += s->chains[i].used && s->chains[i].asked;
	return n;
}

static size_t
count_chains(const struct sweep *s)
{
	size_t n = 0;

	for (size_t i = 0; i < SWEEP_MAX_CHAINS; i++)
		n += s->chains[i].used;
	return n;
}

/* How many requests have to be on their way so that none is sent late. */
static double
wanted(const struct sweep *s)
{
	return SPARE * s->latency / (double)s->config.interval;
}

/* How many requests more than may be wasted another cut would waste; 0 or less: it is worth it. */
static double
cut_excess(const struct sweep *s)
{
	double waste = s->asked - s->useful + CUT_COSTS * (double)s->cuts;
	double cuts = wanted(s) < MOST_CUTS ? wanted(s) : MOST_CUTS;
	double may = WASTE_FREE + CUT_COSTS * cuts + WASTE_SHARE * s->asked +
	    LOST_SHARE * s->lost_all / (double)s->config.interval;

	return waste + CUT_COSTS - may;
}

/* Where to cut a chain with so many pages before it (us, a whole second): the parts are to be equal
 * where several are still to be made of it. INT64_MIN where it is too short. */
static int64_t
place_of_cut(const struct sweep *s, const struct chain *c, double pages)
{
	double more = wanted(s) - (double)count_asked(s), part = pages / (more > 1 ? more + 1 : 2);
	double slope = slope_of(c), most = s->config.ahead / wanted(s);
	int64_t at;

	if (part > SWEEP_MAX_AHEAD_PAGES)
		part = SWEEP_MAX_AHEAD_PAGES;
	if (part > most)
		part = most > 1 ? most : 1;
	/* Whole pages, and a little less, so that the last one is likely to be nearly full; behind
	 * the one that is on its way. */
	part = ((double)(int)(part + 0.5) - SLACK + 1) / (pages + 1);
	if (slope != 1)
		part = log(1 - part * (1 - slope)) / log(slope);
	at = c->reached - (int64_t)((double)(c->reached - floor_of(s, c)) * part);
	at -= at % SECOND;
	if (at >= c->reached - SECOND)
		at -= SECOND;
	return at > floor_of(s, c) ? at : INT64_MIN;
}

/* The chain with the most before it that can be cut; NULL where no cut is to be made. */
static struct chain *
find_cut(struct sweep *s, int64_t *at)
{
	struct chain *best = NULL;
	double most = MIN_CUT;

	if (!s->chosen || s->failed || count_chains(s) == SWEEP_MAX_CHAINS)
		return NULL;
	for (size_t i = 0; i < SWEEP_MAX_CHAINS; i++) {
		struct chain *c = &s->chains[i];
		double pages = c->used ? pages_before(s, c) : 0;
		int64_t place;

		/* Of a chain that has not answered is not known whether it is as it seems. */
		if (pages < most || c->rate < 0 || (s->uneven && !c->answered))
			continue;
		place = place_of_cut(s, c, pages);
		if (place == INT64_MIN)
			continue;
		best = c;
		most = pages;
		*at = place;
	}
	return best;
}

/* There is no chain that could be asked. Cut one, if it is time for it. *wait as of sweep_next. */
static bool
cut(struct sweep *s, int64_t now, int64_t *wait)
{
	double patience = PATIENCE * (double)s->config.interval;
	int64_t at;
	struct chain *c = find_cut(s, &at);
	double excess;

	if (c == NULL)
		return false;
	s->idle = now;
	excess = cut_excess(s);
	if (excess > 0) {
		*wait = (int64_t)(excess / LOST_SHARE * (double)s->config.interval) + 1;
		return false;
	}
	if ((double)count_asked(s) >= wanted(s) && s->lost < patience) {
		*wait = (int64_t)(patience - s->lost) + 1;
		return false;
	}
	open_chain(s,
	    (struct chain){.way = c->way,
		.lookup = c->lookup,
		.to = at / SECOND,
		.ceiling = at,
		.floor = c->floor,
		.reached = at,
		.rate = c->rate,
		.floor_rate = c->floor_rate});
	c->floor = at;
	c->floor_rate = -1;
	s->cuts++;
	s->lost = 0;
	return true;
}

bool
sweep_is_done(const struct sweep *s)
{
	return count_chains(s) == 0 || (s->failed && count_asked(s) == 0);
}

/* Time has passed in which there was something to cut, but nothing was asked. */
static void
count_lost(struct sweep *s, int64_t now)
{
	if (s->idle != INT64_MIN) {
		s->lost += (double)(now - s->idle);
		s->lost_all += (double)(now - s->idle);
	}
	s->idle = INT64_MIN;
}

/* From where the chain stands, without its token. */
static void
begin_again(struct chain *c)
{
	int64_t to = (c->reached + SECOND - 1) / SECOND;
	int64_t end = c->reached / SECOND * SECOND + SECOND - 1;

	c->token.n = 0;
	if (to < c->to)
		c->to = to;
	if (end < c->ceiling)
		c->ceiling = end;
}

enum sweep_state
sweep_next(
    struct sweep *s, int64_t now, bool front_only, struct sweep_request *request, int64_t *wait)
{
	size_t i = best_ready(s);
	struct chain *c;

	*wait = INT64_MAX;
	if (sweep_is_done(s))
		return SWEEP_DONE;
	count_lost(s, now);
	if (s->failed)
		return SWEEP_WAIT;
	if (front_only && (i == SWEEP_MAX_CHAINS || s->chains[i].reached < front_of(s)))
		return SWEEP_WAIT;
	if (i == SWEEP_MAX_CHAINS) {
		if (!cut(s, now, wait))
			return SWEEP_WAIT;
		i = best_ready(s);
	}
	c = &s->chains[i];
	if (c->token.n > 0 && c->from != s->config.from)
		begin_again(c);
	c->from = s->config.from;
	c->asked = true;
	c->sent = now;
	*request = (struct sweep_request){.chain = i,
	    .lookup = &s->config.plan->ways[c->way].lookups[c->lookup],
	    .from = s->config.from,
	    .to = c->to,
	    .token = buf_slice(&c->token)};
	return SWEEP_ASK;
}

bool
sweep_has_more(struct sweep *s)
{
	int64_t at;

	return !s->failed && (best_ready(s) < SWEEP_MAX_CHAINS || find_cut(s, &at) != NULL);
}

/* --- answers --- */

/* The page's events are so dense, in pages a second; if it is the chain's first, the one above has
 * it at its floor. */
static void
learn_rate(struct sweep *s, struct chain *c, double rate)
{
	struct chain *d = c->answered ? NULL : above(s, c);

	if (d != NULL)
		d->floor_rate = rate;
	if (!c->answered && rate < TRUST * c->rate)
		s->uneven = true;
	c->rate = c->answered && c->rate >= 0 ? OLD_RATE * c->rate + (1 - OLD_RATE) * rate : rate;
}

static void
end_chain(struct sweep *s, struct chain *c)
{
	c->used = false;
	if (c->floor != INT64_MIN && s->cuts > 0)
		s->cuts--; /* what the cut below it wasted is known now */
}

/* The lookup has nothing older than this: chains that were still to look for it are not needed. */
static void
drop_chains(struct sweep *s, const struct chain *c, int64_t oldest)
{
	for (size_t i = 0; i < SWEEP_MAX_CHAINS; i++) {
		struct chain *d = &s->chains[i];

		if (d->used && !d->asked && d->way == c->way && d->lookup == c->lookup &&
		    d->ceiling < oldest)
			end_chain(s, d);
	}
}

void
sweep_answer(struct sweep *s, size_t chain, int64_t now, size_t n, int64_t oldest, struct str token,
    size_t used)
{
	struct chain *c = &s->chains[chain];
	double latency = (double)(now - c->sent), seconds;
	bool ended = token.n == 0;

	s->latency = s->latency < 0 ? latency :
				      OLD_LATENCY * s->latency + (1 - OLD_LATENCY) * latency;
	c->asked = false;
	if (c->lost) {
		c->used = false;
		return;
	}
	s->asked++;
	s->useful += (double)used / SWEEP_PAGE;
	if (n > 0 && oldest < c->reached)
		c->restarts = 0;
	if (n > 0 && oldest <= c->reached) {
		seconds = (double)(c->reached - oldest) / SECOND;
		learn_rate(
		    s, c, (double)n / SWEEP_PAGE / (seconds > MIN_PAGE_S ? seconds : MIN_PAGE_S));
		c->reached = oldest;
	} else if (n == 0 && ended) {
		learn_rate(s, c, 0);
	}
	c->answered = true;
	c->token.n = 0;
	buf_str(&c->token, token);
	if (ended || c->reached <= floor_of(s, c))
		end_chain(s, c);
	if (ended)
		drop_chains(s, c, n > 0 ? oldest : c->reached + 1);
	if (!s->chosen)
		judge_way(s);
}

void
sweep_again(struct sweep *s, size_t chain)
{
	s->chains[chain].asked = false;
	s->chains[chain].used = !s->chains[chain].lost;
}

bool
sweep_restart(struct sweep *s, size_t chain)
{
	struct chain *c = &s->chains[chain];

	if (c->restarts++ == SWEEP_MAX_RESTARTS)
		return false;
	c->asked = false;
	begin_again(c);
	return true;
}

void
sweep_narrow(struct sweep *s, size_t chain, int64_t from)
{
	sweep_again(s, chain);
	s->config.from = from;
	for (size_t i = 0; i < SWEEP_MAX_CHAINS; i++) {
		struct chain *c = &s->chains[i];

		if (c->used && !c->asked && c->reached <= floor_of(s, c))
			end_chain(s, c);
	}
}

void
sweep_fail(struct sweep *s, size_t chain)
{
	s->chains[chain].asked = false;
	s->failed = true;
}

bool
sweep_wants(const struct sweep *s, size_t chain, int64_t time)
{
	const struct chain *c = &s->chains[chain];

	return !c->lost && time <= c->ceiling && time > c->floor;
}

int64_t
sweep_reached(const struct sweep *s)
{
	return s->chosen || count_chains(s) == 0 ? front_of(s) : top(s);
}

/* The union of the parts that the chains have before them: the newest interval that begins at or
 * below `end`. */
static bool
next_part(const struct sweep *s, int64_t end, int64_t *from, int64_t *to)
{
	bool found = false, grown;

	for (size_t i = 0; i < SWEEP_MAX_CHAINS; i++) {
		const struct chain *c = &s->chains[i];
		int64_t reached = c->reached < end ? c->reached : end;

		if (c->used && !c->lost && floor_of(s, c) < reached && (!found || reached > *to)) {
			*from = floor_of(s, c);
			*to = reached;
			found = true;
		}
	}
	do {
		grown = false;
		for (size_t i = 0; i < SWEEP_MAX_CHAINS && found; i++) {
			const struct chain *c = &s->chains[i];

			if (c->used && !c->lost && c->reached >= *from && floor_of(s, c) < *from) {
				*from = floor_of(s, c);
				grown = true;
			}
		}
	} while (grown);
	return found;
}

bool
sweep_left(const struct sweep *s, size_t part, int64_t *from, int64_t *to)
{
	int64_t end = INT64_MAX;

	do {
		if (!next_part(s, end, from, to))
			return false;
		end = *from;
	} while (part-- > 0);
	if (*from < s->config.from * SECOND)
		*from = s->config.from * SECOND;
	return true;
}

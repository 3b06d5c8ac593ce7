/* Tests of sweep.c: a simulated service that keeps LookupEvents' rules, a simulated clock, and a
 * driver that asks what the sweep says. Every event is to be taken once, the sweep is to know how
 * far it has come, and to need few requests and little time. */
#include "../sweep.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "tap.h"

enum {
	MAX_EVENTS = 60000,
	MAX_FLIGHTS = 2048,
	MAX_IDS = 4096, /* of chains, that we can follow */
	MAX_TOKEN = 160,
	MAX_PARAMS = 100,
	SECOND = 1000000, /* us */
	DAY = 86400,
	EPOCH = 1700000000 /* where windows begin */
};

static uint64_t state;

static uint64_t
rnd(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % n;
}

static double
rnd_unit(void)
{
	return (double)rnd(1u << 30) / (double)(1u << 30);
}

static void
rnd_seed(uint64_t seed)
{
	state = 88172645463325252u ^ ((seed + 1) * 0x9E3779B97F4A7C15u);
	for (int i = 0; i < 20; i++)
		(void)rnd(2);
}

/* --- the service --- */

struct event {
	int64_t time;
	int name, source;
	bool read_only;
};

static struct event events[MAX_EVENTS]; /* newest first; the index is the id */
static size_t n_events;

/* How the service takes a request. */
struct habits {
	bool cut;     /* EndTime is compared with the time of an event without its fraction */
	int fillers;  /* %: empty pages with a token */
	int shorts;   /* %: pages with less than 50 events, and a token */
	int max_page; /* events; 0: 50 */
};

struct answer {
	size_t ids[SWEEP_PAGE];
	size_t n;
	char token[MAX_TOKEN];
};

static bool
finds(const struct plan_lookup *l, const struct event *e)
{
	switch (l->key) {
	case PLAN_EVENT_NAME:
		return atoi(l->value + 1) == e->name;
	case PLAN_EVENT_SOURCE:
		return atoi(l->value + 1) == e->source;
	case PLAN_READ_ONLY:
		return (strcmp(l->value, "true") == 0) == e->read_only;
	default:
		return l->key == PLAN_EVERYTHING;
	}
}

static bool
in_window(const struct event *e, int64_t from, int64_t to, bool cut)
{
	return e->time >= from * SECOND &&
	    (cut ? e->time < (to + 1) * SECOND : e->time <= to * SECOND);
}

/* What a token is good for. */
static int
token_for(char out[MAX_PARAMS], const struct plan_lookup *l, int64_t from, int64_t to)
{
	return snprintf(out, MAX_PARAMS, "%d|%s|%" PRId64 "|%" PRId64 "|", (int)l->key,
	    l->value != NULL ? l->value : "", from, to);
}

/* False when the token belongs to other parameters. */
static bool
serve(const struct habits *h, const struct plan_lookup *l, int64_t from, int64_t to,
    const char *token, struct answer *a)
{
	char mine[MAX_PARAMS];
	size_t n = (size_t)token_for(mine, l, from, to), i = 0, high = n_events;
	size_t max = h->max_page > 0 ? (size_t)h->max_page : SWEEP_PAGE;

	*a = (struct answer){0};
	if (token[0] != '\0') {
		if (strncmp(token, mine, n) != 0)
			return false;
		i = (size_t)strtoull(token + n, NULL, 10);
	} else {
		while (i < high) { /* the first that is not newer than the window */
			size_t mid = (i + high) / 2;

			if (events[mid].time >= (to + 1) * SECOND)
				i = mid + 1;
			else
				high = mid;
		}
	}
	if ((int)rnd(100) < h->shorts)
		max = 1 + rnd(max);
	if ((int)rnd(100) < h->fillers)
		max = 0;
	for (; i < n_events && events[i].time >= from * SECOND; i++) {
		if (!in_window(&events[i], from, to, h->cut) || !finds(l, &events[i]))
			continue;
		if (a->n == max)
			break;
		a->ids[a->n++] = i;
	}
	if (max < SWEEP_PAGE || (i < n_events && events[i].time >= from * SECOND))
		(void)snprintf(a->token, sizeof(a->token), "%s%zu|%d", mine, i, (int)rnd(1000));
	return true;
}

enum dist {
	UNIFORM,
	RANDOM,
	BURSTY,
	DENSE,
	DENSE_AND_MORE,
	SKEWED,
	SKEWED_OLD,
	HOUR,
	HOUR_AGO,
	FIRST,
	LAST,
	DISTS
};

static const char *const dist_names[] = {"uniform", "random", "bursty", "dense second",
    "dense second and more", "skewed to new", "skewed to old", "the last hour",
    "an hour in the middle", "all in the first second", "all in the last second"};

static int
by_time(const void *a, const void *b)
{
	int64_t x = ((const struct event *)a)->time, y = ((const struct event *)b)->time;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* A place in the window, 0 (oldest) to 1. */
static double
place(enum dist dist, size_t i, size_t n, const double bursts[20])
{
	double u = rnd_unit();

	switch (dist) {
	case UNIFORM:
		return ((double)i + 0.5) / (double)n;
	case BURSTY: /* nine in ten within 0.4 % of the window: 5 minutes of a day */
		return i % 10 == 0 ? u : bursts[i % 20] + u * 0.004;
	case HOUR: /* of 90 days */
		return 1 - u / (90 * 24);
	case HOUR_AGO:
		return 0.5 - u / (90 * 24);
	case SKEWED:
		return 1 - u * u * u * u;
	case SKEWED_OLD:
		return u * u * u * u;
	default:
		return u;
	}
}

/* n events in the window, the fraction of their seconds cut off if they are to be whole, and some
 * outside. */
static void
make_events(enum dist dist, size_t n, int64_t from, int64_t to, bool whole)
{
	int64_t span = (to + 1 - from) * SECOND;
	double bursts[20];

	for (int i = 0; i < 20; i++)
		bursts[i] = rnd_unit() * 0.996;
	for (size_t i = 0; i < n; i++) {
		int64_t t = (int64_t)(place(dist, i, n, bursts) * (double)span);

		if (dist == DENSE || (dist == DENSE_AND_MORE && i % 6 != 0))
			t = span / 2 / SECOND * SECOND + (int64_t)rnd(SECOND);
		else if (dist == FIRST)
			t = (int64_t)rnd(SECOND);
		else if (dist == LAST)
			t = span - 1 - (int64_t)rnd(SECOND);
		t = t < span ? t : span - 1;
		events[i].time = from * SECOND + (whole ? t / SECOND * SECOND : t);
	}
	for (int i = 0; i < 6; i++)
		events[n++].time = i % 2 == 0 ? from * SECOND - 1 - i :
						(to + 1) * SECOND + i * SECOND;
	n_events = n;
	for (size_t i = 0; i < n; i++) {
		uint64_t a = rnd(1000), b = rnd(1000);

		events[i].name = a < 300 ? 0 : a < 340 ? 1 : a < 345 ? 2 : 9;
		events[i].source = b < 500 ? 0 : b < 520 ? 1 : 9;
		events[i].read_only = rnd(10) < 7;
	}
	qsort(events, n, sizeof(events[0]), by_time);
}

/* --- plans --- */

static char n0[] = "N0", n1[] = "N1", n2[] = "N2", n5[] = "N5", s0[] = "S0", s1[] = "S1",
	    yes[] = "true", no[] = "false";

#define WAY(l) .lookups = l, .n = sizeof(l) / sizeof((l)[0])

static struct plan_lookup l_all[] = {{PLAN_EVERYTHING, NULL}};
static struct plan_lookup l_n0[] = {{PLAN_EVENT_NAME, n0}};
static struct plan_lookup l_n1[] = {{PLAN_EVENT_NAME, n1}};
static struct plan_lookup l_n2[] = {{PLAN_EVENT_NAME, n2}};
static struct plan_lookup l_n5[] = {{PLAN_EVENT_NAME, n5}};
static struct plan_lookup l_s0[] = {{PLAN_EVENT_SOURCE, s0}};
static struct plan_lookup l_ro[] = {{PLAN_READ_ONLY, yes}};
static struct plan_lookup l_n0n1[] = {{PLAN_EVENT_NAME, n0}, {PLAN_EVENT_NAME, n1}};
static struct plan_lookup l_n1n2[] = {{PLAN_EVENT_NAME, n1}, {PLAN_EVENT_NAME, n2}};
static struct plan_lookup l_n0s1[] = {{PLAN_EVENT_NAME, n0}, {PLAN_EVENT_SOURCE, s1}};
static struct plan_lookup l_mix[] = {
    {PLAN_EVENT_NAME, n1}, {PLAN_EVENT_SOURCE, s0}, {PLAN_READ_ONLY, no}};
static struct plan_lookup l_mix2[] = {{PLAN_READ_ONLY, no}, {PLAN_EVENT_NAME, n2},
    {PLAN_EVENT_NAME, n5}, {PLAN_EVENT_SOURCE, s1}, {PLAN_EVENT_NAME, n0}};

static const struct plan p_all = {{{WAY(l_all)}}, 1};
static const struct plan p_n0 = {{{WAY(l_n0)}}, 1};
static const struct plan p_n2 = {{{WAY(l_n2)}}, 1};
static const struct plan p_none = {{{WAY(l_n5)}}, 1};
static const struct plan p_mix = {{{WAY(l_mix)}}, 1};
static const struct plan p_mix2 = {{{WAY(l_mix2)}}, 1};
static const struct plan p_source_names = {{{WAY(l_s0)}, {WAY(l_n0n1)}}, 2};
static const struct plan p_three = {{{WAY(l_ro)}, {WAY(l_s0)}, {WAY(l_n1n2)}}, 3};
static const struct plan p_short = {{{WAY(l_n2)}, {WAY(l_n0n1)}}, 2};
static const struct plan p_first_best = {{{WAY(l_n1)}, {WAY(l_s0)}, {WAY(l_mix)}}, 3};
static const struct plan p_shared = {{{WAY(l_n0)}, {WAY(l_n0s1)}}, 2};
static const struct plan p_empty_way = {{{WAY(l_s0)}, {WAY(l_n5)}}, 2};

/* --- a run --- */

struct setup {
	const char *name;
	const struct plan *plan;
	int64_t from, to;
	int64_t reached;  /* us: what is newer was searched before; 0 for nothing */
	int64_t interval; /* ms */
	double latency;   /* ms */
	double ahead;     /* pages */
	struct habits habits;
	int front;    /* %: calls with front_only */
	int again;    /* %: answers that are throttled */
	int restarts; /* tokens that are not taken, at most */
	int restart;  /* %: of them, as long as there are */
	int fail_at;  /* answer that fails; 0 for none */
	int fail;     /* %: of the answers behind it */
	int narrow;   /* %: answers after which the window begins later */
	uint64_t seed;
};

struct flight {
	int64_t at; /* when the answer comes */
	size_t chain;
	const struct plan_lookup *lookup;
	int64_t from, to;
	char token[MAX_TOKEN];
};

/* What the driver knows of a chain. */
struct chain {
	bool live; /* has been asked, and will be again */
	bool flying;
	bool fresh;   /* none of its events has come: it stands about there */
	int64_t at;   /* where it stands, us */
	int64_t redo; /* second in which it started over; INT64_MIN for none */
	bool expect;  /* the next request is to be like this one: */
	bool without; /* but without the token, from where it stands */
	struct flight last;
};

struct sim {
	const struct setup *u;
	struct sweep *s;
	int64_t start, now;
	struct flight flights[MAX_FLIGHTS];
	size_t n_flights;
	struct chain chains[MAX_IDS];
	size_t n_ids; /* highest id of a chain, and one */
	uint8_t taken[MAX_EVENTS];
	bool tried[MAX_EVENTS]; /* taken while ways were tried */
	int64_t reached;
	int64_t from; /* s: the service refuses what is older */
	bool failed;
	int answers, restarts;
	/* figures */
	size_t requests, n_taken, n_live, max_live, above, max_held, max_flights;
	int64_t makespan;
	double half; /* pages left by then, as it says, by what is left */
};

static struct sim m;

enum check {
	ONCE,
	MISSED,
	NEWER,
	BACK,
	LAZY,
	REQUEST,
	TOKEN,
	SAME,
	ORDER,
	FRONT,
	END,
	MORE,
	PAGES,
	LEFT,
	LEFT_BAD,
	CHAINS,
	ENDLESS,
	CHECKS
};

static const char *const check_names[] = {[ONCE] = "no event is taken twice",
    [MISSED] = "every event is taken",
    [NEWER] = "no event comes that is newer than what was reached",
    [BACK] = "what is reached only goes back in time",
    [LAZY] = "what is reached keeps up",
    [REQUEST] = "requests stay in the window",
    [TOKEN] = "tokens go with the parameters that they are of",
    [SAME] = "again, and from where it stands",
    [ORDER] = "the chain that holds up all others is asked first",
    [FRONT] = "front_only asks what holds up the rest",
    [END] = "done when all is answered, and not before",
    [MORE] = "sweep_has_more agrees with sweep_next",
    [PAGES] = "sweep_pages_left is a number, 0 at the end",
    [LEFT] = "what was not searched is named",
    [LEFT_BAD] = "and nothing else, newest first, once",
    [CHAINS] = "not too many chains",
    [ENDLESS] = "comes to an end"};

static size_t bad[CHECKS];
static char where[CHECKS][300];

/* Note a check of the run; a and b are shown with the first that fails. */
static void
hold(bool good, enum check c, int64_t a, int64_t b)
{
	const struct setup *u = m.u;

	if (good || bad[c]++ > 0)
		return;
	(void)snprintf(where[c], sizeof(where[c]),
	    "%s seed %d latency %.0f interval %d cut %d front %d%% window %" PRId64
	    " s events %zu at %" PRId64 " ms request %zu answer %d: %" PRId64 ", %" PRId64,
	    u->name, (int)u->seed, u->latency, (int)u->interval, u->habits.cut, u->front,
	    u->to - u->from + 1, n_events - 6, m.now - m.start, m.requests, m.answers, a, b);
}

/* Report the checks of all runs since the last call, those in the mask. */
static void
report(const char *name)
{
	for (int c = 0; c < CHECKS; c++) {
		if (!is_int(bad[c], 0, "%s: %s", name, check_names[c]))
			note("  first: %s", where[c]);
		bad[c] = 0;
	}
}

static bool
is_expected(const struct event *e)
{
	const struct plan *p = m.u->plan;

	if (!in_window(e, m.from, m.u->to, m.u->habits.cut) ||
	    (m.u->reached != 0 && e->time > m.u->reached))
		return false;
	for (size_t w = 0; w < p->n; w++) {
		bool found = false;

		for (size_t i = 0; i < p->ways[w].n && !found; i++)
			found = finds(&p->ways[w].lookups[i], e);
		if (!found)
			return false;
	}
	return true;
}

/* The pages of a way when nothing is wasted. */
static size_t
way_pages(const struct plan_way *way, const struct setup *u)
{
	size_t sum = 0;

	for (size_t l = 0; l < way->n; l++) {
		size_t n = 0;

		for (size_t i = 0; i < n_events; i++)
			n += in_window(&events[i], u->from, u->to, u->habits.cut) &&
			    finds(&way->lookups[l], &events[i]);
		sum += n == 0 ? 1 : (n + SWEEP_PAGE - 1) / SWEEP_PAGE;
	}
	return sum;
}

static bool
is_simple(void)
{
	return m.u->plan->n == 1 && m.u->plan->ways[0].n == 1;
}

/* After each call that can move it. */
static void
see_reached(void)
{
	int64_t r = sweep_reached(m.s);
	double pages = sweep_pages_left(m.s);
	size_t held;

	hold(r <= m.reached, BACK, r, m.reached);
	m.reached = r < m.reached ? r : m.reached;
	hold(isfinite(pages), PAGES, 0, 0);
	while (m.above < n_events && events[m.above].time > m.reached)
		m.above++;
	held = 0; /* taken, but not to be printed yet */
	if (is_simple() && m.n_taken > m.above)
		held = m.n_taken - m.above;
	m.max_held = held > m.max_held ? held : m.max_held;
}

/* --- asking --- */

/* Of all chains the driver knows, is this the one to ask? */
static void
see_order(size_t chain, int64_t at, bool fresh, bool front_only)
{
	/* Chains overlap where they meet. */
	int64_t slack = fresh ? 2 * SECOND : 0, front = at, flying = INT64_MIN;

	for (size_t i = 0; i < m.n_ids; i++) {
		const struct chain *d = &m.chains[i];

		if (i == chain || !d->live)
			continue;
		slack = d->fresh ? 2 * SECOND : slack;
		if (d->flying)
			flying = d->at > flying ? d->at : flying;
		else
			front = d->at > front ? d->at : front;
		/* Those that stand at the same place all hold up the rest. */
		if (d->flying && m.u->front == 100)
			hold(d->at >= at - slack, FRONT, -1, (int64_t)i);
	}
	/* The front is ready, or it was asked, or its answer is awaited. */
	hold(front <= at + slack || flying >= front - slack, ORDER, front, at);
	if (front_only)
		hold(front <= at + slack && flying <= at + slack, FRONT, front, at);
	if (front_only && !fresh)
		hold(llabs(m.reached - at) <= SECOND, FRONT, m.reached, at);
}

static void
see_request(const struct sweep_request *q, bool front_only)
{
	struct chain *c = &m.chains[q->chain];
	bool fresh = !c->live || (q->token.n == 0 && !c->expect);

	/* Does it go on in a window that begins later? */
	if (c->live && q->lookup == c->last.lookup && q->from > c->last.from) {
		hold(q->token.n == 0 && q->to <= c->at / SECOND + 1, SAME, q->to, c->at);
		c->redo = c->at / SECOND;
		c->expect = fresh = false;
	}
	hold(q->from >= m.u->from && q->to <= m.u->to && q->from <= q->to, REQUEST, q->from, q->to);
	hold(m.u->reached == 0 || q->to <= m.u->reached / SECOND + 1, REQUEST, q->from, q->to);
	hold(!c->live || !c->flying, ORDER, -1, (int64_t)q->chain);
	if (c->live && c->expect && c->without)
		hold(q->token.n == 0 && q->to <= c->at / SECOND + 1, SAME, q->to, c->at);
	else if (c->live && c->expect)
		hold(q->lookup == c->last.lookup && q->token.n == strlen(c->last.token) &&
			memcmp(q->token.p, c->last.token, q->token.n) == 0,
		    SAME, (int64_t)q->chain, (int64_t)q->token.n);
	if (fresh) {
		m.n_live += !c->live;
		m.max_live = m.n_live > m.max_live ? m.n_live : m.max_live;
		*c = (struct chain){
		    .live = true, .fresh = true, .at = (q->to + 1) * SECOND, .redo = INT64_MIN};
	}
	m.n_ids = q->chain >= m.n_ids ? q->chain + 1 : m.n_ids;
	if (m.u->plan->n == 1) {
		see_order(q->chain, c->at, c->fresh, front_only);
		hold(m.n_live <= SWEEP_MAX_CHAINS, CHAINS, (int64_t)m.n_live, 0);
	}
}

static void
fly(const struct sweep_request *q)
{
	struct flight *f = &m.flights[m.n_flights++];
	struct chain *c = &m.chains[q->chain];
	double latency = m.u->latency * (0.7 + 0.6 * rnd_unit());

	m.max_flights = m.n_flights > m.max_flights ? m.n_flights : m.max_flights;
	*f = (struct flight){m.now + (int64_t)latency, q->chain, q->lookup, q->from, q->to, ""};
	memcpy(f->token, q->token.p, q->token.n);
	c->flying = true;
	c->expect = false;
	c->last = *f;
	m.requests++;
}

/* One request may be sent. False when there will be none any more. *wait is ms to the next call. */
static bool
ask(int64_t *wait)
{
	struct sweep_request q;
	bool front_only = (int)rnd(100) < m.u->front, more = sweep_has_more(m.s);
	enum sweep_state st;

	*wait = -7;
	st = sweep_next(m.s, m.now, front_only, &q, wait);
	if (st == SWEEP_ASK) {
		hold(more, MORE, 1, 0);
		hold(!m.failed, END, 1, 0);
		if (q.chain >= MAX_IDS || q.token.n >= MAX_TOKEN || m.n_flights == MAX_FLIGHTS) {
			hold(false, CHAINS, (int64_t)q.chain, (int64_t)m.n_flights);
			return false;
		}
		see_request(&q, front_only);
		fly(&q);
		*wait = m.u->interval;
	} else if (st == SWEEP_DONE) {
		hold(!more, MORE, 2, 0);
		hold(m.n_flights == 0, END, 2, (int64_t)m.n_flights);
		return false;
	} else {
		hold(!more || front_only || *wait != INT64_MAX, MORE, 3, 0);
		hold(!more || !m.failed, MORE, 4, 0);
		hold(m.n_flights > 0, END, 3, *wait);
		hold(*wait > 0, END, 4, *wait);
		return m.n_flights > 0 && *wait > 0;
	}
	see_reached();
	return true;
}

/* --- answers --- */

/* The driver takes what the sweep lets it take. How many sweep_wants took. */
static size_t
take(const struct flight *f, const struct answer *a)
{
	struct chain *c = &m.chains[f->chain];
	size_t n = 99, used = 0;
	const struct plan_lookup *before = sweep_before(m.s, f->chain, &n);
	bool trial = sweep_is_trying(m.s);

	for (size_t i = 0; i < a->n; i++) {
		size_t id = a->ids[i];
		int64_t second = events[id].time / SECOND;
		bool theirs = false;

		if (!sweep_wants(m.s, f->chain, events[id].time))
			continue;
		used++;
		for (size_t k = 0; k < n && !theirs; k++)
			theirs = finds(&before[k], &events[id]);
		if (theirs || (m.taken[id] && m.tried[id]))
			continue;
		if (m.taken[id] && second == c->redo)
			continue;
		hold(!m.taken[id], ONCE, (int64_t)id, events[id].time);
		hold(events[id].time <= m.reached, NEWER, events[id].time, m.reached);
		m.n_taken += !m.taken[id];
		m.taken[id] = 1;
		m.tried[id] = trial;
	}
	return used;
}

/* The last page of a lookup says that there is nothing older: chains that were still to look for
 * it may not be asked any more. */
static void
drop_chains(const struct flight *f, int64_t oldest)
{
	for (size_t i = 0; i < m.n_ids; i++) {
		struct chain *d = &m.chains[i];

		if (i != f->chain && d->live && !d->flying && d->last.lookup == f->lookup &&
		    d->last.to * SECOND < oldest) {
			d->live = d->expect = false;
			m.n_live--;
		}
	}
}

static void
take_page(const struct flight *f)
{
	struct chain *c = &m.chains[f->chain];
	struct answer a;
	int64_t oldest = INT64_MIN;
	size_t used, before = m.n_taken;
	bool ended;

	if (!serve(&m.u->habits, f->lookup, f->from, f->to, f->token, &a))
		hold(false, TOKEN, f->from, f->to);
	used = take(f, &a);
	ended = a.token[0] == '\0';
	if (a.n > 0) {
		oldest = events[a.ids[a.n - 1]].time;
		/* It goes on when something can still be its. Where it begins there may be events
		 * of the chain above it. */
		ended = ended ||
		    (oldest < f->to * SECOND && !sweep_wants(m.s, f->chain, oldest - 1));
		c->at = oldest < c->at ? oldest : c->at;
		c->fresh = c->fresh && used == 0;
	}
	c->live = !ended;
	m.n_live -= ended;
	if (a.token[0] == '\0')
		drop_chains(f, a.n > 0 ? oldest : (f->to + 1) * SECOND);
	sweep_answer(m.s, f->chain, m.now, a.n, oldest, str_of(a.token), used);
	if (m.half < 0 && is_simple() && m.n_taken * 2 >= n_events && before < m.n_taken)
		m.half = sweep_pages_left(m.s) /
		    ((double)(n_events - 6 - m.n_taken + 1) / SWEEP_PAGE);
	see_reached();
	if (m.n_ids == 1 && is_simple() && a.n > 0)
		hold(m.reached <= oldest + SECOND, LAZY, m.reached, oldest);
}

/* The window has begun to begin later: the chain is refused, and those that are older end. */
static void
narrow(size_t chain)
{
	sweep_narrow(m.s, chain, m.from);
	for (size_t i = 0; i < m.n_ids; i++) {
		struct chain *d = &m.chains[i];

		if (d->live && !d->flying &&
		    (d->fresh ? d->last.to * SECOND : d->at) < m.from * SECOND) {
			d->live = d->expect = false;
			m.n_live--;
		}
	}
}

static void
deliver(size_t i)
{
	struct flight f = m.flights[i];
	struct chain *c = &m.chains[f.chain];

	m.flights[i] = m.flights[--m.n_flights];
	m.answers++;
	m.makespan = m.now - m.start;
	c->flying = false;
	if ((int)rnd(100) < m.u->narrow)
		m.from += (int64_t)rnd((uint64_t)(m.u->to - m.from) / 8 + 1);
	if (f.from < m.from) {
		narrow(f.chain);
	} else if (m.answers == m.u->fail_at || (m.failed && (int)rnd(100) < m.u->fail)) {
		m.failed = true;
		c->live = false;
		sweep_fail(m.s, f.chain);
		hold(!sweep_has_more(m.s), MORE, 5, 0);
	} else if (f.token[0] != '\0' && m.restarts < m.u->restarts &&
	    (int)rnd(100) < m.u->restart) {
		m.restarts++;
		c->redo = c->at / SECOND;
		c->expect = c->without = true;
		hold(sweep_restart(m.s, f.chain), SAME, m.restarts, 0);
	} else if ((int)rnd(100) < m.u->again) {
		bool without = f.token[0] == '\0' && c->without;
		int64_t own = c->at < f.to * SECOND ? c->at : f.to * SECOND;

		/* Unless its way was given up since. */
		c->expect = sweep_wants(m.s, f.chain, own);
		c->without = without;
		m.n_live -= !c->expect;
		c->live = c->expect;
		sweep_again(m.s, f.chain);
	} else {
		c->without = false;
		take_page(&f);
		return;
	}
	see_reached();
}

/* The answer that comes next. */
static size_t
next_flight(void)
{
	size_t best = 0;

	for (size_t i = 1; i < m.n_flights; i++)
		if (m.flights[i].at < m.flights[best].at)
			best = i;
	return best;
}

/* --- what is left after a failure --- */

static bool
in_part(int64_t t, int64_t from, int64_t to, bool last)
{
	return (t > from || (last && t == from)) && t <= to;
}

static void
see_left(void)
{
	int64_t from[2 * SWEEP_MAX_CHAINS], to[2 * SWEEP_MAX_CHAINS];
	size_t n = 0;

	while (n < 2 * SWEEP_MAX_CHAINS && sweep_left(m.s, n, &from[n], &to[n])) {
		hold(from[n] < to[n] || from[n] == m.u->from * SECOND, LEFT_BAD, from[n], to[n]);
		hold(n == 0 || to[n] <= from[n - 1], LEFT_BAD, to[n], from[n - (n > 0)]);
		hold(from[n] >= m.u->from * SECOND && to[n] <= (m.u->to + 1) * SECOND, LEFT_BAD,
		    from[n], to[n]);
		n++;
	}
	/* A chain may fail before another's last page shows that it had nothing to find. */
	hold((n > 0) == (m.reached != INT64_MIN), LEFT, -1, (int64_t)n);
	hold(n < 2 * SWEEP_MAX_CHAINS, LEFT, -2, (int64_t)n);
	for (size_t i = 0; i < n_events; i++) {
		int64_t t = events[i].time;
		bool in = false, edge = false;

		for (size_t k = 0; k < n; k++) {
			in = in || in_part(t, from[k], to[k], k + 1 == n);
			edge = edge || t == to[k] || t == from[k];
		}
		if (is_expected(&events[i]) && !m.taken[i]) {
			hold(in, LEFT, t, (int64_t)i);
			hold(t <= m.reached, NEWER, t, m.reached);
		}
		/* Of a time that is left some may have come. */
		/* Some events of a time may have come, others not. */
		for (size_t k = i + 1; k < n_events && events[k].time == t && !edge; k++)
			edge = !m.taken[k];
		if (is_simple() && m.taken[i])
			hold(!in || edge, LEFT_BAD, t, (int64_t)i);
	}
}

/* --- the driver --- */

static void
see_end(void)
{
	double pages = sweep_pages_left(m.s);

	see_reached();
	if (m.failed) {
		see_left();
		return;
	}
	for (size_t i = 0; i < n_events; i++)
		if (is_expected(&events[i]))
			hold(m.taken[i], MISSED, (int64_t)i, events[i].time);
	hold(pages >= 0 && pages < 0.5, PAGES, (int64_t)(pages * 1000), 1);
	hold(m.reached == INT64_MIN, BACK, m.reached, 1);
	hold(!sweep_has_more(m.s), MORE, 6, 0);
}

/* Sweep the events that are there. */
static void
run(const struct setup *u)
{
	struct sweep_config config = {u->plan, u->from, u->to, u->interval, u->ahead,
	    u->reached != 0 ? u->reached : INT64_MAX};
	int64_t wait = 0, legal, due; /* when a request may be sent, and when that is tried */
	size_t most = 2000 + n_events;
	bool asking = true;

	memset(&m, 0, sizeof(m));
	m.u = u;
	m.s = sweep_new(&config);
	m.from = u->from;
	m.start = m.now = legal = due = (int64_t)rnd(2) * 987654321;
	m.reached = INT64_MAX;
	m.half = -1;
	hold(sweep_pages_left(m.s) < 0, PAGES, (int64_t)sweep_pages_left(m.s), 0);
	hold(sweep_has_more(m.s), MORE, 0, 0);
	see_reached();
	hold(m.reached >= (u->reached != 0 ? u->reached : u->to * SECOND), NEWER, m.reached, 0);
	while (asking && m.requests < most) {
		size_t f = next_flight(), sent = m.requests;

		if (m.n_flights > 0 && m.flights[f].at <= due) {
			m.now = m.flights[f].at;
			deliver(f);
			due = m.now > legal ? m.now : legal;
			continue;
		}
		m.now = due;
		asking = ask(&wait);
		due = wait == INT64_MAX ? INT64_MAX : m.now + wait;
		legal = m.requests > sent ? due : legal;
	}
	hold(m.requests < most, ENDLESS, (int64_t)most, 0);
	if (m.requests < most)
		see_end();
	sweep_free(m.s);
}

/* --- that nothing is lost --- */

#define NO_BOUND 1e9 /* pages ahead */

static const double latencies[] = {200, 1000, 4000};

static struct setup
usual(const char *name, const struct plan *plan, uint64_t seed)
{
	return (struct setup){.name = name,
	    .plan = plan,
	    .from = EPOCH,
	    .to = EPOCH + DAY - 1,
	    .interval = 500,
	    .latency = latencies[seed % 3],
	    .ahead = NO_BOUND,
	    .habits = {.cut = seed / 3 % 2 == 0},
	    .seed = seed};
}

static void
test_sizes(void)
{
	static const size_t sizes[] = {0, 1, 2, 49, 50, 51, 99, 100, 101, 150, 1000, 2500};
	static const int64_t windows[] = {1, 2, 3, 60, 3600, DAY, 90 * DAY};

	for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++)
		for (int dist = 0; dist < DISTS; dist++)
			for (uint64_t i = 0; i < 42; i++) {
				struct setup u = usual(dist_names[dist], &p_all, i);

				rnd_seed(i);
				u.to = u.from + windows[i / 6] - 1;
				u.front = i % 5 == 4 ? 100 : i % 5 == 3 ? 40 : 0;
				make_events((enum dist)dist, sizes[n], u.from, u.to, i % 4 < 2);
				run(&u);
			}
	report("all sizes, windows, distributions");
}

static void
test_plans(void)
{
	static const struct plan *const plans[] = {&p_n0, &p_n2, &p_none, &p_mix, &p_mix2,
	    &p_source_names, &p_three, &p_short, &p_first_best, &p_shared, &p_empty_way};
	static const size_t sizes[] = {0, 1, 60, 400, 3000};

	for (size_t p = 0; p < sizeof(plans) / sizeof(plans[0]); p++)
		for (uint64_t i = 0; i < 5 * DISTS * 6; i++) {
			enum dist dist = (enum dist)(i / 6 % DISTS);
			struct setup u = usual(dist_names[dist], plans[p], i);

			rnd_seed(i);
			u.front = i % 5 == 4 ? 100 : i % 5 == 3 ? 40 : 0;
			make_events(dist, sizes[i % 5], u.from, u.to, i % 4 < 2);
			run(&u);
		}
	report("all plans");
}

static struct setup
any_setup(const char *name, uint64_t seed)
{
	static const struct plan *const plans[] = {&p_all, &p_all, &p_all, &p_all, &p_n0, &p_n2,
	    &p_mix, &p_mix2, &p_source_names, &p_three, &p_short, &p_first_best, &p_shared};
	struct setup u = usual(name, plans[seed % 13], seed);

	rnd_seed(seed);
	u.to = u.from + (int64_t)rnd(rnd(3) == 0 ? 10 : rnd(2) == 0 ? 5000 : 30 * DAY);
	u.interval = rnd(3) == 0 ? 1 + (int64_t)rnd(1500) : 500;
	u.latency = rnd(3) == 0 ? (double)(1 + rnd(20000)) : u.latency;
	u.front = rnd(3) == 0 ? (int)rnd(101) : 0;
	u.ahead = rnd(3) == 0 ? (double)rnd(100) : NO_BOUND;
	make_events(
	    (enum dist)rnd(DISTS), rnd(rnd(3) == 0 ? 100 : 3000), u.from, u.to, rnd(2) == 0);
	return u;
}

static void
test_any(void)
{
	for (uint64_t i = 0; i < 1000; i++) {
		struct setup u = any_setup("any", i);

		run(&u);
	}
	report("anything");
}

/* Where a part was searched before, by a service that takes fractions of seconds into account. */
static void
test_reached(void)
{
	for (uint64_t i = 0; i < 500; i++) {
		struct setup u = any_setup("reached", i);

		u.habits.cut = rnd(2) == 0;
		u.reached = u.from * SECOND + (int64_t)rnd((uint64_t)(u.to - u.from + 1)) * SECOND +
		    (rnd(2) == 0 ? SECOND - 1 : 0);
		run(&u);
	}
	report("a part was searched before");
}

/* --- a service with whims --- */

static void
test_odd_pages(void)
{
	for (uint64_t i = 0; i < 1000; i++) {
		struct setup u = any_setup("odd pages", i);

		u.habits.fillers = rnd(2) == 0 ? (int)rnd(50) : 0;
		u.habits.shorts = rnd(2) == 0 ? (int)rnd(100) : 0;
		run(&u);
	}
	report("empty and short pages");
}

static void
test_again(void)
{
	for (uint64_t i = 0; i < 1000; i++) {
		struct setup u = any_setup("again", i);

		u.again = 1 + (int)rnd(50);
		run(&u);
	}
	report("asked again");
}

static void
test_restart(void)
{
	for (uint64_t i = 0; i < 1500; i++) {
		struct setup u = any_setup("restart", i);

		u.restarts = 1 + (int)rnd(8);
		u.restart = 1 + (int)rnd(30);
		u.again = rnd(2) == 0 ? (int)rnd(30) : 0;
		u.habits.fillers = rnd(4) == 0 ? (int)rnd(50) : 0;
		run(&u);
	}
	report("tokens that are not taken");
}

/* Tokens that are never taken: where the chain gets on all the same it may start over for ever, but
 * not in a second that has more than a page. */
static void
test_restart_for_ever(void)
{
	static const int64_t windows[] = {DAY, 1};

	for (int i = 0; i < 2; i++) {
		struct sweep_config config = {
		    &p_all, EPOCH, EPOCH + windows[i] - 1, 500, NO_BOUND, INT64_MAX};
		struct setup u = {.plan = &p_all};
		struct sweep_request q;
		struct answer a;
		int64_t wait;
		size_t pages = 0;
		bool taken = true;

		make_events(RANDOM, 2000, config.from, config.to, true);
		m = (struct sim){.u = &u, .s = sweep_new(&config)};
		while (taken && pages < 1000 &&
		    sweep_next(m.s, 0, true, &q, &wait) == SWEEP_ASK) {
			if (q.token.n > 0) {
				taken = sweep_restart(m.s, q.chain);
			} else {
				(void)serve(&u.habits, q.lookup, q.from, q.to, "", &a);
				sweep_answer(m.s, q.chain, 0, a.n, events[a.ids[a.n - 1]].time,
				    str_of(a.token), a.n);
				pages++;
			}
		}
		if (i == 0)
			ok(taken && sweep_is_done(m.s) && pages < 60,
			    "tokens that are never taken, a day: %zu pages for 40", pages);
		else
			ok(!taken && pages == SWEEP_MAX_RESTARTS + 1,
			    "tokens that are never taken, a second: given up after %zu pages",
			    pages);
		if (!taken)
			sweep_fail(m.s, q.chain);
		sweep_free(m.s);
	}
}

static void
test_narrow(void)
{
	static const struct plan *const plans[] = {&p_source_names, &p_three, &p_first_best};

	for (uint64_t i = 0; i < 1500; i++) {
		struct setup u = any_setup("narrow", i);

		u.plan = plans[i % 3];
		u.narrow = 1 + (int)rnd(10);
		run(&u);
	}
	report("a window that begins later and later");
}

static void
test_fail(void)
{
	for (uint64_t i = 0; i < 2000; i++) {
		struct setup u = any_setup("fail", i);

		u.fail_at = 1 + (int)rnd(rnd(2) == 0 ? 3 : 60);
		u.fail = rnd(3) == 0 ? 100 : rnd(2) == 0 ? (int)rnd(100) : 0;
		u.again = rnd(3) == 0 ? (int)rnd(40) : 0;
		u.restarts = rnd(3) == 0 ? (int)rnd(8) : 0;
		u.restart = (int)rnd(30);
		u.habits.fillers = rnd(4) == 0 ? (int)rnd(50) : 0;
		run(&u);
		bad[MISSED] += !m.failed && u.fail_at <= m.answers;
	}
	report("failures");
}

/* Never freed before its end, and with questions before there are answers. */
static void
test_abandoned(void)
{
	struct sweep_config config = {&p_mix, EPOCH, EPOCH + DAY, 500, NO_BOUND, INT64_MAX};
	struct sweep *s = sweep_new(&config);
	struct sweep_request q;
	int64_t wait;
	size_t asked = 0;

	while (asked < 20 && sweep_next(s, 500 * (int64_t)asked, false, &q, &wait) == SWEEP_ASK)
		asked++;
	is_int(asked, 3, "three lookups are asked for at once");
	sweep_free(s);
	s = sweep_new(&config);
	sweep_free(s);
	sweep_free(NULL);
}

/* --- how many chains --- */

static void
test_many_chains(void)
{
	static struct plan_lookup many[PLAN_MAX_LOOKUPS];
	static char names[PLAN_MAX_LOOKUPS][16];
	struct plan plan = {{{many, PLAN_MAX_LOOKUPS}}, 1};
	struct setup u = usual("many chains", &p_all, 0);

	for (int i = 0; i < PLAN_MAX_LOOKUPS; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "N%d", i);
		many[i] = (struct plan_lookup){PLAN_EVENT_NAME, names[i]};
	}
	for (uint64_t i = 0; i < 4; i++) {
		static const double slow[] = {10000, 60000, 200000, 300000};

		rnd_seed(i);
		u.seed = i;
		u.latency = slow[i];
		make_events(RANDOM, 40000, u.from, u.to, true);
		u.plan = &p_all;
		run(&u);
		note("latency %.0f s: %zu requests for 800 pages in %.0f s, at most %zu in flight, "
		     "%zu chains, %zu pages held",
		    u.latency / 1000, m.requests, (double)m.makespan / 1000, m.max_flights,
		    m.max_live, m.max_held / SWEEP_PAGE);
		for (size_t k = 0; k < n_events; k++)
			events[k].name = (int)rnd(PLAN_MAX_LOOKUPS);
		u.plan = &plan;
		run(&u);
		note("latency %.0f s: %zu requests for %zu pages of 100 lookups in %.0f s",
		    u.latency / 1000, m.requests, way_pages(&plan.ways[0], &u),
		    (double)m.makespan / 1000);
	}
	report("slow answers, many lookups");
}

/* --- what it costs --- */

struct cost {
	double requests, span, held, chains, half; /* medians; ratios, s, pages, -, ratio */
	size_t pages;
};

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

/* So many seeds of n events over the window, whose runs it notes. */
static struct cost
measure(enum dist dist, size_t n, int64_t window, double latency, int front, double ahead)
{
	enum { SEEDS = 9 };
	double requests[SEEDS], span[SEEDS], held[SEEDS], chains[SEEDS], half[SEEDS];
	struct cost c = {0};

	for (uint64_t i = 0; i < SEEDS; i++) {
		struct setup u = usual(dist_names[dist], &p_all, i);

		rnd_seed(i + 100);
		u.to = u.from + window - 1;
		u.latency = latency;
		u.front = front;
		u.ahead = ahead;
		make_events(dist, n, u.from, u.to, i % 3 != 2);
		run(&u);
		c.pages = way_pages(&p_all.ways[0], &u);
		requests[i] = (double)m.requests;
		span[i] = (double)m.makespan / 1000;
		held[i] = (double)m.max_held / SWEEP_PAGE;
		chains[i] = (double)m.max_live;
		half[i] = m.half;
	}
	c.requests = median(requests, SEEDS);
	c.span = median(span, SEEDS);
	c.held = median(held, SEEDS);
	c.chains = median(chains, SEEDS);
	c.half = median(half, SEEDS);
	note("%-22s %6zu events %4d h %4.1f s%s: requests %5.0f of %4zu (%.3f, worst %.0f), "
	     "%6.1f s (%.3f, worst %.1f), held %4.1f pages, %2.0f chains, left by half %.2f",
	    dist_names[dist], n, (int)(window / 3600), latency / 1000, front ? " front" : "",
	    c.requests, c.pages, c.requests / (double)c.pages, requests[SEEDS - 1], c.span,
	    c.span / ((double)c.pages / 2), span[SEEDS - 1], c.held, c.chains, c.half);
	return c;
}

static void
test_even(void)
{
	static const double most[] = {1.05, 1.05, 1.14};

	for (int dist = UNIFORM; dist <= RANDOM; dist++)
		for (int i = 0; i < 3; i++) {
			struct cost c = measure(
			    (enum dist)dist, 10000, DAY, latencies[i], 0, NO_BOUND);

			ok(c.span <= most[i] * 100, "%s, %.1f s: %.3f of the time, at most %.2f",
			    dist_names[dist], latencies[i] / 1000, c.span / 100, most[i]);
			ok(c.requests <= 208, "%s, %.1f s: %.0f requests, at most 208",
			    dist_names[dist], latencies[i] / 1000, c.requests);
			ok(c.half > 0.75 && c.half < 1.33,
			    "%s, %.1f s: it knows what is left at half time (%.2f)",
			    dist_names[dist], latencies[i] / 1000, c.half);
		}
	for (int i = 0; i < 3; i++) { /* for tuning */
		(void)measure(RANDOM, 10000, 3600, latencies[i], 0, NO_BOUND);
		(void)measure(RANDOM, 10000, 90 * DAY, latencies[i], 0, NO_BOUND);
		(void)measure(RANDOM, 500, DAY, latencies[i], 0, NO_BOUND);
		(void)measure(RANDOM, 2000, DAY, latencies[i], 0, NO_BOUND);
		(void)measure(RANDOM, 50000, DAY, latencies[i], 0, NO_BOUND);
	}
	report("even distributions");
}

static void
test_uneven(void)
{
	static const enum dist dists[] = {BURSTY, SKEWED, SKEWED_OLD, DENSE_AND_MORE, DENSE};

	for (int d = 0; d < 5; d++)
		for (int i = 0; i < 3; i++) {
			size_t n = dists[d] == DENSE_AND_MORE ? 12000 : 10000;
			struct cost c = measure(dists[d], n, DAY, latencies[i], 0, NO_BOUND);
			/* A second cannot be cut: one chain. */
			bool can = (dists[d] != DENSE && dists[d] != DENSE_AND_MORE) || i == 0;
			/* A cut is a guess where the density changes: with slow answers it shows.
			 */
			double most = i < 2 ? 1.12 : 1.65;
			double ideal = (double)c.pages / 2;

			ok(c.requests <= 1.10 * (double)c.pages + 4,
			    "%s, %.1f s: %.0f requests, at most %.0f", dist_names[dists[d]],
			    latencies[i] / 1000, c.requests, 1.10 * (double)c.pages + 4);
			if (can)
				ok(c.span <= most * ideal,
				    "%s, %.1f s: %.3f of the time, at most %.2f",
				    dist_names[dists[d]], latencies[i] / 1000, c.span / ideal,
				    most);
		}
	report("uneven distributions");
}

/* All events lie in a small part of a long window. */
/* Where little may wait, the chains stay near each other. */
static void
test_ahead(void)
{
	static const double aheads[] = {40, 100, 200};

	for (int i = 0; i < 3; i++) {
		struct cost c = measure(RANDOM, 30000, DAY, 4000, 0, aheads[i]);
		double ideal = (double)c.pages / 2, most = i == 0 ? 1.35 : 1.2;

		ok(c.held <= 1.5 * aheads[i], "%.0f pages may wait: %.0f did, at most", aheads[i],
		    c.held);
		ok(c.span <= most * ideal, "and it took %.3f of the time, at most %.2f",
		    c.span / ideal, most);
	}
	report("little may wait");
}

static void
test_clusters(void)
{
	for (int d = HOUR; d <= HOUR_AGO; d++)
		for (int i = 0; i < 3; i++) {
			static const double most[] = {1.05, 1.1, 1.3};

			for (size_t n = 10000; n <= 50000; n += 40000) {
				struct cost c = measure(
				    (enum dist)d, n, 90 * DAY, latencies[i], 0, NO_BOUND);
				double ideal = (double)c.pages / 2;

				ok(c.span <= most[i] * ideal,
				    "%s, %.1f s: %.3f of the time, at most %.2f", dist_names[d],
				    latencies[i] / 1000, c.span / ideal, most[i]);
				ok(c.requests <= 1.10 * (double)c.pages,
				    "%s, %.1f s: %.0f requests, at most %.0f", dist_names[d],
				    latencies[i] / 1000, c.requests, 1.10 * (double)c.pages);
			}
		}
	report("clusters");
}

/* Little costs one request. */
static void
test_little(void)
{
	static const size_t sizes[] = {0, 1, 20, 49, 50};

	for (size_t k = 0; k < 5; k++)
		for (uint64_t i = 0; i < 12; i++) {
			struct setup u = usual("little", &p_all, i);

			rnd_seed(i);
			make_events(i % 2 == 0 ? RANDOM : BURSTY, sizes[k], u.from, u.to, true);
			run(&u);
			if (m.requests != 1)
				is_int(m.requests, 1, "%zu events, %.1f s: requests", sizes[k],
				    u.latency / 1000);
		}
	report("little");
}

/* Always front_only: a page at a time, none wasted. */
static void
test_front(void)
{
	for (int i = 0; i < 3; i++) {
		struct cost c = measure(RANDOM, 3000, DAY, latencies[i], 100, NO_BOUND);

		ok(c.requests <= 1.05 * (double)c.pages, "front only, %.1f s: %.0f of %zu requests",
		    latencies[i] / 1000, c.requests, c.pages);
		ok(c.held <= 1, "front only, %.1f s: %.1f pages are held", latencies[i] / 1000,
		    c.held);
	}
	report("front only");
}

struct way_case {
	const char *name;
	const struct plan *plan;
	size_t best, tried; /* the way that is the shortest, lookups of others that are tried */
};

static void
test_ways(void)
{
	static const struct way_case cases[] = {{"a mix of lookups", &p_mix, 0, 0},
	    {"source, or two names", &p_source_names, 1, 1}, {"of three", &p_three, 2, 2},
	    {"the first is short", &p_short, 0, 0}, {"the first is best", &p_first_best, 0, 4},
	    {"a lookup in both", &p_shared, 0, 2}, {"one finds nothing", &p_empty_way, 1, 1}};

	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
		for (int i = 0; i < 3; i++) {
			const struct way_case *c = &cases[k];
			double requests[9], span[9];
			size_t pages = 0;
			double most;

			for (uint64_t seed = 0; seed < 9; seed++) {
				struct setup u = usual(c->name, c->plan, seed);

				rnd_seed(seed + 50);
				u.latency = latencies[i];
				make_events(RANDOM, 9000, u.from, u.to, true);
				run(&u);
				pages = way_pages(&c->plan->ways[c->best], &u);
				requests[seed] = (double)m.requests - (double)pages;
				span[seed] = (double)m.makespan / 1000;
			}
			most = (double)c->tried + (i == 0 ? 0 : 0.08 * (double)pages + 2);
			(void)median(requests, 9);
			ok(requests[4] <= most,
			    "%s, %.1f s: %.0f requests beside %zu, at most %.0f", c->name,
			    latencies[i] / 1000, requests[4], pages, most);
			note("%-22s %.1f s: %zu pages and %.0f requests (worst %.0f) in %.1f s",
			    c->name, latencies[i] / 1000, pages, requests[4], requests[8],
			    median(span, 9));
		}
	report("ways");
}

/* Many lookups are not tried to the end where to look at everything is known to be shorter. */
static void
test_ways_given_up(void)
{
	static struct plan_lookup many[PLAN_MAX_LOOKUPS];
	static char names[PLAN_MAX_LOOKUPS][16];
	static const struct {
		size_t names, events;
		uint64_t others; /* %: events that have none of the names */
		double latency;
		size_t best; /* the way that is the shortest */
		size_t most; /* requests beside its own */
	} cases[] = {{60, 3500, 0, 200, 0, 4}, {100, 5500, 0, 200, 0, 4},
	    {100, 5500, 0, 4000, 0, 24}, {60, 12000, 95, 200, 1, 1}};
	struct plan plan = {{{WAY(l_all)}, {many, 0}}, 2};

	for (int i = 0; i < PLAN_MAX_LOOKUPS; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "N%d", i);
		many[i] = (struct plan_lookup){PLAN_EVENT_NAME, names[i]};
	}
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct setup u = usual("many lookups", &plan, 0);
		size_t pages;

		rnd_seed(k);
		u.latency = cases[k].latency;
		make_events(RANDOM, cases[k].events, u.from, u.to, true);
		for (size_t i = 0; i < n_events; i++)
			events[i].name =
			    rnd(100) < cases[k].others ? -1 : (int)rnd(cases[k].names);
		plan.ways[1].n = cases[k].names;
		run(&u);
		pages = way_pages(&plan.ways[cases[k].best], &u);
		ok(m.requests <= pages + cases[k].most,
		    "%zu names, %.1f s: %zu requests, at most %zu beside %zu", cases[k].names,
		    u.latency / 1000, m.requests, cases[k].most, pages);
	}
	report("ways that are given up");
}

int
main(void)
{
	test_even();
	test_uneven();
	test_ahead();
	test_clusters();
	test_little();
	test_front();
	test_ways();
	test_ways_given_up();
	test_many_chains();
	test_abandoned();
	test_sizes();
	test_plans();
	test_any();
	test_reached();
	test_odd_pages();
	test_again();
	test_restart();
	test_restart_for_ever();
	test_narrow();
	test_fail();
	return done_testing();
}

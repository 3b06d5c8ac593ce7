/* Tests of pace.c: a simulated service with a token bucket for all of its clients, of whom we are
 * one. We want all that is left over, and few throttled answers. */
#include "../pace.h"

#include <stdlib.h>

#include "tap.h"

enum { SECOND = 1000000, MAX_SENT = 40000, MAX_FLIGHTS = 1000, SEEDS = 7 };

static uint64_t state;

static double
rnd_unit(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 34) / (double)(1u << 30);
}

static int64_t
us(double seconds)
{
	return (int64_t)(seconds * SECOND);
}

struct world {
	const char *name;
	double rate;     /* of the service, requests a second; it holds as many tokens, or 2 */
	double share;    /* of the rate, that another client takes. */
	double from, to; /* s: when the other client is there */
	double end;      /* s */
	double jitter;   /* s: at most so much later is a request at the service */
	double late;     /* s: at most so much later than it may be is a request sent */
	double busy;     /* s: nothing is sent in the last so many of each 30 s */
	uint64_t seed;
};

struct flight {
	int64_t there; /* when it is at the service, then when the answer is back */
	size_t nth;
	bool served;
};

struct sent {
	int64_t at;
	bool throttled;
};

static struct {
	const struct world *w;
	struct pace pace;
	double tokens;
	int64_t filled, now;
	int64_t other; /* when the other client takes its next */
	int64_t due;   /* when we send the next */
	struct sent sent[MAX_SENT];
	size_t n;
	struct flight flights[MAX_FLIGHTS];
	size_t n_flights;
} m;

static void
refill(void)
{
	double burst = m.w->rate > 2 ? m.w->rate : 2;

	m.tokens += (double)(m.now - m.filled) / SECOND * m.w->rate;
	m.filled = m.now;
	if (m.tokens > burst)
		m.tokens = burst;
}

/* The other client gets what it wants, if need be in advance. */
static void
other_takes(void)
{
	refill();
	m.tokens -= 1;
	m.other += us(1 / (m.w->rate * m.w->share));
	if (m.other >= us(m.w->to))
		m.other = INT64_MAX;
}

static bool
take_token(void)
{
	refill();
	if (m.tokens < 1 - 1e-6)
		return false;
	m.tokens -= 1;
	return true;
}

/* When is the next request sent? */
static void
schedule(void)
{
	int64_t next = pace_next(&m.pace), period = us(30);

	next = next < m.now ? m.now : next;
	next += us(rnd_unit() * m.w->late);
	if (next % period >= period - us(m.w->busy))
		next = next / period * period + period;
	m.due = next;
}

static void
send_one(void)
{
	if (pace_next(&m.pace) > m.now) { /* it was slowed down since */
		schedule();
		return;
	}
	pace_take(&m.pace, m.now);
	m.sent[m.n] = (struct sent){m.now, false};
	m.flights[m.n_flights++] = (struct flight){
	    m.now + us(0.15 + rnd_unit() * m.w->jitter), m.n++, false};
	schedule();
}

static void
move_flight(size_t i)
{
	struct flight *f = &m.flights[i];

	if (!f->served) {
		m.sent[f->nth].throttled = !take_token();
		f->served = true;
		f->there = m.now + us(0.15);
		return;
	}
	if (m.sent[f->nth].throttled)
		pace_throttled(&m.pace, m.now);
	else
		pace_answered(&m.pace);
	*f = m.flights[--m.n_flights];
}

static void
run(const struct world *w)
{
	memset(&m, 0, sizeof(m));
	state = 88172645463325252u ^ ((w->seed + 1) * 0x9E3779B97F4A7C15u);
	for (int i = 0; i < 20; i++)
		(void)rnd_unit();
	m.w = w;
	m.tokens = 2;
	m.other = w->share > 0 ? us(w->from + rnd_unit() / (w->rate * w->share)) : INT64_MAX;
	pace_init(&m.pace, w->rate);
	while (m.n < MAX_SENT && m.n_flights < MAX_FLIGHTS) {
		size_t best = 0;

		for (size_t i = 1; i < m.n_flights; i++)
			if (m.flights[i].there < m.flights[best].there)
				best = i;
		m.now = m.due < m.other ? m.due : m.other;
		if (m.n_flights > 0 && m.flights[best].there <= m.now) {
			m.now = m.flights[best].there;
			move_flight(best);
		} else if (m.now >= us(w->end)) {
			return;
		} else if (m.other <= m.due) {
			other_takes();
		} else {
			send_one();
		}
	}
	ok(false, "%s: too many requests", w->name);
}

/* Of the requests sent in the time, those that were throttled, or not. */
static double
count(double from, double to, bool throttled)
{
	size_t n = 0;

	for (size_t i = 0; i < m.n; i++)
		n += m.sent[i].at >= us(from) && m.sent[i].at < us(to) &&
		    m.sent[i].throttled == throttled;
	return (double)n;
}

/* How often was one more sent than may be, and one that makes up for one that was late? Over 10 s
 * and all shorter times. */
static size_t
too_fast(void)
{
	size_t most = (size_t)(10 * m.w->rate) + 1, bad = 0;

	for (size_t i = 0; i < m.n; i++)
		for (size_t k = 2; k <= most && i + k < m.n; k++)
			bad += m.sent[i + k].at - m.sent[i].at + (int64_t)k <
			    us((double)(k - 1) / m.w->rate);
	return bad;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(double v[SEEDS])
{
	qsort(v, SEEDS, sizeof(*v), by_value);
	return v[SEEDS / 2];
}

/* Nobody else is there. */
static void
test_alone(struct world w, double least)
{
	double used[SEEDS], throttled = 0;
	size_t fast = 0;

	w.end = 600;
	for (w.seed = 0; w.seed < SEEDS; w.seed++) {
		run(&w);
		used[w.seed] = (double)m.n / (w.end * w.rate);
		throttled += count(0, w.end, true);
		fast += too_fast();
	}
	(void)median(used);
	is_int(throttled, 0, "%s, %.1f/s: never throttled", w.name, w.rate);
	ok(used[0] >= least, "%s, %.1f/s: %.4f of the rate is used, at least %.4f", w.name, w.rate,
	    used[0], least);
	is_int(fast, 0, "%s, %.1f/s: never too fast", w.name, w.rate);
	note("%s, %.1f/s: uses %.4f to %.4f", w.name, w.rate, used[0], used[SEEDS - 1]);
}

/* Another client comes, and goes again. A slow service takes its time. */
static void
test_shared(struct world w)
{
	double slow = w.rate < 2 ? 2 / w.rate : 1, left = 1 - w.share;
	double good[SEEDS], bad[SEEDS], back[SEEDS], soon[SEEDS];
	size_t fast = 0;

	w.from = 60 * slow;
	w.to = 380 * slow;
	w.end = 500 * slow;
	for (w.seed = 0; w.seed < SEEDS; w.seed++) {
		double from = w.from + 20 * slow;

		run(&w);
		good[w.seed] = count(from, w.to, false) / ((w.to - from) * w.rate * left);
		bad[w.seed] = count(from, w.to, true) /
		    (count(from, w.to, true) + count(from, w.to, false));
		back[w.seed] = count(w.to + 60 * slow, w.end, false) / (60 * slow * w.rate);
		soon[w.seed] = count(w.to, w.to + 60 * slow, false) / (60 * slow * w.rate);
		is_int(count(0, w.from - 1 - w.jitter, true), 0,
		    "%s, seed %d: not throttled before", w.name, (int)w.seed);
		fast += too_fast();
	}
	(void)median(good);
	(void)median(bad);
	(void)median(back);
	(void)median(soon);
	ok(good[SEEDS / 2] >= (w.jitter > 0 ? 0.90 : 0.95),
	    "%s, %.1f/s, %.0f %% taken: we get %.3f of what is left", w.name, w.rate, w.share * 100,
	    good[SEEDS / 2]);
	ok(bad[SEEDS / 2] <= 0.10, "%s, %.1f/s, %.0f %% taken: %.3f of the requests are throttled",
	    w.name, w.rate, w.share * 100, bad[SEEDS / 2]);
	ok(back[SEEDS / 2] >= (w.jitter > 0 ? 0.95 : 0.97),
	    "%s, %.1f/s, %.0f %% taken: back at %.3f of the rate", w.name, w.rate, w.share * 100,
	    back[SEEDS / 2]);
	is_int(fast, 0, "%s, %.1f/s, %.0f %% taken: never too fast", w.name, w.rate, w.share * 100);
	note("%s, %.1f/s, %.0f %% taken: get %.3f (worst %.3f) of what is left, throttled %.3f "
	     "(worst %.3f); after: %.3f in the first 60 s, then %.3f (worst %.3f)",
	    w.name, w.rate, w.share * 100, good[SEEDS / 2], good[0], bad[SEEDS / 2], bad[SEEDS - 1],
	    soon[SEEDS / 2], back[SEEDS / 2], back[0]);
}

/* Another client takes all that there is, and goes. */
static void
test_nothing_left(struct world w)
{
	double slow = w.rate < 2 ? 2 / w.rate : 1, soon[SEEDS], tried = 0;

	w.share = 1;
	w.from = 60 * slow;
	w.to = 120 * slow;
	w.end = 180 * slow;
	for (w.seed = 0; w.seed < SEEDS; w.seed++) {
		run(&w);
		soon[w.seed] = count(w.to, w.end, false) / (60 * slow * w.rate);
		tried += count(w.from + 30 * slow, w.to, true) / (30 * slow * w.rate) / SEEDS;
	}
	(void)median(soon);
	ok(soon[SEEDS / 2] >= 0.5, "%s, %.1f/s, all taken: %.3f of the rate soon after", w.name,
	    w.rate, soon[SEEDS / 2]);
	ok(tried <= 0.2, "%s, %.1f/s, all taken: %.3f of the rate is tried meanwhile", w.name,
	    w.rate, tried);
}

/* The rules of the header, a call at a time. */
static void
test_calls(double legal)
{
	struct pace p;
	int64_t now = us(1000), pause = us(1 / legal), was;

	pace_init(&p, legal);
	ok(pace_next(&p) <= 0 && pace_next(&p) <= now, "%.1f/s: the first may be sent at once",
	    legal);
	pace_take(&p, now);
	ok(pace_next(&p) <= now + pause && pace_next(&p) > now, "%.1f/s: then there is a pause",
	    legal);
	for (int i = 0; i < 100; i++) { /* each at its time */
		now = pace_next(&p) > now ? pace_next(&p) : now;
		pace_take(&p, now);
		pace_answered(&p);
	}
	ok(llabs(pace_next(&p) - now - pause) <= 2, "%.1f/s: the pause is the legal one", legal);
	was = now = pace_next(&p);
	pace_throttled(&p, now);
	ok(pace_next(&p) >= now, "%.1f/s: throttled: not at once", legal);
	now = pace_next(&p);
	pace_take(&p, now);
	ok(pace_next(&p) - now > pause, "%.1f/s: throttled: slower", legal);
	for (int i = 0; i < 100000; i++)
		pace_answered(&p);
	now += us(1000 / legal);
	for (int i = 0; i < 10; i++) {
		pace_take(&p, now);
		now = pace_next(&p) > now ? pace_next(&p) : now;
	}
	pace_take(&p, now);
	ok(llabs(pace_next(&p) - now - pause) <= 2,
	    "%.1f/s: after any number of answers the legal pause, not less", legal);
	for (int i = 0; i < 10000; i++) {
		now += us(3 / legal);
		pace_throttled(&p, now);
	}
	pace_take(&p, now = pace_next(&p) > now ? pace_next(&p) : now);
	ok(pace_next(&p) > now && pace_next(&p) - now < us(200 / legal),
	    "%.1f/s: throttled for ever: it still tries", legal);
	ok(was < now, "%.1f/s: time passes", legal);
}

int
main(void)
{
	static const double rates[] = {2, 20, 0.5}, shares[] = {0.5, 0.25, 0.75};

	for (int i = 0; i < 3; i++) {
		double pause = 1 / rates[i];

		test_calls(rates[i]);
		test_alone((struct world){.name = "alone", .rate = rates[i]}, 0.995);
		test_alone(
		    (struct world){.name = "late", .rate = rates[i], .late = pause / 10}, 0.99);
		test_alone(
		    (struct world){.name = "very late", .rate = rates[i], .late = pause * 3}, 0.3);
		test_alone(
		    (struct world){.name = "busy at times", .rate = rates[i], .busy = 9}, 0.68);
		test_alone(
		    (struct world){.name = "jitter", .rate = rates[i], .jitter = pause / 2}, 0.995);
		for (int k = 0; k < 3; k++) {
			struct world w = {.name = "shared", .rate = rates[i], .share = shares[k]};

			test_shared(w);
			w.name = "shared, jitter";
			w.jitter = pause / 2;
			w.late = pause / 20;
			test_shared(w);
		}
		test_nothing_left((struct world){.name = "quick", .rate = rates[i]});
		test_nothing_left((struct world){
		    .name = "jitter", .rate = rates[i], .jitter = pause / 2, .late = pause / 20});
	}
	return done_testing();
}

/* lookup.c: see lookup.h. Each region is a stream of its own; they share nothing while they run.
 * The threads of one region, its fetchers, share its sweep and its pace under its lock, and hold
 * the lock but while they wait for an answer. */
#include "lookup.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "answer.h"
#include "json.h"
#include "pace.h"
#include "page.h"
#include "sweep.h"
#include "when.h"

#define MARGIN_S 10 /* of the oldest events, which leave the history while we ask: at first */
#define QUICK 0.5   /* turns that an answer may take to be a quick one */
#define GUESS 1     /* pages still to come, for each that came: how long they take is guessed, */
#define NO_IDEA 100 /* or cannot be told at all */
#define TARGET "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"

struct region;

/* A connection, and what is needed to use it: a fetcher's while it asks. */
struct client {
	struct region *region;
	struct aws *aws; /* NULL: not used so far */
	bool busy;
	bool may_send; /* the next request's turn has been waited for already */
	struct answer answer;
	struct buf body;
};

/* What came of the second in which a chain stands: it may have to start over there. */
struct second {
	int64_t time; /* s */
	struct ids ids;
};

struct region {
	const struct lookup_region *config;
	pthread_mutex_t lock; /* of all that follows, but the clients in use */
	pthread_cond_t changed;
	struct sweep *sweep;
	struct pace pace;
	struct client clients[LOOKUP_MAX_FETCHERS];
	size_t fetchers;
	size_t waiting; /* of them, for something to do */
	enum source_gate gate;
	bool stopped;
	bool ended;
	uint64_t pages;     /* given out: the next one's number */
	struct second seconds[SWEEP_MAX_CHAINS];
	struct ids tried;   /* of the events seen while ways were tried */
	struct ids young;   /* of those seen lately */
	struct ids old;     /* and of those before them */
	size_t most_seen;   /* in each of both */
	unsigned bad;       /* answers in a row that made no sense */
	int64_t throttled;  /* us: since when all requests are; 0: they are not */
	bool told;          /* of it */
	int64_t skew;  /* s: the service's clock is ahead of ours */
	bool answered; /* it has, at least once: the key is known here */
	bool refused;  /* the key is not known here */
	const struct plan *plan;
	int64_t from;     /* s: StartTime of its requests */
	int64_t margin;   /* s: how much StartTime is newer than the oldest event, when it moves */
	int64_t reached;  /* us: what is newer came before the sweep began */
	bool begins_anew; /* with another plan: the one it had is refused */
	bool failed;
	struct err failure;
};

struct lookup {
	struct source source;
	struct lookup_config config;
	struct region *regions;
};

static struct plan_lookup everything = {PLAN_EVERYTHING, NULL};
static const struct plan full_scan = {.ways = {{&everything, 1}}, .n = 1};

static void
must(int error)
{
	if (error != 0)
		abort();
}

static int64_t
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Wait for something to change, or until a time (us of now_us). The region is locked. */
static void
wait_until(struct region *r, int64_t until)
{
	struct timespec t = {
	    .tv_sec = (time_t)(until / 1000000), .tv_nsec = (long)(until % 1000000) * 1000L};
	int error = until == INT64_MAX ? pthread_cond_wait(&r->changed, &r->lock) :
					 pthread_cond_timedwait(&r->changed, &r->lock, &t);

	must(error == ETIMEDOUT ? 0 : error);
}

/* Is the event new in the second in which the chain stands? Remember it until that is over. */
static bool
is_new_in_second(struct second *s, const struct answer_event *e)
{
	struct id id = id_of(e->id);

	if (s->time != e->time / WHEN_SECOND_US) {
		ids_free(&s->ids);
		s->time = e->time / WHEN_SECOND_US;
	}
	return s->ids.n < LOOKUP_MAX_SECOND ? ids_add(&s->ids, id) : !ids_has(&s->ids, id);
}

/* Was the event not seen yet? Remember it. The two generations of ids bound what is remembered.
 * What came by a way that was tried is not forgotten: the one that is walked may bring it last. */
static bool
is_new(struct region *r, size_t chain, const struct answer_event *e)
{
	struct id i = id_of(e->id);

	if (e->has_time && !is_new_in_second(&r->seconds[chain], e))
		return false;
	if (ids_has(&r->tried, i) || ids_has(&r->old, i) ||
	    (r->config->printed != NULL && ids_has(r->config->printed, i)))
		return false;
	if (sweep_is_trying(r->sweep))
		return ids_add(&r->tried, i);
	if (r->young.n == r->most_seen && !ids_has(&r->young, i)) {
		ids_free(&r->old);
		r->old = r->young;
		r->young = (struct ids){0};
	}
	return ids_add(&r->young, i);
}

/* --- requests --- */

/* aws_config.before: the first request of a call has had its turn; another attempt waits for one.
 */
static void
before_attempt(void *context)
{
	struct client *c = context;
	struct region *r = c->region;
	int64_t now;

	must(pthread_mutex_lock(&r->lock));
	if (!c->may_send) {
		while (!r->stopped && (now = now_us()) < pace_next(&r->pace))
			wait_until(r, pace_next(&r->pace));
		pace_take(&r->pace, now_us());
	}
	c->may_send = false;
	must(pthread_mutex_unlock(&r->lock));
}

/* aws_config.throttled */
static void
after_throttling(void *context)
{
	struct client *c = context;

	must(pthread_mutex_lock(&c->region->lock));
	pace_throttled(&c->region->pace, now_us());
	must(pthread_mutex_unlock(&c->region->lock));
}

/* A client for the calling fetcher. A new one connects before it waits for its turn, so that a
 * request is on its way when it is said to be. */
static struct client *
take_client(struct region *r)
{
	struct aws_config aws = r->config->aws;
	struct client *c = r->clients;

	while (c->busy)
		c++;
	c->busy = true;
	if (c->aws != NULL)
		return c;
	c->region = r;
	aws.before = before_attempt;
	aws.throttled = after_throttling;
	aws.context = c;
	aws.skew = r->skew;
	c->aws = aws_new(&aws);
	answer_init(&c->answer);
	r->waiting++;
	must(pthread_mutex_unlock(&r->lock));
	aws_connect(c->aws);
	must(pthread_mutex_lock(&r->lock));
	r->waiting--;
	return c;
}

/* Free the clients that are not in use. */
static void
free_clients(struct region *r)
{
	for (size_t i = 0; i < LOOKUP_MAX_FETCHERS; i++) {
		struct client *c = &r->clients[i];

		if (c->busy || c->aws == NULL)
			continue;
		aws_free(c->aws);
		buf_free(&c->body);
		answer_free(&c->answer);
		*c = (struct client){0};
	}
}

static void
write_body(struct client *c, const struct sweep_request *request)
{
	struct buf *b = &c->body;

	b->n = 0;
	buf_printf(b, "{\"StartTime\":%" PRId64 ",\"EndTime\":%" PRId64 ",\"MaxResults\":%d",
	    request->from, request->to, SWEEP_PAGE);
	if (request->lookup->key != PLAN_EVERYTHING) {
		buf_printf(b, ",\"LookupAttributes\":[{\"AttributeKey\":\"%s\",\"AttributeValue\":",
		    plan_key_name(request->lookup->key));
		json_print_string(b, str_of(request->lookup->value));
		buf_str(b, STR("}]"));
	}
	if (request->token.n > 0) {
		buf_str(b, STR(",\"NextToken\":"));
		json_print_string(b, request->token);
	}
	buf_char(b, '}');
}

/* --- answers --- */

/* Is the event one of those that the lookup finds? The service's own data says so. */
static bool
finds(const struct plan_lookup *lookup, const struct answer_event *e)
{
	const struct str *value = lookup->key == PLAN_EVENT_ID ? &e->id :
	    lookup->key == PLAN_ACCESS_KEY_ID                  ? &e->access_key :
	    lookup->key == PLAN_EVENT_NAME                     ? &e->name :
	    lookup->key == PLAN_EVENT_SOURCE                   ? &e->source :
								 &e->read_only;

	return lookup->key == PLAN_EVERYTHING || str_eq(*value, str_of(lookup->value));
}

/* Does the event come by one of the lookups before the chain's, too? */
static bool
comes_otherwise(const struct region *r, size_t chain, const struct answer_event *e)
{
	size_t n;
	const struct plan_lookup *before = sweep_before(r->sweep, chain, &n);

	for (size_t i = 0; i < n; i++)
		if (finds(&before[i], e))
			return true;
	return false;
}

/* Hand out the events of the chain's page that no other page brings. */
static void
take_events(
    struct region *r, struct client *c, const struct sweep_request *request, struct page *page)
{
	int64_t oldest = INT64_MAX;
	size_t wanted = 0;

	for (size_t i = 0; i < c->answer.n; i++) {
		const struct answer_event *e = &c->answer.events[i];
		char shown[64];

		if (e->has_time && e->time < oldest)
			oldest = e->time;
		if (e->has_time && !sweep_wants(r->sweep, request->chain, e->time))
			continue;
		wanted++;
		if (comes_otherwise(r, request->chain, e) ||
		    (e->id.n > 0 && !is_new(r, request->chain, e)))
			continue;
		if (e->has_record)
			page_add_event(page, e->span);
		else
			page_problem(page, NULL, UINT64_MAX,
			    "the service gave event %s without its record",
			    e->id.n > 0 ? str_escape(shown, sizeof(shown), e->id) : "(without id)");
	}
	sweep_answer(r->sweep, request->chain, now_us() / 1000, c->answer.n, oldest,
	    c->answer.token, wanted);
}

static void
fail(struct region *r, size_t chain, const char *why)
{
	if (!r->failed)
		(void)err_set(&r->failure, 0, "%s", why);
	r->failed = true;
	sweep_fail(r->sweep, chain);
}

/* An answer came; wrong says that it makes no sense, or is NULL. */
static void
take_answer(struct region *r, struct client *c, const struct sweep_request *request,
    const char *wrong, struct page *page)
{
	r->throttled = 0;
	r->told = false;
	pace_answered(&r->pace);
	if (wrong != NULL) {
		if (r->bad++ < LOOKUP_MAX_BAD)
			sweep_again(r->sweep, request->chain);
		else
			fail(r, request->chain, wrong);
		return;
	}
	r->bad = 0;
	r->answered = true;
	page->counts.pages++;
	take_events(r, c, request, page);
	if (c->answer.token.n > 0 && str_eq(c->answer.token, request->token))
		fail(r, request->chain, "the service gave the same page token again");
}

/* What the service still has, by its own clock. */
static int64_t
oldest_now(const struct region *r)
{
	return (int64_t)time(NULL) + r->skew - LOOKUP_HISTORY_DAYS * 86400;
}

/* May the request be refused as the beginning of its window has left the history since? */
static bool
is_too_old(const struct region *r, const struct sweep_request *request)
{
	return request->from < r->from || r->from < oldest_now(r) + MARGIN_S;
}

/* Begin a little later than the history does: twice as much each time, as every time costs the
 * requests on their way. */
static void
move_beginning(struct region *r, const struct sweep_request *request)
{
	if (request->from == r->from) {
		r->from = oldest_now(r) + r->margin;
		r->margin *= 2;
	}
	sweep_narrow(r->sweep, request->chain, r->from);
}

/* Others use the quota. Is it worth waiting for? By time, as with more requests on their way more
 * are throttled in it. */
static bool
may_wait(struct region *r, struct page *page)
{
	int64_t now = now_us();
	double seconds, turns;

	if (r->throttled == 0)
		r->throttled = now;
	seconds = (double)(now - r->throttled) / 1e6;
	turns = seconds * r->pace.legal;
	if (turns >= LOOKUP_WORD && !r->told) {
		r->told = true;
		page_warning(page, NULL,
		    "others use all of the quota: for %.0f s every request was throttled; asking "
		    "on for up to %.0f s",
		    seconds, LOOKUP_PATIENCE / r->pace.legal);
	}
	return turns < LOOKUP_PATIENCE;
}

/* A call failed. */
static void
take_error(struct region *r, const struct sweep_request *request, const struct aws_error *error,
    const struct err *err, struct page *page)
{
	/* All tokens may lapse at once, as where a machine slept. Of a second of which not all is
	 * remembered events would come twice. */
	if (strcmp(error->code, "InvalidNextTokenException") == 0 && request->token.n > 0 &&
	    r->seconds[request->chain].ids.n < LOOKUP_MAX_SECOND &&
	    sweep_restart(r->sweep, request->chain))
		return;
	if (error->kind == AWS_THROTTLED && may_wait(r, page)) {
		sweep_again(r->sweep, request->chain);
	} else if (strcmp(error->code, "InvalidLookupAttributesException") == 0 &&
	    request->lookup->key != PLAN_EVERYTHING) {
		r->plan = &full_scan;
		r->begins_anew = true;
		sweep_fail(r->sweep, request->chain);
	} else if (strcmp(error->code, "InvalidTimeRangeException") == 0 &&
	    is_too_old(r, request)) {
		move_beginning(r, request);
	} else if (error->kind == AWS_UNKNOWN_KEY && !r->answered) {
		r->refused = true;
		r->failure = *err;
		sweep_fail(r->sweep, request->chain);
	} else {
		fail(r, request->chain, err->msg);
	}
}

/* --- the stream --- */

static struct sweep *
sweep_of(const struct lookup *l, const struct region *r)
{
	return sweep_new(&(struct sweep_config){.plan = r->plan,
	    .from = r->from,
	    .to = l->config.to,
	    .reached = r->reached,
	    .interval = (int64_t)(1000 / l->config.rate),
	    .ahead = LOOKUP_AHEAD_PAGES / (double)l->config.n});
}

/* Name what could not be searched, when no more answers will come. */
static void
report_failure(struct region *r, struct page *page)
{
	char after[WHEN_PRINT_SIZE], to[WHEN_PRINT_SIZE];
	int64_t from, until;

	for (size_t i = 0; sweep_left(r->sweep, i, &from, &until); i++)
		page_problem(page, NULL, UINT64_MAX, "events from %s to %s were not searched: %s",
		    when_print(after, from), when_print(to, until - until % WHEN_SECOND_US),
		    r->failure.msg);
}

/* Say with the page how far the region has come. False when there is nothing to say: the page
 * is empty. */
static bool
close_page(struct lookup *l, struct region *r, struct page *page)
{
	int64_t reached = sweep_reached(r->sweep);
	char from[WHEN_PRINT_SIZE];

	if (sweep_is_done(r->sweep) && r->begins_anew && reached != INT64_MIN && !r->failed &&
	    !r->refused) {
		r->reached = reached - reached % WHEN_SECOND_US + WHEN_SECOND_US - 1;
		sweep_free(r->sweep);
		r->sweep = sweep_of(l, r);
		r->begins_anew = false;
	} else if (sweep_is_done(r->sweep)) {
		r->ended = page->ended = true;
		/* An answer may have shown that what failed was not needed: nothing is older. */
		page->failed = (r->failed || r->refused) && reached != INT64_MIN;
		if (r->failed)
			report_failure(r, page);
		if (r->from > l->config.from)
			page_warning(page, NULL,
			    "what happened before %s left the history meanwhile: not all of it was "
			    "searched",
			    when_print(from, r->from * WHEN_SECOND_US));
	}
	if (!page->ended && page->counts.pages == 0 && page->n_problems == 0)
		return false;
	/* Events of the same second have no order. */
	page->reached = reached == INT64_MIN ? reached : reached - reached % WHEN_SECOND_US;
	page->seq = r->pages++;
	return true;
}

/* Wait for a request that may be sent, now. False when there will be none. */
static bool
wait_for_request(struct region *r, struct sweep_request *request)
{
	int64_t until, now;

	r->waiting++;
	while (!r->stopped && !r->ended) {
		now = now_us();
		until = INT64_MAX;
		if (r->gate != SOURCE_SHUT && now < pace_next(&r->pace)) {
			until = pace_next(&r->pace);
		} else if (r->gate != SOURCE_SHUT &&
		    sweep_next(r->sweep, now / 1000, r->gate == SOURCE_FRONT, request, &until) ==
			SWEEP_ASK) {
			pace_take(&r->pace, now);
			r->waiting--;
			return true;
		} else if (until != INT64_MAX) {
			until = now + until * 1000;
		}
		wait_until(r, until);
	}
	r->waiting--;
	return false;
}

/* Should another thread wait for the next turn while this one waits for its answer? Not where the
 * answers come well before the turns. */
static bool
wants_fetcher(const struct lookup *l, struct region *r)
{
	double latency = sweep_latency(r->sweep);

	if (latency >= 0 && latency < QUICK * 1000 / l->config.rate)
		return false;
	if (r->waiting > 0 || r->fetchers == LOOKUP_MAX_FETCHERS || r->gate != SOURCE_FREE ||
	    !sweep_has_more(r->sweep))
		return false;
	r->fetchers++;
	return true;
}

/* Ask, and take what comes. The region is locked before and after. */
static void
ask(struct lookup *l, struct region *r, struct client *c, struct sweep_request *request,
    struct page *page)
{
	bool more = wants_fetcher(l, r), refused = false, answered;
	struct buf token = {0};
	struct aws_error error;
	const char *wrong = NULL;
	struct str answer;
	struct err err;

	buf_str(&token, request->token);
	request->token = buf_slice(&token);
	c->may_send = true;
	must(pthread_mutex_unlock(&r->lock));
	if (more)
		refused = !l->source.more(l->source.context, (size_t)(r - l->regions));
	write_body(c, request);
	answered = aws_call(c->aws, TARGET, "LookupEvents", buf_slice(&c->body), &answer, &error,
		       &err) == 0;
	if (answered) {
		aws_take_answer(c->aws, &page->bytes);
		page->counts.bytes += answer.n;
		wrong = answer_read(&c->answer, buf_slice(&page->bytes));
	}
	must(pthread_mutex_lock(&r->lock));
	r->fetchers -= refused;
	r->skew = aws_skew(c->aws);
	if (answered)
		take_answer(r, c, request, wrong, page);
	else
		take_error(r, request, &error, &err, page);
	/* There are many clients, and each waits most of the time. */
	answer_free(&c->answer);
	answer_init(&c->answer);
	buf_free(&token);
	must(pthread_cond_broadcast(&r->changed));
}

static bool
lookup_next(struct source *source, size_t stream, struct page *page)
{
	struct lookup *l = (struct lookup *)source;
	struct region *r = &l->regions[stream];
	struct sweep_request request;
	struct client *client;
	bool given = false;

	page->stream = stream;
	buf_str(&page->name, str_of("region "));
	buf_str(&page->name, str_of(r->config->name));
	must(pthread_mutex_lock(&r->lock));
	if (r->config->done && !r->ended) {
		r->ended = page->ended = given = true;
		page->reached = INT64_MIN;
	}
	if (!r->ended) {
		client = take_client(r);
		while (!given && wait_for_request(r, &request)) {
			ask(l, r, client, &request, page);
			given = close_page(l, r, page);
		}
		client->busy = false;
	}
	if (r->ended) {
		free_clients(r); /* for other regions to use their memory */
		must(pthread_cond_broadcast(&r->changed));
	}
	must(pthread_mutex_unlock(&r->lock));
	return given;
}

static void
lookup_gate(struct source *source, size_t stream, enum source_gate gate)
{
	struct region *r = &((struct lookup *)source)->regions[stream];

	must(pthread_mutex_lock(&r->lock));
	if (r->gate != gate) {
		r->gate = gate;
		must(pthread_cond_broadcast(&r->changed));
	}
	must(pthread_mutex_unlock(&r->lock));
}

static void
lookup_stop(struct source *source)
{
	struct lookup *l = (struct lookup *)source;

	for (size_t i = 0; i < l->config.n; i++) {
		struct region *r = &l->regions[i];

		must(pthread_mutex_lock(&r->lock));
		r->stopped = true;
		must(pthread_cond_broadcast(&r->changed));
		must(pthread_mutex_unlock(&r->lock));
	}
}

/* Add to the state what is still to be asked of the region. False where that cannot be told: how
 * dense the events are is known where pages came from, and only taken to be so elsewhere. */
static bool
add_rest(const struct region *r, struct source_state *state)
{
	double pages = sweep_pages_left(r->sweep), came = (double)r->pages;
	double seconds = pages / r->pace.rate + sweep_latency(r->sweep) / 1000;

	state->legal += r->pace.legal;
	if (pages < 0 || pages > NO_IDEA * came)
		return false;
	state->guessed |= pages > GUESS * came;
	if (seconds > state->seconds)
		state->seconds = seconds;
	return true;
}

static void
lookup_state(struct source *source, struct source_state *state)
{
	struct lookup *l = (struct lookup *)source;
	bool known = true;

	*state = (struct source_state){0};
	for (size_t i = 0; i < l->config.n; i++) {
		struct region *r = &l->regions[i];

		must(pthread_mutex_lock(&r->lock));
		if (r->ended)
			state->streams_done++;
		else
			known &= add_rest(r, state);
		must(pthread_mutex_unlock(&r->lock));
	}
	if (!known)
		state->seconds = -1;
}

/* A key that no region knows is wrong; one that some know is not at home in the others. */
static void
lookup_finish(struct source *source, struct page *page)
{
	struct lookup *l = (struct lookup *)source;
	size_t refused = 0;

	for (size_t i = 0; i < l->config.n; i++)
		refused += l->regions[i].refused;
	for (size_t i = 0; i < l->config.n; i++) {
		struct region *r = &l->regions[i];
		char name[96];

		if (i == 0 && l->config.until_now && r->skew > LOOKUP_MAX_CLOCK_S)
			page_warning(page, "clock",
			    "this machine's is %" PRId64 " seconds behind the "
			    "service's: what happened since was not searched; set it, or use --to",
			    r->skew);
		(void)snprintf(name, sizeof(name), "region %s", r->config->name);
		if (!r->refused)
			continue;
		if (refused == l->config.n || !l->config.all)
			page_problem(page, name, UINT64_MAX, "%s: %s",
			    refused == l->config.n ?
				"not searched" :
				"not searched, maybe it is not enabled for the account",
			    r->failure.msg);
		else
			page_warning(page, name, "not enabled for the account, passed over");
	}
}

static void
lookup_close(struct source *source)
{
	struct lookup *l = (struct lookup *)source;

	for (size_t i = 0; i < l->config.n; i++) {
		struct region *r = &l->regions[i];

		free_clients(r);
		sweep_free(r->sweep);
		for (size_t k = 0; k < SWEEP_MAX_CHAINS; k++)
			ids_free(&r->seconds[k].ids);
		ids_free(&r->tried);
		ids_free(&r->young);
		ids_free(&r->old);
		must(pthread_mutex_destroy(&r->lock));
		must(pthread_cond_destroy(&r->changed));
	}
	free(l->regions);
	free(l);
}

/* How many event ids a region remembers. */
static size_t
most_seen(const struct lookup *l)
{
	size_t n = LOOKUP_SEEN / l->config.n;

	if (n < LOOKUP_LEAST_SEEN)
		return LOOKUP_LEAST_SEEN;
	return n > LOOKUP_MOST_SEEN ? LOOKUP_MOST_SEEN : n;
}

static void
init_region(const struct lookup *l, struct region *r, const struct lookup_region *config)
{
	pthread_condattr_t attr;

	*r = (struct region){.config = config,
	    .fetchers = 1,
	    .most_seen = most_seen(l),
	    .plan = config->plan,
	    .from = l->config.from,
	    .margin = MARGIN_S,
	    .reached = config->to * WHEN_SECOND_US + WHEN_SECOND_US - 1};
	must(pthread_mutex_init(&r->lock, NULL));
	must(pthread_condattr_init(&attr));
	must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
	must(pthread_cond_init(&r->changed, &attr));
	must(pthread_condattr_destroy(&attr));
	pace_init(&r->pace, l->config.rate);
	r->sweep = sweep_of(l, r);
}

struct source *
lookup_open(const struct lookup_config *config)
{
	struct lookup *l = xmalloc(sizeof(*l));

	*l = (struct lookup){.source = {.streams = config->n,
				 .next = lookup_next,
				 .finish = lookup_finish,
				 .close = lookup_close,
				 .gate = lookup_gate,
				 .stop = lookup_stop,
				 .state = lookup_state},
	    .config = *config};
	l->regions = xrealloc(NULL, config->n, sizeof(*l->regions));
	for (size_t i = 0; i < config->n; i++)
		init_region(l, &l->regions[i], &config->regions[i]);
	return &l->source;
}

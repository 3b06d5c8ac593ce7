/* lookup.c: see lookup.h. Each region is a stream of its own, called by a thread of its own; they
 * share nothing while they run. */
#include "lookup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "answer.h"
#include "json.h"
#include "page.h"
#include "when.h"

#define TARGET "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"
#define MAX_WAIT_MS 30000 /* of the pauses that throttling makes longer */

/* An event's id as 128 bits. */
struct key {
	uint64_t high;
	uint64_t low;
};

/* The ids seen lately, in two generations of a hash table: when the younger is full, the older is
 * dropped. */
struct seen {
	struct key *young;
	struct key *old;
	size_t n; /* in young */
};

struct region {
	const struct lookup_region *config;
	struct aws *aws;
	struct buf token; /* empty: the first page */
	int64_t to;       /* moves back when the region starts over */
	int64_t reached;  /* time of the oldest event seen, s */
	struct seen seen;
	int64_t not_before; /* the next request is not to be sent; ms of CLOCK_MONOTONIC */
	unsigned bad;       /* answers in a row that made no sense */
	unsigned throttled;
	unsigned restarts;
	bool answered; /* it has, at least once: the key is known here */
	bool ended;
	bool refused; /* the key is not known here */
	struct err refusal;
	struct answer answer;
	struct buf body;
};

struct lookup {
	struct source source;
	struct lookup_config config;
	struct region *regions;
};

/* --- ids --- */

enum { SEEN_SLOTS = LOOKUP_MAX_SEEN * 2 };

static struct key
key_of(struct str id)
{
	struct key k = {UINT64_C(0xcbf29ce484222325), UINT64_C(0x84222325cbf29ce4)};
	uint64_t hex[2] = {0, 0};
	size_t digits = 0;

	/* A UUID is its own 128 bits; of anything else two FNV-1a hashes will do. */
	for (size_t i = 0; i < id.n; i++) {
		unsigned char c = (unsigned char)id.p[i], low = c | 0x20;
		bool digit = (c >= '0' && c <= '9') || (low >= 'a' && low <= 'f');

		if (digit && digits < 32) {
			uint64_t *half = &hex[digits++ / 16];

			*half = *half << 4 | (uint64_t)(c <= '9' ? c - '0' : low - 'a' + 10);
		}
		k.high = (k.high ^ c) * UINT64_C(0x100000001b3);
		k.low = (k.low ^ (uint64_t)(c + 1)) * UINT64_C(0x100000001b3);
	}
	if (digits == 32 && id.n == 36)
		k = (struct key){hex[0], hex[1]};
	if (k.high == 0 && k.low == 0) /* an empty slot */
		k.low = 1;
	return k;
}

static struct key *
slot_of(struct key *table, struct key k)
{
	size_t i = (size_t)(k.low ^ k.high) % SEEN_SLOTS;

	while ((table[i].low != 0 || table[i].high != 0) &&
	    (table[i].low != k.low || table[i].high != k.high))
		i = (i + 1) % SEEN_SLOTS;
	return &table[i];
}

/* Remember the id; was it known? */
static bool
was_seen(struct seen *seen, struct str id)
{
	struct key k = key_of(id), *slot;

	if (seen->young == NULL)
		seen->young = xcalloc(SEEN_SLOTS, sizeof(struct key));
	slot = slot_of(seen->young, k);
	if (slot->low == k.low && slot->high == k.high)
		return true;
	if (seen->old != NULL) {
		struct key *o = slot_of(seen->old, k);

		if (o->low == k.low && o->high == k.high)
			return true;
	}
	if (seen->n == LOOKUP_MAX_SEEN) {
		free(seen->old);
		seen->old = seen->young;
		seen->young = xcalloc(SEEN_SLOTS, sizeof(struct key));
		seen->n = 0;
		slot = slot_of(seen->young, k);
	}
	*slot = k;
	seen->n++;
	return false;
}

/* --- requests --- */

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wait until the region may send its next request: LOOKUP_INTERVAL_MS after the one before was on
 * its way, which a slow connection may have made later than it was begun. */
static void
pace(void *context)
{
	struct region *r = context;
	int64_t sent = aws_sent(r->aws), next = sent > 0 ? sent + LOOKUP_INTERVAL_MS : 0;
	int64_t wait = (next > r->not_before ? next : r->not_before) - now_ms();
	struct timespec t = {
	    .tv_sec = (time_t)(wait / 1000), .tv_nsec = (long)(wait % 1000) * 1000000L};

	while (wait > 0 && nanosleep(&t, &t) != 0 && errno == EINTR)
		continue;
}

static void
write_body(const struct lookup *l, struct region *r)
{
	r->body.n = 0;
	buf_printf(&r->body, "{\"StartTime\":%" PRId64 ",\"EndTime\":%" PRId64 ",\"MaxResults\":50",
	    l->config.from, r->to);
	if (r->token.n > 0) {
		buf_str(&r->body, STR(",\"NextToken\":"));
		json_print_string(&r->body, buf_slice(&r->token));
	}
	buf_char(&r->body, '}');
}

/* The region can go no further. */
static void
give_up(const struct lookup *l, struct region *r, struct page *page, const char *why)
{
	char from[WHEN_PRINT_SIZE], to[WHEN_PRINT_SIZE];

	r->ended = true;
	page_problem(page, NULL, UINT64_MAX, "events from %s to %s were not searched: %s",
	    when_print(from, l->config.from * WHEN_SECOND_US),
	    when_print(to, r->reached * WHEN_SECOND_US), why);
}

/* A call failed. True when it is worth another one. */
static bool
call_again(const struct lookup *l, struct region *r, struct page *page,
    const struct aws_error *error, const struct err *err)
{
	if (error->kind == AWS_THROTTLED && r->throttled < LOOKUP_MAX_THROTTLED) {
		/* Somebody else uses the quota, too: leave them some time. */
		int64_t wait = (int64_t)LOOKUP_INTERVAL_MS << (r->throttled < 6 ? r->throttled : 6);

		r->throttled++;
		r->not_before = now_ms() + (wait < MAX_WAIT_MS ? wait : MAX_WAIT_MS);
		return true;
	}
	if (strcmp(error->code, "InvalidNextTokenException") == 0 && r->token.n > 0 &&
	    r->restarts < LOOKUP_MAX_RESTARTS) {
		r->restarts++;
		r->to = r->reached;
		r->token.n = 0;
		return true;
	}
	if (error->kind == AWS_UNKNOWN_KEY && !r->answered) {
		r->refused = r->ended = true;
		r->refusal = *err;
		return false;
	}
	give_up(l, r, page, err->msg);
	return false;
}

/* --- answers --- */

/* Hand out the events of the answer that were not seen yet. */
static void
take_events(struct region *r, struct page *page)
{
	for (size_t i = 0; i < r->answer.n; i++) {
		const struct answer_event *e = &r->answer.events[i];
		char shown[64];

		if (e->has_time && e->seconds < r->reached)
			r->reached = e->seconds;
		if (!e->has_record)
			page_problem(page, NULL, UINT64_MAX,
			    "the service gave event %s without its record",
			    e->id.n > 0 ? str_escape(shown, sizeof(shown), e->id) : "(without id)");
		else if (e->id.n == 0 || !was_seen(&r->seen, e->id))
			page_add_event(page, e->span);
	}
}

/* An answer came. True when it is worth another call. */
static bool
take_answer(const struct lookup *l, struct region *r, struct str text, struct page *page)
{
	const char *wrong;
	struct str token;

	page->bytes.n = 0;
	buf_str(&page->bytes, text);
	page->counts.bytes += text.n;
	r->throttled = 0;
	wrong = answer_read(&r->answer, buf_slice(&page->bytes));
	if (wrong != NULL) {
		if (r->bad++ < LOOKUP_MAX_BAD)
			return true;
		give_up(l, r, page, wrong);
		return false;
	}
	r->bad = 0;
	r->answered = true;
	page->counts.pages++;
	take_events(r, page);
	token = r->answer.token;
	if (token.n == 0) {
		r->ended = true;
	} else if (str_eq(token, buf_slice(&r->token))) {
		give_up(l, r, page, "the service gave the same page token again");
	} else {
		r->token.n = 0;
		buf_str(&r->token, token);
	}
	return false;
}

static bool
lookup_next(struct source *source, size_t stream, struct page *page)
{
	struct lookup *l = (struct lookup *)source;
	struct region *r = &l->regions[stream];
	struct aws_error error;
	struct str answer;
	struct err err;
	bool again;

	if (r->ended)
		return false;
	page->stream = stream;
	buf_str(&page->name, str_of("region "));
	buf_str(&page->name, str_of(r->config->name));
	do {
		write_body(l, r);
		again = aws_call(r->aws, TARGET, "LookupEvents", buf_slice(&r->body), &answer,
			    &error, &err) == 0 ?
		    take_answer(l, r, answer, page) :
		    call_again(l, r, page, &error, &err);
	} while (again);
	/* The fraction that EventTime may have had. */
	page->reached = r->reached * WHEN_SECOND_US + WHEN_SECOND_US - 1;
	page->ended = r->ended;
	return true;
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
		int64_t skew = aws_skew(r->aws);
		char name[96];

		if (i == 0 && l->config.until_now && skew > LOOKUP_MAX_CLOCK_S)
			page_warning(page, "clock",
			    "this machine's is %" PRId64 " seconds behind the "
			    "service's: what happened since was not searched; set it, or use --to",
			    skew);
		(void)snprintf(name, sizeof(name), "region %s", r->config->name);
		if (!r->refused)
			continue;
		if (refused == l->config.n || !l->config.all)
			page_problem(page, name, UINT64_MAX, "%s: %s",
			    refused == l->config.n ?
				"not searched" :
				"not searched, maybe it is not enabled for the account",
			    r->refusal.msg);
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

		aws_free(r->aws);
		buf_free(&r->token);
		buf_free(&r->body);
		answer_free(&r->answer);
		free(r->seen.young);
		free(r->seen.old);
	}
	free(l->regions);
	free(l);
}

struct source *
lookup_open(const struct lookup_config *config)
{
	struct lookup *l = xmalloc(sizeof(*l));
	struct aws_config aws;

	*l = (struct lookup){.source = {.streams = config->n,
				 .next = lookup_next,
				 .finish = lookup_finish,
				 .close = lookup_close},
	    .config = *config};
	l->regions = xrealloc(NULL, config->n, sizeof(*l->regions));
	for (size_t i = 0; i < config->n; i++) {
		l->regions[i] = (struct region){
		    .config = &config->regions[i], .to = config->to, .reached = config->to};
		aws = config->regions[i].aws;
		aws.before = pace;
		aws.context = &l->regions[i];
		l->regions[i].aws = aws_new(&aws);
		answer_init(&l->regions[i].answer);
	}
	return &l->source;
}

/* Tests of merge.c: whatever the streams and their pages, the lines come out newest first, each
 * once, and none before it is certain that no stream brings a newer one. */
#include "../merge.h"

#include <stdlib.h>

#include "../page.h"
#include "tap.h"

enum { MAX_STREAMS = 6, MAX_LINES = 200, ROUNDS = 1000 };

static uint64_t state = 88172645463325252u;

static uint64_t
rnd(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

struct item {
	int64_t time;  /* as the page gives it; INT64_MIN: none */
	int64_t place; /* the time that it is sorted by */
	size_t stream;
	size_t nth;
};

struct play {
	struct merge *m;
	size_t n;
	struct item items[MAX_STREAMS][MAX_LINES];
	size_t len[MAX_STREAMS];
	size_t given[MAX_STREAMS]; /* lines added */
	size_t got[MAX_STREAMS];   /* lines that came out */
	int64_t reached[MAX_STREAMS];
	bool ended[MAX_STREAMS];
	int64_t last; /* place of the last line that came out */
	size_t bytes[MAX_STREAMS];
	size_t unsorted, strange, early, late, held, wants, reached_bad;
};

/* Some lines without a time, some slightly out of order. */
static void
make_stream(struct play *p, size_t s, bool odd)
{
	int64_t t = (int64_t)rnd(1000) + 1000;

	p->len[s] = rnd(8) == 0 ? 0 : rnd(MAX_LINES);
	for (size_t i = 0; i < p->len[s]; i++) {
		struct item *it = &p->items[s][i];

		t -= (int64_t)rnd(rnd(3) == 0 ? 100 : 2);
		*it = (struct item){t, t, s, i};
		if (odd && rnd(10) == 0)
			it->time = INT64_MIN;
		else if (odd && rnd(10) == 0)
			it->time = t + (int64_t)rnd(300);
	}
}

static size_t
print_item(char out[64], const struct item *it)
{
	return (size_t)snprintf(out, 64, "{\"s\":%zu,\"n\":%zu,\"pad\":\"%.*s\"}", it->stream,
	    it->nth, (int)(it->nth % 20), "xxxxxxxxxxxxxxxxxxxx");
}

/* Add a page of the stream with so many of its lines. */
static void
add(struct play *p, size_t s, size_t lines, bool ends, int64_t reached)
{
	struct page *page = page_new();

	page_reset(page);
	page->stream = s;
	page->ended = ends;
	for (size_t i = 0; i < lines; i++) {
		struct item *it = &p->items[s][p->given[s]++];
		char text[64];
		size_t n = print_item(text, it);

		page_add_line(page, (struct str){text, n}, it->time);
		it->place = it->time == INT64_MIN || it->time > p->reached[s] ? p->reached[s] :
										it->time;
		p->reached[s] = it->place;
		p->bytes[s] += n + 1;
	}
	page->reached = reached;
	if (reached < p->reached[s])
		p->reached[s] = reached;
	p->ended[s] = ends;
	merge_add(p->m, page);
	/* What it was given is not its any more. */
	if (page->out.n > 0)
		memset(page->out.p, 'X', page->out.n);
	page_free(page);
}

/* The newest that a stream other than s may still bring, or holds. */
static int64_t
newest_elsewhere(const struct play *p, size_t s)
{
	int64_t best = INT64_MIN;

	for (size_t i = 0; i < p->n; i++) {
		int64_t t = p->got[i] < p->given[i] ? p->items[i][p->got[i]].place :
		    p->ended[i]                     ? INT64_MIN :
						      p->reached[i];

		if (i != s && t > best)
			best = t;
	}
	return best;
}

static void
check_state(struct play *p)
{
	int64_t most = newest_elsewhere(p, p->n);
	size_t wanted = 0;
	bool done = true;

	for (size_t i = 0; i < p->n; i++) {
		p->held += merge_held(p->m, i) != p->bytes[i];
		if (merge_wants(p->m, i)) {
			wanted++;
			/* It is the one that all wait for: nothing of it waits, and it may still
			 * bring the newest. */
			p->wants += p->got[i] < p->given[i] || p->ended[i] || p->reached[i] != most;
		}
		done = done && p->ended[i] && p->got[i] == p->given[i];
	}
	p->wants += wanted != (done ? 0 : 1);
	p->reached_bad += merge_reached(p->m) != most;
	p->reached_bad += done != (merge_reached(p->m) == INT64_MIN);
}

static void
drain(struct play *p)
{
	struct str line;

	while (merge_next(p->m, &line)) {
		char text[64];
		const struct item *it = NULL;
		size_t s, n = 0;

		for (s = 0; s < p->n; s++) { /* whose next line is it? */
			if (p->got[s] == p->given[s])
				continue;
			it = &p->items[s][p->got[s]];
			n = print_item(text, it);
			text[n] = '\n';
			if (str_eq(line, (struct str){text, n + 1}))
				break;
		}
		if (s == p->n) {
			p->strange++;
			return;
		}
		p->unsorted += it->place > p->last;
		p->early += it->place < newest_elsewhere(p, s);
		p->last = it->place;
		p->got[s]++;
		p->bytes[s] -= n + 1;
		p->held += merge_held(p->m, s) != p->bytes[s];
	}
	/* A line that no stream can bring a newer or an equally new one for is not kept. */
	for (size_t i = 0; i < p->n; i++)
		p->late += p->got[i] < p->given[i] &&
		    p->items[i][p->got[i]].place > newest_elsewhere(p, i);
}

/* The time that the source says it has come to: no later line is newer. */
static int64_t
reach(struct play *p, size_t s, size_t lines)
{
	size_t next = p->given[s] + lines;
	int64_t t = INT64_MIN;

	for (size_t i = next; i < p->len[s]; i++)
		if (p->items[s][i].time > t)
			t = p->items[s][i].time;
	if (t == INT64_MIN)
		t = next < p->len[s] ? 0 : INT64_MIN + 1 + (int64_t)rnd(900);
	return rnd(5) == 0 ? INT64_MAX : t + (int64_t)rnd(3);
}

static void
run(struct play *p, size_t n, bool odd, bool obedient)
{
	size_t left = n;

	p->n = n;
	p->last = INT64_MAX;
	p->m = merge_new(n);
	for (size_t i = 0; i < n; i++) {
		make_stream(p, i, odd);
		p->reached[i] = INT64_MAX;
	}
	check_state(p);
	while (left > 0) {
		size_t s = rnd(n), lines;
		bool ends;

		if (obedient) /* ask only the one that is waited for */
			for (s = 0; s < n && !merge_wants(p->m, s); s++)
				continue;
		if (s == n) {
			p->wants++;
			break;
		}
		if (p->ended[s])
			continue;
		lines = rnd(rnd(4) == 0 ? MAX_LINES : 7);
		lines = lines < p->len[s] - p->given[s] ? lines : p->len[s] - p->given[s];
		ends = p->given[s] + lines == p->len[s] && rnd(2) == 0;
		add(p, s, lines, ends, reach(p, s, lines));
		left -= ends;
		if (obedient || rnd(3) > 0) {
			drain(p);
			check_state(p);
		}
	}
	drain(p);
	check_state(p);
	for (size_t i = 0; i < n; i++)
		p->strange += p->got[i] != p->len[i];
	merge_free(p->m);
}

static void
test_random(bool odd, bool obedient)
{
	static struct play p, sum;
	const char *name = odd ? "odd times" : "good times";
	const char *how = obedient ? "as asked" : "any page";

	sum = (struct play){0};
	for (int i = 0; i < ROUNDS; i++) {
		p = (struct play){0};
		run(&p, 1 + (size_t)i % MAX_STREAMS, odd, obedient);
		sum.unsorted += p.unsorted;
		sum.strange += p.strange;
		sum.early += p.early;
		sum.late += p.late;
		sum.held += p.held;
		sum.wants += p.wants;
		sum.reached_bad += p.reached_bad;
	}
	is_int(sum.unsorted, 0, "%s, %s: newest first", name, how);
	is_int(sum.strange, 0, "%s, %s: all lines, each once", name, how);
	is_int(sum.early, 0, "%s, %s: none too early", name, how);
	is_int(sum.late, 0, "%s, %s: none kept when it is certain", name, how);
	is_int(sum.held, 0, "%s, %s: the bytes that wait", name, how);
	is_int(sum.wants, 0, "%s, %s: one is waited for, until all is done", name, how);
	is_int(sum.reached_bad, 0, "%s, %s: how far it has come", name, how);
}

/* --- by hand --- */

static void
add_text(struct merge *m, size_t stream, const char *text, int64_t time, int64_t reached, bool end)
{
	struct page *page = page_new();

	page_reset(page);
	page->stream = stream;
	page->reached = reached;
	page->ended = end;
	if (text != NULL)
		page_add_line(page, str_of(text), time);
	merge_add(m, page);
	page_free(page);
}

static void
is_next(struct merge *m, const char *want)
{
	struct str line = {"", 0};
	bool there = merge_next(m, &line);

	if (want == NULL)
		ok(!there, "nothing is certain");
	else
		is_mem(line.p, line.n, want, SIZE_MAX, "the next line is %.5s", want);
}

static void
test_by_hand(void)
{
	struct merge *m = merge_new(2);

	is_next(m, NULL);
	ok(merge_reached(m) == INT64_MAX, "no time is reached");
	is_int(merge_held(m, 0) + merge_held(m, 1), 0, "nothing waits");
	add_text(m, 1, "b9", 9, 9, false);
	is_next(m, NULL);
	ok(merge_wants(m, 0) && !merge_wants(m, 1), "the silent stream is waited for");
	is_int(merge_held(m, 1), 3, "a line waits");
	ok(merge_reached(m) == INT64_MAX, "still no time is reached");
	add_text(m, 0, NULL, 0, 8, false);
	is_next(m, "b9\n");
	is_int(merge_held(m, 1), 0, "it went out");
	is_next(m, NULL);
	add_text(m, 0, "a?", INT64_MIN, 8, false);
	is_next(m, NULL);
	ok(merge_wants(m, 1), "the other may be newer");
	is_int(merge_reached(m), 9, "reached");
	add_text(m, 1, "b0", 0, 0, true);
	is_next(m, "a?\n");
	is_next(m, NULL);
	is_int(merge_reached(m), 8, "reached");
	add_text(m, 0, NULL, 0, 8, true);
	is_next(m, "b0\n");
	is_next(m, NULL);
	ok(merge_reached(m) == INT64_MIN, "all is done");
	ok(!merge_wants(m, 0) && !merge_wants(m, 1), "nobody is waited for");
	merge_free(m);

	m = merge_new(1);
	add_text(m, 0, "first", INT64_MIN, 5, false);
	is_next(m, "first\n");
	add_text(m, 0, "newer", 100, 5, false);
	is_next(m, "newer\n");
	add_text(m, 0, "back", 7, 7, true);
	is_next(m, "back\n");
	is_next(m, NULL);
	ok(merge_reached(m) == INT64_MIN, "one stream, done");
	merge_free(m);

	m = merge_new(2);
	add_text(m, 0, "waits", 3, 3, true);
	merge_free(m);
	merge_free(NULL);
	ok(true, "freed with a line that waits");
}

int
main(void)
{
	test_by_hand();
	test_random(false, false);
	test_random(false, true);
	test_random(true, false);
	test_random(true, true);
	return done_testing();
}

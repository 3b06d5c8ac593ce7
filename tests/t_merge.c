/* Tests of merge.c: whatever the streams and the order in which their pages come, the lines come
 * out newest first, each once, and none before it is certain that no stream brings a newer one. */
#include "../merge.h"

#include <stdlib.h>

#include "../page.h"
#include "tap.h"

enum { MAX_STREAMS = 6, MAX_PAGES = 24, MAX_LINES = 12, MAX_CHAINS = 4, ROUNDS = 300 };

static uint64_t state = 88172645463325252u;

static uint64_t
rnd(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

/* What the sources do. */
enum kind {
	GOOD, /* each page newest first, and nothing newer than what was said to be reached */
	ODD,  /* lines without a time, and newer than the line before, in their page */
	LIARS /* what they say of how far they have come is wrong, too */
};

struct item {
	int64_t time;  /* as the page gives it; INT64_MIN: none */
	int64_t place; /* that it is sorted by: no newer than the line before */
};

/* A page that a stream will bring. */
struct sheet {
	struct item items[MAX_LINES];
	size_t n;
	int64_t reached;
	bool ended;
	bool failed;
	bool added;
	uint64_t came; /* the how manieth of all pages */
	size_t sent;   /* of its lines, that came out */
};

struct play {
	struct merge *m;
	size_t n;
	bool ordered;
	enum kind kind;
	struct sheet sheets[MAX_STREAMS][MAX_PAGES];
	size_t n_sheets[MAX_STREAMS];
	size_t to_come; /* pages */
	uint64_t came;
	int64_t last; /* place of the last line that came out */
	int64_t given[MAX_STREAMS];
	size_t unsorted, strange, early, late, turned, held, wants, reached, unsafe, vague;
};

/* --- what the streams will bring --- */

static void
spoil(struct sheet *sheet)
{
	for (size_t i = 0; i < sheet->n; i++) {
		if (rnd(8) == 0)
			sheet->items[i].time = INT64_MIN;
		else if (rnd(8) == 0)
			sheet->items[i].time -= (int64_t)rnd(60);
	}
}

static void
set_places(struct sheet *sheet)
{
	int64_t place = INT64_MAX;

	for (size_t i = 0; i < sheet->n; i++) {
		if (sheet->items[i].time != INT64_MIN && sheet->items[i].time < place)
			place = sheet->items[i].time;
		sheet->items[i].place = place;
	}
}

/* No line behind this page is newer. */
static int64_t
newest_behind(const struct play *p, size_t s, size_t page)
{
	int64_t t = INT64_MIN;

	for (size_t i = page + 1; i < p->n_sheets[s]; i++)
		for (size_t k = 0; k < p->sheets[s][i].n; k++)
			if (p->sheets[s][i].items[k].time > t)
				t = p->sheets[s][i].items[k].time;
	return t;
}

/* A window in several parts, each walked from its newest on; a page may be of any of them. */
static void
make_stream(struct play *p, size_t s)
{
	size_t chains = 1 + rnd(MAX_CHAINS), pages = 1 + rnd(MAX_PAGES);
	int64_t at[MAX_CHAINS];

	p->n_sheets[s] = pages;
	for (size_t c = 0; c < chains; c++)
		at[c] = 2000 - (int64_t)c * 300;
	for (size_t i = 0; i < pages; i++) {
		struct sheet *sheet = &p->sheets[s][i];
		int64_t *t = &at[rnd(rnd(2) == 0 ? 1 : chains)];

		*sheet = (struct sheet){.n = rnd(4) == 0 ? 0 : rnd(MAX_LINES + 1)};
		for (size_t k = 0; k < sheet->n; k++)
			sheet->items[k].time = *t -= (int64_t)rnd(rnd(3) == 0 ? 25 : 2);
		if (p->kind != GOOD)
			spoil(sheet);
		set_places(sheet);
	}
	for (size_t i = 0; i < pages; i++) {
		int64_t t = newest_behind(p, s, i);

		if (p->kind == LIARS)
			t = (int64_t)rnd(2000);
		p->sheets[s][i].reached = rnd(6) == 0 ? INT64_MAX :
		    t == INT64_MIN                    ? t + (int64_t)rnd(2) :
							t + (int64_t)rnd(3);
	}
	if (rnd(6) == 0) /* it fails on the way */
		p->n_sheets[s] = 1 + rnd(pages);
	p->sheets[s][p->n_sheets[s] - 1].ended = true;
	p->sheets[s][p->n_sheets[s] - 1].failed = p->n_sheets[s] < pages || rnd(20) == 0;
	p->to_come += p->n_sheets[s];
}

/* --- what is known, the slow way --- */

struct known {
	int64_t reached;
	bool ended;
	bool failed;
};

static struct known
know(const struct play *p, size_t s)
{
	struct known k = {.reached = INT64_MAX};

	for (size_t i = 0; i < p->n_sheets[s] && p->sheets[s][i].added; i++) {
		const struct sheet *sheet = &p->sheets[s][i];

		k.reached = sheet->reached < k.reached ? sheet->reached : k.reached;
		k.ended = sheet->ended;
		k.failed = sheet->failed;
	}
	return k;
}

/* The newest that a stream may still bring. */
static int64_t
newest_to_come(const struct play *p)
{
	int64_t t = INT64_MIN;

	for (size_t s = 0; s < p->n; s++) {
		struct known k = know(p, s);

		if (!k.ended && k.reached > t)
			t = k.reached;
	}
	return t;
}

/* The newest line that waits. */
static int64_t
newest_held(const struct play *p)
{
	int64_t t = INT64_MIN;

	for (size_t s = 0; s < p->n; s++)
		for (size_t i = 0; i < p->n_sheets[s]; i++) {
			const struct sheet *sheet = &p->sheets[s][i];

			if (sheet->added && sheet->sent < sheet->n &&
			    sheet->items[sheet->sent].place > t)
				t = sheet->items[sheet->sent].place;
		}
	return t;
}

static size_t
print_item(char out[80], size_t stream, size_t page, size_t nth)
{
	return (size_t)snprintf(out, 80, "{\"s\":%zu,\"p\":%zu,\"n\":%zu,\"pad\":\"%.*s\"}", stream,
	    page, nth, (int)((page + nth) % 20), "xxxxxxxxxxxxxxxxxxxx");
}

static struct id
id_for(size_t stream, size_t page, size_t nth)
{
	return (struct id){stream + 1, page * 1000 + nth};
}

static bool
waits(const struct play *p, size_t s)
{
	for (size_t i = 0; i < p->n_sheets[s]; i++)
		if (p->sheets[s][i].added && p->sheets[s][i].sent < p->sheets[s][i].n)
			return true;
	return false;
}

/* --- play --- */

static void
add(struct play *p, size_t s, size_t nth)
{
	struct sheet *sheet = &p->sheets[s][nth];
	struct page *page = page_new();

	page_reset(page);
	page->seq = nth;
	page->stream = s;
	page->reached = sheet->reached;
	page->ended = sheet->ended;
	page->failed = sheet->failed;
	for (size_t k = 0; k < sheet->n; k++) {
		char text[80];
		size_t n = print_item(text, s, nth, k);

		page_add_line(page, (struct str){text, n},
		    &(struct line){
			.time = sheet->items[k].time, .id = id_for(s, nth, k), .stream = s});
	}
	sheet->added = true;
	sheet->came = p->came++;
	merge_add(p->m, page);
	/* What it was given is not its any more. */
	if (page->out.n > 0)
		memset(page->out.p, 'X', page->out.n);
	if (page->n_lines > 0)
		memset(page->lines, 0, page->n_lines * sizeof(*page->lines));
	page_free(page);
	p->to_come--;
}

/* merge_given: nothing newer is missing; and no older than what can be said. */
static void
check_given(struct play *p, size_t s)
{
	int64_t given = merge_given(p->m, s), missing = INT64_MIN, most;
	struct known k = know(p, s);

	most = k.ended && !k.failed ? INT64_MIN : k.reached;
	for (size_t i = 0; i < p->n_sheets[s]; i++) {
		const struct sheet *sheet = &p->sheets[s][i];

		for (size_t n = sheet->sent; n < sheet->n; n++) {
			int64_t t = sheet->items[n].time;

			if (t > missing)
				missing = t;
			if (t == INT64_MIN)
				t = sheet->items[sheet->sent].place;
			if (sheet->added && t > most)
				most = t;
		}
	}
	/* INT64_MAX says nothing at all; what liars have not brought yet cannot be known. */
	p->unsafe += p->kind != LIARS && missing > given;
	p->unsafe += p->kind == GOOD && given > p->given[s];
	p->vague += given > most;
	p->given[s] = given;
}

static void
check_state(struct play *p)
{
	int64_t to_come = newest_to_come(p), held = newest_held(p);
	int64_t most = to_come > held ? to_come : held;
	size_t wanted = 0;
	bool done = true;

	for (size_t s = 0; s < p->n; s++) {
		struct known k = know(p, s);
		bool wants = merge_wants(p->m, s);

		p->held += (merge_held(p->m, s) > 0) != waits(p, s);
		p->wants += wants != (!k.ended && k.reached == most);
		wanted += wants;
		done = done && k.ended;
		check_given(p, s);
	}
	p->reached += merge_reached(p->m) != most;
	if (p->ordered && held <= to_come) /* nothing could go out */
		p->wants += (wanted == 0) != done;
}

/* Which line is it? Mark it as sent. NULL: none that could be next in its page. */
static const struct item *
take(struct play *p, struct str text, const struct line *line)
{
	size_t s = line->stream, page = (size_t)line->id.low / 1000, n;
	struct sheet *sheet;
	char want[80];

	if (s >= p->n || line->id.high != s + 1 || page >= p->n_sheets[s])
		return NULL;
	sheet = &p->sheets[s][page];
	if (!sheet->added || sheet->sent == sheet->n ||
	    !id_eq(line->id, id_for(s, page, sheet->sent)) ||
	    line->time != sheet->items[sheet->sent].time)
		return NULL;
	n = print_item(want, s, page, sheet->sent);
	want[n] = '\n';
	if (!str_eq(text, (struct str){want, n + 1}))
		return NULL;
	/* Of lines of the same time those of a page that came earlier are first. */
	for (size_t i = 0; i < p->n_sheets[s]; i++) {
		const struct sheet *other = &p->sheets[s][i];

		p->turned += other->added && other->came < sheet->came && other->sent < other->n &&
		    other->items[other->sent].place == sheet->items[sheet->sent].place;
	}
	return &sheet->items[sheet->sent++];
}

/* Take some of what can be had, or all. */
static void
drain(struct play *p, size_t most)
{
	struct line line;
	struct str text;
	size_t n = 0;

	while (n++ < most) {
		int64_t to_come = newest_to_come(p), held = newest_held(p);
		const struct item *it;

		if (!merge_next(p->m, &text, &line)) {
			p->late += p->ordered ? held != INT64_MIN && held >= to_come :
						held != INT64_MIN;
			return;
		}
		it = take(p, text, &line);
		if (it == NULL) {
			p->strange++;
			return;
		}
		if (!p->ordered)
			continue;
		p->early += it->place < to_come || it->place < held;
		p->unsorted += p->kind != LIARS && it->place > p->last && it->place != INT64_MAX;
		if (it->place != INT64_MAX)
			p->last = it->place;
	}
}

/* A page that may come now: `window` pages of a stream are on their way at a time. */
static size_t
pick_page(const struct play *p, size_t s, size_t window)
{
	size_t first = 0, nth = 0, n = 0, skip;

	while (first < p->n_sheets[s] && p->sheets[s][first].added)
		first++;
	for (size_t i = first; i < p->n_sheets[s] && i < first + window; i++)
		n += !p->sheets[s][i].added;
	if (n == 0)
		return SIZE_MAX;
	skip = rnd(n);
	for (nth = first; p->sheets[s][nth].added || skip-- > 0; nth++)
		continue;
	return nth;
}

static void
run(struct play *p, size_t n, bool obedient)
{
	size_t window = rnd(4) == 0 ? MAX_PAGES : 1 + rnd(5);

	p->n = n;
	p->last = INT64_MAX;
	p->m = merge_new(n, p->ordered);
	for (size_t i = 0; i < n; i++) {
		make_stream(p, i);
		p->given[i] = INT64_MAX;
	}
	check_state(p);
	while (p->to_come > 0) {
		size_t s = rnd(n), page;

		if (obedient) /* ask only one that is waited for */
			for (size_t i = 0; i < n && !merge_wants(p->m, s); i++)
				s = (s + 1) % n;
		page = pick_page(p, s, window);
		if (page == SIZE_MAX) {
			if (obedient) { /* nobody is waited for, but not all is done */
				p->wants++;
				break;
			}
			continue;
		}
		add(p, s, page);
		if (!obedient)
			check_state(p);
		if (obedient || rnd(3) > 0) {
			drain(p, obedient || rnd(3) > 0 ? SIZE_MAX : rnd(6));
			check_state(p);
		}
	}
	drain(p, SIZE_MAX);
	check_state(p);
	for (size_t s = 0; s < n; s++)
		for (size_t i = 0; i < p->n_sheets[s]; i++)
			p->strange += p->sheets[s][i].sent != p->sheets[s][i].n;
	p->reached += merge_reached(p->m) != INT64_MIN;
	merge_free(p->m);
}

static void
test_random(enum kind kind, bool ordered, bool obedient)
{
	static const char *const kinds[] = {"good times", "odd times", "liars"};
	static struct play p, sum;
	char name[80];

	(void)snprintf(name, sizeof(name), "%s, %s, %s", kinds[kind],
	    ordered ? "ordered" : "as found", obedient ? "as asked" : "any page");
	sum = (struct play){0};
	for (int i = 0; i < ROUNDS; i++) {
		p = (struct play){.kind = kind, .ordered = ordered};
		run(&p, 1 + (size_t)i % MAX_STREAMS, obedient);
		sum.unsorted += p.unsorted;
		sum.strange += p.strange;
		sum.early += p.early;
		sum.late += p.late;
		sum.turned += p.turned;
		sum.held += p.held;
		sum.wants += p.wants;
		sum.reached += p.reached;
		sum.unsafe += p.unsafe;
		sum.vague += p.vague;
	}
	is_int(sum.strange, 0, "%s: all lines, each once, with all that is said of them", name);
	is_int(sum.late, 0, "%s: none kept when it is certain", name);
	if (ordered) {
		is_int(sum.unsorted, 0, "%s: newest first", name);
		is_int(sum.early, 0, "%s: none too early", name);
		is_int(sum.turned, 0, "%s: those of one time as they came", name);
	}
	is_int(sum.held, 0, "%s: whether lines wait", name);
	is_int(sum.wants, 0, "%s: who is waited for, until all is done", name);
	is_int(sum.reached, 0, "%s: how far all have come", name);
	is_int(sum.unsafe, 0, "%s: nothing newer than what was given is missing", name);
	is_int(sum.vague, 0, "%s: and that is said as soon as it is known", name);
}

/* --- by hand --- */

static void
add_text(struct merge *m, size_t stream, uint64_t seq, const char *text, int64_t time,
    int64_t reached, const char *end)
{
	struct page *page = page_new();

	page_reset(page);
	page->stream = stream;
	page->seq = seq;
	page->reached = reached;
	page->ended = end != NULL;
	page->failed = end != NULL && strcmp(end, "failed") == 0;
	if (text != NULL)
		page_add_line(page, str_of(text), &(struct line){.time = time, .stream = stream});
	merge_add(m, page);
	page_free(page);
}

static void
is_next(struct merge *m, const char *want)
{
	struct str text = {"", 0};
	struct line line;
	bool there = merge_next(m, &text, &line);

	if (want == NULL)
		ok(!there, "nothing is certain");
	else
		is_mem(text.p, text.n, want, SIZE_MAX, "the next line is %.5s", want);
}

static void
test_by_hand(void)
{
	struct merge *m = merge_new(2, true);

	is_next(m, NULL);
	ok(merge_reached(m) == INT64_MAX, "no time is reached");
	ok(merge_given(m, 0) == INT64_MAX, "nothing is given");
	is_int(merge_held(m, 0) + merge_held(m, 1), 0, "nothing waits");
	ok(merge_wants(m, 0) && merge_wants(m, 1), "both are waited for");
	add_text(m, 1, 0, "b9", 9, 9, NULL);
	is_next(m, NULL);
	ok(merge_wants(m, 0) && !merge_wants(m, 1), "the silent stream is waited for");
	ok(merge_held(m, 1) >= 3, "a line waits");
	is_int(merge_given(m, 1), 9, "down to it all is given: nothing was newer");
	ok(merge_reached(m) == INT64_MAX, "still no time is reached");
	add_text(m, 0, 0, NULL, 0, 8, NULL);
	is_next(m, "b9\n");
	is_int(merge_held(m, 1), 0, "it went out");
	is_next(m, NULL);
	add_text(m, 0, 1, "a8", 8, 8, NULL);
	is_next(m, NULL);
	ok(merge_wants(m, 1) && !merge_wants(m, 0), "the other may be newer");
	is_int(merge_reached(m), 9, "reached");
	add_text(m, 1, 1, "b0", 0, 0, "end");
	is_next(m, "a8\n");
	is_next(m, NULL);
	is_int(merge_reached(m), 8, "reached");
	is_int(merge_given(m, 1), 0, "ended, but its last line waits");
	add_text(m, 0, 2, NULL, 0, 8, "end");
	is_next(m, "b0\n");
	is_next(m, NULL);
	ok(merge_reached(m) == INT64_MIN, "all is done");
	ok(merge_given(m, 0) == INT64_MIN && merge_given(m, 1) == INT64_MIN, "all is given");
	ok(!merge_wants(m, 0) && !merge_wants(m, 1), "nobody is waited for");
	merge_free(m);

	m = merge_new(2, true);
	add_text(m, 0, 0, "waits", 3, 3, "end");
	merge_free(m);
	merge_free(NULL);
	ok(true, "freed with a line that waits");
}

/* Pages that overtake others: what they say counts when those before them are there. */
static void
test_overtaking(void)
{
	struct merge *m = merge_new(1, true);

	add_text(m, 0, 2, "c3", 3, 0, "end");
	is_next(m, NULL);
	ok(merge_reached(m) == INT64_MAX && merge_wants(m, 0), "the last came first");
	ok(merge_given(m, 0) == INT64_MAX, "nothing is given");
	add_text(m, 0, 1, "b5", 5, 3, NULL);
	is_next(m, NULL);
	ok(merge_held(m, 0) >= 6, "two lines wait");
	add_text(m, 0, 0, "a9", 9, 5, NULL);
	is_next(m, "a9\n");
	is_int(merge_given(m, 0), 5, "the next is of 5");
	is_next(m, "b5\n");
	is_next(m, "c3\n");
	is_next(m, NULL);
	ok(merge_reached(m) == INT64_MIN && !merge_wants(m, 0), "all is done");
	ok(merge_given(m, 0) == INT64_MIN, "all is given");
	merge_free(m);

	m = merge_new(1, true);
	for (uint64_t i = 999; i > 0; i--)
		add_text(m, 0, i, NULL, 0, 1000 - (int64_t)i, i == 999 ? "end" : NULL);
	ok(merge_reached(m) == INT64_MAX, "999 of 1000 pages, backwards");
	add_text(m, 0, 0, NULL, 0, 1000, NULL);
	ok(merge_reached(m) == INT64_MIN, "and the first");
	merge_free(m);

	/* An older part of the window is done first. */
	m = merge_new(1, true);
	add_text(m, 0, 0, "old4", 4, 9, NULL);
	is_next(m, NULL);
	is_int(merge_given(m, 0), 9, "it has come to 9");
	add_text(m, 0, 1, "new7", 7, 2, NULL);
	is_next(m, "new7\n");
	is_int(merge_given(m, 0), 4, "the older waits");
	is_next(m, "old4\n");
	is_int(merge_given(m, 0), 2, "it has come to 2");
	add_text(m, 0, 2, NULL, 0, 6, NULL);
	is_int(merge_given(m, 0), 2, "what is said to be to come again is not newer");
	is_int(merge_reached(m), 2, "likewise of all");
	merge_free(m);
}

/* A stream that failed holds nobody up, and says where it stopped. */
static void
test_failed(void)
{
	struct merge *m = merge_new(2, true);

	add_text(m, 0, 0, "a9", 9, 7, "failed");
	is_next(m, NULL);
	ok(!merge_wants(m, 0) && merge_wants(m, 1), "only the other is waited for");
	add_text(m, 1, 0, "b8", 8, 4, NULL);
	is_next(m, "a9\n");
	is_next(m, "b8\n");
	is_int(merge_given(m, 0), 7, "what failed was given down to 7");
	is_int(merge_given(m, 1), 4, "the other down to 4");
	add_text(m, 1, 1, "b2", 2, 2, "end");
	is_next(m, "b2\n");
	is_int(merge_given(m, 0), 7, "at the end likewise");
	ok(merge_given(m, 1) == INT64_MIN, "the other wholly");
	ok(!merge_wants(m, 0) && !merge_wants(m, 1), "nobody is waited for");
	merge_free(m);

	m = merge_new(1, true);
	add_text(m, 0, 0, NULL, 0, INT64_MAX, "failed");
	is_next(m, NULL);
	ok(merge_given(m, 0) == INT64_MAX, "failed before it began");
	merge_free(m);
}

static void
test_odd(void)
{
	struct merge *m = merge_new(1, true);
	struct page *page = page_new();

	add_text(m, 0, 0, "first", INT64_MIN, 5, NULL);
	is_next(m, "first\n");
	add_text(m, 0, 1, "newer", 100, 5, NULL);
	is_next(m, "newer\n");
	add_text(m, 0, 2, "back", 7, 7, "end");
	is_next(m, "back\n");
	is_next(m, NULL);
	ok(merge_reached(m) == INT64_MIN, "one stream, done");
	merge_free(m);

	/* In a page: no line passes the one before it. */
	m = merge_new(2, true);
	page_reset(page);
	page->reached = 1;
	page_add_line(page, STR("a5"), &(struct line){.time = 5});
	page_add_line(page, STR("a?"), &(struct line){.time = INT64_MIN});
	page_add_line(page, STR("a8"), &(struct line){.time = 8});
	page_add_line(page, STR("a3"), &(struct line){.time = 3});
	merge_add(m, page);
	page_free(page);
	is_int(merge_given(m, 0), 8, "the newest that waits");
	add_text(m, 1, 0, "b5", 5, 5, NULL);
	is_next(m, "a5\n");
	is_next(m, "a?\n");
	is_int(merge_given(m, 0), 8, "it still waits");
	is_next(m, "a8\n");
	is_int(merge_given(m, 0), 3, "now another");
	is_next(m, "b5\n");
	is_next(m, NULL);
	add_text(m, 1, 1, "b4", 4, 4, "end");
	is_next(m, "b4\n");
	is_next(m, "a3\n");
	is_next(m, NULL);
	is_int(merge_given(m, 0), 1, "all that came");
	merge_free(m);
}

static void
test_unordered(void)
{
	struct merge *m = merge_new(2, false);

	add_text(m, 1, 3, "b3", 3, 2, NULL);
	is_next(m, "b3\n");
	is_int(merge_held(m, 1), 0, "nothing waits");
	ok(merge_given(m, 1) == INT64_MAX, "what it has come to is not known yet");
	add_text(m, 0, 0, "a1", 1, 1, NULL);
	is_next(m, "a1\n");
	is_int(merge_given(m, 0), 1, "here it is");
	is_next(m, NULL);
	add_text(m, 1, 0, NULL, 0, 9, NULL);
	add_text(m, 1, 1, "b9", 9, 8, NULL);
	is_next(m, "b9\n");
	is_int(merge_given(m, 1), 8, "as far as all pages are there");
	add_text(m, 1, 2, "b?", INT64_MIN, 5, NULL);
	is_next(m, "b?\n");
	is_int(merge_given(m, 1), 2, "the page that came early counts now");
	add_text(m, 1, 4, NULL, 0, 0, "end");
	is_next(m, NULL);
	ok(merge_given(m, 1) == INT64_MIN, "ended");
	is_int(merge_reached(m), 1, "the other is at 1");
	merge_free(m);
}

/* Lines that wait take little. */
static void
test_packed(void)
{
	enum { PAGES = 20, LINES = 50 };
	struct merge *m = merge_new(2, true);
	size_t bytes = 0, wrong = 0, n = 0;
	struct line line;
	struct str text;
	char record[1200];

	for (int i = 0; i < PAGES; i++) {
		struct page *page = page_new();

		page->seq = (uint64_t)i;
		page->reached = -(i + 1) * LINES;
		for (int k = 0; k < LINES; k++) {
			memset(record, 'a' + k % 26, sizeof(record));
			(void)snprintf(record, 20, "%d", i * LINES + k);
			page_add_line(page, (struct str){record, sizeof(record)},
			    &(struct line){.time = -(i * LINES + k)});
		}
		bytes += page->out.n;
		merge_add(m, page);
		page_free(page);
	}
	ok(merge_held(m, 0) < bytes / 5, "%zu bytes of lines wait in %zu", bytes, merge_held(m, 0));
	add_text(m, 1, 0, NULL, 0, INT64_MIN, "end");
	for (; merge_next(m, &text, &line); n++) {
		memset(record, 'a' + (int)n % LINES % 26, sizeof(record));
		(void)snprintf(record, 20, "%zu", n);
		wrong += text.n != sizeof(record) + 1 ||
		    memcmp(text.p, record, sizeof(record)) != 0;
	}
	is_int(n, PAGES * LINES, "all came out");
	is_int(wrong, 0, "as they went in");
	is_int(merge_held(m, 0), 0, "and nothing waits");
	merge_free(m);
}

/* Pages of many lookups cover the same time, and go out side by side, a line of each in turn. What
 * waits of them stays packed. */
static void
test_side_by_side(void)
{
	enum { PAGES = 100, LINES = 50, LENGTH = 1000 };
	struct merge *m = merge_new(1, true);
	struct page *page = page_new();
	size_t wrong = 0, most = 0;
	char text[LENGTH];
	struct line line;
	struct str got;

	memset(text, 'x', sizeof(text));
	for (size_t p = 0; p < PAGES; p++) {
		page_reset(page);
		page->seq = p;
		page->reached = p + 1 < PAGES ? LINES + 1 : INT64_MIN;
		page->ended = p + 1 == PAGES;
		for (size_t i = 0; i < LINES; i++) {
			(void)snprintf(text, sizeof(text), "%8zu %8zu", p, i);
			page_add_line(page, (struct str){text, LENGTH - 10 * (i % 3)},
			    &(struct line){.time = LINES - (int64_t)i});
		}
		merge_add(m, page);
	}
	for (size_t n = 0; n < PAGES * LINES; n++) {
		size_t i = n / PAGES;

		(void)snprintf(text, sizeof(text), "%8zu %8zu", n % PAGES, i);
		wrong += !merge_next(m, &got, &line) || got.n != LENGTH - 10 * (i % 3) + 1 ||
		    memcmp(got.p, text, got.n - 1) != 0 || got.p[got.n - 1] != '\n';
		most = merge_held(m, 0) > most ? merge_held(m, 0) : most;
	}
	is_int(wrong, 0, "pages side by side: all lines, in their turn");
	ok(most < PAGES * 10000, "and they take %zu bytes of %d at most", most,
	    PAGES * LINES * LENGTH);
	is_int(merge_held(m, 0), 0, "and none at the end");
	page_free(page);
	merge_free(m);
}

int
main(void)
{
	test_by_hand();
	test_side_by_side();
	test_overtaking();
	test_failed();
	test_odd();
	test_unordered();
	test_packed();
	for (int kind = GOOD; kind <= LIARS; kind++) {
		test_random((enum kind)kind, true, false);
		test_random((enum kind)kind, true, true);
		test_random((enum kind)kind, false, false);
	}
	return done_testing();
}

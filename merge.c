/* merge.c: see merge.h. The lines of a page are a run; a heap has the run with the newest line on
 * top. A run that has to wait is packed as a whole, and unpacked a few lines at a time: where pages
 * overlap in time, as those of many lookups do, all of them go out side by side. */
#include "merge.h"

#include <stdlib.h>

#include "pack.h"
#include "page.h"

#define UNPACKED 4096 /* bytes of a run's lines, about: unpacking all again takes 0.05 ms */

struct run {
	struct buf packed;  /* all lines, if they had to wait; else empty */
	size_t size;        /* of the lines, in bytes */
	struct buf text;    /* of some lines; of all, if they are not packed */
	size_t at;          /* where it begins in the lines */
	struct line *lines; /* n of them; those before `next` are out */
	size_t n;
	size_t next;
	int64_t time; /* of the next: no newer than those before it, even where it says otherwise */
	size_t stream;
	uint64_t nth; /* run: lines of the same time keep the order in which they came */
};

/* What a page said that came before its turn. */
struct later {
	uint64_t seq;
	int64_t reached;
	bool ended;
	bool failed;
};

struct stream {
	uint64_t seq;        /* of the page whose turn it is */
	struct later *later; /* of the pages that came before their turn */
	size_t n_later;
	int64_t reached; /* no line to come is newer */
	bool ended;
	bool failed; /* what it has not reached was not searched */
	size_t held; /* bytes that its runs take */
};

struct merge {
	size_t n;
	bool ordered;
	struct packer *packer;
	struct stream *streams;
	struct run **heap;
	size_t n_runs;
	size_t cap;
	uint64_t nth;
	struct run *spent; /* the run that gave the last line, if that was its last */
};

struct merge *
merge_new(size_t n, bool ordered)
{
	struct merge *m = xmalloc(sizeof(*m));

	*m = (struct merge){.n = n, .ordered = ordered, .packer = packer_new()};
	m->streams = xrealloc(NULL, n, sizeof(*m->streams));
	for (size_t i = 0; i < n; i++)
		m->streams[i] = (struct stream){.reached = INT64_MAX};
	return m;
}

static void
run_free(struct run *r)
{
	if (r == NULL)
		return;
	buf_free(&r->packed);
	buf_free(&r->text);
	free(r->lines);
	free(r);
}

void
merge_free(struct merge *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++)
		free(m->streams[i].later);
	for (size_t i = 0; i < m->n_runs; i++)
		run_free(m->heap[i]);
	run_free(m->spent);
	packer_free(m->packer);
	free(m->streams);
	free(m->heap);
	free(m);
}

/* --- the heap --- */

static bool
is_before(const struct run *a, const struct run *b)
{
	if (a->time != b->time)
		return a->time > b->time;
	return a->stream != b->stream ? a->stream < b->stream : a->nth < b->nth;
}

static void
sift_up(struct merge *m, size_t i)
{
	struct run *r = m->heap[i];

	while (i > 0 && is_before(r, m->heap[(i - 1) / 2])) {
		m->heap[i] = m->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	m->heap[i] = r;
}

/* The run on top has changed, or is gone. */
static void
sift_down(struct merge *m, struct run *r)
{
	size_t i = 0, child;

	while ((child = 2 * i + 1) < m->n_runs) {
		if (child + 1 < m->n_runs && is_before(m->heap[child + 1], m->heap[child]))
			child++;
		if (!is_before(m->heap[child], r))
			break;
		m->heap[i] = m->heap[child];
		i = child;
	}
	m->heap[i] = r;
}

/* --- streams --- */

static void
take_turn(struct stream *s, const struct later *page)
{
	if (page->reached < s->reached)
		s->reached = page->reached;
	s->ended = page->ended;
	s->failed = page->failed;
	s->seq++;
}

/* A page may have overtaken those before it, whose lines may be newer than what it says. */
static void
set_reached(struct stream *s, const struct later *page)
{
	if (page->seq != s->seq) {
		s->later = xrealloc(s->later, s->n_later + 1, sizeof(*s->later));
		s->later[s->n_later++] = *page;
		return;
	}
	take_turn(s, page);
	for (size_t i = 0; i < s->n_later; i++)
		if (s->later[i].seq == s->seq) {
			struct later next = s->later[i];

			s->later[i] = s->later[--s->n_later];
			take_turn(s, &next);
			i = SIZE_MAX; /* from the first again */
		}
}

/* The time of the next line. One without a time stands where it stood. */
static void
set_time(struct run *r)
{
	int64_t time = r->lines[r->next].time;

	if (time != INT64_MIN && time < r->time)
		r->time = time;
}

/* --- runs --- */

int64_t
merge_reached(const struct merge *m)
{
	int64_t reached = INT64_MIN;

	for (size_t i = 0; i < m->n; i++)
		if (!m->streams[i].ended && m->streams[i].reached > reached)
			reached = m->streams[i].reached;
	if (m->n_runs > 0 && m->heap[0]->time > reached)
		reached = m->heap[0]->time;
	return reached;
}

static size_t
size_of(const struct run *r)
{
	return sizeof(*r) + r->n * sizeof(*r->lines) + r->packed.n + r->text.n;
}

/* May its next line go out? merge_reached is no newer than that, or it is of a stream that has to
 * bring more first. */
static bool
is_certain(const struct merge *m, const struct run *r)
{
	return !m->ordered || merge_reached(m) <= r->time;
}

static struct buf
copy(const char *p, size_t n)
{
	struct buf b = {.p = xmalloc(n), .n = n, .cap = n};

	memcpy(b.p, p, n);
	return b;
}

/* Keep the lines of a page, packed if they have to wait. */
static void
set_text(struct merge *m, struct run *r, struct str text)
{
	r->size = text.n;
	if (!is_certain(m, r))
		pack(m->packer, text, &r->packed);
	else
		r->text = copy(text.p, text.n);
}

/* Is the text of the next line there? */
static bool
is_unpacked(const struct run *r)
{
	return r->lines[r->next].span.at < r->at + r->text.n;
}

/* Have the text of the next lines. */
static void
unpack_some(struct merge *m, struct run *r)
{
	struct stream *s = &m->streams[r->stream];
	size_t at = r->lines[r->next].span.at, n = 0;
	struct buf all;

	for (size_t i = r->next; i < r->n && n < UNPACKED; i++)
		n += r->lines[i].span.n;
	unpack(m->packer, buf_slice(&r->packed), r->size, &all);
	s->held -= r->text.n;
	buf_free(&r->text);
	r->text = copy(all.p + at, n);
	r->at = at;
	s->held += n;
	buf_free(&all);
}

void
merge_add(struct merge *m, const struct page *page)
{
	struct stream *s = &m->streams[page->stream];
	struct run *r;

	set_reached(s, &(struct later){page->seq, page->reached, page->ended, page->failed});
	if (page->n_lines == 0)
		return;
	r = xmalloc(sizeof(*r));
	*r = (struct run){
	    .n = page->n_lines, .time = INT64_MAX, .stream = page->stream, .nth = m->nth++};
	r->lines = xrealloc(NULL, r->n, sizeof(*r->lines));
	memcpy(r->lines, page->lines, r->n * sizeof(*r->lines));
	set_time(r);
	set_text(m, r, buf_slice(&page->out));
	s->held += size_of(r);
	if (m->n_runs == m->cap) {
		m->cap = m->cap > 0 ? m->cap * 2 : 64;
		m->heap = xrealloc(m->heap, m->cap, sizeof(struct run *));
	}
	m->heap[m->n_runs] = r;
	sift_up(m, m->n_runs++);
}

bool
merge_next(struct merge *m, struct str *text, struct line *line)
{
	struct run *r;

	run_free(m->spent);
	m->spent = NULL;
	if (m->n_runs == 0)
		return false;
	r = m->heap[0];
	if (!is_certain(m, r))
		return false;
	if (!is_unpacked(r))
		unpack_some(m, r);
	*line = r->lines[r->next++];
	*text = (struct str){r->text.p + (line->span.at - r->at), line->span.n};
	if (r->next < r->n) {
		set_time(r);
		sift_down(m, r);
	} else {
		m->streams[r->stream].held -= size_of(r);
		m->spent = r;
		if (--m->n_runs > 0)
			sift_down(m, m->heap[m->n_runs]);
	}
	return true;
}

size_t
merge_held(const struct merge *m, size_t stream)
{
	return m->streams[stream].held;
}

bool
merge_wants(const struct merge *m, size_t stream)
{
	const struct stream *s = &m->streams[stream];

	return !s->ended && s->reached == merge_reached(m);
}

int64_t
merge_given(const struct merge *m, size_t stream)
{
	const struct stream *s = &m->streams[stream];
	int64_t given = s->ended && !s->failed ? INT64_MIN : s->reached;

	for (size_t i = 0; i < m->n_runs && s->held > 0; i++) {
		const struct run *r = m->heap[i];

		for (size_t k = r->next; k < r->n && r->stream == stream; k++) {
			int64_t time = r->lines[k].time;

			if (time == INT64_MIN)
				time = r->time;
			if (time > given)
				given = time;
		}
	}
	return given;
}

/* merge.c: see merge.h. */
#include "merge.h"

#include <stdlib.h>

#include "page.h"

struct stream {
	struct buf text; /* lines, those before lines[next] are out */
	struct line *lines;
	size_t n;
	size_t next;
	size_t cap;
	int64_t reached; /* no line to come is newer */
	bool ended;
};

struct merge {
	size_t n;
	struct stream *streams;
};

struct merge *
merge_new(size_t n)
{
	struct merge *m = xmalloc(sizeof(*m));

	*m = (struct merge){.n = n};
	m->streams = xrealloc(NULL, n, sizeof(*m->streams));
	for (size_t i = 0; i < n; i++)
		m->streams[i] = (struct stream){.reached = INT64_MAX};
	return m;
}

void
merge_free(struct merge *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++) {
		buf_free(&m->streams[i].text);
		free(m->streams[i].lines);
	}
	free(m->streams);
	free(m);
}

/* Drop what is out, so that a stream holds no more than what waits. */
static void
compact(struct stream *s)
{
	size_t gone = s->next < s->n ? s->lines[s->next].span.at : s->text.n;

	if (s->next == 0)
		return;
	memmove(s->text.p, s->text.p + gone, s->text.n - gone);
	s->text.n -= gone;
	s->n -= s->next;
	memmove(s->lines, s->lines + s->next, s->n * sizeof(*s->lines));
	for (size_t i = 0; i < s->n; i++)
		s->lines[i].span.at -= gone;
	s->next = 0;
}

void
merge_add(struct merge *m, const struct page *page)
{
	struct stream *s = &m->streams[page->stream];
	size_t base;

	compact(s);
	base = s->text.n;
	buf_str(&s->text, buf_slice(&page->out));
	for (size_t i = 0; i < page->n_lines; i++) {
		struct line line = page->lines[i];

		if (s->n == s->cap) {
			s->cap = s->cap > 0 ? s->cap * 2 : 64;
			s->lines = xrealloc(s->lines, s->cap, sizeof(*s->lines));
		}
		line.span.at += base;
		/* A line without a time, or out of order, keeps its place in the stream. */
		if (line.time == INT64_MIN || line.time > s->reached)
			line.time = s->reached;
		s->reached = line.time;
		s->lines[s->n++] = line;
	}
	if (page->reached < s->reached)
		s->reached = page->reached;
	s->ended = page->ended;
}

/* The newest that the stream has or may still bring; INT64_MIN when it is done. */
static int64_t
front(const struct stream *s)
{
	if (s->next < s->n)
		return s->lines[s->next].time;
	return s->ended ? INT64_MIN : s->reached;
}

/* The stream whose turn it is; m->n when all are done. */
static size_t
turn(const struct merge *m)
{
	size_t best = m->n;

	for (size_t i = 0; i < m->n; i++) {
		const struct stream *s = &m->streams[i];

		if (s->next == s->n && s->ended)
			continue;
		if (best == m->n || front(s) > front(&m->streams[best]))
			best = i;
	}
	return best;
}

bool
merge_next(struct merge *m, struct str *line)
{
	size_t i = turn(m);
	struct stream *s;

	if (i == m->n)
		return false;
	s = &m->streams[i];
	if (s->next == s->n)
		return false;
	*line = (struct str){s->text.p + s->lines[s->next].span.at, s->lines[s->next].span.n};
	s->next++;
	return true;
}

size_t
merge_held(const struct merge *m, size_t stream)
{
	const struct stream *s = &m->streams[stream];

	return s->next < s->n ? s->text.n - s->lines[s->next].span.at : 0;
}

bool
merge_wants(const struct merge *m, size_t stream)
{
	size_t i = turn(m);

	return i == stream && m->streams[i].next == m->streams[i].n;
}

int64_t
merge_reached(const struct merge *m)
{
	size_t i = turn(m);

	return i < m->n ? front(&m->streams[i]) : INT64_MIN;
}

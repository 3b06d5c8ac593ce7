/* page.c: see page.h. */
#include "page.h"

#include <stdlib.h>
#include <unistd.h>

#include "json.h"

void
counts_add(struct counts *sum, const struct counts *c)
{
	sum->pages += c->pages;
	sum->files += c->files;
	sum->bytes += c->bytes;
	sum->events += c->events;
	sum->matched += c->matched;
	sum->undated += c->undated;
	sum->digests += c->digests;
	sum->passed += c->passed;
	sum->problems += c->problems;
}

struct page *
page_new(void)
{
	struct page *page = xmalloc(sizeof(*page));

	*page = (struct page){.reached = INT64_MAX, .piece = {.fd = -1}, .text = STR("")};
	return page;
}

static void
free_problems(struct page *page)
{
	for (size_t i = 0; i < page->n_problems; i++) {
		free(page->problems[i].where);
		free(page->problems[i].what);
	}
	page->n_problems = 0;
}

static void
free_piece(struct piece *piece)
{
	for (size_t i = 0; i < piece->n_files; i++)
		free(piece->files[i].path);
	free(piece->files);
	if (piece->fd >= 0)
		(void)close(piece->fd);
	*piece = (struct piece){.fd = -1};
}

void
page_free(struct page *page)
{
	if (page == NULL)
		return;
	free_problems(page);
	free_piece(&page->piece);
	free(page->problems);
	free(page->events);
	free(page->lines);
	buf_free(&page->name);
	buf_free(&page->bytes);
	buf_free(&page->out);
	free(page);
}

static void
empty(struct buf *b)
{
	if (b->cap > PAGE_KEEP_BYTES)
		buf_free(b);
	b->n = 0;
}

void
page_reset(struct page *page)
{
	free_problems(page);
	empty(&page->bytes);
	empty(&page->out);
	page->name.n = 0;
	page->stream = 0;
	page->reached = INT64_MAX;
	page->ended = page->failed = false;
	free_piece(&page->piece);
	page->form = FORM_EVENTS;
	page->in_place = false;
	page->text = STR("");
	page->base = 0;
	page->n_events = page->n_lines = 0;
	page->counts = (struct counts){0};
}

void
page_shrink(struct page *page)
{
	page_reset(page);
	buf_free(&page->bytes);
	buf_free(&page->out);
	free(page->events);
	free(page->lines);
	page->events = NULL;
	page->lines = NULL;
	page->cap_events = page->cap_lines = 0;
}

void
page_add_event(struct page *page, struct span event)
{
	if (page->n_events == page->cap_events) {
		page->cap_events = page->cap_events > 0 ? page->cap_events * 2 : 256;
		page->events = xrealloc(page->events, page->cap_events, sizeof(*page->events));
	}
	page->events[page->n_events++] = event;
}

void
page_add_file(struct page *page, char *path, bool named)
{
	struct piece *piece = &page->piece;

	/* The capacity is the power of two that holds them. */
	if ((piece->n_files & (piece->n_files - 1)) == 0)
		piece->files = xrealloc(piece->files, piece->n_files > 0 ? piece->n_files * 2 : 1,
		    sizeof(*piece->files));
	piece->files[piece->n_files++] = (struct piece_file){path, named};
	piece->kind = PIECE_FILES;
}

static void
add_span(struct page *page, struct span span, const struct line *line)
{
	if (page->n_lines == page->cap_lines) {
		page->cap_lines = page->cap_lines > 0 ? page->cap_lines * 2 : 64;
		page->lines = xrealloc(page->lines, page->cap_lines, sizeof(*page->lines));
	}
	page->lines[page->n_lines] = *line;
	page->lines[page->n_lines++].span = span;
	page->counts.matched++;
}

void
page_begin_in_place(struct page *page)
{
	if (page->out.cap > page->bytes.cap)
		buf_swap(&page->out, &page->bytes);
	page->out.n = 0;
	page->in_place = true;
}

/* Where the lines in place end, with their line feeds. */
static size_t
end_in_place(const struct page *page)
{
	const struct line *last = &page->lines[page->n_lines - 1];

	return last->span.at + last->span.n;
}

/* The last of them gets its line feed only now: nobody looks any more at what stands there. */
static void
end_last(struct page *page)
{
	page->bytes.p[end_in_place(page) - 1] = '\n';
}

/* Where the next line is to be written to page->out. */
static size_t
begin_line(struct page *page)
{
	if (page->in_place && page->n_lines > 0) {
		size_t begin = page->lines[0].span.at;

		buf_add(&page->out, page->bytes.p + begin, end_in_place(page) - 1 - begin);
		buf_char(&page->out, '\n');
		for (size_t i = 0; i < page->n_lines; i++)
			page->lines[i].span.at -= begin;
	}
	page->in_place = false;
	return page->out.n;
}

/* Add the line that was written to page->out from byte `at` on. */
static void
end_line(struct page *page, size_t at, const struct line *line)
{
	buf_char(&page->out, '\n');
	add_span(page, (struct span){at, page->out.n - at}, line);
}

/* Can the line stay behind those in place, or be the first one? There must be room for its line
 * feed. */
static bool
stays_in_place(struct page *page, struct str text)
{
	return page->in_place && text.p + text.n < page->bytes.p + page->bytes.n &&
	    (page->n_lines == 0 || text.p == page->bytes.p + end_in_place(page));
}

void
page_add_line(struct page *page, struct str text, const struct line *line)
{
	size_t at;

	if (stays_in_place(page, text)) {
		if (page->n_lines > 0)
			end_last(page);
		add_span(page, (struct span){(size_t)(text.p - page->bytes.p), text.n + 1}, line);
		return;
	}
	at = begin_line(page);
	buf_str(&page->out, text);
	end_line(page, at, line);
}

void
page_end_lines(struct page *page)
{
	if (page->in_place && page->n_lines > 0) {
		end_last(page);
		page->bytes.n = end_in_place(page);
		buf_swap(&page->out, &page->bytes);
	}
	page->in_place = false;
}

struct str
page_lines(const struct page *page, size_t n)
{
	struct span first, last;

	if (n == 0)
		return STR("");
	first = page->lines[0].span;
	last = page->lines[n - 1].span;
	return (struct str){page->out.p + first.at, last.at + last.n - first.at};
}

void
page_add_json(struct page *page, struct str text, const struct line *line)
{
	size_t at = begin_line(page);

	if (memchr(text.p, '\n', text.n) != NULL || memchr(text.p, '\r', text.n) != NULL)
		json_minify(&page->out, text);
	else
		buf_str(&page->out, text);
	end_line(page, at, line);
}

static struct problem *
add_problem(struct page *page, const char *where, const char *fmt, va_list ap)
{
	struct str name = where != NULL ? str_of(where) : buf_slice(&page->name);
	struct problem *p;
	char what[640];

	page->problems = xrealloc(page->problems, page->n_problems + 1, sizeof(*page->problems));
	p = &page->problems[page->n_problems++];
	*p = (struct problem){.where = xmalloc(name.n + 1)};
	if (name.n > 0)
		memcpy(p->where, name.p, name.n);
	p->where[name.n] = '\0';
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	p->what = xmalloc(strlen(what) + 1);
	memcpy(p->what, what, strlen(what) + 1);
	return p;
}

void
page_problem(struct page *page, const char *where, uint64_t pos, const char *fmt, ...)
{
	struct problem *p;
	va_list ap;

	page->counts.problems++;
	if (pos != UINT64_MAX && page->n_problems >= PAGE_MAX_PROBLEMS) {
		page->problems[page->n_problems - 1].more++;
		return;
	}
	va_start(ap, fmt);
	p = add_problem(page, where, fmt, ap);
	va_end(ap);
	p->has_pos = pos != UINT64_MAX;
	p->pos = pos;
}

void
page_note(struct page *page, const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_problem(page, where, fmt, ap)->note = true;
	va_end(ap);
}

void
page_warning(struct page *page, const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_problem(page, where, fmt, ap)->warning = true;
	va_end(ap);
}

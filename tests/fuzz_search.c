/* Fuzz target for search.c and page.c: an expression (or nothing), a line feed, and the text of a
 * page. In each form that a text may have the lines that come out and what is told of damage are
 * the same with each kernel, and whether lines stay where they are or are copied. The lines are
 * those of a search that parses each event, and so is the rest where nothing is damaged. (Of an
 * event that does not match not all damage is looked for.) */
#include "../search.h"

#include <stdlib.h>

#include "../match.h"
#include "../page.h"
#include "../project.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
	if (!good)
		abort();
}

static struct page *
search(const struct search *search, struct str text, enum page_form form, bool in_place)
{
	struct search_scratch *scratch = search_scratch_new(search);
	struct page *page = page_new();

	page->prints = in_place;
	if (in_place)
		page_begin_in_place(page);
	buf_str(&page->bytes, text);
	page->text = buf_slice(&page->bytes);
	page->form = form;
	search_page(search, page, scratch);
	search_scratch_free(scratch);
	return page;
}

static struct str
line_at(const struct page *page, size_t i)
{
	struct span s = page->lines[i].span;

	check(s.n > 0 && s.at + s.n <= page->out.n && page->out.p[s.at + s.n - 1] == '\n');
	return (struct str){page->out.p + s.at, s.n};
}

static void
compare_lines(const struct page *x, const struct page *y)
{
	check(x->n_lines == y->n_lines && x->counts.matched == y->counts.matched);
	for (size_t i = 0; i < x->n_lines; i++)
		check(str_eq(line_at(x, i), line_at(y, i)));
}

static void
compare_rest(const struct page *x, const struct page *y)
{
	check(x->n_problems == y->n_problems && x->counts.problems == y->counts.problems);
	check(x->counts.events == y->counts.events && x->counts.digests == y->counts.digests);
	for (size_t i = 0; i < x->n_problems; i++)
		check(x->problems[i].pos == y->problems[i].pos &&
		    strcmp(x->problems[i].what, y->problems[i].what) == 0);
}

static void
check_form(const struct match *m, struct str text, enum page_form form)
{
	struct search parsing = {.match = m};
	struct page *parsed = search(&parsing, text, form, false), *first = NULL;

	for (int k = 0; k < SCAN_KERNELS; k++) {
		struct project_query q = {.match = m, .untimed = true};
		struct project *project;
		struct search scanning;

		if (!scan_has((enum scan_kernel)k))
			continue;
		project = project_new(&q, (enum scan_kernel)k);
		scanning = (struct search){.match = m, .project = project};
		for (int in_place = 0; in_place < 2; in_place++) {
			struct page *got = search(&scanning, text, form, in_place != 0);

			compare_lines(parsed, got);
			compare_rest(first != NULL ? first : got, got);
			if (first == NULL)
				first = got;
			else
				page_free(got);
		}
		project_free(project);
	}
	if (parsed->n_problems == 0)
		compare_rest(parsed, first);
	page_free(parsed);
	page_free(first);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *begin = (const char *)data;
	const char *nl = size > 0 ? memchr(begin, '\n', size) : NULL;
	size_t n = nl != NULL ? (size_t)(nl - begin) : 0;
	struct str text = {begin + n, size - n};
	struct match *m = match_new();
	struct err err;

	if (nl != NULL) {
		text.p++;
		text.n--;
	}
	if (n == 0 || match_add_expression(m, (struct str){begin, n}, &err) == 0)
		for (int form = FORM_DOCUMENT; form <= FORM_ITEMS; form++)
			check_form(m, text, (enum page_form)form);
	match_free(m);
	return 0;
}

/* Tests of page.c: lines that stay in place come out as those that are copied do. */
#include "../page.h"

#include <stdlib.h>

#include "random.h"
#include "tap.h"

/* Add the lines of `text`, each with a line feed or a '|' behind it, of which keep[] has a '1', a
 * 'j' for one that is added as JSON, and compare with what is expected. */
static void
check(const char *text, const char *keep, bool in_place)
{
	struct page *page = page_new();
	struct buf want = {0};
	size_t nth = 0, wrong = 0, begin;
	const char *p, *end;

	page_reset(page);
	buf_str(&page->bytes, str_of(text));
	buf_char(&page->bytes, '\0'); /* for strchr */
	page->bytes.n--;
	page->in_place = in_place;
	end = page->bytes.p + page->bytes.n;
	for (p = page->bytes.p; p < end && keep[nth] != '\0'; nth++) {
		const char *nl = p + strcspn(p, "\n|");
		struct str line = {p, (size_t)(nl - p)};
		struct line said = {.time = (int64_t)nth};

		if (keep[nth] != '0') {
			buf_str(&want, line);
			buf_char(&want, '\n');
		}
		if (keep[nth] == '1')
			page_add_line(page, line, &said);
		else if (keep[nth] == 'j')
			page_add_json(page, line, &said);
		p = nl < end ? nl + 1 : end;
	}
	page_end_lines(page);
	begin = page->n_lines > 0 ? page->lines[0].span.at : page->out.n;
	is_mem(buf_slice(&page->out).p + begin, page->out.n - begin, want.n > 0 ? want.p : "",
	    want.n, "%s of %.30s...%s", keep, text, in_place ? ", in place" : "");
	for (size_t i = 0, at = begin; i < page->n_lines; i++) {
		wrong += page->lines[i].span.at != at || page->lines[i].span.n == 0 ||
		    page->out.p[at + page->lines[i].span.n - 1] != '\n' ||
		    keep[page->lines[i].time] == '0';
		at += page->lines[i].span.n;
	}
	is_int(wrong, 0, "and its %zu lines", page->n_lines);
	is_int(page_lines(page, page->n_lines).n, want.n, "which are all of them");
	is_int(page->counts.matched, page->n_lines, "which are counted");
	buf_free(&want);
	page_free(page);
}

/* Lines with nothing between them, as in a damaged file: each is whole, also after the one before
 * it was added in place. */
static void
test_adjacent(void)
{
	struct page *page = page_new();
	struct line line = {.time = 1};

	buf_str(&page->bytes, STR("[{1}{2}{3},{4}]"));
	page->in_place = true;
	page_add_line(page, (struct str){page->bytes.p + 1, 3}, &line);
	page_add_line(page, (struct str){page->bytes.p + 4, 3}, &line);
	page_add_json(page, (struct str){page->bytes.p + 7, 3}, &line);
	page_add_line(page, (struct str){page->bytes.p + 11, 3}, &line);
	page_end_lines(page);
	is_mem(page->out.p, page->out.n, "{1}\n{2}\n{3}\n{4}\n", 16, "nothing between lines");
	is_mem(page->bytes.p, page->bytes.n, "[{1}{2}{3},{4}]", 15, "and nothing is overwritten");
	page_free(page);
}

/* What is left over in the buffers does not get into the lines. */
static void
test_begin(void)
{
	struct page *page = page_new();
	struct line line = {.time = 1};

	buf_str(&page->bytes, STR("]}"));
	buf_reserve(&page->out, 1000);
	page_begin_in_place(page);
	ok(page->bytes.cap >= 1000, "the larger buffer takes the text");
	page->bytes.n = 0;
	buf_str(&page->bytes, STR("[{},{} ,{}]"));
	page_add_line(page, (struct str){page->bytes.p + 1, 2}, &line);
	page_add_line(page, (struct str){page->bytes.p + 4, 2}, &line);
	page_add_line(page, (struct str){page->bytes.p + 8, 2}, &line);
	page_end_lines(page);
	is_mem(page->out.p, page->out.n, "{}\n{}\n{}\n", 9,
	    "three lines, two of them in place at first");
	is_int(page->lines[2].span.at, 6, "and where they are");
	page_free(page);
}

int
main(void)
{
	static const char *const keeps[] = {
	    "0000", "1111", "1110", "1101", "0111", "1011", "11j1", "j111", "1", "0100"};
	static const char *const texts[] = {"{\"a\":1}\n{\"b\":2}\n{}\n{\"d\":4}\n",
	    "{\"a\":1}\n{\"b\":2}\n{}\n{\"d\":4}", "{}\n{}\n{}\n{}\n",
	    "{\"a\":1}|{\"b\":2}|{}|{\"d\":4}|\n"};

	for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++)
		for (size_t k = 0; k < sizeof(keeps) / sizeof(keeps[0]); k++)
			for (int in_place = 0; in_place < 2; in_place++)
				check(texts[t], keeps[k], in_place != 0);
	for (int i = 0; i < 200; i++) {
		char text[200], keep[21];
		size_t n = 0, lines = 1 + below(20);

		for (size_t k = 0; k < lines; k++) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "{%.*s}%c", (int)below(6),
			    "      ", "\n|"[below(2)]);
			keep[k] = below(8) == 0 ? "0j"[below(2)] : '1';
		}
		keep[lines] = '\0';
		if (below(2) == 0)
			text[n - 1] = '\0';
		check(text, keep, true);
	}
	test_adjacent();
	test_begin();
	return done_testing();
}

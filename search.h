/* search.h: searches one page: parses its events, asks the query, keeps the lines that match.
 *
 * An event may be a record, or hold records: a LookupEvents event or a string with an escaped
 * record in it, an object with a Records or Events array. Digest files are recognised. Pure; the
 * query is shared, a scratch belongs to one thread. */
#ifndef SEARCH_H
#define SEARCH_H

#include "id.h"
#include "str.h"

struct json;
struct match;
struct page;
struct project;

/* What is asked. */
struct search {
	const struct match *match;
	const struct project *project; /* of the same query; NULL: every event is parsed */
	bool windowed; /* from and to count */
	int64_t from;  /* us since the epoch, both inclusive */
	int64_t to;
};

struct search_scratch;

/* What search points to must outlive it. */
struct search_scratch *search_scratch_new(const struct search *search) MUSTUSE;
void search_scratch_free(struct search_scratch *scratch);

/* Give back what it took for the last page, as the next is far. */
void search_scratch_shrink(struct search_scratch *scratch);

/* Does the query ask for nothing, so that each event matches? */
bool search_takes_all(const struct search *search);

/* Search the page's events, and forget them. Its lines, problems and counts say what came of it. */
void search_page(const struct search *search, struct page *page, struct search_scratch *scratch);

/* What a record is known by: its eventID, or all of its line where it has none. */
struct id search_id(const struct json *record);

#endif

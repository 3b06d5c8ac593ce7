/* merge.h: brings the lines of several streams, each newest first, into one order newest first.
 *
 * A line goes out as soon as no stream can still bring a newer one: each stream says with every
 * page how far back it has come. Lines that have to wait are held here. Pure; one thread at a time.
 */
#ifndef MERGE_H
#define MERGE_H

#include "str.h"

struct merge;
struct page;

/* A merge of n streams, 0 to n - 1. */
struct merge *merge_new(size_t n) MUSTUSE;
void merge_free(struct merge *m);

/* Take over the lines of the next page of its stream (page->stream, page->reached, page->ended). */
void merge_add(struct merge *m, const struct page *page);

/* The next line with its line feed, valid until merge_add: true. False when some stream has to
 * bring more first, or all is done. */
bool merge_next(struct merge *m, struct str *line) MUSTUSE;

/* Bytes of lines that wait of a stream, and whether the others wait for it. */
size_t merge_held(const struct merge *m, size_t stream);
bool merge_wants(const struct merge *m, size_t stream);

/* The time down to which merge_next has given all there is; INT64_MAX before any, INT64_MIN when
 * all is done. */
int64_t merge_reached(const struct merge *m);

#endif

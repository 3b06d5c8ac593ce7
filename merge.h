/* merge.h: brings the lines of several streams into one order, newest first.
 *
 * A stream's pages come in any order; each says how far back the stream has come when all of its
 * pages up to this one are in. A line goes out as soon as no stream can still bring a newer one;
 * lines that have to wait are held here, packed (pack.h). Pure; one thread at a time. */
#ifndef MERGE_H
#define MERGE_H

#include "str.h"

struct line;
struct merge;
struct page;

/* A merge of n streams, 0 to n - 1. Where it is not ordered, no line has to wait. */
struct merge *merge_new(size_t n, bool ordered) MUSTUSE;
void merge_free(struct merge *m);

/* Take over the lines of a page (of it: seq, stream, lines, out, reached, ended, failed). */
void merge_add(struct merge *m, const struct page *page);

/* The next line with its line feed, valid until the next call: true. False when some stream has to
 * bring more first, or all is done. */
bool merge_next(struct merge *m, struct str *text, struct line *line) MUSTUSE;

/* Bytes that a stream's lines take here while they wait, and whether the others wait for it. */
size_t merge_held(const struct merge *m, size_t stream);
bool merge_wants(const struct merge *m, size_t stream);

/* The time (us) down to which all events of the stream were given by merge_next: those that are
 * newer. INT64_MAX before any; INT64_MIN when that is all. */
int64_t merge_given(const struct merge *m, size_t stream);

/* The same for all streams together. */
int64_t merge_reached(const struct merge *m);

#endif

/* out.h: the matching events on their way out: order, limit, a descriptor.
 *
 * Where the descriptor is a terminal, what could steer it (DEL, C1 controls, bidirectional
 * overrides) is written as JSON escapes: the same JSON, other bytes. One thread at a time. */
#ifndef OUT_H
#define OUT_H

#include "str.h"

#define OUT_MAX_SORTED (1u << 30) /* bytes of lines held to be sorted */

#define OUT_PIPE (1 << 20) /* bytes that a pipe at the output is asked to hold: all that one may   \
			    */
#define OUT_WAIT_MS 50     /* between two looks whether to stop */

enum out_order {
	OUT_READ,   /* as the pages come: in the order they were read */
	OUT_NEWEST, /* sorted by eventTime, all held back until the end; events without one come
		       last */
	OUT_OLDEST
};

enum out_result {
	OUT_FAILED = -1, /* err tells why */
	OUT_MORE = 0,
	OUT_ENOUGH, /* the limit is reached */
	OUT_GONE,   /* nobody reads any more */
	OUT_STOPPED /* see out_stop_when */
};

struct page;
struct out;

/* Output to fd, at most `limit` lines (UINT64_MAX: all). The descriptor stays the caller's. */
struct out *out_new(int fd, enum out_order order, uint64_t limit) MUSTUSE;
void out_free(struct out *out);

/* A reader that does not read is waited for until `stopped` says so: what it took by then is
 * counted as printed, all else is not. For this few lines are written at once. */
void out_stop_when(struct out *out, bool (*stopped)(void *context), void *context);

/* Print the page's lines, or keep them to be sorted. */
enum out_result out_page(struct out *out, const struct page *page, struct err *err) MUSTUSE;

/* Print what was kept. */
enum out_result out_finish(struct out *out, struct err *err) MUSTUSE;

/* Lines printed so far. */
uint64_t out_printed(const struct out *out);

/* Lines printed unsorted, since there were more bytes than OUT_MAX_SORTED. */
uint64_t out_unsorted(const struct out *out);

#endif

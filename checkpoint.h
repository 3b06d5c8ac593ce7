/* checkpoint.h: a file that says how far a search of the event history has come, so that the same
 * command can go on there.
 *
 * It holds the query as it was given, the window, and for each region the time down to which all
 * that matches was printed, with the ids of what was printed beyond it. It is replaced atomically:
 * written beside itself before a batch of lines is printed, and renamed afterwards. What a killed
 * run had printed without saying so is read back from its output, where that was a file; with a
 * pipe a batch is repeated if the kill falls between its write and the rename. No secrets are in
 * it. A run that finds another one's file in the place of its own stops. One thread at a time. */
#ifndef CHECKPOINT_H
#define CHECKPOINT_H

#include "id.h"
#include "str.h"

#define CHECKPOINT_MAX_BYTES (64u << 20) /* of the file; of output that is read back */
#define CHECKPOINT_MAX_AHEAD 4096        /* lines of a region printed before newer ones */
#define CHECKPOINT_SAVE_MS 1000          /* between two saves when nothing is printed */

struct checkpoint;
struct page;

/* A part of the query as it was given: "--match" and its expression, or of whom it is put to. */
struct checkpoint_part {
	const char *name;
	const char *value;
};

struct checkpoint_config {
	const char *path;
	const struct checkpoint_part *parts; /* n_parts */
	size_t n_parts;
	const char *const *regions; /* n_regions names; they are a part of the query, too */
	size_t n_regions;
	int64_t from; /* s since 1970: the window, if this is the first run */
	int64_t to;
	uint64_t limit; /* lines in all runs together */
	int output;     /* the descriptor that is printed to */
};

struct checkpoint_region {
	bool done;
	int64_t to;         /* s since 1970: what is newer was searched and printed */
	struct ids printed; /* of what is not newer */
};

/* Read the file, or begin anew where there is none. What config points to must outlive it. NULL
 * when there is a file that is none of ours or of another query (then *usage), or it cannot be
 * read or written. */
struct checkpoint *checkpoint_open(
    const struct checkpoint_config *config, bool *usage, struct err *err) MUSTUSE;
void checkpoint_free(struct checkpoint *c);

/* What the first run's window was, how many lines were printed before, and is all done? */
int64_t checkpoint_from(const struct checkpoint *c);
int64_t checkpoint_to(const struct checkpoint *c);
uint64_t checkpoint_printed(const struct checkpoint *c);
bool checkpoint_is_complete(const struct checkpoint *c);

/* Where a region was when the file was read. */
const struct checkpoint_region *checkpoint_region(const struct checkpoint *c, size_t region);

/* All of the region that is newer than `given` (us) is among the lines so far and those of the
 * next checkpoint_prepare; INT64_MIN when the region is done. */
void checkpoint_reached(struct checkpoint *c, size_t region, int64_t given);

/* The page's lines (their `stream` is the region) are to be printed: note them in a new file
 * beside the old. */
int checkpoint_prepare(struct checkpoint *c, const struct page *page, struct err *err) MUSTUSE;

/* Of the page that was prepared only the first n lines are printed, and nothing was reached. */
int checkpoint_prepare_part(
    struct checkpoint *c, const struct page *page, size_t n, struct err *err) MUSTUSE;

/* They are printed: the new file takes the old one's place. */
int checkpoint_commit(struct checkpoint *c, struct err *err) MUSTUSE;

/* Lines of the region that were printed before newer ones. */
size_t checkpoint_ahead(const struct checkpoint *c, size_t region);

#endif

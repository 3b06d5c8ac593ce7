/* progress.h: what a person sees on stderr while and after a search. Called by one thread at a
 * time. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "str.h"

#define PROGRESS_MAX_PROBLEMS 10 /* with a position shown for one file; the others are counted */

struct counts;
struct problem;

struct progress {
	bool quiet;       /* only errors */
	bool verbose;     /* notes, and the closing line even when stderr is no terminal */
	char *where;      /* the file that the last problems were about */
	uint64_t shown;   /* problems shown for it */
	uint64_t unshown; /* and not shown */
};

/* What the closing line is made of. */
struct summary {
	uint64_t printed;
	const char *where; /* event history: which regions; NULL otherwise */
	double seconds;
	const char *from; /* the window's ends; NULL where there is none */
	const char *to;
};

/* Show a problem or, with verbose, a note. The context is a struct progress
 * (pipeline_config.report). */
void progress_problem(void *context, const struct problem *problem);

/* Show what was left out so far, and the closing line where it is wanted. */
void progress_close(
    struct progress *progress, const struct counts *counts, const struct summary *summary);

#endif

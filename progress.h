/* progress.h: what a person sees on stderr while and after a search. Called by one thread at a
 * time. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "page.h"
#include "source.h"
#include "str.h"

#define PROGRESS_INTERVAL_S 0.1  /* between two looks of the line on a terminal */
#define PROGRESS_RATE_S 5.0      /* that its rate is an average of, at least */
#define PROGRESS_MAX_PROBLEMS 10 /* with a position shown for one file; the others are counted */

struct progress {
	bool quiet;       /* only errors */
	bool verbose;     /* notes, and the closing line even when stderr is no terminal */
	char *where;      /* the file that the last problems were about */
	uint64_t shown;   /* problems shown for it */
	uint64_t unshown; /* and not shown */
	bool visible;     /* the line that is rewritten is on the terminal */
	double last;      /* when it was written last, s */
	double legal;     /* requests a second that the regions not done then allowed */
	double allowed;   /* requests since the beginning, likewise */
	struct {
		double seconds;
		double allowed;
		uint64_t pages;
	} then[2]; /* what the rate is measured from */
};

/* A search of the event history on its way. */
struct progress_state {
	double seconds; /* since it began */
	struct counts counts;
	size_t streams;
	int64_t reached; /* us: newer events are all printed; INT64_MAX before any */
	bool limited;    /* it ends sooner when enough was printed */
	struct source_state source;
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

/* Is stderr a terminal, and the line old enough to be written anew? */
bool progress_is_due(const struct progress *progress, double seconds);

/* Write the line: as many of its parts as the terminal is wide for, the time left first. And take
 * it away again. */
void progress_show(struct progress *progress, const struct progress_state *state);
void progress_hide(struct progress *progress);

/* Show what was left out so far, and the closing line where it is wanted. */
void progress_close(
    struct progress *progress, const struct counts *counts, const struct summary *summary);

#endif

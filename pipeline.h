/* pipeline.h: source → search → order → output, beside each other.
 *
 *     source ──▶ search (jobs) ──▶ order ──▶ output
 *        ▲                                     │
 *        └──────────── free pages ◀────────────┘
 *
 * Of a source with one stream each of `jobs` threads does all of it: it has the source fill a page,
 * one thread at a time, searches it beside the others, and prints it with those behind it that are
 * done, if those before it are printed; else it leaves it there. So no page goes from thread to
 * thread while they could work, which took longer than to search a megabyte. There are as many
 * pages as the memory bound allows, and all of them go round: who is slow holds the others back.
 * With one job the same functions run one after the other in the caller's thread. */
#ifndef PIPELINE_H
#define PIPELINE_H

#include "str.h"

#define PIPELINE_MAX_JOBS 256
#define PIPELINE_PAGES_PER_JOB 2 /* one is filled, searched or printed, one waits to be printed */
#define PIPELINE_STACK                                                                             \
	(4u << 20) /* bytes of address space for each thread's stack: JSONPath may take 0.7 MiB */
#define PIPELINE_MAX_HELD (32u << 20)   /* bytes of fetchers and of lines that wait; */
#define PIPELINE_LEAST_HELD (12u << 20) /* but of lines at least these: less, and all wait */
#define PIPELINE_MAX_FETCHERS 288       /* threads of all streams, which share them alike */
#define PIPELINE_FETCHER (88u << 10)    /* bytes that each takes */

struct checkpoint;
struct counts;
struct out;
struct pipeline;
struct problem;
struct search;
struct source;

struct pipeline_config {
	struct source *source;
	const struct search *search;
	struct out *out;
	unsigned jobs;
	bool ordered; /* one stream: print in the order read; several: newest first over all. Else
			 as found */
	struct checkpoint *checkpoint; /* of several streams; may be NULL */
	/* Called for each problem, in order, by one thread at a time. */
	void (*report)(void *context, const struct problem *problem);
	/* Of several streams, by the thread that runs the pipeline: a page was taken; lines are
	 * about to be printed. Both may be NULL. */
	void (*moved)(void *context);
	void (*printing)(void *context);
	void *context;
};

struct pipeline *pipeline_new(const struct pipeline_config *config) MUSTUSE;

/* Run to the end: until the source has no more, the output has enough, or pipeline_interrupt. 0, or
 * -1 when the output or a thread failed; what could not be searched is reported and counted
 * instead. Once for a pipeline. */
int pipeline_run(struct pipeline *p, struct err *err) MUSTUSE;

/* What was done so far. From any thread. */
void pipeline_counts(struct pipeline *p, struct counts *counts);

/* Of several streams, ordered: the time (us since the epoch) down to which all events were printed;
 * INT64_MAX before any. From any thread. */
int64_t pipeline_reached(struct pipeline *p);

/* Make pipeline_run end, from another thread. True when it did within grace_ms milliseconds; false
 * when it waits for something outside, and only the end of the process will end it; what was kept
 * to be sorted is then printed. */
bool pipeline_interrupt(struct pipeline *p, long grace_ms) MUSTUSE;

/* Free it and close its source; the rest of the config stays the caller's. False where the run
 * ended early and the reader may still wait for input: then nothing is freed, and what the source
 * uses must stay, as the process is about to end. */
bool pipeline_free(struct pipeline *p);

#endif

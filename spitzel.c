/* spitzel.c: wiring, signals, exit status. What happens in between is pipeline.h's. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "account.h"
#include "checkpoint.h"
#include "gz.h"
#include "harden.h"
#include "match.h"
#include "options.h"
#include "out.h"
#include "page.h"
#include "pipeline.h"
#include "plan.h"
#include "progress.h"
#include "project.h"
#include "regex.h"
#include "region.h"
#include "search.h"
#include "source.h"
#include "trail.h"
#include "when.h"

enum status {
	STATUS_COMPLETE = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_INCOMPLETE = 3,
	STATUS_INTERRUPTED = 130
};

enum { GRACE_MS = 300 }; /* that an interrupted run has to end by itself */

/* --- version --- */

static void
print_libraries(void)
{
	char pcre2[64];

	(void)printf("PCRE2 %s (BSD-3-Clause)\n", regex_version(pcre2));
	(void)printf("libdeflate %s (MIT)\n", gz_libdeflate_version());
	(void)printf("zlib %s (Zlib)\n", gz_zlib_version());
	(void)printf("BearSSL 0.6 (MIT)\n"); /* it has no version to ask for */
#ifdef __GLIBC__
	(void)printf("the system's C library\n");
#else
	(void)printf("musl (MIT)\n");
#endif
	(void)printf("aws-spitzel itself: MIT\n");
}

static enum status
print_version(bool verbose)
{
	(void)printf("aws-spitzel %s\n", SPITZEL_VERSION);
	if (verbose)
		print_libraries();
	if (fflush(stdout) == 0 && !ferror(stdout))
		return STATUS_COMPLETE;
	(void)complain("cannot write", strerror(errno));
	return STATUS_FAILED;
}

/* --- the run --- */

static double
seconds_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The run, for the signal thread; set before it starts. */
static struct run {
	const struct command *command;
	struct pipeline *pipeline;
	struct out *out;
	struct progress progress;
	double started;
	char where[64]; /* event history: which regions */
	struct source *source;
	bool stdout_is_terminal;
	struct checkpoint *checkpoint;
	const char **names; /* of the regions, as the checkpoint has them */
	char account[CREDS_ACCOUNT_SIZE];
	struct buf endpoint;
	pthread_t signal_thread;
	sigset_t signals;
} run;

static void
close_run(uint64_t printed, struct counts *counts)
{
	char from[WHEN_PRINT_SIZE], to[WHEN_PRINT_SIZE];
	const struct command *c = run.command;
	struct summary s = {.printed = printed,
	    .where = run.where[0] != '\0' ? run.where : NULL,
	    .seconds = seconds_now() - run.started};

	pipeline_counts(run.pipeline, counts);
	if (c->from_option != NULL || c->to_option != NULL) {
		s.from = c->from_option != NULL ? when_print(from, c->from) : "the beginning";
		s.to = c->to_option != NULL ? when_print(to, c->to) : "the end";
	}
	progress_close(&run.progress, counts, &s);
}

/* pipeline_config.moved */
static void
show_progress(void *context)
{
	struct progress_state state = {.seconds = seconds_now() - run.started};

	(void)context;
	if (run.where[0] == '\0' || !progress_is_due(&run.progress, state.seconds))
		return;
	pipeline_counts(run.pipeline, &state.counts);
	state.reached = pipeline_reached(run.pipeline);
	run.source->state(run.source, &state.source);
	state.streams = run.source->streams;
	state.limited = run.command->limit != UINT64_MAX;
	progress_show(&run.progress, &state);
}

/* pipeline_config.printing */
static void
hide_progress(void *context)
{
	(void)context;
	if (run.stdout_is_terminal)
		progress_hide(&run.progress);
}

/* After an interrupt: where a search of the history can take up again. */
static void
say_how_to_go_on(void)
{
	int64_t reached = pipeline_reached(run.pipeline);
	char to[WHEN_PRINT_SIZE];

	if (run.where[0] == '\0')
		return;
	if (run.checkpoint != NULL)
		(void)fprintf(
		    stderr, "aws-spitzel: interrupted; the same command goes on where it was\n");
	else if (reached == INT64_MAX || reached == INT64_MIN)
		(void)fprintf(stderr, "aws-spitzel: interrupted\n");
	else
		(void)fprintf(stderr,
		    "aws-spitzel: interrupted; all events after %s are printed: go on with "
		    "--to %s\n",
		    when_print(to, reached - reached % WHEN_SECOND_US), to);
}

/* Waits for signals. Returns true when the main thread ends the program, having been told to stop
 * or not. */
static void *
signal_main(void *unused)
{
	struct counts counts;
	int signal;

	(void)unused;
	if (sigwait(&run.signals, &signal) != 0 || signal == SIGUSR1)
		return NULL;
	if (pipeline_interrupt(run.pipeline, GRACE_MS))
		return (void *)&run;
	/* The run waits for its input or its reader: nothing of it can be lost any more. */
	pipeline_counts(run.pipeline, &counts);
	run.progress.verbose = true;
	close_run(counts.matched, &counts);
	say_how_to_go_on();
	_exit(STATUS_INTERRUPTED);
}

/* Interrupts are taken by a thread of their own, so that nothing ever runs inside a signal handler.
 */
static int
start_signals(void)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction old;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&run.signals);
	(void)sigaddset(&run.signals, SIGUSR1);
	/* What nohup or a shell has had ignored stays so. */
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			(void)sigaddset(&run.signals, ends[i]);
	if (pthread_sigmask(SIG_BLOCK, &run.signals, NULL) != 0 ||
	    pthread_create(&run.signal_thread, NULL, signal_main, NULL) != 0)
		return complain("cannot start a thread", strerror(errno));
	return 0;
}

/* Was the run interrupted? */
static bool
end_signals(void)
{
	void *interrupted = NULL;

	(void)pthread_kill(run.signal_thread, SIGUSR1);
	(void)pthread_join(run.signal_thread, &interrupted);
	return interrupted != NULL;
}

static enum status
finish(int result, const struct err *err)
{
	bool interrupted = end_signals();
	uint64_t unsorted = out_unsorted(run.out);
	struct counts counts;

	if (interrupted) /* what was searched is worth knowing then */
		run.progress.verbose = true;
	close_run(out_printed(run.out), &counts);
	if (result != 0) {
		(void)complain(err->msg, "");
		return STATUS_FAILED;
	}
	if (unsorted > 0)
		(void)fprintf(stderr,
		    "aws-spitzel: the last %" PRIu64 " events are not sorted: all matches "
		    "are larger than %u MiB; narrow the query\n",
		    unsorted, OUT_MAX_SORTED >> 20);
	if (interrupted) {
		say_how_to_go_on();
		return STATUS_INTERRUPTED;
	}
	if (counts.problems > 0 && counts.files == 0 && counts.pages == 0)
		return STATUS_FAILED;
	return counts.problems > 0 || unsorted > 0 ? STATUS_INCOMPLETE : STATUS_COMPLETE;
}

static struct search
make_search(const struct command *c)
{
	return (struct search){.match = c->match,
	    .windowed = c->from_option != NULL || c->to_option != NULL,
	    .from = c->from,
	    .to = c->to};
}

/* Run the source through the pipeline to stdout. */
static enum status
search_source(const struct command *c, const struct search *search, struct source *source,
    bool ordered, enum out_order order)
{
	struct pipeline_config config = {.source = source,
	    .search = search,
	    .jobs = c->jobs,
	    .ordered = ordered,
	    .checkpoint = run.checkpoint,
	    .report = progress_problem,
	    .moved = show_progress,
	    .printing = hide_progress,
	    .context = &run.progress};
	enum status status;
	struct err err;

	if (c->blank && !c->quiet)
		(void)complain("--match", "an empty expression holds for every event");
	run.command = c;
	run.source = source;
	run.stdout_is_terminal = isatty(STDOUT_FILENO) == 1;
	run.started = seconds_now();
	run.progress = (struct progress){.quiet = c->quiet, .verbose = c->verbose};
	run.out = config.out = out_new(STDOUT_FILENO, order, c->limit);
	run.pipeline = pipeline_new(&config);
	if (start_signals() != 0)
		return STATUS_FAILED;
	status = finish(pipeline_run(run.pipeline, &err), &err);
	if (!pipeline_free(run.pipeline))
		_exit((int)status);
	out_free(run.out);
	return status;
}

/* Bytes; SPITZEL_BLOCK makes it smaller, for tests. */
static size_t
page_size(void)
{
	const char *text = getenv("SPITZEL_BLOCK");
	unsigned long size = text != NULL ? strtoul(text, NULL, 10) : 0;

	return size > 0 && size < TRAIL_PAGE_SIZE ? size : TRAIL_PAGE_SIZE;
}

/* The vectors that do most of the work: the fastest ones, or those in SPITZEL_SCAN ("swar", "sse2",
 * ...), by which tests ask for the others; "none": every event is parsed. */
static int
choose_kernel(enum scan_kernel *kernel, bool *parses)
{
	const char *name = getenv("SPITZEL_SCAN");

	*kernel = scan_best();
	*parses = name != NULL && strcmp(name, "none") == 0;
	if (name == NULL || *parses)
		return 0;
	if (scan_kernel_named(str_of(name), kernel) != 0 || !scan_has(*kernel))
		return complain("SPITZEL_SCAN", "there are no such vectors here");
	return 0;
}

static enum status
search_trails(const struct command *c)
{
	enum out_order order = c->sort == SORT_NEWEST ? OUT_NEWEST :
	    c->sort == SORT_OLDEST                    ? OUT_OLDEST :
							OUT_READ;
	struct search search = make_search(c);
	struct project *project = NULL;
	enum scan_kernel kernel;
	enum status status;
	bool parses;

	if (choose_kernel(&kernel, &parses) != 0)
		return STATUS_USAGE;
	if (!parses && !c->strict)
		project = project_new(&(struct project_query){.match = search.match,
					  .windowed = search.windowed,
					  .from = search.from,
					  .to = search.to,
					  .untimed = order == OUT_READ},
		    kernel);
	search.project = project;
	status = search_source(c, &search,
	    trail_open(c->trails, c->n_trails, page_size(), kernel), c->sort != SORT_NONE, order);
	project_free(project);
	return status;
}

/* --- event history --- */

/* Some services' events are in one region only, whichever they were called from. */
static void
hint_at_global(const struct command *c, const struct account *a)
{
	static const char *const services[] = {
	    "iam", "signin", "sts", "cloudfront", "route53", "organizations"};
	const char *region = account_missing_global(a);

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]) && region != NULL; i++)
		if (match_asks_for(c->match, str_of(services[i]))) {
			(void)fprintf(stderr,
			    "aws-spitzel: events of %s are recorded in %s%s, which is not "
			    "searched: add --region %s\n",
			    services[i], region,
			    strcmp(services[i], "sts") == 0 ?
				" where the global endpoint was called" :
				"",
			    region);
			return;
		}
}

/* A region that was misspelt is asked like any other; its host's name will not be found. */
static void
hint_at_unknown(const struct account *a)
{
	for (size_t i = 0; i < a->n && !a->settings.has_endpoint; i++)
		if (!region_is_known(str_of(a->names[i])))
			(void)complain(a->names[i],
			    "this version knows no such region; it is asked all the same");
}

/* The window as LookupEvents has it: what the service still keeps, and nothing that happens from
 * now on. */
static int
set_history_window(struct command *c, bool *until_now)
{
	int64_t oldest = c->now - LOOKUP_HISTORY_DAYS * 86400 * WHEN_SECOND_US;
	char text[WHEN_PRINT_SIZE];

	*until_now = c->to >= c->now;
	if (*until_now) /* the second that has begun is still to get our own calls */
		c->to = c->now - WHEN_SECOND_US;
	(void)when_print(text, oldest);
	if (c->to < oldest || c->from > c->now) {
		(void)fprintf(stderr,
		    "aws-spitzel: the event history goes from %s to now, and the time window is "
		    "outside of it%s\n",
		    text, c->to < oldest ? "; name trail logs with --trail" : "");
		return -1;
	}
	if (c->from < oldest) {
		if (c->from_option != NULL && !c->quiet)
			(void)fprintf(stderr,
			    "aws-spitzel: the event history starts at %s: what was before is not "
			    "in it\n",
			    text);
		c->from = oldest;
	}
	return 0;
}

static int64_t
seconds_of(int64_t us)
{
	return us / WHEN_SECOND_US - (us % WHEN_SECOND_US < 0);
}

/* The regions whose plans, as text, are the same as that of the i-th, and what it is; nothing where
 * an earlier one is among them. */
static void
explain_plan(const struct account *a, const struct buf *plans, size_t i, struct buf *b)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(buf_slice(&plans[k]), buf_slice(&plans[i])))
			return;
	for (size_t k = i; k < a->n; k++)
		if (str_eq(buf_slice(&plans[k]), buf_slice(&plans[i])))
			buf_printf(b, "%s%s", k == i ? "regions   " : ", ", a->names[k]);
	buf_char(b, '\n');
	buf_str(b, buf_slice(&plans[i]));
}

/* What is to be asked for: event sources have other names in other partitions. */
static void
explain(const struct command *c, const struct account *a, struct buf *b)
{
	char from[WHEN_PRINT_SIZE], to[WHEN_PRINT_SIZE];
	struct buf *plans = xcalloc(a->n, sizeof(*plans));
	size_t least = 0;

	buf_printf(b, "window    %s to %s\n", when_print(from, c->from), when_print(to, c->to));
	for (size_t i = 0; i < a->n; i++) {
		plan_print(&plans[i], a->regions[i].plan);
		least += a->regions[i].plan->ways[0].n;
	}
	for (size_t i = 0; i < a->n; i++)
		explain_plan(a, plans, i, b);
	buf_printf(b,
	    "requests  %zu at least, then one for every 50 events found\n"
	    "time      %g requests a second to each region: 10,000 events of a region take %.0f s, "
	    "1,000,000 take %.1f h\n",
	    least, c->rate, 200 / c->rate, 20000 / c->rate / 3600);
	for (size_t i = 0; i < a->n; i++)
		buf_free(&plans[i]);
	free(plans);
}

/* The parts of a line of text each on a line of stderr. */
static void
show_plan(const struct command *c, const struct account *a)
{
	struct buf b = {0};

	explain(c, a, &b);
	for (size_t at = 0; at < b.n;) {
		const char *line = b.p + at, *end = memchr(line, '\n', b.n - at);

		(void)fprintf(stderr, "aws-spitzel: %.*s\n", (int)(end - line), line);
		at += (size_t)(end - line) + 1;
	}
	buf_free(&b);
}

static enum status
print_plan(const struct command *c, const struct account *a)
{
	struct buf b = {0};
	bool fine;

	explain(c, a, &b);
	fine = fwrite(b.p, 1, b.n, stdout) == b.n && fflush(stdout) == 0;
	buf_free(&b);
	if (fine)
		return STATUS_COMPLETE;
	(void)complain("cannot write", strerror(errno));
	return STATUS_FAILED;
}

/* Whose history it is belongs to the query: that of another account would be passed over in silence
 * where this one's was searched. Renewed credentials are of the same account. */
static void
add_account(struct command *c, const struct account *a)
{
	if (creds_account(a->creds.access_key, run.account))
		options_add_part(c, "account", run.account);
	if (!a->settings.has_endpoint)
		return;
	url_print_authority(&run.endpoint, &a->settings.endpoint, true);
	buf_char(&run.endpoint, '\0');
	options_add_part(c, "endpoint", run.endpoint.p);
}

/* Go on where the checkpoint is. */
static int
open_checkpoint(struct command *c, struct account *a, enum status *status)
{
	struct checkpoint_config config = {.path = c->checkpoint,
	    .n_regions = a->n,
	    .from = seconds_of(c->from),
	    .to = seconds_of(c->to),
	    .limit = c->limit,
	    .output = STDOUT_FILENO};
	const char **names = xrealloc(NULL, a->n, sizeof(*names));
	struct err err;
	bool usage;

	for (size_t i = 0; i < a->n; i++) {
		names[i] = a->names[i];
		options_add_part(c, "--region", a->names[i]);
	}
	add_account(c, a);
	config.regions = names;
	config.parts = c->parts;
	config.n_parts = c->n_parts;
	run.names = names;
	run.checkpoint = checkpoint_open(&config, &usage, &err);
	if (run.checkpoint == NULL) {
		*status = usage ? STATUS_USAGE : STATUS_FAILED;
		return complain(err.msg, "");
	}
	if (checkpoint_is_complete(run.checkpoint)) {
		*status = STATUS_COMPLETE;
		if (!c->quiet)
			(void)complain(c->checkpoint,
			    "this search is complete: nothing is left to be printed; remove the "
			    "file to search again");
		return -1;
	}
	/* A window that moves with the clock stays where it was. */
	if (checkpoint_from(run.checkpoint) != config.from)
		c->from = checkpoint_from(run.checkpoint) * WHEN_SECOND_US;
	if (checkpoint_to(run.checkpoint) != config.to)
		c->to = checkpoint_to(run.checkpoint) * WHEN_SECOND_US;
	if (c->limit != UINT64_MAX) /* there is one */
		c->limit -= checkpoint_printed(run.checkpoint);
	for (size_t i = 0; i < a->n; i++) {
		const struct checkpoint_region *r = checkpoint_region(run.checkpoint, i);

		a->regions[i].done = r->done;
		a->regions[i].to = r->to;
		a->regions[i].printed = &r->printed;
	}
	return 0;
}

static enum status
search_account(struct command *c, struct account *a, bool until_now)
{
	struct lookup_config config = {.regions = a->regions,
	    .n = a->n,
	    .all = a->all,
	    .rate = c->rate,
	    .until_now = until_now};
	struct search search;
	enum status status;

	for (size_t i = 0; i < a->n; i++)
		a->regions[i].to = seconds_of(c->to);
	if (c->checkpoint != NULL && open_checkpoint(c, a, &status) != 0)
		return status;
	config.from = seconds_of(c->from);
	config.to = seconds_of(c->to);
	if (!c->quiet) {
		hint_at_unknown(a);
		hint_at_global(c, a);
	}
	if (c->verbose)
		show_plan(c, a);
	if (a->n == 1)
		(void)snprintf(run.where, sizeof(run.where), "%s", a->names[0]);
	else
		(void)snprintf(run.where, sizeof(run.where), "%zu regions", a->n);
	search = make_search(c); /* a checkpoint may have another window than now */
	return search_source(c, &search, lookup_open(&config),
	    c->sort == SORT_DEFAULT || c->sort == SORT_NEWEST,
	    c->sort == SORT_OLDEST ? OUT_OLDEST : OUT_READ);
}

static enum status
search_history(struct command *c)
{
	/* It outlives the run, also one that leaves its threads behind. */
	static struct account account;
	struct account_flags flags = {.settings = c->settings,
	    .regions = c->regions,
	    .n_regions = c->n_regions,
	    .offline = c->explain};
	enum status status = STATUS_FAILED;
	bool usage, until_now;
	struct err err;

	harden_secrets();
	flags.settings.region = c->n_regions > 0;
	if (account_open(&account, &flags, &usage, &err) != 0) {
		status = usage ? STATUS_USAGE : STATUS_FAILED;
		(void)complain(err.msg, "");
	} else if (set_history_window(c, &until_now) == 0) {
		for (size_t i = 0; i < account.n; i++)
			account.regions[i].plan = plan_new(
			    c->match, region_partition(str_of(account.names[i])));
		status = c->explain ? print_plan(c, &account) :
				      search_account(c, &account, until_now);
		for (size_t i = 0; i < account.n; i++)
			plan_free(account.regions[i].plan);
	}
	checkpoint_free(run.checkpoint);
	free(run.names);
	buf_free(&run.endpoint);
	account_free(&account);
	return status;
}

/* The processors that a control group may use at a time: its quota over its period, rounded up
 * (cgroup v2, cpu.max). LONG_MAX where there is no limit. */
static long
group_processors(void)
{
	FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
	long quota, period;
	int n;

	if (f == NULL)
		return LONG_MAX;
	n = fscanf(f, "%ld %ld", &quota, &period); /* "max" is no number */
	(void)fclose(f);
	return n == 2 && quota > 0 && period > 0 ? (quota + period - 1) / period : LONG_MAX;
}

/* Those that the scheduler lets us have: musl asks for the affinity, glibc for what is online. */
static unsigned
processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN), most = group_processors();

	if (n > most)
		n = most;
	if (n < 1)
		return 1;
	return n > PIPELINE_MAX_JOBS ? PIPELINE_MAX_JOBS : (unsigned)n;
}

/* A program may be started with a standard stream closed. What it opened next would get that
 * stream's number, and be read or written in its place: give the number to an end of a pipe that
 * can be neither. */
static int
hold_standard_streams(void)
{
	int ends[2];

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (pipe(ends) != 0) /* ends[0] is fd, the lowest that is free */
			return -1;
		if (fd == STDIN_FILENO)
			(void)dup2(ends[1], fd);
		(void)close(ends[1]);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct command c = {.limit = UINT64_MAX,
	    .jobs = processors(),
	    .rate = LOOKUP_LEGAL_RATE,
	    .now = (int64_t)time(NULL) * WHEN_SECOND_US};
	enum status status;

	harden_relro();
	if (hold_standard_streams() != 0)
		status = STATUS_FAILED;
	else if (options_read(&c, argc, argv) < 0)
		status = STATUS_USAGE;
	else if (c.help)
		status = options_print_help() == 0 ? STATUS_COMPLETE : STATUS_FAILED;
	else if (c.version)
		status = print_version(c.verbose);
	else
		status = c.n_trails > 0 ? search_trails(&c) : search_history(&c);
	options_free(&c);
	return (int)status;
}

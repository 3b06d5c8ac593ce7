/* spitzel.c: options, wiring, signals, exit status. What happens in between is pipeline.h's. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "account.h"
#include "gz.h"
#include "harden.h"
#include "match.h"
#include "out.h"
#include "page.h"
#include "pipeline.h"
#include "progress.h"
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

#define HISTORY_DAYS 90 /* that CloudTrail keeps events without a trail */

enum { MAX_SHOWN = 400 }; /* bytes of an argument shown in an error */

static const char usage_text[] =
    "usage: aws-spitzel [-hqVv] [-j jobs] [-m expression] [-n limit]\n"
    "                   [--ca-bundle file] [--endpoint-url url] [--from time]\n"
    "                   [--last span] [--last-minute minutes] [--profile name]\n"
    "                   [--region list] [--sort order] [--to time] [--trail source]\n"
    "                   [pattern ...]\n";

static const char help_text[] =
    "\n"
    "Print the CloudTrail events that match, one JSON object a line: of the event\n"
    "history of an AWS account (the last 90 days), or of trail logs.\n"
    "\n"
    "  pattern               service:Action with * and ?, such as 's3:Get*'; one of\n"
    "                        them must match; none: every event\n"
    "  -m, --match EXPR      a JSONPath, an operator, a Python literal, such as\n"
    "                        '$.errorCode == \"AccessDenied\"'; all of them must hold;\n"
    "                        == != < <= > >= in regex glob cidr; and, or, not, ( )\n"
    "      --from TIME       events from TIME on, TIME included\n"
    "      --to TIME         events up to TIME, TIME included\n"
    "      --last SPAN       the last 90m, 5h, 7d, ...\n"
    "      --last-minute N   the last N minutes\n"
    "      --region LIST     regions with commas between them, or all (default: as\n"
    "                        the AWS CLI)\n"
    "      --profile NAME    of the AWS config and credentials files\n"
    "      --ca-bundle FILE  trust the certification authorities in this PEM file\n"
    "      --endpoint-url URL  ask there instead of AWS\n"
    "      --trail SOURCE    search trail logs: a file, a folder, or - for standard\n"
    "                        input; JSON or gzip; may be repeated\n"
    "  -n, --limit N         stop after N events\n"
    "  -j, --jobs N          search with N threads (default: one a processor)\n"
    "      --sort ORDER      newest (default of the history), read (default\n"
    "                        of trails), none or oldest\n"
    "  -q, --quiet           nothing on stderr but errors\n"
    "  -v, --verbose         say what was searched and passed over\n"
    "  -h, --help            this text\n"
    "  -V, --version         the version; with -v those of what is linked in, too\n"
    "\n"
    "TIME is UTC unless it says otherwise: 2023-03-31, '2023-03-31 14:00:12',\n"
    "2023-03-31T14:00:12Z, -3h, now, @1680271212.\n"
    "Exit status: 0 complete, 1 failed, 2 usage, 3 something could not be searched,\n"
    "130 interrupted. The manual is aws-spitzel(1).\n";

enum {
	OPT_FROM = 256,
	OPT_TO,
	OPT_LAST,
	OPT_LAST_MINUTE,
	OPT_TRAIL,
	OPT_SORT,
	OPT_REGION,
	OPT_PROFILE,
	OPT_CA_BUNDLE,
	OPT_ENDPOINT
};

static const struct option options[] = {
    {"ca-bundle", required_argument, NULL, OPT_CA_BUNDLE},
    {"endpoint-url", required_argument, NULL, OPT_ENDPOINT},
    {"from", required_argument, NULL, OPT_FROM},
    {"help", no_argument, NULL, 'h'},
    {"jobs", required_argument, NULL, 'j'},
    {"last", required_argument, NULL, OPT_LAST},
    {"last-minute", required_argument, NULL, OPT_LAST_MINUTE},
    {"limit", required_argument, NULL, 'n'},
    {"match", required_argument, NULL, 'm'},
    {"profile", required_argument, NULL, OPT_PROFILE},
    {"quiet", no_argument, NULL, 'q'},
    {"region", required_argument, NULL, OPT_REGION},
    {"sort", required_argument, NULL, OPT_SORT},
    {"to", required_argument, NULL, OPT_TO},
    {"trail", required_argument, NULL, OPT_TRAIL},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

/* What the command line said. */
struct command {
	struct match *match;
	const char **trails;
	size_t n_trails;
	const char **regions;
	size_t n_regions;
	struct settings_flags settings;
	int64_t now;
	const char *from_option; /* the option that set it, NULL where none did */
	const char *to_option;
	int64_t from;
	int64_t to;
	uint64_t limit;
	unsigned jobs;
	enum { SORT_DEFAULT, SORT_READ, SORT_NONE, SORT_NEWEST, SORT_OLDEST } sort;
	bool quiet;
	bool verbose;
	bool version;
	bool help;
	bool blank; /* an empty expression was given */
};

/* --- complaints --- */

static int
complain(const char *what, const char *why)
{
	(void)fprintf(
	    stderr, "aws-spitzel: %s%s%s\n", what, *what != '\0' && *why != '\0' ? ": " : "", why);
	return -1;
}

static int
bad_usage(const char *what, const char *why)
{
	(void)complain(what, why);
	(void)fprintf(stderr, "Try 'aws-spitzel --help'.\n");
	return -1;
}

/* Show the argument with a caret under the byte that the error is about. */
static int
bad_text(const char *what, const char *text, const struct err *err)
{
	struct buf line = {0};
	size_t n = strlen(text), pos = err->pos < n ? err->pos : n, column = 0;

	(void)complain(what, err->msg);
	buf_escaped(&line, (struct str){text, pos}, MAX_SHOWN);
	for (size_t i = 0; i < line.n; i++)
		column += ((unsigned char)line.p[i] & 0xc0) != 0x80;
	buf_escaped(&line, (struct str){text + pos, n - pos}, MAX_SHOWN);
	(void)fprintf(stderr, "    %.*s\n    %*s^\n", (int)line.n, line.p != NULL ? line.p : "",
	    (int)column, "");
	buf_free(&line);
	(void)fprintf(stderr, "Try 'aws-spitzel --help'.\n");
	return -1;
}

/* --- the command line --- */

static int
read_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	char why[160], shown[48];
	uint64_t v = 0;
	bool ok = *text != '\0';

	for (const char *p = text; *p != '\0' && ok; p++) {
		ok = *p >= '0' && *p <= '9' && v <= (UINT64_MAX - 9) / 10;
		if (ok)
			v = v * 10 + (uint64_t)(*p - '0');
	}
	if (ok && v >= min && v <= max) {
		*value = v;
		return 0;
	}
	(void)snprintf(why, sizeof(why), "'%s' is no whole number from %" PRIu64 " to %" PRIu64,
	    str_escape(shown, sizeof(shown), str_of(text)), min, max);
	return bad_usage(option, why);
}

static int
set_end(const char **which, const char *option)
{
	char why[160];

	if (*which == NULL) {
		*which = option;
		return 0;
	}
	(void)snprintf(why, sizeof(why), "the time window already has this end from %s", *which);
	return bad_usage(option, why);
}

static int
set_last(struct command *c, const char *option, int64_t span)
{
	if (set_end(&c->from_option, option) != 0 || set_end(&c->to_option, option) != 0)
		return -1;
	c->from = c->now - WHEN_MIN_US < span ? WHEN_MIN_US : c->now - span;
	c->to = c->now;
	return 0;
}

static int
read_time_option(struct command *c, int option, const char *text)
{
	struct err err;
	int64_t span;

	switch (option) {
	case OPT_FROM:
		if (when_parse(str_of(text), c->now, &c->from, &err) != 0)
			return bad_usage("--from", err.msg);
		return set_end(&c->from_option, "--from");
	case OPT_TO:
		if (when_parse(str_of(text), c->now, &c->to, &err) != 0)
			return bad_usage("--to", err.msg);
		return set_end(&c->to_option, "--to");
	case OPT_LAST:
		if (when_parse_span(str_of(text), &span, &err) != 0)
			return bad_usage("--last", err.msg);
		return set_last(c, "--last", span);
	default:
		if (when_parse_minutes(str_of(text), &span, &err) != 0)
			return bad_usage("--last-minute", err.msg);
		return set_last(c, "--last-minute", span);
	}
}

static int
read_sort(struct command *c, const char *text)
{
	static const char *const orders[] = {[SORT_READ] = "read",
	    [SORT_NONE] = "none",
	    [SORT_NEWEST] = "newest",
	    [SORT_OLDEST] = "oldest"};

	for (c->sort = SORT_READ; c->sort <= SORT_OLDEST; c->sort++)
		if (strcmp(text, orders[c->sort]) == 0)
			return 0;
	return bad_usage("--sort", "the orders are: read, none, newest, oldest");
}

static bool
is_blank(const char *s)
{
	return s[strspn(s, " \t\r\n")] == '\0';
}

static int
read_match(struct command *c, const char *text)
{
	struct err err;

	c->blank = c->blank || is_blank(text);
	if (match_add_expression(c->match, str_of(text), &err) != 0)
		return bad_text("--match", text, &err);
	return 0;
}

/* The name of an option by its value, as a person writes it. */
static const char *
option_name(int value, char out[32])
{
	for (const struct option *o = options; o->name != NULL; o++)
		if (o->val == value) {
			if (value < OPT_FROM)
				(void)snprintf(out, 32, "-%c", value);
			else
				(void)snprintf(out, 32, "--%s", o->name);
			return out;
		}
	return NULL;
}

/* getopt's complaint, in our words. at: the argument it was looking at. */
static int
bad_option(int option, const char *at)
{
	char shown[64], why[128], name[32];

	(void)str_escape(shown, sizeof(shown), str_of(at));
	if (option == ':')
		(void)snprintf(why, sizeof(why), "%s wants an argument",
		    strncmp(at, "--", 2) == 0 ? shown : option_name(optopt, name));
	else if (option_name(optopt, name) != NULL)
		(void)snprintf(why, sizeof(why), "'%s': this option takes no argument", shown);
	else if (optopt > ' ' && optopt < 127)
		(void)snprintf(why, sizeof(why), "unknown option '-%c'", optopt);
	else
		(void)snprintf(why, sizeof(why), "'%s' is no option, or short for several", shown);
	return bad_usage(why, "");
}

/* 0 go on, 1 done (help was asked for), -1 an error was shown. */
static int
read_option(struct command *c, int option)
{
	uint64_t n;

	switch (option) {
	case 'h':
		c->help = true;
		return 1;
	case 'j':
		if (read_number("--jobs", optarg, 1, PIPELINE_MAX_JOBS, &n) != 0)
			return -1;
		c->jobs = (unsigned)n;
		return 0;
	case 'm':
		return read_match(c, optarg);
	case 'n':
		return read_number("--limit", optarg, 0, UINT64_MAX / 10 - 1, &c->limit);
	case 'q':
		c->quiet = true;
		return 0;
	case 'v':
		c->verbose = true;
		return 0;
	case 'V':
		c->version = true;
		return 0;
	case OPT_SORT:
		return read_sort(c, optarg);
	case OPT_REGION:
		c->regions = xrealloc(c->regions, c->n_regions + 1, sizeof(*c->regions));
		c->regions[c->n_regions++] = optarg;
		return 0;
	case OPT_PROFILE:
		c->settings.profile = optarg;
		return 0;
	case OPT_CA_BUNDLE:
		c->settings.ca_bundle = optarg;
		return 0;
	case OPT_ENDPOINT:
		c->settings.endpoint_url = optarg;
		return 0;
	case OPT_TRAIL:
		c->trails = xrealloc(c->trails, c->n_trails + 1, sizeof(*c->trails));
		c->trails[c->n_trails++] = optarg;
		return 0;
	default:
		return read_time_option(c, option, optarg);
	}
}

static int
read_command(struct command *c, int argc, char **argv)
{
	struct err err;
	int option, r;

	opterr = 0;
	for (;;) {
		option = getopt_long(argc, argv, ":hj:m:n:qVv", options, NULL);
		if (option == -1)
			break;
		if (option == '?' || option == ':')
			return bad_option(option, argv[optind <= argc ? optind - 1 : argc - 1]);
		r = read_option(c, option);
		if (r != 0)
			return r;
	}
	for (int i = optind; i < argc; i++)
		if (match_add_pattern(c->match, str_of(argv[i]), &err) != 0)
			return bad_text("pattern", argv[i], &err);
	if (c->from_option == NULL)
		c->from = WHEN_MIN_US;
	if (c->to_option == NULL)
		c->to = WHEN_MAX_US;
	if (c->from > c->to)
		return bad_usage("--from", "the time window ends before it starts");
	return 0;
}

static enum status
print_help(void)
{
	if (printf("%s%s", usage_text, help_text) >= 0 && fflush(stdout) == 0)
		return STATUS_COMPLETE;
	(void)complain("cannot write", strerror(errno));
	return STATUS_FAILED;
}

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

/* After an interrupt: where a search of the history can take up again. */
static void
say_how_to_go_on(void)
{
	int64_t reached = pipeline_reached(run.pipeline);
	char to[WHEN_PRINT_SIZE];

	if (run.where[0] == '\0')
		return;
	if (reached == INT64_MAX || reached == INT64_MIN)
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
	if (pipeline_interrupt(run.pipeline))
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

/* Run the source through the pipeline to stdout. */
static enum status
search_source(const struct command *c, struct source *source, bool ordered, enum out_order order)
{
	struct search search = {.match = c->match,
	    .windowed = c->from_option != NULL || c->to_option != NULL,
	    .from = c->from,
	    .to = c->to};
	struct pipeline_config config = {.source = source,
	    .search = &search,
	    .jobs = c->jobs,
	    .ordered = ordered,
	    .report = progress_problem,
	    .context = &run.progress};
	enum status status;
	struct err err;

	if (c->blank && !c->quiet)
		(void)complain("--match", "an empty expression holds for every event");
	run.command = c;
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

static enum status
search_trails(const struct command *c)
{
	enum out_order order = c->sort == SORT_NEWEST ? OUT_NEWEST :
	    c->sort == SORT_OLDEST                    ? OUT_OLDEST :
							OUT_READ;

	return search_source(
	    c, trail_open(c->trails, c->n_trails, TRAIL_PAGE_SIZE), c->sort != SORT_NONE, order);
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

/* The window as LookupEvents wants it: what the service still has, and nothing that happens from
 * now on. */
static int
set_history_window(const struct command *c, struct lookup_config *config)
{
	int64_t now = c->now / WHEN_SECOND_US, oldest = now - HISTORY_DAYS * 86400;
	char text[WHEN_PRINT_SIZE];

	config->from = c->from / WHEN_SECOND_US - (c->from % WHEN_SECOND_US < 0);
	config->to = c->to / WHEN_SECOND_US - (c->to % WHEN_SECOND_US < 0);
	config->until_now = config->to >= now;
	if (config->to > now)
		config->to = now;
	(void)when_print(text, oldest * WHEN_SECOND_US);
	if (config->to < oldest || config->from > now) {
		(void)fprintf(stderr,
		    "aws-spitzel: the event history goes from %s to now, and the time window is "
		    "outside of it%s\n",
		    text, config->to < oldest ? "; name trail logs with --trail" : "");
		return -1;
	}
	if (config->from < oldest) {
		if (c->from_option != NULL && !c->quiet)
			(void)fprintf(stderr,
			    "aws-spitzel: the event history starts at %s: what was before is not "
			    "in it\n",
			    text);
		config->from = oldest;
	}
	return 0;
}

static enum status
search_history(const struct command *c)
{
	/* It outlives the run, also one that leaves its threads behind. */
	static struct account account;
	struct account_flags flags = {
	    .settings = c->settings, .regions = c->regions, .n_regions = c->n_regions};
	struct lookup_config config = {0};
	enum status status = STATUS_FAILED;
	struct err err;
	bool usage;

	harden_secrets();
	flags.settings.region = c->n_regions > 0;
	if (account_open(&account, &flags, &usage, &err) != 0) {
		status = usage ? STATUS_USAGE : STATUS_FAILED;
		(void)complain(err.msg, "");
	} else if (set_history_window(c, &config) == 0) {
		config.regions = account.regions;
		config.n = account.n;
		config.all = account.all;
		if (!c->quiet) {
			hint_at_unknown(&account);
			hint_at_global(c, &account);
		}
		if (account.n == 1)
			(void)snprintf(run.where, sizeof(run.where), "%s", account.names[0]);
		else
			(void)snprintf(run.where, sizeof(run.where), "%zu regions", account.n);
		status = search_source(c, lookup_open(&config),
		    c->sort == SORT_DEFAULT || c->sort == SORT_NEWEST,
		    c->sort == SORT_OLDEST ? OUT_OLDEST : OUT_READ);
	}
	account_free(&account);
	return status;
}

static unsigned
processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (n < 1)
		return 1;
	return n > PIPELINE_MAX_JOBS ? PIPELINE_MAX_JOBS : (unsigned)n;
}

int
main(int argc, char **argv)
{
	struct command c = {
	    .limit = UINT64_MAX, .jobs = processors(), .now = (int64_t)time(NULL) * WHEN_SECOND_US};
	enum status status;
	int r;

	harden_relro();
	c.match = match_new();
	r = read_command(&c, argc, argv);
	if (r < 0) {
		status = STATUS_USAGE;
	} else if (c.help) {
		status = print_help();
	} else if (c.version) {
		status = print_version(c.verbose);
	} else {
		status = c.n_trails > 0 ? search_trails(&c) : search_history(&c);
	}
	match_free(c.match);
	free(c.regions);
	free(c.trails);
	return (int)status;
}

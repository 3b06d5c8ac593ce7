/* options.c: see options.h. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lookup.h"
#include "match.h"
#include "pipeline.h"
#include "when.h"

enum { MAX_SHOWN = 400 }; /* bytes of an argument shown in an error */

static const char usage_text[] =
    "usage: aws-spitzel [-hqVv] [-j jobs] [-m expression] [-n limit]\n"
    "                   [--ca-bundle file] [--checkpoint file] [--endpoint-url url]\n"
    "                   [--explain] [--from time] [--last span]\n"
    "                   [--last-minute minutes] [--profile name] [--rate requests]\n"
    "                   [--region list] [--sort order] [--strict] [--to time]\n"
    "                   [--trail source] [pattern ...]\n";

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
    "      --rate R          at most R requests a second to each region (default: 2,\n"
    "                        which is what the service allows)\n"
    "      --checkpoint FILE  note there how far the search has come, and go on there\n"
    "                        when it is run again\n"
    "      --explain         print what would be asked for, and stop\n"
    "      --trail SOURCE    search trail logs: a file, a folder, or - for standard\n"
    "                        input; JSON or gzip; may be repeated\n"
    "      --strict          report malformed JSON in events that cannot match, too\n"
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
	OPT_ENDPOINT,
	OPT_EXPLAIN,
	OPT_RATE,
	OPT_CHECKPOINT,
	OPT_STRICT
};

static const struct option options[] = {
    {"ca-bundle", required_argument, NULL, OPT_CA_BUNDLE},
    {"checkpoint", required_argument, NULL, OPT_CHECKPOINT},
    {"endpoint-url", required_argument, NULL, OPT_ENDPOINT},
    {"explain", no_argument, NULL, OPT_EXPLAIN},
    {"from", required_argument, NULL, OPT_FROM},
    {"help", no_argument, NULL, 'h'},
    {"jobs", required_argument, NULL, 'j'},
    {"last", required_argument, NULL, OPT_LAST},
    {"last-minute", required_argument, NULL, OPT_LAST_MINUTE},
    {"limit", required_argument, NULL, 'n'},
    {"match", required_argument, NULL, 'm'},
    {"profile", required_argument, NULL, OPT_PROFILE},
    {"quiet", no_argument, NULL, 'q'},
    {"rate", required_argument, NULL, OPT_RATE},
    {"region", required_argument, NULL, OPT_REGION},
    {"sort", required_argument, NULL, OPT_SORT},
    {"strict", no_argument, NULL, OPT_STRICT},
    {"to", required_argument, NULL, OPT_TO},
    {"trail", required_argument, NULL, OPT_TRAIL},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

/* --- complaints --- */

int
complain(const char *what, const char *why)
{
	(void)fprintf(
	    stderr, "aws-spitzel: %s%s%s\n", what, *what != '\0' && *why != '\0' ? ": " : "", why);
	return -1;
}

int
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
read_rate(struct command *c, const char *text)
{
	char *end, shown[48], why[160];

	c->rate = strtod(text, &end);
	if (text[strspn(text, "0123456789.")] == '\0' && *end == '\0' && end != text &&
	    c->rate >= OPTIONS_MIN_RATE && c->rate <= OPTIONS_MAX_RATE)
		return 0;
	(void)snprintf(why, sizeof(why), "'%s' is no number of requests a second from %g to %g",
	    str_escape(shown, sizeof(shown), str_of(text)), OPTIONS_MIN_RATE, OPTIONS_MAX_RATE);
	return bad_usage("--rate", why);
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

/* The options that are a part of the query. */
static bool
is_part(int option)
{
	return option == 'm' || option == 'n' || option == OPT_SORT ||
	    (option >= OPT_FROM && option <= OPT_LAST_MINUTE);
}

void
options_add_part(struct command *c, const char *name, const char *value)
{
	c->parts = xrealloc(c->parts, c->n_parts + 1, sizeof(*c->parts));
	c->parts[c->n_parts++] = (struct checkpoint_part){name, value};
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
	case OPT_EXPLAIN:
		c->explain = true;
		return 0;
	case OPT_RATE:
		return read_rate(c, optarg);
	case OPT_STRICT:
		c->strict = true;
		return 0;
	case OPT_CHECKPOINT:
		c->checkpoint = optarg;
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

/* "--match" */
static const char *
long_name(int value)
{
	static const struct {
		int value;
		const char *name;
	} names[] = {{'m', "--match"}, {'n', "--limit"}, {OPT_SORT, "--sort"}, {OPT_FROM, "--from"},
	    {OPT_TO, "--to"}, {OPT_LAST, "--last"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].value == value)
			return names[i].name;
	return "--last-minute";
}

/* Options that do not go together. */
static int
check_together(const struct command *c)
{
	if (c->rate > LOOKUP_LEGAL_RATE && c->settings.endpoint_url == NULL)
		return bad_usage("--rate",
		    "CloudTrail allows 2 requests a second to a region; more is for an endpoint of "
		    "your own (--endpoint-url)");
	if (c->n_trails > 0 && (c->checkpoint != NULL || c->explain))
		return bad_usage(c->explain ? "--explain" : "--checkpoint",
		    "is for the event history, not for trail logs (--trail)");
	if (c->checkpoint != NULL && *c->checkpoint == '\0')
		return bad_usage("--checkpoint", "the file's name is missing");
	if (c->checkpoint != NULL && (c->sort == SORT_OLDEST || c->sort == SORT_READ))
		return bad_usage("--checkpoint",
		    "wants --sort newest or none: another order is known at the end only");
	return 0;
}

int
options_read(struct command *c, int argc, char **argv)
{
	struct err err;
	int option, r;

	c->match = match_new();
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
		if (is_part(option))
			options_add_part(c, long_name(option), optarg);
	}
	for (int i = optind; i < argc; i++) {
		if (match_add_pattern(c->match, str_of(argv[i]), &err) != 0)
			return bad_text("pattern", argv[i], &err);
		options_add_part(c, "pattern", argv[i]);
	}
	if (c->from_option == NULL)
		c->from = WHEN_MIN_US;
	if (c->to_option == NULL)
		c->to = WHEN_MAX_US;
	if (c->from > c->to)
		return bad_usage("--from", "the time window ends before it starts");
	return check_together(c);
}

void
options_free(struct command *c)
{
	match_free(c->match);
	free(c->regions);
	free(c->trails);
	free(c->parts);
}

int
options_print_help(void)
{
	if (printf("%s%s", usage_text, help_text) >= 0 && fflush(stdout) == 0)
		return 0;
	return complain("cannot write", strerror(errno));
}

/* options.h: the command line, and the words said about it. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "checkpoint.h"
#include "creds.h"
#include "str.h"

#define OPTIONS_MIN_RATE 0.01 /* requests a second */
#define OPTIONS_MAX_RATE 1000.0

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
	bool explain;
	bool strict; /* parse every event */
	double rate; /* requests a second to each region */
	const char *checkpoint;
	struct checkpoint_part *parts; /* the query as it was given, n_parts */
	size_t n_parts;
};

/* Read the command line into *c, which is {0} but for `now`. 0 go on, 1 help or the version is
 * asked for, -1 an error was shown. Its slices point into argv. */
int options_read(struct command *c, int argc, char **argv) MUSTUSE;
void options_free(struct command *c);

/* The help, to stdout. */
int options_print_help(void) MUSTUSE;

/* Add a part to the query as it was given. */
void options_add_part(struct command *c, const char *name, const char *value);

/* Say on stderr what is wrong with what; -1. bad_usage points at the help, too. */
int complain(const char *what, const char *why);
int bad_usage(const char *what, const char *why);

#endif

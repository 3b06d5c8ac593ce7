/* project.h: says of most records whether they match without parsing them.
 *
 * One pass over the bytes finds where a record ends and picks (projects) the values at the query's
 * plain paths, such as $.userIdentity.arn, from it; the rest is passed over unseen by the scan
 * (scan.h). On these few values the query has three answers: NO and YES are what json_parse and
 * match_event would come to; MAYBE leaves it to them. It is MAYBE where the answer hangs on a path
 * with wildcards, filters or `..`, or on a value that is not plain: a string with escapes, a list
 * that is compared with a list. Where such a path must equal a text ($..bucketName == "x"), a
 * record that does not have this text anywhere is a NO nevertheless.
 *
 * Of what the query does not ask for, only the structure is checked: strings are closed and have no
 * control characters, backslashes are in strings, brackets are balanced and of the right kind. So a
 * NO or YES may be said of a record that the parser would not accept (for a comma too many, a bad
 * escape, bytes that are no UTF-8); MAYBE has the parser find out. Of records that it accepts the
 * answers are exact, and so they are of members with the same name (the last one
 * counts) and of names with escapes. A limit of jsonpath.h or regex.h that would end a test counts
 * as MAYBE, but for tests whose result another one made pointless.
 *
 * A record here is an object as search.h searches it. What wraps records, or is none, such as
 * digest files, is a MAYBE. Pure. */
#ifndef PROJECT_H
#define PROJECT_H

#include "scan.h"
#include "str.h"

struct match;
struct match_scratch;

#define PROJECT_MAX_NAMES 64   /* members' names on the paths; more are left to the parser */
#define PROJECT_MAX_NEEDLES 16 /* texts of which one has to occur; longer lists are left, too */
#define PROJECT_MAX_DEPTH 63   /* brackets open at a time; records with more are ODD */

struct project_query {
	const struct match *match; /* must outlive the project */
	bool windowed;             /* from and to count */
	int64_t from;              /* us since the epoch, both inclusive */
	int64_t to;
	bool untimed; /* without a window: nobody asks for the records' eventTime */
};

/* A query compiled for this. Read-only, may be shared between threads. */
struct project;

struct project *project_new(const struct project_query *query, enum scan_kernel kernel) MUSTUSE;
void project_free(struct project *project);
enum scan_kernel project_kernel(const struct project *project);

/* One pass over a block of bytes. Belongs to one thread; scratch is borrowed, it may be used by
 * others between the calls. */
struct project_run;

struct project_run *project_run_new(
    const struct project *project, struct match_scratch *scratch) MUSTUSE;
void project_run_free(struct project_run *run);

enum project_result {
	PROJECT_NO,    /* a record that does not match, or is outside of the window */
	PROJECT_YES,   /* a record that matches */
	PROJECT_MAYBE, /* a record, or an object in which records are: parse it */
	PROJECT_ODD,   /* no object begins here, or its structure is damaged or too deep */
	PROJECT_CUT,   /* the bytes end inside of an object */
	PROJECT_END    /* nothing but white space is left */
};

struct project_record {
	size_t at;       /* its first byte; of ODD, CUT and END as well */
	size_t n;        /* bytes from brace to brace; 0 of ODD, CUT and END */
	struct str time; /* of YES: its eventTime; empty where it is missing, no string, untimed */
	bool valid;      /* of YES: it was checked, and is JSON on one line */
};

/* Begin with the n bytes at p, at most SCAN_MAX_BYTES, which must stay there as long as they are
 * asked for. With `lines` a line break inside of a record makes it ODD, as of NDJSON it can only
 * be damaged. With `checks` most records that match are checked to be JSON on the way: worth it
 * where many will match. */
void project_start(struct project_run *run, const char *p, size_t n, bool lines, bool checks);

/* The next record, at the first byte from `from` on that is no white space. `from` is outside of
 * any string and not before the end of the last record: commas between records are the caller's.
 * After ODD and CUT begin anew. */
enum project_result project_next(
    struct project_run *run, size_t from, struct project_record *record) MUSTUSE;

#endif

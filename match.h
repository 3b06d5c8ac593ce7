/* match.h: the query: does one event match the action patterns and the match expressions?
 *
 * An event matches when one of the patterns does (or there is none), and all of the expressions do.
 *
 *     expr = or ;  or = and { "or" and } ;  and = not { "and" not } ;  not = "not" not | "(" or ")"
 * | test test = JSONPATH [ OP LITERAL ] ;  OP = == | != | regex | < | <= | > | >= | in | glob |
 * cidr
 *
 * A path that selects nothing counts as one node None. A test holds when any selected node
 * satisfies it; a path alone holds when it selects anything. A compiled query is read-only and may
 * be shared between threads; each thread brings its own scratch. Pure. */
#ifndef MATCH_H
#define MATCH_H

#include "action.h"
#include "json.h"
#include "str.h"

#define MATCH_MAX_DEPTH 64 /* nested parentheses and `not`s in one expression */

/* The compiled query, for those who look ahead (plan.h, project.h): not to be changed. */

enum match_op {
	MATCH_EXISTS, /* a path alone */
	MATCH_EQ,
	MATCH_NE,
	MATCH_LT,
	MATCH_LE,
	MATCH_GT,
	MATCH_GE,
	MATCH_IN,
	MATCH_REGEX,
	MATCH_GLOB,
	MATCH_CIDR
};

struct match_network {
	unsigned char addr[16]; /* IPv4 as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2) */
	unsigned bits;          /* of the 128 that count */
	bool v4;
};

struct match_test {
	struct jsonpath *path;
	enum match_op op;
	struct json_doc literal;
	struct regex *regex;
	struct match_network network;
};

enum match_kind { MATCH_OR, MATCH_AND, MATCH_NOT, MATCH_TEST };

struct match_expr {
	enum match_kind kind;
	struct match_expr *child; /* of OR, AND, NOT: the first */
	struct match_expr *next;  /* sibling */
	struct match_test *test;  /* of TEST */
};

struct match {
	struct action *patterns; /* one of them must match; none: every event does */
	size_t n_patterns;
	struct match_expr *all; /* an AND of the expressions, maybe of none */
};

struct match_scratch;

struct match *match_new(void) MUSTUSE;
void match_free(struct match *m);

/* Add an action pattern (action.h). Its text must outlive m. -1 with the byte in err->pos. */
int match_add_pattern(struct match *m, struct str pattern, struct err *err) MUSTUSE;

/* Add a match expression; one of nothing but blanks holds always. m keeps no pointer into it. -1
 * with the byte in err->pos. */
int match_add_expression(struct match *m, struct str expression, struct err *err) MUSTUSE;

/* Does one of the patterns ask for this service in particular ("iam")? */
bool match_asks_for(const struct match *m, struct str service);

struct match_scratch *match_scratch_new(void) MUSTUSE;
void match_scratch_free(struct match_scratch *scratch);

/* 1 the event matches, 0 it does not, -1 it could not be said: a limit of jsonpath.h or regex.h was
 * reached. */
int match_event(const struct match *m, const struct json *event, struct match_scratch *scratch,
    struct err *err) MUSTUSE;

/* The parts of match_event, for who has the event's values without its tree. */

/* Does one of the patterns match, or is there none? Each of the texts is empty where the event has
 * no such text. */
bool match_patterns(const struct match *m, struct str event_source, struct str event_name);

/* Does a selected node satisfy the test? NULL where the path selects nothing. Returns as
 * match_event. */
int match_node(const struct match_test *test, const struct json *node,
    struct match_scratch *scratch, struct err *err) MUSTUSE;

#endif

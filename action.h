/* action.h: action patterns, `service:Action` with '*' and '?'.
 *
 * The service is the event source without ".amazonaws.com", in any case. IAM names some services
 * otherwise than CloudTrail does (cloudwatch logs as monitoring.amazonaws.com): both names match.
 * The action is the event name: written without an upper-case letter it matches in any case,
 * otherwise as written. An event name that ends in an API version (CreateFunction20150331v2)
 * matches with and without it. Pure. */
#ifndef ACTION_H
#define ACTION_H

#include "str.h"

struct action {
	struct str service; /* without the suffix; "*" where the pattern has no colon */
	struct str name;
	bool any_case; /* for the name */
};

/* Read a pattern. The slices point into text, which must outlive *a. -1 where it is no pattern. */
int action_parse(struct action *a, struct str text, struct err *err) MUSTUSE;

/* Does an event with this eventSource and eventName match? Either may be empty (it is missing in
 * the event). */
bool action_match(const struct action *a, struct str source, struct str name);

#endif

/* action.h: action patterns, `service:Action` with '*' and '?'.
 *
 * The service is the event source without ".amazonaws.com", in any case. IAM names some services
 * otherwise than CloudTrail does (cloudwatch logs as monitoring.amazonaws.com): both names match.
 * The action is the event name: written without an upper-case letter it matches in any case,
 * otherwise as written. Lambda and CloudFront write the version of their API behind some event
 * names (CreateFunction20150331v2, CreateDistribution2020_05_31): theirs match with and without it.
 * Pure. */
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

/* Is the text free of wildcards? */
bool action_is_exact(struct str text);

#define ACTION_MAX_SOURCES 8

/* The event sources without their suffix, such as "monitoring", whose events a pattern with this
 * exact service can match; and those that write versions behind event names. The slices point into
 * service (as it is written there) or to constants. The number of them, 0 where it is more than
 * ACTION_MAX_SOURCES. */
size_t action_sources(struct str service, struct str sources[ACTION_MAX_SOURCES]);
size_t action_versioned(struct str sources[ACTION_MAX_SOURCES]);

/* Does an event with this eventSource and eventName match? Either may be empty (it is missing in
 * the event). */
bool action_match(const struct action *a, struct str source, struct str name);

#endif

/* plan.h: which lookups find every event that a query can match.
 *
 * LookupEvents takes one attribute with one value, and compares it exactly and with case. A query
 * often implies one: the pattern s3:GetObject that EventName is GetObject, '$.readOnly == false'
 * that ReadOnly is "false". Several patterns need several lookups, whose union is a way to find
 * all. Often there is more than one way; which is the shortest only the account knows, so a plan
 * lists them in the order in which they are to be tried. Where each has more than two lookups, to
 * look at everything is one of them: a region with few events needs no more than one request. What
 * comes back is asked the whole query again: a plan may cost time, but may never lose an event. So
 * it rests on nothing but this:
 *
 * - The EventName, EventSource, EventId, ReadOnly and AccessKeyId that the service looks for are
 *   eventName, eventSource, eventID, readOnly (a boolean) and userIdentity.accessKeyId of the
 *   record. A record without the member is not found by it, and does not match the query either.
 *   (Insight records keep some of them elsewhere; they are not in the event history's answers.)
 * - Event sources are in small letters and end in ".amazonaws.com", in China maybe in
 *   ".amazonaws.com.cn". For the partitions whose sources AWS does not document (aws-eusc,
 *   aws-iso*) none is derived from a pattern.
 * - Only the services of action_versioned write versions behind event names.
 *
 * Not used: Username, which is userIdentity.userName for IAM users only, the session's name for
 * roles, and anything for others; ResourceName and ResourceType, which the service collects from
 * places that differ from call to call; an action in small letters, which matches in any case
 * ('s3:getobject'); values that the service may not take (beyond 2000 bytes, or with bytes other
 * than printable ASCII); the other side of "not" and "!=". Pure. */
#ifndef PLAN_H
#define PLAN_H

#include "str.h"

#define PLAN_MAX_LOOKUPS 100 /* of one way: with more, everything is looked at instead */
#define PLAN_MAX_WAYS 3
#define PLAN_MAX_VALUE 2000 /* LookupAttribute's; '_', ' ' and ',' count twice */

/* In the order of how few events they are likely to find. */
enum plan_key {
	PLAN_EVENT_ID,
	PLAN_ACCESS_KEY_ID,
	PLAN_EVENT_NAME,
	PLAN_EVENT_SOURCE,
	PLAN_READ_ONLY,
	PLAN_EVERYTHING /* no attribute at all */
};

struct plan_lookup {
	enum plan_key key;
	char *value; /* NULL for PLAN_EVERYTHING */
};

/* The events of all of the lookups are what can match. No two of them are the same. */
struct plan_way {
	struct plan_lookup *lookups;
	size_t n; /* at least 1 */
};

struct plan {
	struct plan_way ways[PLAN_MAX_WAYS];
	size_t n; /* at least 1 */
};

struct match;
struct region_partition;

/* The plan for a query in a region of this partition. It keeps no pointer into the query. The ways
 * are in the order of the number of their lookups, then of how few events they are likely to find:
 * as every lookup costs a request at least, a way need not be tried when the one before is known to
 * cost no more requests than this one has lookups. */
struct plan *plan_new(const struct match *m, const struct region_partition *partition) MUSTUSE;
void plan_free(struct plan *plan);

/* Write the plan for a person: lines of text. */
void plan_print(struct buf *b, const struct plan *plan);

/* "EventName", ...; NULL for PLAN_EVERYTHING. */
const char *plan_key_name(enum plan_key key);

#endif

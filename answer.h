/* answer.h: what LookupEvents answers, read and checked (CloudTrail API Reference, LookupEvents).
 * Pure; one thread at a time. */
#ifndef ANSWER_H
#define ANSWER_H

#include "frame.h"
#include "json.h"
#include "str.h"

struct answer_event {
	/* EventId, EventName, EventSource, AccessKeyId, ReadOnly; empty where there is none */
	struct str id;
	struct str name;
	struct str source;
	struct str access_key;
	struct str read_only;
	bool has_time;
	int64_t time;     /* EventTime, us since 1970 */
	bool has_record;  /* CloudTrailEvent is a string with something in it */
	struct span span; /* the element in the answer's text */
};

struct answer { /* to be initialised with answer_init */
	struct answer_event
	    *events; /* n of them, in the order given; the slices point into the text or doc */
	size_t n;
	size_t cap;
	struct str token; /* NextToken; empty where there is none */
	struct json_doc doc;
};

void answer_init(struct answer *a);
void answer_free(struct answer *a);

/* Read the text of an answer, which must outlive *a's use. NULL, or what is wrong with it: then it
 * is no answer of LookupEvents, and *a is of no use. Elements of the list that are no events are in
 * it without id, time and record. */
const char *answer_read(struct answer *a, struct str text) MUSTUSE;

#endif

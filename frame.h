/* frame.h: finds the events in a stream of JSON text, without parsing them.
 *
 * The stream is any sequence of JSON values with or without line breaks between them: NDJSON, one
 * record, an array of records, {"Records":[...]} as CloudTrail delivers, {"Events":[...]} as
 * LookupEvents answers. Of an array and of the two wrappers each element is handed out, of other
 * objects the object: as the bytes from its first to its last, brackets counted and strings
 * skipped, nothing else checked. Whoever parses them finds what is wrong inside; what is wrong
 * around them is told here.
 *
 * Where the text around the events is damaged, nothing is found up to the next line that begins
 * with an event: of NDJSON that is the damaged line, of a single object it is the rest. Pure: it is
 * fed with bytes, and resumes where it stopped. One thread at a time. */
#ifndef FRAME_H
#define FRAME_H

#include "scan.h"
#include "str.h"

#define FRAME_MAX_RESCAN                                                                           \
	(64u << 20) /* bytes of a stream that are looked through twice after damage */

enum frame_state {
	FRAME_START,      /* nothing seen yet */
	FRAME_TOP,        /* between top-level values */
	FRAME_LINE,       /* the same, once the stream is known to be NDJSON */
	FRAME_ITEM,       /* in a list, before an element or the end */
	FRAME_ITEM_END,   /* in a list, behind an element */
	FRAME_ITEM_SKIP,  /* in a list, in bytes that belong to no element */
	FRAME_NAME,       /* in a top-level object, before a name or the end */
	FRAME_COLON,      /* behind a name */
	FRAME_MEMBER,     /* before a member's value */
	FRAME_MEMBER_END, /* behind a member's value */
	FRAME_BROKEN      /* in damaged text, up to the next line with an event */
};

struct framer {
	enum frame_state state;
	size_t pos;       /* the next byte to look at */
	size_t keep;      /* the first byte still needed: all before it may be dropped */
	size_t object;    /* where the top-level object began */
	bool wrapper;     /* a list of events was found in it: it is not one itself */
	bool lost_object; /* its beginning was dropped: it is not handed out */
	bool list_name;   /* the member at hand is "Records" or "Events" */
	bool first;       /* there was no element or member yet */
	bool one_line;    /* the last top-level object had no line break in it */
	size_t value;     /* where the value at hand began */
	bool in_value;    /* there is one */
	bool in_string;   /* and we are in a string in it */
	uint32_t depth;   /* brackets open in it */
	bool lost_value;  /* its beginning was dropped: it is not handed out */
	size_t rescanned; /* bytes so far that were looked through twice */
	bool part;        /* the list goes on behind the text */
};

enum frame_result {
	FRAME_EVENT, /* *event is the next one */
	FRAME_MORE,  /* give more bytes */
	FRAME_BAD,   /* err tells what is wrong and where; go on with frame_next */
	FRAME_END    /* nothing more will come of this stream */
};

/* Where an event lies in the bytes given. */
struct span {
	size_t at;
	size_t n;
};

void frame_start(struct framer *f);

/* Look for the next event in the n bytes at p; `ended`: no bytes will follow these. Between calls p
 * may move, bytes may be appended, and those before f->keep dropped (frame_drop). */
enum frame_result frame_next(
    struct framer *f, const char *p, size_t n, bool ended, struct span *event, struct err *err);

/* For who can tell by himself where an event ends. Does the next one, an object, begin at f->pos?
 * Goes over the commas and blanks before it. *line: it is a line of NDJSON. All bytes of the stream
 * must be there. Where it says no, frame_next knows what is next. */
bool frame_at_event(struct framer *f, const char *p, size_t n, bool *line);

/* That event ends before `end`. False where more than blanks follow it on its line: then nothing is
 * taken, and frame_next tells what the line is. */
bool frame_take(struct framer *f, const char *p, size_t n, size_t end) MUSTUSE;

/* Begin inside of a stream that is known to be NDJSON, at the first byte of a line. */
void frame_start_lines(struct framer *f);

/* What follows each other in a part of a stream. */
enum frame_part { FRAME_NO_PART, FRAME_LINES, FRAME_ITEMS /* of a list */ };

/* For who lets others find the events: go over those that are whole in the n bytes at p, from
 * *begin up to f->pos, which is f->keep. A framer that is started with frame_start_items or
 * frame_start_lines finds them in just these bytes. FRAME_NO_PART where the next event is neither a
 * line nor of a list, or not whole. The scan is borrowed. */
enum frame_part frame_pass(struct framer *f, const char *p, size_t n, struct scan *scan,
    enum scan_kernel kernel, size_t *begin);
void frame_start_items(struct framer *f);

/* Can NDJSON be cut behind the line feed at nl, in the bytes from p to end? In JSON that goes on
 * over several lines, no line that ends with a brace is followed by one that begins with an object:
 * there is a comma. */
bool frame_is_cut(const char *p, const char *nl, const char *end);

/* Is the stream NDJSON, and what is still needed of it the beginning of a line? */
bool frame_keeps_line(const struct framer *f);

/* The first n bytes, n <= f->keep, are not there any more. */
void frame_drop(struct framer *f, size_t n);

/* The bytes from f->keep on are more than the caller can hold: give up the event at hand, or, where
 * it seems to be a damaged line, that line. Returns FRAME_BAD with err filled, or FRAME_MORE where
 * there is nothing to tell. Either way f->keep moves, maybe not far enough yet. */
enum frame_result frame_overflow(struct framer *f, const char *p, size_t n, struct err *err);

#endif

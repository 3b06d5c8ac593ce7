/* valid.h: is a text valid JSON? At the speed of memory, nothing is built.
 *
 * Says what json_parse (json.h) would say, but not what is wrong. Pure. */
#ifndef VALID_H
#define VALID_H

#include "json.h"
#include "scan.h"
#include "str.h"

#define VALID_DOUBTS 64 /* places of records to come that are noted; beyond, all is in doubt */

enum valid {
	VALID_NOT,
	VALID_LINE, /* it is, on one line: a line break there can only be white space */
	VALID_LINES /* it is, with line breaks (\n or \r) in it */
};

/* Is the text exactly one JSON value (RFC 8259)? Any thread. */
enum valid valid_json(struct str text, enum scan_kernel kernel);

/* What the brackets around some place are. */
enum valid_in { VALID_ARRAY, VALID_OBJECT, VALID_KINDS };

/* What bytes leave to those behind them, 0 or 1. */
struct valid_carry {
	uint64_t value;              /* a value is due */
	uint64_t separator;          /* the last token is a comma or a colon */
	uint64_t member;             /* it is a comma or an opening brace */
	uint64_t name;               /* it is a string behind one of these */
	uint64_t in_name;            /* the last byte is in such a string */
	uint64_t in_bare;            /* it is in a number or word */
	uint64_t wrong[VALID_KINDS]; /* see valid_run.wrong: of what is behind the last bracket */
};

/* A check of many records while they are scanned, for who finds where they end, whether their
 * brackets match, and asks valid_wrong of each but the first. */
struct valid_run {
	const char *p; /* the text */
	const char *end;
	bool lines;
	bool whole; /* the text is one value */
	struct valid_carry carry;
	ptrdiff_t utf8; /* what is before this is UTF-8, or in doubt */
	bool breaks;    /* there were line breaks outside of strings */
	ptrdiff_t at;   /* the first byte that `wrong` is about */
	/* Of what was scanned last, as masks: brackets that, with what is between them and the
	 * bracket before, must not be in an array, or an object. */
	uint64_t wrong[VALID_KINDS][SCAN_GROUPS * SCAN_GROUP];
	size_t n_bare;
	uint32_t bare[SCAN_STEP / 2 + SCAN_GROUP * SCAN_BLOCK]; /* where numbers and words begin */
	ptrdiff_t passed;               /* doubts before this do not matter any more */
	ptrdiff_t doubts[VALID_DOUBTS]; /* where something is wrong, or a line breaks */
	size_t n_doubts;
	ptrdiff_t lost; /* from here on all is in doubt, as there were too many; else PTRDIFF_MAX */
};

/* Begin with records, objects, that are in the n bytes at p. With `lines` there is one a line. */
void valid_start(struct valid_run *run, const char *p, size_t n, bool lines);

/* Check what a scan has sorted last. */
void valid_scan(struct valid_run *run, const struct scan *scan);

/* The kind of a bracket or brace. */
static inline enum valid_in
valid_in(char bracket)
{
	return (bracket & 0x20) != 0 ? VALID_OBJECT : VALID_ARRAY;
}

/* Is the bracket at `at`, of what was scanned last, in brackets of this kind although it, or what
 * is between it and the bracket before, must not be? */
static inline bool
valid_wrong(const struct valid_run *run, enum valid_in in, size_t at)
{
	size_t behind = (size_t)((ptrdiff_t)at - run->at);

	return (run->wrong[in][behind / SCAN_BLOCK] >> behind % SCAN_BLOCK & 1) != 0;
}

/* Is the record, an object whose brackets match and are not wrong, from brace to brace, valid? It
 * was scanned. False: valid_json has to find out. What is before `at` is not asked for any more. */
bool valid_record(struct valid_run *run, size_t at, size_t n);

#endif

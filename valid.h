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
enum valid_in {
	VALID_OBJECT, /* braces, or nothing */
	VALID_ARRAY,
	VALID_ROOT /* nothing, and one value has to be there */
};

/* What bytes leave to those behind them, 0 or 1. */
struct valid_carry {
	uint64_t value;     /* a value is due */
	uint64_t separator; /* the last token is a comma or a colon */
	uint64_t member;    /* it is a comma or an opening brace */
	uint64_t name;      /* it is a string behind one of these */
	uint64_t in_name;   /* the last byte is in such a string */
	uint64_t in_bare;   /* it is in a number or word */
};

/* A check of many records while they are scanned, for who finds where they end and whether their
 * brackets match. */
struct valid_run {
	const char *p; /* the text */
	const char *end;
	bool lines;
	bool whole;         /* the text is one value: all brackets count */
	struct valid_carry carry;
	ptrdiff_t utf8;     /* what is before this is UTF-8, or in doubt */
	bool breaks;        /* there were line breaks outside of strings */
	enum valid_in in;   /* the kind of the innermost brackets */
	size_t depth;       /* brackets around us, from the outermost square ones on */
	unsigned char open[JSON_MAX_DEPTH]; /* what was around each */
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

/* Is the record, an object whose brackets match, from brace to brace, valid? It was scanned. False:
 * valid_json has to find out. What is before `at` is not asked for any more. */
bool valid_record(struct valid_run *run, size_t at, size_t n);

#endif

/* valid.h: is a text valid JSON? At the speed of memory, nothing is built.
 *
 * Says what json_parse (json.h) would say, but not what is wrong. Pure; any thread. */
#ifndef VALID_H
#define VALID_H

#include "scan.h"
#include "str.h"

enum valid {
	VALID_NOT,
	VALID_LINE, /* it is, on one line: a line break there can only be white space */
	VALID_LINES /* it is, with line breaks (\n or \r) in it */
};

/* Is the text exactly one JSON value (RFC 8259)? */
enum valid valid_json(struct str text, enum scan_kernel kernel);

#endif

/* number.h: decimal numbers as text, compared by value without rounding (RFC 8259 section 6).
 *
 * A number stays the text it was written as: an integer beyond 64 bits or a long fraction loses
 * nothing. Pure; any thread. */
#ifndef NUMBER_H
#define NUMBER_H

#include "str.h"

/* Exponents beyond this are taken as this: nothing real has them, and sums must not overflow. */
#define NUMBER_MAX_EXPONENT 1000000000000000000

/* Length of the JSON number at the start of [p, end), 0 where there is none. */
size_t number_scan(const char *p, const char *end);

/* Compare two numbers in JSON's syntax by value: <0, 0, >0. 1, 1.0 and 10e-1 are equal, and so are
 * 0 and -0. */
int number_cmp(struct str a, struct str b);

#endif

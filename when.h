/* when.h: points in time and spans of time, as people and CloudTrail write them.
 *
 * A time is an int64_t: microseconds since 1970-01-01T00:00:00Z, without leap seconds, in the
 * proleptic Gregorian calendar from WHEN_MIN_US to WHEN_MAX_US. Where a text gives no zone, UTC is
 * meant; there is no locale, no TZ and no clock in here. Pure; any thread. */
#ifndef WHEN_H
#define WHEN_H

#include <stdint.h>

#include "str.h"

#define WHEN_SECOND_US INT64_C(1000000)
#define WHEN_MIN_US (INT64_C(-62135596800) * WHEN_SECOND_US)     /* 0001-01-01T00:00:00Z */
#define WHEN_MAX_US (INT64_C(253402300800) * WHEN_SECOND_US - 1) /* 9999-12-31T23:59:59.999999Z */
#define WHEN_MAX_SPAN_US (WHEN_MAX_US - WHEN_MIN_US)             /* no longer one can matter */
#define WHEN_PRINT_SIZE 32 /* bytes for when_print: the longest text has 27 and a NUL */

/* Read a time from the command line. Blanks around it are skipped. The forms:
 *
 *     now                                now_us
 *     -3h  -90m  -7d  -45s  -2w  -1h30m  so long before now_us (see when_parse_span)
 *     @1688989356  @-1.5                 seconds since 1970
 *     2023-07-10                         midnight, when that day starts
 *     2023-07-10 11:42[:36[.5]][ZONE]    with a blank, T or t in the middle; this covers RFC 3339
 *
 * ZONE is Z, z, +HH:MM or +HHMM, or the same with -. Fraction digits beyond microseconds are cut
 * off. A second of 60 is accepted where a leap second can be (RFC 3339 appendix D: 23:59:60 UTC on
 * the last day of a month) and is the same time as the second after it. The result is within
 * WHEN_MIN_US to WHEN_MAX_US.
 *
 * 0, or -1 with the text, what is wrong and the accepted forms in err, and the byte position. */
int when_parse(struct str text, int64_t now_us, int64_t *us, struct err *err) MUSTUSE;

/* Read a span of time: whole numbers with a unit, larger units first: 90m, 5h, 7d, 45s, 2w, 1h30m.
 * *us is its length, 1 second to WHEN_MAX_SPAN_US. Errors as in when_parse. */
int when_parse_span(struct str text, int64_t *us, struct err *err) MUSTUSE;

/* Read the argument of --last-minute: a positive whole number of minutes. *us and errors are as in
 * when_parse_span. */
int when_parse_minutes(struct str text, int64_t *us, struct err *err) MUSTUSE;

/* Read an event's eventTime: an RFC 3339 date-time (section 5.6) with nothing around it. 0, or -1
 * where it is none. */
int when_parse_event(struct str text, int64_t *us) MUSTUSE;

/* Write us to out as an RFC 3339 date-time in UTC: 2023-07-10T11:42:36Z, with a fraction of six
 * digits where it has one; when_parse reads the same time from it. A value outside WHEN_MIN_US to
 * WHEN_MAX_US has no such form: it is written as @SECONDS, cut to a whole number. Returns out. */
const char *when_print(char out[WHEN_PRINT_SIZE], int64_t us);

#endif

/* regex.h: PCRE2 with its limits set, the one place that calls it.
 *
 * A compiled regex is read-only and may be shared between threads; each thread brings its own
 * scratch. */
#ifndef REGEX_H
#define REGEX_H

#include "str.h"

#define REGEX_MAX_PATTERN 65536 /* bytes of one pattern */
#define REGEX_MATCH_LIMIT                                                                          \
	2000000 /* calls of PCRE2's match(): about 50 ms, then it is backtracking madly */
#define REGEX_DEPTH_LIMIT 20000       /* nested backtracking points */
#define REGEX_HEAP_LIMIT 20480        /* KiB of backtracking memory */
#define REGEX_JIT_STACK (1024 * 1024) /* bytes of stack for compiled code */

struct regex;
struct regex_scratch;

/* Compile a PCRE2 pattern: UTF, unanchored search. Compiled to machine code where the system allows
 * memory to be executable, else interpreted. NULL on a bad pattern, err->pos being the byte in it.
 */
struct regex *regex_compile(struct str pattern, struct err *err) MUSTUSE;
void regex_free(struct regex *re);

/* What one thread needs to match with any regex. */
struct regex_scratch *regex_scratch_new(void) MUSTUSE;
void regex_scratch_free(struct regex_scratch *scratch);

/* Search subject, which must be valid UTF-8. 1 found, 0 not found, -1 a limit was reached (err says
 * which). */
int regex_search(const struct regex *re, struct str subject, struct regex_scratch *scratch,
    struct err *err) MUSTUSE;

/* PCRE2's version and date, for --version. */
const char *regex_version(char out[64]);

#endif

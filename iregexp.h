/* iregexp.h: RFC 9485 I-Regexp, checked and translated into PCRE2's syntax.
 *
 * RFC 9535's match() and search() take such patterns. Pure; any thread. */
#ifndef IREGEXP_H
#define IREGEXP_H

#include "str.h"

#define IREGEXP_MAX_DEPTH 100   /* nested groups; PCRE2's own limit is 250 */
#define IREGEXP_MAX_COUNT 65535 /* in {n,m}; PCRE2's own limit */
#define IREGEXP_MAX_ATOMS 65536 /* with {n,m} of groups written out, which is what PCRE2 compiles */

/* Append to out the PCRE2 pattern (for regex_compile: UTF, no other option) that finds what the
 * I-Regexp `pattern` finds; with `whole`, only where it is the whole subject. Nothing in it means
 * anything else to PCRE2 than it means in RFC 9485, with one exception which RFC 9535's compliance
 * suite asks for: ^ and $ outside of a class are the subject's start and end.
 *
 * 0, 1 where pattern is no I-Regexp (RFC 9535 section 2.4.6: then nothing matches), or -1 where it
 * is one beyond the limits above. Both times err says why, err->pos being the byte in pattern, and
 * what out got is of no use. */
int iregexp_to_pcre2(struct str pattern, bool whole, struct buf *out, struct err *err) MUSTUSE;

#endif

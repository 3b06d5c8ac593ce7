/* str.h: byte slices, a growable buffer, and foreign bytes made safe for a terminal.
 *
 * Nothing here assumes a final NUL. No locks: a buffer belongs to one thread at a time. */
#ifndef STR_H
#define STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "err.h"

struct str { /* bytes that somebody else owns; p is not NULL, also of none */
	const char *p;
	size_t n;
};

struct buf { /* bytes that it owns; {0} is an empty one */
	char *p;
	size_t n;
	size_t cap;
};

/* The slice of a string literal. */
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})

static inline struct str
str_of(const char *s)
{
	return (struct str){s, strlen(s)};
}

static inline bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Equal when ASCII letters are taken without case. */
bool str_eq_nocase(struct str a, struct str b);

/* Byte order, a shorter prefix first: for UTF-8 that is code point order. <0, 0, >0. */
int str_cmp(struct str a, struct str b);

/* malloc and its like that do not fail: without memory there is no answer to give, so the program
 * says so on stderr and aborts. Sizes in bytes; n * size must not overflow (that aborts as well).
 */
void *xmalloc(size_t n) MUSTUSE;
void *xrealloc(void *p, size_t n, size_t size) MUSTUSE;
void *xcalloc(size_t n, size_t size) MUSTUSE; /* zeros */

/* Make room for n more bytes behind the end. */
void buf_reserve(struct buf *b, size_t n);
void buf_add(struct buf *b, const char *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTFLIKE(2, 3);
void buf_free(struct buf *b);
void buf_wipe(struct buf *b); /* likewise, of secrets: what it held is overwritten first */

static inline void
buf_swap(struct buf *a, struct buf *b)
{
	struct buf was_a = *a;

	*a = *b;
	*b = was_a;
}

static inline struct str
buf_slice(const struct buf *b)
{
	return (struct str){b->p != NULL ? b->p : "", b->n};
}

/* Read one UTF-8 encoded code point (RFC 3629: shortest form, no surrogates, at most U+10FFFF).
 * Returns its length in bytes, 1 to 4, or 0 where the bytes are no UTF-8; *cp is set on success. */
size_t utf8_read(const char *p, const char *end, uint32_t *cp);

/* Encode cp (at most U+10FFFF, no surrogate) into out. Returns the number of bytes, 1 to 4. */
size_t utf8_write(char out[4], uint32_t cp);

/* Read the four hexadecimal digits of a \u escape at p. False where there are no four. */
bool str_hex4(const char *p, const char *end, uint32_t *value);

/* Append s as a person may safely see it on a terminal: control characters (C0, DEL, C1), the
 * bidirectional overrides and bytes that are no UTF-8 become \xNN or \u{NNNN}; a backslash stays as
 * it is. At most max bytes of s are shown, then "...". */
void buf_escaped(struct buf *b, struct str s, size_t max);

/* The same into out, which is always ended by a NUL; what does not fit is cut off and ends in
 * "...". size is at least 8. Returns out. */
const char *str_escape(char *out, size_t size, struct str s);

#endif

/* err.h: the error value that every fallible function takes last.
 *
 * A fallible function returns 0 or -1 (or a pointer or NULL), fills *err when it fails, never
 * prints and never exits. Whoever can do something about it, or main, reads the text. */
#ifndef ERR_H
#define ERR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#ifdef __GNUC__
#define MUSTUSE __attribute__((warn_unused_result))
#define PRINTFLIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define MUSTUSE
#define PRINTFLIKE(fmt, args)
#endif

struct err {
	size_t pos;    /* byte offset in the text that was read; 0 where there is none */
	char msg[480]; /* one line without a final period; foreign bytes in it are escaped */
};

/* Fill *err and return -1, so that a function can end with `return err_set(...)`. */
static inline int PRINTFLIKE(3, 4) err_set(struct err *err, size_t pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err->pos = pos;
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return -1;
}

#endif

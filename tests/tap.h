/* tap.h: what a test program needs to say how it went, in TAP (testanything.org):
 *
 *     is_int(strlen("abc"), 3, "length of %s", "abc");
 *     return done_testing();
 * Each check prints a line and returns whether it held. Names are printf formats with arguments.
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int tap_run, tap_bad;
__attribute__((constructor)) static void tap_start(void) { setvbuf(stdout, NULL, _IOLBF, BUFSIZ); }

#define ok(cond, ...) tap_ok((cond), TAP_AT, __VA_ARGS__)
#define is_int(got, want, ...) tap_int((long long)(got), (long long)(want), TAP_AT, __VA_ARGS__)
#define is_str(got, want, ...) tap_mem((got), SIZE_MAX, (want), SIZE_MAX, TAP_AT, __VA_ARGS__)
#define is_mem(got, gotlen, want, wantlen, ...) \
	tap_mem((got), (gotlen), (want), (wantlen), TAP_AT, __VA_ARGS__)
#define note(...) (printf("# "), printf(__VA_ARGS__), (void)putchar('\n'))
#define TAP_AT __FILE__, __LINE__
#define TAP_PRINTF(n) __attribute__((format(printf, n, n + 1))) static inline
#define TAP_RESULT(good) \
	va_list ap; va_start(ap, fmt); bool r = tap_line((good), file, line, fmt, ap); va_end(ap)

static inline bool tap_line(bool good, const char *file, int line, const char *fmt, va_list ap)
{
	char name[512];
	vsnprintf(name, sizeof name, fmt, ap);
	for (char *c = name; *c; c++)
		if ((unsigned char)*c < 32 || *c == '#') *c = '.'; /* '#' would start a directive */
	printf("%sok %d - %s\n", good ? "" : "not ", ++tap_run, name);
	if (!good) { tap_bad++; printf("#   at %s:%d\n", file, line); }
	return good;
}

static inline void tap_bytes(const char *what, const unsigned char *s, size_t n)
{
	printf("#   %s: ", what);
	for (size_t i = 0; s && i < n && i < 2000; i++)
		printf(s[i] < 32 || s[i] > 126 || s[i] == '\\' ? "\\x%02x" : "%c", s[i]);
	printf(s ? " (%zu bytes)\n" : "NULL\n", n);
}

TAP_PRINTF(4) bool tap_ok(bool cond, const char *file, int line, const char *fmt, ...)
{
	TAP_RESULT(cond);
	return r;
}

TAP_PRINTF(5)
bool tap_int(long long got, long long want, const char *file, int line, const char *fmt, ...)
{
	TAP_RESULT(got == want);
	if (!r) printf("#   got:  %lld\n#   want: %lld\n", got, want);
	return r;
}

TAP_PRINTF(7) /* a length of SIZE_MAX: a string, which may be NULL */
bool tap_mem(const void *got, size_t gotlen, const void *want, size_t wantlen,
             const char *file, int line, const char *fmt, ...)
{
	if (gotlen == SIZE_MAX) gotlen = got ? strlen(got) : 0;
	if (wantlen == SIZE_MAX) wantlen = want ? strlen(want) : 0;
	TAP_RESULT(gotlen == wantlen && (got && want ? !memcmp(got, want, gotlen) : got == want));
	if (!r) tap_bytes("got", got, gotlen), tap_bytes("want", want, wantlen);
	return r;
}

/* Print the plan; the value is main's exit status. */
static inline int done_testing(void)
{
	printf("1..%d\n", tap_run);
	return tap_bad != 0;
}
#endif

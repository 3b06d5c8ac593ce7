/* str.c: see str.h. */
#include "str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
out_of_memory(void)
{
	static const char text[] = "aws-spitzel: out of memory\n";
	ssize_t n = write(2, text, sizeof(text) - 1);

	(void)n;
	abort();
}

void *
xmalloc(size_t n)
{
	void *p = malloc(n > 0 ? n : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
xrealloc(void *p, size_t n, size_t size)
{
	if (size > 0 && n > SIZE_MAX / size)
		out_of_memory();
	p = realloc(p, n * size > 0 ? n * size : 1);
	if (p == NULL)
		out_of_memory();
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

static unsigned char
lower(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 'A' && u <= 'Z' ? (unsigned char)(u | 0x20) : u;
}

bool
str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (c != 0)
		return c;
	return a.n < b.n ? -1 : a.n > b.n;
}

void
buf_reserve(struct buf *b, size_t n)
{
	size_t cap = b->cap;

	if (b->cap - b->n >= n)
		return;
	if (n > SIZE_MAX / 2 - b->n)
		out_of_memory();
	if (cap < 64)
		cap = 64;
	while (cap - b->n < n)
		cap *= 2;
	b->p = xrealloc(b->p, cap, 1);
	b->cap = cap;
}

void
buf_add(struct buf *b, const char *p, size_t n)
{
	if (n == 0)
		return;
	buf_reserve(b, n);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void
buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void
buf_char(struct buf *b, char c)
{
	buf_reserve(b, 1);
	b->p[b->n++] = c;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	buf_reserve(b, (size_t)n + 1);
	va_start(ap, fmt);
	(void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){0};
}

void
buf_wipe(struct buf *b)
{
	if (b->cap > 0)
		explicit_bzero(b->p, b->cap);
	buf_free(b);
}

size_t
utf8_read(const char *s, const char *end, uint32_t *cp)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t left = (size_t)(end - s);

	if (left == 0)
		return 0;
	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4 || left < 2 || (p[1] & 0xc0) != 0x80)
		return 0;
	if (p[0] < 0xe0) {
		*cp = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
		return 2;
	}
	if (left < 3 || (p[2] & 0xc0) != 0x80)
		return 0;
	if (p[0] < 0xf0) {
		*cp = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
		if (*cp < 0x800 || (*cp >= 0xd800 && *cp <= 0xdfff))
			return 0;
		return 3;
	}
	if (left < 4 || (p[3] & 0xc0) != 0x80)
		return 0;
	*cp = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
	    (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
	return *cp >= 0x10000 && *cp <= 0x10ffff ? 4 : 0;
}

size_t
utf8_write(char out[4], uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

bool
str_hex4(const char *p, const char *end, uint32_t *value)
{
	uint32_t v = 0;

	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	*value = v;
	return true;
}

/* What a terminal or a reader's eye could be led astray by. */
static bool
unsafe_to_show(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp >= 0x200b && cp <= 0x200f) ||
	    (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff;
}

void
buf_escaped(struct buf *b, struct str s, size_t max)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		uint32_t cp;
		size_t n = utf8_read(p, end, &cp);

		if ((size_t)(p - s.p) + (n > 0 ? n : 1) > max)
			break;
		if (n == 0)
			buf_printf(b, "\\x%02x", (unsigned char)*p);
		else if (cp < 0x80 && unsafe_to_show(cp))
			buf_printf(b, "\\x%02x", (unsigned)cp);
		else if (unsafe_to_show(cp))
			buf_printf(b, "\\u{%04x}", (unsigned)cp);
		else
			buf_add(b, p, n);
		p += n > 0 ? n : 1;
	}
	if (p < end)
		buf_add(b, "...", 3);
}

const char *
str_escape(char *out, size_t size, struct str s)
{
	struct buf b = {0};
	size_t n;

	buf_escaped(&b, s, size);
	n = b.n;
	if (n < size) {
		out[n] = '\0';
	} else {
		n = size - sizeof("...");
		while (n > 0 && ((unsigned char)b.p[n] & 0xc0) == 0x80)
			n--;
		memcpy(out + n, "...", sizeof("..."));
	}
	if (n > 0)
		memcpy(out, b.p, n);
	buf_free(&b);
	return out;
}

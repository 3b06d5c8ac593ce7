/* number.c: see number.h. */
#include "number.h"

#include <limits.h>

static size_t
digits(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q >= '0' && *q <= '9')
		q++;
	return (size_t)(q - p);
}

size_t
number_scan(const char *start, const char *end)
{
	const char *p = start;
	size_t n;

	if (p < end && *p == '-')
		p++;
	n = digits(p, end);
	if (n == 0)
		return 0;
	p += *p == '0' ? 1 : n;
	if (end - p > 1 && *p == '.' && (n = digits(p + 1, end)) > 0)
		p += 1 + n;
	if (p < end && (*p == 'e' || *p == 'E')) {
		const char *q = p + 1;

		if (q < end && (*q == '+' || *q == '-'))
			q++;
		if ((n = digits(q, end)) > 0)
			p = q + n;
	}
	return (size_t)(p - start);
}

/* A number as 0.d1d2d3... * 10^exponent with d1 != 0; no digits at all for zero. The digits are
 * those of the text from p to end; a '.' among them is to be skipped. */
struct decimal {
	bool negative;
	const char *p;
	const char *end;
	int64_t exponent;
};

static int64_t
read_exponent(const char *p, const char *end)
{
	bool negative = p < end && *p == '-';
	int64_t e = 0;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (; p < end; p++) {
		int64_t digit = *p - '0';

		e = e > (NUMBER_MAX_EXPONENT - digit) / 10 ? NUMBER_MAX_EXPONENT : e * 10 + digit;
	}
	return negative ? -e : e;
}

static struct decimal
decompose(struct str s)
{
	struct decimal d = {0};
	const char *p = s.p, *end = s.p + s.n, *e, *point;

	if (p < end && *p == '-') {
		d.negative = true;
		p++;
	}
	for (e = p; e < end && *e != 'e' && *e != 'E'; e++)
		continue;
	for (point = p; point < e && *point != '.'; point++)
		continue;
	d.exponent = e < end ? read_exponent(e + 1, end) : 0;
	while (p < e && (*p == '0' || *p == '.'))
		p++;
	while (e > p && (e[-1] == '0' || e[-1] == '.'))
		e--;
	d.p = p;
	d.end = e;
	d.exponent += p <= point ? point - p : point + 1 - p;
	return d;
}

/* The next significant digit, '0' for ever after the last. */
static char
next_digit(struct decimal *d)
{
	if (d->p < d->end && *d->p == '.')
		d->p++;
	return d->p < d->end ? *d->p++ : '0';
}

int
number_cmp(struct str sa, struct str sb)
{
	struct decimal a = decompose(sa), b = decompose(sb);
	bool zero_a = a.p == a.end, zero_b = b.p == b.end;
	int sign;

	if (zero_a || zero_b) {
		if (zero_a && zero_b)
			return 0;
		if (zero_a)
			return b.negative ? 1 : -1;
		return a.negative ? -1 : 1;
	}
	if (a.negative != b.negative)
		return a.negative ? -1 : 1;
	sign = a.negative ? -1 : 1;
	if (a.exponent != b.exponent)
		return a.exponent < b.exponent ? -sign : sign;
	while (a.p < a.end || b.p < b.end) {
		char x = next_digit(&a), y = next_digit(&b);

		if (x != y)
			return x < y ? -sign : sign;
	}
	return 0;
}

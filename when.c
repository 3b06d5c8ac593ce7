/* when.c: see when.h. */
#include "when.h"

#include <stdio.h>

#define DAY_SECONDS INT64_C(86400)

/* The days from 0001-01-01 to 1970-01-01. */
#define DAYS_BEFORE_EPOCH 719162

/* The days of a year before each month, and of the whole year, without a leap day. */
static const int days_before[13] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

struct scan {
	const char *start; /* of the text, blanks included */
	const char *p;
	const char *end;
	bool leap; /* a second of 60 was read */
};

/* What is wrong, as it stands in a message behind "is no time". */
static const char *const wrong_form = ""; /* nothing more to say: the accepted forms follow */
static const char *const out_of_range = ": outside the years 0001 to 9999";

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The days of the year before the month; month 13 gives the days of the year. */
static int
month_start(int year, int month)
{
	return days_before[month - 1] + (month > 2 && is_leap(year));
}

/* The days from 0001-01-01 to the first of January of the year. */
static int64_t
year_start(int year)
{
	int y = year - 1;

	return (int64_t)y * 365 + y / 4 - y / 100 + y / 400;
}

/* The date of a day, counted from 0001-01-01. */
static void
date_of_day(int64_t day, int *year, int *month, int *mday)
{
	/* 400 years have 146097 days: the estimate may be a year early, and is never late. */
	int y = (int)(day * 400 / 146097) + 1, m = 1, rest;

	if (year_start(y + 1) <= day)
		y++;
	rest = (int)(day - year_start(y));
	while (month_start(y, m + 1) <= rest)
		m++;
	*year = y;
	*month = m;
	*mday = rest - month_start(y, m) + 1;
}

/* The days from 1970-01-01 to the date; the year is at least 1. False where it does not exist. */
static bool
day_of_date(int year, int month, int mday, int64_t *day)
{
	if (month < 1 || month > 12 || mday < 1 ||
	    mday > month_start(year, month + 1) - month_start(year, month))
		return false;
	*day = year_start(year) + month_start(year, month) + mday - 1 - DAYS_BEFORE_EPOCH;
	return true;
}

/* Start at the first byte of the text. No arithmetic on NULL: an empty text may be nowhere. */
static struct scan
scan_of(struct str text)
{
	const char *p = text.n > 0 ? text.p : "";

	return (struct scan){.start = p, .p = p, .end = p + text.n};
}

/* The same without the blanks around the text. */
static struct scan
trim(struct str text)
{
	static const char blanks[] = {' ', '\t', '\n', '\r'};
	struct scan s = scan_of(text);

	while (s.p < s.end && memchr(blanks, *s.p, sizeof(blanks)) != NULL)
		s.p++;
	while (s.p < s.end && memchr(blanks, s.end[-1], sizeof(blanks)) != NULL)
		s.end--;
	return s;
}

static bool
is_digit(const struct scan *s)
{
	return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static bool
read_char(struct scan *s, char c)
{
	if (s->p >= s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* Read exactly n digits. */
static bool
read_digits(struct scan *s, int n, int *value)
{
	*value = 0;
	for (; n > 0; n--) {
		if (!is_digit(s))
			return false;
		*value = *value * 10 + (*s->p++ - '0');
	}
	return true;
}

/* Read all digits that follow, one at least. A number beyond `most` is taken as most + 1. */
static bool
read_count(struct scan *s, int64_t most, int64_t *value)
{
	if (!is_digit(s))
		return false;
	*value = 0;
	for (; is_digit(s); s->p++) {
		int digit = *s->p - '0';

		*value = *value > (most - digit) / 10 ? most + 1 : *value * 10 + digit;
	}
	return true;
}

/* Read a fraction of a second where there is a point. */
static bool
read_fraction(struct scan *s, int64_t *us)
{
	int64_t unit = WHEN_SECOND_US;

	*us = 0;
	if (!read_char(s, '.'))
		return true;
	if (!is_digit(s))
		return false;
	for (; is_digit(s); s->p++) {
		unit /= 10;
		*us += unit * (*s->p - '0');
	}
	return true;
}

/* The readers below return NULL, or what is wrong, with s->p where it is. */

static const char *
read_date(struct scan *s, int64_t *day)
{
	const char *at = s->p;
	int year, month, mday;

	if (!read_digits(s, 4, &year) || !read_char(s, '-') || !read_digits(s, 2, &month) ||
	    !read_char(s, '-') || !read_digits(s, 2, &mday))
		return wrong_form;
	if (year >= 1 && day_of_date(year, month, mday, day))
		return NULL;
	s->p = at;
	if (year < 1)
		return out_of_range;
	return month < 1 || month > 12 ? ": no such month" : ": no such day";
}

/* Read the time of day; rfc3339 asks for seconds. */
static const char *
read_clock(struct scan *s, bool rfc3339, int64_t *second, int64_t *us)
{
	const char *at = s->p;
	int h, m, sec = 0;

	*us = 0;
	if (!read_digits(s, 2, &h) || !read_char(s, ':') || !read_digits(s, 2, &m))
		return wrong_form;
	if (read_char(s, ':')) {
		if (!read_digits(s, 2, &sec) || !read_fraction(s, us))
			return wrong_form;
	} else if (rfc3339) {
		return wrong_form;
	}
	if (h > 23 || m > 59 || sec > 60) {
		s->p = at;
		return ": no such time of day";
	}
	s->leap = sec == 60;
	*second = h * 3600 + m * 60 + sec;
	return NULL;
}

/* Read a zone: by how many seconds it is ahead of UTC. rfc3339 asks for one, with its colon. */
static const char *
read_zone(struct scan *s, bool rfc3339, int64_t *ahead)
{
	const char *at = s->p;
	bool minus;
	int h, m;

	*ahead = 0;
	if (s->p >= s->end)
		return rfc3339 ? wrong_form : NULL;
	if (read_char(s, 'Z') || read_char(s, 'z'))
		return NULL;
	minus = *s->p == '-';
	if (!read_char(s, '-') && !read_char(s, '+'))
		return wrong_form;
	if (!read_digits(s, 2, &h) || (!read_char(s, ':') && rfc3339) || !read_digits(s, 2, &m))
		return wrong_form;
	if (h > 23 || m > 59) {
		s->p = at;
		return ": no such offset from UTC";
	}
	*ahead = (h * 3600 + m * 60) * (minus ? -1 : 1);
	return NULL;
}

/* A second of 60 was read, and became the first of the next minute: epoch second `next`. A leap
 * second ends a month in UTC. */
static bool
may_follow_leap_second(int64_t next)
{
	int64_t since = next + DAYS_BEFORE_EPOCH * DAY_SECONDS;
	int year, month, mday;

	if (since < 0 || since % DAY_SECONDS != 0)
		return false;
	date_of_day(since / DAY_SECONDS, &year, &month, &mday);
	return mday == 1;
}

/* Read a date, alone or with a time and a zone, up to the end. rfc3339 asks for all three. */
static const char *
read_calendar(struct scan *s, bool rfc3339, int64_t *us)
{
	const char *at = s->p, *clock, *wrong;
	int64_t day, second, fraction, ahead;

	wrong = read_date(s, &day);
	if (wrong != NULL)
		return wrong;
	if (s->p == s->end && !rfc3339) {
		*us = day * DAY_SECONDS * WHEN_SECOND_US;
		return NULL;
	}
	if (!read_char(s, 'T') && !read_char(s, 't') && (rfc3339 || !read_char(s, ' ')))
		return wrong_form;
	clock = s->p;
	wrong = read_clock(s, rfc3339, &second, &fraction);
	if (wrong == NULL)
		wrong = read_zone(s, rfc3339, &ahead);
	if (wrong != NULL)
		return wrong;
	if (s->p < s->end)
		return wrong_form;
	second += day * DAY_SECONDS - ahead;
	if (s->leap && !may_follow_leap_second(second)) {
		s->p = clock;
		return ": no leap second can be there";
	}
	*us = second * WHEN_SECOND_US + fraction;
	if (*us >= WHEN_MIN_US && *us <= WHEN_MAX_US)
		return NULL;
	s->p = at;
	return out_of_range;
}

/* Read the seconds since 1970 behind an @. */
static const char *
read_epoch(struct scan *s, int64_t *us)
{
	const char *at = s->p;
	bool minus = read_char(s, '-');
	int64_t second, fraction;

	if (!read_count(s, WHEN_MAX_US / WHEN_SECOND_US, &second) || !read_fraction(s, &fraction) ||
	    s->p < s->end)
		return wrong_form;
	*us = second * WHEN_SECOND_US + fraction;
	if (minus)
		*us = -*us;
	if (*us >= WHEN_MIN_US && *us <= WHEN_MAX_US)
		return NULL;
	s->p = at;
	return ": outside the years 0001 to 9999 (@ takes seconds)";
}

/* Read a span of time up to the end of the text. */
static const char *
read_span(struct scan *s, int64_t *us)
{
	static const struct {
		char letter;
		int seconds;
	} units[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
	const char *at = s->p;
	size_t i = 0, n = sizeof(units) / sizeof(units[0]);

	*us = 0;
	do {
		int64_t count, most;

		if (!read_count(s, WHEN_MAX_SPAN_US, &count))
			return wrong_form;
		if (s->p >= s->end)
			return ": a unit is missing";
		while (i < n && !read_char(s, units[i].letter))
			i++;
		if (i == n)
			return wrong_form;
		most = (WHEN_MAX_SPAN_US - *us) / (units[i].seconds * WHEN_SECOND_US);
		if (count > most) {
			s->p = at;
			return ": longer than 9999 years";
		}
		*us += count * units[i++].seconds * WHEN_SECOND_US;
	} while (s->p < s->end);
	if (*us > 0)
		return NULL;
	s->p = at;
	return ": it must be more than zero";
}

/* Fill err: what the text should be, and why it is not. */
static int
fail(struct err *err, struct str text, const struct scan *s, const char *noun, const char *wrong,
    const char *forms)
{
	struct scan shown = trim(text);
	struct buf b = {0};

	buf_escaped(&b, (struct str){shown.p, (size_t)(shown.end - shown.p)}, 36);
	buf_char(&b, '\0');
	(void)err_set(err, (size_t)(s->p - s->start), "'%s' is no %s%s; write %s", b.p, noun, wrong,
	    forms);
	buf_free(&b);
	return -1;
}

int
when_parse(struct str text, int64_t now_us, int64_t *us, struct err *err)
{
	struct scan s = trim(text);
	const char *at = s.p, *wrong = NULL;

	if (str_eq((struct str){s.p, (size_t)(s.end - s.p)}, STR("now"))) {
		*us = now_us;
	} else if (read_char(&s, '-')) {
		wrong = read_span(&s, us);
		if (wrong == NULL)
			*us = now_us < WHEN_MIN_US + *us ? WHEN_MIN_US - 1 : now_us - *us;
	} else if (read_char(&s, '@')) {
		wrong = read_epoch(&s, us);
	} else {
		wrong = read_calendar(&s, false, us);
	}
	if (wrong == NULL) {
		if (*us >= WHEN_MIN_US && *us <= WHEN_MAX_US)
			return 0;
		wrong = out_of_range;
		s.p = at;
	}
	return fail(err, text, &s, "time", wrong,
	    "2023-07-10, 2023-07-10 11:42[:36], 2023-07-10T11:42:36Z (or +02:00), now, "
	    "-3h (s m h d w) or @EPOCH");
}

int
when_parse_span(struct str text, int64_t *us, struct err *err)
{
	struct scan s = trim(text);
	const char *wrong = read_span(&s, us);

	if (wrong == NULL)
		return 0;
	return fail(err, text, &s, "span of time", wrong,
	    "a whole number and a unit, as in 45s, 90m, 5h, 7d, 2w or 1h30m");
}

int
when_parse_minutes(struct str text, int64_t *us, struct err *err)
{
	struct scan s = trim(text);
	const char *at = s.p, *wrong = NULL;
	const int64_t minute = 60 * WHEN_SECOND_US, most = WHEN_MAX_SPAN_US / minute;
	int64_t count = 0;

	if (!read_count(&s, most, &count) || s.p < s.end)
		wrong = wrong_form;
	else if (count == 0)
		wrong = ": it must be more than zero";
	else if (count > most)
		wrong = ": longer than 9999 years";
	*us = count * minute;
	if (wrong == NULL)
		return 0;
	if (wrong != wrong_form)
		s.p = at;
	return fail(err, text, &s, "number of minutes", wrong,
	    "a whole number, as in --last-minute 90; --last takes 90m, 5h and 7d");
}

/* The number in the two digits at p; 100 where they are none. */
static int
two_digits(const char *p)
{
	unsigned tens = (unsigned)p[0] - '0', ones = (unsigned)p[1] - '0';

	return tens > 9 || ones > 9 ? 100 : (int)(tens * 10 + ones);
}

/* Read the form that CloudTrail writes: 2023-07-10T11:42:36Z. False leaves it to read_calendar,
 * which reads the same from it but takes twice as long (18 and 41 ns). */
static bool
read_usual(struct str text, int64_t *us)
{
	const char *p = text.p;
	int century, year, h, m, sec;
	int64_t day;

	if (text.n != 20 || p[4] != '-' || p[7] != '-' || p[10] != 'T' || p[13] != ':' ||
	    p[16] != ':' || p[19] != 'Z')
		return false;
	century = two_digits(p);
	year = two_digits(p + 2);
	h = two_digits(p + 11);
	m = two_digits(p + 14);
	sec = two_digits(p + 17);
	if (century > 99 || year > 99 || century + year == 0 || h > 23 || m > 59 || sec > 59 ||
	    !day_of_date(century * 100 + year, two_digits(p + 5), two_digits(p + 8), &day))
		return false;
	*us = (day * DAY_SECONDS + h * 3600 + m * 60 + sec) * WHEN_SECOND_US;
	return true;
}

int
when_parse_event(struct str text, int64_t *us)
{
	struct scan s = scan_of(text);

	if (read_usual(text, us))
		return 0;
	return read_calendar(&s, true, us) == NULL ? 0 : -1;
}

const char *
when_print(char out[WHEN_PRINT_SIZE], int64_t us)
{
	int64_t since, second;
	int year, month, mday, fraction, n;

	if (us < WHEN_MIN_US || us > WHEN_MAX_US) {
		(void)snprintf(out, WHEN_PRINT_SIZE, "@%lld", (long long)(us / WHEN_SECOND_US));
		return out;
	}
	since = us - WHEN_MIN_US;
	fraction = (int)(since % WHEN_SECOND_US);
	second = since / WHEN_SECOND_US % DAY_SECONDS;
	date_of_day(since / WHEN_SECOND_US / DAY_SECONDS, &year, &month, &mday);
	n = snprintf(out, WHEN_PRINT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, mday,
	    (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
	if (fraction != 0)
		(void)snprintf(out + n, WHEN_PRINT_SIZE - (size_t)n, ".%06dZ", fraction);
	else
		(void)snprintf(out + n, WHEN_PRINT_SIZE - (size_t)n, "Z");
	return out;
}

/* Tests of when.c. The numbers in `times` and `relative` were worked out by Python's datetime. */
#include "../when.h"

#include <stdlib.h>

#include "tap.h"

#define NOW INT64_C(1688989356000000) /* 2023-07-10T11:42:36Z */

struct read {
	const char *text;
	int64_t us;
};

static const struct read times[] = {
	{"2023-07-10", INT64_C(1688947200000000)},
	{"0001-01-01", INT64_C(-62135596800000000)},
	{"9999-12-31", INT64_C(253402214400000000)},
	{"1970-01-01", INT64_C(0)},
	{"1969-12-31", INT64_C(-86400000000)},
	{"2000-02-29", INT64_C(951782400000000)},
	{"2024-02-29", INT64_C(1709164800000000)},
	{"1600-02-29", INT64_C(-11670998400000000)},
	{"1900-02-28", INT64_C(-2203977600000000)},
	{"1900-03-01", INT64_C(-2203891200000000)},
	{"2100-12-31", INT64_C(4133894400000000)},
	{"  2023-07-10  ", INT64_C(1688947200000000)},
	{"2023-07-10 11:42", INT64_C(1688989320000000)},
	{"2023-07-10T11:42", INT64_C(1688989320000000)},
	{"2023-07-10 11:42:36", INT64_C(1688989356000000)},
	{"2023-07-10 00:00:00", INT64_C(1688947200000000)},
	{"2023-07-10 23:59:59", INT64_C(1689033599000000)},
	{"2023-07-10T11:42:36Z", INT64_C(1688989356000000)},
	{"2023-07-10t11:42:36z", INT64_C(1688989356000000)},
	{"2023-07-10 11:42:36Z", INT64_C(1688989356000000)},
	{"2023-07-10T11:42:36.5Z", INT64_C(1688989356500000)},
	{"2023-07-10T11:42:36.123456Z", INT64_C(1688989356123456)},
	{"2023-07-10 11:42:36.000001", INT64_C(1688989356000001)},
	{"1969-12-31T23:59:59.75Z", INT64_C(-250000)},
	{"2023-07-10T11:42:36+02:00", INT64_C(1688982156000000)},
	{"2023-07-10T11:42:36-08:00", INT64_C(1689018156000000)},
	{"2023-07-10T11:42:36+05:45", INT64_C(1688968656000000)},
	{"2023-07-10T11:42:36-00:00", INT64_C(1688989356000000)},
	{"2023-07-10T11:42:36+23:59", INT64_C(1688903016000000)},
	{"2023-07-10T11:42:36+0530", INT64_C(1688969556000000)},
	{"2023-07-10 11:42-0330", INT64_C(1689001920000000)},
	{"2023-07-10T11:42Z", INT64_C(1688989320000000)},
	{"2023-01-01T00:30:00+01:00", INT64_C(1672529400000000)},
	{"2020-02-28T23:30:00-01:00", INT64_C(1582936200000000)},
	{"0001-01-01T00:00:00Z", INT64_C(-62135596800000000)},
	{"0001-01-01T01:00:00+01:00", INT64_C(-62135596800000000)},
	{"9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999)},
	{"9999-12-31T22:59:59-01:00", INT64_C(253402300799000000)},
};

static const struct read relative[] = {
	{"now", INT64_C(1688989356000000)},
	{" now\n", INT64_C(1688989356000000)},
	{"-3h", INT64_C(1688978556000000)},
	{"-90m", INT64_C(1688983956000000)},
	{"-7d", INT64_C(1688384556000000)},
	{"-45s", INT64_C(1688989311000000)},
	{"-2w", INT64_C(1687779756000000)},
	{"-1h30m", INT64_C(1688983956000000)},
	{"-2w3d4h5m6s", INT64_C(1687505850000000)},
	{"-0000000000000000000000001d", INT64_C(1688902956000000)},
	{"-0d1s", INT64_C(1688989355000000)},
	{"-738710d", INT64_C(-62135554644000000)},
};

/* Leap seconds that were, then other texts that Python does not read. */
static const struct read others[] = {
	{"2016-12-31T23:59:60Z", INT64_C(1483228800000000)},
	{"1990-12-31T15:59:60-08:00", INT64_C(662688000000000)},
	{"2015-06-30T23:59:60.25Z", INT64_C(1435708800250000)},
	{"2017-01-01T05:29:60+0530", INT64_C(1483228800000000)},
	{"2012-02-29 23:59:60", INT64_C(1330560000000000)},
	{"\t2023-07-10\r\n", INT64_C(1688947200000000)},
	{"2023-07-10T11:42:36.1234569Z", INT64_C(1688989356123456)},
	{"2023-07-10T11:42:36.99999999999999999999999999999999999999Z", INT64_C(1688989356999999)},
	{"1969-12-31T23:59:59.9999999Z", -1},
	{"@0", 0},
	{"@-0", 0},
	{"@1688989356", NOW},
	{"@1688989356.25", NOW + 250000},
	{"@0.0000019", 1},
	{"@-1", -1000000},
	{"@-1.5", -1500000},
	{"@-0.0000019", -1},
	{"@-62135596800", INT64_C(-62135596800000000)},
	{"@253402300799.999999", INT64_C(253402300799999999)},
	{"@00000000000000000000000000001", 1000000},
};

#define FORMS "; write 2023-07-10, 2023-07-10 11:42[:36], 2023-07-10T11:42:36Z (or +02:00), now, " \
	"-3h (s m h d w) or @EPOCH"
#define YEARS "outside the years 0001 to 9999"

struct refused {
	const char *text;
	size_t pos;
	const char *why; /* from behind "is no time" up to the forms */
};

static const struct refused refused[] = {
	{"", 0, ""},
	{"   ", 3, ""},
	{"yesterday", 0, ""},
	{"Now", 0, ""},
	{"now!", 0, ""},
	{"2023", 4, ""},
	{"2023-7-10", 6, ""},
	{"23-07-10", 2, ""},
	{"+2023-07-10", 0, ""},
	{"2023-07-10Z", 10, ""},
	{"20230710", 4, ""},
	{"2023/07/10", 4, ""},
	{"2023-07-10  11:42", 11, ""},
	{"2023-07-10 11", 13, ""},
	{"2023-07-10 1:42", 12, ""},
	{"2023-07-10 11:42:", 17, ""},
	{"2023-07-10 11:42:3", 18, ""},
	{"2023-07-10 11:42:36.", 20, ""},
	{"2023-07-10 11:42.5", 16, ""},
	{"2023-07-10T11:42:36,5Z", 19, ""},
	{"2023-07-10T11:42:36 Z", 19, ""},
	{"2023-07-10T11:42:36Zx", 20, ""},
	{"2023-07-10T11:42:36+2", 21, ""},
	{"2023-07-10T11:42:36+02", 22, ""},
	{"2023-07-10T11:42:36+02:0", 24, ""},
	{"2023-07-10T11:42:36CEST", 19, ""},
	{"2023-07-10_11:42:36", 10, ""},
	{"2023-00-10", 0, ": no such month"},
	{" 2023-13-10", 1, ": no such month"},
	{"2023-07-00", 0, ": no such day"},
	{"2023-07-32", 0, ": no such day"},
	{"2023-06-31", 0, ": no such day"},
	{"2023-02-29", 0, ": no such day"},
	{"1900-02-29", 0, ": no such day"},
	{"2100-02-29T11:42:36Z", 0, ": no such day"},
	{"0000-01-01", 0, ": " YEARS},
	{"2023-07-10 24:00", 11, ": no such time of day"},
	{"2023-07-10 11:60", 11, ": no such time of day"},
	{"2023-07-10 11:42:61", 11, ": no such time of day"},
	{"2023-07-10T11:42:36+24:00", 19, ": no such offset from UTC"},
	{"2023-07-10T11:42:36-00:60", 19, ": no such offset from UTC"},
	{"2023-07-10T11:42:60Z", 11, ": no leap second can be there"},
	{"2023-07-30T23:59:60Z", 11, ": no leap second can be there"},
	{"2023-07-31T23:59:60+01:00", 11, ": no leap second can be there"},
	{"0001-01-01T00:00:00+00:01", 0, ": " YEARS},
	{"0001-01-01T00:00:60+23:59", 11, ": no leap second can be there"},
	{"9999-12-31T23:59:59-00:01", 0, ": " YEARS},
	{"9999-12-31T23:59:60Z", 0, ": " YEARS},
	{"-", 1, ""},
	{"-3", 2, ": a unit is missing"},
	{"-3y", 2, ""},
	{"-3H", 2, ""},
	{"- 3h", 1, ""},
	{"-3 h", 2, ""},
	{"-1.5h", 2, ""},
	{"-1m1h", 4, ""},
	{"-1h1h", 4, ""},
	{"-1h30", 5, ": a unit is missing"},
	{"+3h", 0, ""},
	{"3h", 1, ""},
	{"-0s", 1, ": it must be more than zero"},
	{"-738711d", 0, ": " YEARS},
	{"-3652059d", 1, ": longer than 9999 years"},
	{"-9223372036854775807w", 1, ": longer than 9999 years"},
	{"-99999999999999999999999999999999s", 1, ": longer than 9999 years"},
	{"@", 1, ""},
	{"@-", 2, ""},
	{"@+1", 1, ""},
	{"@1.", 3, ""},
	{"@.5", 1, ""},
	{"@1e9", 2, ""},
	{"@ 1", 1, ""},
	{"@253402300800", 1, ": " YEARS " (@ takes seconds)"},
	{"@-62135596800.000001", 1, ": " YEARS " (@ takes seconds)"},
	{"@1688989356000", 1, ": " YEARS " (@ takes seconds)"},
	{"@-9223372036854775808", 1, ": " YEARS " (@ takes seconds)"},
	{"@99999999999999999999999999", 1, ": " YEARS " (@ takes seconds)"},
};

static int
parse(const char *text, int64_t now_us, int64_t *us, struct err *err)
{
	*err = (struct err){0};
	return when_parse(str_of(text), now_us, us, err);
}

static void
test_read(const struct read *table, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err err;
		int64_t us;

		if (ok(parse(table[i].text, NOW, &us, &err) == 0, "'%s' is read", table[i].text))
			is_int(us, table[i].us, "'%s': time", table[i].text);
		else
			note("%s", err.msg);
	}
}

static void
test_refused(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct refused *r = &refused[i];
		struct buf want = {0};
		struct err err;
		int64_t us;

		buf_printf(&want, "'%s' is no time%s" FORMS, r->text + strspn(r->text, " "),
		    r->why);
		ok(parse(r->text, NOW, &us, &err) != 0, "'%s' is refused", r->text);
		is_int(err.pos, r->pos, "'%s': position", r->text);
		is_mem(err.msg, strlen(err.msg), want.p, want.n, "'%s': message", r->text);
		buf_free(&want);
	}
}

/* Foreign bytes in a message are escaped, long texts are cut, and the forms are still there. */
static void
test_messages(void)
{
	struct err err;
	int64_t us;

	ok(when_parse(STR("\033[2J\0\377"), NOW, &us, &err) != 0, "bytes for a terminal");
	is_str(err.msg, "'\\x1b[2J\\x00\\xff' is no time" FORMS, "and their message");
	ok(when_parse(STR("when the levee breaks, and not a day before that"), NOW, &us, &err) != 0,
	    "a long text");
	is_str(err.msg, "'when the levee breaks, and not a day...' is no time" FORMS,
	    "and its message");
	ok(when_parse((struct str){NULL, 0}, NOW, &us, &err) != 0, "no text at all");
	ok(parse("-1s", WHEN_MIN_US, &us, &err) != 0, "a time before the first");
	ok(parse("-1s", INT64_MIN, &us, &err) != 0, "a clock before all times");
	ok(parse("now", INT64_MAX, &us, &err) != 0, "a clock behind all times");
	ok(parse("-1s", INT64_MAX, &us, &err) != 0, "and relative to it");
	ok(parse("-315537897599s", WHEN_MAX_US, &us, &err) == 0, "the longest way back");
	is_int(us, WHEN_MIN_US + 999999, "leads to the first second");
}

static void
test_spans(void)
{
	static const struct read spans[] = {
		{"45s", 45}, {"90m", 5400}, {"5h", 18000}, {"7d", 604800}, {"2w", 1209600},
		{"1h30m", 5400}, {" 1w1d1h1m1s ", 694861}, {"0h1m", 60}, {"007d", 604800},
		{"3652058d", INT64_C(315537811200)},
	};
	static const struct refused bad[] = {
		{"", 0, ""}, {"90", 2, ": a unit is missing"}, {"h", 0, ""}, {"-3h", 0, ""},
		{"+3h", 0, ""}, {"1.5h", 1, ""}, {"5min", 2, ""}, {"5h 30m", 2, ""},
		{"30m1h", 4, ""}, {"0m", 0, ": it must be more than zero"}, {"3 h", 1, ""},
		{"3652059d", 0, ": longer than 9999 years"},
		{"3652058d24h", 0, ": longer than 9999 years"},
		{"99999999999999999999w", 0, ": longer than 9999 years"},
	};
	struct err err;
	int64_t us;

	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		if (ok(when_parse_span(str_of(spans[i].text), &us, &err) == 0, "%s", spans[i].text))
			is_int(us, spans[i].us * 1000000, "%s: length", spans[i].text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf want = {0};

		buf_printf(&want, "'%s' is no span of time%s; write a whole number and a unit, "
		    "as in 45s, 90m, 5h, 7d, 2w or 1h30m", bad[i].text, bad[i].why);
		ok(when_parse_span(str_of(bad[i].text), &us, &err) != 0, "'%s'", bad[i].text);
		is_int(err.pos, bad[i].pos, "'%s': position", bad[i].text);
		is_mem(err.msg, strlen(err.msg), want.p, want.n, "'%s': message", bad[i].text);
		buf_free(&want);
	}
}

static void
test_minutes(void)
{
	static const struct refused bad[] = {
		{"", 0, ""}, {"90m", 2, ""}, {"-5", 0, ""}, {"1.5", 1, ""}, {"five", 0, ""},
		{"0", 0, ": it must be more than zero"}, {"000", 0, ": it must be more than zero"},
		{"5258964960", 0, ": longer than 9999 years"},
		{"99999999999999999999", 0, ": longer than 9999 years"},
	};
	struct err err;
	int64_t us;

	ok(when_parse_minutes(STR("300"), &us, &err) == 0 && us == 18000 * WHEN_SECOND_US, "300");
	ok(when_parse_minutes(STR(" 1 "), &us, &err) == 0 && us == 60 * WHEN_SECOND_US, "1");
	ok(when_parse_minutes(STR("5258964959"), &us, &err) == 0, "the most minutes");
	is_int(us, INT64_C(315537897540000000), "and their length");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf want = {0};

		buf_printf(&want, "'%s' is no number of minutes%s; write a whole number, as in "
		    "--last-minute 90; --last takes 90m, 5h and 7d", bad[i].text, bad[i].why);
		ok(when_parse_minutes(str_of(bad[i].text), &us, &err) != 0, "'%s'", bad[i].text);
		is_int(err.pos, bad[i].pos, "'%s': position", bad[i].text);
		is_mem(err.msg, strlen(err.msg), want.p, want.n, "'%s': message", bad[i].text);
		buf_free(&want);
	}
}

static void
test_events(void)
{
	static const struct read good[] = {
		{"2023-07-10T11:42:36Z", NOW},
		{"2023-07-10t11:42:36z", NOW},
		{"2023-07-10T11:42:36.000Z", NOW},
		{"2023-07-10T13:42:36+02:00", NOW},
		{"2023-07-10T09:12:36.75-02:30", NOW + 750000},
		{"2016-12-31T23:59:60Z", INT64_C(1483228800000000)},
		{"2024-02-29T00:00:00Z", INT64_C(1709164800000000)},
		{"0001-01-01T00:00:00Z", WHEN_MIN_US},
		{"9999-12-31T23:59:59Z", WHEN_MAX_US - 999999},
	};
	static const char *const bad[] = {
		"", "2023-07-10", "2023-07-10T11:42Z", "2023-07-10T11:42:36",
		"2023-07-10 11:42:36Z", "2023-07-10T11:42:36+0200", " 2023-07-10T11:42:36Z",
		"2023-07-10T11:42:36Z ", "now", "-3h", "@1688989356", "2023-02-29T11:42:36Z",
		"2023-07-10T24:00:00Z", "2023-07-10T11:60:00Z", "2023-07-10T11:42:60Z",
		"2023-07-10T11:42:61Z", "0000-07-10T11:42:36Z", "20x3-07-10T11:42:36Z",
		"2x23-07-10T11:42:36Z", "2023-0x-10T11:42:36Z", "2023-07-x0T11:42:36Z",
		"2023-07-10T1x:42:36Z", "2023-07-10T11:4x:36Z", "2023-07-10T11:42:3xZ",
		"2023:07-10T11:42:36Z", "2023-07:10T11:42:36Z", "2023-07-10T11-42:36Z",
		"2023-07-10T11:42-36Z", "2023-07-10T11:42:36X", "2023-13-10T11:42:36Z",
		"2023-07-10T11:42:36.Z",
	};
	int64_t us;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (ok(when_parse_event(str_of(good[i].text), &us) == 0, "event %s", good[i].text))
			is_int(us, good[i].us, "event %s: time", good[i].text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(when_parse_event(str_of(bad[i]), &us) != 0, "event '%s' is refused", bad[i]);
}

static void
test_print(void)
{
	static const struct read printed[] = {
		{"2023-07-10T11:42:36Z", NOW},
		{"2023-07-10T11:42:36.500000Z", NOW + 500000},
		{"2023-07-10T11:42:36.000001Z", NOW + 1},
		{"1970-01-01T00:00:00Z", 0},
		{"1969-12-31T23:59:59.999999Z", -1},
		{"0001-01-01T00:00:00Z", WHEN_MIN_US},
		{"9999-12-31T23:59:59.999999Z", WHEN_MAX_US},
		{"@253402300800", WHEN_MAX_US + 1},
		{"@-62135596800", WHEN_MIN_US - 1},
		{"@9223372036854", INT64_MAX},
		{"@-9223372036854", INT64_MIN},
	};
	char out[WHEN_PRINT_SIZE];

	for (size_t i = 0; i < sizeof(printed) / sizeof(printed[0]); i++)
		is_str(when_print(out, printed[i].us), printed[i].text, "%s is printed",
		    printed[i].text);
}

static int
days_of_month(int year, int month)
{
	if (month == 2)
		return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* Write the decimal digits of a number that ends before `end`. */
static void
put(char *end, int width, int value)
{
	for (; width > 0; width--, value /= 10)
		*--end = (char)('0' + value % 10);
}

/* Walk through all days, one after the other, at a time of day that goes round: each is printed and
 * read as a calendar says that is kept by counting. */
static void
test_all_days(void)
{
	int64_t want = WHEN_MIN_US, us, bad = 0, days = 0;
	char text[] = "0000-00-00T00:00:00Z", out[WHEN_PRINT_SIZE];
	const struct str whole = str_of(text);
	struct err err;

	for (int year = 1; year <= 9999; year++)
		for (int month = 1; month <= 12; month++)
			for (int day = 1; day <= days_of_month(year, month); day++, days++) {
				int second = (int)(days * 7919 % 86400);

				put(text + 4, 4, year);
				put(text + 7, 2, month);
				put(text + 10, 2, day);
				put(text + 13, 2, second / 3600);
				put(text + 16, 2, second / 60 % 60);
				put(text + 19, 2, second % 60);
				us = want + second * WHEN_SECOND_US;
				bad += strcmp(when_print(out, us), text) != 0;
				bad += when_parse_event(whole, &us) != 0 ||
				    us != want + second * WHEN_SECOND_US;
				bad += when_parse(whole, 0, &us, &err) != 0 ||
				    us != want + second * WHEN_SECOND_US;
				want += 86400 * WHEN_SECOND_US;
			}
	is_int(days, 3652059, "days from 0001-01-01 to 9999-12-31");
	is_int(want, WHEN_MAX_US + 1, "they end where the range ends");
	is_int(bad, 0, "days printed or read wrong");
}

int
main(void)
{
	test_read(times, sizeof(times) / sizeof(times[0]));
	test_read(relative, sizeof(relative) / sizeof(relative[0]));
	test_read(others, sizeof(others) / sizeof(others[0]));
	test_refused();
	test_messages();
	test_spans();
	test_minutes();
	test_events();
	test_print();
	test_all_days();
	return done_testing();
}

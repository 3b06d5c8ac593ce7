/* Tests of progress.c: what a person sees on stderr, which goes into a file here. */
#define _GNU_SOURCE /* posix_openpt */
#include "../progress.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "../page.h"
#include "tap.h"

static char path[] = "/tmp/spitzel-t_progress-XXXXXX";
static int file, saved;

static void
begin(void)
{
	if (ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0 ||
	    dup2(file, STDERR_FILENO) < 0)
		perror(path);
}

/* What was written since begin(). */
static const char *
end(void)
{
	static char got[1 << 16];
	ssize_t n;

	if (dup2(saved, STDERR_FILENO) < 0)
		perror("dup2");
	n = pread(file, got, sizeof(got) - 1, 0);
	got[n < 0 ? 0 : n] = '\0';
	return got;
}

static void
tell(struct progress *p, const char *where, const char *what, int64_t pos, bool is_note)
{
	struct problem problem = {.where = (char *)(uintptr_t)where,
	    .what = (char *)(uintptr_t)what,
	    .has_pos = pos >= 0,
	    .pos = (uint64_t)pos,
	    .note = is_note};

	progress_problem(p, &problem);
}

static const struct counts nothing;
static const struct summary no_summary;

static void
test_problems(void)
{
	struct progress p = {0};

	begin();
	tell(&p, "a.json", "malformed", 17, false);
	tell(&p, "a.json", "cannot read", -1, false);
	tell(&p, "a.json", "only a note", -1, true);
	tell(&p, "-", "malformed", 0, false);
	tell(&p, "x\033[31m\n\xff.json", "bad", -1, false);
	tell(&p, "big", "far", INT64_C(10737418240), false);
	progress_close(&p, &nothing, &no_summary);
	is_str(end(),
	    "aws-spitzel: a.json: at byte 17: malformed\n"
	    "aws-spitzel: a.json: cannot read\n"
	    "aws-spitzel: standard input: at byte 0: malformed\n"
	    "aws-spitzel: x\\x1b[31m\\x0a\\xff.json: bad\n"
	    "aws-spitzel: big: at byte 10737418240: far\n",
	    "problems, one a line; no note, no closing line");

	p = (struct progress){.quiet = true};
	begin();
	tell(&p, "a.json", "malformed", 17, false);
	tell(&p, "a.json", "only a note", -1, true);
	progress_close(&p, &(struct counts){.undated = 3, .problems = 1}, &no_summary);
	is_str(end(), "aws-spitzel: a.json: at byte 17: malformed\n", "quiet: errors only");

	p = (struct progress){.verbose = true};
	begin();
	tell(&p, "a.txt", "passed over", -1, true);
	progress_close(&p, &nothing, &no_summary);
	ok(strncmp(end(),
	       "aws-spitzel: a.txt: passed over\naws-spitzel: searched 0 events in 0 files",
	       73) == 0,
	    "verbose: notes, and the closing line: %s", end());
}

/* Of one file only so many are shown, the others counted. */
static void
test_many(void)
{
	struct progress p = {0};
	struct buf want = {0};

	begin();
	for (int i = 0; i < PROGRESS_MAX_PROBLEMS + 5; i++) {
		tell(&p, "a.json", "bad", i, false);
		if (i < PROGRESS_MAX_PROBLEMS)
			buf_printf(&want, "aws-spitzel: a.json: at byte %d: bad\n", i);
	}
	buf_printf(&want, "aws-spitzel: a.json: 5 more of these\n");
	for (int i = 0; i < PROGRESS_MAX_PROBLEMS; i++) {
		tell(&p, "b.json", "bad", i, false);
		buf_printf(&want, "aws-spitzel: b.json: at byte %d: bad\n", i);
	}
	for (int i = 0; i < PROGRESS_MAX_PROBLEMS + 1; i++) {
		tell(&p, "-", "bad", i, false);
		if (i < PROGRESS_MAX_PROBLEMS)
			buf_printf(&want, "aws-spitzel: standard input: at byte %d: bad\n", i);
	}
	buf_printf(&want, "aws-spitzel: standard input: 1 more of these\n");
	progress_close(&p, &nothing, &no_summary);
	buf_char(&want, '\0');
	is_str(
	    end(), want.p, "a file's first problems, then how many more; another file starts anew");
	begin();
	progress_close(&p, &nothing, &no_summary);
	is_str(end(), "", "closed twice: nothing more is left to say");
	buf_free(&want);
}

struct closing {
	struct counts counts;
	struct summary summary;
	const char *line;
};

static const struct closing closings[] = {
    {{0}, {0}, "searched 0 events in 0 files (0 bytes), in 0.00 s: 0 matched\n"},
    {{.files = 1, .events = 1, .bytes = 999, .matched = 1}, {.printed = 1, .seconds = 0.256},
	"searched 1 event in 1 file (999 bytes), in 0.26 s: 1 matched\n"},
    {{.files = 1234, .events = 1234567, .bytes = 1500, .matched = 1000},
	{.printed = 1000, .seconds = 61},
	"searched 1,234,567 events in 1,234 files (1.5 kB), in 61.00 s: 1,000 matched\n"},
    {{.files = 2, .events = 1000007, .bytes = 123456789, .matched = 3}, {.printed = 2},
	"searched 1,000,007 events in 2 files (123 MB), in 0.00 s: 3 matched, 2 printed\n"},
    {{.files = 2, .events = 2, .bytes = 10737418240u, .matched = 2},
	{.printed = 2, .from = "A", .to = "B"},
	"searched 2 events in 2 files (10.7 GB), A to B, in 0.00 s: 2 matched\n"},
    {{.files = 2, .digests = 1, .passed = 2, .problems = 1}, {0},
	"searched 0 events in 2 files (0 bytes), in 0.00 s: 0 matched, "
     "1 digest file passed over, 2 other files "
	"passed over; INCOMPLETE: 1 problem\n"},
    {{.files = 2, .digests = 1002, .passed = 1, .problems = 2000}, {0},
	"searched 0 events in 2 files (0 bytes), in 0.00 s: 0 matched, "
     "1,002 digest files passed over, 1 other "
	"file passed over; INCOMPLETE: 2,000 problems\n"},
    {{.events = UINT64_MAX, .matched = UINT64_MAX, .bytes = UINT64_MAX}, {.printed = UINT64_MAX},
	"searched 18,446,744,073,709,551,615 events in 0 files (18446744 TB), in 0.00 s: "
	"18,446,744,073,709,551,615 matched\n"},
};

static void
test_closing(void)
{
	for (size_t i = 0; i < sizeof(closings) / sizeof(closings[0]); i++) {
		struct progress p = {.verbose = true};
		char want[512];

		(void)snprintf(want, sizeof(want), "aws-spitzel: %s", closings[i].line);
		begin();
		progress_close(&p, &closings[i].counts, &closings[i].summary);
		is_str(end(), want, "closing line %zu", i);
	}
	{
		struct progress p = {0};
		struct counts one = {.undated = 1}, more = {.undated = 1200};

		begin();
		progress_close(&p, &one, &no_summary);
		progress_close(&p, &more, &no_summary);
		is_str(end(),
		    "aws-spitzel: 1 matching event has no eventTime and "
		    "passed the time window unasked\n"
		    "aws-spitzel: 1,200 matching events have no eventTime and "
		    "passed the time window unasked\n",
		    "undated events are told even when nobody watches");
	}
}

/* --- the line that is rewritten --- */

/* The line as a terminal so wide gets it, without what moves the cursor. */
static const char *
shown(struct progress *p, const struct progress_state *state, unsigned short columns)
{
	static char got[1024];
	int screen = posix_openpt(O_RDWR | O_NOCTTY);
	int tty = screen >= 0 && grantpt(screen) == 0 && unlockpt(screen) == 0 ?
	    open(ptsname(screen), O_RDWR | O_NOCTTY) :
	    -1;
	struct winsize size = {.ws_row = 40, .ws_col = columns};
	ssize_t n = -1;

	if (tty >= 0 && ioctl(tty, TIOCSWINSZ, &size) == 0 && dup2(tty, STDERR_FILENO) >= 0) {
		progress_show(p, state);
		n = read(screen, got, sizeof(got) - 1);
		(void)dup2(saved, STDERR_FILENO);
	}
	(void)close(tty);
	(void)close(screen);
	got[n < 0 ? 0 : n] = '\0';
	if (n < 4 || got[0] != '\r' || memcmp(got + n - 3, "\033[K", 3) != 0)
		return "no line that is rewritten";
	got[n - 3] = '\0';
	return got + 1;
}

/* Whole parts, the time left first. */
static void
test_widths(void)
{
	static const struct {
		unsigned short columns;
		const char *line;
	} widths[] = {
	    {200,
		"about 12 min left, 30.5 of 34 pages/s, 4/17 regions, back to 2024-05-14T20:00Z, "
		"41,565 matched, 42,121 events, 305 pages"},
	    {121,
		"about 12 min left, 30.5 of 34 pages/s, 4/17 regions, back to 2024-05-14T20:00Z, "
		"41,565 matched, 42,121 events, 305 pages"},
	    {120,
		"about 12 min left, 30.5 of 34 pages/s, 4/17 regions, back to 2024-05-14T20:00Z, "
		"41,565 matched, 42,121 events"},
	    {79, "about 12 min left, 30.5 of 34 pages/s, 4/17 regions, back to 2024-05-14T20:00Z"},
	    {78, "about 12 min left, 30.5 of 34 pages/s, 4/17 regions, 41,565 matched"},
	    {40, "about 12 min left, 30.5 of 34 pages/s"},
	    {37, "about 12 min left, 4/17 regions"},
	    {20, "about 12 min left"},
	    {17, "4/17 regions"},
	    {5, ""},
	};
	const struct progress_state state = {.seconds = 10,
	    .counts = {.pages = 305, .events = 42121, .matched = 41565},
	    .streams = 17,
	    .reached = INT64_C(1715716859000000),
	    .source = {.streams_done = 4, .legal = 34, .seconds = 700}};

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct progress p = {0};

		is_str(shown(&p, &state, widths[i].columns), widths[i].line, "%u columns",
		    (unsigned)widths[i].columns);
	}
}

/* What is said of the time that is left. */
static void
test_time_left(void)
{
	static const struct {
		struct source_state source;
		bool limited;
		const char *line;
	} times[] = {
	    {{.seconds = -1}, false, "0/1 regions"},
	    {{.seconds = 0}, false, "about 0 s left"},
	    {{.seconds = 99.4}, false, "about 99 s left"},
	    {{.seconds = 99.5}, false, "about 2 min left"},
	    {{.seconds = 5969}, false, "about 99 min left"},
	    {{.seconds = 5970}, false, "about 1 h 40 min left"},
	    {{.seconds = 9970, .guessed = true}, false, "about 2 h 46 min left at this density"},
	    {{.seconds = 9970, .guessed = true}, true, "at most 2 h 46 min left at this density"},
	    {{.seconds = 10}, true, "at most 10 s left"},
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct progress p = {0};
		struct progress_state state = {.streams = 1,
		    .reached = INT64_MAX,
		    .limited = times[i].limited,
		    .source = times[i].source};
		const char *line = shown(&p, &state, 200);

		is_mem(line, strcspn(line, ","), times[i].line, strlen(times[i].line),
		    "time left: %s", times[i].line);
	}
}

/* The rate beside what was legal in the same time, while regions end one by one. */
static void
test_rate(void)
{
	struct progress p = {0};
	bool fine = true;

	for (int second = 1; second <= 40; second++) {
		double done = second < 20 ? 0 : second - 19, rate = -1, legal = -1;
		struct progress_state state = {.seconds = second,
		    .reached = INT64_MAX,
		    .source = {.legal = done < 17 ? 2 * (17 - done) : 0, .seconds = -1}};

		/* All that is legal comes, and a page more at times. */
		for (int s = 1; s <= second; s++)
			state.counts.pages += s <= 20 ? 34 : s < 37 ? 2 * (37 - (unsigned)s) : 0;
		state.counts.pages += second % 3 == 0;
		if (sscanf(shown(&p, &state, 200), "%lf of %lf pages/s", &rate, &legal) != 2 ||
		    rate > legal || rate < 0.9 * legal) {
			note("after %d s %.1f of %.1f", second, rate, legal);
			fine = second > 36 && legal < 5;
		}
	}
	ok(fine, "the rate is what was legal, also while regions end");
}

int
main(void)
{
	file = mkstemp(path);
	saved = dup(STDERR_FILENO);
	if (file < 0 || saved < 0) {
		perror(path);
		return 1;
	}
	test_problems();
	test_many();
	test_closing();
	test_widths();
	test_time_left();
	test_rate();
	(void)close(file);
	(void)unlink(path);
	return done_testing();
}

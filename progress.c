/* progress.c: see progress.h. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "when.h"

#define MAX_NAME 1024 /* bytes of a file's name that are shown */

/* To stderr in one write, so that lines of two processes do not mix. */
static void
put(struct buf *text)
{
	ssize_t n = write(STDERR_FILENO, text->p, text->n);

	(void)n; /* there is nobody left to tell */
	buf_free(text);
}

static void
put_line(struct buf *line)
{
	buf_char(line, '\n');
	put(line);
}

static void
add_name(struct buf *line, const char *where)
{
	if (strcmp(where, "-") == 0)
		buf_printf(line, "standard input");
	else
		buf_escaped(line, str_of(where), MAX_NAME);
}

static void
show_unshown(struct progress *progress)
{
	struct buf line = {0};

	if (progress->unshown == 0)
		return;
	buf_printf(&line, "aws-spitzel: ");
	add_name(&line, progress->where);
	buf_printf(&line, ": %" PRIu64 " more of these", progress->unshown);
	put_line(&line);
	progress->unshown = 0;
}

void
progress_problem(void *context, const struct problem *problem)
{
	struct progress *progress = context;
	struct buf line = {0};

	if ((problem->note && !progress->verbose) || (problem->warning && progress->quiet))
		return;
	progress_hide(progress);
	if (progress->where == NULL || strcmp(progress->where, problem->where) != 0) {
		show_unshown(progress);
		free(progress->where);
		progress->where = strcpy(xmalloc(strlen(problem->where) + 1), problem->where);
		progress->shown = 0;
	}
	progress->unshown += problem->more;
	if (problem->has_pos && progress->shown == PROGRESS_MAX_PROBLEMS) {
		progress->unshown++;
		return;
	}
	progress->shown += problem->has_pos;
	buf_printf(&line, "aws-spitzel: ");
	add_name(&line, problem->where);
	if (problem->has_pos)
		buf_printf(&line, ": at byte %" PRIu64, problem->pos);
	buf_printf(&line, ": %s", problem->what);
	put_line(&line);
}

/* 1234567 as 1,234,567 */
static void
add_number(struct buf *line, uint64_t n)
{
	if (n >= 1000) {
		add_number(line, n / 1000);
		buf_printf(line, ",%03u", (unsigned)(n % 1000));
	} else {
		buf_printf(line, "%u", (unsigned)n);
	}
}

static void
add_count(struct buf *line, uint64_t n, const char *one, const char *many)
{
	add_number(line, n);
	buf_printf(line, " %s", n == 1 ? one : many);
}

static void
add_size(struct buf *line, uint64_t bytes)
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	double size = (double)bytes;
	size_t unit = 0;

	while (size >= 1000 && unit < 4) {
		size /= 1000;
		unit++;
	}
	buf_printf(line, unit > 0 && size < 100 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

/* --- the line that is rewritten --- */

bool
progress_is_due(const struct progress *progress, double seconds)
{
	return !progress->quiet && seconds - progress->last >= PROGRESS_INTERVAL_S &&
	    isatty(STDERR_FILENO) == 1;
}

void
progress_hide(struct progress *progress)
{
	struct buf line = {0};

	if (!progress->visible)
		return;
	progress->visible = false;
	buf_printf(&line, "\r\033[K"); /* ECMA-48: EL, erase to the end of the line */
	put(&line);
}

static size_t
columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* Lately: pages a second, and requests a second that were legal in the same time. Answers may come
 * in bunches, requests do not. */
static double
page_rate(struct progress *progress, const struct progress_state *state, double *legal)
{
	double seconds = state->seconds - progress->then[0].seconds, rate;

	/* Of a region that ended since the last look the time up to now counts: its last answer
	 * is among the pages. */
	if (progress->legal < state->source.legal)
		progress->legal = state->source.legal;
	progress->allowed += progress->legal * (state->seconds - progress->last);
	progress->legal = state->source.legal;
	if (seconds <= 0)
		return *legal = 0;
	*legal = (progress->allowed - progress->then[0].allowed) / seconds;
	rate = (double)(state->counts.pages - progress->then[0].pages) / seconds;
	if (state->seconds - progress->then[1].seconds >= PROGRESS_RATE_S) {
		progress->then[0] = progress->then[1];
		progress->then[1].seconds = state->seconds;
		progress->then[1].allowed = progress->allowed;
		progress->then[1].pages = state->counts.pages;
	}
	return rate < *legal ? rate : *legal;
}

/* No more precise than a guess is. */
static void
add_span(struct buf *line, double seconds)
{
	uint64_t s = (uint64_t)(seconds + 0.5), min = (s + 30) / 60;

	if (s < 100)
		buf_printf(line, "%u s", (unsigned)s);
	else if (min < 100)
		buf_printf(line, "%u min", (unsigned)min);
	else
		buf_printf(line, "%" PRIu64 " h %02u min", min / 60, (unsigned)(min % 60));
}

static void
add_time_left(struct buf *part, const struct progress_state *state)
{
	if (state->source.seconds < 0)
		return;
	buf_printf(part, state->limited ? "at most " : "about ");
	add_span(part, state->source.seconds);
	buf_printf(part, state->source.guessed ? " left at this density" : " left");
}

static void
add_rate(struct buf *part, double rate, double legal)
{
	if (legal > 0)
		buf_printf(part, "%.1f of %.4g pages/s", rate,
		    (double)(uint64_t)(legal * 10 + 0.5) / 10);
}

static void
add_reached(struct buf *part, int64_t reached)
{
	char text[WHEN_PRINT_SIZE];

	if (reached != INT64_MAX && reached != INT64_MIN)
		buf_printf(part, "back to %.16sZ", when_print(text, reached));
}

/* Move the part to the line, where it has room: half of a number would be another one. */
static void
move_part(struct buf *line, struct buf *part)
{
	size_t most = columns(); /* the carriage return is none of them, the last stays free */

	if (part->n > 0 && line->n + 2 + part->n <= most) {
		if (line->n > 1)
			buf_printf(line, ", ");
		buf_str(line, buf_slice(part));
	}
	part->n = 0;
}

void
progress_show(struct progress *progress, const struct progress_state *state)
{
	struct buf line = {0}, part = {0};
	double legal, rate = page_rate(progress, state, &legal);

	progress->last = state->seconds;
	progress->visible = true;
	buf_char(&line, '\r');
	add_time_left(&part, state);
	move_part(&line, &part);
	add_rate(&part, rate, legal);
	move_part(&line, &part);
	buf_printf(&part, "%zu/%zu regions", state->source.streams_done, state->streams);
	move_part(&line, &part);
	add_reached(&part, state->reached);
	move_part(&line, &part);
	add_number(&part, state->counts.matched);
	buf_printf(&part, " matched");
	move_part(&line, &part);
	add_count(&part, state->counts.events, "event", "events");
	move_part(&line, &part);
	add_count(&part, state->counts.pages, "page", "pages");
	move_part(&line, &part);
	buf_free(&part);
	buf_printf(&line, "\033[K");
	put(&line);
}

/* --- the end --- */

static void
show_undated(const struct counts *counts)
{
	struct buf line = {0};

	if (counts->undated == 0)
		return;
	buf_printf(&line, "aws-spitzel: ");
	add_count(&line, counts->undated, "matching event has", "matching events have");
	buf_printf(&line, " no eventTime and passed the time window unasked");
	put_line(&line);
}

void
progress_close(
    struct progress *progress, const struct counts *counts, const struct summary *summary)
{
	struct buf line = {0};

	progress_hide(progress);
	show_unshown(progress);
	free(progress->where);
	progress->where = NULL;
	if (progress->quiet)
		return;
	show_undated(counts);
	if (!progress->verbose && isatty(STDERR_FILENO) != 1)
		return;
	buf_printf(&line, "aws-spitzel: searched ");
	add_count(&line, counts->events, "event", "events");
	buf_printf(&line, " in ");
	if (summary->where != NULL)
		add_count(&line, counts->pages, "page", "pages");
	else
		add_count(&line, counts->files, "file", "files");
	if (summary->where != NULL)
		buf_printf(&line, " of %s", summary->where);
	buf_printf(&line, " (");
	add_size(&line, counts->bytes);
	buf_printf(&line, ")");
	if (summary->from != NULL)
		buf_printf(&line, ", %s to %s", summary->from, summary->to);
	buf_printf(&line, ", in %.2f s: ", summary->seconds);
	add_number(&line, counts->matched);
	buf_printf(&line, " matched");
	if (summary->printed < counts->matched) {
		buf_printf(&line, ", ");
		add_number(&line, summary->printed);
		buf_printf(&line, " printed");
	}
	if (counts->digests > 0) {
		buf_printf(&line, ", ");
		add_count(&line, counts->digests, "digest file", "digest files");
		buf_printf(&line, " passed over");
	}
	if (counts->passed > 0) {
		buf_printf(&line, ", ");
		add_count(&line, counts->passed, "other file", "other files");
		buf_printf(&line, " passed over");
	}
	if (counts->problems > 0) {
		buf_printf(&line, "; INCOMPLETE: ");
		add_count(&line, counts->problems, "problem", "problems");
	}
	put_line(&line);
}

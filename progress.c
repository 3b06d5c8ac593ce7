/* progress.c: see progress.h. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "page.h"

#define MAX_NAME 1024 /* bytes of a file's name that are shown */

/* One line to stderr in one write, so that lines of two processes do not mix. */
static void
put_line(struct buf *line)
{
	ssize_t n;

	buf_char(line, '\n');
	n = write(STDERR_FILENO, line->p, line->n);
	(void)n; /* there is nobody left to tell */
	buf_free(line);
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

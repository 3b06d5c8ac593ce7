/* tests/bench/scan.c: how fast are scan.c, valid.c and project.c, with each kernel? Run by hand:
 *
 *     make && musl-gcc -static -std=c99 -D_DEFAULT_SOURCE -O2 -I. -o build/bench-scan \
 *         tests/bench/scan.c build/libspitzel.a build/deps/lib/libpcre2-8.a
 *     build/bench-scan FILE.ndjson [ROUNDS [KERNEL]]
 *
 * The file is gone through in blocks of 1 MiB, as the program does; "hot" is its first block alone,
 * again and again. For each kernel and job: GB/s of the best and the median round, the jobs taking
 * turns; then what was said of the records. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "match.h"
#include "project.h"
#include "scan.h"
#include "valid.h"

enum { BLOCK = 1 << 20, MAX_ROUNDS = 99 };

static struct str text;
static size_t *lines;
static size_t n_lines;

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct str
read_file(const char *name)
{
	FILE *f = fopen(name, "rb");
	struct buf b = {0};
	size_t n;

	if (f == NULL) {
		perror(name);
		exit(1);
	}
	do {
		buf_reserve(&b, BLOCK);
		n = fread(b.p + b.n, 1, BLOCK, f);
		b.n += n;
	} while (n > 0);
	(void)fclose(f);
	return buf_slice(&b);
}

/* Where the lines begin, and the text ends. */
static size_t *
find_lines(void)
{
	size_t *begins = xrealloc(NULL, text.n + 2, sizeof(*begins));

	for (size_t at = 0; at < text.n; n_lines++) {
		const char *nl = memchr(text.p + at, '\n', text.n - at);

		begins[n_lines] = at;
		at = nl != NULL ? (size_t)(nl + 1 - text.p) : text.n;
	}
	begins[n_lines] = text.n;
	return begins;
}

/* Where the block that begins at `from` ends: behind a line. */
static size_t
block_end(size_t from)
{
	size_t end = text.n - from > BLOCK ? from + BLOCK : text.n;

	while (end < text.n && end > from && text.p[end - 1] != '\n')
		end--;
	return end;
}

struct job {
	const char *name;
	const char *pattern;
	const char *expression;
	bool checks;
	struct match *match;
	struct project *project;
	struct project_run *run;
	size_t results[PROJECT_END + 1];
	size_t valid;
	double speeds[MAX_ROUNDS];
};

static struct job jobs[] = {
    {.name = "marks only"},
    {.name = "lines valid"},
    {.name = "structure", .expression = "$.noSuchMember == \"x\""},
    {.name = "s3:Get* denied",
	.pattern = "s3:Get*",
	.expression = "$.errorCode == \"AccessDenied\""},
    {.name = "arn regex",
	.expression = "$.userIdentity.arn regex "
		      "\"^arn:aws:iam::[0-9]{12}:user/svc-(deploy|backup)-0[0-4]$\""},
    {.name = "..bucketName", .expression = "$..bucketName == \"prod-datalake-002782\""},
    {.name = "everything"},
    {.name = "all, checked", .checks = true},
};

enum { JOBS = sizeof(jobs) / sizeof(jobs[0]) };

static void
prepare(struct job *job, enum scan_kernel kernel, struct match_scratch *scratch)
{
	struct project_query q = {0};
	struct err err;

	job->match = match_new();
	if (job->pattern != NULL && match_add_pattern(job->match, str_of(job->pattern), &err) != 0)
		abort();
	if (job->expression != NULL &&
	    match_add_expression(job->match, str_of(job->expression), &err) != 0)
		abort();
	q.match = job->match;
	job->project = project_new(&q, kernel);
	job->run = project_run_new(job->project, scratch);
}

static void
run_marks(struct job *job, enum scan_kernel kernel, size_t from, size_t end)
{
	static const struct scan_names none;
	static struct scan s;

	scan_start(&s, kernel, &none, text.p + from, end - from, true, false);
	while (scan_more(&s))
		job->results[0] += s.n_marks;
}

static void
run_valid(struct job *job, enum scan_kernel kernel, size_t from, size_t end)
{
	static size_t line; /* the one that begins at `from` */

	if (from == 0)
		line = 0;
	for (; line < n_lines && lines[line] < end; line++) {
		size_t n = lines[line + 1] - lines[line];

		job->results[valid_json((struct str){text.p + lines[line], n}, kernel)]++;
	}
}

static void
run_project(struct job *job, size_t from, size_t end)
{
	struct project_record record = {0};
	enum project_result r;

	project_start(job->run, text.p + from, end - from, true, job->checks);
	do {
		r = project_next(job->run, record.at + record.n, &record);
		job->results[r]++;
		job->valid += r == PROJECT_YES && record.valid;
	} while (r <= PROJECT_MAYBE);
}

static double
once(struct job *job, enum scan_kernel kernel, bool hot)
{
	size_t repeat = hot ? 8 : 1, bytes = 0;
	double start = now();

	memset(job->results, 0, sizeof(job->results));
	job->valid = 0;
	for (; repeat > 0; repeat--) {
		size_t from = 0, end;

		do {
			end = block_end(from);
			if (job == jobs)
				run_marks(job, kernel, from, end);
			else if (job == jobs + 1)
				run_valid(job, kernel, from, end);
			else
				run_project(job, from, end);
			bytes += end - from;
			from = end;
		} while (!hot && from < text.n);
	}
	return (double)bytes / (now() - start) / 1e9;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int
main(int argc, char **argv)
{
	struct match_scratch *scratch = match_scratch_new();
	int rounds = argc > 2 ? atoi(argv[2]) : 9;

	if (argc < 2 || rounds < 1 || rounds > MAX_ROUNDS)
		return 2;
	text = read_file(argv[1]);
	lines = find_lines();
	for (int kernel = 0; kernel < SCAN_KERNELS; kernel++) {
		const char *name = scan_kernel_name((enum scan_kernel)kernel);

		if (!scan_has((enum scan_kernel)kernel) || (argc > 3 && strcmp(argv[3], name) != 0))
			continue;
		for (size_t i = 0; i < JOBS; i++)
			prepare(&jobs[i], (enum scan_kernel)kernel, scratch);
		for (int hot = 0; hot < 2; hot++) {
			for (int r = 0; r < rounds; r++)
				for (size_t i = 0; i < JOBS; i++)
					jobs[i].speeds[r] = once(
					    &jobs[i], (enum scan_kernel)kernel, hot);
			for (size_t i = 0; i < JOBS; i++) {
				struct job *j = &jobs[i];

				qsort(j->speeds, (size_t)rounds, sizeof(double), by_value);
				printf("%-6s %-4s %-15s %6.2f %6.2f GB/s  no %zu yes %zu maybe %zu "
				       "odd %zu cut %zu valid %zu\n",
				    name, hot ? "hot" : "", j->name, j->speeds[rounds - 1],
				    j->speeds[rounds / 2], j->results[PROJECT_NO],
				    j->results[PROJECT_YES], j->results[PROJECT_MAYBE],
				    j->results[PROJECT_ODD], j->results[PROJECT_CUT], j->valid);
			}
		}
		for (size_t i = 0; i < JOBS; i++) {
			project_run_free(jobs[i].run);
			project_free(jobs[i].project);
			match_free(jobs[i].match);
		}
	}
	return 0;
}

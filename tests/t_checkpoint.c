/* Tests of checkpoint.c, with real files: what is read again is what was written; no other file
 * passes for one; and whenever a run is killed, those after it print what is left, and nothing
 * twice. */
#include "../checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../json.h"
#include "../merge.h"
#include "../page.h"
#include "../search.h"
#include "../when.h"
#include "tap.h"

#define SECOND WHEN_SECOND_US
#define TO INT64_C(1700000000) /* s: the window's end */
#define FROM (TO - 1000)

enum { MAX_REGIONS = 3 };

static char dir[] = "/tmp/spitzel-t_checkpoint-XXXXXX";
static char path[80], path_new[80], out_path[80];
static const char *const regions[MAX_REGIONS] = {"eu-central-1", "us-east-1", "ap-south-1"};

static uint64_t state = 88172645463325252u;

static uint64_t
rnd(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

/* --- files --- */

static struct buf
read_all(const char *name)
{
	struct buf b = {0};
	char block[4096];
	FILE *f = fopen(name, "r");
	size_t n;

	while (f != NULL && (n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(&b, block, n);
	if (f != NULL)
		(void)fclose(f);
	return b;
}

static void
write_file(const char *name, struct str text)
{
	FILE *f = fopen(name, "w");

	if (f == NULL || fwrite(text.p, 1, text.n, f) != text.n || fclose(f) != 0)
		perror(name);
}

static bool
exists(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

static void
is_file(const char *name, struct str want, const char *what)
{
	struct buf got = read_all(name);

	is_mem(buf_slice(&got).p, got.n, want.p, want.n, "%s", what);
	buf_free(&got);
}

/* Remove what is in the folder; false where something strange was. */
static bool
clear(void)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	bool good = true;
	char name[400];

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		good = good &&
		    (strcmp(e->d_name, "check") == 0 ||
			strcmp(e->d_name, "check.aws-spitzel") == 0 ||
			strncmp(e->d_name, "out", 3) == 0);
		(void)snprintf(name, sizeof(name), "%s/%s", dir, e->d_name);
		if (remove(name) != 0)
			perror(name);
	}
	if (d != NULL)
		(void)closedir(d);
	return good;
}

static int
open_out(void)
{
	int fd = open(out_path, O_WRONLY | O_APPEND | O_CREAT, 0600);

	if (fd < 0)
		perror(out_path);
	return fd;
}

static void
put(int fd, struct str text)
{
	if (write(fd, text.p, text.n) != (ssize_t)text.n)
		perror("write");
}

/* --- checkpoints --- */

static const struct checkpoint_part parts[] = {{"--match", "$.a == 1"}, {"--name", "Put*"},
    {"--match", "$.b == \"\\\"\xc3\xa9\xf0\x9f\x98\x80\""}, {"--sort", "newest"}, {"--from", "-3h"},
    {"--max-results", ""}};

enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

static struct checkpoint_config
config_of(size_t n_regions, uint64_t limit, int output)
{
	return (struct checkpoint_config){.path = path,
	    .parts = parts,
	    .n_parts = PARTS,
	    .regions = regions,
	    .n_regions = n_regions,
	    .from = FROM,
	    .to = TO,
	    .limit = limit,
	    .output = output};
}

/* Open what has to open. */
static struct checkpoint *
reopen(const struct checkpoint_config *config, const char *name)
{
	struct err err = {0};
	bool usage = true;
	struct checkpoint *c = checkpoint_open(config, &usage, &err);

	if (!ok(c != NULL && !usage, "%s: opens", name)) {
		note("%s", err.msg);
		exit(done_testing());
	}
	return c;
}

static struct checkpoint *
begin(size_t n_regions, uint64_t limit, int output)
{
	struct checkpoint_config config = config_of(n_regions, limit, output);

	return reopen(&config, "a checkpoint");
}

/* It does not open: is that because of what is in the file? The file stays as it was. */
static bool
refuses(const struct checkpoint_config *config, bool want_usage, struct err *err)
{
	struct buf before = read_all(path), after;
	bool usage = !want_usage, new = exists(path_new), good;
	struct checkpoint *c;

	*err = (struct err){0};
	c = checkpoint_open(config, &usage, err);
	after = read_all(path);
	good = c == NULL && usage == want_usage && err->msg[0] != '\0' &&
	    str_eq(buf_slice(&before), buf_slice(&after)) && (new || !exists(path_new));
	for (const char *m = err->msg; *m != '\0'; m++)
		good = good && (unsigned char)*m >= 0x20 && *m != 0x7f;
	checkpoint_free(c);
	buf_free(&before);
	buf_free(&after);
	return good;
}

static struct id
id_for(size_t region, uint64_t n)
{
	return (struct id){region + 1, n | UINT64_C(0x8000000000000000)};
}

/* The event's line, without a line feed. */
static void
print_event(struct buf *b, size_t region, uint64_t n, int64_t time)
{
	struct id id = id_for(region, n);
	char when[WHEN_PRINT_SIZE];

	buf_printf(b, "{\"eventID\":\"%08x-%04x-%04x-%04x-%012llx\"", (unsigned)(id.high >> 32),
	    (unsigned)(id.high >> 16 & 0xffff), (unsigned)(id.high & 0xffff),
	    (unsigned)(id.low >> 48), (unsigned long long)(id.low & 0xffffffffffff));
	if (time != INT64_MIN)
		buf_printf(b, ",\"eventTime\":\"%s\"", when_print(when, time));
	buf_printf(b, ",\"r\":%zu,\"n\":%llu}", region, (unsigned long long)n);
}

static void
add_event(struct page *page, size_t region, uint64_t n, int64_t time)
{
	struct buf b = {0};

	print_event(&b, region, n, time);
	page_add_line(page, buf_slice(&b),
	    &(struct line){.time = time, .id = id_for(region, n), .stream = region});
	buf_free(&b);
}

/* Prepare a page of events of a region, 1, 2, ..., of these times. */
static void
prepare(struct checkpoint *c, struct page *page, size_t region, const int64_t *times, size_t n)
{
	struct err err = {0};

	page_reset(page);
	for (size_t i = 0; i < n; i++)
		add_event(page, region, i + 1, times[i]);
	is_int(checkpoint_prepare(c, page, &err), 0, "prepared: %s", err.msg);
}

static void
commit(struct checkpoint *c)
{
	struct err err = {0};

	is_int(checkpoint_commit(c, &err), 0, "committed: %s", err.msg);
}

/* --- round trips --- */

static void
test_anew(void)
{
	struct checkpoint_config config = config_of(2, UINT64_MAX, -1);
	struct checkpoint *c;
	struct stat st;
	mode_t mask = umask(0);

	write_file(path_new, STR("what a killed run has left behind, and it is rather long"));
	if (chmod(path_new, 0666) != 0)
		perror(path_new);
	c = reopen(&config, "anew");
	ok(exists(path) && !exists(path_new), "it is there from the beginning");
	ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "for its owner only");
	for (int i = 0; i < 2; i++) {
		is_int(checkpoint_from(c), FROM, "the window begins");
		is_int(checkpoint_to(c), TO, "and ends");
		is_int(checkpoint_printed(c), 0, "nothing is printed");
		ok(!checkpoint_is_complete(c), "it is not complete");
		for (size_t k = 0; k < 2; k++) {
			const struct checkpoint_region *r = checkpoint_region(c, k);

			ok(!r->done && r->to == TO && r->printed.n == 0, "a region at its start");
			is_int(checkpoint_ahead(c, k), 0, "nothing is ahead");
		}
		checkpoint_free(c);
		config.from += 17; /* a later run is started at a later time: that is nothing */
		config.to += 17;
		c = reopen(&config, "once more");
		ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "for its owner only");
	}
	checkpoint_free(c);
	checkpoint_free(NULL);
	(void)umask(mask);
	ok(clear(), "nothing else is in the folder");
}

static bool
has(const struct checkpoint *c, size_t region, size_t of, uint64_t n)
{
	return ids_has(&checkpoint_region(c, region)->printed, id_for(of, n));
}

static void
test_round_trip(void)
{
	static const int64_t first[] = {TO * SECOND, (TO - 1) * SECOND + 999999, (TO - 1) * SECOND,
	    (TO - 5) * SECOND, INT64_MIN};
	struct page *page = page_new();
	struct buf old;
	struct checkpoint *c = begin(3, UINT64_MAX, -1);

	commit(c); /* nothing */
	old = read_all(path);
	checkpoint_reached(c, 1, (TO - 1) * SECOND + 500000);
	checkpoint_reached(c, 0, INT64_MAX);
	prepare(c, page, 1, first, 5);
	is_file(path, buf_slice(&old), "prepared: the file is as it was");
	ok(exists(path_new), "the new one is beside it");
	checkpoint_free(c);
	c = begin(3, UINT64_MAX, -1);
	is_int(checkpoint_printed(c), 0, "killed before the commit: nothing was printed");
	is_int(checkpoint_region(c, 1)->to, TO, "no region has moved");
	is_int(checkpoint_region(c, 1)->printed.n, 0, "nothing is known to be printed");
	ok(!exists(path_new), "what was left behind is gone");

	checkpoint_reached(c, 1, (TO - 1) * SECOND + 500000);
	prepare(c, page, 1, first, 5);
	is_int(checkpoint_ahead(c, 1), 4, "those of the second that is not done, and older ones");
	commit(c);
	ok(!exists(path_new), "committed: nothing is beside it");
	is_int(checkpoint_region(c, 1)->to, TO, "how it was when it was read does not change");
	checkpoint_free(c);
	for (int i = 0; i < 2; i++) {
		c = begin(3, UINT64_MAX, -1);
		is_int(checkpoint_printed(c), 5, "five lines were printed");
		is_int(checkpoint_region(c, 1)->to, TO - 1, "the region has moved");
		is_int(checkpoint_region(c, 0)->to, TO, "the others have not");
		is_int(checkpoint_region(c, 1)->printed.n, 4, "four ids are known");
		ok(!has(c, 1, 1, 1) && has(c, 1, 1, 2) && has(c, 1, 1, 3) && has(c, 1, 1, 4) &&
			has(c, 1, 1, 5),
		    "these");
		is_int(checkpoint_region(c, 0)->printed.n, 0, "none in another region");
		is_int(checkpoint_ahead(c, 1), 4, "they are ahead");
		if (i == 0)
			checkpoint_free(c);
	}

	checkpoint_reached(c, 1, (TO - 4) * SECOND);
	checkpoint_reached(c, 1, (TO - 3) * SECOND);
	prepare(c, page, 2, first, 1);
	commit(c);
	checkpoint_free(c);
	c = begin(3, UINT64_MAX, -1);
	is_int(checkpoint_region(c, 1)->to, TO - 4, "it never goes back");
	ok(!has(c, 1, 1, 2) && !has(c, 1, 1, 3), "what it has passed is dropped");
	ok(has(c, 1, 1, 4) && has(c, 2, 2, 1), "the others stay");
	ok(has(c, 1, 1, 5), "so does what has no time: it may come again");
	is_int(checkpoint_printed(c), 6, "six lines in all");

	checkpoint_reached(c, 1, INT64_MIN);
	is_int(checkpoint_ahead(c, 1), 0, "a region that is done has no marks");
	prepare(c, page, 1, first, 3); /* its last lines */
	commit(c);
	checkpoint_free(c);
	c = begin(3, UINT64_MAX, -1);
	ok(checkpoint_region(c, 1)->done && checkpoint_region(c, 1)->printed.n == 0, "one is done");
	ok(!checkpoint_region(c, 0)->done && !checkpoint_is_complete(c), "not all are");
	checkpoint_reached(c, 0, INT64_MIN);
	checkpoint_reached(c, 2, INT64_MIN);
	prepare(c, page, 0, first, 0);
	commit(c);
	checkpoint_free(c);
	buf_free(&old);
	old = read_all(path);
	c = begin(3, UINT64_MAX, -1);
	ok(checkpoint_is_complete(c), "all are done: complete, though nothing more was printed");
	is_int(checkpoint_printed(c), 9, "nine lines");
	checkpoint_free(c);
	is_file(path, buf_slice(&old), "what is complete is not written again");
	ok(!exists(path_new), "nor beside it");
	buf_free(&old);
	page_free(page);
	ok(clear(), "nothing else is in the folder");
}

/* Two runs with one file: the one that began first sees it. */
static void
test_two_runs(void)
{
	static const int64_t times[] = {TO * SECOND};
	struct page *page = page_new();
	struct checkpoint *a = begin(1, UINT64_MAX, -1), *b;
	struct err err = {0};
	struct buf text;

	prepare(a, page, 0, times, 1);
	commit(a);
	b = begin(1, UINT64_MAX, -1);
	text = read_all(path);
	prepare(a, page, 0, times, 1);
	is_int(checkpoint_commit(a, &err), -1, "another run has begun: %s", err.msg);
	is_file(path, buf_slice(&text), "its file stays");
	prepare(b, page, 0, times, 1);
	commit(b);
	is_int(checkpoint_printed(b), 2, "and it goes on");
	checkpoint_free(a);
	checkpoint_free(b);
	buf_free(&text);
	page_free(page);
	(void)clear();
}

/* The reader took some of the lines only. */
static void
test_part(void)
{
	static const int64_t first[] = {TO * SECOND, (TO - 1) * SECOND, (TO - 2) * SECOND},
			     second[] = {(TO - 2) * SECOND, (TO - 3) * SECOND, INT64_MIN,
				 (TO - 4) * SECOND};
	static const size_t ids[] = {2, 3, 3, 3, 4};
	struct page *page = page_new();

	for (size_t n = 0; n <= 4; n++) {
		struct checkpoint *c = begin(2, n == 4 ? 7 : UINT64_MAX, -1);
		struct err err = {0};

		checkpoint_reached(c, 1, (TO - 1) * SECOND);
		prepare(c, page, 1, first, 3);
		commit(c);
		checkpoint_reached(c, 0, INT64_MIN);
		checkpoint_reached(c, 1, n % 2 == 0 ? INT64_MIN : (TO - 3) * SECOND);
		prepare(c, page, 1, second, 4);
		is_int(checkpoint_prepare_part(c, page, n, &err), 0, "%zu of 4: prepared", n);
		commit(c);
		is_int(checkpoint_printed(c), 3 + n, "%zu of 4 are printed", n);
		checkpoint_free(c);
		c = begin(2, n == 4 ? 7 : UINT64_MAX, -1);
		is_int(checkpoint_printed(c), 3 + n, "%zu of 4: it is known", n);
		ok(!checkpoint_is_complete(c), "%zu of 4: something is left", n);
		ok(!checkpoint_region(c, 0)->done && checkpoint_region(c, 0)->to == TO,
		    "%zu of 4: a region is where it was", n);
		ok(!checkpoint_region(c, 1)->done && checkpoint_region(c, 1)->to == TO - 1,
		    "%zu of 4: so is the one that the lines are of", n);
		/* Ids go by their number in the page: 2 and 3, and those up to n. */
		is_int(checkpoint_region(c, 1)->printed.n, ids[n],
		    "%zu of 4: the ids that may come again", n);
		checkpoint_free(c);
		ok(clear(), "nothing else is in the folder");
	}
	page_free(page);
}

static void
test_limit(void)
{
	static const int64_t times[] = {TO * SECOND, TO * SECOND, TO * SECOND, TO * SECOND};
	struct page *page = page_new();
	struct checkpoint *c = begin(1, 5, -1);

	prepare(c, page, 0, times, 3);
	commit(c);
	checkpoint_free(c);
	c = begin(1, 5, -1);
	is_int(checkpoint_printed(c), 3, "three of five");
	ok(!checkpoint_is_complete(c), "not complete");
	prepare(c, page, 0, times, 4);
	commit(c);
	checkpoint_free(c);
	c = begin(1, 5, -1);
	is_int(checkpoint_printed(c), 5, "not more than the limit");
	ok(checkpoint_is_complete(c), "complete");
	is_int(checkpoint_region(c, 0)->printed.n, 3, "only what was printed is known");
	checkpoint_free(c);
	(void)clear();
	c = begin(1, 4, -1);
	prepare(c, page, 0, times, 4);
	commit(c);
	checkpoint_free(c);
	c = begin(1, 4, -1);
	ok(checkpoint_is_complete(c) && checkpoint_printed(c) == 4, "just the limit: complete");
	checkpoint_free(c);
	(void)clear();
	c = begin(1, 0, -1);
	prepare(c, page, 0, times, 4);
	commit(c);
	checkpoint_free(c);
	c = begin(1, 0, -1);
	ok(checkpoint_is_complete(c) && checkpoint_printed(c) == 0, "no lines: complete");
	checkpoint_free(c);
	page_free(page);
	ok(clear(), "nothing else is in the folder");
}

/* Where nothing is printed, what was searched is kept now and then. */
static void
test_save(void)
{
	struct timespec t = {CHECKPOINT_SAVE_MS / 1000, CHECKPOINT_SAVE_MS % 1000 * 1000000L + 1};
	struct page *page = page_new();
	struct checkpoint *c = begin(2, UINT64_MAX, -1);

	checkpoint_reached(c, 0, (TO - 100) * SECOND);
	prepare(c, page, 0, NULL, 0);
	ok(!exists(path_new), "not at once");
	commit(c);
	(void)nanosleep(&t, NULL);
	prepare(c, page, 0, NULL, 0);
	ok(exists(path_new), "after CHECKPOINT_SAVE_MS");
	commit(c);
	prepare(c, page, 0, NULL, 0);
	ok(!exists(path_new), "and not again at once");
	commit(c);
	checkpoint_free(c);
	c = begin(2, UINT64_MAX, -1);
	is_int(checkpoint_region(c, 0)->to, TO - 100, "the region has moved");
	checkpoint_free(c);
	page_free(page);
	ok(clear(), "nothing else is in the folder");
}

/* Before 1970, and with the odd ids and times. */
static void
test_numbers(void)
{
	static const struct id ids[] = {{0, 1}, {1, 0}, {UINT64_MAX, UINT64_MAX}, {UINT64_MAX, 0},
	    {0x0123456789abcdef, 0xfedcba9876543210}, {0xa, 0xb}};
	struct checkpoint_config config = config_of(1, UINT64_MAX, -1);
	struct page *page = page_new();
	struct checkpoint *c;
	struct err err = {0};
	size_t missing = 0;

	config.from = WHEN_MIN_US / SECOND;
	config.to = -10;
	c = reopen(&config, "before 1970");
	checkpoint_reached(c, 0, -10 * SECOND - 1);
	for (size_t i = 0; i < 6; i++)
		page_add_line(page, STR("{}"),
		    &(struct line){
			.time = i == 0 ? WHEN_MIN_US : -12 * SECOND + (int64_t)i, .id = ids[i]});
	page_add_line(page, STR("{}"), &(struct line){.time = -10 * SECOND, .id = {7, 7}});
	is_int(checkpoint_prepare(c, page, &err), 0, "prepared: %s", err.msg);
	commit(c);
	checkpoint_free(c);
	c = reopen(&config, "before 1970");
	is_int(checkpoint_region(c, 0)->to, -11, "a second before 1970 is rounded down");
	is_int(checkpoint_from(c), WHEN_MIN_US / SECOND, "the window begins");
	for (size_t i = 0; i < 6; i++)
		missing += !ids_has(&checkpoint_region(c, 0)->printed, ids[i]);
	is_int(missing, 0, "ids of all sizes");
	is_int(checkpoint_region(c, 0)->printed.n, 6, "and none else");
	checkpoint_free(c);
	page_free(page);
	(void)clear();
}

static void
test_many(void)
{
	enum { MANY = 20000 };
	struct page *page = page_new();
	struct checkpoint *c = begin(2, UINT64_MAX, -1);
	struct err err = {0};
	size_t missing = 0;

	for (uint64_t i = 0; i < MANY; i++)
		add_event(page, i % 2, i, (TO - 500) * SECOND + (int64_t)i);
	is_int(checkpoint_prepare(c, page, &err), 0, "%d lines ahead: %s", MANY, err.msg);
	commit(c);
	checkpoint_free(c);
	c = begin(2, UINT64_MAX, -1);
	for (uint64_t i = 0; i < MANY; i++)
		missing += !has(c, i % 2, i % 2, i);
	is_int(missing, 0, "all are known again");
	is_int(checkpoint_ahead(c, 0), MANY / 2, "half of them in each region");
	checkpoint_free(c);
	page_free(page);
	(void)clear();
}

/* --- other queries --- */

static void
is_other(const struct checkpoint_config *config, const char *named, const char *value)
{
	struct err err;

	ok(refuses(config, true, &err), "another query (%s %s) is refused", named, value);
	ok(strstr(err.msg, named) != NULL && strstr(err.msg, value) != NULL, "and named: %s",
	    err.msg);
}

static void
test_query(void)
{
	struct checkpoint_part other[PARTS + 1];
	struct checkpoint_config config = config_of(2, UINT64_MAX, -1);
	static const char *const reversed[] = {"us-east-1", "eu-central-1"};
	struct checkpoint *c = reopen(&config, "the first run");
	struct err err;

	checkpoint_free(c);
	config.parts = other;
	for (size_t i = 0; i < PARTS; i++) {
		memcpy(other, parts, sizeof(parts));
		other[i].value = "an\x1bother";
		is_other(&config, parts[i].name, "an\\x1bother");
		if (strlen(parts[i].value) > 0 && strlen(parts[i].value) < 9)
			ok(refuses(&config, true, &err) && strstr(err.msg, parts[i].value) != NULL,
			    "what is there is named, too");
		other[i] = other[PARTS - 1]; /* it is missing */
		config.n_parts = PARTS - 1;
		is_other(&config, parts[i].name, i == 0 ? "$.a == 1" : "missing");
		memcpy(other, parts, sizeof(parts));
		other[PARTS] = parts[i]; /* it is there once more */
		config.n_parts = PARTS + 1;
		is_other(&config, parts[i].name, "missing");
		other[PARTS] = (struct checkpoint_part){"--to", "now"};
		is_other(&config, "--to", "now");
		config.n_parts = PARTS;
	}
	memcpy(other, parts, sizeof(parts));
	other[0] = parts[2];
	other[2] = parts[0];
	is_other(&config, "--match", "$.a == 1");
	config.n_parts = 0;
	ok(refuses(&config, true, &err), "no parts at all are refused");
	config.n_parts = PARTS;
	memcpy(other, parts, sizeof(parts));
	other[0] = parts[1]; /* those of other names in another order: the same query */
	other[1] = parts[0];
	c = reopen(&config, "another order of options");
	checkpoint_free(c);

	config = config_of(1, UINT64_MAX, -1);
	ok(refuses(&config, true, &err), "fewer regions are refused: %s", err.msg);
	config = config_of(3, UINT64_MAX, -1);
	ok(refuses(&config, true, &err), "more regions are refused: %s", err.msg);
	config = config_of(2, UINT64_MAX, -1);
	config.regions = reversed;
	ok(refuses(&config, true, &err), "others are refused: %s", err.msg);
	c = begin(2, UINT64_MAX, -1);
	checkpoint_free(c);
	(void)clear();
}

/* --- what is no checkpoint --- */

static void
is_refused(const struct checkpoint_config *config, struct str text, const char *name)
{
	struct err err;

	write_file(path, text);
	ok(refuses(config, true, &err), "%s is refused: %s", name, err.msg);
}

struct change {
	const char *from;
	const char *to;
};

/* `name` stands for that member's name. */
static const struct change changes[] = {
    {"aws-spitzel checkpoint 1", "aws-spitzel checkpoint 2"},
    {"\"aws-spitzel checkpoint 1\"", "null"},
    {"\"format\"", "\"f\""},
    {"\"query\"", "\"q\""},
    {"\"query\":[", "\"query\":5,\"q\":["},
    {"\"query\":[", "\"query\":[5,"},
    {"\"query\":[", "\"query\":[[],"},
    {"\"query\":[", "\"query\":[{},"},
    {"\"regions\"", "\"r\""},
    {"\"regions\":[", "\"regions\":{},\"r\":["},
    {"\"regions\":[", "\"regions\":[5,"},
    {"\"regions\":[", "\"regions\":[],\"r\":["},
    {"\"from\"", "\"f\""},
    {"\"from\":", "\"from\":null,\"f\":"},
    {"\"from\":", "\"from\":1.5,\"f\":"},
    {"\"from\":", "\"from\":1e3,\"f\":"},
    {"\"from\":", "\"from\":\"1\",\"f\":"},
    {"\"from\":", "\"from\":99999999999999999999,\"f\":"},
    {"\"from\":", "\"from\":123456789012345678901234567890,\"f\":"},
    {",\"printed\":5", ""},
    {",\"printed\":5", ",\"printed\":-1"},
    {",\"printed\":5", ",\"printed\":-9223372036854775808"},
    {",\"printed\":5", ",\"printed\":true"},
    {",\"printed\":5", ",\"printed\":[5]"},
    {",\"printed\":5", ",\"printed\":9"}, /* more than the limit */
    {",\"complete\":false", ""},
    {",\"complete\":false", ",\"complete\":0"},
    {",\"complete\":false", ",\"complete\":\"false\""},
    {"\"done\"", "\"d\""},
    {"\"done\":false", "\"done\":null"},
    {"\"name\":\"us-east-1\"", "\"name\":\"us-east-2\""},
    {"\"name\":\"us-east-1\"", "\"name\":\"us-east-1\\u0000\""},
    {"\"name\":\"us-east-1\",", ""},
    {",\"to\":1699999990", ""},
    {",\"to\":1699999990", ",\"to\":1699999990.0"},
    {",\"to\":1699999990", ",\"to\":{}"},
    {"\"printed\":[", "\"printed\":5,\"p\":["},
    {"\"printed\":[", "\"printed\":[5,"},
    {"\"printed\":[", "\"printed\":[null,"},
    {"\"printed\":[", "\"printed\":[\"\","},
    {"\"printed\":[", "\"printed\":[\"00000000000000020000000000000001\","},
    {"\"printed\":[", "\"printed\":[\"00000000000000020000000000000001@\","},
    {"\"printed\":[", "\"printed\":[\"00000000000000020000000000000001@1x\","},
    {"\"printed\":[", "\"printed\":[\"0000000000000002000000000000000g@1\","},
    {"\"printed\":[", "\"printed\":[\"00000000000000020000000000000001@1\\u0000\","},
    {"\"printed\":[",
	"\"printed\":[\"00000000000000020000000000000001@11111111111111111111111111111111\","},
    {"\"output\":{", "\"output\":5,\"o\":{"},
    {"\"output\":{", "\"output\":[],\"o\":{"},
    {"\"device\"", "\"d\""},
    {"\"inode\"", "\"i\""},
    {"\"size\"", "\"s\""},
    {"\"path\"", "\"p\""},
    {"\"path\":\"", "\"path\":5,\"p\":\""},
    {"]}\n", "]}\n{}"},
    {"]}\n", "]},"},
    {"{\"format\"", "[{\"format\""},
    {"{\"format\"", "\xef\xbb\xbf{\"format\""},
};

static void
test_damaged(void)
{
	static const int64_t times[] = {
	    (TO - 20) * SECOND, (TO - 21) * SECOND, TO * SECOND, TO * SECOND, TO * SECOND};
	int out = open_out();
	struct checkpoint_config config = config_of(2, 8, out);
	struct checkpoint *c = reopen(&config, "the first run");
	struct page *page = page_new();
	struct buf text, changed = {0};
	size_t taken = 0;
	struct err err;

	checkpoint_reached(c, 1, (TO - 10) * SECOND);
	prepare(c, page, 1, times, 5);
	put(out, buf_slice(&page->out));
	commit(c);
	checkpoint_free(c);
	text = read_all(path);
	is_refused(&config, STR(""), "an empty file");
	is_refused(&config, STR("\n"), "an empty line");
	is_refused(&config, STR("garbage"), "garbage");
	is_refused(&config, (struct str){"\0\0\0\0", 4}, "a file of NULs");
	is_refused(&config, STR("{}"), "an empty object");
	is_refused(&config, STR("[]"), "a list");
	is_refused(&config, STR("null"), "null");
	is_refused(&config, STR("{\"eventName\":\"A\"}\n"), "an event");
	for (size_t n = 0; n + 1 < text.n; n++) {
		write_file(path, (struct str){text.p, n});
		taken += !refuses(&config, true, &err);
	}
	is_int(taken, 0, "a file cut anywhere is refused");
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *at;

		buf_char(&text, '\0');
		text.n--;
		at = strstr(text.p, changes[i].from);
		if (!ok(at != NULL, "%s is in the file", changes[i].from))
			continue;
		changed.n = 0;
		buf_add(&changed, text.p, (size_t)(at - text.p));
		buf_str(&changed, str_of(changes[i].to));
		at += strlen(changes[i].from);
		buf_add(&changed, at, text.n - (size_t)(at - text.p));
		is_refused(&config, buf_slice(&changed), changes[i].to);
	}
	write_file(path, buf_slice(&text));
	c = reopen(&config, "the file as it was");
	ok(checkpoint_printed(c) == 5 && checkpoint_region(c, 1)->to == TO - 10, "is read");
	checkpoint_free(c);
	(void)close(out);
	buf_free(&text);
	buf_free(&changed);
	page_free(page);
	ok(clear(), "nothing else is in the folder");
}

/* Any byte of the file changed: it is refused or read, and never more than that. */
static void
test_hostile(void)
{
	static const char bytes[] = "\0\xff\"{}[],\\ 09-@:";
	static const int64_t times[] = {(TO - 20) * SECOND};
	struct checkpoint_config config = config_of(1, 8, -1);
	struct checkpoint *c = reopen(&config, "the first run");
	struct page *page = page_new();
	struct buf text;
	struct err err;
	size_t bad = 0;

	prepare(c, page, 0, times, 1);
	commit(c);
	checkpoint_free(c);
	text = read_all(path);
	for (size_t i = 0; i < text.n; i++)
		for (size_t k = rnd(3); k < sizeof(bytes) - 1; k += 3) {
			char was = text.p[i];
			bool usage;

			text.p[i] = bytes[k];
			write_file(path, buf_slice(&text));
			text.p[i] = was;
			c = checkpoint_open(&config, &usage, &err);
			bad += c == NULL ? !usage || err.msg[0] == '\0' : usage;
			bad += c != NULL && checkpoint_printed(c) > config.limit;
			checkpoint_free(c);
		}
	is_int(bad, 0, "each byte changed");
	buf_free(&text);
	page_free(page);
	(void)clear();
}

/* What cannot be read or written is no usage error. */
static void
test_unusable(void)
{
	static const int64_t times[] = {TO * SECOND};
	struct checkpoint_config config = config_of(1, UINT64_MAX, -1);
	struct page *page = page_new();
	struct checkpoint *c;
	struct err err;
	char name[100];

	config.path = dir;
	ok(refuses(&config, false, &err), "a directory: %s", err.msg);
	(void)snprintf(name, sizeof(name), "%s.aws-spitzel", dir);
	ok(!exists(name), "nothing is beside it");
	(void)snprintf(name, sizeof(name), "%s/missing/check", dir);
	config.path = name;
	ok(refuses(&config, false, &err), "in a folder that is not there: %s", err.msg);
	ok(strstr(err.msg, "missing/check") != NULL, "it is named");
	config.path = "";
	ok(refuses(&config, false, &err), "without a name: %s", err.msg);
	(void)unlink(".aws-spitzel");
	config.path = path;
	if (geteuid() == 0) {
		note("root may read and write everything");
	} else {
		write_file(path, STR("{}"));
		(void)chmod(path, 0);
		ok(refuses(&config, false, &err), "a file that may not be read: %s", err.msg);
		(void)clear();
		(void)chmod(dir, 0500);
		ok(refuses(&config, false, &err), "a folder that may not be written: %s", err.msg);
		(void)chmod(dir, 0700);
	}
	if (symlink(out_path, path_new) == 0) {
		ok(refuses(&config, false, &err), "a link beside it is not followed: %s", err.msg);
		ok(!exists(out_path) && !exists(path), "nothing is written");
	}
	(void)clear();

	c = reopen(&config, "one that gets lost");
	(void)clear();
	(void)rmdir(dir);
	page_reset(page);
	add_event(page, 0, 1, times[0]);
	err = (struct err){0};
	is_int(checkpoint_prepare(c, page, &err), -1, "its folder is gone: %s", err.msg);
	ok(err.msg[0] != '\0', "that is told");
	checkpoint_free(c);
	if (mkdir(dir, 0700) != 0)
		perror(dir);
	c = reopen(&config, "one that gets lost");
	prepare(c, page, 0, times, 1);
	(void)unlink(path);
	if (mkdir(path, 0700) != 0)
		perror(path);
	err = (struct err){0};
	is_int(checkpoint_commit(c, &err), -1, "a folder is in its place: %s", err.msg);
	ok(err.msg[0] != '\0', "that is told");
	checkpoint_free(c);
	page_free(page);
	(void)clear();
}

/* --- what a killed run has printed --- */

/* A run that is killed when it has printed this, and says nothing more. The file has n lines of
 * region 0, of 10 seconds before the end on, which say so. */
static void
killed_run(size_t n, const char *printed)
{
	int out = open_out();
	struct checkpoint *c = begin(2, 20, out);
	struct page *page = page_new();
	int64_t times[8];

	for (size_t i = 0; i < n; i++)
		times[i] = (TO - 10 - (int64_t)i) * SECOND;
	checkpoint_reached(c, 0, (TO - 10) * SECOND);
	prepare(c, page, 0, times, n);
	put(out, buf_slice(&page->out));
	commit(c);
	page_reset(page);
	add_event(page, 0, 100, (TO - 50) * SECOND);
	checkpoint_reached(c, 0, (TO - 50) * SECOND);
	if (n > 0)
		prepare(c, page, 0, times, n);
	put(out, str_of(printed));
	(void)close(out);
	page_free(page);
	checkpoint_free(c);
}

static void
print_line(struct buf *b, size_t region, uint64_t n, int64_t time)
{
	print_event(b, region, n, time);
	buf_char(b, '\n');
}

enum { SAME, ANOTHER, PIPE };

/* Go on after that: with the same output or another. */
static struct checkpoint *
go_on(int output)
{
	char name[100];
	int out = -1;
	struct checkpoint *c;

	(void)snprintf(name, sizeof(name), "%s/out-2", dir);
	if (output == SAME)
		out = open_out();
	else if (output == ANOTHER)
		out = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	c = begin(2, 20, out);
	if (out >= 0)
		(void)close(out);
	return c;
}

static void
test_recovery(int output)
{
	static const char cut[] = "{\"eventID\":\"x\",\"event";
	struct buf lines = {0}, before, wanted = {0};
	struct checkpoint *c;

	write_file(out_path, STR("{\"eventID\":\"before the first run\"}\nand no line feed"));
	print_line(&lines, 0, 50, (TO - 10) * SECOND);
	print_line(&lines, 0, 51, (TO - 30) * SECOND + 5);
	print_line(&lines, 1, 52, (TO - 4) * SECOND);
	buf_str(&lines, STR("no JSON\n\n{\"eventID\":\n"));
	buf_char(&lines, '\0');
	killed_run(3, lines.p);
	before = read_all(out_path);
	for (int i = 0; i < 3;
	     i++) { /* the second time it is in the file, the third also without */
		if (i == 2)
			(void)unlink(out_path);
		c = go_on(output);
		is_int(checkpoint_printed(c), 6, "output %d: whole lines count as printed", output);
		ok(has(c, 0, 0, 50) && has(c, 0, 0, 51) && has(c, 1, 1, 52), "they are known");
		ok(has(c, 0, 0, 1) && has(c, 0, 0, 2) && has(c, 0, 0, 3), "like those before");
		is_int(checkpoint_region(c, 0)->to, TO - 10, "the region is where it was");
		ok(!has(c, 0, 1, 52), "what is newer than that need not be known");
		checkpoint_free(c);
		if (i < 2)
			is_file(out_path, buf_slice(&before), "the output is as it was");
	}
	(void)clear();

	/* half a line */
	lines.n = 0;
	print_line(&lines, 1, 52, (TO - 4) * SECOND);
	buf_str(&wanted, buf_slice(&lines));
	buf_add(&lines, cut, sizeof(cut)); /* with its NUL */
	killed_run(0, lines.p);
	before.n = 0;
	buf_str(&before, str_of(lines.p));
	c = go_on(output);
	is_int(checkpoint_printed(c), 1, "output %d: half a line does not count", output);
	ok(has(c, 1, 1, 52), "the whole one does");
	checkpoint_free(c);
	is_file(out_path, output == SAME ? buf_slice(&wanted) : buf_slice(&before),
	    output == SAME ? "half a line is taken away" : "half a line is left alone");
	(void)clear();
	killed_run(0, cut);
	c = go_on(output);
	is_int(checkpoint_printed(c), 0, "output %d: nothing but half a line", output);
	checkpoint_free(c);
	is_file(out_path, output == SAME ? STR("") : str_of(cut), "likewise");
	(void)clear();

	/* It is not the same any more. */
	lines.n = 0;
	print_line(&lines, 1, 52, (TO - 4) * SECOND);
	buf_char(&lines, '\0');
	killed_run(2, lines.p);
	write_file(out_path, STR("x\n"));
	c = go_on(output);
	is_int(checkpoint_printed(c), 2, "output %d: a shorter file says nothing", output);
	checkpoint_free(c);
	is_file(out_path, STR("x\n"), "and is left alone");
	(void)clear();
	killed_run(2, lines.p);
	{
		char name[100];

		(void)snprintf(name, sizeof(name), "%s/out-3", dir);
		if (rename(out_path, name) != 0)
			perror(name);
		buf_free(&before);
		before = read_all(name);
		buf_str(&before, STR("{\"eventID\":\"y\"}\n{"));
		write_file(out_path, buf_slice(&before));
	}
	c = go_on(output);
	is_int(checkpoint_printed(c), 2, "output %d: another file says nothing", output);
	checkpoint_free(c);
	is_file(out_path, buf_slice(&before), "and is left alone");
	ok(clear(), "nothing else is in the folder");
	buf_free(&before);
	buf_free(&wanted);
	buf_free(&lines);
}

static void
test_recovery_limit(void)
{
	struct buf lines = {0};
	struct checkpoint *c;

	for (uint64_t i = 0; i < 18; i++)
		print_line(&lines, 1, 50 + i, (TO - 4) * SECOND);
	buf_char(&lines, '\0');
	killed_run(2, lines.p);
	c = go_on(SAME);
	is_int(checkpoint_printed(c), 20, "a killed run has come to the limit");
	ok(checkpoint_is_complete(c), "it is complete");
	checkpoint_free(c);
	(void)clear();
	lines.n--;
	for (uint64_t i = 0; i < 5; i++) /* someone else's */
		print_line(&lines, 1, 80 + i, (TO - 4) * SECOND);
	buf_char(&lines, '\0');
	killed_run(2, lines.p);
	c = go_on(SAME);
	ok(checkpoint_printed(c) <= 20, "never more than the limit");
	checkpoint_free(c);
	(void)clear();
	buf_free(&lines);
}

/* An output whose name is no UTF-8, as a file may have it. */
static void
test_recovery_name(void)
{
	struct buf lines = {0};
	char plain[80];
	struct checkpoint *c;

	(void)snprintf(plain, sizeof(plain), "%s", out_path);
	(void)snprintf(out_path, sizeof(out_path), "%s/out-\xe9\"\\\n", dir);
	print_line(&lines, 1, 52, (TO - 4) * SECOND);
	buf_char(&lines, '\0');
	killed_run(2, lines.p);
	c = go_on(SAME);
	is_int(checkpoint_printed(c), 3, "an output with a name that is no UTF-8 is read");
	checkpoint_free(c);
	(void)clear();
	(void)snprintf(out_path, sizeof(out_path), "%s", plain);
	buf_free(&lines);
}

/* An event without an id is known by its line. */
static void
test_recovery_without_id(void)
{
	struct json_doc doc;
	struct checkpoint *c;
	struct err err;

	json_doc_init(&doc);
	killed_run(1, "{\"eventTime\":\"2023-11-14T22:12:00Z\",\"n\": 5}\n");
	c = go_on(SAME);
	ok(json_parse(&doc, STR("{\"eventTime\":\"2023-11-14T22:12:00Z\",\"n\": 5}"), &err) == 0 &&
		ids_has(&checkpoint_region(c, 0)->printed, search_id(doc.v)),
	    "an event without an id");
	checkpoint_free(c);
	json_doc_free(&doc);
	(void)clear();
}

/* --- whole searches, killed again and again --- */

enum { MAX_EVENTS = 120, MAX_PAGES = 40, PAGE_EVENTS = 8, MAX_CHAINS = 4, ROUNDS = 250 };

struct event {
	size_t region;
	uint64_t n;
	int64_t time;
	int64_t found; /* the time that it is found by; `time` but for those without one */
	size_t times;  /* that it was printed */
	bool again;    /* it may be printed again: a pipe, and a kill behind its write */
};

struct sheet {
	size_t events[PAGE_EVENTS];
	size_t n;
	int64_t reached;
	bool ended;
	bool failed;
	bool added;
};

struct sim {
	struct checkpoint_config config;
	struct event events[MAX_EVENTS];
	size_t n;
	int output;
	bool ordered;
	bool fails;     /* streams do, sometimes */
	unsigned kills; /* one step in so many is the last */
	int runs;
	size_t killed;
	struct sheet sheets[MAX_REGIONS][MAX_PAGES];
	size_t n_sheets[MAX_REGIONS];
	size_t to_come;
	size_t bad; /* checkpoints that did not open or were not written */
};

static int
newest_first(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->found != y->found ? (x->found > y->found ? -1 : 1) : 0;
}

static void
make_events(struct sim *s, bool undated)
{
	int64_t step = (int64_t)rnd(3) * (int64_t)rnd(3) * SECOND / 2 + 1;

	s->n = rnd(8) == 0 ? rnd(4) : rnd(MAX_EVENTS);
	for (size_t i = 0; i < s->n; i++) {
		int64_t t = TO * SECOND + SECOND - 1 - (int64_t)rnd(MAX_EVENTS) * step;

		if (rnd(2) == 0)
			t -= t % SECOND;
		s->events[i] = (struct event){
		    .region = rnd(s->config.n_regions), .n = i, .time = t, .found = t};
		if (undated && rnd(4) == 0)
			s->events[i].time = INT64_MIN;
	}
	qsort(s->events, s->n, sizeof(s->events[0]), newest_first);
}

/* What the region is asked for, in pages: a window in several parts, as in t_merge.c. */
static void
make_stream(struct sim *s, const struct checkpoint *c, size_t region)
{
	const struct checkpoint_region *start = checkpoint_region(c, region);
	struct sheet *sheets = s->sheets[region];
	size_t list[MAX_EVENTS], n = 0, at[MAX_CHAINS], end[MAX_CHAINS], chains, pages = 0, left;

	for (size_t i = 0; i < s->n && !start->done; i++) {
		const struct event *e = &s->events[i];
		int64_t second = e->found / SECOND;

		if (e->region == region && second <= start->to &&
		    !ids_has(&start->printed, id_for(region, e->n)))
			list[n++] = i;
	}
	chains = 1 + rnd(MAX_CHAINS);
	for (size_t k = 0; k < chains; k++) {
		at[k] = n * k / chains;
		end[k] = n * (k + 1) / chains;
	}
	for (left = n; left > 0 && pages < MAX_PAGES - 1; pages++) {
		struct sheet *sheet = &sheets[pages];
		size_t k = rnd(chains), most = 1 + rnd(PAGE_EVENTS);
		int64_t newest = INT64_MIN;

		*sheet = (struct sheet){.n = 0};
		if (pages > 12 || rnd(2) == 0) /* the first that has any; and not too many pages */
			for (k = 0; at[k] == end[k]; k++)
				continue;
		if (pages > 12)
			most = PAGE_EVENTS;
		while (sheet->n < most && at[k] < end[k]) {
			sheet->events[sheet->n++] = list[at[k]++];
			left--;
		}
		for (k = 0; k < chains; k++)
			if (at[k] < end[k] && s->events[list[at[k]]].found > newest)
				newest = s->events[list[at[k]]].found;
		if (newest == INT64_MIN)
			newest = FROM * SECOND;
		sheet->reached = rnd(2) == 0 ? newest : newest - newest % SECOND + SECOND - 1;
	}
	if (left > 0)
		s->bad++;
	sheets[pages] = (struct sheet){.reached = INT64_MIN, .ended = true};
	s->n_sheets[region] = pages + 1;
	if (s->fails && rnd(3) == 0 && pages > 0) {
		s->n_sheets[region] = 1 + rnd(pages);
		sheets[s->n_sheets[region] - 1].ended = true;
		sheets[s->n_sheets[region] - 1].failed = true;
	}
	s->to_come += s->n_sheets[region];
}

/* Some page that has not come yet. */
static void
add_page(struct sim *s, struct merge *m)
{
	struct page *page = page_new();
	size_t region, i;

	do {
		region = rnd(s->config.n_regions);
		for (i = 0; i < s->n_sheets[region] && s->sheets[region][i].added; i++)
			continue;
	} while (i == s->n_sheets[region]);
	while (i + 1 < s->n_sheets[region] && rnd(2) == 0) /* it overtakes */
		i++;
	while (s->sheets[region][i].added)
		i--;
	page_reset(page);
	page->seq = i;
	page->stream = region;
	page->reached = s->sheets[region][i].reached;
	page->ended = s->sheets[region][i].ended;
	page->failed = s->sheets[region][i].failed;
	for (size_t k = 0; k < s->sheets[region][i].n; k++) {
		const struct event *e = &s->events[s->sheets[region][i].events[k]];

		add_event(page, e->region, e->n, e->time);
	}
	s->sheets[region][i].added = true;
	s->to_come--;
	merge_add(m, page);
	page_free(page);
}

static bool
is_killed(struct sim *s)
{
	bool killed = rnd(s->kills) == 0;

	s->killed += killed;
	return killed;
}

static struct event *
find_event(struct sim *s, const char *line)
{
	const char *r = strstr(line, ",\"r\":");
	unsigned long long n;
	size_t region;

	if (r == NULL || sscanf(r, ",\"r\":%zu,\"n\":%llu}", &region, &n) != 2)
		return NULL;
	for (size_t i = 0; i < s->n; i++)
		if (s->events[i].region == region && s->events[i].n == n)
			return &s->events[i];
	return NULL;
}

/* Count the lines; false where one is not there or not in order. What has no line feed is none. */
static bool
count_lines(struct sim *s, const struct buf *text, bool again, bool sorted)
{
	int64_t last = INT64_MAX;
	bool good = true;
	const char *end;

	for (const char *p = text->p; p != NULL && p < text->p + text->n; p = end + 1) {
		struct event *e;

		end = memchr(p, '\n', text->n - (size_t)(p - text->p));
		if (end == NULL)
			break;
		e = find_event(s, p);
		if (e == NULL)
			return false;
		e->times++;
		e->again = e->again || again;
		good = good && (!sorted || e->time <= last);
		last = e->time;
	}
	return good;
}

/* Print the lines, or some of their bytes. */
static void
print_lines(struct sim *s, int out, const struct page *lines, size_t n, bool cut, bool again)
{
	struct buf text = {0};

	if (n > 0)
		buf_add(
		    &text, lines->out.p, lines->lines[n - 1].span.at + lines->lines[n - 1].span.n);
	if (cut)
		text.n = rnd(text.n + 1);
	buf_char(&text, '\0');
	text.n--;
	if (s->output == PIPE)
		(void)count_lines(s, &text, again, false);
	else if (text.n > 0)
		put(out, buf_slice(&text));
	buf_free(&text);
}

/* Bring the merge's lines to the output. False: that was all, or it was killed. */
static bool
step(struct sim *s, struct checkpoint *c, struct merge *m, int out, uint64_t *left)
{
	struct page *lines = page_new();
	bool killed = false, cut;
	struct line line;
	struct str text;
	struct err err;
	size_t n;

	while (merge_next(m, &text, &line))
		page_add_line(lines, (struct str){text.p, text.n - 1}, &line);
	for (size_t i = 0; i < s->config.n_regions; i++)
		checkpoint_reached(c, i, merge_given(m, i));
	n = lines->n_lines < *left ? lines->n_lines : (size_t)*left;
	if (checkpoint_prepare(c, lines, &err) != 0)
		s->bad++;
	if (!(killed = is_killed(s))) {
		cut = is_killed(s);
		killed = is_killed(s) || cut;
		print_lines(s, out, lines, n, cut, killed);
		*left -= n;
	}
	page_free(lines);
	if (killed)
		return false;
	if (checkpoint_commit(c, &err) != 0)
		s->bad++;
	return *left > 0 && !is_killed(s);
}

static int
open_output(const struct sim *s)
{
	char name[100];

	if (s->output == SAME)
		return open_out();
	if (s->output == PIPE)
		return open("/dev/null", O_WRONLY);
	(void)snprintf(name, sizeof(name), "%s/out-%d", dir, s->runs);
	return open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
}

/* One run. True: the search is complete. */
static bool
run_once(struct sim *s)
{
	int out = open_output(s);
	struct checkpoint *c;
	struct merge *m;
	struct err err = {0};
	bool usage, complete;
	uint64_t left;

	s->runs++;
	s->config.output = out;
	c = checkpoint_open(&s->config, &usage, &err);
	if (c == NULL) {
		note("%s", err.msg);
		s->bad++;
		(void)close(out);
		return true;
	}
	complete = checkpoint_is_complete(c);
	left = s->config.limit - checkpoint_printed(c);
	if (checkpoint_printed(c) > s->config.limit)
		s->bad++;
	m = merge_new(s->config.n_regions, s->ordered);
	s->to_come = 0;
	for (size_t i = 0; i < s->config.n_regions; i++)
		make_stream(s, c, i);
	while (!complete && s->to_come > 0) {
		for (size_t i = 1 + rnd(rnd(4) == 0 ? 10 : 1); i > 0 && s->to_come > 0; i--)
			add_page(s, m);
		if (!step(s, c, m, out, &left))
			break;
	}
	merge_free(m);
	checkpoint_free(c);
	(void)close(out);
	return complete;
}

struct faults {
	size_t bad, lost, twice, unsorted, endless, wrong_number, strange, killed, runs;
};

static void
play(struct faults *f, int output, bool ordered, bool undated, uint64_t limit)
{
	static struct sim s;
	struct buf text = {0};
	size_t printed = 0;
	int64_t last = INT64_MAX, newest_left = INT64_MIN;

	s = (struct sim){.config = config_of(1 + rnd(MAX_REGIONS), limit, -1),
	    .output = output,
	    .ordered = ordered,
	    .fails = rnd(3) == 0,
	    .kills = 4 + (unsigned)rnd(60)};
	make_events(&s, undated);
	while (!run_once(&s) && s.runs < 400)
		if (s.runs > 200)
			s.fails = false, s.kills = UINT32_MAX;
	f->endless += s.runs == 400;
	for (int i = 0; i < s.runs && output == ANOTHER; i++) {
		char name[100];

		(void)snprintf(name, sizeof(name), "%s/out-%d", dir, i);
		text = read_all(name);
		f->unsorted += !count_lines(&s, &text, false, ordered && !undated);
		buf_free(&text);
	}
	if (output == SAME) {
		text = read_all(out_path);
		f->unsorted += !count_lines(&s, &text, false, ordered && !undated && !s.fails);
		f->strange += text.n > 0 && text.p[text.n - 1] != '\n';
		buf_free(&text);
	}
	for (size_t i = 0; i < s.n; i++) {
		const struct event *e = &s.events[i];

		printed += e->times;
		f->lost += e->times == 0 && limit == UINT64_MAX;
		f->twice += e->times > 1 && !e->again;
		if (e->times > 0 && e->found < last)
			last = e->found;
		if (e->times == 0 && e->found > newest_left)
			newest_left = e->found;
	}
	if (output != PIPE)
		f->wrong_number += printed != (s.n < limit ? s.n : limit);
	if (ordered && !s.fails && !undated)
		f->unsorted += newest_left > last; /* the limit takes the newest */
	f->strange += !clear();
	f->bad += s.bad;
	f->killed += s.killed;
	f->runs += (size_t)s.runs;
}

static void
test_runs(int output, bool ordered, bool undated, bool limited)
{
	static const char *const outputs[] = {"one file", "another file each", "a pipe"};
	struct faults f = {0};
	char name[80];

	(void)snprintf(name, sizeof(name), "%s, %s%s%s", outputs[output],
	    ordered ? "ordered" : "as found", undated ? ", undated" : "", limited ? ", limit" : "");
	for (int i = 0; i < ROUNDS; i++)
		play(&f, output, ordered, undated, limited ? rnd(MAX_EVENTS) : UINT64_MAX);
	is_int(f.bad, 0, "%s: %zu runs, %zu killed: each goes on", name, f.runs, f.killed);
	is_int(f.endless, 0, "%s: they come to an end", name);
	is_int(f.lost, 0, "%s: nothing is lost", name);
	is_int(f.twice, 0, "%s: nothing is printed twice", name);
	is_int(f.wrong_number, 0, "%s: as many as there are", name);
	is_int(f.unsorted, 0, "%s: the newest first", name);
	is_int(f.strange, 0, "%s: no half a line, no other file", name);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL) {
		perror(dir);
		return 1;
	}
	(void)snprintf(path, sizeof(path), "%s/check", dir);
	(void)snprintf(path_new, sizeof(path_new), "%s/check.aws-spitzel", dir);
	(void)snprintf(out_path, sizeof(out_path), "%s/out", dir);
	test_anew();
	test_round_trip();
	test_part();
	test_two_runs();
	test_limit();
	test_save();
	test_numbers();
	test_many();
	test_query();
	test_damaged();
	test_hostile();
	test_unusable();
	for (int output = SAME; output <= PIPE; output++)
		test_recovery(output);
	test_recovery_limit();
	test_recovery_name();
	test_recovery_without_id();
	for (int output = SAME; output <= PIPE; output++)
		for (int i = 0; i < 4; i++)
			test_runs(output, i % 2 == 0, false, i / 2 == 1);
	test_runs(SAME, true, true, false);
	test_runs(SAME, false, true, false);
	(void)clear();
	if (rmdir(dir) != 0)
		perror(dir);
	return done_testing();
}

/* Fuzz target for checkpoint.c: bytes as the checkpoint's file. It is refused and left alone, or
 * read; then what was written in its place is read as the same. $DEV, $INO and $OUT in it stand for
 * an output that a killed run has left behind. */
#include "../checkpoint.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(cond) ((cond) ? (void)0 : broken(__LINE__, #cond))

static void
broken(int line, const char *what)
{
	(void)fprintf(stderr, "fuzz_checkpoint.c:%d: does not hold: %s\n", line, what);
	abort();
}

static const char printed[] = "{\"eventID\":\"37a01d48-1a1f-4c4e-9a7c-0f8b5d9d6a11\","
			      "\"eventTime\":\"2023-11-14T22:13:20Z\"}\n"
			      "{\"eventID\":\"37a01d48-1a1f-4c4e-9a7c-0f8b5d9d6a12\"}\n"
			      "no JSON\n"
			      "{\"eventTime\":\"2023-11-14T22:13:19.5Z\"}\n"
			      "{\"eventID\":\"half a li";

static char dir[200], path[240], out_path[240];
static int out;
static struct stat out_stat;

static void
put(int fd, struct str text)
{
	CHECK(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, text.p, text.n, 0) == (ssize_t)text.n);
}

static void
clean(void)
{
	(void)unlink(path);
	(void)unlink(out_path);
	(void)rmdir(dir);
}

static void
begin(void)
{
	const char *tmp = getenv("TMPDIR");

	if (tmp == NULL)
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	(void)snprintf(dir, sizeof(dir), "%s/fuzz_checkpoint-XXXXXX", tmp);
	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof(path), "%s/check", dir);
	(void)snprintf(out_path, sizeof(out_path), "%s/out", dir);
	out = open(out_path, O_RDWR | O_CREAT | O_APPEND, 0600);
	CHECK(out >= 0 && fstat(out, &out_stat) == 0 && atexit(clean) == 0);
}

/* The input, with what it cannot know. */
static void
write_input(struct str input)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	struct buf b = {0};

	for (size_t i = 0; i < input.n; i++) {
		struct str rest = {input.p + i, input.n - i < 4 ? 0 : 4};

		if (str_eq(rest, STR("$DEV")))
			buf_printf(&b, "%" PRIu64, (uint64_t)out_stat.st_dev);
		else if (str_eq(rest, STR("$INO")))
			buf_printf(&b, "%" PRIu64, (uint64_t)out_stat.st_ino);
		else if (str_eq(rest, STR("$OUT")))
			buf_str(&b, str_of(out_path));
		else
			rest.n = 0, buf_char(&b, input.p[i]);
		i += rest.n > 0 ? rest.n - 1 : 0;
	}
	put(fd, buf_slice(&b));
	(void)close(fd);
	buf_free(&b);
}

/* All that it says. */
static void
print(struct buf *b, const struct checkpoint *c)
{
	buf_printf(b, "%" PRId64 " %" PRId64 " %" PRIu64 " %d\n", checkpoint_from(c),
	    checkpoint_to(c), checkpoint_printed(c), checkpoint_is_complete(c));
	for (size_t i = 0; i < 2; i++) {
		const struct checkpoint_region *r = checkpoint_region(c, i);
		uint64_t sum = 0;

		for (size_t k = 0; k < r->printed.cap; k++)
			sum += r->printed.slots[k].high * 31 + r->printed.slots[k].low;
		buf_printf(b, "%d %" PRId64 " %zu %" PRIx64 " %zu\n", r->done, r->to, r->printed.n,
		    sum, checkpoint_ahead(c, i));
	}
}

/* Go on with it: a line of each region, and an end. */
static void
use(struct checkpoint *c)
{
	struct page *page = page_new();
	struct err err;

	page_add_line(page, STR("{\"n\":1}"), &(struct line){.time = 5, .id = {1, 2}});
	page_add_line(
	    page, STR("{\"n\":2}"), &(struct line){.time = INT64_MIN, .id = {3, 4}, .stream = 1});
	checkpoint_reached(c, 0, -1);
	CHECK(checkpoint_prepare(c, page, &err) == 0 && checkpoint_commit(c, &err) == 0);
	page_free(page);
	checkpoint_reached(c, 0, INT64_MIN);
	CHECK(checkpoint_ahead(c, 0) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct checkpoint_part parts[] = {{"--match", "$.a"}, {"--name", "Put*"}};
	static const char *const regions[] = {"a", "b"};
	struct checkpoint_config config = {.path = path,
	    .parts = parts,
	    .n_parts = 2,
	    .regions = regions,
	    .n_regions = 2,
	    .from = 1000,
	    .to = 2000,
	    .limit = 1000000};
	struct buf once = {0}, twice = {0};
	struct checkpoint *c;
	struct stat st;
	struct err err = {0};
	bool usage;

	if (dir[0] == '\0')
		begin();
	put(out, str_of(printed));
	config.output = size % 2 == 0 ? out : -1;
	write_input((struct str){(const char *)data, size});
	c = checkpoint_open(&config, &usage, &err);
	if (c == NULL) {
		CHECK(usage && err.msg[0] != '\0');
		CHECK(fstat(out, &st) == 0 && (size_t)st.st_size == strlen(printed));
	} else {
		print(&once, c);
		CHECK(!usage && checkpoint_printed(c) <= config.limit);
		checkpoint_free(c);
		c = checkpoint_open(&config, &usage, &err);
		CHECK(c != NULL && !usage);
		print(&twice, c);
		CHECK(str_eq(buf_slice(&once), buf_slice(&twice)));
		use(c);
		checkpoint_free(c);
		c = checkpoint_open(&config, &usage, &err);
		CHECK(c != NULL);
		checkpoint_free(c);
	}
	buf_free(&once);
	buf_free(&twice);
	return 0;
}

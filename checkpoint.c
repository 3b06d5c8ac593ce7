/* checkpoint.c: see checkpoint.h. The file is one JSON object. */
#include "checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "page.h"
#include "search.h"
#include "when.h"

#define FORMAT "aws-spitzel checkpoint 1"
#define SUFFIX ".aws-spitzel" /* of the file that is to take its place */

enum { ID_DIGITS = 32, SHOWN = 100 };

/* A line that was printed. */
struct mark {
	struct id id;
	int64_t second; /* INT64_MIN: it has no time */
};

struct region {
	struct checkpoint_region start; /* as the file was read */
	bool done;
	int64_t to;
	bool next_done; /* when what is prepared is printed */
	int64_t next_to;
	struct mark *marks; /* lines that are not newer than `to` */
	size_t n;
	size_t n_printed; /* the others are prepared */
	size_t cap;
};

/* Where the output is, and how long it was when the file was written. */
struct output {
	bool is_file;
	uint64_t device;
	uint64_t inode;
	uint64_t size;
	struct buf path; /* with a NUL behind it */
};

/* Which file it is; 0 and 0 for none. */
struct file_id {
	dev_t device;
	ino_t inode;
};

struct checkpoint {
	struct checkpoint_config config;
	struct buf path_new;
	struct file_id own; /* the file that we read, or wrote last */
	struct file_id new; /* and the one beside it */
	int64_t from;
	int64_t to;
	uint64_t printed; /* when what is prepared is printed */
	uint64_t settled; /* what was printed before */
	bool complete;
	struct region *regions;
	struct output output;
	struct buf text; /* of the file */
	bool prepared;
	int64_t saved; /* ms of CLOCK_MONOTONIC */
};

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t
second_of(int64_t us)
{
	return us / WHEN_SECOND_US - (us % WHEN_SECOND_US < 0);
}

static int
fail(const struct checkpoint *c, const char *what, struct err *err)
{
	char shown[SHOWN];

	return err_set(err, 0, "checkpoint %s: %s: %s",
	    str_escape(shown, sizeof(shown), str_of(c->config.path)), what, strerror(errno));
}

/* Will a line of this second still be ahead of its region, when what is prepared is printed? */
static bool
is_ahead(const struct region *r, int64_t second)
{
	return !r->next_done && second <= r->next_to;
}

static void
add_mark(struct region *r, struct id id, int64_t second)
{
	if (r->n == r->cap) {
		r->cap = r->cap > 0 ? r->cap * 2 : 64;
		r->marks = xrealloc(r->marks, r->cap, sizeof(*r->marks));
	}
	r->marks[r->n++] = (struct mark){id, second};
}

/* --- write --- */

static void
print_text(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "\"%s\":", name);
	json_print_string(b, str_of(value));
}

static void
print_region(struct buf *b, const struct region *r, const char *name)
{
	const char *comma = "";

	buf_char(b, '{');
	print_text(b, "name", name);
	buf_printf(b, ",\"done\":%s,\"to\":%" PRId64 ",\"printed\":[",
	    r->next_done ? "true" : "false", r->next_to);
	for (size_t i = 0; i < r->n; i++) {
		if (!is_ahead(r, r->marks[i].second))
			continue;
		buf_printf(b, "%s\"%016" PRIx64 "%016" PRIx64 "@%" PRId64 "\"", comma,
		    r->marks[i].id.high, r->marks[i].id.low, r->marks[i].second);
		comma = ",";
	}
	buf_str(b, STR("]}"));
}

static void
print_file(struct checkpoint *c)
{
	struct buf *b = &c->text;

	b->n = 0;
	buf_printf(b, "{\"format\":\"%s\",\n\"query\":[", FORMAT);
	for (size_t i = 0; i < c->config.n_parts; i++) {
		buf_printf(b, "%s{", i > 0 ? "," : "");
		print_text(b, "name", c->config.parts[i].name);
		buf_char(b, ',');
		print_text(b, "value", c->config.parts[i].value);
		buf_char(b, '}');
	}
	buf_printf(b,
	    "],\n\"from\":%" PRId64 ",\"to\":%" PRId64 ",\"printed\":%" PRIu64 ",\"complete\":%s",
	    c->from, c->to, c->printed, c->complete ? "true" : "false");
	if (c->output.is_file) {
		buf_printf(b,
		    ",\n\"output\":{\"device\":%" PRIu64 ",\"inode\":%" PRIu64 ",\"size\":%" PRIu64
		    ",\"path\":\"",
		    c->output.device, c->output.inode, c->output.size);
		for (const char *p = c->output.path.p; *p != '\0'; p++) /* it may be no UTF-8 */
			buf_printf(b, "%02x", (unsigned char)*p);
		buf_str(b, STR("\"}"));
	}
	buf_str(b, STR(",\n\"regions\":["));
	for (size_t i = 0; i < c->config.n_regions; i++) {
		buf_str(b, i > 0 ? STR(",\n") : STR("\n"));
		print_region(b, &c->regions[i], c->config.regions[i]);
	}
	buf_str(b, STR("]}\n"));
}

static int
write_all(int fd, struct str s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		s.p += n;
		s.n -= (size_t)n;
	}
	return 0;
}

/* Write the new file beside the old one. */
static int
write_new(struct checkpoint *c, struct err *err)
{
	int fd = open(c->path_new.p, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;
	int rv = 0;

	if (fd < 0)
		return fail(c, "cannot write beside it", err);
	print_file(c);
	if (fchmod(fd, 0600) != 0 || fstat(fd, &st) != 0 || write_all(fd, buf_slice(&c->text)) != 0)
		rv = fail(c, "cannot write", err);
	else
		c->new = (struct file_id){st.st_dev, st.st_ino};
	/* Often enough to lose little with the machine; a killed process loses nothing. */
	if (rv == 0 && (c->complete || now_ms() - c->saved >= CHECKPOINT_SAVE_MS) &&
	    fsync(fd) != 0 && errno != EINVAL)
		rv = fail(c, "cannot write", err);
	(void)close(fd);
	return rv;
}

/* Where the output will be when `bytes` more are printed. */
static void
find_output(struct checkpoint *c, size_t bytes)
{
	int fd = c->config.output, flags = fcntl(fd, F_GETFL);
	char link[32], path[4096];
	struct stat st;
	off_t at;
	ssize_t n;

	c->output.is_file = false;
	if (flags < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	at = (flags & O_APPEND) != 0 ? st.st_size : lseek(fd, 0, SEEK_CUR);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	if (at < 0 || n <= 0 || (size_t)n == sizeof(path))
		return;
	c->output.is_file = true;
	c->output.device = (uint64_t)st.st_dev;
	c->output.inode = (uint64_t)st.st_ino;
	c->output.size = (uint64_t)at + bytes;
	c->output.path.n = 0;
	buf_add(&c->output.path, path, (size_t)n);
	buf_char(&c->output.path, '\0');
}

void
checkpoint_reached(struct checkpoint *c, size_t region, int64_t given)
{
	struct region *r = &c->regions[region];

	if (given == INT64_MIN)
		r->next_done = true;
	else if (given != INT64_MAX && second_of(given) < r->next_to)
		r->next_to = second_of(given);
}

/* What was prepared is printed. */
static void
settle(struct checkpoint *c)
{
	for (size_t i = 0; i < c->config.n_regions; i++) {
		struct region *r = &c->regions[i];
		size_t kept = 0;

		r->done = r->next_done;
		r->to = r->next_to;
		for (size_t k = 0; k < r->n; k++)
			if (is_ahead(r, r->marks[k].second))
				r->marks[kept++] = r->marks[k];
		r->n = r->n_printed = kept;
	}
	c->settled = c->printed;
}

/* Note the first n lines of the page. How many bytes they have. */
static size_t
add_lines(struct checkpoint *c, const struct page *page, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct line *l = &page->lines[i];
		struct region *r = &c->regions[l->stream];
		int64_t second = l->time != INT64_MIN ? second_of(l->time) : INT64_MIN;

		if (!r->done && second <= r->to)
			add_mark(r, l->id, second);
	}
	c->printed += n;
	return n > 0 ? page->lines[n - 1].span.at + page->lines[n - 1].span.n : 0;
}

int
checkpoint_prepare(struct checkpoint *c, const struct page *page, struct err *err)
{
	size_t n = page->n_lines, bytes;
	bool done = true;

	if (n > c->config.limit - c->printed)
		n = (size_t)(c->config.limit - c->printed);
	bytes = add_lines(c, page, n);
	for (size_t i = 0; i < c->config.n_regions; i++)
		done = done && c->regions[i].next_done;
	c->complete = done || c->printed == c->config.limit;
	if (n == 0 && !c->complete && now_ms() - c->saved < CHECKPOINT_SAVE_MS) {
		settle(c);
		return 0;
	}
	find_output(c, bytes);
	c->prepared = true;
	return write_new(c, err);
}

int
checkpoint_prepare_part(struct checkpoint *c, const struct page *page, size_t n, struct err *err)
{
	c->printed = c->settled;
	for (size_t i = 0; i < c->config.n_regions; i++) {
		struct region *r = &c->regions[i];

		r->n = r->n_printed;
		r->next_done = r->done;
		r->next_to = r->to;
	}
	(void)add_lines(c, page, n);
	c->complete = false;
	find_output(c, 0);
	c->prepared = true;
	return write_new(c, err);
}

/* Has somebody else put a file there since? */
static bool
is_foreign(const struct checkpoint *c)
{
	struct stat st;

	return stat(c->config.path, &st) == 0 &&
	    (st.st_dev != c->own.device || st.st_ino != c->own.inode);
}

int
checkpoint_commit(struct checkpoint *c, struct err *err)
{
	char shown[SHOWN];

	if (!c->prepared)
		return 0;
	c->prepared = false;
	if (now_ms() - c->saved >= CHECKPOINT_SAVE_MS)
		c->saved = now_ms();
	settle(c);
	if (is_foreign(c))
		return err_set(err, 0,
		    "checkpoint %s: another run uses it; give each a file of its own",
		    str_escape(shown, sizeof(shown), str_of(c->config.path)));
	if (rename(c->path_new.p, c->config.path) != 0)
		return fail(c, "cannot replace it", err);
	c->own = c->new;
	return 0;
}

/* --- read --- */

static bool
get_number(const struct json *object, struct str name, int64_t *value)
{
	const struct json *v = json_get(object, name);
	char text[24], *end;

	if (v == NULL || v->type != JSON_NUMBER || v->len >= sizeof(text))
		return false;
	memcpy(text, v->text, v->len);
	text[v->len] = '\0';
	errno = 0;
	*value = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0';
}

static bool
get_bool(const struct json *object, struct str name, bool *value)
{
	const struct json *v = json_get(object, name);

	*value = v != NULL && v->type == JSON_TRUE;
	return v != NULL && (v->type == JSON_TRUE || v->type == JSON_FALSE);
}

static const struct json *
get_list(const struct json *object, struct str name)
{
	const struct json *v = json_get(object, name);

	return v != NULL && v->type == JSON_ARRAY ? v : NULL;
}

static bool
is_second(int64_t t)
{
	return t >= WHEN_MIN_US / WHEN_SECOND_US && t <= WHEN_MAX_US / WHEN_SECOND_US;
}

/* "HIGHLOW@SECOND" */
static bool
read_mark(struct region *r, const struct json *v)
{
	char text[ID_DIGITS + 24];
	struct id id;
	int64_t second;
	int used = 0;

	if (v->type != JSON_STRING || v->len >= sizeof(text))
		return false;
	memcpy(text, v->text, v->len);
	text[v->len] = '\0';
	if (sscanf(text, "%16" SCNx64 "%16" SCNx64 "@%" SCNd64 "%n", &id.high, &id.low, &second,
		&used) != 3 ||
	    (size_t)used != v->len)
		return false;
	add_mark(r, id, second);
	(void)ids_add(&r->start.printed, id);
	return true;
}

static bool
read_region(struct region *r, const struct json *v, const char *name)
{
	const struct json *printed = get_list(v, STR("printed"));

	if (!str_eq(json_get_text(v, STR("name")), str_of(name)) ||
	    !get_bool(v, STR("done"), &r->done) || !get_number(v, STR("to"), &r->to) ||
	    !is_second(r->to) || printed == NULL)
		return false;
	for (const struct json *e = json_begin(printed); e < json_end(printed); e = json_next(e))
		if (!read_mark(r, e))
			return false;
	r->start.done = r->next_done = r->done;
	r->start.to = r->next_to = r->to;
	return true;
}

static int
hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
read_output(struct output *o, const struct json *v)
{
	int64_t device, inode, size;
	struct str path;

	if (v == NULL)
		return true;
	path = json_get_text(v, STR("path"));
	if (!get_number(v, STR("device"), &device) || !get_number(v, STR("inode"), &inode) ||
	    !get_number(v, STR("size"), &size) || path.n == 0)
		return false;
	for (size_t i = 0; i < path.n; i += 2) {
		int high = hex_value(path.p[i]),
		    low = i + 1 < path.n ? hex_value(path.p[i + 1]) : -1;

		if (high < 0 || low < 0 || high + low == 0)
			return false;
		buf_char(&o->path, (char)(high << 4 | low));
	}
	buf_char(&o->path, '\0');
	o->is_file = true;
	o->device = (uint64_t)device;
	o->inode = (uint64_t)inode;
	o->size = (uint64_t)size;
	return true;
}

/* The n-th part of this name in the file's query; NULL for none. */
static const struct json *
find_part(const struct json *query, struct str name, size_t nth)
{
	for (const struct json *e = json_begin(query); e < json_end(query); e = json_next(e))
		if (str_eq(json_get_text(e, STR("name")), name) && nth-- == 0)
			return e;
	return NULL;
}

static size_t
count_before(const struct checkpoint_part *parts, size_t i)
{
	size_t n = 0;

	for (size_t k = 0; k < i; k++)
		n += strcmp(parts[k].name, parts[i].name) == 0;
	return n;
}

/* Is it the value, as the file has it? Bytes that are no UTF-8 are written as U+FFFD. */
static bool
is_value(struct str there, const char *value)
{
	struct buf text = {0};
	struct json_doc doc;
	struct err err;
	bool same;

	json_doc_init(&doc);
	json_print_string(&text, str_of(value));
	same = json_parse(&doc, buf_slice(&text), &err) == 0 && str_eq(json_text(doc.v), there);
	json_doc_free(&doc);
	buf_free(&text);
	return same;
}

static int
differ(const struct checkpoint *c, struct str name, const char *there, const char *here,
    struct err *err)
{
	char path[SHOWN], shown[40];

	return err_set(err, 0,
	    "checkpoint %s is of another query: %s is %s there, %s here; give the same options, "
	    "or another file",
	    str_escape(path, sizeof(path), str_of(c->config.path)),
	    str_escape(shown, sizeof(shown), name), there, here);
}

static const char *
quote(char out[SHOWN + 3], struct str text)
{
	char shown[SHOWN];

	(void)snprintf(out, SHOWN + 3, "'%s'", str_escape(shown, sizeof(shown), text));
	return out;
}

/* Is it the file's query? */
static int
compare_query(const struct checkpoint *c, const struct json *query, struct err *err)
{
	const struct checkpoint_part *parts = c->config.parts;
	char a[SHOWN + 3], b[SHOWN + 3];
	size_t n = 0;

	for (size_t i = 0; i < c->config.n_parts; i++) {
		struct str name = str_of(parts[i].name), value = str_of(parts[i].value), there;
		const struct json *e = find_part(query, name, count_before(parts, i));

		there = e != NULL ? json_get_text(e, STR("value")) : name;
		if (e == NULL || !is_value(there, parts[i].value))
			return differ(
			    c, name, e != NULL ? quote(a, there) : "missing", quote(b, value), err);
	}
	for (const struct json *e = json_begin(query); e < json_end(query); e = json_next(e)) {
		struct str name = json_get_text(e, STR("name"));
		size_t here = 0, there = 0;

		n++;
		for (size_t i = 0; i < c->config.n_parts; i++)
			here += str_eq(name, str_of(parts[i].name));
		while (there <= here && find_part(query, name, there) != NULL)
			there++;
		if (there > here)
			return differ(c, name,
			    quote(a, json_get_text(find_part(query, name, here), STR("value"))),
			    "missing", err);
	}
	return 0;
}

static int
not_ours(const struct checkpoint *c, const char *why, struct err *err)
{
	char shown[SHOWN];

	return err_set(err, 0,
	    "%s is no checkpoint of this program: %s; name another file, or remove it",
	    str_escape(shown, sizeof(shown), str_of(c->config.path)), why);
}

static int
read_file(struct checkpoint *c, const struct json *v, struct err *err)
{
	const struct json *query = get_list(v, STR("query")),
			  *regions = get_list(v, STR("regions"));
	const struct json *e;
	int64_t printed;
	size_t i = 0;

	if (!str_eq(json_get_text(v, STR("format")), STR(FORMAT)) || query == NULL ||
	    regions == NULL)
		return not_ours(c, "it has another format", err);
	if (compare_query(c, query, err) != 0)
		return -1;
	if (!get_number(v, STR("from"), &c->from) || !get_number(v, STR("to"), &c->to) ||
	    !is_second(c->from) || !is_second(c->to) || !get_number(v, STR("printed"), &printed) ||
	    printed < 0 || (uint64_t)printed > c->config.limit ||
	    !get_bool(v, STR("complete"), &c->complete) ||
	    !read_output(&c->output, json_get(v, STR("output"))))
		return not_ours(c, "a part is missing or wrong", err);
	c->printed = (uint64_t)printed;
	for (e = json_begin(regions); e < json_end(regions); e = json_next(e), i++)
		if (i == c->config.n_regions ||
		    !read_region(&c->regions[i], e, c->config.regions[i]))
			return not_ours(c, "a region is wrong", err);
	return i == c->config.n_regions ? 0 : not_ours(c, "a region is missing", err);
}

/* Read what is in the descriptor from `at` on. */
static int
slurp(int fd, off_t at, struct buf *out)
{
	char block[65536];
	ssize_t n;

	while ((n = pread(fd, block, sizeof(block), at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		buf_add(out, block, (size_t)n);
		if (out->n > CHECKPOINT_MAX_BYTES) {
			errno = EFBIG;
			return -1;
		}
	}
	return 0;
}

/* 1 there was a file, 0 there is none. */
static int
load(struct checkpoint *c, bool *usage, struct err *err)
{
	int fd = open(c->config.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rv;
	struct buf text = {0};
	struct json_doc doc;
	struct stat st;
	struct err why;

	if (fd < 0)
		return errno == ENOENT ? 0 : fail(c, "cannot read", err);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return not_ours(c, "it is no regular file", err);
	}
	c->own = (struct file_id){st.st_dev, st.st_ino};
	rv = slurp(fd, 0, &text) != 0 ? fail(c, "cannot read", err) : 1;
	(void)close(fd);
	json_doc_init(&doc);
	if (rv == 1) {
		*usage = true;
		if (json_parse(&doc, buf_slice(&text), &why) != 0)
			rv = not_ours(c, "it is no JSON", err);
		else if (read_file(c, doc.v, err) != 0)
			rv = -1;
		else
			*usage = false;
	}
	json_doc_free(&doc);
	buf_free(&text);
	return rv;
}

/* --- what a killed run printed without saying so --- */

static void
recover_line(struct checkpoint *c, struct json_doc *doc, struct str line)
{
	int64_t time, second = INT64_MIN;
	struct err err;
	struct id id;

	if (c->printed == c->config.limit || json_parse(doc, line, &err) != 0)
		return;
	if (when_parse_event(json_get_text(doc->v, STR("eventTime")), &time) == 0)
		second = second_of(time);
	id = search_id(doc->v);
	for (size_t i = 0; i < c->config.n_regions; i++) {
		struct region *r = &c->regions[i];

		if (r->done || second > r->to)
			continue;
		add_mark(r, id, second);
		(void)ids_add(&r->start.printed, id);
	}
	c->printed++;
	c->complete = c->printed == c->config.limit;
}

/* Take away what is behind this byte of the output. */
static int
cut_output(const struct checkpoint *c, off_t at, struct err *err)
{
	int fd = c->config.output;

	if (ftruncate(fd, at) == 0 &&
	    (lseek(fd, 0, SEEK_CUR) <= at || lseek(fd, at, SEEK_SET) == at))
		return 0;
	return err_set(
	    err, 0, "the output ends with half a line: cannot remove it: %s", strerror(errno));
}

/* Read the lines that the output got after the file was written. A line that the kill has cut is
 * taken away, if we go on in the same file. */
static int
recover(struct checkpoint *c, struct err *err)
{
	int fd = c->output.is_file ? open(c->output.path.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	struct stat st, own;
	struct buf text = {0};
	struct json_doc doc;
	size_t at = 0;
	int rv = 0;

	if (fd < 0)
		return 0;
	json_doc_init(&doc);
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_dev == c->output.device &&
	    (uint64_t)st.st_ino == c->output.inode && (uint64_t)st.st_size > c->output.size &&
	    slurp(fd, (off_t)c->output.size, &text) == 0) {
		const char *end;

		while (at < text.n && (end = memchr(text.p + at, '\n', text.n - at)) != NULL) {
			recover_line(
			    c, &doc, (struct str){text.p + at, (size_t)(end - text.p) - at});
			at = (size_t)(end - text.p) + 1;
		}
		/* A line of ours begins like this; anything else is not ours to remove. */
		if (at < text.n && text.p[at] == '{' && fstat(c->config.output, &own) == 0 &&
		    own.st_dev == st.st_dev && own.st_ino == st.st_ino)
			rv = cut_output(c, (off_t)(c->output.size + at), err);
	}
	(void)close(fd);
	json_doc_free(&doc);
	buf_free(&text);
	return rv;
}

/* What was printed by a killed run is known now, and that we can write: before anything is asked.
 */
static int
begin(struct checkpoint *c, struct err *err)
{
	find_output(c, 0);
	c->prepared = true;
	return write_new(c, err) == 0 ? checkpoint_commit(c, err) : -1;
}

struct checkpoint *
checkpoint_open(const struct checkpoint_config *config, bool *usage, struct err *err)
{
	struct checkpoint *c = xmalloc(sizeof(*c));
	int found;

	*usage = false;
	*c = (struct checkpoint){.config = *config, .from = config->from, .to = config->to};
	c->regions = xcalloc(config->n_regions, sizeof(*c->regions));
	for (size_t i = 0; i < config->n_regions; i++)
		c->regions[i].to = c->regions[i].next_to = c->regions[i].start.to = config->to;
	buf_str(&c->path_new, str_of(config->path));
	buf_add(&c->path_new, SUFFIX, sizeof(SUFFIX));
	found = load(c, usage, err);
	if (found < 0 || (found == 1 && recover(c, err) != 0) ||
	    (!c->complete && begin(c, err) != 0)) {
		checkpoint_free(c);
		return NULL;
	}
	return c;
}

void
checkpoint_free(struct checkpoint *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->config.n_regions; i++) {
		ids_free(&c->regions[i].start.printed);
		free(c->regions[i].marks);
	}
	free(c->regions);
	buf_free(&c->path_new);
	buf_free(&c->output.path);
	buf_free(&c->text);
	free(c);
}

int64_t
checkpoint_from(const struct checkpoint *c)
{
	return c->from;
}

int64_t
checkpoint_to(const struct checkpoint *c)
{
	return c->to;
}

uint64_t
checkpoint_printed(const struct checkpoint *c)
{
	return c->printed;
}

bool
checkpoint_is_complete(const struct checkpoint *c)
{
	return c->complete;
}

const struct checkpoint_region *
checkpoint_region(const struct checkpoint *c, size_t region)
{
	return &c->regions[region].start;
}

size_t
checkpoint_ahead(const struct checkpoint *c, size_t region)
{
	const struct region *r = &c->regions[region];
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += is_ahead(r, r->marks[i].second);
	return n;
}

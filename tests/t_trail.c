/* Tests of trail.c, on files in a folder of its own. Whatever the size of a page, the same events
 * come out, at the same positions, and the same problems. */
#include "../trail.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../page.h"
#include "tap.h"

static char top[] = "/tmp/spitzel-t_trail-XXXXXX";

/* --- files, whose inflated content is remembered --- */

struct file {
	char *path;
	struct buf content;
};

static struct file files[200];
static size_t n_files;

static char *
path_of(const char *name)
{
	char *path = xmalloc(sizeof(top) + strlen(name) + 1);

	(void)sprintf(path, "%s/%s", top, name);
	return path;
}

static void
write_bytes(const char *path, struct str s)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(s.p, 1, s.n, f) != s.n || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

/* A file of these bytes; `content` is what they are inflated. */
static const char *
add_file(const char *name, struct str raw, struct str content)
{
	struct file *f = &files[n_files++];

	f->path = path_of(name);
	buf_str(&f->content, content);
	write_bytes(f->path, raw);
	return f->path;
}

static const char *
add_text(const char *name, const char *text)
{
	return add_file(name, str_of(text), str_of(text));
}

static void
add_folder(const char *name)
{
	char *path = path_of(name);

	if (mkdir(path, 0777) != 0) {
		perror(path);
		exit(1);
	}
	free(path);
}

static void
add_link(const char *name, const char *to)
{
	char *path = path_of(name);

	if (symlink(to, path) != 0) {
		perror(path);
		exit(1);
	}
	free(path);
}

static void
remove_all(void)
{
	char command[sizeof(top) + 16];

	(void)snprintf(command, sizeof(command), "rm -rf %s", top);
	if (system(command) != 0)
		perror(command);
	for (size_t i = 0; i < n_files; i++) {
		free(files[i].path);
		buf_free(&files[i].content);
	}
}

static uint32_t
crc(struct str s)
{
	uint32_t c = 0xffffffffu;

	for (size_t i = 0; i < s.n; i++) {
		c ^= (unsigned char)s.p[i];
		for (int k = 0; k < 8; k++)
			c = (c & 1) != 0 ? 0xedb88320u ^ c >> 1 : c >> 1;
	}
	return ~c;
}

/* Append a gzip member of one stored block (RFC 1951 section 3.2.4). */
static void
add_member(struct buf *b, struct str s)
{
	uint32_t words[3] = {
	    (uint32_t)s.n | (~(uint32_t)s.n & 0xffff) << 16, crc(s), (uint32_t)s.n};

	buf_add(b, "\x1f\x8b\x08\0\0\0\0\0\0\xff\x01", 11);
	for (int w = 0; w < 3; w++) {
		for (int i = 0; i < 4; i++)
			buf_char(b, (char)(words[w] >> 8 * i & 0xff));
		if (w == 0)
			buf_str(b, s);
	}
}

/* --- reading them --- */

struct log {
	struct buf events;   /* "NAME POSITION <EVENT>\n" */
	struct buf problems; /* "NAME POSITION TEXT\n", position "-" where there is none */
	struct buf notes;    /* "NAME TEXT\n" */
	struct counts counts;
	size_t most; /* bytes in a page at most */
	int odd;     /* what breaks a rule of page.h or source.h */
};

static void
log_free(struct log *log)
{
	buf_free(&log->events);
	buf_free(&log->problems);
	buf_free(&log->notes);
}

/* The path without the folder that all are in. */
static const char *
short_name(const char *path)
{
	return strncmp(path, top, sizeof(top) - 1) == 0 && path[sizeof(top) - 1] == '/' ?
	    path + sizeof(top) :
	    path;
}

static bool
is_at(const char *path, uint64_t pos, struct str event)
{
	for (size_t i = 0; i < n_files; i++) {
		const struct buf *b = &files[i].content;

		if (strcmp(files[i].path, path) == 0)
			return pos <= b->n && event.n <= b->n - pos &&
			    memcmp(b->p + pos, event.p, event.n) == 0;
	}
	return true; /* not one of ours */
}

/* The page's events; those of a text are framed as search.c does it. */
static void
log_events(struct log *log, struct page *page)
{
	struct framer f;
	struct str text = page->form == FORM_EVENTS ? buf_slice(&page->bytes) : page->text;
	char *path = xmalloc(page->name.n + 1);

	if (page->name.n > 0)
		memcpy(path, page->name.p, page->name.n);
	path[page->name.n] = '\0';
	frame_start(&f);
	if (page->form == FORM_LINES)
		frame_start_lines(&f);
	if (page->form == FORM_ITEMS)
		frame_start_items(&f);
	for (bool more = page->form != FORM_EVENTS; more;) {
		struct span event;
		struct err err;

		switch (frame_next(&f, text.p, text.n, true, &event, &err)) {
		case FRAME_EVENT:
			page_add_event(page, event);
			break;
		case FRAME_BAD:
			page_problem(page, NULL, page->base + err.pos, "%s", err.msg);
			break;
		default:
			more = false;
		}
	}
	for (size_t i = 0; i < page->n_events; i++) {
		struct span e = page->events[i];

		if (e.at > text.n || e.n > text.n - e.at || e.n == 0) {
			log->odd++;
			continue;
		}
		log->odd += !is_at(
		    path, page->base + e.at, (struct str){text.p + e.at, e.n});
		buf_printf(&log->events, "%s %llu <%.*s>\n", short_name(path),
		    (unsigned long long)(page->base + e.at), (int)(e.n < 60 ? e.n : 60),
		    text.p + e.at);
	}
	page->n_events = 0;
	if (page->bytes.cap > log->most)
		log->most = page->bytes.cap;
	free(path);
}

static void
log_page(struct log *log, const struct page *page)
{
	for (size_t i = 0; i < page->n_problems; i++) {
		const struct problem *p = &page->problems[i];

		if (p->note)
			buf_printf(&log->notes, "%s %s\n", short_name(p->where), p->what);
		else if (p->has_pos)
			buf_printf(&log->problems, "%s %llu %s\n", short_name(p->where),
			    (unsigned long long)p->pos, p->what);
		else
			buf_printf(&log->problems, "%s - %s\n", short_name(p->where), p->what);
	}
	counts_add(&log->counts, &page->counts);
}

static void
read_names(struct log *log, const char *const *names, size_t n, size_t page_size)
{
	struct source *s = trail_open(names, n, page_size, scan_best());
	struct page *page = page_new();
	void *loader = s->loader_new(s);

	*log = (struct log){0};
	while (s->next(s, 0, page)) {
		if (page->piece.kind == PIECE_NONE)
			log_events(log, page);
		else
			while (s->load(loader, page))
				log_events(log, page);
		log_page(log, page);
		page_reset(page);
	}
	log->odd += page->n_events > 0 || page->n_problems > 0;
	log->odd += s->next(s, 0, page); /* still nothing more */
	page_free(page);
	s->loader_free(loader);
	s->close(s);
	buf_char(&log->events, '\0');
	buf_char(&log->problems, '\0');
	buf_char(&log->notes, '\0');
}

static const size_t page_sizes[] = {
    1, 2, 3, 5, 7, 16, 31, 64, 100, 1000, 4096, 65536, TRAIL_PAGE_SIZE};

/* With pages of each size the same comes out; *log is what comes out of pages of the ordinary size.
 */
static void
read_all(struct log *log, const char *const *names, size_t n, const char *what)
{
	int bad = 0;

	read_names(log, names, n, TRAIL_PAGE_SIZE);
	bad += log->odd;
	for (size_t i = 0; i < sizeof(page_sizes) / sizeof(page_sizes[0]); i++) {
		struct log other;
		bool good;

		read_names(&other, names, n, page_sizes[i]);
		good = str_eq(buf_slice(&log->events), buf_slice(&other.events)) &&
		    str_eq(buf_slice(&log->problems), buf_slice(&other.problems)) &&
		    str_eq(buf_slice(&log->notes), buf_slice(&other.notes)) && other.odd == 0 &&
		    other.counts.files == log->counts.files &&
		    (other.counts.bytes == log->counts.bytes || log->counts.problems > 0) &&
		    other.counts.passed == log->counts.passed &&
		    other.counts.problems == log->counts.problems;
		if (!good && bad++ == 0) {
			note("pages of %zu (odd: %d): events, problems, notes; and of large ones:",
			    page_sizes[i], other.odd);
			tap_bytes("e", (const unsigned char *)other.events.p, other.events.n);
			tap_bytes("E", (const unsigned char *)log->events.p, log->events.n);
			tap_bytes("p", (const unsigned char *)other.problems.p, other.problems.n);
			tap_bytes("P", (const unsigned char *)log->problems.p, log->problems.n);
			tap_bytes("n", (const unsigned char *)other.notes.p, other.notes.n);
			tap_bytes("N", (const unsigned char *)log->notes.p, log->notes.n);
			note("files %d %d, bytes %d %d", (int)other.counts.files,
			    (int)log->counts.files, (int)other.counts.bytes,
			    (int)log->counts.bytes);
		}
		log_free(&other);
	}
	is_int(bad, 0, "%s: the same with pages of each size", what);
}

#define RECORDS "{\"Records\":[{\"a\":1},{\"b\":\"]}\"},\n {\"c\":[{}]}]}"

static void
test_forms(void)
{
	static const struct {
		const char *name;
		const char *text;
		const char *events;
		const char *problems; /* the beginning of the list */
	} forms[] = {
	    {"records.json", RECORDS,
		"12 <{\"a\":1}>\n%s20 <{\"b\":\"]}\"}>\n%s33 <{\"c\":[{}]}>\n", ""},
	    {"array.json", "[{\"a\":1},{\"b\":2}]\n", "1 <{\"a\":1}>\n%s9 <{\"b\":2}>\n", ""},
	    {"lines.json", "{\"a\":1}\n{\"b\":2}\r\n\n{\"c\":3}",
		"0 <{\"a\":1}>\n%s8 <{\"b\":2}>\n%s18 <{\"c\":3}>\n", ""},
	    {"bare.json", "\n {\n \"a\": 1\n}\n", "2 <{\n \"a\": 1\n}>\n", ""},
	    {"events.json", "{\"Events\":[{\"CloudTrailEvent\":\"{}\"}],\"NextToken\":\"x\"}",
		"11 <{\"CloudTrailEvent\":\"{}\"}>\n", ""},
	    {"empty.json", "", "", ""},
	    {"blank.json", " \n\n", "", ""},
	    {"none.json", "{\"Records\":[]}", "", ""},
	    {"bom.json", "\xef\xbb\xbf{\"a\":1}", "3 <{\"a\":1}>\n", ""},
	    {"bom-records.json", "\xef\xbb\xbf{\"Records\":[{\"a\":1}]}", "15 <{\"a\":1}>\n", ""},
	    {"cut.json", "{\"Records\":[{\"a\":1},{\"b\"", "12 <{\"a\":1}>\n", "20 "},
	    {"text.json", "no JSON at all\n", "", "0 "},
	    {"damaged-line.json", "{\"a\":1}\n{\"b\" 2}\n{\"c\":3}\n",
		"0 <{\"a\":1}>\n%s8 <{\"b\" 2}>\n%s16 <{\"c\":3}>\n", ""},
	    {"damaged-first.json", "{\"a\" 1}\n{\"b\":2}\n{\"c\":3}\n",
		"8 <{\"b\":2}>\n%s16 <{\"c\":3}>\n", "5 "},
	    {"damaged-list.json", "[{\"a\":1} x y {\"b\":2}]", "1 <{\"a\":1}>\n%s13 <{\"b\":2}>\n",
		"9 "},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *path = add_text(forms[i].name, forms[i].text), *p;
		struct buf want = {0};
		struct log log;

		read_all(&log, &path, 1, forms[i].name);
		/* the name stands before each event */
		for (p = forms[i].events; *p != '\0'; p++) {
			if (p == forms[i].events || (p[0] == '%' && p[1] == 's'))
				buf_printf(&want, "%s ", forms[i].name);
			if (p[0] == '%' && p[1] == 's')
				p++;
			else
				buf_char(&want, *p);
		}
		is_mem(log.events.p, log.events.n - 1, want.n > 0 ? want.p : "", want.n,
		    "%s: its events", forms[i].name);
		buf_free(&want);
		if (forms[i].problems[0] == '\0') {
			is_str(log.problems.p, "", "%s: no problems", forms[i].name);
		} else {
			buf_printf(&want, "%s %s", forms[i].name, forms[i].problems);
			is_mem(log.problems.p, want.n < log.problems.n ? want.n : log.problems.n,
			    want.p, want.n, "%s: its problem: %s", forms[i].name, log.problems.p);
			is_int(log.counts.problems, 1, "%s: one", forms[i].name);
			buf_free(&want);
		}
		is_int(log.counts.files, 1, "%s: one file", forms[i].name);
		is_int(log.counts.bytes, strlen(forms[i].text), "%s: its bytes", forms[i].name);
		log_free(&log);
	}
}

/* Many events of all lengths: what is cut by a page's end is put together again. */
static void
test_many(void)
{
	struct buf lines = {0}, list = {0}, gz = {0};
	const char *names[3];
	struct log log;

	buf_str(&list, STR("{\"Records\":["));
	for (int i = 0; i < 120; i++) {
		struct buf event = {0};

		buf_printf(&event, "{\"n\":%d,\"s\":\"", i);
		for (int k = 0; k < i * i % 257; k++)
			buf_char(&event, "x]}\" ,[{:"[k % 9] == '"' ? '\'' : "x]}\" ,[{:"[k % 9]);
		buf_str(&event, STR("\"}"));
		buf_str(&lines, buf_slice(&event));
		buf_char(&lines, '\n');
		if (i > 0)
			buf_str(&list, i % 5 == 0 ? STR(" ,\n") : STR(","));
		buf_str(&list, buf_slice(&event));
		buf_free(&event);
	}
	buf_str(&list, STR("]}\n"));
	/* gzip members cut anywhere */
	for (size_t at = 0, n = 1; at < lines.n; at += n, n = n * 7 % 1009 + 1)
		add_member(&gz, (struct str){lines.p + at, n < lines.n - at ? n : lines.n - at});
	names[0] = add_file("many.ndjson", buf_slice(&lines), buf_slice(&lines));
	names[1] = add_file("many.json", buf_slice(&list), buf_slice(&list));
	names[2] = add_file("many.gz", buf_slice(&gz), buf_slice(&lines));
	read_all(&log, names, 3, "many events");
	is_int(log.counts.files, 3, "in three files");
	is_int(log.counts.bytes, 2 * lines.n + list.n, "bytes are counted inflated");
	{
		size_t n = 0;

		for (size_t i = 0; i < log.events.n; i++)
			n += log.events.p[i] == '\n';
		is_int(n, 360, "all of them come out");
	}
	is_str(log.problems.p, "", "no problems");
	log_free(&log);
	buf_free(&lines);
	buf_free(&list);
	buf_free(&gz);
}

static void
test_gz(void)
{
	struct buf b = {0};
	struct log log;
	const char *path;

	add_member(&b, STR(RECORDS));
	path = add_file("by-content", buf_slice(&b), STR(RECORDS));
	read_all(&log, &path, 1, "gzip by content, not by name");
	ok(strstr(log.events.p, "by-content 33 <{\"c\":[{}]}>\n") != NULL, "its events");
	is_str(log.problems.p, "", "no problems");
	log_free(&log);

	path = add_text("plain.gz", RECORDS);
	read_all(&log, &path, 1, "plain in spite of its name");
	ok(strstr(log.events.p, "plain.gz 33 <{\"c\":[{}]}>\n") != NULL, "its events");
	log_free(&log);

	buf_str(&b, STR("garbage"));
	path = add_file("garbage.gz", buf_slice(&b), STR(RECORDS));
	read_all(&log, &path, 1, "garbage behind gzip");
	ok(strstr(log.events.p, "garbage.gz 33 <{\"c\":[{}]}>\n") != NULL, "its events come out");
	{
		char want[64];

		(void)snprintf(want, sizeof(want), "at byte %zu", b.n - 7);
		ok(strstr(log.problems.p, want) != NULL, "the problem says %s: %s", want,
		    log.problems.p);
	}
	is_int(log.counts.problems, 1, "one");
	is_int(log.counts.files, 1, "the file counts");
	log_free(&log);

	/* cut: lines of more bytes than are peeked at, and a rest that is no event */
	b.n = 0;
	add_member(&b,
	    STR("{\"n\":1,\"s\":\"................................\"}\n"
		"{\"n\":2,\"s\":\"................................\"}\n{\"n\":3,\"s\":\"......"));
	path = add_file("cut.gz", (struct str){b.p, b.n - 8},
	    STR("{\"n\":1,\"s\":\"................................\"}\n"
		"{\"n\":2,\"s\":\"................................\"}\n{\"n\":3,\"s\":\"......"));
	read_all(&log, &path, 1, "gzip cut off");
	ok(strstr(log.events.p, "\"n\":1") != NULL && strstr(log.events.p, "\"n\":2") != NULL &&
		strstr(log.events.p, "\"n\":3") == NULL,
	    "all whole events before the cut come out, and no other");
	ok(strstr(log.problems.p, "cut") != NULL, "and it is told: %s", log.problems.p);
	log_free(&log);

	/* short lines before the cut are whole events too */
	b.n = 0;
	add_member(&b, STR("{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n"));
	path = add_file(
	    "cut-short.gz", (struct str){b.p, b.n - 8}, STR("{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n"));
	read_all(&log, &path, 1, "gzip of short lines cut off");
	ok(strstr(log.events.p, "\"n\":3") != NULL, "the last whole line comes out: %s",
	    log.events.p);
	log_free(&log);

	b.n = 0;
	buf_add(&b, "\x1f\x8b", 2);
	path = add_file("two.gz", buf_slice(&b), STR(""));
	read_all(&log, &path, 1, "two bytes 1f 8b");
	is_int(log.counts.problems, 1, "are a problem");
	log_free(&log);
	buf_free(&b);
}

static void
test_folders(void)
{
	const char *names[3];
	char *folder, *other, *gone, *loop;
	struct log log;
	struct buf b = {0};

	add_folder("tree");
	add_folder("tree/b");
	add_folder("tree/b/c");
	add_folder("tree/empty");
	(void)add_text("tree/a.json", "{\"a\":1}");
	(void)add_text("tree/b/1.json", "{\"b1\":1}");
	(void)add_text("tree/b/c/x.json", "{\"bcx\":1}");
	(void)add_text("tree/b/z.ndjson", "{\"bz\":1}\n");
	(void)add_text("tree/b.json", "{\"b.json\":1}"); /* '.' sorts behind the end of "b" */
	(void)add_text("tree/B.json", "{\"B\":1}");
	(void)add_text("tree/noname", " \n{\"noname\":1}");
	(void)add_text("tree/notes.txt", "these are notes");
	(void)add_text("tree/nothing.txt", "");
	(void)add_text("tree/bad.json", "these are no notes");
	(void)add_text("tree/list", "[{\"list\":1}]");
	(void)add_text("tree/z\033[31m.json", "{\"esc\":1}");
	add_member(&b, STR("{\"gz\":1}"));
	(void)add_file("tree/y", buf_slice(&b), STR("{\"gz\":1}"));
	folder = path_of("tree");
	names[0] = folder;
	read_all(&log, names, 1, "a folder");
	is_str(log.events.p,
	    "tree/B.json 0 <{\"B\":1}>\ntree/a.json 0 <{\"a\":1}>\ntree/b/1.json 0 <{\"b1\":1}>\n"
	    "tree/b/c/x.json 0 <{\"bcx\":1}>\n"
	    "tree/b/z.ndjson 0 <{\"bz\":1}>\ntree/b.json 0 <{\"b.json\":1}>\n"
	    "tree/list 1 <{\"list\":1}>\ntree/noname 2 <{\"noname\":1}>\ntree/y 0 <{\"gz\":1}>\n"
	    "tree/z\033[31m.json 0 <{\"esc\":1}>\n",
	    "in the byte order of names, depth first");
	ok(strncmp(log.problems.p, "tree/bad.json 0 ", 16) == 0,
	    "a log that is no JSON is a problem: %s", log.problems.p);
	is_int(log.counts.problems, 1, "the only one");
	ok(strncmp(log.notes.p, "tree/notes.txt ", 15) == 0,
	    "what lies beside the logs is noted: %s", log.notes.p);
	is_int(log.counts.passed, 1, "and counted");
	is_int(log.counts.files, 12, "the others are read");
	log_free(&log);

	/* a slash at the end, the same twice, and what is not there */
	other = path_of("tree/b/");
	gone = path_of("gone.json");
	names[0] = gone;
	names[1] = other;
	names[2] = other;
	read_all(&log, names, 3, "several names");
	is_str(log.events.p,
	    "tree/b/1.json 0 <{\"b1\":1}>\n"
	    "tree/b/c/x.json 0 <{\"bcx\":1}>\ntree/b/z.ndjson 0 <{\"bz\":1}>\n"
	    "tree/b/1.json 0 <{\"b1\":1}>\n"
	    "tree/b/c/x.json 0 <{\"bcx\":1}>\ntree/b/z.ndjson 0 <{\"bz\":1}>\n",
	    "in the order given, the same one twice");
	ok(strncmp(log.problems.p, "gone.json - cannot open: ", 25) == 0,
	    "what is not there is a problem: %s", log.problems.p);
	log_free(&log);
	free(other);

	/* a file that is named is read whatever it is */
	other = path_of("tree/notes.txt");
	names[0] = other;
	read_all(&log, names, 1, "a text that is named");
	is_int(log.counts.problems, 1, "is a problem, and not passed over");
	log_free(&log);
	free(other);

	/* links: to a file, to a folder beside, to one around, to nothing, to itself */
	add_folder("links");
	add_folder("links/in");
	add_link("links/1.json", "../tree/a.json");
	add_link("links/2", "../tree/b/c");
	add_link("links/3", "..");
	add_link("links/in/4", "../../links");
	add_link("links/5.json", "nowhere");
	add_link("links/6.json", "6.json");
	(void)add_text("links/in/7.json", "{\"seven\":1}");
	loop = path_of("links");
	names[0] = loop;
	read_names(&log, names, 1, TRAIL_PAGE_SIZE);
	ok(strncmp(log.events.p, "links/1.json 0 <{\"a\":1}>\nlinks/2/x.json 0 <{\"bcx\":1}>\n",
	       54) == 0,
	    "links are followed");
	ok(strstr(log.events.p, "links/in/7.json") != NULL, "the rest behind loops is read");
	ok(strstr(log.problems.p, "links/5.json - cannot open") != NULL,
	    "a link to nothing is a problem");
	ok(strstr(log.problems.p, "links/6.json - cannot open") != NULL, "so is one to itself");
	ok(strstr(log.notes.p, "links/in/4 ") != NULL, "a link back is noted: %s", log.notes.p);
	log_free(&log);
	free(folder);
	free(gone);
	free(loop);
	buf_free(&b);
}

static void
test_special(void)
{
	const char *names[2];
	char *fifo, *folder;
	struct log log;
	int saved = dup(STDIN_FILENO), ends[2];

	add_folder("special");
	fifo = path_of("special/1-fifo");
	if (mkfifo(fifo, 0666) != 0)
		perror(fifo);
	(void)add_text("special/2.json", "{\"a\":1}");
	folder = path_of("special");
	names[0] = folder;
	read_all(&log, names, 1, "a fifo in a folder");
	is_str(log.events.p, "special/2.json 0 <{\"a\":1}>\n", "is passed over, not waited for");
	ok(strncmp(log.notes.p, "special/1-fifo ", 15) == 0, "and noted");
	is_str(log.problems.p, "", "and no problem");
	is_int(log.counts.passed, 1, "and counted");
	log_free(&log);

	/* standard input, by a pipe that is given piece by piece */
	for (size_t i = 0; i < 4; i++) {
		static const char text[] = "{\"a\":1}\n{\"b\":2}\n";

		if (pipe(ends) != 0 || dup2(ends[0], STDIN_FILENO) < 0)
			perror("pipe");
		if (write(ends[1], text, sizeof(text) - 1) < 0)
			perror("write");
		(void)close(ends[1]);
		(void)close(ends[0]);
		names[0] = "-";
		read_names(&log, names, 1, page_sizes[i * 4]);
		is_str(log.events.p, "- 0 <{\"a\":1}>\n- 8 <{\"b\":2}>\n", "standard input");
		is_str(log.problems.p, "", "no problems in it");
		log_free(&log);
	}
	(void)close(STDIN_FILENO);
	names[0] = "-";
	read_names(&log, names, 1, TRAIL_PAGE_SIZE);
	ok(strncmp(log.problems.p, "- - cannot open: ", 17) == 0, "a closed one is a problem: %s",
	    log.problems.p);
	log_free(&log);
	if (dup2(saved, STDIN_FILENO) < 0)
		perror("dup2");
	(void)close(saved);

	/* /dev/null is a file without events */
	names[0] = "/dev/null";
	read_names(&log, names, 1, TRAIL_PAGE_SIZE);
	is_str(log.problems.p, "", "/dev/null: no problems");
	is_int(log.counts.files, 1, "/dev/null: a file");
	log_free(&log);
	free(fifo);
	free(folder);
}

/* Folders in folders, one more than are entered. */
static void
test_depth(void)
{
	struct buf name = {0};
	char *folder = path_of("deep");
	const char *names[1] = {folder};
	struct log log;

	buf_str(&name, STR("deep"));
	for (int i = 0; i < TRAIL_MAX_DEPTH + 1; i++) {
		buf_char(&name, '\0');
		add_folder(name.p);
		name.n--;
		buf_str(&name, STR("/a.json"));
		buf_char(&name, '\0');
		(void)add_text(name.p, "{}");
		name.n -= 8;
		buf_str(&name, STR("/d"));
	}
	read_names(&log, names, 1, TRAIL_PAGE_SIZE);
	is_int(log.counts.files, TRAIL_MAX_DEPTH, "files in folders up to the limit are read");
	is_int(log.counts.problems, 1, "and what is below is a problem: %.200s",
	    log.problems.p + (log.problems.n > 80 ? log.problems.n - 80 : 0));
	log_free(&log);
	free(folder);
	buf_free(&name);
}

/* "HEAD" then `n` times the byte, then "TAIL", read with pages of several sizes. */
static void
check_large(const char *name, const char *head, char fill, size_t n, const char *tail,
    const char *events, const char *problems)
{
	struct buf b = {0};
	const char *path;

	buf_str(&b, str_of(head));
	buf_reserve(&b, n);
	memset(b.p + b.n, fill, n);
	b.n += n;
	buf_str(&b, str_of(tail));
	path = add_file(name, buf_slice(&b), STR(""));
	buf_free(&files[n_files - 1].content);
	files[n_files - 1].path[0] = '\0'; /* its content is not compared: it is large */
	path = path_of(name);
	for (size_t size = 65536; size <= 5u << 20; size *= 9) {
		struct log log;
		char *p;

		read_names(&log, &path, 1, size);
		for (p = log.problems.p; *p != '\0';
		     p++) { /* only name and position, the text says sizes */
			char *space = strchr(p, ' ');

			space = space != NULL ? strchr(space + 1, ' ') : NULL;
			if (space == NULL || (p = strchr(space, '\n')) == NULL)
				break;
			memset(space, '.', (size_t)(p - space));
		}
		if (problems[0] == '\0')
			is_str(log.problems.p, "", "%s, pages of %zu: no problems", name, size);
		else
			ok(strncmp(log.problems.p, problems, strlen(problems)) == 0 &&
				log.counts.problems == 1,
			    "%s, pages of %zu: a problem, once (%d): %.80s", name, size,
			    (int)log.counts.problems, log.problems.p);
		is_str(log.events.p, events, "%s, pages of %zu: the other events", name, size);
		ok(log.most <= 2 * TRAIL_MAX_EVENT + 4 * size,
		    "%s, pages of %zu: %zu bytes held at most", name, size, log.most);
		is_int(log.counts.bytes, b.n, "%s, pages of %zu: all is read", name, size);
		log_free(&log);
	}
	(void)unlink(path);
	free((char *)(uintptr_t)path);
	buf_free(&b);
}

static void
test_large(void)
{
	enum { M = 1 << 20 };

	check_large("15.json", "[{\"a\":1},\"", 'x', 15 * M, "\",{\"b\":2}]",
	    "15.json 1 <{\"a\":1}>\n"
	    "15.json 9 <\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx>\n"
	    "15.json 15728652 <{\"b\":2}>\n",
	    "");
	check_large("list.json", "{\"Records\":[{\"a\":1},{\"x\":\"", 'x', 20 * M,
	    "\"},{\"b\":2}]}", "list.json 12 <{\"a\":1}>\nlist.json 20971549 <{\"b\":2}>\n",
	    "list.json 20...");
	check_large("line.json", "{\"a\":1}\n{\"x\":\"", 'x', 20 * M, "\"}\n{\"b\":2}\n",
	    "line.json 0 <{\"a\":1}>\nline.json 20971537 <{\"b\":2}>\n", "line.json 8...");
	check_large("object.json", "{\"x\":\"", 'x', 20 * M, "\"}\n{\"b\":2}\n",
	    "object.json 20971529 <{\"b\":2}>\n", "object.json 0...");
	check_large("space.json", "{\"a\":1}\n", ' ', 20 * M, "\n{\"b\":2}\n",
	    "space.json 0 <{\"a\":1}>\nspace.json 20971529 <{\"b\":2}>\n", "");
	check_large("name.json", "{\"", 'x', 40 * M, "\":1}\n{\"b\":2}\n",
	    "name.json 41943047 <{\"b\":2}>\n", "name.json 0...");
	check_large("endless.json", "{\"a\":1}\n{\"x\":\"", 'x', 40 * M, "",
	    "endless.json 0 <{\"a\":1}>\n", "endless.json 8...");
}

/* --- lines that are looked at in place --- */

enum { LINE = 64, LINES = 4096 }; /* a file of so many lines of so many bytes: 256 KiB */

static struct str
many_lines(struct buf *b)
{
	for (int i = 0; i < LINES; i++)
		buf_printf(b, "{\"n\":%57d}\n", i);
	return buf_slice(b);
}

static void
resize(const char *path, off_t size)
{
	if (truncate(path, size) != 0)
		perror(path);
}

/* Are the page's lines those of the file up to `size`, and zeros behind it? */
static bool
has_lines(const struct page *page, struct str content, uint64_t size)
{
	for (size_t i = 0; i < page->text.n; i++) {
		uint64_t at = page->base + i;

		if (page->text.p[i] != (at < size ? content.p[at] : '\0'))
			return false;
	}
	return true;
}

/* The file has another size when its second piece of lines is looked at, `before` the first one is
 * or only then: up to the piece's beginning and `at` more bytes, or, with `even`, up to the end of
 * the system's page that these end in. */
static void
check_resized(off_t at, bool even, bool before, bool shorter, const char *what)
{
	struct buf b = {0};
	struct str content = many_lines(&b);
	const char *path = add_file("resized.json", content, STR(""));
	struct source *s = trail_open(&path, 1, 65536, scan_best());
	struct page *pages[2] = {page_new(), page_new()};
	void *loader = s->loader_new(s);
	uint64_t size = b.n;

	for (int i = 0; i < 2; i++)
		while (s->next(s, 0, pages[i]) && pages[i]->piece.kind == PIECE_NONE)
			page_reset(pages[i]);
	is_int(pages[1]->piece.kind, PIECE_LINES, "%s: lines", what);
	for (int i = 0; i < 2; i++) {
		uint64_t begin = pages[i]->piece.at;

		if (i == 1 || before) {
			size = pages[1]->piece.at + (uint64_t)at;
			if (even)
				size += 4096 - size % 4096;
			resize(path, (off_t)size);
		}
		ok(s->load(loader, pages[i]) && pages[i]->base == begin &&
			has_lines(pages[i], content, size),
		    "%s: piece %d is what is there", what, i);
		ok(!s->load(loader, pages[i]), "%s: and that is all", what);
	}
	is_int(pages[0]->n_problems, 0, "%s: before it is no problem", what);
	is_int(pages[1]->n_problems, shorter, "%s: problems", what);
	if (pages[1]->n_problems > 0)
		is_str(pages[1]->problems[0].what, "the file became shorter while it was searched",
		    "%s: which one", what);
	for (int i = 0; i < 2; i++)
		page_free(pages[i]);
	s->loader_free(loader);
	s->close(s);
	(void)unlink(path);
	buf_free(&b);
}

/* The same where a file is read. */
static void
check_cut_list(void)
{
	struct buf b = {0};
	const char *path;
	struct source *s;
	struct page *page = page_new();

	buf_str(&b, STR("{\"Records\":[{}"));
	for (int i = 0; i < 100000; i++)
		buf_str(&b, STR(",{}"));
	buf_str(&b, STR("]}"));
	path = add_file("list.json", buf_slice(&b), STR(""));
	s = trail_open(&path, 1, 65536, scan_best());
	ok(s->next(s, 0, page) && page->n_problems == 0, "the beginning of a list");
	resize(path, 100000);
	while (page->n_problems == 0) {
		page_reset(page);
		if (!s->next(s, 0, page))
			break;
	}
	ok(page->n_problems == 2 && strstr(page->problems[1].what, "became shorter") != NULL,
	    "which is cut off then");
	page_free(page);
	s->close(s);
	(void)unlink(path);
	buf_free(&b);
}

/* All lines of a file come out, whatever its size is to a page of the system's. */
static void
check_whole(size_t lines)
{
	struct buf b = {0};
	struct log log;
	const char *path;

	(void)many_lines(&b);
	path = add_file("whole.json", (struct str){b.p, lines * LINE}, buf_slice(&b));
	read_names(&log, &path, 1, 16384);
	is_int(log.odd, 0, "%zu lines: nothing odd", lines);
	is_str(log.problems.p, "", "%zu lines: no problems", lines);
	is_int(log.counts.bytes, lines * LINE, "%zu lines: all are read", lines);
	is_int(log.counts.files, 1, "%zu lines: one file", lines);
	log_free(&log);
	(void)unlink(path);
	buf_free(&b);
}

static void
test_map(void)
{
	for (int before = 0; before < 2; before++) {
		check_resized(0, false, before, true, "cut off where it begins");
		check_resized(1000, false, before, true, "cut off in a page");
		check_resized(8192, true, before, true, "cut off at a page's end");
		check_resized(60000, false, before, true, "cut off near its end");
		check_resized(70000, false, before, false, "cut off behind it");
		check_resized(LINES * LINE, false, before, false, "it has grown");
	}
	check_cut_list();
	check_whole(LINES);
	check_whole(LINES - 1);
	check_whole(LINES / 2);
	check_whole(LINES / 2 + 1);
}

int
main(void)
{
	if (mkdtemp(top) == NULL) {
		perror(top);
		return 1;
	}
	test_forms();
	test_many();
	test_gz();
	test_folders();
	test_special();
	test_depth();
	test_large();
	test_map();
	remove_all();
	return done_testing();
}

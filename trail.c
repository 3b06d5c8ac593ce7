/* trail.c: see trail.h. A walk over names (struct walk) finds the files; reading one is a gz stream
 * whose bytes are framed page by page, what is left of an unfinished event being carried over to
 * the next page. */
#define _GNU_SOURCE /* F_SETPIPE_SZ */
#include "trail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frame.h"
#include "gz.h"
#include "json.h"
#include "page.h"

struct folder {
	DIR *dir;
	char *path;
	char **names; /* sorted */
	size_t n;
	size_t next;
	dev_t dev;
	ino_t ino;
};

struct trail {
	struct source source;
	const char *const *roots;
	size_t n_roots;
	size_t next_root;
	size_t page_size;
	size_t batch;              /* bytes of the files that the page at hand names */
	struct piece_file waiting; /* what comes behind them, if it has a path */
	struct folder *folders;    /* the folders we are in, the innermost last */
	size_t depth;

	int fd;       /* of the file at hand; -1 without one */
	int64_t size; /* of a regular file; -1 of others */
	char *path;   /* its name */
	bool named;   /* it was named, not found in a folder */
	bool began;   /* some of it was read */
	struct gz *gz;
	struct framer framer;
	struct scan scan; /* give_part's */
	enum scan_kernel kernel;
	struct buf rest; /* read but not yet in a page */
	uint64_t pos;    /* of rest.p[0], or of what comes next, in the inflated file */
	bool by_lines;   /* what comes next is handed out as lines that are still to be read */
};

/* Reads what pages describe. */
struct loader {
	struct trail trail; /* for a file that is to be read piece by piece */
	struct gz *gz;
	struct buf in;
	struct buf text; /* what a page looks at, read and inflated */
};

/* --- finding files --- */

static char *
join(const char *folder, const char *name)
{
	size_t n = strlen(folder), m = strlen(name);
	bool slash = n > 0 && folder[n - 1] != '/';
	char *path = xmalloc(n + slash + m + 1);

	memcpy(path, folder, n);
	if (slash)
		path[n] = '/';
	memcpy(path + n + slash, name, m + 1);
	return path;
}

static char *
copy(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(xmalloc(n), s, n);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Read the names in a folder, sorted. -1 with errno. */
static int
list_folder(struct folder *f)
{
	struct dirent *e;
	size_t cap = 0;
	int error;

	while (errno = 0, (e = readdir(f->dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (f->n == cap) {
			cap = cap > 0 ? cap * 2 : 64;
			f->names = xrealloc(f->names, cap, sizeof(*f->names));
		}
		f->names[f->n++] = copy(e->d_name);
	}
	error = errno;
	if (f->n > 0)
		qsort(f->names, f->n, sizeof(*f->names), by_name);
	errno = error;
	return error != 0 ? -1 : 0;
}

static void
leave_folder(struct trail *t)
{
	struct folder *f = &t->folders[--t->depth];

	for (size_t i = 0; i < f->n; i++)
		free(f->names[i]);
	free(f->names);
	free(f->path);
	if (f->dir != NULL)
		(void)closedir(f->dir);
}

static bool
is_inside(const struct trail *t, const struct stat *st)
{
	for (size_t i = 0; i < t->depth; i++)
		if (t->folders[i].dev == st->st_dev && t->folders[i].ino == st->st_ino)
			return true;
	return false;
}

/* Go into the folder open at fd, which is taken over, as path is. */
static void
enter_folder(struct trail *t, int fd, char *path, const struct stat *st, struct page *page)
{
	struct folder f = {.path = path, .dev = st->st_dev, .ino = st->st_ino};

	if (is_inside(t, st)) {
		page_note(page, path, "a link back to a folder around it, not followed");
		(void)close(fd);
		free(path);
		return;
	}
	if (t->depth == TRAIL_MAX_DEPTH) {
		page_problem(page, path, UINT64_MAX, "not searched: deeper than %d folders",
		    TRAIL_MAX_DEPTH);
		(void)close(fd);
		free(path);
		return;
	}
	f.dir = fdopendir(fd);
	if (f.dir == NULL)
		(void)close(fd);
	if (f.dir == NULL || list_folder(&f) != 0)
		page_problem(page, path, UINT64_MAX, "cannot list the folder: %s", strerror(errno));
	t->folders = xrealloc(t->folders, t->depth + 1, sizeof(*t->folders));
	t->folders[t->depth++] = f;
}

/* Standard input under a number of its own. */
static int
open_stdin(void)
{
	int flags = fcntl(STDIN_FILENO, F_GETFL);

	if (flags >= 0 && (flags & O_ACCMODE) == O_WRONLY) {
		errno = EBADF;
		return -1;
	}
	return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
}

static ssize_t
read_input(void *context, char *p, size_t n, struct err *err)
{
	struct trail *t = context;
	ssize_t got;

	do
		got = read(t->fd, p, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		(void)err_set(err, 0, "cannot read: %s", strerror(errno));
	return got;
}

static void
begin_file(struct trail *t)
{
	gz_start(t->gz, read_input, t);
	frame_start(&t->framer);
	t->rest.n = 0;
	t->pos = 0;
	t->began = t->by_lines = false;
	/* Fewer and larger reads; of what is no pipe, or beyond the limit, nothing is changed. */
	(void)fcntl(t->fd, F_SETPIPE_SZ, TRAIL_PIPE);
}

/* Files up to this are read whole: less with the small pages of tests. */
static int64_t
whole_file(const struct trail *t)
{
	return t->page_size < TRAIL_PAGE_SIZE ? (int64_t)t->page_size : TRAIL_WHOLE_FILE;
}

/* What is not named lies in the innermost folder, from where the way is short. */
static bool
look_at(const struct trail *t, const char *path, bool named, struct stat *st)
{
	if (named)
		return stat(path, st) == 0;
	return fstatat(dirfd(t->folders[t->depth - 1].dir), strrchr(path, '/') + 1, st, 0) == 0;
}

/* Begin with what path (taken over) names: a file becomes the one at hand, a folder is entered. */
static void
open_path(struct trail *t, char *path, bool named, struct page *page)
{
	struct stat st;
	bool in = named && strcmp(path, "-") == 0;
	bool there = !in && look_at(t, path, named, &st);
	int fd;

	/* What is not to be read is not opened: opening a fifo waits for its writer. */
	if (there && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= whole_file(t) &&
	    (page->piece.n_files == 0 || t->batch + (size_t)st.st_size <= TRAIL_BATCH)) {
		t->batch += (size_t)st.st_size;
		page_add_file(page, path, named);
		return;
	}
	/* A file that is too much for this page has the next one. To open a fifo, or to read on in
	 * a large file, may take its time: after what is found. */
	if (page->piece.n_files > 0) {
		t->waiting = (struct piece_file){path, named};
		return;
	}
	if (there && !named && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		page_note(page, path, "neither a file nor a folder, passed over");
		page->counts.passed++;
		free(path);
		return;
	}
	fd = in ? open_stdin() : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0) {
		page_problem(page, path, UINT64_MAX, "cannot open: %s", strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		free(path);
		return;
	}
	if (S_ISDIR(st.st_mode) && in) {
		page_problem(page, path, UINT64_MAX, "cannot read: %s", strerror(EISDIR));
		(void)close(fd);
		free(path);
		return;
	}
	if (S_ISDIR(st.st_mode)) {
		enter_folder(t, fd, path, &st, page);
		return;
	}
	t->fd = fd;
	t->path = path;
	t->named = named;
	t->size = S_ISREG(st.st_mode) && !in ? (int64_t)st.st_size : -1;
	begin_file(t);
}

/* Make the next file the one at hand, or add files to the page's piece. False when there is nothing
 * more. */
static bool
next_file(struct trail *t, struct page *page)
{
	struct piece_file file = t->waiting;

	t->batch = 0;
	t->waiting = (struct piece_file){0};
	if (file.path != NULL)
		open_path(t, file.path, file.named, page);
	while (t->fd < 0 && t->waiting.path == NULL && page->n_problems == 0 &&
	    t->batch < TRAIL_BATCH && page->piece.n_files < TRAIL_MAX_BATCH) {
		if (t->depth > 0) {
			struct folder *f = &t->folders[t->depth - 1];

			if (f->next == f->n)
				leave_folder(t);
			else
				open_path(t, join(f->path, f->names[f->next++]), false, page);
		} else if (t->next_root < t->n_roots) {
			open_path(t, copy(t->roots[t->next_root++]), true, page);
		} else {
			return page->piece.n_files > 0;
		}
	}
	return true;
}

/* --- reading one --- */

static void
end_file(struct trail *t)
{
	(void)close(t->fd);
	t->fd = -1;
	free(t->path);
	t->path = NULL;
}

static bool
has_log_name(const char *path)
{
	static const char *const endings[] = {".json", ".jsonl", ".ndjson", ".gz"};
	struct str s = str_of(path);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t n = strlen(endings[i]);

		if (s.n > n && str_eq_nocase((struct str){s.p + s.n - n, n}, str_of(endings[i])))
			return true;
	}
	return false;
}

/* Is this, by its first bytes, a file that only lies beside the logs? */
static bool
is_other_file(bool named, const char *path, struct str head)
{
	size_t i = 0;

	if (named || has_log_name(path))
		return false;
	if (head.n >= 3 && memcmp(head.p, "\xef\xbb\xbf", 3) == 0)
		i = 3;
	while (i < head.n && json_is_space(head.p[i]))
		i++;
	return i < head.n && head.p[i] != '{' && head.p[i] != '[' && head.p[i] != '"';
}

static void
pass_over(struct page *page)
{
	page_note(page, NULL, "this is no JSON, passed over");
	page->counts.passed++;
}

/* After the first read of a file: is it to be searched? */
static bool
check_head(struct trail *t, struct page *page)
{
	t->began = true;
	if (!is_other_file(t->named, t->path, buf_slice(&page->bytes)))
		return true;
	pass_over(page);
	return false;
}

/* Frame what the page has got. True when the stream is over. */
static bool
frame_page(struct trail *t, struct page *page, bool ended)
{
	for (;;) {
		struct span event;
		struct err err;

		switch (frame_next(&t->framer, page->bytes.p, page->bytes.n, ended, &event, &err)) {
		case FRAME_EVENT:
			page_add_event(page, event);
			break;
		case FRAME_BAD:
			page_problem(page, NULL, page->base + err.pos, "%s", err.msg);
			break;
		case FRAME_MORE:
			return false;
		case FRAME_END:
			return true;
		}
	}
}

/* Take what is not framed yet out of the page, for the next one. */
static void
carry_over(struct trail *t, struct page *page)
{
	size_t keep = t->framer.keep;

	t->rest.n = 0;
	buf_add(&t->rest, page->bytes.p + keep, page->bytes.n - keep);
	frame_drop(&t->framer, keep);
	t->pos = page->base + keep;
	page->bytes.n = keep;
}

/* Leave what the page has of lines or of a list to who searches it. False where the next event is
 * not of these, or not whole. */
static bool
give_part(struct trail *t, struct page *page)
{
	size_t begin, n;
	enum frame_part part = frame_pass(
	    &t->framer, page->bytes.p, page->bytes.n, &t->scan, t->kernel, &begin);

	if (part == FRAME_NO_PART)
		return false;
	n = t->framer.keep - begin;
	carry_over(t, page);
	buf_char(&page->bytes, '\n'); /* room for the last one's line feed */
	page->form = part == FRAME_LINES ? FORM_LINES : FORM_ITEMS;
	page->text = (struct str){page->bytes.p + begin, n};
	page->base += begin;
	page->in_place = page->prints && page->n_lines == 0;
	return true;
}

/* The event at hand is larger than we hold. */
static void
give_up_event(struct trail *t, struct page *page)
{
	struct err err;

	if (frame_overflow(&t->framer, page->bytes.p, page->bytes.n, &err) == FRAME_BAD)
		page_problem(page, NULL, page->base + err.pos, "%s", err.msg);
	(void)frame_page(t, page, false);
}

/* The page is full of one unfinished event, and has no other. */
static void
make_room(struct trail *t, struct page *page)
{
	size_t keep = t->framer.keep;

	memmove(page->bytes.p, page->bytes.p + keep, page->bytes.n - keep);
	page->bytes.n -= keep;
	page->base += keep;
	frame_drop(&t->framer, keep);
	buf_reserve(&page->bytes, t->page_size);
}

/* Begin a page with what the last one left over. */
static void
begin_page(struct trail *t, struct page *page)
{
	page->name.n = 0;
	buf_str(&page->name, str_of(t->path));
	page->bytes.n = 0;
	buf_reserve(&page->bytes, t->rest.n > t->page_size / 2 ? t->rest.n * 2 : t->page_size);
	buf_str(&page->bytes, buf_slice(&t->rest));
	page->base = t->pos;
}

static void
became_shorter(struct page *page)
{
	page_problem(page, NULL, UINT64_MAX, "the file became shorter while it was searched");
}

/* The file is over, at its end or by an error. */
static void
finish_file(struct trail *t, struct page *page, ssize_t got, const struct err *err)
{
	if (got < 0 && gz_is_gzip(t->gz))
		page_problem(page, NULL, UINT64_MAX,
		    "%s, at byte %zu of the compressed file; nothing behind it was searched",
		    err->msg, err->pos);
	else if (got < 0)
		page_problem(page, NULL, UINT64_MAX,
		    "%s, at byte %zu of the file; nothing behind it was searched", err->msg,
		    (size_t)page->base + page->bytes.n);
	else if (!gz_is_gzip(t->gz) && (int64_t)(page->base + page->bytes.n) < t->size)
		became_shorter(page);
	page->counts.files++;
	end_file(t);
}

/* Read on in the file at hand until the page is worth handing over, or the file is over. */
static void
read_file(struct trail *t, struct page *page)
{
	begin_page(t, page);
	for (;;) {
		size_t room = page->bytes.cap - page->bytes.n;
		struct err err;
		ssize_t got;
		bool over;

		if (room > t->page_size)
			room = t->page_size;
		got = gz_read(t->gz, page->bytes.p + page->bytes.n, room, &err);
		if (got > 0)
			page->bytes.n += (size_t)got;
		if (got > 0 && !t->began && !check_head(t, page)) {
			end_file(t);
			return;
		}
		page->counts.bytes += got > 0 ? (uint64_t)got : 0;
		if (got >= 0 && page->n_events == 0 && give_part(t, page))
			return;
		over = frame_page(t, page, got == 0);
		if (over || got <= 0) {
			finish_file(t, page, got, &err);
			return;
		}
		if (page->bytes.n - t->framer.keep > TRAIL_MAX_EVENT)
			give_up_event(t, page);
		/* Hand over a full page, and what a slow pipe has given so far. */
		if (page->n_events > 0 &&
		    (page->bytes.n == page->bytes.cap || (size_t)got < room)) {
			carry_over(t, page);
			return;
		}
		if (page->bytes.n == page->bytes.cap)
			make_room(t, page);
	}
}

/* --- pieces: what is read and framed by those who search --- */

/* Where a piece of lines, from t->pos on, can end: at a line's end or the file's. 0 where an event
 * in it may be larger than we hold. */
static uint64_t
find_cut(const struct trail *t)
{
	enum { WINDOW = 8192, OVERLAP = 64 };
	uint64_t most = t->pos + TRAIL_MAX_EVENT;
	uint64_t at = t->pos + (t->page_size < TRAIL_PAGE_SIZE ? t->page_size : TRAIL_PIECE);
	char window[WINDOW];

	for (; at < (uint64_t)t->size && at < most; at += WINDOW - OVERLAP) {
		ssize_t n = pread(t->fd, window, sizeof(window), (off_t)at);
		const char *p = window, *end = window + (n > 0 ? n : 0), *nl;

		while ((nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
			if (frame_is_cut(window, nl, end))
				return at + (uint64_t)(nl - window) + 1;
			p = nl + 1;
		}
		if (n < (ssize_t)sizeof(window))
			break;
	}
	return (uint64_t)t->size <= most ? (uint64_t)t->size : 0;
}

/* Hand out its next lines. False where they have to be read. */
static bool
give_lines(struct trail *t, struct page *page)
{
	uint64_t end = find_cut(t);
	bool last = end >= (uint64_t)t->size;

	if (end == 0)
		return false;
	buf_str(&page->name, str_of(t->path));
	page->piece = (struct piece){.kind = PIECE_LINES,
	    .fd = last ? t->fd : fcntl(t->fd, F_DUPFD_CLOEXEC, 0),
	    .last = last,
	    .at = t->pos,
	    .n = end - t->pos};
	t->pos = end;
	if (page->piece.fd < 0)
		page_problem(page, NULL, t->pos, "cannot read: %s", strerror(errno));
	if (last) {
		free(t->path);
		t->path = NULL;
		t->fd = -1;
	}
	return true;
}

/* Read on between its lines. */
static void
leave_lines(struct trail *t)
{
	(void)lseek(t->fd, (off_t)t->pos, SEEK_SET);
	gz_start(t->gz, read_input, t);
	frame_start_lines(&t->framer);
	t->by_lines = false;
}

/* After the first pages of a large file: is it NDJSON, so that its lines can be handed out? */
static bool
goes_on_by_lines(const struct trail *t)
{
	return t->fd >= 0 && t->size > 0 && !gz_is_gzip(t->gz) && t->pos < (uint64_t)t->size &&
	    frame_keeps_line(&t->framer);
}

static ssize_t
read_at(int fd, struct buf *b, size_t n, uint64_t at)
{
	b->n = 0;
	buf_reserve(b, n + 1);
	while (b->n < n) {
		ssize_t got = pread(fd, b->p + b->n, n - b->n, (off_t)(at + b->n));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		b->n += (size_t)got;
	}
	return (ssize_t)b->n;
}

static bool load_stream(struct loader *l, struct page *page);
static void begin_stream(
    struct loader *l, struct page *page, int fd, const struct piece_file *file);

/* Where the next text is to be put: to where its lines can stay, if most of the one before was
 * printed. The larger buffer is for that. */
static struct buf *
where_to(struct loader *l, struct page *page)
{
	if (!page->prints || page->n_lines > 0)
		return &l->text;
	page_begin_in_place(page);
	if (l->text.cap > page->bytes.cap)
		buf_swap(&l->text, &page->bytes);
	return &page->bytes;
}

static bool
load_lines(struct loader *l, struct page *page)
{
	struct piece *piece = &page->piece;
	struct buf *to = where_to(l, page);

	if (read_at(piece->fd, to, piece->n, piece->at) < 0)
		page_problem(page, NULL, UINT64_MAX, "cannot read: %s", strerror(errno));
	page->text = buf_slice(to);
	page->form = FORM_LINES;
	page->base = piece->at;
	page->counts.bytes += page->text.n;
	page->counts.files += piece->last;
	piece->kind = PIECE_NONE;
	return true;
}

/* The lines were searched. */
static void
check_lines(struct page *page)
{
	const struct piece *piece = &page->piece;
	struct stat st;

	if (fstat(piece->fd, &st) == 0 && (uint64_t)st.st_size < piece->at + piece->n)
		became_shorter(page);
}

/* Read the file at fd whole and inflate it. False where that is not possible. */
static bool
load_whole(struct loader *l, struct page *page, int fd)
{
	struct buf *text;

	if (read_at(fd, &l->in, TRAIL_WHOLE_FILE + 1, 0) < 0 || l->in.n > TRAIL_WHOLE_FILE)
		return false;
	text = where_to(l, page);
	if (gz_begins(buf_slice(&l->in))) {
		if (gz_inflate(l->gz, buf_slice(&l->in), text) != 0) {
			page->in_place = false;
			return false;
		}
	} else {
		buf_swap(&l->in, text);
	}
	page->text = buf_slice(text);
	return true;
}

/* Read the next of the page's files. False when there is none that has something to search. */
static bool
load_file(struct loader *l, struct page *page)
{
	struct piece *piece = &page->piece;

	while (piece->next < piece->n_files) {
		struct piece_file *file = &piece->files[piece->next++];
		int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

		page->name.n = 0;
		buf_str(&page->name, str_of(file->path));
		if (fd < 0) {
			page_problem(page, NULL, UINT64_MAX, "cannot open: %s", strerror(errno));
			continue;
		}
		page->base = 0;
		page->form = FORM_DOCUMENT;
		if (!load_whole(l, page, fd)) {
			begin_stream(l, page, fd, file);
			return load_stream(l, page);
		}
		(void)close(fd);
		if (is_other_file(file->named, file->path, page->text)) {
			pass_over(page);
			page->in_place = false;
			continue;
		}
		page->counts.bytes += page->text.n;
		page->counts.files++;
		return true;
	}
	piece->kind = PIECE_NONE;
	return false;
}

/* Read on in a file that is read piece by piece. */
static bool
load_stream(struct loader *l, struct page *page)
{
	if (l->trail.fd < 0) {
		page->piece.kind = PIECE_FILES;
		return load_file(l, page);
	}
	page->form = FORM_EVENTS;
	page->text = STR("");
	read_file(&l->trail, page);
	return true;
}

static void
begin_stream(struct loader *l, struct page *page, int fd, const struct piece_file *file)
{
	struct trail *t = &l->trail;

	(void)lseek(fd, 0, SEEK_SET);
	t->fd = fd;
	t->named = file->named;
	t->path = copy(file->path);
	page->piece.kind = PIECE_STREAM;
	begin_file(t);
}

static bool
trail_load(void *loader, struct page *page)
{
	struct loader *l = loader;

	switch (page->piece.kind) {
	case PIECE_FILES:
		return load_file(l, page);
	case PIECE_STREAM:
		return load_stream(l, page);
	case PIECE_LINES:
		return load_lines(l, page);
	default:
		check_lines(page);
		return false;
	}
}

static void *
trail_loader_new(struct source *source)
{
	struct loader *l = xmalloc(sizeof(*l));

	*l = (struct loader){.trail = {.fd = -1,
				 .page_size = ((struct trail *)source)->page_size,
				 .kernel = ((struct trail *)source)->kernel}};
	l->gz = l->trail.gz = gz_new();
	return l;
}

static void
trail_loader_free(void *loader)
{
	struct loader *l = loader;

	if (l->trail.fd >= 0)
		end_file(&l->trail);
	gz_free(l->gz);
	buf_free(&l->in);
	buf_free(&l->text);
	buf_free(&l->trail.rest);
	free(l);
}

/* --- the source --- */

static bool
trail_next(struct source *source, size_t stream, struct page *page)
{
	struct trail *t = (struct trail *)source;

	(void)stream; /* there is one */
	while (page->n_events == 0 && page->text.n == 0 && page->n_problems == 0 &&
	    page->piece.kind == PIECE_NONE) {
		if (t->fd < 0 && (!next_file(t, page) || page->piece.n_files > 0 || t->fd < 0))
			break;
		if (t->by_lines && give_lines(t, page))
			break;
		if (t->by_lines)
			leave_lines(t);
		read_file(t, page);
		if (goes_on_by_lines(t)) {
			t->by_lines = true;
			page->counts.bytes -= t->rest.n; /* they are read again */
			t->rest.n = 0;
		}
	}
	return page->n_events > 0 || page->text.n > 0 || page->n_problems > 0 ||
	    page->counts.files > 0 || page->piece.kind != PIECE_NONE;
}

static void
trail_close(struct source *source)
{
	struct trail *t = (struct trail *)source;

	if (t->fd >= 0)
		end_file(t);
	while (t->depth > 0)
		leave_folder(t);
	free(t->waiting.path);
	free(t->folders);
	gz_free(t->gz);
	buf_free(&t->rest);
	free(t);
}

struct source *
trail_open(const char *const *names, size_t n, size_t page_size, enum scan_kernel kernel)
{
	struct trail *t = xmalloc(sizeof(*t));

	*t = (struct trail){.source = {.next = trail_next,
				.close = trail_close,
				.loader_new = trail_loader_new,
				.loader_free = trail_loader_free,
				.load = trail_load},
	    .roots = names,
	    .n_roots = n,
	    .page_size = page_size,
	    .kernel = kernel,
	    .fd = -1};
	t->gz = gz_new();
	return &t->source;
}

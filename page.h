/* page.h: the unit that moves through the program: a block of bytes with whole events in it, and
 * what became of them.
 *
 * A page has one owner at a time: the source fills it, a matcher searches it, the writer prints its
 * lines and hands it back. Everything that is counted or complained about travels with the page, so
 * that it comes out in the order it was read, and no counter is shared between threads. */
#ifndef PAGE_H
#define PAGE_H

#include "frame.h"
#include "id.h"
#include "str.h"

#define PAGE_MAX_PROBLEMS                                                                          \
	64 /* problems with a position that a page keeps: garbage has one a line */
#define PAGE_KEEP_BYTES                                                                            \
	(8u << 20) /* a buffer grown beyond this is given back when the page is reused */

/* What was done, to be summed up. */
struct counts {
	uint64_t pages;  /* answers of LookupEvents */
	uint64_t files;  /* read, wholly or up to an error */
	uint64_t bytes;  /* of JSON text, inflated */
	uint64_t events; /* searched */
	uint64_t matched;
	uint64_t undated;  /* matched without an eventTime although a time window was given */
	uint64_t digests;  /* digest files recognised and passed over */
	uint64_t passed;   /* files in folders that are no trail logs, passed over */
	uint64_t problems; /* things that could not be searched */
};

void counts_add(struct counts *sum, const struct counts *c);

struct problem {
	char *where;  /* the file's name, as it is; whoever prints it escapes it */
	uint64_t pos; /* byte in it (inflated); only with has_pos */
	bool has_pos;
	uint64_t more; /* problems behind this one that were counted, but not kept */
	bool warning;  /* nothing was left unsearched, but a person should know */
	bool note;     /* only worth knowing: nothing was left unsearched */
	char *what;    /* one line, foreign bytes escaped */
};

/* A match: one line of page->out with its line feed. */
struct line {
	struct span span;
	int64_t time; /* eventTime in us since the epoch (when.h); INT64_MIN where there is none */
	struct id id;
	size_t stream; /* that it is from */
};

/* What a page is about that is still to be loaded (source.h). */
enum piece_kind {
	PIECE_NONE,
	PIECE_FILES,  /* files that are each to be read whole */
	PIECE_STREAM, /* the same, while one of them is read piece by piece */
	PIECE_LINES   /* lines of a file */
};

struct piece_file {
	char *path;
	bool named; /* on the command line */
};

struct piece {
	enum piece_kind kind;
	struct piece_file *files; /* those from `next` on are still to be read */
	size_t n_files;
	size_t next;
	int fd;        /* of lines: the page's own; -1 without */
	bool last;     /* they are the last of their file */
	uint64_t at;   /* in the file: from here on, n bytes */
	uint64_t n;
};

/* How the page's events are found. */
enum page_form {
	FORM_EVENTS,   /* they are in page->events */
	FORM_DOCUMENT, /* text is a whole stream as of frame.h */
	FORM_LINES,    /* text is lines of NDJSON */
	FORM_ITEMS     /* text is elements of a list, with what is between them */
};

struct page {
	uint64_t seq;    /* 0, 1, 2, ... in the order read, of its stream */
	size_t stream;   /* of the source: which it is from */
	int64_t reached; /* of a stream: no event of it to come is newer (us) */
	bool ended;      /* the stream's last page */
	bool failed;     /* likewise, but what is not newer than `reached` was not searched */
	struct buf name; /* of the file */
	struct piece piece;
	enum page_form form;
	struct buf bytes;    /* what events are in, or lines */
	struct str text; /* of a document, lines, items: in bytes, or the loader's until the next */
	uint64_t base;       /* position of bytes.p[0] or text.p[0] in the file (inflated) */
	struct span *events; /* n_events slices of bytes */
	size_t n_events;
	size_t cap_events;
	struct problem *problems;
	size_t n_problems;
	struct counts counts;
	struct buf out; /* the matches' lines, from the first one's span on */
	bool prints;    /* most of the text that its thread searched last was printed */
	bool in_place;  /* most of the text will be printed: it is in `bytes`, where lines stay as
			   long as they follow each other with one byte between them */
	struct line *lines;
	size_t n_lines;
	size_t cap_lines;
};

struct page *page_new(void) MUSTUSE;
void page_free(struct page *page);

/* Empty it for the next use; its buffers stay. */
void page_reset(struct page *page);

/* Empty it, and give its buffers back, as the next use is far. */
void page_shrink(struct page *page);

void page_add_event(struct page *page, struct span event);

/* Add a file to the page's piece. path is taken over. */
void page_add_file(struct page *page, char *path, bool named);

/* The page, which has no lines yet, is about to get a text into `bytes`, in place of whatever is
 * there, of which most will be printed: that is the larger one of its two buffers then. */
void page_begin_in_place(struct page *page);

/* Add a match. text is its line without the line feed; line says the rest about it. */
void page_add_line(struct page *page, struct str text, const struct line *line);

/* All matches were added: bring those that are still in place to page->out. */
void page_end_lines(struct page *page);

/* The first n lines, when all were added: they lie one behind the other in page->out. */
struct str page_lines(const struct page *page, size_t n);

/* Add a match whose text is valid JSON, made of one line if it was not. */
void page_add_json(struct page *page, struct str text, const struct line *line);

/* Note that something could not be searched, and count it. where: the file, the page's own when
 * NULL. pos as in struct problem, UINT64_MAX for none. */
void page_problem(struct page *page, const char *where, uint64_t pos, const char *fmt, ...)
    PRINTFLIKE(4, 5);

/* The same for what leaves nothing unsearched: a warning, and what is only worth knowing. */
void page_warning(struct page *page, const char *where, const char *fmt, ...) PRINTFLIKE(3, 4);
void page_note(struct page *page, const char *where, const char *fmt, ...) PRINTFLIKE(3, 4);

#endif

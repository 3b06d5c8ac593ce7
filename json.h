/* json.h: RFC 8259 JSON: parse, look up, compare, print.
 *
 * json_parse turns one text into a flat array of values in document order: a container is followed
 * by its members, and `skip` leads from a value to the one behind its subtree. Nothing is copied
 * but strings with escapes: the values point into the text, which must outlive them. Pure; a
 * document belongs to one thread at a time.
 *
 * Strict where RFC 8259 is: UTF-8 is checked, no byte order mark, no trailing bytes. Where it
 * leaves room: a \u escape of half a surrogate pair decodes to U+FFFD; of members with the same
 * name the last one wins and the others are not seen again; a number keeps its text. */
#ifndef JSON_H
#define JSON_H

#include "arena.h"
#include "str.h"

#define JSON_MAX_DEPTH 1024       /* nested containers; CloudTrail's own records stay below 30 */
#define JSON_MAX_BYTES (1u << 30) /* bytes of one text: offsets are 32 bits wide */

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json {
	uint8_t type;     /* enum json_type */
	bool shadowed;    /* a member's name: a later member has the same name */
	uint32_t skip;    /* values in this subtree, itself included */
	uint32_t count;   /* array: elements; object: members that are not shadowed */
	uint32_t len;     /* bytes of text */
	const char *text; /* string: decoded; number and others: as written; container: from bracket
			     to bracket */
};

struct json_doc {
	struct json *v; /* v[0] is the root after json_parse */
	size_t n;
	size_t cap;
	struct arena strings; /* the decoded strings */
};

void json_doc_init(struct json_doc *doc);
void json_doc_free(struct json_doc *doc);

/* Parse the whole of text; doc's earlier content is gone. 0, or -1 with the byte position in err.
 */
int json_parse(struct json_doc *doc, struct str text, struct err *err) MUSTUSE;

/* Parse the value that text begins with; *used becomes its length with the white space around it.
 */
int json_parse_first(struct json_doc *doc, struct str text, size_t *used, struct err *err) MUSTUSE;

/* White space (RFC 8259 section 2). */
static inline bool
json_is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline struct str
json_text(const struct json *v)
{
	return (struct str){v->text, v->len};
}

/* The elements of an array: json_begin(v), then json_next until json_end(v). */
static inline const struct json *
json_next(const struct json *v)
{
	return v + v->skip;
}

static inline const struct json *
json_begin(const struct json *v)
{
	return v + 1;
}

static inline const struct json *
json_end(const struct json *v)
{
	return v + v->skip;
}

/* The members of an object that are not shadowed, in document order: each call returns a member's
 * name, its value is at name + 1; NULL after the last. */
const struct json *json_first_member(const struct json *object);
const struct json *json_next_member(const struct json *object, const struct json *name);

/* The value of the member; NULL where v is no object or has no such member. */
const struct json *json_get(const struct json *v, struct str name);

/* The text of the member where it is a string; empty otherwise. */
struct str json_get_text(const struct json *v, struct str name);

/* Deep equality: numbers by value, objects without order. */
bool json_equal(const struct json *a, const struct json *b);

/* Append the value as compact JSON: numbers as written, shadowed members left out. */
void json_print(struct buf *out, const struct json *v);

/* Append s as a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD. */
void json_print_string(struct buf *out, struct str s);

/* Append a valid JSON text without its insignificant white space (RFC 8259 section 2), else byte
 * for byte. */
void json_minify(struct buf *out, struct str text);

#endif

/* jsonpath.h: RFC 9535 JSONPath over json.h's values.
 *
 * All of RFC 9535 with its functions (length count match search value), and what Goessner's draft
 * (draft-goessner-dispatch-jsonpath-00) allows where RFC 9535 knows only a syntax error: script
 * subscripts [(@.length-1)], unquoted names in brackets [name], === and !== in filters, and a
 * hyphen inside of a dotted name (.x-amz-id-2). A compiled path is read-only and may be shared
 * between threads; each thread brings its own scratch. Pure. */
#ifndef JSONPATH_H
#define JSONPATH_H

#include "json.h"
#include "str.h"

#define JSONPATH_MAX_BYTES 65536    /* of one path's text */
#define JSONPATH_MAX_DEPTH 64       /* nested filters, parentheses and function calls */
#define JSONPATH_MAX_STEPS 20000000 /* values visited in one document: stops $..*..*..* */

struct jsonpath;
struct jsonpath_scratch;

/* Compile the path at the start of text. With `used` the path may be followed by something else:
 * *used becomes its length in bytes (white space behind it not counted). Without, the whole text
 * must be the path. The result keeps no pointer into text. NULL on a syntax or type error, with its
 * byte in err->pos. */
struct jsonpath *jsonpath_compile(struct str text, size_t *used, struct err *err) MUSTUSE;
void jsonpath_free(struct jsonpath *path);

/* Where the path is a plain chain of member names ($.a.b['c']), those names, n of them; NULL and
 * n = 0 otherwise, also for $ alone. They live as long as the path. */
const struct str *jsonpath_members(const struct jsonpath *path, size_t *n);

/* Where a selected node is: a chain from the node up to the root, the root's place being NULL.
 * Valid during the visit only. */
struct jsonpath_place {
	const struct jsonpath_place *up;
	const struct json *name; /* the member's name, or NULL in an array */
	size_t index;            /* in an array */
};

/* Append the normalized path of a place (RFC 9535 section 2.7). */
void jsonpath_print_place(struct buf *out, const struct jsonpath_place *place);

/* Called for each selected node, in RFC 9535's order. 0: go on; 1: enough; -1: failed, err is
 * filled. */
typedef int jsonpath_visit(
    void *context, const struct json *node, const struct jsonpath_place *place, struct err *err);

/* Visit the nodes that the path selects from root. 0 all were visited, 1 the visitor had enough, -1
 * a limit was reached (JSONPATH_MAX_STEPS, a regular expression's) or the visitor failed. Allocates
 * nothing per node. */
int jsonpath_each(const struct jsonpath *path, const struct json *root,
    struct jsonpath_scratch *scratch, jsonpath_visit *visit, void *context,
    struct err *err) MUSTUSE;

struct jsonpath_scratch *jsonpath_scratch_new(void) MUSTUSE;
void jsonpath_scratch_free(struct jsonpath_scratch *scratch);

#endif

/* literal.h: Python literals, as they stand on the right side of a match expression.
 *
 * A literal is read into the same flat value array as JSON (json.h), so that both sides of a
 * comparison are one kind of thing. The grammar is Python's (The Python Language Reference, 2.4 and
 * 6.2, as far as ast.literal_eval takes it):
 *
 *     str                "..." '...' """...""" '''...''' r"..." u"...", all escapes but \N{...},
 *                        adjacent ones are one string
 *     int, float         1_000 0xff 0o17 0b1 .5 1. 1e5 with at most one sign
 *     True False None    and JSON's true false null
 *     list, tuple, dict  [1, 2,] (1, 2) (1,) () {"name": 1}; (1) is just 1
 *
 * What JSON has no counterpart for is refused with a remedy: bytes, f-strings, complex numbers,
 * sets, and dict keys that are no string (a string in parentheses included).
 *
 * It differs from Python in that numbers are never rounded, a line end is a blank everywhere, and
 * \ud83d\ude00 is the one character that it is in JSON; half of such a pair becomes U+FFFD.
 *
 * Pure; a document belongs to one thread at a time. */
#ifndef LITERAL_H
#define LITERAL_H

#include "json.h"
#include "str.h"

#define LITERAL_MAX_BYTES (1u << 20) /* bytes of text; Linux passes no argument beyond 128 KiB */
#define LITERAL_MAX_DEPTH 200        /* open brackets; as CPython, and below JSON_MAX_DEPTH */
#define LITERAL_MAX_DIGITS 65536     /* of a 0x, 0o or 0b number: converting takes quadratic time */

/* Read the literal at the start of text, behind blanks, into doc, whose earlier content is gone.
 * doc must be initialised (json_doc_init). The values do not point into text: they live until doc's
 * next use. Of dict keys written twice the last wins, as in json_parse.
 *
 * *used is the number of bytes read: it ends right behind the literal, whatever follows. A number
 * or a word has to end in a blank, a bracket, a quote, a comma or the end of the text.
 *
 * 0, or -1 with the byte position in text and a remedy in err; doc and *used are then of no use. */
int literal_parse(struct str text, size_t *used, struct json_doc *doc, struct err *err) MUSTUSE;

#endif

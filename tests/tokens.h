/* tokens.h: each sequence of JSON's tokens has a number. */
#ifndef TOKENS_H
#define TOKENS_H

#include "../str.h"

enum { TOKENS = 9 };

/* Append the sequence of n tokens with this number, 0 to TOKENS^n - 1. */
static inline void
add_tokens(struct buf *b, size_t number, size_t n)
{
	static const char *const tokens[TOKENS] = {"{", "}", "[", "]", ",", ":", "\"a\"", "1", " "};

	for (; n > 0; n--, number /= TOKENS)
		buf_str(b, str_of(tokens[number % TOKENS]));
}

#endif

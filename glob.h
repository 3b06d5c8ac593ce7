/* glob.h: the wildcards of action patterns: '*' any run of characters, '?' exactly one. Pure. */
#ifndef GLOB_H
#define GLOB_H

#include "str.h"

/* Does the whole text match the pattern? '?' takes one UTF-8 character. With any_case ASCII letters
 * match without case. There is no escape and no class: '[' and '\\' stand for themselves. Time is
 * at most the product of both lengths. */
bool glob_match(struct str pattern, struct str text, bool any_case);

#endif

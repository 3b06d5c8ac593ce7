/* kernels.h: what valid_json says with each kernel that this machine has. */
#ifndef KERNELS_H
#define KERNELS_H

#include "../valid.h"

/* Do they all say that the text is valid, or all that it is not? And whether it has line breaks. */
static inline bool
all_say(struct str text, bool valid)
{
	enum valid want = VALID_NOT;

	/* In a valid text they are not in strings. */
	if (valid)
		want = memchr(text.p, '\n', text.n) != NULL ||
			memchr(text.p, '\r', text.n) != NULL ?
		    VALID_LINES :
		    VALID_LINE;
	for (int k = 0; k < SCAN_KERNELS; k++)
		if (scan_has((enum scan_kernel)k) && valid_json(text, (enum scan_kernel)k) != want)
			return false;
	return true;
}

#endif

/* glob.c: see glob.h. */
#include "glob.h"

static char
fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Bytes of the character at p; bytes that are no UTF-8 count one each. */
static size_t
char_len(const char *p, const char *end)
{
	uint32_t cp;
	size_t n = utf8_read(p, end, &cp);

	return n > 0 ? n : 1;
}

bool
glob_match(struct str pattern, struct str text, bool any_case)
{
	const char *p = pattern.p, *p_end = pattern.p + pattern.n;
	const char *t = text.p, *t_end = text.p + text.n;
	const char *star = NULL,
		   *resume = NULL; /* behind the last '*', and where its run ends so far */

	while (t < t_end) {
		if (p < p_end && *p == '*') {
			star = ++p;
			resume = t;
		} else if (p < p_end && *p == '?') {
			p++;
			t += char_len(t, t_end);
		} else if (p < p_end && (*p == *t || (any_case && fold(*p) == fold(*t)))) {
			p++;
			t++;
		} else if (star != NULL) {
			/* Only the last '*' need ever grow: what matched before it is as good as
			 * any. */
			resume += char_len(resume, t_end);
			t = resume;
			p = star;
		} else {
			return false;
		}
	}
	while (p < p_end && *p == '*')
		p++;
	return p == p_end;
}

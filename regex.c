/* regex.c: see regex.h. */
#include "regex.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct regex {
	pcre2_code *code;
	/* Where there is code for the processor, it is called without detours. */
	int (*match)(const pcre2_code *, PCRE2_SPTR, PCRE2_SIZE, PCRE2_SIZE, uint32_t,
	    pcre2_match_data *, pcre2_match_context *);
};

struct regex_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

struct regex *
regex_compile(struct str pattern, struct err *err)
{
	struct regex *re;
	pcre2_code *code;
	PCRE2_SIZE at;
	int error;

	if (pattern.n > REGEX_MAX_PATTERN) {
		(void)err_set(err, REGEX_MAX_PATTERN, "a regular expression has at most %d bytes",
		    REGEX_MAX_PATTERN);
		return NULL;
	}
	code = pcre2_compile(
	    (PCRE2_SPTR)(pattern.n > 0 ? pattern.p : ""), pattern.n, PCRE2_UTF, &error, &at, NULL);
	if (code == NULL) {
		PCRE2_UCHAR text[160];

		(void)pcre2_get_error_message(error, text, sizeof(text));
		(void)err_set(err, at < pattern.n ? at : pattern.n, "%s", (const char *)text);
		return NULL;
	}
	re = xmalloc(sizeof(*re));
	/* Fails where executable memory is refused (SELinux, W^X kernels): then PCRE2 interprets.
	 */
	re->match =
	    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0 ? pcre2_jit_match : pcre2_match;
	re->code = code;
	return re;
}

void
regex_free(struct regex *re)
{
	if (re == NULL)
		return;
	pcre2_code_free(re->code);
	free(re);
}

struct regex_scratch *
regex_scratch_new(void)
{
	struct regex_scratch *s = xmalloc(sizeof(*s));

	/* One pair of offsets: only whether there is a match is asked. */
	s->data = pcre2_match_data_create(1, NULL);
	s->context = pcre2_match_context_create(NULL);
	if (s->data == NULL || s->context == NULL)
		abort(); /* PCRE2 hands out NULL when malloc did */
	s->stack = pcre2_jit_stack_create(32 * 1024, REGEX_JIT_STACK, NULL);
	pcre2_jit_stack_assign(s->context, NULL, s->stack);
	(void)pcre2_set_match_limit(s->context, REGEX_MATCH_LIMIT);
	(void)pcre2_set_depth_limit(s->context, REGEX_DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(s->context, REGEX_HEAP_LIMIT);
	return s;
}

void
regex_scratch_free(struct regex_scratch *s)
{
	if (s == NULL)
		return;
	pcre2_match_data_free(s->data);
	pcre2_match_context_free(s->context);
	pcre2_jit_stack_free(s->stack);
	free(s);
}

int
regex_search(
    const struct regex *re, struct str subject, struct regex_scratch *scratch, struct err *err)
{
	PCRE2_UCHAR text[160];
	int n = re->match(re->code, (PCRE2_SPTR)(subject.n > 0 ? subject.p : ""), subject.n, 0,
	    PCRE2_NO_UTF_CHECK, scratch->data, scratch->context);

	if (n >= 0)
		return 1;
	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	(void)pcre2_get_error_message(n, text, sizeof(text));
	return err_set(err, 0, "the regular expression gave up: %s", (const char *)text);
}

const char *
regex_version(char out[64])
{
	(void)pcre2_config(PCRE2_CONFIG_VERSION, out);
	return out;
}

/* Fuzz target for gz.c. The first four bytes choose the sizes of pieces read and given: with other
 * sizes the same bytes come out, and the same error at the same place or none. Content is bounded
 * here. */
#include "../gz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_CONTENT = 1 << 20 };

static void
check(bool good)
{
	if (!good)
		abort();
}

struct feed {
	struct str data;
	size_t at;
	size_t piece;
};

static ssize_t
give(void *context, char *p, size_t n, struct err *err)
{
	struct feed *f = context;

	(void)err;
	if (n > f->piece)
		n = f->piece;
	if (n > f->data.n - f->at)
		n = f->data.n - f->at;
	if (n > 0)
		memcpy(p, f->data.p + f->at, n);
	f->at += n;
	return (ssize_t)n;
}

struct result {
	struct buf out;
	ssize_t last; /* 0 the end, -1 an error, 1 too much content */
	struct err err;
};

static void
run(struct gz *gz, struct str data, size_t in, size_t out, struct result *r)
{
	struct feed f = {.data = data, .piece = in};
	char *block = xmalloc(out);
	ssize_t n;

	*r = (struct result){.err = {.pos = SIZE_MAX}};
	gz_start(gz, give, &f);
	while ((n = gz_read(gz, block, out, &r->err)) > 0 && r->out.n < MAX_CONTENT) {
		check((size_t)n <= out);
		buf_add(&r->out, block, (size_t)n);
	}
	r->last = n > 0 ? 1 : n;
	if (n < 0) {
		struct err ignored;

		check(r->err.pos <= data.n && r->err.msg[0] != '\0');
		check(gz_read(gz, block, out, &ignored) == 0);
	}
	if (n == 0)
		check(f.at == data.n); /* nothing is passed over silently */
	if (n >= 0 && !gz_is_gzip(gz))
		check(r->out.n <= data.n &&
		    (r->out.n == 0 || memcmp(r->out.p, data.p, r->out.n) == 0));
	free(block);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gz *gz; /* kept, so that one stream could harm the next */
	struct result a, b;
	struct str input;

	if (gz == NULL)
		gz = gz_new();
	if (size < 4)
		return 0;
	input = (struct str){(const char *)data + 4, size - 4};
	run(gz, input, 1u << 16, 1u << 16, &a);
	run(gz, input, data[0] + 256u * (data[1] & 3) + 1, data[2] + 256u * data[3] + 1, &b);
	if (a.last != 1 && b.last != 1) {
		check(str_eq(buf_slice(&a.out), buf_slice(&b.out)));
		check(a.last == b.last && a.err.pos == b.err.pos);
	} else {
		size_t n = a.out.n < b.out.n ? a.out.n : b.out.n;

		check(n == 0 || memcmp(a.out.p, b.out.p, n) == 0);
	}
	buf_free(&a.out);
	buf_free(&b.out);
	return 0;
}

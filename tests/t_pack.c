/* Tests of pack.c: a text comes back as it was, whatever it is, and what repeats takes little. That
 * what is kept is DEFLATE is shown by zlib, which reads it. */
#include "../pack.h"

#include <stdlib.h>
#include <zlib.h>

#include "random.h"
#include "tap.h"

enum { MOST = 300000 };

static bool
zlib_reads(struct str packed, struct str text)
{
	char *back = xmalloc(text.n + 1);
	z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)packed.p,
	    .avail_in = (uInt)packed.n,
	    .next_out = (Bytef *)back,
	    .avail_out = (uInt)text.n + 1};
	bool same = inflateInit2(&z, -15) == Z_OK && inflate(&z, Z_FINISH) == Z_STREAM_END &&
	    z.total_out == text.n && memcmp(back, text.p, text.n) == 0;

	(void)inflateEnd(&z);
	free(back);
	return same;
}

/* Packed and unpacked; the bytes that it took. */
static size_t
round_trip(struct packer *packer, struct str text, const char *name)
{
	struct buf packed, back;
	size_t n;

	pack(packer, text, &packed);
	ok(zlib_reads(buf_slice(&packed), text), "%s, %zu bytes: zlib reads it", name, text.n);
	unpack(packer, buf_slice(&packed), text.n, &back);
	ok(str_eq(buf_slice(&back), text), "%s: it comes back", name);
	n = packed.n;
	buf_free(&packed);
	buf_free(&back);
	return n;
}

int
main(void)
{
	static const size_t sizes[] = {1, 2, 60, 255, 4096, 65536, MOST};
	struct packer *packer = packer_new();
	char *text = xmalloc(MOST);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct str t = {text, sizes[i]};
		size_t n;

		for (size_t k = 0; k < t.n; k++)
			text[k] = (char)below(256);
		n = round_trip(packer, t, "noise");
		ok(n <= t.n + t.n / 1000 + 32, "it took %zu", n);
		for (size_t k = 0; k < t.n; k++)
			text[k] = "{\"eventVersion\":\"1.08\","[k % 23];
		n = round_trip(packer, t, "what repeats");
		ok(n <= t.n / 20 + 40, "it took %zu", n);
	}
	free(text);
	packer_free(packer);
	packer_free(NULL);
	return done_testing();
}

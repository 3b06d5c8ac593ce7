/* Tests of gz.c. Gzip is written here: stored blocks, or arrays that Python's zlib made. Each
 * stream is read with many sizes of input and output pieces. */
#include "../gz.h"

#include <stdlib.h>

#include "tap.h"

/* clang-format off */
/* 40 lines of NDJSON, dynamic codes: python3 zlib.compressobj(9, zlib.DEFLATED, 31). */
static const unsigned char dynamic_gz[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x85, 0xd5, 0x3d, 0x4e, 0x04, 0x31,
    0x0c, 0x86, 0xe1, 0x9e, 0x63, 0xa4, 0xa6, 0xf0, 0x6f, 0x6c, 0x6f, 0x8d, 0x84, 0x68, 0xe0, 0x0c,
    0x80, 0xa6, 0x41, 0x62, 0x25, 0x60, 0xa0, 0x59, 0x71, 0x77, 0x96, 0x32, 0x66, 0xc5, 0x57, 0x4f,
    0xde, 0x62, 0xe4, 0x27, 0xce, 0x69, 0x6c, 0x5f, 0xdb, 0x71, 0xbf, 0x7f, 0x7c, 0xdd, 0xc6, 0x61,
    0xdc, 0x6e, 0xfb, 0xc3, 0xd3, 0xcb, 0xf6, 0xbc, 0x8f, 0xeb, 0x71, 0x1c, 0x07, 0xba, 0x1e, 0xef,
    0xdb, 0xdb, 0xe7, 0xf6, 0xb1, 0xdf, 0xdd, 0x9c, 0xbf, 0xd2, 0xf8, 0xbe, 0x3a, 0xfd, 0x77, 0x9e,
    0xd7, 0xf3, 0x51, 0x5c, 0x28, 0x91, 0x35, 0x61, 0x4f, 0x4d, 0xd4, 0xe8, 0xda, 0x88, 0x86, 0x07,
    0x6a, 0x6c, 0x6d, 0x94, 0x67, 0x4c, 0xd4, 0x78, 0x6b, 0xca, 0xcb, 0x51, 0x33, 0xd7, 0xc6, 0xc2,
    0xd9, 0x50, 0x13, 0x6b, 0xe3, 0x6e, 0xaa, 0xa8, 0xc9, 0xb5, 0x99, 0xaa, 0x2e, 0xa8, 0xa9, 0x36,
    0x1e, 0x96, 0x60, 0x38, 0x52, 0xfa, 0x3b, 0x53, 0xec, 0xa0, 0x41, 0xc8, 0x60, 0x82, 0x12, 0xb8,
    0x51, 0x28, 0x27, 0x81, 0x14, 0xb8, 0x59, 0x60, 0x92, 0x32, 0x88, 0x81, 0x9b, 0x06, 0x66, 0xca,
    0x09, 0x39, 0xb0, 0xf7, 0x2a, 0x23, 0x21, 0x08, 0x6e, 0x22, 0x58, 0x66, 0x10, 0x24, 0xc1, 0xcd,
    0x04, 0xab, 0x4d, 0x81, 0x28, 0xb8, 0xa9, 0x60, 0x13, 0x37, 0xc8, 0x82, 0xab, 0xdf, 0x41, 0xb2,
    0x09, 0x61, 0x08, 0x5d, 0xb8, 0xb9, 0x50, 0x86, 0x34, 0x19, 0x3c, 0xa7, 0x14, 0x5e, 0x12, 0x7d,
    0x4b, 0x84, 0x09, 0x43, 0x1b, 0xd2, 0x6d, 0xa4, 0xb0, 0x42, 0x1b, 0xd2, 0x6d, 0x14, 0x91, 0x43,
    0x1b, 0xd2, 0x6d, 0x54, 0x54, 0x40, 0x1b, 0xd2, 0x6c, 0x08, 0x79, 0x16, 0xb4, 0x21, 0xcd, 0xc6,
    0xf9, 0xaf, 0x92, 0xa1, 0x0d, 0x69, 0x36, 0x44, 0x38, 0x14, 0xda, 0x90, 0xea, 0x55, 0x4d, 0x87,
    0x36, 0x94, 0x2e, 0x6c, 0x68, 0x68, 0x43, 0x9b, 0x0d, 0x31, 0xb7, 0x84, 0x36, 0xb4, 0xd9, 0x10,
    0x57, 0x23, 0xfc, 0x84, 0xf4, 0x37, 0x64, 0xb2, 0x0a, 0xb4, 0xa1, 0xd6, 0xab, 0x12, 0x83, 0x36,
    0xb4, 0xd9, 0x90, 0x08, 0x9e, 0xd0, 0x86, 0x76, 0x1b, 0xe9, 0x94, 0xd0, 0x86, 0x76, 0x1b, 0xa5,
    0x44, 0xd0, 0x86, 0x36, 0x1b, 0xe7, 0xa6, 0x04, 0xda, 0xd0, 0xea, 0x55, 0xa6, 0xfd, 0xda, 0xf8,
    0x01, 0x43, 0x05, 0x5f, 0xdd, 0x54, 0x08, 0x00, 0x00,
};

/* Fixed codes (zlib.Z_FIXED). */
static const unsigned char fixed_gz[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57,
    0xc8, 0x40, 0x90, 0x3a, 0x0a, 0x69, 0x99, 0x15, 0xa9, 0x29, 0x0a, 0xc9, 0xf9, 0x29, 0xa9, 0xc5,
    0x5c, 0x00, 0xec, 0xd9, 0x15, 0x7c, 0x1f, 0x00, 0x00, 0x00,
};

/* 80 MiB of zeros, gzipped twice. */
static const unsigned char bomb_gz_gz[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xdc, 0xad, 0x4e, 0x82, 0x71,
    0x14, 0xc0, 0xe1, 0x97, 0xaf, 0x8d, 0x11, 0x14, 0x03, 0x89, 0x00, 0xd9, 0x2b, 0xa0, 0x30, 0x3f,
    0x02, 0xd9, 0x20, 0xd9, 0x79, 0x01, 0x44, 0x32, 0x6c, 0x4e, 0x0b, 0x85, 0x9b, 0x20, 0x9b, 0xdc,
    0xac, 0x36, 0xef, 0x40, 0x6d, 0x5c, 0x00, 0x23, 0x38, 0x27, 0x85, 0xf9, 0xca, 0xfb, 0x5e, 0x04,
    0xe1, 0x7f, 0x9e, 0x27, 0x9d, 0x7c, 0xe2, 0xd9, 0xd9, 0xaf, 0xb7, 0x68, 0x66, 0x85, 0x6a, 0x6d,
    0xf3, 0x56, 0xa9, 0x1c, 0x86, 0xf9, 0xf2, 0xef, 0x79, 0xdb, 0x6c, 0x65, 0x00, 0x00, 0x00, 0x40,
    0xe2, 0xe6, 0x5f, 0x0f, 0xb5, 0xe2, 0x18, 0x90, 0xf5, 0xf3, 0x8f, 0xd1, 0xcd, 0x18, 0x00, 0x00,
    0x00, 0x48, 0xdd, 0xfd, 0xe9, 0x49, 0xbd, 0x3c, 0x0a, 0xec, 0xef, 0xba, 0x57, 0xd6, 0x01, 0x00,
    0x00, 0x00, 0xc9, 0x7b, 0x1c, 0x0e, 0xda, 0xe5, 0x87, 0xc0, 0xf7, 0x6c, 0x52, 0xb7, 0x0e, 0x00,
    0x00, 0x00, 0x48, 0x5e, 0xe7, 0x77, 0x7d, 0x59, 0xde, 0x02, 0xde, 0xf3, 0x97, 0xb3, 0x5b, 0xfb,
    0x00, 0x00, 0x00, 0x80, 0xe4, 0x7d, 0x0a, 0x06, 0x00, 0x00, 0x00, 0x40, 0x28, 0x82, 0x01, 0x00,
    0x00, 0x00, 0x10, 0x8b, 0x60, 0x00, 0x00, 0x00, 0x00, 0xc4, 0x22, 0x18, 0x00, 0x00, 0x00, 0x00,
    0xc1, 0x08, 0x06, 0x00, 0x00, 0x00, 0x40, 0x2c, 0x82, 0x01, 0x00, 0x00, 0x00, 0x10, 0x8b, 0x60,
    0x00, 0x00, 0x00, 0x00, 0xc4, 0x22, 0x18, 0x00, 0x00, 0x00, 0x00, 0xc1, 0x08, 0x06, 0x00, 0x00,
    0x00, 0x40, 0x2c, 0x82, 0x01, 0x00, 0x00, 0x00, 0x10, 0x8b, 0x60, 0x00, 0x00, 0x00, 0x00, 0xc4,
    0x22, 0x18, 0x00, 0x00, 0x00, 0x00, 0xc1, 0x08, 0x06, 0x00, 0x00, 0x00, 0x40, 0x2c, 0x82, 0x01,
    0x00, 0x00, 0x00, 0x10, 0xcb, 0x6a, 0x38, 0xe8, 0x17, 0x8f, 0x01, 0xed, 0x9f, 0x7c, 0x7a, 0x71,
    0xdd, 0xc8, 0x00, 0x00, 0x00, 0x38, 0xae, 0xd7, 0xd6, 0xee, 0x69, 0x71, 0x7e, 0x18, 0x1a, 0xff,
    0xdc, 0xc8, 0x9e, 0x19, 0x95, 0x3e, 0x01, 0x00,
};

/* 30 MiB of zeros, gzipped twice. */
static const unsigned char zeros_gz_gz[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xdd, 0xa1, 0x4e, 0x42, 0x61,
    0x18, 0x06, 0xe0, 0xff, 0xc8, 0x09, 0xcc, 0x80, 0xc7, 0x60, 0x32, 0x60, 0xb0, 0x32, 0x2b, 0xe5,
    0x6c, 0x58, 0x4c, 0x04, 0x03, 0x66, 0x27, 0xdd, 0x6b, 0x80, 0xcd, 0x91, 0x28, 0x5e, 0x80, 0x55,
    0x2b, 0xe9, 0x74, 0x68, 0xde, 0x01, 0xd0, 0xb8, 0x00, 0x67, 0x70, 0x8e, 0xcd, 0xcd, 0x79, 0xe4,
    0x1c, 0xee, 0xe2, 0xe7, 0x79, 0xd2, 0x97, 0xdf, 0xf8, 0xee, 0xdb, 0xf7, 0xb5, 0xa7, 0xcd, 0x50,
    0x39, 0x6a, 0x7c, 0x2c, 0x92, 0x64, 0x37, 0x8c, 0x9f, 0xff, 0x66, 0x9f, 0xcd, 0xe3, 0x00, 0x00,
    0x00, 0x00, 0x44, 0x6e, 0xbc, 0x7e, 0x6a, 0x54, 0x65, 0x40, 0xb8, 0x28, 0x97, 0x37, 0xb7, 0x77,
    0x00, 0x00, 0x00, 0x40, 0xec, 0x1e, 0x4e, 0x5a, 0x69, 0x5d, 0x0a, 0xfc, 0xde, 0x9f, 0x5f, 0x8b,
    0x03, 0x00, 0x00, 0x00, 0xa2, 0x37, 0xc9, 0xbb, 0x59, 0xbd, 0x21, 0xf0, 0x35, 0x7a, 0x4c, 0xc5,
    0x01, 0x00, 0x00, 0x00, 0xd1, 0x3b, 0xdb, 0x6e, 0x7a, 0x75, 0x17, 0xf0, 0x5e, 0x16, 0xa7, 0x03,
    0x79, 0x00, 0x00, 0x00, 0x40, 0xf4, 0x56, 0x0e, 0x06, 0x00, 0x00, 0x00, 0xc0, 0x41, 0x71, 0x30,
    0x00, 0x00, 0x00, 0x00, 0x0e, 0xcb, 0x6b, 0xde, 0xbd, 0xac, 0xba, 0x80, 0xec, 0xbb, 0x2c, 0xae,
    0xfa, 0x3e, 0x2b, 0x00, 0xc0, 0xde, 0xbc, 0xf3, 0x36, 0x7c, 0xf9, 0x09, 0x61, 0x93, 0xfc, 0x03,
    0x81, 0x06, 0xf7, 0x37, 0x8c, 0x77, 0x00, 0x00,
};
/* clang-format on */

/* --- writing gzip: RFC 1952, and stored blocks of RFC 1951 section 3.2.4 --- */

enum { FHCRC = 2, FEXTRA = 4, FNAME = 8, FCOMMENT = 16 };

static uint32_t crc_table[256];

static uint32_t
crc(const char *p, size_t n)
{
	uint32_t c = 0xffffffffu;

	if (crc_table[1] == 0)
		for (uint32_t i = 0; i < 256; i++) {
			crc_table[i] = i;
			for (int k = 0; k < 8; k++)
				crc_table[i] = (crc_table[i] & 1) != 0 ?
				    0xedb88320u ^ crc_table[i] >> 1 :
				    crc_table[i] >> 1;
		}
	for (size_t i = 0; i < n; i++)
		c = crc_table[(c ^ (unsigned char)p[i]) & 0xff] ^ c >> 8;
	return ~c;
}

static void
add_number(struct buf *b, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_char(b, (char)(v >> 8 * i & 0xff));
}

static void
add_header(struct buf *b, int flags)
{
	size_t at = b->n;

	buf_add(b, "\x1f\x8b\x08", 3);
	buf_char(b, (char)flags);
	buf_add(b, "\0\0\0\0\0\xff", 6);
	if ((flags & FEXTRA) != 0) {
		add_number(b, 300, 2);
		for (int i = 0; i < 300; i++)
			buf_char(b, (char)i);
	}
	if ((flags & FNAME) != 0)
		buf_add(b, "name.json", 10);
	if ((flags & FCOMMENT) != 0)
		buf_add(b, "\xe9 comment", 10);
	if ((flags & FHCRC) != 0)
		add_number(b, crc(b->p + at, b->n - at) & 0xffff, 2);
}

/* A member of stored blocks of at most `block` bytes. */
static void
add_stored(struct buf *b, struct str content, int flags, size_t block)
{
	size_t at = 0;

	add_header(b, flags);
	do {
		size_t n = content.n - at < block ? content.n - at : block;

		buf_char(b, at + n == content.n);
		add_number(b, (uint32_t)n, 2);
		add_number(b, (uint32_t)n ^ 0xffff, 2);
		buf_add(b, content.p + at, n);
		at += n;
	} while (at < content.n);
	add_number(b, crc(content.p, content.n), 4);
	add_number(b, (uint32_t)content.n, 4);
}

/* --- reading it --- */

struct feed {
	struct str data;
	size_t at;
	size_t piece;   /* bytes given at once at most */
	size_t fail_at; /* byte at which reading fails */
	bool ended;     /* the end was told */
	int after_end;  /* calls after that */
};

static ssize_t
give(void *context, char *p, size_t n, struct err *err)
{
	struct feed *f = context;
	size_t end = f->fail_at < f->data.n ? f->fail_at : f->data.n;
	size_t left = end - f->at;

	f->after_end += f->ended;
	if (left == 0 && f->fail_at <= f->data.n)
		return err_set(err, 0, "the disk is on fire");
	if (n > left)
		n = left;
	if (n > f->piece)
		n = f->piece;
	if (n > 0)
		memcpy(p, f->data.p + f->at, n);
	f->at += n;
	f->ended = n == 0;
	return (ssize_t)n;
}

struct result {
	struct buf out;
	uint64_t n; /* bytes that came out */
	bool failed;
	bool gzip;
	struct err err;
	int after_end;
	bool odd; /* something against the rules of gz_read */
};

static struct gz *gz;

/* Read a stream; what comes out is kept up to `keep` bytes. */
static void
read_stream(struct result *r, struct str data, size_t in, size_t out, size_t fail_at, size_t keep)
{
	struct feed f = {.data = data, .piece = in, .fail_at = fail_at};
	char *block = xmalloc(out);
	struct err ignored;

	r->out.n = 0;
	r->n = 0;
	r->failed = r->odd = false;
	r->err = (struct err){.pos = SIZE_MAX / 2};
	gz_start(gz, give, &f);
	for (;;) {
		ssize_t n = gz_read(gz, block, out, &r->err);

		if (n <= 0) {
			r->failed = n < 0;
			break;
		}
		if ((size_t)n > out) {
			r->odd = true;
			break;
		}
		r->n += (uint64_t)n;
		if (r->out.n < keep)
			buf_add(&r->out, block, (size_t)n);
	}
	r->gzip = gz_is_gzip(gz);
	r->odd = r->odd || gz_read(gz, block, out, &ignored) != 0 || f.after_end > 0 ||
	    (r->failed && r->err.msg[0] == '\0');
	free(block);
}

static const size_t sizes[] = {
    1, 2, 3, 7, 10, 18, 100, 1000, 4096, 65535, 65536, 65537, 1u << 20, 8u << 20};

/* Is this what comes out, with pieces of every size? want_pos: SIZE_MAX for no error, else where it
 * is. */
static void
check(struct str data, struct str want, size_t want_pos, const char *name)
{
	static struct result r;
	int bad = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
			if (data.n > 100000 && (sizes[i] < 1000 || sizes[k] < 1000))
				continue;
			read_stream(&r, data, sizes[i], sizes[k], SIZE_MAX, SIZE_MAX);
			if (!str_eq(buf_slice(&r.out), want) ||
			    r.failed != (want_pos != SIZE_MAX) || r.odd ||
			    (r.failed && r.err.pos != want_pos)) {
				if (bad++ == 0) {
					note("pieces of %zu, %zu: %zu bytes came out, %s at %zu",
					    sizes[i], sizes[k], r.out.n,
					    r.failed ? r.err.msg : "no error", r.err.pos);
					note("wanted: %zu bytes, error at %zu (SIZE_MAX: none)",
					    want.n, want_pos);
				}
			}
		}
	is_int(bad, 0, "%s", name);
}

static void
fill(char *p, size_t n)
{
	uint32_t x = 12345;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525u + 1013904223u;
		p[i] = (char)(x >> 24);
	}
}

static void
test_plain(void)
{
	static char big[200000];
	static const size_t lengths[] = {0, 1, 2, 3, 17, 4096, 65536, 200000};

	fill(big, sizeof(big));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char name[64];

		big[0] = '{';
		(void)snprintf(name, sizeof(name), "plain, %zu bytes", lengths[i]);
		check((struct str){big, lengths[i]}, (struct str){big, lengths[i]}, SIZE_MAX, name);
		ok(!gz_is_gzip(gz), "%s: is no gzip", name);
	}
	check(STR("\x1f"), STR("\x1f"), SIZE_MAX, "plain: half of the magic");
	check(STR("\x1f{}"), STR("\x1f{}"), SIZE_MAX, "plain: half of the magic and more");
	check(STR("\x8b\x1f"), STR("\x8b\x1f"), SIZE_MAX, "plain: the magic the wrong way round");
	check(STR("{}\x1f\x8b\x08"), STR("{}\x1f\x8b\x08"), SIZE_MAX, "plain: the magic later on");
	check(STR("\0\0\0"), STR("\0\0\0"), SIZE_MAX, "plain: zeros");
}

static struct str
bytes(const unsigned char *p, size_t n)
{
	return (struct str){(const char *)p, n};
}

static void
want_lines(struct buf *b)
{
	for (int i = 0; i < 40; i++)
		buf_printf(b, "{\"eventName\":\"GetObject\",\"n\":%d,\"requestID\":\"%d\"}\n", i,
		    i * 7919 % 1000003);
}

#define FIXED_TEXT "hello hello hello, fixed codes\n"

static void
test_kinds(void)
{
	struct buf lines = {0}, b = {0}, both = {0};

	want_lines(&lines);
	check(bytes(dynamic_gz, sizeof(dynamic_gz)), buf_slice(&lines), SIZE_MAX,
	    "gzip, dynamic codes");
	ok(gz_is_gzip(gz), "is gzip");
	check(bytes(fixed_gz, sizeof(fixed_gz)), STR(FIXED_TEXT), SIZE_MAX, "gzip, fixed codes");
	add_stored(&b, buf_slice(&lines), 0, 65535);
	check(buf_slice(&b), buf_slice(&lines), SIZE_MAX, "gzip, stored");
	b.n = 0;
	add_stored(&b, buf_slice(&lines), 0, 1);
	check(buf_slice(&b), buf_slice(&lines), SIZE_MAX, "gzip, stored in blocks of a byte");
	b.n = 0;
	add_stored(&b, STR(""), 0, 65535);
	check(buf_slice(&b), STR(""), SIZE_MAX, "an empty member");
	ok(gz_is_gzip(gz), "is gzip too");
	for (int i = 0; i < 1000; i++)
		add_stored(&b, STR(""), 0, 65535);
	add_stored(&b, STR("x"), 0, 65535);
	check(buf_slice(&b), STR("x"), SIZE_MAX, "a thousand empty members before a byte");
	for (int flags = 0; flags < 32; flags += 2) {
		char name[64];

		b.n = 0;
		add_stored(&b, STR("content"), flags, 65535);
		(void)snprintf(name, sizeof(name), "header flags 0x%02x", (unsigned)flags);
		check(buf_slice(&b), STR("content"), SIZE_MAX, name);
	}
	b.n = 0;
	add_stored(&b, STR("content"), 1, 65535); /* FTEXT says nothing */
	check(buf_slice(&b), STR("content"), SIZE_MAX, "header flag FTEXT");
	/* members of all kinds one after the other */
	b.n = 0;
	for (int i = 0; i < 3; i++) {
		buf_str(&b, bytes(dynamic_gz, sizeof(dynamic_gz)));
		add_stored(&b, STR("{}\n"), FNAME | FHCRC, 2);
		buf_str(&b, bytes(fixed_gz, sizeof(fixed_gz)));
		add_stored(&b, STR(""), FEXTRA, 2);
		buf_str(&both, buf_slice(&lines));
		buf_str(&both, STR("{}\n" FIXED_TEXT));
	}
	check(buf_slice(&b), buf_slice(&both), SIZE_MAX, "twelve members");
	buf_free(&lines);
	buf_free(&b);
	buf_free(&both);
}

/* Members around the sizes where the way of inflating changes. */
static void
test_big(void)
{
	static const size_t lengths[] = {
	    100000, GZ_WHOLE_IN - 23, GZ_WHOLE_IN - 1000, GZ_WHOLE_IN, 5u << 20};
	char *big = xmalloc(5u << 20);
	struct buf b = {0}, want = {0};

	fill(big, 5u << 20);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct str content = {big, lengths[i]};
		static struct result r;

		b.n = want.n = 0;
		add_stored(&b, STR("first\n"), 0, 65535);
		add_stored(&b, content, 0, 65535);
		add_stored(&b, STR("second\n"), 0, 65535);
		add_stored(&b, content, 0, 30000);
		add_stored(&b, STR("third\n"), 0, 65535);
		buf_str(&want, STR("first\n"));
		buf_str(&want, content);
		buf_str(&want, STR("second\n"));
		buf_str(&want, content);
		buf_str(&want, STR("third\n"));
		for (size_t k = 0; k < 3; k++) {
			read_stream(&r, buf_slice(&b), k == 1 ? 999 : 1u << 20,
			    k == 2 ? 777 : 1u << 20, SIZE_MAX, SIZE_MAX);
			ok(!r.failed && !r.odd && str_eq(buf_slice(&r.out), buf_slice(&want)),
			    "members of %zu bytes among small ones (%zu)", lengths[i], k);
		}
		buf_free(&r.out);
	}
	buf_free(&b);
	buf_free(&want);
	free(big);
}

/* Of stored blocks every byte before the cut must come out; `first` is where the content begins. */
static void
test_cut_stored(void)
{
	struct buf b = {0};
	struct result r = {0};
	int bad = 0;
	size_t content, end;

	add_header(&b, FNAME | FEXTRA | FHCRC);
	content = b.n + 5;
	b.n = 0;
	add_stored(&b, STR("0123456789abcdef0123456789ABCDEF"), FNAME | FEXTRA | FHCRC, 65535);
	end = b.n;
	for (size_t cut = 2; cut < end; cut++) {
		size_t want = cut < content ? 0 : cut - content < 32 ? cut - content : 32;

		for (size_t k = 0; k < 3; k++) {
			read_stream(&r, (struct str){b.p, cut}, sizes[k * 4], sizes[(2 - k) * 4],
			    SIZE_MAX, SIZE_MAX);
			if ((r.out.n != want ||
				(want > 0 &&
				    memcmp("0123456789abcdef0123456789ABCDEF", r.out.p, want) !=
					0) ||
				!r.failed || r.odd || r.err.pos != cut) &&
			    bad++ == 0)
				note("cut at %zu of %zu: %zu bytes came out, %zu wanted; %s at %zu",
				    cut, end, r.out.n, want, r.failed ? r.err.msg : "no error",
				    r.err.pos);
		}
	}
	is_int(bad, 0,
	    "stored, cut at each byte: all before the cut comes out, then an error at the cut");
	buf_free(&b);
	buf_free(&r.out);
}

static void
test_cut_members(void)
{
	struct buf b = {0}, want = {0};
	struct result r = {0};
	int bad = 0;
	size_t second = sizeof(dynamic_gz), third, before = 0;

	want_lines(&want);
	buf_str(&b, bytes(dynamic_gz, sizeof(dynamic_gz)));
	buf_str(&b, bytes(fixed_gz, sizeof(fixed_gz)));
	buf_str(&want, STR(FIXED_TEXT));
	third = b.n;
	buf_str(&b, bytes(fixed_gz, sizeof(fixed_gz)));
	buf_str(&want, STR(FIXED_TEXT));
	for (size_t cut = 0; cut <= b.n; cut++) {
		bool whole = cut < 2 || cut == second || cut == third || cut == b.n;
		/* A single byte of a member's magic is garbage rather than a cut; it begins at the
		 * member. */
		size_t pos = cut == second + 1 || cut == third + 1 ? cut - 1 : cut;

		read_stream(&r, (struct str){b.p, cut}, 50, 50, SIZE_MAX, SIZE_MAX);
		if ((r.failed == whole || r.odd || (r.failed && r.err.pos != pos) ||
			(cut >= 2 &&
			    memcmp(r.out.p != NULL ? r.out.p : "", want.p, r.out.n) != 0) ||
			(cut >= 2 && r.out.n < before)) &&
		    bad++ == 0)
			note("cut at %zu: %zu bytes came out; %s at %zu", cut, r.out.n,
			    r.failed ? r.err.msg : "no error", r.err.pos);
		before = cut >= 2 ? r.out.n : 0;
	}
	is_int(bad, 0,
	    "members, cut at each byte: an error but between members, and content in order");
	is_int(before, want.n, "all of it in the end");
	buf_free(&b);
	buf_free(&want);
	buf_free(&r.out);
}

static void
test_damaged(void)
{
	struct buf b = {0};
	struct result r = {0};
	int bad = 0;

	for (int i = 1; i <= 8; i++) {
		b.n = 0;
		add_stored(&b, STR("some content"), 0, 65535);
		b.p[b.n - (size_t)i] ^= 0x40;
		read_stream(&r, buf_slice(&b), 1000, 1000, SIZE_MAX, SIZE_MAX);
		ok(r.failed && !r.odd && r.err.pos + 8 >= b.n && r.err.pos <= b.n,
		    "wrong checksum or length: an error in the last bytes (%s at %zu of %zu)",
		    r.err.msg, r.err.pos, b.n);
		is_mem(r.out.p, r.out.n, "some content", 12, "and all content before it");
	}
	/* the header: method, reserved flags */
	b.n = 0;
	add_stored(&b, STR("x"), 0, 65535);
	b.p[2] = 7;
	read_stream(&r, buf_slice(&b), 1000, 1000, SIZE_MAX, SIZE_MAX);
	ok(r.failed && r.out.n == 0 && r.err.pos <= 10, "another method is refused (at %zu)",
	    r.err.pos);
	b.n = 0;
	add_stored(&b, STR("x"), 0x80, 65535);
	read_stream(&r, buf_slice(&b), 1000, 1000, SIZE_MAX, SIZE_MAX);
	ok(r.failed && r.out.n == 0 && r.err.pos <= 10, "reserved flags are refused (at %zu)",
	    r.err.pos);
	/* a good member before a damaged one comes out */
	b.n = 0;
	add_stored(&b, STR("good"), 0, 65535);
	buf_str(&b, bytes(dynamic_gz, sizeof(dynamic_gz)));
	b.p[b.n - 200] ^= 0x55;
	read_stream(&r, buf_slice(&b), 1000, 1000, SIZE_MAX, SIZE_MAX);
	ok(r.failed && r.out.n >= 4 && memcmp(r.out.p, "good", 4) == 0 && r.err.pos > 27,
	    "a good member before a damaged one comes out (%s at %zu)", r.err.msg, r.err.pos);
	/* any single byte changed: nothing wrong comes out unnoticed, but in what no checksum
	 * covers */
	for (size_t at = 10; at < sizeof(dynamic_gz); at++) {
		struct buf want = {0};

		want_lines(&want);
		b.n = 0;
		buf_str(&b, bytes(dynamic_gz, sizeof(dynamic_gz)));
		b.p[at] ^= 1;
		read_stream(&r, buf_slice(&b), 64, 64, SIZE_MAX, SIZE_MAX);
		bad += !r.failed || r.odd || r.err.pos > b.n;
		buf_free(&want);
	}
	is_int(bad, 0, "each byte behind the header changed: an error");
	buf_free(&b);
	buf_free(&r.out);
}

static void
test_behind(void)
{
	struct buf b = {0};
	size_t end;

	add_stored(&b, STR("content"), 0, 65535);
	end = b.n;
	buf_str(&b, STR("garbage"));
	check(buf_slice(&b), STR("content"), end, "garbage behind the gzip data: an error there");
	b.n = end;
	buf_char(&b, '\x1f');
	check(buf_slice(&b), STR("content"), end, "half of the magic is garbage");
	b.n = end;
	buf_add(&b, "\x1f\x8b", 2);
	check(buf_slice(&b), STR("content"), end + 2, "the magic alone is a member cut off");
	b.n = end;
	buf_char(&b, '\0');
	check(buf_slice(&b), STR("content"), SIZE_MAX, "a zero of padding");
	for (int i = 0; i < 511; i++)
		buf_char(&b, '\0');
	check(buf_slice(&b), STR("content"), SIZE_MAX, "padding to a block");
	for (int i = 0; i < 300000; i++)
		buf_char(&b, '\0');
	check(buf_slice(&b), STR("content"), SIZE_MAX, "much padding");
	buf_char(&b, 'x');
	{
		static struct result r;

		read_stream(&r, buf_slice(&b), 1000, 1000, SIZE_MAX, SIZE_MAX);
		ok(r.failed && r.out.n == 7 && r.err.pos >= end && r.err.pos < b.n,
		    "garbage behind padding: an error (at %zu)", r.err.pos);
		buf_free(&r.out);
	}
	buf_free(&b);
	check(STR("\x1f\x8b"), STR(""), 2, "a file of two bytes, 1f 8b: cut off");
	check(STR("\x1f\x8b\x08"), STR(""), 3, "of three");
}

static void
test_bombs(void)
{
	struct buf bomb = {0}, zeros = {0}, many = {0};
	struct result r = {0};
	size_t n;

	read_stream(&r, bytes(bomb_gz_gz, sizeof(bomb_gz_gz)), 1000, 1000, SIZE_MAX, SIZE_MAX);
	ok(!r.failed && r.out.n > 80000, "a bomb in gzip: %zu bytes", r.out.n);
	buf_str(&bomb, buf_slice(&r.out));
	read_stream(&r, bytes(zeros_gz_gz, sizeof(zeros_gz_gz)), 1000, 1000, SIZE_MAX, SIZE_MAX);
	buf_str(&zeros, buf_slice(&r.out));

	read_stream(&r, buf_slice(&bomb), 1u << 20, 1u << 20, SIZE_MAX, 0);
	ok(r.failed && strstr(r.err.msg, "bomb") != NULL, "80 MiB of zeros: %s", r.err.msg);
	ok(r.n >= GZ_RATIO_FLOOR - (2u << 20) && r.n <= GZ_RATIO_FLOOR + (1u << 20) &&
		r.err.pos <= bomb.n,
	    "up to GZ_RATIO_FLOOR and a piece comes out: %llu bytes, then the error at %zu",
	    (unsigned long long)r.n, r.err.pos);
	n = bomb.n;
	bomb.n = n * 6 / 8; /* 60 MiB: not enough to be called a bomb */
	read_stream(&r, buf_slice(&bomb), 1u << 20, 1u << 20, SIZE_MAX, 0);
	ok(r.failed && strstr(r.err.msg, "bomb") == NULL && r.err.pos == bomb.n,
	    "cut off below GZ_RATIO_FLOOR it is just cut off: %s", r.err.msg);
	bomb.n = n;

	read_stream(&r, buf_slice(&zeros), 1u << 20, 1u << 20, SIZE_MAX, 0);
	ok(!r.failed && r.n == 30u << 20, "30 MiB of zeros in one member are fine");
	for (int i = 0; i < 4; i++)
		buf_str(&many, buf_slice(&zeros));
	read_stream(&r, buf_slice(&many), 1u << 20, 1u << 20, SIZE_MAX, 0);
	ok(r.failed && strstr(r.err.msg, "bomb") != NULL, "120 MiB in four members are a bomb: %s",
	    r.err.msg);
	ok(r.n >= 60u << 20 && r.n <= GZ_RATIO_FLOOR + GZ_WHOLE_OUT, "%llu bytes of it came out",
	    (unsigned long long)r.n);
	buf_free(&bomb);
	buf_free(&zeros);
	buf_free(&many);
	buf_free(&r.out);
}

/* Where reading fails, what was read comes out first, as of a file that ends there; then the
 * reader's error. */
static void
test_failing(void)
{
	struct buf b = {0}, whole = {0};
	struct result cut = {0}, r = {0};
	char *big = xmalloc(300000);
	int bad = 0;

	fill(big, 300000);
	add_stored(&b, STR("first member"), 0, 65535);
	add_stored(&b, STR("second member"), FNAME, 65535);
	for (size_t at = 2; at <= b.n; at++) {
		read_stream(&cut, (struct str){b.p, at}, 10, 10, SIZE_MAX, SIZE_MAX);
		read_stream(&r, buf_slice(&b), 10, 10, at, SIZE_MAX);
		if ((!r.failed || r.odd || r.err.pos != at || strstr(r.err.msg, "fire") == NULL ||
			!str_eq(buf_slice(&r.out), buf_slice(&cut.out))) &&
		    bad++ == 0)
			note("reading fails at %zu: %zu bytes came out, %zu wanted; %s at %zu", at,
			    r.out.n, cut.out.n, r.failed ? r.err.msg : "no error", r.err.pos);
	}
	is_int(bad, 0,
	    "reading fails at each byte: what is before it comes out, then the reader's error");
	add_stored(&whole, (struct str){big, 300000}, 0, 65535);
	for (size_t i = 0; i < 5; i++) {
		size_t at = (size_t[]){100, 65536, 100000, 200000, whole.n}[i];

		read_stream(&cut, (struct str){whole.p, at}, 4096, 4096, SIZE_MAX, SIZE_MAX);
		read_stream(&r, buf_slice(&whole), 4096, 4096, at, SIZE_MAX);
		is_int(r.out.n, cut.out.n, "gzip, reading fails at %zu: the bytes before", at);
		ok(r.failed && r.err.pos == at && strstr(r.err.msg, "fire") != NULL,
		    "then the reader's error, at %zu: %s", r.err.pos, r.err.msg);
	}
	bad = 0;
	for (size_t at = 0; at < 100; at++) {
		big[0] = '{';
		read_stream(&r, (struct str){big, 100}, 7, 13, at, SIZE_MAX);
		if (!r.failed || r.odd || r.err.pos != at || r.out.n != at ||
		    (at > 0 && memcmp(r.out.p, big, at) != 0)) {
			bad++;
			note("plain, reading fails at %zu: %zu bytes, %s at %zu", at, r.out.n,
			    r.failed ? r.err.msg : "no error", r.err.pos);
		}
	}
	is_int(bad, 0, "plain, reading fails at each byte");
	free(big);
	buf_free(&b);
	buf_free(&whole);
	buf_free(&cut.out);
	buf_free(&r.out);
}

/* One gz for many streams, left at any point. */
static void
test_again(void)
{
	struct buf lines = {0};
	struct err err;
	char c[64];

	want_lines(&lines);
	for (size_t n = 0; n < 20; n++) {
		struct feed f = {.data = bytes(dynamic_gz, sizeof(dynamic_gz)),
		    .piece = 30,
		    .fail_at = SIZE_MAX};

		if (n % 3 == 1) /* one that zlib inflates, as it is cut off */
			f.data.n -= 9;
		gz_start(gz, give, &f);
		for (size_t i = 0; i < n; i++)
			if (gz_read(gz, c, sizeof(c), &err) < 0)
				break;
		if (n % 5 == 0) {
			f = (struct feed){.data = STR("plain"), .piece = 30, .fail_at = SIZE_MAX};
			gz_start(gz, give, &f);
			is_int(gz_read(gz, c, sizeof(c), &err), 5,
			    "a plain stream after one left after %zu reads", n);
		}
		{
			static struct result r;

			read_stream(&r, bytes(dynamic_gz, sizeof(dynamic_gz)), 100, 100, SIZE_MAX,
			    SIZE_MAX);
			ok(!r.failed && str_eq(buf_slice(&r.out), buf_slice(&lines)),
			    "and a whole one");
			buf_free(&r.out);
		}
	}
	buf_free(&lines);
	gz_free(gz);
	gz = gz_new();
	is_int(gz_read(gz, c, sizeof(c), &err), 0, "a new one without input is at its end");
}

int
main(void)
{
	gz = gz_new();
	test_plain();
	test_kinds();
	test_big();
	test_cut_stored();
	test_cut_members();
	test_damaged();
	test_behind();
	test_bombs();
	test_failing();
	test_again();
	ok(gz_libdeflate_version()[0] != '\0' && gz_zlib_version()[0] != '\0',
	    "libdeflate %s, zlib %s", gz_libdeflate_version(), gz_zlib_version());
	gz_free(gz);
	gz_free(NULL);
	return done_testing();
}

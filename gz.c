/* gz.c: see gz.h. */
#include "gz.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <zlib.h>

#define READ_SIZE 65536 /* bytes: the least that input is asked for */

enum state {
	SNIFF,  /* nothing read yet */
	PLAIN,  /* not gzip: hand through */
	MEMBER, /* before a member or the end */
	WHOLE,  /* a member lies inflated in `out` */
	PIECES, /* zlib is inside of a member */
	OVER
};

struct gz {
	gz_input *input;
	void *context;
	enum state state;
	bool gzip;
	bool input_ended;  /* there is no more of it */
	bool input_failed; /* because of `failure`, which is told behind what came before it */
	struct err failure;
	struct buf in; /* compressed bytes, from `used` on still to be inflated */
	size_t used;
	uint64_t in_before; /* input bytes before in.p[0] */
	struct buf out;     /* a member inflated whole, from `taken` on still to be handed out */
	size_t taken;
	uint64_t total_out;
	struct libdeflate_decompressor *whole;
	z_stream pieces;
	bool pieces_ready;
};

struct gz *
gz_new(void)
{
	struct gz *gz = xmalloc(sizeof(*gz));

	*gz = (struct gz){.state = OVER};
	gz->whole = libdeflate_alloc_decompressor();
	if (gz->whole == NULL)
		abort();
	return gz;
}

void
gz_free(struct gz *gz)
{
	if (gz == NULL)
		return;
	libdeflate_free_decompressor(gz->whole);
	if (gz->pieces_ready)
		(void)inflateEnd(&gz->pieces);
	buf_free(&gz->in);
	buf_free(&gz->out);
	free(gz);
}

void
gz_start(struct gz *gz, gz_input *input, void *context)
{
	gz->input = input;
	gz->context = context;
	gz->state = SNIFF;
	gz->gzip = gz->input_ended = gz->input_failed = false;
	gz->in.n = gz->used = gz->out.n = gz->taken = 0;
	gz->in_before = gz->total_out = 0;
}

bool
gz_is_gzip(const struct gz *gz)
{
	return gz->gzip;
}

static size_t
at_hand(const struct gz *gz)
{
	return gz->in.n - gz->used;
}

/* Have at least `want` bytes of input at hand where the input has them. */
static void
fill(struct gz *gz, size_t want)
{
	size_t room = want > READ_SIZE ? want : READ_SIZE;

	if (at_hand(gz) >= want || gz->input_ended)
		return;
	if (gz->used > 0)
		memmove(gz->in.p, gz->in.p + gz->used, at_hand(gz));
	gz->in_before += gz->used;
	gz->in.n -= gz->used;
	gz->used = 0;
	buf_reserve(&gz->in, room - gz->in.n);
	while (gz->in.n < want && !gz->input_ended) {
		ssize_t n = gz->input(
		    gz->context, gz->in.p + gz->in.n, room - gz->in.n, &gz->failure);

		gz->input_failed = n < 0;
		gz->input_ended = n <= 0;
		gz->in.n += n > 0 ? (size_t)n : 0;
	}
}

/* Nothing more can be made of the input: reading it failed, or it is wrong at pos. */
static int
end_badly(struct gz *gz, uint64_t pos, const char *what, struct err *err)
{
	if (gz->input_failed)
		return err_set(err, (size_t)(gz->in_before + gz->in.n), "%s", gz->failure.msg);
	return err_set(err, (size_t)pos, "%s", what);
}

static uint64_t
position(const struct gz *gz)
{
	return gz->in_before + gz->used;
}

bool
gz_begins(struct str text)
{
	return text.n >= 2 && (unsigned char)text.p[0] == 0x1f && (unsigned char)text.p[1] == 0x8b;
}

static bool
at_magic(const struct gz *gz)
{
	return at_hand(gz) >= 2 && gz_begins((struct str){gz->in.p + gz->used, at_hand(gz)});
}

/* The size that the trailer of a member which ends the text gives (RFC 1952 section 2.3.1). */
static size_t
trailer_size(struct str in)
{
	const unsigned char *p = (const unsigned char *)in.p + in.n - 4;

	return (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

/* Room for the member at hand: what its trailer says (RFC 1952 section 2.3.1) when it is the only
 * one. */
static size_t
guess_out(const struct gz *gz)
{
	size_t have = at_hand(gz);
	size_t guess = have * 12;

	if (gz->input_ended && have >= 18) {
		size_t isize = trailer_size(buf_slice(&gz->in));

		if (isize > guess && isize / have < 1100)
			guess = isize;
	}
	return guess < GZ_WHOLE_OUT ? guess : GZ_WHOLE_OUT;
}

static int
start_pieces(struct gz *gz)
{
	gz->state = PIECES;
	if (gz->pieces_ready)
		return inflateReset2(&gz->pieces, 15 + 16) == Z_OK ? 0 : -1;
	if (inflateInit2(&gz->pieces, 15 + 16) != Z_OK)
		abort(); /* out of memory */
	gz->pieces_ready = true;
	return 0;
}

/* Inflate the member at hand whole; false where it is damaged, larger than our room, or not all at
 * hand. */
static bool
inflate_whole(struct gz *gz)
{
	size_t room = guess_out(gz), in, out;

	gz->out.n = gz->taken = 0;
	buf_reserve(&gz->out, room);
	if (libdeflate_gzip_decompress_ex(gz->whole, gz->in.p + gz->used, at_hand(gz), gz->out.p,
		room, &in, &out) != LIBDEFLATE_SUCCESS)
		return false;
	gz->used += in;
	gz->out.n = out;
	gz->total_out += out;
	gz->state = WHOLE;
	return true;
}

/* Small members often follow one another: the input is read on only when one is not complete. */
static int
start_member(struct gz *gz)
{
	size_t before;

	fill(gz, READ_SIZE);
	if (inflate_whole(gz))
		return 0;
	before = at_hand(gz);
	fill(gz, GZ_WHOLE_IN);
	if (at_hand(gz) > before && inflate_whole(gz))
		return 0;
	return start_pieces(gz);
}

/* Between members: another one, zero padding up to the end, or bytes that are no gzip. */
static int
next_member(struct gz *gz, struct err *err)
{
	uint64_t behind;

	fill(gz, 2);
	if (at_magic(gz))
		return start_member(gz);
	behind = position(gz);
	for (;;) {
		for (; gz->used < gz->in.n; gz->used++)
			if (gz->in.p[gz->used] != '\0')
				return end_badly(
				    gz, behind, "what follows the gzip data is no gzip", err);
		if (gz->input_ended)
			break;
		fill(gz, READ_SIZE);
	}
	gz->state = OVER;
	return gz->input_failed ? end_badly(gz, position(gz), "", err) : 0;
}

static size_t
take_whole(struct gz *gz, char *p, size_t n)
{
	size_t left = gz->out.n - gz->taken;

	if (n > left)
		n = left;
	if (n > 0)
		memcpy(p, gz->out.p + gz->taken, n);
	gz->taken += n;
	if (gz->taken == gz->out.n)
		gz->state = MEMBER;
	return n;
}

static ssize_t
take_pieces(struct gz *gz, char *p, size_t n, struct err *err)
{
	z_stream *z = &gz->pieces;
	size_t made;
	int r;

	fill(gz, 1);
	if (n > UINT32_MAX)
		n = UINT32_MAX;
	z->next_in = (unsigned char *)gz->in.p + gz->used;
	z->avail_in = (uInt)at_hand(gz);
	z->next_out = (unsigned char *)p;
	z->avail_out = (uInt)n;
	r = inflate(z, Z_NO_FLUSH);
	made = n - z->avail_out;
	gz->used = gz->in.n - z->avail_in;
	gz->total_out += made;
	if (r == Z_STREAM_END)
		gz->state = MEMBER;
	else if (made > 0)
		return (ssize_t)made; /* whatever is wrong shows again at the next call */
	else if (r == Z_MEM_ERROR)
		abort();
	else if (r != Z_OK && r != Z_BUF_ERROR)
		return err_set(err, (size_t)position(gz), "damaged gzip data (%s)",
		    z->msg != NULL ? z->msg : "inflate");
	else if (gz->input_ended && gz->used == gz->in.n)
		return end_badly(gz, position(gz), "the gzip data is cut off", err);
	return (ssize_t)made;
}

static int
check_ratio(const struct gz *gz, struct err *err)
{
	if (gz->total_out <= GZ_RATIO_FLOOR || gz->total_out / GZ_MAX_RATIO <= position(gz))
		return 0;
	return err_set(err, (size_t)position(gz),
	    "inflates to more than %d times its size, as gzip bombs do", GZ_MAX_RATIO);
}

static void
sniff(struct gz *gz)
{
	fill(gz, 2);
	gz->gzip = at_magic(gz);
	gz->state = gz->gzip ? MEMBER : PLAIN;
}

static ssize_t
read_plain(struct gz *gz, char *p, size_t n, struct err *err)
{
	size_t left = at_hand(gz);
	ssize_t got;

	if (left > 0) {
		n = n < left ? n : left;
		memcpy(p, gz->in.p + gz->used, n);
		gz->used += n;
		gz->total_out += n;
		return (ssize_t)n;
	}
	if (gz->input_ended) {
		gz->state = OVER;
		return gz->input_failed ? end_badly(gz, gz->total_out, "", err) : 0;
	}
	got = gz->input(gz->context, p, n, err);
	if (got > 0)
		gz->total_out += (uint64_t)got;
	if (got <= 0)
		gz->state = OVER;
	if (got < 0)
		err->pos = (size_t)gz->total_out;
	return got;
}

ssize_t
gz_read(struct gz *gz, char *p, size_t n, struct err *err)
{
	for (;;) {
		ssize_t got = 0;

		switch (gz->state) {
		case SNIFF:
			sniff(gz);
			break;
		case PLAIN:
			return read_plain(gz, p, n, err);
		case MEMBER:
			got = next_member(gz, err);
			break;
		case WHOLE:
			got = (ssize_t)take_whole(gz, p, n);
			break;
		case PIECES:
			got = take_pieces(gz, p, n, err);
			break;
		case OVER:
			return 0;
		}
		if (got >= 0 && gz->gzip && check_ratio(gz, err) != 0)
			got = -1;
		if (got < 0)
			gz->state = OVER;
		if (got != 0)
			return got;
	}
}

int
gz_inflate(struct gz *gz, struct str in, struct buf *out)
{
	out->n = 0;
	while (in.n >= 18 && gz_begins(in)) {
		size_t room = trailer_size(in), used, got;

		if (room > GZ_WHOLE_OUT - out->n)
			return -1;
		buf_reserve(out, room + 1);
		if (libdeflate_gzip_decompress_ex(gz->whole, in.p, in.n, out->p + out->n,
			out->cap - out->n, &used, &got) != LIBDEFLATE_SUCCESS)
			return -1;
		out->n += got;
		in.p += used;
		in.n -= used;
	}
	return in.n == 0 ? 0 : -1;
}

const char *
gz_libdeflate_version(void)
{
	return LIBDEFLATE_VERSION_STRING;
}

const char *
gz_zlib_version(void)
{
	return zlibVersion();
}

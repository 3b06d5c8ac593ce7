/* gz.h: a byte stream that is inflated when it is gzip (RFC 1952), in bounded memory.
 *
 * gzip is told by its first bytes, not by a name. Members may follow one another, and zero padding
 * may follow the last. A member that fits is inflated whole by libdeflate; one that does not, or is
 * damaged, is inflated by zlib piece by piece: so a file of any size needs little memory, and of a
 * truncated file everything up to the cut comes out. No I/O of its own; a stream belongs to one
 * thread at a time. */
#ifndef GZ_H
#define GZ_H

#include <sys/types.h> /* ssize_t */

#include "str.h"

#define GZ_WHOLE_IN                                                                                \
	(4u << 20) /* compressed bytes held at most: a member within may be inflated whole */
#define GZ_WHOLE_OUT (32u << 20) /* bytes that a member inflated whole may have */
#define GZ_MAX_RATIO 250         /* inflated to compressed: logs reach 10 to 50, gzip bombs 1000 */
#define GZ_RATIO_FLOOR (64u << 20) /* inflated bytes before the ratio counts */

/* Read up to n bytes into p: how many, 0 at the end, -1 with err filled. */
typedef ssize_t gz_input(void *context, char *p, size_t n, struct err *err);

struct gz;

/* A stream over input. */
struct gz *gz_new(void) MUSTUSE;
void gz_free(struct gz *gz);

/* Start a new stream with the same buffers. */
void gz_start(struct gz *gz, gz_input *input, void *context);

/* Up to n > 0 bytes of content into p: how many, 0 at the end, -1 on an error; fewer than n are no
 * sign of the end. An error comes after all the bytes before it; err->pos is the byte of the input,
 * and the stream is over. */
ssize_t gz_read(struct gz *gz, char *p, size_t n, struct err *err) MUSTUSE;

/* Inflate a gzip text as a whole into out, which is emptied before. -1 where it is no whole gzip
 * text, or larger than GZ_WHOLE_OUT: then only a stream can tell more. */
int gz_inflate(struct gz *gz, struct str in, struct buf *out) MUSTUSE;

/* Does the text begin as a gzip member does (RFC 1952 section 2.3.1)? */
bool gz_begins(struct str text);

/* Is the stream gzip? Known after the first gz_read. */
bool gz_is_gzip(const struct gz *gz);

/* libdeflate's and zlib's versions. */
const char *gz_libdeflate_version(void);
const char *gz_zlib_version(void);

#endif

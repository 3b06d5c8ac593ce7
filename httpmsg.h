/* httpmsg.h: HTTP/1.1 messages as bytes (RFC 9110, RFC 9112), for a client.
 *
 * Reads the head of a response out of a growing buffer, decodes its body fed in pieces of any size,
 * and writes the head of a request. Strict: what two readers could understand differently is
 * refused, not repaired. Knows no sockets, no clock and no content codings. Pure; a value belongs
 * to one thread at a time.
 *
 * How a caller goes about it: read bytes into a buffer and call httpmsg_read_head after each read
 * until it is no longer HTTP_MORE; while the status is below 200, drop head->len bytes and start
 * over, HTTP_MAX_INTERIM times at most; then httpmsg_body_init, and httpmsg_body_feed with the
 * bytes behind the head and all that follow until it is no longer HTTP_MORE; when the peer closes
 * before that, httpmsg_body_closed says whether the body is whole. Bytes behind the body's end,
 * which nobody asked for, mean that the connection must not be used again. */
#ifndef HTTPMSG_H
#define HTTPMSG_H

#include "str.h"

#define HTTP_MAX_HEAD 65536       /* bytes of status line and headers; AWS sends below 4 KiB */
#define HTTP_MAX_HEADERS 128      /* header lines of one response; AWS sends about 15 */
#define HTTP_MAX_REASON 512       /* bytes of a reason phrase: nobody's is longer than a line */
#define HTTP_MAX_INTERIM 8        /* 1xx responses before the final one: servers send 0 or 1 */
#define HTTP_MAX_BODY (64u << 20) /* bytes of a decoded body: a LookupEvents page is below 15 MiB */
#define HTTP_MAX_CHUNK_LINE 4096  /* bytes of a chunk's size with its extensions: few send any */
#define HTTP_MAX_TRAILER 16384    /* bytes of all trailer lines: they are skipped anyway */
#define HTTP_FRAMING_FLOOR 65536  /* bytes of chunk framing before its share of the body counts */
#define HTTP_FRAMING_RATIO 8      /* framing to body bytes: chunks of a byte each have 5 to 1 */

enum httpmsg_result {
	HTTP_OK,   /* it is all there */
	HTTP_MORE, /* good so far: call again with more bytes */
	HTTP_BAD   /* err says why; nothing more can be read from this connection */
};

enum httpmsg_framing { /* where the body ends (RFC 9112 section 6.3) */
	HTTP_BODY_NONE,        /* at the end of the head */
	HTTP_BODY_LENGTH,      /* after `length` bytes */
	HTTP_BODY_CHUNKED,     /* after the last chunk and the trailer */
	HTTP_BODY_UNTIL_CLOSE  /* when the peer closes */
};

struct httpmsg_header {
	struct str name;
	struct str value; /* without the blanks around it; may be empty */
};

/* A response's head. All slices point into the buffer that it was read from. */
struct httpmsg_head {
	int status;        /* 100 to 599 */
	int minor;         /* of HTTP/1.x: 0 or 1 */
	struct str reason; /* foreign bytes, without control characters; may be empty */
	struct httpmsg_header headers[HTTP_MAX_HEADERS]; /* in the order of the wire */
	size_t n_headers;
	size_t len; /* bytes of the head with its empty line: the body starts here */
	enum httpmsg_framing framing;
	uint64_t length; /* bytes of the body if framing is HTTP_BODY_LENGTH, else 0 */
	bool keep_alive; /* may another request follow once the body is read? (section 9.3) */
};

/* Read a response's head from the start of `in`, the bytes received so far; method is the request's
 * (HEAD and CONNECT have answers without a body). last_len is in.n of the call before that returned
 * HTTP_MORE, 0 at the first: bytes before it are not searched again, so that a peer who sends byte
 * by byte costs no more than one who does not.
 *
 * HTTP_OK: *head is filled and in.p[0] to in.p[head->len - 1] was the head; a 1xx response is
 * reported like any other and has framing HTTP_BODY_NONE. HTTP_MORE: *head is undefined, in.n is
 * below HTTP_MAX_HEAD. HTTP_BAD: err has the reason and the byte position in `in`.
 *
 * The answer depends on the bytes only, not on how they were split into calls. Refused are: other
 * versions than HTTP/1.0 and 1.1, statuses outside 100 to 599 and 101, a line end without CR, a CR
 * without LF, control bytes, folded lines (RFC 9112 section 5.2), blanks before a colon, names that
 * are no tokens, Content-Length that is not a number below 2^63 or comes twice with different
 * numbers, Transfer-Encoding other than one "chunked", in HTTP/1.0, beside Content-Length or with
 * a status that has no body, and whatever exceeds the limits above. The blank behind the status
 * may be missing where there is no reason. */
enum httpmsg_result httpmsg_read_head(struct httpmsg_head *head, struct str method, struct str in,
    size_t last_len, struct err *err) MUSTUSE;

/* The value of the first header with this name, in any case; {NULL, 0} if there is none (p is not
 * NULL for an empty value). */
struct str httpmsg_header(const struct httpmsg_head *head, struct str name);

/* A body that is being decoded. The fields are the decoder's own. */
struct httpmsg_body {
	enum httpmsg_framing framing;
	int state;        /* where in the chunked coding we are */
	uint64_t left;    /* bytes to come of the body (HTTP_BODY_LENGTH) or of the chunk */
	uint64_t length;  /* the body's announced length, for the error text */
	uint64_t decoded; /* bytes of the body so far */
	uint64_t framed;  /* bytes of chunk lines and trailer so far */
	size_t line;      /* bytes of the chunk line or of the trailer so far */
	size_t cap;       /* most bytes that the body may have */
};

/* Start on the body of a response. cap is the most bytes that it may have, HTTP_MAX_BODY unless the
 * caller knows better. */
void httpmsg_body_init(struct httpmsg_body *body, const struct httpmsg_head *head, size_t cap);

/* Decode `in`, the next bytes of the connection: what belongs to the body is appended to out. *used
 * is the number of bytes that were taken, all of them unless the result is HTTP_OK: then what is
 * behind belongs to the next response. May be called with no bytes at all, and must be called once
 * after httpmsg_body_init to learn that there is no body. A body until close is never HTTP_OK here.
 *
 * Chunk extensions and trailer fields are checked and dropped (RFC 9112 section 7.1). HTTP_BAD: err
 * has the reason, err->pos is the byte in `in`, and out holds the body up to there. A body longer
 * than cap is HTTP_BAD as soon as its length is known. */
enum httpmsg_result httpmsg_body_feed(struct httpmsg_body *body, struct str in, size_t *used,
    struct buf *out, struct err *err) MUSTUSE;

/* The peer has closed the connection in an orderly way after the bytes that were fed: 0 where the
 * body is whole, else -1 and err says how much of it is missing. (A connection that broke, or TLS
 * without close_notify, is no orderly end: ask only after one.) */
int httpmsg_body_closed(const struct httpmsg_body *body, struct err *err) MUSTUSE;

struct httpmsg_request {
	struct str method;
	struct str target; /* as it goes on the wire: "/path?query", or absolute for a proxy */
	struct str host;   /* the Host header: name, or name:port, or [v6]:port */
	const struct httpmsg_header *headers; /* the others, without Content-Length */
	size_t n_headers;
	int64_t body_len; /* bytes of the body that follows, -1: no body and no Content-Length */
};

/* Append the request's head, with its empty line, to out: Host first, then the headers as given,
 * then Content-Length. -1 where a part has a byte that it must not have (CR, LF, NUL and other
 * control bytes anywhere; blanks in the target) or where the headers repeat what is written here
 * (Host, Content-Length, Transfer-Encoding); out is as it was then. No error shows a value: it may
 * be a secret. out may hold secrets afterwards: the caller wipes it. */
int httpmsg_write_request(struct buf *out, const struct httpmsg_request *request,
    struct err *err) MUSTUSE;

/* Append a CONNECT request for a tunnel to authority, "host:port" or "[v6]:port" (RFC 9110 section
 * 9.3.6), with Proxy-Authorization: Basic if user and password are both not empty. Errors and
 * secrets as in httpmsg_write_request. */
int httpmsg_write_connect(struct buf *out, struct str authority, struct str user,
    struct str password, struct err *err) MUSTUSE;

/* Append "Basic " and the credentials, the value of an Authorization header (RFC 7617 section 2).
 * -1 where the user name has a colon or either has control bytes; no error shows them. */
int httpmsg_write_basic(struct buf *out, struct str user, struct str password,
    struct err *err) MUSTUSE;

/* Append in's base64 form with padding (RFC 4648 section 4). */
void httpmsg_base64(struct buf *out, struct str in);

#endif

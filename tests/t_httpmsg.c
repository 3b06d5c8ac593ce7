/* HTTP/1.1 messages: vectors of what a server sends and the events that it must give. Each runs at
 * once, byte by byte, in pieces of three and cut in two at every place, with the bytes right before
 * a page that cannot be read. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../httpmsg.h"
#include "tap.h"

#define ROOM (1u << 20) /* bytes of an input, a multiple of any page size */
#define HEAD_OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED HEAD_OK "Transfer-Encoding: chunked\r\n\r\n"

struct vector {
	const char *name;
	const char *method; /* of the request; NULL: POST */
	const char *in;
	size_t cap;       /* of the body; 0: HTTP_MAX_BODY */
	const char *want; /* the log, see play */
};

static char *guard; /* the first byte that cannot be read */

static void
make_guard(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	    0);

	if (p == MAP_FAILED || mprotect(p + ROOM, page, PROT_NONE) != 0)
		abort();
	guard = p + ROOM;
}

/* The same bytes, right before the guard page. */
static struct str
at_guard(const char *p, size_t n)
{
	if (n > 0)
		memmove(guard - n, p, n);
	return (struct str){guard - n, n};
}

/* A connection that brings its bytes in pieces: one of `first` bytes, then all of `step`. */
struct wire {
	struct str in;
	size_t first;
	size_t step;
	size_t have; /* bytes that arrived */
	size_t read; /* bytes that were read from those */
};

static bool
receive(struct wire *w)
{
	size_t n = w->have == 0 ? w->first : w->step;

	if (w->have == w->in.n)
		return false;
	w->have += n < w->in.n - w->have ? n : w->in.n - w->have;
	return true;
}

static void
log_bad(struct buf *log, size_t at, const struct err *err)
{
	buf_printf(log, "bad at %zu: %s\n", at + err->pos, err->msg);
}

/* "STATUS REASON", "Name=value" lines, then the framing. */
static void
log_head(struct buf *log, const struct httpmsg_head *head)
{
	static const char *const names[] = {"none", "length", "chunked", "until close"};

	buf_printf(log, "%d", head->status);
	if (head->minor == 0)
		buf_printf(log, " (1.0)");
	buf_printf(log, " %.*s\n", (int)head->reason.n, head->reason.p);
	for (size_t i = 0; i < head->n_headers; i++) {
		const struct httpmsg_header *h = &head->headers[i];

		buf_printf(log, "%.*s=%.*s\n", (int)h->name.n, h->name.p, (int)h->value.n,
		    h->value.p);
	}
	buf_printf(log, "%s", names[head->framing]);
	if (head->framing == HTTP_BODY_LENGTH)
		buf_printf(log, " %llu", (unsigned long long)head->length);
	buf_printf(log, head->keep_alive ? ", keep\n" : ", close\n");
}

/* Read one head. False when the log has come to its end. */
static bool
play_head(struct buf *log, struct wire *w, const char *method, struct httpmsg_head *head)
{
	struct err err;
	size_t last = 0;

	for (;;) {
		struct str in = at_guard(w->in.p + w->read, w->have - w->read);

		switch (httpmsg_read_head(head, str_of(method), in, last, &err)) {
		case HTTP_OK:
			log_head(log, head);
			w->read += head->len;
			return true;
		case HTTP_BAD:
			log_bad(log, w->read, &err);
			return false;
		case HTTP_MORE:
			break;
		}
		last = in.n;
		if (!receive(w)) {
			buf_printf(log, "more\n");
			return false;
		}
	}
}

static void
play_body(struct buf *log, struct wire *w, const struct httpmsg_head *head, size_t cap)
{
	struct httpmsg_body body;
	struct buf out = {0};
	struct str in = {guard, 0};
	struct err err = {0};
	enum httpmsg_result r;
	size_t used;

	httpmsg_body_init(&body, head, cap > 0 ? cap : HTTP_MAX_BODY);
	while ((r = httpmsg_body_feed(&body, in, &used, &out, &err)) == HTTP_MORE) {
		w->read += used;
		if (used != in.n)
			buf_printf(log, "not all used\n");
		if (w->read == w->have && !receive(w))
			break;
		in = at_guard(w->in.p + w->read, w->have - w->read);
	}
	buf_printf(log, "body %.*s\n", (int)out.n, out.n > 0 ? out.p : "");
	if (r == HTTP_OK)
		buf_printf(log, "done, %zu left\n", w->in.n - w->read - used);
	else if (r == HTTP_BAD)
		log_bad(log, w->read, &err);
	else if (httpmsg_body_closed(&body, &err) < 0)
		buf_printf(log, "%s\n", err.msg);
	else
		buf_printf(log, "closed\n");
	buf_free(&out);
}

/* Everything that the bytes on the wire make of themselves, as text. */
static void
play(struct buf *log, const struct vector *v, struct str in, size_t first, size_t step)
{
	struct httpmsg_head head;
	struct wire w = {in, first, step, 0, 0};

	log->n = 0;
	do {
		if (!play_head(log, &w, v->method != NULL ? v->method : "POST", &head))
			return;
	} while (head.status < 200);
	play_body(log, &w, &head, v->cap);
}

static void
run(const struct vector *v, struct str in)
{
	struct buf whole = {0}, log = {0};
	size_t differ = SIZE_MAX;

	play(&whole, v, in, in.n, in.n);
	if (v->want != NULL)
		is_mem(buf_slice(&whole).p, whole.n, v->want, strlen(v->want), "%s", v->name);
	for (size_t cut = 1; cut < in.n && differ == SIZE_MAX; cut++) {
		play(&log, v, in, cut, in.n);
		if (!str_eq(buf_slice(&log), buf_slice(&whole)))
			differ = cut;
	}
	ok(differ == SIZE_MAX, "%s: cut in two anywhere (%zu)", v->name, differ);
	for (size_t step = 1; step <= 3; step += 2) {
		play(&log, v, in, step, step);
		is_mem(buf_slice(&log).p, log.n, buf_slice(&whole).p, whole.n,
		    "%s: in pieces of %zu", v->name, step);
	}
	buf_free(&whole);
	buf_free(&log);
}

#define REST_OK "none, keep\nbody \ndone, 0 left\n"

static const struct vector framings[] = {
	{"a body of a known length", NULL, HEAD_OK "Content-Length: 5\r\n\r\nhello", 0,
	    "200 OK\nContent-Length=5\nlength 5, keep\nbody hello\ndone, 0 left\n"},
	{"bytes behind the body are left", NULL, HEAD_OK "content-length:5\r\n\r\nhelloHTTP/1.1", 0,
	    "200 OK\ncontent-length=5\nlength 5, keep\nbody hello\ndone, 8 left\n"},
	{"an empty body", NULL, HEAD_OK "Content-Length: 0\r\n\r\n", 0,
	    "200 OK\nContent-Length=0\nlength 0, keep\nbody \ndone, 0 left\n"},
	{"a length with zeros in front", NULL, HEAD_OK "Content-Length: 0003\r\n\r\nabc", 0,
	    "200 OK\nContent-Length=0003\nlength 3, keep\nbody abc\ndone, 0 left\n"},
	{"the same length twice", NULL,
	    HEAD_OK "Content-Length: 3\r\nContent-Length: 03\r\n\r\nabc", 0,
	    "200 OK\nContent-Length=3\nContent-Length=03\nlength 3, keep\nbody abc\n"
	    "done, 0 left\n"},
	{"a body cut off", NULL, HEAD_OK "Content-Length: 5\r\n\r\nhel", 0,
	    "200 OK\nContent-Length=5\nlength 5, keep\nbody hel\n"
	    "the server closed the connection after 3 of the response's 5 bytes\n"},
	{"until close", NULL, HEAD_OK "\r\nabc", 0,
	    "200 OK\nuntil close, close\nbody abc\nclosed\n"},
	{"nothing until close", NULL, HEAD_OK "\r\n", 0,
	    "200 OK\nuntil close, close\nbody \nclosed\n"},
	{"Connection: close", NULL,
	    HEAD_OK "Connection: close\r\nContent-Length: 1\r\n\r\nx", 0,
	    "200 OK\nConnection=close\nContent-Length=1\nlength 1, close\nbody x\ndone, 0 left\n"},
	{"close among others", NULL,
	    HEAD_OK "Connection: foo ,\tCLOSE ,,\r\nContent-Length: 1\r\n\r\nx", 0,
	    "200 OK\nConnection=foo ,\tCLOSE ,,\nContent-Length=1\nlength 1, close\nbody x\n"
	    "done, 0 left\n"},
	{"close beats keep-alive", NULL,
	    HEAD_OK "Connection: keep-alive\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 0,
	    "200 OK\nConnection=keep-alive\nConnection=close\nContent-Length=0\n"
	    "length 0, close\nbody \ndone, 0 left\n"},
	{"close is a whole word", NULL,
	    HEAD_OK "Connection: closed\r\nContent-Length: 0\r\n\r\n", 0,
	    "200 OK\nConnection=closed\nContent-Length=0\nlength 0, keep\nbody \ndone, 0 left\n"},
	{"HTTP/1.0 closes", NULL, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 0,
	    "200 (1.0) OK\nContent-Length=1\nlength 1, close\nbody x\ndone, 0 left\n"},
	{"HTTP/1.0 with keep-alive", NULL,
	    "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx", 0,
	    "200 (1.0) OK\nConnection=Keep-Alive\nContent-Length=1\nlength 1, keep\nbody x\n"
	    "done, 0 left\n"},
	{"204", NULL, "HTTP/1.1 204 No Content\r\n\r\n", 0, "204 No Content\n" REST_OK},
	{"204 with a length of 0", NULL, "HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n", 0,
	    "204 x\nContent-Length=0\n" REST_OK},
	{"204 with a body", NULL, "HTTP/1.1 204 x\r\nContent-Length: 1\r\n\r\nx", 0,
	    "bad at 0: the response has status 204 and a body\n"},
	{"204 chunked", NULL, "HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0,
	    "bad at 0: the response has status 204 and a body\n"},
	{"304 tells a length and sends nothing", NULL,
	    "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 0,
	    "304 Not Modified\nContent-Length=9\n" REST_OK},
	{"HEAD has no body", "HEAD", HEAD_OK "Content-Length: 9\r\n\r\n", 0,
	    "200 OK\nContent-Length=9\n" REST_OK},
	{"HEAD, chunked", "HEAD", CHUNKED, 0, "200 OK\nTransfer-Encoding=chunked\n" REST_OK},
	{"a method is taken with its case", "head", HEAD_OK "Content-Length: 1\r\n\r\nx", 0,
	    "200 OK\nContent-Length=1\nlength 1, keep\nbody x\ndone, 0 left\n"},
	{"CONNECT: a tunnel", "CONNECT", "HTTP/1.0 200 Connection established\r\n\r\n", 0,
	    "200 (1.0) Connection established\nnone, close\nbody \ndone, 0 left\n"},
	{"CONNECT: lengths are ignored", "CONNECT",
	    HEAD_OK "Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n\x16\x03\x03", 0,
	    "200 OK\nContent-Length=7\nTransfer-Encoding=chunked\n"
	    "none, keep\nbody \ndone, 3 left\n"},
	{"CONNECT: refused", "CONNECT",
	    "HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno", 0,
	    "407 Auth\nContent-Length=2\nlength 2, keep\nbody no\ndone, 0 left\n"},
	{"1xx come before", NULL,
	    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
	    HEAD_OK "Content-Length: 1\r\n\r\nx", 0,
	    "100 Continue\nnone, keep\n103 Early Hints\nLink=x\nnone, keep\n"
	    "200 OK\nContent-Length=1\nlength 1, keep\nbody x\ndone, 0 left\n"},
	{"1xx with a body", NULL, "HTTP/1.1 100 x\r\nContent-Length: 1\r\n\r\nx", 0,
	    "bad at 0: the response has status 100 and a body\n"},
	{"101", NULL, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", 0,
	    "bad at 0: the server switches to a protocol that nobody asked for\n"},
	{"both lengths", NULL,
	    HEAD_OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0,
	    "bad at 0: the response has both Transfer-Encoding and Content-Length\n"},
	{"both lengths, the other way round", "HEAD",
	    HEAD_OK "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", 0,
	    "bad at 0: the response has both Transfer-Encoding and Content-Length\n"},
	{"two lengths", NULL, HEAD_OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 0,
	    "bad at 36: the response has two different Content-Lengths\n"},
	{"a list of lengths", NULL, HEAD_OK "Content-Length: 5, 5\r\n\r\nhello", 0,
	    "bad at 17: the response's Content-Length is not a number\n"},
	{"a negative length", NULL, HEAD_OK "Content-Length: -1\r\n\r\n", 0,
	    "bad at 17: the response's Content-Length is not a number\n"},
	{"a length with a plus", NULL, HEAD_OK "Content-Length: +1\r\n\r\n", 0,
	    "bad at 17: the response's Content-Length is not a number\n"},
	{"a hexadecimal length", NULL, HEAD_OK "Content-Length: 0x1\r\n\r\n", 0,
	    "bad at 17: the response's Content-Length is not a number\n"},
	{"an empty length", NULL, HEAD_OK "Content-Length:  \r\n\r\n", 0,
	    "bad at 17: the response's Content-Length is empty\n"},
	{"the largest length", "HEAD", HEAD_OK "Content-Length: 9223372036854775807\r\n\r\n", 0,
	    "200 OK\nContent-Length=9223372036854775807\n" REST_OK},
	{"a length of 2^63", "HEAD", HEAD_OK "Content-Length: 9223372036854775808\r\n\r\n", 0,
	    "bad at 17: the response's Content-Length is out of range\n"},
	{"a length of 2^64 and 5", NULL,
	    HEAD_OK "Content-Length: 18446744073709551621\r\n\r\nhello", 0,
	    "bad at 17: the response's Content-Length is out of range\n"},
	{"chunked and gzip", NULL, HEAD_OK "Transfer-Encoding: gzip, chunked\r\n\r\n", 0,
	    "bad at 17: the response's Transfer-Encoding is not \"chunked\"\n"},
	{"identity", NULL, HEAD_OK "Transfer-Encoding: identity\r\n\r\n", 0,
	    "bad at 17: the response's Transfer-Encoding is not \"chunked\"\n"},
	{"an empty coding", NULL, HEAD_OK "Transfer-Encoding:\r\n\r\n", 0,
	    "bad at 17: the response's Transfer-Encoding is not \"chunked\"\n"},
	{"chunked twice", NULL,
	    HEAD_OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 0,
	    "bad at 45: the response has two Transfer-Encodings\n"},
	{"chunked twice in a line", NULL,
	    HEAD_OK "Transfer-Encoding: chunked, chunked\r\n\r\n", 0,
	    "bad at 17: the response's Transfer-Encoding is not \"chunked\"\n"},
	{"chunked with a parameter", NULL, HEAD_OK "Transfer-Encoding: chunked;q=1\r\n\r\n", 0,
	    "bad at 17: the response's Transfer-Encoding is not \"chunked\"\n"},
	{"chunked in HTTP/1.0", NULL,
	    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0,
	    "bad at 0: the response has Transfer-Encoding in HTTP/1.0\n"},
	{"longer than the cap", NULL, HEAD_OK "Content-Length: 5\r\n\r\nhello", 4,
	    "200 OK\nContent-Length=5\nlength 5, keep\nbody \n"
	    "bad at 38: the response's body is longer than 4 bytes\n"},
	{"as long as the cap", NULL, HEAD_OK "Content-Length: 5\r\n\r\nhello", 5,
	    "200 OK\nContent-Length=5\nlength 5, keep\nbody hello\ndone, 0 left\n"},
	{"300 MB", NULL, HEAD_OK "Content-Length: 300000000\r\n\r\nhello", 0,
	    "200 OK\nContent-Length=300000000\nlength 300000000, keep\nbody \n"
	    "bad at 46: the response's body is longer than 67108864 bytes\n"},
	{"until close, to the cap", NULL, HEAD_OK "\r\nhello", 5,
	    "200 OK\nuntil close, close\nbody hello\nclosed\n"},
	{"until close, longer than the cap", NULL, HEAD_OK "\r\nhello", 4,
	    "200 OK\nuntil close, close\nbody hell\n"
	    "bad at 23: the response's body is longer than 4 bytes\n"},
};

static const struct vector heads[] = {
	{"no reason", NULL, "HTTP/1.1 204 \r\n\r\n", 0, "204 \n" REST_OK},
	{"no blank before no reason", NULL, "HTTP/1.1 204\r\n\r\n", 0, "204 \n" REST_OK},
	{"any reason", NULL, "HTTP/1.1 204  \t K\xc3\xbchl  \r\n\r\n", 0,
	    "204  \t K\xc3\xbchl  \n" REST_OK},
	{"blanks around a value", NULL, "HTTP/1.1 204 x\r\nA: \t b c \t\r\nB:\r\nC:  \r\n\r\n", 0,
	    "204 x\nA=b c\nB=\nC=\n" REST_OK},
	{"any token is a name", NULL, "HTTP/1.1 204 x\r\n!#$%&'*+-.^_`|~09azAZ:x:y\r\n\r\n", 0,
	    "204 x\n!#$%&'*+-.^_`|~09azAZ=x:y\n" REST_OK},
	{"bytes above 127 in a value", NULL, "HTTP/1.1 204 x\r\nA: \xff\x80\r\n\r\n", 0,
	    "204 x\nA=\xff\x80\n" REST_OK},
	{"nothing", NULL, "", 0, "more\n"},
	{"half a version", NULL, "HTTP/1", 0, "more\n"},
	{"half a head", NULL, HEAD_OK "A: b\r\n\r", 0, "more\n"},
	{"HTTP/2", NULL, "HTTP/2 200\r\n\r\n", 0,
	    "bad at 5: the answer is neither HTTP/1.0 nor HTTP/1.1\n"},
	{"HTTP/1.2", NULL, "HTTP/1.2 200 OK\r\n\r\n", 0,
	    "bad at 7: the answer is neither HTTP/1.0 nor HTTP/1.1\n"},
	{"HTTP/1.10", NULL, "HTTP/1.10 200 OK\r\n\r\n", 0,
	    "bad at 8: the answer is neither HTTP/1.0 nor HTTP/1.1\n"},
	{"HTTP/0.9", NULL, "<html>", 0, "bad at 0: the answer is neither HTTP/1.0 nor HTTP/1.1\n"},
	{"small letters", NULL, "http/1.1 200 OK\r\n\r\n", 0,
	    "bad at 0: the answer is neither HTTP/1.0 nor HTTP/1.1\n"},
	{"a TLS alert", NULL, "\x15\x03\x01", 0,
	    "bad at 0: the answer is neither HTTP/1.0 nor HTTP/1.1\n"},
	{"an empty line before", NULL, "\r\nHTTP/1.1 200 OK\r\n\r\n", 0,
	    "bad at 0: the answer is neither HTTP/1.0 nor HTTP/1.1\n"},
	{"two blanks before the status", NULL, "HTTP/1.1  200 OK\r\n\r\n", 0,
	    "bad at 9: the response's status is not a number of three digits\n"},
	{"no status", NULL, "HTTP/1.1 \r\n\r\n", 0,
	    "bad at 9: the response's status is not a number of three digits\n"},
	{"two digits", NULL, "HTTP/1.1 20\r\n\r\n", 0,
	    "bad at 11: the response's status is not a number of three digits\n"},
	{"four digits", NULL, "HTTP/1.1 2000 OK\r\n\r\n", 0,
	    "bad at 12: the response's status is not a number of three digits\n"},
	{"a letter", NULL, "HTTP/1.1 2o0 OK\r\n\r\n", 0,
	    "bad at 10: the response's status is not a number of three digits\n"},
	{"status 099", NULL, "HTTP/1.1 099 x\r\n\r\n", 0,
	    "bad at 9: the response's status is 099\n"},
	{"status 600", NULL, "HTTP/1.1 600 x\r\n\r\n", 0,
	    "bad at 9: the response's status is 600\n"},
	{"a bare LF", NULL, "HTTP/1.1 200 OK\nA: b\n\n", 0,
	    "bad at 15: a line of the response's head ends without CR\n"},
	{"a bare LF at the end", NULL, HEAD_OK "\n", 0,
	    "bad at 17: a line of the response's head ends without CR\n"},
	{"a bare CR", NULL, HEAD_OK "A: b\rC: d\r\n\r\n", 0,
	    "bad at 22: a CR without LF in the response's head\n"},
	{"two CRs", NULL, HEAD_OK "A: b\r\r\n\r\n", 0,
	    "bad at 22: a CR without LF in the response's head\n"},
	{"NUL", NULL, HEAD_OK "A: b\x01\r\n\r\n", 0,
	    "bad at 21: control byte 0x01 in the response's head\n"},
	{"DEL in the reason", NULL, "HTTP/1.1 200 \x7f\r\n\r\n", 0,
	    "bad at 13: control byte 0x7f in the response's head\n"},
	{"a folded line", NULL, HEAD_OK "A: b\r\n c\r\n\r\n", 0,
	    "bad at 23: folded header line in the response\n"},
	{"a folded first line", NULL, HEAD_OK "\tA: b\r\n\r\n", 0,
	    "bad at 17: folded header line in the response\n"},
	{"a line of blanks", NULL, HEAD_OK "A: b\r\n \r\n\r\n", 0,
	    "bad at 23: folded header line in the response\n"},
	{"a blank before the colon", NULL, HEAD_OK "Content-Length : 5\r\n\r\n", 0,
	    "bad at 31: blank before a header's colon in the response\n"},
	{"no colon", NULL, HEAD_OK "abc\r\n\r\n", 0,
	    "bad at 20: the response has a header line without a name\n"},
	{"no name", NULL, HEAD_OK ": x\r\n\r\n", 0,
	    "bad at 17: the response has a header line without a name\n"},
	{"a name that is no token", NULL, HEAD_OK "A(b: x\r\n\r\n", 0,
	    "bad at 18: the response has a header line without a name\n"},
	{"a name that is not ASCII", NULL, HEAD_OK "\xc3\xbc: x\r\n\r\n", 0,
	    "bad at 17: the response has a header line without a name\n"},
};

#define CHUNKED_LOG "200 OK\nTransfer-Encoding=chunked\nchunked, keep\n"

static const struct vector chunks[] = {
	{"chunks", NULL, CHUNKED "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", 0,
	    CHUNKED_LOG "body hello world\ndone, 0 left\n"},
	{"no chunk but the last", NULL, CHUNKED "0\r\n\r\nHTTP", 0,
	    CHUNKED_LOG "body \ndone, 4 left\n"},
	{"the coding in capitals", NULL,
	    HEAD_OK "TRANSFER-ENCODING: CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n", 0,
	    "200 OK\nTRANSFER-ENCODING=CHUNKED\nchunked, keep\nbody x\ndone, 0 left\n"},
	{"digits in both cases", NULL,
	    CHUNKED "a\r\n0123456789\r\n000B\r\n0123456789a\r\n00\r\n\r\n", 0,
	    CHUNKED_LOG "body 01234567890123456789a\ndone, 0 left\n"},
	{"line ends in the body", NULL, CHUNKED "4\r\n\r\n\r\n\r\n0\r\n\r\n", 0,
	    CHUNKED_LOG "body \r\n\r\n\ndone, 0 left\n"},
	{"extensions", NULL,
	    CHUNKED "1;a\r\nx\r\n1 \t; b = \"c;\\\" d\"\r\ny\r\n0;last;\r\n\r\n", 0,
	    CHUNKED_LOG "body xy\ndone, 0 left\n"},
	{"a trailer", NULL, CHUNKED "1\r\nx\r\n0\r\nA: b\r\nContent-Length:9\r\n\r\nz", 0,
	    CHUNKED_LOG "body x\ndone, 1 left\n"},
	{"chunks to the cap", NULL, CHUNKED "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", 5,
	    CHUNKED_LOG "body abcde\ndone, 0 left\n"},
	{"chunks beyond the cap", NULL, CHUNKED "2\r\nab\r\n4\r\ncdef\r\n0\r\n\r\n", 5,
	    CHUNKED_LOG "body ab\nbad at 54: the response's body is longer than 5 bytes\n"},
	{"a size beyond the cap in its second digit", NULL, CHUNKED "10\r\n", 15,
	    CHUNKED_LOG "body \nbad at 48: the response's body is longer than 15 bytes\n"},
	{"a size of 2^64", NULL, CHUNKED "10000000000000000\r\nx", 0,
	    CHUNKED_LOG "body \nbad at 54: the response's body is longer than 67108864 bytes\n"},
	{"no size", NULL, CHUNKED "\r\n", 0,
	    CHUNKED_LOG "body \nbad at 47: bad chunk size in the response\n"},
	{"an extension without a size", NULL, CHUNKED ";a\r\n", 0,
	    CHUNKED_LOG "body \nbad at 47: bad chunk size in the response\n"},
	{"a blank before the size", NULL, CHUNKED " 1\r\nx\r\n", 0,
	    CHUNKED_LOG "body \nbad at 47: bad chunk size in the response\n"},
	{"a blank behind the size", NULL, CHUNKED "1 \r\nx\r\n", 0,
	    CHUNKED_LOG "body \nbad at 49: bad chunk size in the response\n"},
	{"a size in two pieces", NULL, CHUNKED "1 0\r\nx\r\n", 0,
	    CHUNKED_LOG "body \nbad at 49: bad chunk size in the response\n"},
	{"0x before the size", NULL, CHUNKED "0x1\r\nx\r\n", 0,
	    CHUNKED_LOG "body \nbad at 48: bad chunk size in the response\n"},
	{"a negative size", NULL, CHUNKED "-1\r\nx\r\n", 0,
	    CHUNKED_LOG "body \nbad at 47: bad chunk size in the response\n"},
	{"a bare LF behind the size", NULL, CHUNKED "1\nx\r\n0\r\n\r\n", 0,
	    CHUNKED_LOG "body \nbad at 48: bad chunk size in the response\n"},
	{"a bare CR behind the size", NULL, CHUNKED "1\rx", 0,
	    CHUNKED_LOG "body \nbad at 49: a chunk's line in the response ends without LF\n"},
	{"a bare LF in an extension", NULL, CHUNKED "1;a\nx\r\n", 0,
	    CHUNKED_LOG "body \nbad at 50: control byte in a chunk extension of the response\n"},
	{"a chunk that is longer than its size", NULL, CHUNKED "1\r\nxy\r\n", 0,
	    CHUNKED_LOG "body x\n"
	    "bad at 51: a chunk of the response does not end where it should\n"},
	{"a bare LF behind a chunk", NULL, CHUNKED "1\r\nx\n", 0,
	    CHUNKED_LOG "body x\n"
	    "bad at 51: a chunk of the response does not end where it should\n"},
	{"a bare CR behind a chunk", NULL, CHUNKED "1\r\nx\rz", 0,
	    CHUNKED_LOG "body x\n"
	    "bad at 52: a chunk of the response does not end where it should\n"},
	{"a bare LF for the trailer", NULL, CHUNKED "0\r\n\n", 0,
	    CHUNKED_LOG "body \nbad at 50: bad trailer line in the response\n"},
	{"a bare CR for the trailer", NULL, CHUNKED "0\r\n\rx", 0,
	    CHUNKED_LOG "body \nbad at 51: bad trailer line in the response\n"},
	{"a bare LF in the trailer", NULL, CHUNKED "0\r\nA: b\n\r\n", 0,
	    CHUNKED_LOG "body \nbad at 54: bad trailer line in the response\n"},
	{"a bare CR in the trailer", NULL, CHUNKED "0\r\nA: b\rC: d\r\n", 0,
	    CHUNKED_LOG "body \nbad at 55: bad trailer line in the response\n"},
	{"a folded line in the trailer", NULL, CHUNKED "0\r\nA: b\r\n c\r\n\r\n", 0,
	    CHUNKED_LOG "body \nbad at 56: bad trailer line in the response\n"},
	{"no colon in the trailer", NULL, CHUNKED "0\r\nHTTP/1.1 200 OK\r\n", 0,
	    CHUNKED_LOG "body \nbad at 54: bad trailer line in the response\n"},
	{"no name in the trailer", NULL, CHUNKED "0\r\n: b\r\n", 0,
	    CHUNKED_LOG "body \nbad at 50: bad trailer line in the response\n"},
	{"chunks cut off in the body", NULL, CHUNKED "5\r\nhel", 0,
	    CHUNKED_LOG "body hel\nthe server closed the connection within the response, "
			"after 3 bytes of it\n"},
	{"chunks cut off before the last", NULL, CHUNKED "1\r\nx\r\n", 0,
	    CHUNKED_LOG "body x\nthe server closed the connection within the response, "
			"after 1 bytes of it\n"},
	{"chunks cut off in the trailer", NULL, CHUNKED "1\r\nx\r\n0\r\n", 0,
	    CHUNKED_LOG "body x\nthe server closed the connection within the response, "
			"after 1 bytes of it\n"},
	{"chunks not started", NULL, CHUNKED, 0,
	    CHUNKED_LOG "body \nthe server closed the connection within the response, "
			"after 0 bytes of it\n"},
};

/* NUL anywhere, which a C string cannot show. */
static void
test_nul(void)
{
	static const char head[] = HEAD_OK "A: \0\r\n\r\n", size[] = CHUNKED "1;\0\r\n";
	static const char body[] = HEAD_OK "Content-Length: 3\r\n\r\na\0b";
	struct vector v = {.name = "NUL in a value",
	    .want = "bad at 20: control byte 0x00 in the response's head\n"};

	run(&v, (struct str){head, sizeof(head) - 1});
	v.name = "NUL in an extension";
	v.want = CHUNKED_LOG
	    "body \nbad at 49: control byte in a chunk extension of the response\n";
	run(&v, (struct str){size, sizeof(size) - 1});
	v.name = "NUL in the body";
	v.want = NULL;
	run(&v, (struct str){body, sizeof(body) - 1});
}

static enum httpmsg_result
read_whole(const struct buf *b, size_t n, struct err *err)
{
	struct httpmsg_head head;

	return httpmsg_read_head(&head, STR("POST"), (struct str){b->p, n}, 0, err);
}

static void
repeat(struct buf *b, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buf_str(b, str_of(text));
}

static void
test_head_limits(void)
{
	struct buf b = {0};
	struct err err = {0};

	buf_str(&b, STR("HTTP/1.1 200 "));
	repeat(&b, "x", HTTP_MAX_REASON);
	buf_str(&b, STR("\r\n\r\n"));
	is_int(read_whole(&b, b.n, &err), HTTP_OK, "the longest reason");
	b.n -= 4;
	buf_str(&b, STR("x\r\n\r\n"));
	is_int(read_whole(&b, b.n, &err), HTTP_BAD, "a reason that is longer");
	is_str(err.msg, "the response's reason phrase is longer than 512 bytes", "says so");

	b.n = 0;
	buf_str(&b, STR(HEAD_OK));
	repeat(&b, "A:b\r\n", HTTP_MAX_HEADERS);
	buf_str(&b, STR("\r\n"));
	is_int(read_whole(&b, b.n, &err), HTTP_OK, "the most headers");
	b.n -= 2;
	buf_str(&b, STR("A:b\r\n\r\n"));
	is_int(read_whole(&b, b.n, &err), HTTP_BAD, "one header more");
	is_str(err.msg, "the response has more than 128 headers", "says so");

	b.n = 0;
	buf_str(&b, STR(HEAD_OK "A: "));
	repeat(&b, "x", HTTP_MAX_HEAD - b.n - 4);
	buf_str(&b, STR("\r\n\r\n"));
	is_int(read_whole(&b, b.n, &err), HTTP_OK, "the longest head");
	is_int(read_whole(&b, b.n - 1, &err), HTTP_MORE, "all of it but a byte");
	b.n -= 4;
	buf_str(&b, STR("x\r\n\r\n"));
	is_int(read_whole(&b, b.n, &err), HTTP_BAD, "a longer head");
	is_str(err.msg, "the response's head is longer than 65536 bytes", "says so");
	is_int(read_whole(&b, HTTP_MAX_HEAD, &err), HTTP_BAD, "known as soon as it is too long");
	is_int(read_whole(&b, HTTP_MAX_HEAD - 1, &err), HTTP_MORE, "not earlier");
	buf_free(&b);
}

/* Feed a chunked body. */
static enum httpmsg_result
feed(const struct buf *b, struct err *err)
{
	struct httpmsg_head head = {.framing = HTTP_BODY_CHUNKED};
	struct httpmsg_body body;
	struct buf out = {0};
	enum httpmsg_result r;
	size_t used;

	httpmsg_body_init(&body, &head, HTTP_MAX_BODY);
	r = httpmsg_body_feed(&body, buf_slice(b), &used, &out, err);
	buf_free(&out);
	return r;
}

static void
test_chunk_limits(void)
{
	struct buf b = {0};
	struct err err = {0};

	buf_str(&b, STR("1;"));
	repeat(&b, "x", HTTP_MAX_CHUNK_LINE - 4);
	buf_str(&b, STR("\r\nx\r\n0\r\n\r\n"));
	is_int(feed(&b, &err), HTTP_OK, "the longest chunk line");
	b.n = 2;
	repeat(&b, "x", HTTP_MAX_CHUNK_LINE - 3);
	buf_str(&b, STR("\r\n"));
	is_int(feed(&b, &err), HTTP_BAD, "a longer one");
	is_str(err.msg, "a chunk's line in the response is longer than 4096 bytes", "says so");

	b.n = 0;
	buf_str(&b, STR("0\r\nA:"));
	repeat(&b, "x", HTTP_MAX_TRAILER - 6);
	buf_str(&b, STR("\r\n\r\n"));
	is_int(feed(&b, &err), HTTP_OK, "the longest trailer");
	b.n -= 4;
	buf_str(&b, STR("x\r\n\r\n"));
	is_int(feed(&b, &err), HTTP_BAD, "a longer one");
	is_str(err.msg, "the response's trailer is longer than 16384 bytes", "says so");

	b.n = 0;
	repeat(&b, "1\r\nx\r\n", 100000);
	buf_str(&b, STR("0\r\n\r\n"));
	is_int(feed(&b, &err), HTTP_OK, "chunks of one byte each");
	b.n = 0;
	repeat(&b, "1;0123456789\r\nx\r\n", 100000);
	buf_str(&b, STR("0\r\n\r\n"));
	is_int(feed(&b, &err), HTTP_BAD, "hardly a body at all");
	is_str(err.msg, "the response's body is hardly more than chunk lines", "says so");
	buf_free(&b);
}

/* Reading byte by byte costs as many looks as there are bytes. */
static void
test_last_len(void)
{
	struct buf b = {0};
	struct httpmsg_head head;
	struct err err;
	int more = 0;

	buf_str(&b, STR(HEAD_OK "A: "));
	repeat(&b, "x", HTTP_MAX_HEAD - b.n - 4);
	buf_str(&b, STR("\r\n\r\n"));
	b.p[20] = 1; /* never seen when the search starts behind it */
	for (size_t n = 22; n < b.n; n++)
		more += httpmsg_read_head(&head, STR("POST"), (struct str){b.p, n}, n - 1, &err) ==
		    HTTP_MORE;
	is_int(more, (int)b.n - 22, "bytes before last_len are not looked at again");
	buf_free(&b);
}

static void
test_header_lookup(void)
{
	struct httpmsg_head head;
	struct err err;

	if (httpmsg_read_head(&head, STR("GET"),
		STR(HEAD_OK "X-Amz: a\r\nx-AMZ: b\r\nE:\r\n\r\n"), 0, &err) != HTTP_OK)
		abort();
	ok(str_eq(httpmsg_header(&head, STR("x-amz")), STR("a")), "the first, in any case");
	ok(httpmsg_header(&head, STR("X-Am")).p == NULL, "none");
	ok(httpmsg_header(&head, STR("e")).p != NULL, "an empty one is there");
	is_int(httpmsg_header(&head, STR("e")).n, 0, "and empty");
}

static void
write_is(const struct httpmsg_request *r, const char *want, const char *name)
{
	struct buf b = {0};
	struct err err = {0};
	int rv;

	buf_str(&b, STR("before|"));
	rv = httpmsg_write_request(&b, r, &err);
	if (rv == 0)
		is_mem(b.p, b.n, want, strlen(want), "%s", name);
	else
		is_str(err.msg, want, "%s", name);
	ok((rv == 0) == (b.n > 7), "%s: nothing is written by halves", name);
	buf_free(&b);
}

static void
test_requests(void)
{
	struct httpmsg_header h[2] = {{STR("X-A"), STR("1 \t\xc3\xbc")}, {STR("Accept"), STR("")}};
	const struct httpmsg_request plain = {STR("POST"), STR("/?a=b"), STR("h:1"), h, 2, 12};
	struct httpmsg_request r = plain;
	const struct str ours[] = {STR("host"), STR("CONTENT-LENGTH"),
	    STR("transfer-encoding")};
	const struct str evil[] = {STR("a\r\nb: c"), STR("a\rb"), STR("a\nb"), STR("a\0b"),
	    STR("a\x1b"), STR("a\x7f")};
	static const char *const second[] = {"the request has a second header host",
	    "the request has a second header CONTENT-LENGTH",
	    "the request has a second header transfer-encoding"};

	write_is(&r,
	    "before|POST /?a=b HTTP/1.1\r\nHost: h:1\r\nX-A: 1 \t\xc3\xbc\r\nAccept: \r\n"
	    "Content-Length: 12\r\n\r\n", "a request with a body");
	r = (struct httpmsg_request){STR("GET"), STR("/"), STR("[::1]"), NULL, 0, -1};
	write_is(&r, "before|GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", "one without");
	r.body_len = 0;
	write_is(&r, "before|GET / HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 0\r\n\r\n",
	    "one with an empty body");
	for (size_t i = 0; i < sizeof(evil) / sizeof(*evil); i++) {
		r = plain;
		r.method = evil[i];
		write_is(&r, "the request's method is not a word", "bad method");
		r = plain;
		r.target = evil[i];
		write_is(&r, "the request's target is empty or has a bad byte", "bad target");
		r = plain;
		r.host = evil[i];
		write_is(&r, "the request's host is empty or has a bad byte", "bad host");
		r = plain;
		h[0].value = evil[i];
		write_is(&r, "control byte in the request's header X-A", "bad value");
		h[0].value = STR("1");
		h[1].name = evil[i];
		write_is(&r, "the request has a header whose name is not a word", "bad name");
		h[1].name = STR("Accept");
	}
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
		h[1].name = ours[i];
		write_is(&plain, second[i], "a header that is written already");
	}
	h[1].name = STR("Accept");
	r.target = STR("");
	write_is(&r, "the request's target is empty or has a bad byte", "no target");
	r.target = STR("/a b");
	write_is(&r, "the request's target is empty or has a bad byte", "a blank in the target");
	r.target = STR("/\xc3\xbc");
	write_is(&r, "the request's target is empty or has a bad byte", "a target not encoded");
	r = plain;
	r.host = STR("");
	write_is(&r, "the request's host is empty or has a bad byte", "no host");
}

static void
connect_is(const char *authority, struct str user, struct str password, const char *want)
{
	struct buf b = {0};
	struct err err = {0};

	if (httpmsg_write_connect(&b, str_of(authority), user, password, &err) == 0)
		is_mem(b.p, b.n, want, strlen(want), "CONNECT %s", authority);
	else
		is_str(err.msg, want, "CONNECT refused");
	buf_free(&b);
}

static void
test_connect(void)
{
	connect_is("h.example:443", STR(""), STR(""),
	    "CONNECT h.example:443 HTTP/1.1\r\nHost: h.example:443\r\n\r\n");
	connect_is("[::1]:443", STR("us@er"), STR("p:ss"),
	    "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n"
	    "Proxy-Authorization: Basic dXNAZXI6cDpzcw==\r\n\r\n");
	connect_is("h:1", STR("user"), STR(""), "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n");
	connect_is("h:1", STR(""), STR("secret"), "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n");
	connect_is("h:1", STR("a:b"), STR("c"), "the proxy's user name has a colon");
	connect_is("h:1", STR("a"), STR("c\td"),
	    "control byte in the proxy's user name or password");
	connect_is("h:1", STR("a\n"), STR("c"),
	    "control byte in the proxy's user name or password");
	connect_is("h:1\r\nX: y", STR("a"), STR("b"),
	    "the request's target is empty or has a bad byte");
}

/* The vectors of RFC 4648 section 10, and all digits. */
static void
test_base64(void)
{
	static const char *const v[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
	    {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
	    {"\xff\xfe\xfd\xfb\xf0", "//79+/A="}};
	struct buf b = {0};
	struct err err;

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		b.n = 0;
		httpmsg_base64(&b, str_of(v[i][0]));
		is_mem(buf_slice(&b).p, b.n, v[i][1], strlen(v[i][1]), "base64: %s", v[i][1]);
	}
	b.n = 0;
	ok(httpmsg_write_basic(&b, STR("Aladdin"), STR("open sesame"), &err) == 0 &&
	    str_eq(buf_slice(&b), STR("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")), "RFC 7617 section 2");
	buf_free(&b);
}

int
main(void)
{
	make_guard();
	for (size_t i = 0; i < sizeof(framings) / sizeof(*framings); i++)
		run(&framings[i], str_of(framings[i].in));
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		run(&heads[i], str_of(heads[i].in));
	for (size_t i = 0; i < sizeof(chunks) / sizeof(*chunks); i++)
		run(&chunks[i], str_of(chunks[i].in));
	test_nul();
	test_head_limits();
	test_chunk_limits();
	test_last_len();
	test_header_lookup();
	test_requests();
	test_connect();
	test_base64();
	return done_testing();
}

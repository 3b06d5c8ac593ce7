/* Fuzz target for httpmsg.c. The first two bytes choose the request's method, the body's cap and a
 * way to cut the rest up, which is what a server sends. What comes of it must not depend on the
 * cut, and stay within the bytes and the limits. The rest also serves as the parts of a request:
 * what is written has as many lines as it has headers, and no others. */
#include "../httpmsg.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(cond) ((cond) ? (void)0 : broken(__LINE__, #cond))

static void
broken(int line, const char *what)
{
	(void)fprintf(stderr, "fuzz_httpmsg.c:%d: does not hold: %s\n", line, what);
	abort();
}

struct play { /* the bytes on the wire, and what they made of themselves */
	struct str in;
	struct str method;
	size_t cap;  /* of the body */
	size_t step; /* bytes that arrive at a time */
	size_t have; /* bytes that have arrived */
	size_t read; /* bytes that were read from those */
	struct buf log;
};

static bool
receive(struct play *p)
{
	size_t left = p->in.n - p->have;

	p->have += p->step < left ? p->step : left;
	return left > 0;
}

/* The bytes that have arrived and were not read, in memory of exactly that size. */
static struct str
arrived(const struct play *p, char **copy)
{
	size_t n = p->have - p->read;

	*copy = xmalloc(n);
	if (n > 0)
		memcpy(*copy, p->in.p + p->read, n);
	return (struct str){*copy, n};
}

static void
log_error(struct play *p, const struct err *err)
{
	CHECK(err->msg[0] != '\0' && p->read + err->pos <= p->in.n);
	buf_printf(&p->log, "%s at %zu", err->msg, p->read + err->pos);
}

static void
check_slice(struct str in, struct str s)
{
	CHECK(s.p >= in.p && s.n <= in.n && s.p + s.n <= in.p + in.n);
	for (size_t i = 0; i < s.n; i++)
		CHECK(s.p[i] != '\r' && s.p[i] != '\n' && s.p[i] != '\0');
}

static void
check_head(struct play *p, const struct httpmsg_head *head, struct str in)
{
	bool has_length = httpmsg_header(head, STR("content-length")).p != NULL;
	bool has_coding = httpmsg_header(head, STR("transfer-encoding")).p != NULL;

	CHECK(head->len >= 4 && head->len <= in.n && head->len <= HTTP_MAX_HEAD);
	CHECK(memcmp(in.p + head->len - 4, "\r\n\r\n", 4) == 0);
	CHECK(head->status >= 100 && head->status <= 599 && head->status != 101);
	CHECK(head->n_headers <= HTTP_MAX_HEADERS);
	CHECK(head->status >= 200 || head->framing == HTTP_BODY_NONE);
	CHECK(head->framing != HTTP_BODY_UNTIL_CLOSE || !head->keep_alive);
	CHECK(head->framing != HTTP_BODY_LENGTH || (has_length && !has_coding));
	CHECK(head->framing != HTTP_BODY_CHUNKED || (!has_length && has_coding));
	CHECK(head->framing != HTTP_BODY_UNTIL_CLOSE || (!has_length && !has_coding));
	check_slice(in, head->reason);
	buf_printf(&p->log, "%d %d %zu %d %llu %d:", head->status, head->minor, head->len,
	    (int)head->framing, (unsigned long long)head->length, head->keep_alive);
	buf_str(&p->log, head->reason);
	for (size_t i = 0; i < head->n_headers; i++) {
		check_slice(in, head->headers[i].name);
		check_slice(in, head->headers[i].value);
		CHECK(head->headers[i].name.n > 0);
		CHECK(httpmsg_header(head, head->headers[i].name).p != NULL);
		buf_str(&p->log, head->headers[i].name);
		buf_char(&p->log, '=');
		buf_str(&p->log, head->headers[i].value);
	}
}

static bool
play_head(struct play *p, struct httpmsg_head *head)
{
	enum httpmsg_result r;
	size_t last = 0;

	do {
		char *copy;
		struct str in = arrived(p, &copy);
		struct err err = {0};

		r = httpmsg_read_head(head, p->method, in, last, &err);
		if (r == HTTP_OK)
			check_head(p, head, in);
		else if (r == HTTP_BAD)
			log_error(p, &err);
		else
			CHECK(in.n < HTTP_MAX_HEAD);
		last = in.n;
		free(copy);
	} while (r == HTTP_MORE && receive(p));
	return r == HTTP_OK;
}

static void
play_body(struct play *p, const struct httpmsg_head *head)
{
	struct httpmsg_body body;
	struct buf out = {0};
	struct err err = {0};
	enum httpmsg_result r;

	httpmsg_body_init(&body, head, p->cap);
	do {
		char *copy;
		struct str in = arrived(p, &copy);
		size_t used;

		r = httpmsg_body_feed(&body, in, &used, &out, &err);
		CHECK(used <= in.n && (used == in.n || r != HTTP_MORE) && out.n <= p->cap);
		if (r == HTTP_BAD)
			log_error(p, &err);
		p->read += used;
		free(copy);
	} while (r == HTTP_MORE && receive(p));
	if (r == HTTP_MORE && httpmsg_body_closed(&body, &err) < 0)
		log_error(p, &err);
	else if (r == HTTP_OK)
		CHECK(httpmsg_body_closed(&body, &err) == 0);
	CHECK(r != HTTP_OK || head->framing != HTTP_BODY_LENGTH || out.n == head->length);
	buf_printf(&p->log, " body (%d, %zu read):", (int)r, p->read);
	buf_str(&p->log, buf_slice(&out));
	buf_free(&out);
}

static void
play(struct play *p)
{
	struct httpmsg_head head;

	(void)receive(p);
	do {
		if (!play_head(p, &head))
			return;
		p->read += head.len;
	} while (head.status < 200);
	play_body(p, &head);
}

/* Use the bytes as the parts of a request, cut at line feeds. */
static void
check_request(struct str in)
{
	struct str part[5];
	struct httpmsg_header h[2];
	struct httpmsg_request r = {.headers = h, .n_headers = 2, .body_len = 7};
	struct buf out = {0};
	struct err err = {0};
	size_t start = 0, lines = 0;

	for (size_t i = 0; i < 5; i++) {
		size_t end = start;

		while (end < in.n && in.p[end] != '\n')
			end++;
		part[i] = (struct str){in.p + start, end - start};
		start = end < in.n ? end + 1 : end;
	}
	r.method = part[0];
	r.target = part[1];
	r.host = part[2];
	h[0] = (struct httpmsg_header){part[3], part[4]};
	h[1] = (struct httpmsg_header){STR("X"), in};
	if (httpmsg_write_request(&out, &r, &err) == 0) {
		for (size_t i = 0; i < out.n; i++)
			lines += out.p[i] == '\n' || out.p[i] == '\r' || out.p[i] == '\0';
		CHECK(lines == 2 * 6);
	} else {
		CHECK(out.n == 0 && err.msg[0] != '\0');
	}
	out.n = 0;
	if (httpmsg_write_connect(&out, part[0], part[1], part[2], &err) < 0)
		CHECK(out.n == 0 && err.msg[0] != '\0');
	out.n = 0;
	httpmsg_base64(&out, in);
	CHECK(out.n == (in.n + 2) / 3 * 4);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *const methods[] = {"POST", "HEAD", "CONNECT", "GET"};
	struct play whole = {.step = size}, cut;

	if (size < 2)
		return 0;
	whole.in = (struct str){(const char *)data + 2, size - 2};
	whole.method = str_of(methods[data[0] & 3]);
	whole.cap = (size_t)1 << (data[0] >> 2 & 31);
	cut = whole;
	play(&whole);
	for (int i = 0; i < 2; i++) {
		cut.step = i == 0 ? 1 : (size_t)data[1] + 2;
		cut.have = cut.read = cut.log.n = 0;
		play(&cut);
		CHECK(str_eq(buf_slice(&cut.log), buf_slice(&whole.log)));
	}
	check_request(whole.in);
	buf_free(&whole.log);
	buf_free(&cut.log);
	return 0;
}

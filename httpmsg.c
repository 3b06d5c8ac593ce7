/* httpmsg.c: see httpmsg.h. */
#include "httpmsg.h"

#define BASIC "Basic "

/* --- bytes --- */

/* RFC 9110 section 5.6.2 */
static bool
is_token_byte(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	    (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_byte(s.p[i]))
			return false;
	return s.n > 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Neither a control byte nor DEL; a tab counts as text. */
static bool
is_text_byte(char c)
{
	unsigned char u = (unsigned char)c;

	return (u >= 0x20 && u != 0x7f) || u == '\t';
}

static bool
is_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_text_byte(s.p[i]))
			return false;
	return true;
}

static bool
has_control_byte(struct str s)
{
	return !is_text(s) || (s.n > 0 && memchr(s.p, '\t', s.n) != NULL);
}

static struct str
trim(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	while (end > p && is_blank(end[-1]))
		end--;
	return (struct str){p, (size_t)(end - p)};
}

/* --- the head of a response --- */

static enum httpmsg_result PRINTFLIKE(3, 4)
    bad(struct err *err, size_t pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err->pos = pos;
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return HTTP_BAD;
}

/* "HTTP/1.0 " or "HTTP/1.1 ", or the start of one of them. */
static enum httpmsg_result
check_version(struct str in, struct err *err)
{
	static const char want[] = "HTTP/1.? ";

	for (size_t i = 0; i < sizeof(want) - 1 && i < in.n; i++) {
		if (want[i] == '?' ? in.p[i] != '0' && in.p[i] != '1' : in.p[i] != want[i])
			return bad(err, i, "the answer is neither HTTP/1.0 nor HTTP/1.1");
	}
	return HTTP_OK;
}

/* Look at the bytes from `from` on for the empty line, and let none pass that a head cannot have.
 * *len is the head's length with it. */
static enum httpmsg_result
find_end(struct str in, size_t from, size_t *len, struct err *err)
{
	size_t limit = in.n < HTTP_MAX_HEAD ? in.n : HTTP_MAX_HEAD;

	for (size_t i = from; i < limit; i++) {
		char c = in.p[i], before = i > 0 ? in.p[i - 1] : '\0';

		if (c == '\n' && before != '\r')
			return bad(err, i, "a line of the response's head ends without CR");
		if (c != '\n' && before == '\r')
			return bad(err, i, "a CR without LF in the response's head");
		if (c == '\n' && i >= 3 && in.p[i - 2] == '\n') {
			*len = i + 1;
			return HTTP_OK;
		}
		if (c != '\r' && c != '\n' && !is_text_byte(c))
			return bad(err, i, "control byte 0x%02x in the response's head",
			    (unsigned)(unsigned char)c);
	}
	if (limit == HTTP_MAX_HEAD)
		return bad(err, limit, "the response's head is longer than %d bytes",
		    HTTP_MAX_HEAD);
	return HTTP_MORE;
}

/* The line at *p without its CR LF; *p moves behind it. */
static struct str
take_line(const char **p)
{
	const char *start = *p, *cr = start;

	while (*cr != '\r')
		cr++;
	*p = cr + 2;
	return (struct str){start, (size_t)(cr - start)};
}

/* RFC 9112 section 4; the version was checked before. */
static int
read_status_line(struct httpmsg_head *head, struct str line, struct err *err)
{
	const char *p = line.p + (sizeof("HTTP/1.1 ") - 1);
	size_t n = line.n - (sizeof("HTTP/1.1 ") - 1);

	head->minor = line.p[7] - '0';
	head->status = 0;
	for (size_t i = 0; i < 3; i++) {
		if (i >= n || p[i] < '0' || p[i] > '9')
			return err_set(err, (size_t)(p - line.p) + i,
			    "the response's status is not a number of three digits");
		head->status = head->status * 10 + (p[i] - '0');
	}
	if (n > 3 && p[3] != ' ')
		return err_set(err, (size_t)(p - line.p) + 3,
		    "the response's status is not a number of three digits");
	if (head->status < 100 || head->status > 599)
		return err_set(err, (size_t)(p - line.p), "the response's status is %03d",
		    head->status);
	head->reason = n > 3 ? (struct str){p + 4, n - 4} : (struct str){p + n, 0};
	if (head->reason.n > HTTP_MAX_REASON)
		return err_set(err, (size_t)(p + 4 - line.p),
		    "the response's reason phrase is longer than %d bytes", HTTP_MAX_REASON);
	return 0;
}

/* RFC 9112 section 5. pos is where the line is in the input. */
static int
read_header(struct httpmsg_head *head, struct str line, size_t pos, struct err *err)
{
	size_t n = 0;

	if (head->n_headers == HTTP_MAX_HEADERS)
		return err_set(err, pos, "the response has more than %d headers", HTTP_MAX_HEADERS);
	if (is_blank(line.p[0]))
		return err_set(err, pos, "folded header line in the response");
	while (n < line.n && is_token_byte(line.p[n]))
		n++;
	if (n < line.n && n > 0 && is_blank(line.p[n]))
		return err_set(err, pos + n, "blank before a header's colon in the response");
	if (n == line.n || n == 0 || line.p[n] != ':')
		return err_set(err, pos + n, "the response has a header line without a name");
	head->headers[head->n_headers].name = (struct str){line.p, n};
	head->headers[head->n_headers++].value = trim(line.p + n + 1, line.p + line.n);
	return 0;
}

/* What the headers say about the body and the connection. */
struct framing {
	bool has_length;
	bool chunked;
	bool close;
	bool keep_alive;
	uint64_t length;
};

static int
read_length(struct framing *f, struct str value, struct err *err)
{
	uint64_t n = 0;

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c < '0' || c > '9')
			return err_set(err, 0, "the response's Content-Length is not a number");
		if (n > ((uint64_t)INT64_MAX - (uint64_t)(c - '0')) / 10)
			return err_set(err, 0, "the response's Content-Length is out of range");
		n = n * 10 + (uint64_t)(c - '0');
	}
	if (value.n == 0)
		return err_set(err, 0, "the response's Content-Length is empty");
	if (f->has_length && f->length != n)
		return err_set(err, 0, "the response has two different Content-Lengths");
	f->has_length = true;
	f->length = n;
	return 0;
}

/* RFC 9110 section 7.6.1: a list of names. */
static void
read_connection(struct framing *f, struct str value)
{
	size_t start = 0;

	for (size_t i = 0; i <= value.n; i++) {
		struct str name;

		if (i < value.n && value.p[i] != ',')
			continue;
		name = trim(value.p + start, value.p + i);
		f->close |= str_eq_nocase(name, STR("close"));
		f->keep_alive |= str_eq_nocase(name, STR("keep-alive"));
		start = i + 1;
	}
}

static int
read_framing(struct framing *f, const struct httpmsg_header *h, struct err *err)
{
	if (str_eq_nocase(h->name, STR("Connection")))
		read_connection(f, h->value);
	if (str_eq_nocase(h->name, STR("Content-Length")))
		return read_length(f, h->value, err);
	if (!str_eq_nocase(h->name, STR("Transfer-Encoding")))
		return 0;
	if (f->chunked)
		return err_set(err, 0, "the response has two Transfer-Encodings");
	if (!str_eq_nocase(h->value, STR("chunked")))
		return err_set(err, 0, "the response's Transfer-Encoding is not \"chunked\"");
	f->chunked = true;
	return 0;
}

/* RFC 9112 section 6.3, in its order. */
static int
decide_framing(struct httpmsg_head *head, const struct framing *f, struct str method,
    struct err *err)
{
	bool never = head->status < 200 || head->status == 204;

	head->framing = HTTP_BODY_NONE;
	if (head->status == 101)
		return err_set(err, 0, "the server switches to a protocol that nobody asked for");
	if (str_eq(method, STR("CONNECT")) && head->status / 100 == 2)
		return 0; /* the tunnel starts: section 6.3 has the headers ignored */
	if (f->chunked && f->has_length)
		return err_set(err, 0,
		    "the response has both Transfer-Encoding and Content-Length");
	if (f->chunked && head->minor == 0)
		return err_set(err, 0, "the response has Transfer-Encoding in HTTP/1.0");
	if (never && (f->chunked || f->length > 0))
		return err_set(err, 0, "the response has status %d and a body", head->status);
	if (never || head->status == 304 || str_eq(method, STR("HEAD")))
		return 0;
	if (f->chunked) {
		head->framing = HTTP_BODY_CHUNKED;
	} else if (f->has_length) {
		head->framing = HTTP_BODY_LENGTH;
		head->length = f->length;
	} else {
		head->framing = HTTP_BODY_UNTIL_CLOSE;
	}
	return 0;
}

static int
read_lines(struct httpmsg_head *head, struct str method, struct str in, struct err *err)
{
	struct framing f = {0};
	const char *p = in.p, *last = in.p + head->len - 2;

	if (read_status_line(head, take_line(&p), err) < 0)
		return -1;
	while (p < last) {
		size_t pos = (size_t)(p - in.p);

		if (read_header(head, take_line(&p), pos, err) < 0)
			return -1;
		if (read_framing(&f, &head->headers[head->n_headers - 1], err) < 0) {
			err->pos = pos;
			return -1;
		}
	}
	if (decide_framing(head, &f, method, err) < 0)
		return -1;
	head->keep_alive = (head->minor == 1 || f.keep_alive) && !f.close &&
	    head->framing != HTTP_BODY_UNTIL_CLOSE;
	return 0;
}

enum httpmsg_result
httpmsg_read_head(struct httpmsg_head *head, struct str method, struct str in, size_t last_len,
    struct err *err)
{
	enum httpmsg_result r = check_version(in, err);

	head->n_headers = 0;
	head->length = 0;
	if (r == HTTP_OK)
		r = find_end(in, last_len, &head->len, err);
	if (r == HTTP_OK && read_lines(head, method, in, err) < 0)
		r = HTTP_BAD;
	return r;
}

struct str
httpmsg_header(const struct httpmsg_head *head, struct str name)
{
	for (size_t i = 0; i < head->n_headers; i++)
		if (str_eq_nocase(head->headers[i].name, name))
			return head->headers[i].value;
	return (struct str){NULL, 0};
}

/* --- the body of a response --- */

enum state { /* of the chunked coding, in the order of the wire */
	SIZE_FIRST,
	SIZE,
	SIZE_BLANK,
	EXTENSION,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER_FIRST,
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	END_LF,
	DONE
};

void
httpmsg_body_init(struct httpmsg_body *body, const struct httpmsg_head *head, size_t cap)
{
	*body = (struct httpmsg_body){
	    .framing = head->framing,
	    .state = SIZE_FIRST,
	    .left = head->length,
	    .length = head->length,
	    .cap = cap,
	};
}

static int
too_long(const struct httpmsg_body *body, struct err *err)
{
	return err_set(err, 0, "the response's body is longer than %zu bytes", body->cap);
}

/* One more digit of the chunk's size. */
static int
size_digit(struct httpmsg_body *b, char c, struct err *err)
{
	unsigned digit;

	if (c >= '0' && c <= '9')
		digit = (unsigned)(c - '0');
	else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		digit = (unsigned)((c | 0x20) - 'a') + 10;
	else
		return err_set(err, 0, "bad chunk size in the response");
	if (b->left > UINT64_MAX >> 4 || b->left << 4 > b->cap - b->decoded ||
	    digit > b->cap - b->decoded - (b->left << 4))
		return too_long(b, err);
	b->left = b->left << 4 | digit;
	return 0;
}

/* One byte of a chunk's first line (RFC 9112 section 7.1), CR and LF included. */
static int
size_byte(struct httpmsg_body *b, char c, struct err *err)
{
	if (++b->line > HTTP_MAX_CHUNK_LINE)
		return err_set(err, 0, "a chunk's line in the response is longer than %d bytes",
		    HTTP_MAX_CHUNK_LINE);
	if (b->state == SIZE_LF) {
		if (c != '\n')
			return err_set(err, 0, "a chunk's line in the response ends without LF");
		b->line = 0;
		b->state = b->left > 0 ? DATA : TRAILER_FIRST;
	} else if (b->state == EXTENSION) {
		if (c == '\r')
			b->state = SIZE_LF;
		else if (!is_text_byte(c))
			return err_set(err, 0, "control byte in a chunk extension of the response");
	} else if (b->state != SIZE_FIRST && c == ';') {
		b->state = EXTENSION;
	} else if (b->state == SIZE && c == '\r') {
		b->state = SIZE_LF;
	} else if (b->state != SIZE_FIRST && is_blank(c)) {
		b->state = SIZE_BLANK; /* only an extension may follow */
	} else if (b->state == SIZE_BLANK) {
		return err_set(err, 0, "bad chunk size in the response");
	} else {
		b->state = SIZE;
		return size_digit(b, c, err);
	}
	return 0;
}

/* One byte of the trailer (RFC 9112 section 7.1.2): header lines and an empty line. */
static int
trailer_byte(struct httpmsg_body *b, char c, struct err *err)
{
	if (++b->line > HTTP_MAX_TRAILER)
		return err_set(err, 0, "the response's trailer is longer than %d bytes",
		    HTTP_MAX_TRAILER);
	if (b->state == TRAILER_FIRST && c == '\r')
		b->state = END_LF;
	else if (b->state == TRAILER_NAME && c == ':')
		b->state = TRAILER_VALUE;
	else if (b->state <= TRAILER_NAME && is_token_byte(c))
		b->state = TRAILER_NAME;
	else if (b->state == TRAILER_VALUE && c == '\r')
		b->state = TRAILER_LF;
	else if (b->state == TRAILER_LF && c == '\n')
		b->state = TRAILER_FIRST;
	else if (b->state == END_LF && c == '\n')
		b->state = DONE;
	else if (b->state != TRAILER_VALUE || !is_text_byte(c))
		return err_set(err, 0, "bad trailer line in the response");
	return 0;
}

/* One byte of the chunked coding that is not of the body. */
static int
framing_byte(struct httpmsg_body *b, char c, struct err *err)
{
	if (++b->framed > HTTP_FRAMING_FLOOR + HTTP_FRAMING_RATIO * b->decoded)
		return err_set(err, 0, "the response's body is hardly more than chunk lines");
	if (b->state < DATA)
		return size_byte(b, c, err);
	if (b->state > DATA_LF)
		return trailer_byte(b, c, err);
	if (c != (b->state == DATA_CR ? '\r' : '\n'))
		return err_set(err, 0, "a chunk of the response does not end where it should");
	b->state = b->state == DATA_CR ? DATA_LF : SIZE_FIRST;
	return 0;
}

static enum httpmsg_result
feed_chunked(struct httpmsg_body *b, struct str in, size_t *used, struct buf *out,
    struct err *err)
{
	while (*used < in.n && b->state != DONE) {
		if (b->state == DATA) {
			size_t n = in.n - *used < b->left ? in.n - *used : (size_t)b->left;

			buf_add(out, in.p + *used, n);
			*used += n;
			b->left -= n;
			b->decoded += n;
			if (b->left == 0)
				b->state = DATA_CR;
		} else if (framing_byte(b, in.p[*used], err) == 0) {
			++*used;
		} else {
			err->pos = *used;
			return HTTP_BAD;
		}
	}
	return b->state == DONE ? HTTP_OK : HTTP_MORE;
}

static enum httpmsg_result
feed_until_close(struct httpmsg_body *b, struct str in, size_t *used, struct buf *out,
    struct err *err)
{
	*used = in.n < b->cap - b->decoded ? in.n : (size_t)(b->cap - b->decoded);
	buf_add(out, in.p, *used);
	b->decoded += *used;
	if (*used == in.n)
		return HTTP_MORE;
	(void)too_long(b, err);
	err->pos = *used;
	return HTTP_BAD;
}

enum httpmsg_result
httpmsg_body_feed(struct httpmsg_body *body, struct str in, size_t *used, struct buf *out,
    struct err *err)
{
	*used = 0;
	switch (body->framing) {
	case HTTP_BODY_CHUNKED:
		return feed_chunked(body, in, used, out, err);
	case HTTP_BODY_UNTIL_CLOSE:
		return feed_until_close(body, in, used, out, err);
	case HTTP_BODY_LENGTH:
		if (body->length > body->cap) {
			(void)too_long(body, err);
			return HTTP_BAD;
		}
		*used = in.n < body->left ? in.n : (size_t)body->left;
		buf_add(out, in.p, *used);
		body->left -= *used;
		return body->left == 0 ? HTTP_OK : HTTP_MORE;
	case HTTP_BODY_NONE:
		break;
	}
	return HTTP_OK;
}

int
httpmsg_body_closed(const struct httpmsg_body *body, struct err *err)
{
	if (body->framing == HTTP_BODY_LENGTH && body->left > 0)
		return err_set(err, 0,
		    "the server closed the connection after %llu of the response's %llu bytes",
		    (unsigned long long)(body->length - body->left),
		    (unsigned long long)body->length);
	if (body->framing == HTTP_BODY_CHUNKED && body->state != DONE)
		return err_set(err, 0,
		    "the server closed the connection within the response, after %llu bytes of it",
		    (unsigned long long)body->decoded);
	return 0;
}

/* --- requests --- */

/* Bytes that may stand between two blanks: visible ASCII. */
static bool
is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return s.n > 0;
}

/* The headers that httpmsg_write_request writes, or decides about, itself. */
static bool
is_ours(struct str name)
{
	return str_eq_nocase(name, STR("Host")) || str_eq_nocase(name, STR("Content-Length")) ||
	    str_eq_nocase(name, STR("Transfer-Encoding"));
}

static int
check_request(const struct httpmsg_request *r, struct err *err)
{
	char name[64];

	if (!is_token(r->method))
		return err_set(err, 0, "the request's method is not a word");
	if (!is_word(r->target))
		return err_set(err, 0, "the request's target is empty or has a bad byte");
	if (!is_word(r->host))
		return err_set(err, 0, "the request's host is empty or has a bad byte");
	for (size_t i = 0; i < r->n_headers; i++) {
		const struct httpmsg_header *h = &r->headers[i];

		if (!is_token(h->name))
			return err_set(err, 0, "the request has a header whose name is not a word");
		(void)str_escape(name, sizeof(name), h->name);
		if (is_ours(h->name))
			return err_set(err, 0, "the request has a second header %s", name);
		if (!is_text(h->value))
			return err_set(err, 0, "control byte in the request's header %s", name);
	}
	return 0;
}

static void
add_header(struct buf *out, struct str name, struct str value)
{
	buf_str(out, name);
	buf_add(out, ": ", 2);
	buf_str(out, value);
	buf_add(out, "\r\n", 2);
}

int
httpmsg_write_request(struct buf *out, const struct httpmsg_request *request, struct err *err)
{
	const struct httpmsg_request *r = request;
	size_t n = r->method.n + r->target.n + r->host.n + 96;

	if (check_request(r, err) < 0)
		return -1;
	/* Room for all at once: a buffer that grows leaves its old bytes, secrets, behind. */
	for (size_t i = 0; i < r->n_headers; i++)
		n += r->headers[i].name.n + r->headers[i].value.n + 4;
	buf_reserve(out, n);
	buf_str(out, r->method);
	buf_char(out, ' ');
	buf_str(out, r->target);
	buf_str(out, STR(" HTTP/1.1\r\n"));
	add_header(out, STR("Host"), r->host);
	for (size_t i = 0; i < r->n_headers; i++)
		add_header(out, r->headers[i].name, r->headers[i].value);
	if (r->body_len >= 0)
		buf_printf(out, "Content-Length: %lld\r\n", (long long)r->body_len);
	buf_add(out, "\r\n", 2);
	return 0;
}

int
httpmsg_write_connect(struct buf *out, struct str authority, struct str user,
    struct str password, struct err *err)
{
	struct httpmsg_header auth = {.name = STR("Proxy-Authorization")};
	struct httpmsg_request r = {STR("CONNECT"), authority, authority, &auth, 0, -1};
	struct buf value = {0};
	int rv = -1;

	if (user.n > 0 && password.n > 0) {
		if (httpmsg_write_basic(&value, user, password, err) < 0)
			goto out;
		auth.value = buf_slice(&value);
		r.n_headers = 1;
	}
	rv = httpmsg_write_request(out, &r, err);
out:
	if (value.p != NULL)
		explicit_bzero(value.p, value.cap);
	buf_free(&value);
	return rv;
}

int
httpmsg_write_basic(struct buf *out, struct str user, struct str password, struct err *err)
{
	struct buf pair = {0};

	if (has_control_byte(user) || has_control_byte(password))
		return err_set(err, 0, "control byte in the proxy's user name or password");
	if (user.n > 0 && memchr(user.p, ':', user.n) != NULL)
		return err_set(err, 0, "the proxy's user name has a colon");
	buf_reserve(&pair, user.n + password.n + 1);
	buf_str(&pair, user);
	buf_char(&pair, ':');
	buf_str(&pair, password);
	buf_reserve(out, sizeof(BASIC) + (pair.n + 2) / 3 * 4);
	buf_str(out, STR(BASIC));
	httpmsg_base64(out, buf_slice(&pair));
	explicit_bzero(pair.p, pair.cap);
	buf_free(&pair);
	return 0;
}

void
httpmsg_base64(struct buf *out, struct str in)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	buf_reserve(out, in.n / 3 * 4 + 4);
	for (size_t i = 0; i < in.n; i += 3) {
		size_t n = in.n - i < 3 ? in.n - i : 3;
		uint32_t v = 0;

		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (k < n ? (unsigned char)in.p[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			buf_char(out, k <= n ? digits[v >> (18 - 6 * k) & 63] : '=');
	}
}

/* probe_sigv4.c: see probe.h. */
#include <stdlib.h>

#include "../sigv4.h"
#include "probe.h"

#define MAX_HEADERS 64 /* of one request in the suite, which has 4 at most */

static struct str
get_text(const struct json *object, const char *name)
{
	const struct json *v = object != NULL ? json_get(object, str_of(name)) : NULL;

	return v != NULL && v->type == JSON_STRING ? json_text(v) : STR("");
}

static bool
get_bool(const struct json *object, const char *name, bool otherwise)
{
	const struct json *v = object != NULL ? json_get(object, str_of(name)) : NULL;

	return v != NULL ? v->type == JSON_TRUE : otherwise;
}

/* Cut the next line off the text; it may end with CRLF or LF or at the end. */
static struct str
next_line(struct str *text)
{
	const char *lf = text->n > 0 ? memchr(text->p, '\n', text->n) : NULL;
	size_t n = lf != NULL ? (size_t)(lf - text->p) : text->n;
	struct str line = {text->p, n};

	if (n > 0 && line.p[n - 1] == '\r')
		line.n--;
	n += lf != NULL;
	*text = (struct str){text->p + n, text->n - n};
	return line;
}

static struct str
cut(struct str s, size_t from, size_t to)
{
	return (struct str){s.p + from, to - from};
}

/* Append s with what cannot go on the wire percent-encoded. */
static struct str
encode_rest(struct buf *out, struct str s)
{
	size_t start = out->n;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] > ' ' && s.p[i] <= '~')
			buf_char(out, s.p[i]);
		else
			sigv4_encode(out, cut(s, i, i + 1), false);
	return cut(buf_slice(out), start, out->n);
}

/* "METHOD TARGET HTTP/1.1", where the target may hold spaces. What is encoded goes to `wire`. */
static int
read_request_line(struct str line, struct sigv4_request *request, bool encode_path,
    struct buf *wire, struct err *err)
{
	size_t first = 0, last = line.n, path_end = 0;
	struct str target;

	while (first < line.n && line.p[first] != ' ')
		first++;
	while (last > first && line.p[last - 1] != ' ')
		last--;
	if (last < first + 2)
		return err_set(err, 0, "no request line");
	request->method = cut(line, 0, first);
	target = cut(line, first + 1, last - 1);
	while (path_end < target.n && target.p[path_end] != '?')
		path_end++;
	buf_reserve(wire, 3 * target.n); /* at once: path and query point into it */
	request->path = cut(target, 0, path_end);
	if (encode_path)
		request->path = encode_rest(wire, request->path);
	if (path_end < target.n)
		request->query = encode_rest(wire, cut(target, path_end + 1, target.n));
	return 0;
}

/* The headers to the empty line, and the body behind it. A line that starts with white space
 * continues the value before. */
static int
read_headers(struct str text, struct sigv4_request *request, struct sigv4_header *headers,
    struct err *err)
{
	size_t n = 0;

	while (text.n > 0) {
		struct str line = next_line(&text);
		size_t colon = 0;

		if (line.n == 0)
			break;
		if (n > 0 && (line.p[0] == ' ' || line.p[0] == '\t')) {
			struct str *value = &headers[n - 1].value;

			value->n = (size_t)(line.p + line.n - value->p);
			continue;
		}
		while (colon < line.n && line.p[colon] != ':')
			colon++;
		if (colon == line.n || n == MAX_HEADERS)
			return err_set(err, 0, "not a header, or one too many");
		headers[n].name = cut(line, 0, colon);
		headers[n++].value = cut(line, colon + 1, line.n);
	}
	request->headers = headers;
	request->n_headers = n;
	request->body = text;
	return 0;
}

/* 2015-08-30T12:36:00Z to 20150830T123600Z */
static struct str
amz_date(struct buf *out, struct str timestamp)
{
	for (size_t i = 0; i < timestamp.n; i++)
		if (timestamp.p[i] != '-' && timestamp.p[i] != ':')
			buf_char(out, timestamp.p[i]);
	return buf_slice(out);
}

static void
print_member(struct buf *out, const char *name, struct str value)
{
	buf_char(out, out->n > 0 && out->p[out->n - 1] != '{' ? ',' : '{');
	json_print_string(out, str_of(name));
	buf_char(out, ':');
	json_print_string(out, value);
}

static int
sign(const struct json *request, struct buf *response, struct buf *wire, struct buf *date,
    struct err *err)
{
	const struct json *context = json_get(request, STR("context"));
	const struct json *keys = context != NULL ? json_get(context, STR("credentials")) : NULL;
	struct sigv4_header headers[MAX_HEADERS];
	struct str text = get_text(request, "request");
	struct sigv4_request http = {0};
	struct sigv4_signed out = {0};
	struct sigv4_credentials credentials = {
	    .access_key = get_text(keys, "access_key_id"),
	    .secret = get_text(keys, "secret_access_key"),
	};
	struct sigv4_scope scope = {
	    .region = get_text(context, "region"),
	    .service = get_text(context, "service"),
	    .amz_date = amz_date(date, get_text(context, "timestamp")),
	    .content_sha256 = get_bool(context, "sign_body", false),
	};

	scope.path_encoded_once = get_bool(request, "s3", false) ||
	    !get_bool(context, "normalize", true);
	/* The suite means a token that is sent but not signed, which no service of ours wants. */
	if (!get_bool(context, "omit_session_token", false))
		credentials.session_token = get_text(keys, "token");
	if (read_request_line(next_line(&text), &http, scope.path_encoded_once, wire, err) != 0 ||
	    read_headers(text, &http, headers, err) != 0 ||
	    sigv4_sign(&out, &http, &credentials, &scope, err) != 0)
		return -1;
	print_member(response, "canonical", buf_slice(&out.canonical));
	print_member(response, "string_to_sign", buf_slice(&out.string_to_sign));
	print_member(response, "signature", str_of(out.signature));
	print_member(response, "authorization", buf_slice(&out.authorization));
	buf_char(response, '}');
	sigv4_signed_free(&out);
	return 0;
}

int
probe_sigv4(const struct json *request, struct buf *response)
{
	struct buf wire = {0}, date = {0};
	struct err err;
	int rv = sign(request, response, &wire, &date, &err);

	if (rv != 0) {
		print_member(response, "error", str_of(err.msg));
		buf_char(response, '}');
	}
	buf_free(&wire);
	buf_free(&date);
	return rv;
}

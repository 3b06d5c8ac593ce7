/* sigv4.c: see sigv4.h. The steps are numbered as in "Create a signed AWS API request". */
#include "sigv4.h"

#include <bearssl.h>
#include <stdlib.h>
#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DATE_LENGTH 16 /* YYYYMMDDTHHMMSSZ */
#define DAY_LENGTH 8

static void
to_hex(char out[SIGV4_HEX + 1], const unsigned char hash[br_sha256_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < br_sha256_SIZE; i++) {
		out[2 * i] = digits[hash[i] >> 4];
		out[2 * i + 1] = digits[hash[i] & 15];
	}
	out[SIGV4_HEX] = '\0';
}

const char *
sigv4_sha256_hex(char out[SIGV4_HEX + 1], struct str data)
{
	br_sha256_context ctx;
	unsigned char hash[br_sha256_SIZE];

	br_sha256_init(&ctx);
	br_sha256_update(&ctx, data.p, data.n);
	br_sha256_out(&ctx, hash);
	explicit_bzero(&ctx, sizeof(ctx)); /* the end of data is still in it, and may be secret */
	to_hex(out, hash);
	return out;
}

/* HMAC-SHA256 (RFC 2104). out may be key. */
static void
hmac(unsigned char out[br_sha256_SIZE], const void *key, size_t n, struct str data)
{
	br_hmac_key_context kc;
	br_hmac_context ctx;

	br_hmac_key_init(&kc, &br_sha256_vtable, key, n);
	br_hmac_init(&ctx, &kc, 0);
	br_hmac_update(&ctx, data.p, data.n);
	br_hmac_out(&ctx, out);
	explicit_bzero(&kc, sizeof(kc));
	explicit_bzero(&ctx, sizeof(ctx));
}

void
sigv4_signed_free(struct sigv4_signed *s)
{
	buf_wipe(&s->canonical);
	buf_wipe(&s->string_to_sign);
	buf_wipe(&s->authorization);
	*s = (struct sigv4_signed){0};
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* What separates the words of a header's value; line ends are there when a value was folded. */
static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void
sigv4_encode(struct buf *out, struct str s, bool keep_slash)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *kept = keep_slash ? "-._~/" : "-._~";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (is_alnum(s.p[i]) || (c != '\0' && strchr(kept, c) != NULL)) {
			buf_char(out, s.p[i]);
		} else {
			const char triplet[3] = {'%', digits[c >> 4], digits[c & 15]};

			buf_add(out, triplet, sizeof(triplet));
		}
	}
}

/* The part of s from *at to the next separator or the end, *at behind it. False when there is none
 * left: "a/" has two parts, "" has one. */
static bool
next_part(struct str s, size_t *at, char separator, struct str *part)
{
	const char *p, *q;

	if (*at > s.n)
		return false;
	p = s.p + *at;
	q = s.n > *at ? memchr(p, separator, s.n - *at) : NULL;
	*part = (struct str){p, q != NULL ? (size_t)(q - p) : s.n - *at};
	*at += part->n + 1;
	return true;
}

/* The path as all services but S3 want it signed: no empty and dot segments, encoded once more. */
static void
normal_path(struct buf *out, struct str path)
{
	size_t at = 0, root = out->n; /* at least the first '/' stays */
	struct str part;

	while (next_part(path, &at, '/', &part)) {
		if (part.n == 0 || str_eq(part, STR(".")))
			continue;
		if (str_eq(part, STR(".."))) {
			while (out->n > root && out->p[--out->n] != '/')
				continue;
			continue;
		}
		buf_char(out, '/');
		sigv4_encode(out, part, false);
	}
	if (out->n == root || path.p[path.n - 1] == '/')
		buf_char(out, '/');
}

struct pair { /* of the query, or a header */
	struct str name;
	struct str value;
};

static int
by_name_then_value(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int c = str_cmp(x->name, y->name);

	return c != 0 ? c : str_cmp(x->value, y->value);
}

/* Names are compared before values: "a=1" comes before "a-b=1", though '-' is less than '='. A name
 * without '=' gets one. */
static void
canonical_query(struct buf *out, struct str query)
{
	struct pair *pairs;
	struct str part;
	size_t at = 0, n = 1;

	if (query.n == 0)
		return;
	for (size_t i = 0; i < query.n; i++)
		n += query.p[i] == '&';
	pairs = xrealloc(NULL, n, sizeof(*pairs));
	n = 0;
	while (next_part(query, &at, '&', &part)) {
		const char *equals = part.n > 0 ? memchr(part.p, '=', part.n) : NULL;
		size_t length = equals != NULL ? (size_t)(equals - part.p) : part.n;

		pairs[n].name = (struct str){part.p, length};
		if (equals != NULL)
			pairs[n].value = (struct str){equals + 1, part.n - length - 1};
		else
			pairs[n].value = STR("");
		n++;
	}
	qsort(pairs, n, sizeof(*pairs), by_name_then_value);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(out, '&');
		buf_str(out, pairs[i].name);
		buf_char(out, '=');
		buf_str(out, pairs[i].value);
	}
	free(pairs);
}

/* Headers not to sign: what hops on the way may change, and what an earlier signing left. */
static bool
is_unsigned(struct str name)
{
	static const char *const names[] = {"authorization", "connection", "expect", "keep-alive",
	    "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
	    "upgrade", "user-agent", "x-amz-date", "x-amz-security-token", "x-amzn-trace-id"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_eq_nocase(name, str_of(names[i])))
			return true;
	return false;
}

static const struct sigv4_header *
find_header(const struct sigv4_request *request, struct str name)
{
	for (size_t i = 0; i < request->n_headers; i++)
		if (str_eq_nocase(request->headers[i].name, name))
			return &request->headers[i];
	return NULL;
}

struct entry { /* a header that is signed */
	const struct sigv4_header *header;
	size_t place; /* among all: duplicates keep their order */
};

static int
compare_names(struct str a, struct str b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return lower(a.p[i]) < lower(b.p[i]) ? -1 : 1;
	return a.n < b.n ? -1 : a.n > b.n;
}

static int
by_name_then_place(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = compare_names(x->header->name, y->header->name);

	return c != 0 ? c : x->place < y->place ? -1 : x->place > y->place;
}

/* Append the value without white space at its ends, and with one space for each run of it. */
static void
add_folded(struct buf *out, struct str value)
{
	size_t start = out->n;

	for (size_t i = 0; i < value.n; i++) {
		if (is_space(value.p[i]))
			continue;
		if (i > 0 && is_space(value.p[i - 1]) && out->n > start)
			buf_char(out, ' ');
		buf_char(out, value.p[i]);
	}
}

static void
add_lower(struct buf *out, struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		buf_char(out, lower(name.p[i]));
}

static bool
same_name(const struct entry *a, const struct entry *b)
{
	return str_eq_nocase(a->header->name, b->header->name);
}

/* The header block and the line with the names, which goes to `names` as well. */
static void
canonical_headers(struct buf *out, struct buf *names, const struct sigv4_request *request,
    const struct sigv4_header *added, size_t n_added)
{
	struct entry *entries = xrealloc(NULL, request->n_headers + n_added, sizeof(*entries));
	size_t n = 0;

	for (size_t i = 0; i < request->n_headers; i++)
		if (!is_unsigned(request->headers[i].name)) {
			entries[n] = (struct entry){&request->headers[i], n};
			n++;
		}
	for (size_t i = 0; i < n_added; i++) {
		entries[n] = (struct entry){&added[i], n};
		n++;
	}
	qsort(entries, n, sizeof(*entries), by_name_then_place);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && same_name(&entries[i - 1], &entries[i])) {
			buf_char(out, ',');
		} else {
			if (i > 0) {
				buf_char(out, '\n');
				buf_char(names, ';');
			}
			add_lower(out, entries[i].header->name);
			buf_char(out, ':');
			add_lower(names, entries[i].header->name);
		}
		add_folded(out, entries[i].header->value);
	}
	buf_add(out, "\n\n", 2);
	buf_str(out, buf_slice(names));
	free(entries);
}

/* At least as much room as the canonical request takes. It is made before anything is written: a
 * buffer that grows would leave the session token behind in memory that was given back. */
static size_t
canonical_room(const struct sigv4_request *request, const struct sigv4_header *added,
    size_t n_added)
{
	size_t room = request->method.n + 3 * request->path.n + 2 * request->query.n + 16;

	for (size_t i = 0; i < request->n_headers; i++)
		room += 2 * request->headers[i].name.n + request->headers[i].value.n + 4;
	for (size_t i = 0; i < n_added; i++)
		room += 2 * added[i].name.n + added[i].value.n + 4;
	return room + request->payload_hash.n + SIGV4_HEX;
}

/* Step 1. */
static void
canonical_request(struct sigv4_signed *s, struct buf *names, const struct sigv4_request *request,
    bool path_encoded_once, struct str payload_hash)
{
	struct buf *out = &s->canonical;

	buf_reserve(out, canonical_room(request, s->add, s->n_add));
	buf_str(out, request->method);
	buf_char(out, '\n');
	if (request->path.n == 0)
		buf_char(out, '/');
	else if (path_encoded_once)
		buf_str(out, request->path);
	else
		normal_path(out, request->path);
	buf_char(out, '\n');
	canonical_query(out, request->query);
	buf_char(out, '\n');
	canonical_headers(out, names, request, s->add, s->n_add);
	buf_char(out, '\n');
	buf_str(out, payload_hash);
}

/* day/region/service/aws4_request */
static void
add_scope(struct buf *out, const struct sigv4_scope *scope)
{
	buf_add(out, scope->amz_date.p, DAY_LENGTH);
	buf_char(out, '/');
	buf_str(out, scope->region);
	buf_char(out, '/');
	buf_str(out, scope->service);
	buf_str(out, STR("/aws4_request"));
}

/* Step 2. */
static void
string_to_sign(struct buf *out, struct str canonical, const struct sigv4_scope *scope)
{
	char hash[SIGV4_HEX + 1];

	buf_str(out, STR(ALGORITHM "\n"));
	buf_str(out, scope->amz_date);
	buf_char(out, '\n');
	add_scope(out, scope);
	buf_char(out, '\n');
	buf_str(out, str_of(sigv4_sha256_hex(hash, canonical)));
}

/* Step 3. */
static void
sign(char signature[SIGV4_HEX + 1], struct str secret, const struct sigv4_scope *scope,
    struct str text)
{
	unsigned char key[br_sha256_SIZE];
	struct buf start = {0};

	buf_reserve(&start, 4 + secret.n); /* at once, as in canonical_room */
	buf_str(&start, STR("AWS4"));
	buf_str(&start, secret);
	hmac(key, start.p, start.n, (struct str){scope->amz_date.p, DAY_LENGTH});
	buf_wipe(&start);
	hmac(key, key, sizeof(key), scope->region);
	hmac(key, key, sizeof(key), scope->service);
	hmac(key, key, sizeof(key), STR("aws4_request"));
	hmac(key, key, sizeof(key), text);
	to_hex(signature, key);
	explicit_bzero(key, sizeof(key));
}

/* Step 4. */
static void
authorization(struct sigv4_signed *s, struct str access_key, const struct sigv4_scope *scope,
    struct str names)
{
	struct buf *out = &s->authorization;

	buf_str(out, STR(ALGORITHM " Credential="));
	buf_str(out, access_key);
	buf_char(out, '/');
	add_scope(out, scope);
	buf_str(out, STR(", SignedHeaders="));
	buf_str(out, names);
	buf_str(out, STR(", Signature="));
	buf_str(out, str_of(s->signature));
	s->add[s->n_add++] = (struct sigv4_header){STR("Authorization"), buf_slice(out)};
}

/* All of s is visible ASCII: it cannot break out of its line or field. */
static int
check_visible(struct str s, const char *what, struct err *err)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return err_set(err, i, "%s has a byte that cannot be sent", what);
	return 0;
}

static int
check_given(struct str s, const char *what, struct err *err)
{
	if (s.n == 0)
		return err_set(err, 0, "%s is missing", what);
	return check_visible(s, what, err);
}

/* A header's name is a token (RFC 9110 section 5.6.2). */
static bool
is_token_char(char c)
{
	return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static int
check_headers(const struct sigv4_request *request, struct err *err)
{
	for (size_t i = 0; i < request->n_headers; i++) {
		struct str name = request->headers[i].name;

		if (name.n == 0)
			return err_set(err, 0, "a header has no name");
		for (size_t k = 0; k < name.n; k++)
			if (!is_token_char(name.p[k]))
				return err_set(err, k, "a header's name is not one");
	}
	if (find_header(request, STR("host")) == NULL)
		return err_set(err, 0, "the host header is missing");
	return 0;
}

static int
check_date(struct str date, struct err *err)
{
	static const char shape[] = "00000000T000000Z"; /* 0 is any digit */

	if (date.n != DATE_LENGTH)
		return err_set(err, 0, "the signing time is not YYYYMMDDTHHMMSSZ");
	for (size_t i = 0; i < DATE_LENGTH; i++)
		if (shape[i] == '0' ? date.p[i] < '0' || date.p[i] > '9' : date.p[i] != shape[i])
			return err_set(err, i, "the signing time is not YYYYMMDDTHHMMSSZ");
	return 0;
}

static int
check(const struct sigv4_request *request, const struct sigv4_credentials *credentials,
    const struct sigv4_scope *scope, struct err *err)
{
	if (check_given(request->method, "the request's method", err) != 0 ||
	    check_visible(request->query, "the request's query", err) != 0 ||
	    check_visible(request->payload_hash, "the payload hash", err) != 0 ||
	    check_headers(request, err) != 0 ||
	    check_given(credentials->access_key, "the access key id", err) != 0 ||
	    check_visible(credentials->session_token, "the session token", err) != 0 ||
	    check_given(scope->region, "the signing region", err) != 0 ||
	    check_given(scope->service, "the signing name of the service", err) != 0 ||
	    check_date(scope->amz_date, err) != 0)
		return -1;
	if (credentials->secret.n == 0)
		return err_set(err, 0, "the secret access key is missing");
	if (request->path.n > 0 && request->path.p[0] != '/')
		return err_set(err, 0, "the request's path does not start with '/'");
	if (!scope->path_encoded_once)
		return 0; /* it is encoded when it is signed, whatever is in it */
	return check_visible(request->path, "the request's path", err);
}

/* The payload hash of the canonical request. It is hashed only where nobody has said it. */
static struct str
find_payload_hash(struct sigv4_signed *s, const struct sigv4_request *request,
    const struct sigv4_header *given)
{
	if (given != NULL)
		return given->value;
	if (request->payload_hash.n > 0)
		return request->payload_hash;
	return str_of(sigv4_sha256_hex(s->body_hash, request->body));
}

int
sigv4_sign(struct sigv4_signed *s, const struct sigv4_request *request,
    const struct sigv4_credentials *credentials, const struct sigv4_scope *scope, struct err *err)
{
	const struct sigv4_header *given = find_header(request, STR("x-amz-content-sha256"));
	struct buf names = {0};
	struct str payload_hash;

	sigv4_signed_free(s);
	if (check(request, credentials, scope, err) != 0)
		return -1;
	if (given != NULL && check_given(given->value, "the payload hash", err) != 0)
		return -1;
	payload_hash = find_payload_hash(s, request, given);
	s->add[s->n_add++] = (struct sigv4_header){STR("X-Amz-Date"), scope->amz_date};
	if (credentials->session_token.n > 0)
		s->add[s->n_add++] = (struct sigv4_header){STR("X-Amz-Security-Token"),
		    credentials->session_token};
	if (scope->content_sha256 && given == NULL)
		s->add[s->n_add++] = (struct sigv4_header){STR("X-Amz-Content-SHA256"),
		    payload_hash};
	canonical_request(s, &names, request, scope->path_encoded_once, payload_hash);
	string_to_sign(&s->string_to_sign, buf_slice(&s->canonical), scope);
	sign(s->signature, credentials->secret, scope, buf_slice(&s->string_to_sign));
	authorization(s, credentials->access_key, scope, buf_slice(&names));
	buf_free(&names);
	return 0;
}

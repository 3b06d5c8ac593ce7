/* Tests of aws.c: calls to a scripted server on loopback: errors and what sorts them, retries, the
 * clock, and that no error shows a secret. */
#include "../aws.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../when.h"
#include "server.h"
#include "tap.h"

/* --- a client --- */

#define ACCESS "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define TOKEN "IQoJb3JpZ2luX2VjSESSIONTOKENEXAMPLE"

static struct aws *
client(uint16_t port, unsigned max_attempts)
{
	struct aws_config c = {.endpoint = {.host = "127.0.0.1", .port = port},
	    .region = STR("eu-west-1"),
	    .service = STR("cloudtrail"),
	    .credentials = {STR(ACCESS), STR(SECRET), STR(TOKEN)},
	    .max_attempts = max_attempts};

	return aws_new(&c);
}

struct result {
	int r;
	struct str answer;
	struct aws_error error;
	struct err err;
	int64_t ms; /* that it took */
};

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct result
call(struct aws *aws)
{
	struct result x = {.answer = {"", 0}, .error = {.kind = (enum aws_kind)99}};
	int64_t start = now_ms();

	x.r = aws_call(aws, "com.example.Target_1", "LookupEvents", STR("{\"a\":1}"), &x.answer,
	    &x.error, &x.err);
	x.ms = now_ms() - start;
	return x;
}

/* What holds for every error. */
static void
check_error(const struct result *x, const char *name)
{
	bool bad = false;

	if (!is_int(x->r, -1, "%s: an error", name))
		return;
	for (const char *c = x->err.msg; *c != '\0'; c++)
		bad = bad || (unsigned char)*c < 32 || *c == 127;
	ok(!bad && x->err.msg[0] != '\0' && strlen(x->err.msg) < sizeof(x->err.msg), "%s: %s", name,
	    x->err.msg);
	ok(strstr(x->err.msg, SECRET) == NULL && strstr(x->err.msg, TOKEN) == NULL &&
		strstr(x->err.msg, "Signature=") == NULL,
	    "%s: no secret", name);
}

#define BODY(status, headers, body, length)                                                        \
	"HTTP/1.1 " status "\r\n" headers "Content-Length: " length "\r\n\r\n" body
#define GOOD BODY("200 OK", "x-amzn-RequestId: rid\r\n", "{\"Events\":[]}", "13")
#define ID "x-amzn-RequestId: 3f0e-request-id\r\n"

/* An answer with this body, whatever its length; the caller frees it. */
static char *
respond(const char *status, const char *headers, const char *body)
{
	struct buf b = {0};

	buf_printf(&b, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status, headers,
	    strlen(body), body);
	buf_char(&b, '\0');
	return b.p;
}

static void
test_success(void)
{
	static const struct step steps[] = {{GOOD, KEEP, 0}, {GOOD, KEEP, 0}};
	struct server s;
	struct aws *aws;
	struct result x;
	const char *second;

	server_start(&s, steps, 2);
	aws = client(s.port, 3);
	is_int(aws_skew(aws), 0, "no skew is known");
	for (int i = 0; i < 2; i++) {
		x = call(aws);
		is_int(x.r, 0, "a call");
		is_mem(x.answer.p, x.answer.n, "{\"Events\":[]}", SIZE_MAX, "its answer");
	}
	aws_free(aws);
	aws_free(NULL);
	server_end(&s);
	is_int(s.n_connections, 1, "calls share a connection");
	is_int(s.n_requests, 2, "a request each");
	ok(strncmp(s.requests.p, "POST / HTTP/1.1\r\nHost: 127.0.0.1:", 33) == 0,
	    "POST / and Host");
	ok(strstr(s.requests.p, "\r\nX-Amz-Target: com.example.Target_1.LookupEvents\r\n") != NULL,
	    "the target");
	ok(strstr(s.requests.p, "\r\nContent-Type: application/x-amz-json-1.1\r\n") != NULL,
	    "the content's type");
	ok(strstr(s.requests.p, "\r\nX-Amz-Security-Token: " TOKEN "\r\n") != NULL, "the token");
	ok(strstr(s.requests.p, "Authorization: AWS4-HMAC-SHA256 Credential=" ACCESS "/") != NULL,
	    "the signature");
	ok(strstr(s.requests.p, "/eu-west-1/cloudtrail/aws4_request") != NULL, "the scope");
	ok(strstr(s.requests.p, SECRET) == NULL, "never the secret");
	second = strstr(s.requests.p, "\r\n\r\n{\"a\":1}POST ");
	ok(second != NULL, "the body, then the next request");
	buf_free(&s.requests);
}

/* --- what an error is --- */

static const struct sort {
	const char *status;
	const char *headers;
	const char *body;
	const char *code;
	enum aws_kind kind;
	const char *says; /* in the text; NULL: whatever */
} sorts[] = {
    {"400 Bad Request", "", "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}",
	"ThrottlingException", AWS_THROTTLED,
	"(ThrottlingException) when calling the LookupEvents operation: Rate exceeded"},
    {"400 Bad Request", "",
	"{\"__type\":\"com.amazonaws.x#ThrottlingException\",\"Message\":\"M\"}",
	"ThrottlingException", AWS_THROTTLED, ": M"},
    {"400 Bad Request", "", "{\"__type\":\"ThrottlingException:http://a/b#c\"}",
	"ThrottlingException", AWS_THROTTLED, NULL},
    {"400 Bad Request", "", "{\"__type\":\"a#b#ThrottlingException:http://a/#x:y\"}",
	"ThrottlingException", AWS_THROTTLED, NULL},
    {"400 Bad Request", "x-amzn-ErrorType: ThrottlingException\r\n", "", "ThrottlingException",
	AWS_THROTTLED, "Bad Request"},
    {"400 Bad Request", "X-Amzn-Errortype: x#ThrottlingException:http://x\r\n", "{}",
	"ThrottlingException", AWS_THROTTLED, NULL},
    {"400 Bad Request", "x-amzn-ErrorType: Other\r\n", "{\"__type\":\"SlowDown\"}", "SlowDown",
	AWS_THROTTLED, NULL},
    {"400 Bad Request", "", "{\"message\":\"lower\",\"Message\":\"upper\"}", "400", AWS_FAILED,
	"lower"},
    {"503 Service Unavailable", "", "{\"__type\":\"RequestLimitExceeded\"}", "RequestLimitExceeded",
	AWS_THROTTLED, NULL},
    {"500 X", "", "{\"__type\":\"Throttling\"}", "Throttling", AWS_THROTTLED, NULL},
    {"403 X", "", "{\"__type\":\"TooManyRequestsException\"}", "TooManyRequestsException",
	AWS_THROTTLED, NULL},
    {"429 Too Many Requests", "", "{\"__type\":\"Strange\"}", "Strange", AWS_FAILED, NULL},
    {"429 Too Many Requests", "", "", "429", AWS_FAILED, "Too Many Requests"},
    {"400 X", "", "{\"__type\":\"throttlingexception\"}", "throttlingexception", AWS_FAILED, NULL},
    {"400 X", "", "{\"__type\":\"RequestTimeout\"}", "RequestTimeout", AWS_UNAVAILABLE, NULL},
    {"500 Internal Server Error", "", "{\"__type\":\"InternalFailure\"}", "InternalFailure",
	AWS_UNAVAILABLE, NULL},
    {"500 Internal Server Error", "", "<html>x</html>", "500", AWS_UNAVAILABLE,
	"(500) when calling the LookupEvents operation: Internal Server Error"},
    {"502 Bad Gateway", "", "", "502", AWS_UNAVAILABLE, "Bad Gateway"},
    {"503 Slow", "", "", "503", AWS_UNAVAILABLE, NULL},
    {"504 Late", "", "not JSON", "504", AWS_UNAVAILABLE, NULL},
    {"501 No", "", "", "501", AWS_FAILED, NULL},
    {"505 No", "", "", "505", AWS_FAILED, NULL},
    {"408 No", "", "", "408", AWS_FAILED, NULL},
    {"404 Not Found", "", "[]", "404", AWS_FAILED, "Not Found"},
    {"302 Found", "Location: http://evil/\r\n", "", "302", AWS_FAILED, NULL},
    {"400 X", "",
	"{\"__type\":\"AccessDeniedException\",\"Message\":\"User: arn is not authorized\"}",
	"AccessDeniedException", AWS_FAILED, "cloudtrail:LookupEvents"},
    {"400 X", "", "{\"__type\":\"ExpiredTokenException\",\"message\":\"m\"}",
	"ExpiredTokenException", AWS_EXPIRED, "new credentials"},
    {"403 X", "", "{\"__type\":\"ExpiredToken\"}", "ExpiredToken", AWS_EXPIRED, NULL},
    {"400 X", "", "{\"__type\":\"UnrecognizedClientException\"}", "UnrecognizedClientException",
	AWS_UNKNOWN_KEY, "access key"},
    {"403 X", "", "{\"__type\":\"InvalidClientTokenId\"}", "InvalidClientTokenId", AWS_UNKNOWN_KEY,
	NULL},
    {"403 X", "", "{\"__type\":\"InvalidSignatureException\"}", "InvalidSignatureException",
	AWS_FAILED, "clock"},
    {"400 X", "", "{\"__type\":\"InvalidNextTokenException\",\"message\":\"m\"}",
	"InvalidNextTokenException", AWS_FAILED, "m"},
    {"400 X", "", "{\"__type\":7,\"message\":{}}", "400", AWS_FAILED, NULL},
    {"400 X", "", "{\"__type\":\"\"}", "400", AWS_FAILED, NULL},
};

static void
test_sorts(void)
{
	for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++) {
		const struct sort *t = &sorts[i];
		struct buf headers = {0};
		struct step step = {NULL, KEEP, 0};
		struct server s;
		struct aws *aws;
		struct result x;
		char *text;

		buf_printf(&headers, "%s%s", t->headers, ID);
		buf_char(&headers, '\0');
		step.answer = text = respond(t->status, headers.p, t->body);
		server_start(&s, &step, 1);
		aws = client(s.port, 1);
		x = call(aws);
		check_error(&x, t->code);
		is_str(x.error.code, t->code, "%s %s: its code", t->status, t->body);
		is_int(x.error.kind, t->kind, "%s %s: its kind", t->status, t->body);
		ok(strstr(x.err.msg, "LookupEvents") != NULL, "%s: the operation", t->code);
		ok(strstr(x.err.msg, t->code) != NULL, "%s: the code in the text", t->code);
		ok(strstr(x.err.msg, "3f0e-request-id") != NULL, "%s: the request id", t->code);
		if (t->says != NULL)
			ok(strstr(x.err.msg, t->says) != NULL, "%s: says \"%s\"", t->code, t->says);
		aws_free(aws);
		server_end(&s);
		is_int(s.n_requests, 1, "%s: one attempt, as told", t->code);
		buf_free(&s.requests);
		buf_free(&headers);
		free(text);
	}
}

/* --- retries --- */

/* Call a server that answers with this text up to `bad` times, then well. */
static struct result
call_bad(const char *text, enum after after, size_t bad, unsigned max, size_t *requests)
{
	struct step steps[8];
	struct server s;
	struct aws *aws;
	struct result x;

	for (size_t i = 0; i < 8; i++)
		steps[i] = i < bad ? (struct step){text, after, 0} : (struct step){GOOD, KEEP, 0};
	server_start(&s, steps, 8);
	aws = client(s.port, max);
	x = call(aws);
	x.answer = (struct str){"", 0};
	aws_free(aws);
	server_end(&s);
	*requests = s.n_requests;
	buf_free(&s.requests);
	return x;
}

#define E500 BODY("500 X", "", "", "0")
#define THROTTLE BODY("400 X", "", "{\"__type\":\"ThrottlingException\",\"message\":\"m\"}", "46")
#define DENIED BODY("400 X", "", "{\"__type\":\"AccessDeniedException\"}", "34")
#define EXPIRED BODY("400 X", "", "{\"__type\":\"ExpiredTokenException\"}", "34")
#define UNKNOWN BODY("400 X", "", "{\"__type\":\"UnrecognizedClientException\"}", "40")

static void
test_retries(void)
{
	static const struct {
		const char *name;
		const char *text;
		enum after after;
		size_t bad;
		unsigned max;
		int r;
		size_t requests;
		enum aws_kind kind;
	} t[] = {{"once 500", E500, KEEP, 1, 3, 0, 2, AWS_FAILED},
	    {"twice 500", E500, KEEP, 2, 3, 0, 3, AWS_FAILED},
	    {"three times 500", E500, KEEP, 3, 3, -1, 3, AWS_UNAVAILABLE},
	    {"one attempt", E500, KEEP, 3, 1, -1, 1, AWS_UNAVAILABLE},
	    {"two attempts", E500, KEEP, 3, 2, -1, 2, AWS_UNAVAILABLE},
	    {"five attempts", E500, KEEP, 4, 5, 0, 5, AWS_FAILED},
	    {"closed without a byte", "", CLOSE, 2, 3, 0, 3, AWS_FAILED},
	    {"closed for good", "", CLOSE, 8, 3, -1, 3, AWS_UNAVAILABLE},
	    {"cut", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", CLOSE, 1, 3, 0, 2, AWS_FAILED},
	    {"no HTTP", "nonsense\r\n\r\n", KEEP, 1, 3, -1, 1, AWS_FAILED},
	    {"access denied", DENIED, KEEP, 1, 3, -1, 1, AWS_FAILED},
	    {"expired", EXPIRED, KEEP, 1, 3, -1, 1, AWS_EXPIRED},
	    {"unknown key", UNKNOWN, KEEP, 1, 3, -1, 1, AWS_UNKNOWN_KEY},
	    {"throttled once", THROTTLE, KEEP, 1, 2, 0, 2, AWS_FAILED}};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		size_t requests;
		struct result x = call_bad(t[i].text, t[i].after, t[i].bad, t[i].max, &requests);

		is_int(x.r, t[i].r, "%s: the result", t[i].name);
		is_int(requests, t[i].requests, "%s: attempts", t[i].name);
		if (t[i].r != 0) {
			check_error(&x, t[i].name);
			is_int(x.error.kind, t[i].kind, "%s: kind", t[i].name);
		}
		if (strncmp(t[i].name, "throttled", 9) != 0)
			ok(x.ms < 1500, "%s: took %d ms", t[i].name, (int)x.ms);
	}
}

static void
test_unreachable(void)
{
	struct result x;
	struct server s;
	struct aws *aws;

	server_start(&s, NULL, 0);
	server_end(&s);
	aws = client(s.port, 2);
	x = call(aws);
	check_error(&x, "nobody listens");
	is_int(x.error.kind, AWS_UNAVAILABLE, "nobody listens: kind");
	is_str(x.error.code, "", "nobody listens: no code");
	aws_free(aws);
	buf_free(&s.requests);
}

/* x-amz-retry-after; several at once, since it takes time. */
struct waiting {
	pthread_t thread;
	const char *value;
	int64_t least, most;
	struct result x;
	size_t requests;
};

static void *
wait_once(void *context)
{
	struct waiting *w = context;
	struct buf headers = {0};
	char *text;

	buf_printf(&headers, "x-amz-retry-after: %s\r\n", w->value);
	buf_char(&headers, '\0');
	text = respond("500 X", headers.p, "");
	w->x = call_bad(text, KEEP, 1, 2, &w->requests);
	free(text);
	buf_free(&headers);
	return NULL;
}

static struct waiting waits[] = {{.value = "700", .least = 700, .most = 1500},
    {.value = "0", .least = 0, .most = 600}, {.value = "", .least = 0, .most = 600},
    {.value = "-3000", .least = 0, .most = 600}, {.value = "3000.5", .least = 0, .most = 600},
    {.value = "3s", .least = 0, .most = 600}, {.value = "+3000", .least = 0, .most = 600},
    {.value = "Wed, 21 Oct 2099 07:28:00 GMT", .least = 0, .most = 600},
    {.value = "3600000", .least = 5000, .most = 6000},
    {.value = "999999999", .least = 5000, .most = 6000}};
enum { WAITS = sizeof(waits) / sizeof(waits[0]) };

static void
start_waits(void)
{
	for (size_t i = 0; i < WAITS; i++)
		if (pthread_create(&waits[i].thread, NULL, wait_once, &waits[i]) != 0)
			abort();
}

static void
end_waits(void)
{
	for (size_t i = 0; i < WAITS; i++) {
		const struct waiting *w = &waits[i];

		if (pthread_join(w->thread, NULL) != 0)
			abort();
		is_int(w->x.r, 0, "x-amz-retry-after '%s': tried again", w->value);
		is_int(w->requests, 2, "x-amz-retry-after '%s': once", w->value);
		ok(w->x.ms >= w->least && w->x.ms <= w->most, "x-amz-retry-after '%s': %d ms",
		    w->value, (int)w->x.ms);
	}
}

/* 500 / 14: so many retries, then none; what succeeds gives some back. */
static void
test_quota(void)
{
	enum { N = 90 };
	static struct step steps[N];
	struct server s;
	struct aws *aws;
	struct result x;

	for (size_t i = 0; i < N; i++)
		steps[i] = (struct step){i < 73 ? E500 : GOOD, KEEP, 0};
	server_start(&s, steps, N);
	aws = client(s.port, 2);
	for (int i = 0; i < 35; i++) {
		x = call(aws);
		if (x.r != -1)
			break;
	}
	is_int(x.r, -1, "35 calls that fail twice"); /* 70 requests, 490 are gone */
	for (int i = 0; i < 3; i++)
		x = call(aws); /* 71, 72, 73 */
	check_error(&x, "without quota");
	for (int i = 0; i < 4; i++)
		x = call(aws);
	is_int(x.r, 0, "then all is well"); /* 77 requests if none was tried twice */
	aws_free(aws);
	server_end(&s);
	is_int(s.n_requests, 77, "when the quota is used up nothing is tried again");
	buf_free(&s.requests);
}

/* --- the clock --- */

/* The X-Amz-Date of the n-th request, from 0; s since 1970. */
static int64_t
signed_at(const struct server *s, size_t n)
{
	const char *p = s->requests.p;
	char text[32];
	int64_t us;

	for (size_t i = 0; p != NULL && i <= n; i++) {
		p = strstr(p, "X-Amz-Date: ");
		p = p != NULL ? p + 12 : NULL;
	}
	if (p == NULL)
		return 0;
	(void)snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", p, p + 4, p + 6, p + 9,
	    p + 11, p + 13);
	return when_parse_event(str_of(text), &us) == 0 ? us / WHEN_SECOND_US : 0;
}

static char *
dated(const char *status, int64_t offset, const char *more, const char *body)
{
	time_t t = time(NULL) + (time_t)offset;
	char headers[200];
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	(void)strftime(headers, sizeof(headers), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
	(void)snprintf(headers + strlen(headers), 100, "%s", more);
	return respond(status, headers, body);
}

static void
test_skew(const char *code, int64_t offset, const char *more, size_t want, int64_t want_skew)
{
	struct step steps[4];
	char body[100], name[100];
	char *bad, *good;
	struct server s;
	struct aws *aws;
	struct result x;

	(void)snprintf(body, sizeof(body), "{\"__type\":\"%s\"}", code);
	(void)snprintf(name, sizeof(name), "%s %d s %.4s", code, (int)offset, more);
	bad = dated("400 X", offset, more, body);
	good = dated("200 OK", offset, more, "{}");
	steps[0] = (struct step){bad, KEEP, 0};
	steps[1] = (struct step){good, KEEP, 0};
	steps[2] = (struct step){good, KEEP, 0};
	server_start(&s, steps, 3);
	aws = client(s.port, 3);
	x = call(aws);
	is_int(x.r, want > 1 ? 0 : -1, "%s: the result", name);
	ok(llabs((long long)(aws_skew(aws) - want_skew)) <= 2, "%s: skew %d", name,
	    (int)aws_skew(aws));
	x = call(aws);
	is_int(x.r, 0, "%s: the next call", name);
	aws_free(aws);
	server_end(&s);
	is_int(s.n_requests, want + 1, "%s: attempts", name);
	ok(llabs((long long)(signed_at(&s, 0) - (int64_t)time(NULL))) <= 2,
	    "%s: first by our clock", name);
	ok(llabs((long long)(signed_at(&s, want) - (int64_t)time(NULL) - want_skew)) <= 3,
	    "%s: the next call by the service's", name);
	if (want > 1)
		ok(llabs((long long)(signed_at(&s, 1) - (int64_t)time(NULL) - want_skew)) <= 3,
		    "%s: the second attempt by the service's", name);
	buf_free(&s.requests);
	free(bad);
	free(good);
}

static void
test_skew_gone(void)
{
	char *ahead = dated("400 X", 300, "", "{\"__type\":\"RequestTimeTooSkewed\"}");
	char *level = dated("200 OK", 0, "", "{}");
	const struct step steps[] = {{ahead, KEEP, 0}, {level, KEEP, 0}, {level, KEEP, 0}};
	struct server s;
	struct aws *aws;
	struct result x;

	server_start(&s, steps, 3);
	aws = client(s.port, 1);
	x = call(aws);
	is_int(x.r, -1, "one attempt only: an error");
	ok(llabs((long long)aws_skew(aws) - 300) <= 2, "but its skew is kept");
	x = call(aws);
	is_int(x.r, 0, "the next call is signed with it");
	ok(llabs((long long)aws_skew(aws)) <= 1, "an agreeing date takes it back");
	aws_free(aws);
	server_end(&s);
	ok(llabs((long long)(signed_at(&s, 1) - (int64_t)time(NULL) - 300)) <= 3,
	    "as it is on the wire");
	buf_free(&s.requests);
	free(ahead);
	free(level);
}

/* A Date at the end of time: it cannot be signed with a moment later, but must not end all calls.
 */
static void
test_end_of_time(void)
{
	static const struct step steps[] = {
	    {BODY("200 OK", "Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n", "{}", "2"), KEEP, 0},
	    {GOOD, KEEP, 0}, {GOOD, KEEP, 0}};
	struct timespec t = {1, 100000000};
	struct server s;
	struct aws *aws;
	struct result x;

	server_start(&s, steps, 3);
	aws = client(s.port, 1);
	x = call(aws);
	is_int(x.r, 0, "a date at the end of time");
	(void)nanosleep(&t, NULL);
	x = call(aws);
	is_int(x.r, 0, "a call after that: %s", x.r != 0 ? x.err.msg : "answered");
	aws_free(aws);
	server_end(&s);
	is_int(s.n_requests, 2, "and it is sent");
	buf_free(&s.requests);
}

static void
test_dates(void)
{
	static const struct {
		const char *text;
		int r;
		int64_t seconds;
	} t[] = {{"Sun, 06 Nov 1994 08:49:37 GMT", 0, 784111777},
	    {"Thu, 01 Jan 1970 00:00:00 GMT", 0, 0},
	    {"Thu, 29 Feb 2024 23:59:59 GMT", 0, 1709251199},
	    {"Fri, 31 Dec 9999 23:59:59 GMT", 0, INT64_C(253402300799)},
	    {"Sat, 31 Dec 2016 23:59:60 GMT", 0, 1483228800}, {"", -1, 0},
	    {"Sun, 06 Nov 1994 08:49:37", -1, 0}, {"Sun, 06 Nov 1994 08:49:37 UTC", -1, 0},
	    {"Sun, 06 Nov 1994 08:49:37 GMT ", -1, 0}, {" Sun, 06 Nov 1994 08:49:37 GMT", -1, 0},
	    {"Sunday, 06-Nov-94 08:49:37 GMT", -1, 0}, {"Sun Nov  6 08:49:37 1994", -1, 0},
	    {"Sun, 06 Nov 1994 24:49:37 GMT", -1, 0}, {"Sun, 06 Nov 1994 08:60:37 GMT", -1, 0},
	    {"Sun, 32 Nov 1994 08:49:37 GMT", -1, 0}, {"Sun, 31 Nov 1994 08:49:37 GMT", -1, 0},
	    {"Thu, 29 Feb 2023 23:59:59 GMT", -1, 0}, {"Sun, 00 Nov 1994 08:49:37 GMT", -1, 0},
	    {"Sun,  6 Nov 1994 08:49:37 GMT", -1, 0}, {"Sun, 06 NOV 1994 08:49:37 GMT", -1, 0},
	    {"Sun, 06 anF 1994 08:49:37 GMT", -1, 0}, {"Sun, 06 Foo 1994 08:49:37 GMT", -1, 0},
	    {"Sun, 06 11  1994 08:49:37 GMT", -1, 0}, {"Sun, 06 Nov -994 08:49:37 GMT", -1, 0},
	    {"Sun, 06 Nov 1994 08-49-37 GMT", -1, 0}, {"Sun, 06 Nov 1994 0x:49:37 GMT", -1, 0},
	    {"1994-11-06T08:49:37Z", -1, 0}, {"Sun, 06 Nov 1994 08:49:37 gmt", -1, 0}};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		int64_t seconds = 0;

		is_int(aws_read_date(str_of(t[i].text), &seconds), t[i].r, "'%s'", t[i].text);
		if (t[i].r == 0)
			is_int(seconds, t[i].seconds, "'%s': seconds", t[i].text);
	}
	{
		int64_t seconds;

		is_int(aws_read_date((struct str){"Sun, 06 Nov 1994 08:49:37 GMT", 28}, &seconds),
		    -1, "a byte less");
	}
}

/* --- hostile texts --- */

static void
test_hostile(const char *name, const char *message, size_t times, bool known)
{
	struct buf body = {0};
	struct step step = {NULL, KEEP, 0};
	struct server s;
	struct aws *aws;
	struct result x;
	char *text;

	buf_printf(
	    &body, "{\"__type\":\"%s\",\"message\":\"", known ? "AccessDeniedException" : message);
	for (size_t i = 0; i < times; i++)
		buf_str(&body, str_of(message));
	buf_str(&body, STR("\"}"));
	buf_char(&body, '\0');
	step.answer = text = respond("400 X", ID, body.p);
	server_start(&s, &step, 1);
	aws = client(s.port, 1);
	x = call(aws);
	check_error(&x, name);
	ok(strstr(x.err.msg, "3f0e-request-id") != NULL, "%s: the request id is there", name);
	if (known) {
		ok(strstr(x.err.msg, "cloudtrail:LookupEvents") != NULL, "%s: what to do, too",
		    name);
		if (times > 100)
			ok(strstr(x.err.msg, "...") != NULL, "%s: it shows that it is cut", name);
	}
	aws_free(aws);
	server_end(&s);
	buf_free(&s.requests);
	buf_free(&body);
	free(text);
}

int
main(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	start_waits();
	test_dates();
	test_success();
	test_sorts();
	test_retries();
	test_unreachable();
	test_quota();
	test_skew("RequestTimeTooSkewed", 300, "", 2, 300);
	test_skew("InvalidSignatureException", 3600, "", 2, 3600);
	test_skew("InvalidSignatureException", -3600, "", 2, -3600);
	test_skew("SignatureDoesNotMatch", -300, "", 2, -300);
	test_skew("AccessDeniedException", 300, "", 2, 300);
	test_skew("RequestExpired", 300, "", 2, 300);
	test_skew("InvalidSignatureException", 120, "", 1, 120);
	test_skew("InvalidSignatureException", 300, "Age: 17280\r\n", 1, 0);
	test_skew("ValidationException", 300, "", 1, 300);
	test_skew_gone();
	test_end_of_time();
	test_hostile("long", "blah ", 1000, true);
	test_hostile("control bytes", "\\u001b[2J\\r\\n\\u0000", 300, true);
	test_hostile("other directions", "\\u202e\\u0085\\u007f", 300, true);
	test_hostile("percent signs", "%s%n%d", 200, true);
	test_hostile("accents", "\\u00e9", 400, true);
	test_hostile("a hostile code", "\\u001b[2J\\n\\n", 3, false);
	test_hostile("a long code", "CodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCode",
	    300, false);
	test_hostile("what real ones say",
	    "The request signature we calculated does not match the signature you provided. Check "
	    "your AWS Secret Access Key and signing method. Consult the service documentation for "
	    "details.\\n\\nThe Canonical String for this request should have been\\n'POST\\n/\\n\\n"
	    "host:x\\nx-amz-security-token:" TOKEN "\\n'",
	    1, true);
	end_waits();
	return done_testing();
}

/* aws.c: see aws.h. */
#include "aws.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "http.h"
#include "json.h"
#include "when.h"

#define QUOTA 500               /* the retry quota's capacity */
#define QUOTA_THROTTLED 5       /* what a retry costs after a throttled attempt */
#define QUOTA_OTHER 14          /* and after another failure */
#define SLOW_ANSWER_S 900       /* an answer that took longer says nothing about clocks */
#define MAX_RETRY_AFTER_MS 5000 /* on top of the backoff, however long the service asks for */
#define MAX_MESSAGE 240         /* bytes of the service's message shown */
#define FIRST_DATE_S INT64_C(1577836800) /* 2020: a service whose clock says less has none */
#define LAST_DATE_S INT64_C(4102444800)  /* 2100 */

struct aws {
	struct aws_config config;
	struct http *http;
	struct http_response response;
	struct sigv4_signed signature;
	int64_t skew;
	int quota;
	uint64_t random; /* state of a generator for jitter */
};

/* What one attempt came to. */
struct attempt {
	enum http_fault fault;
	bool answered;
	bool skewed;         /* the answer had a date that told our clock's error */
	int64_t retry_after; /* ms; -1 where the service asked for nothing */
	struct aws_error error;
	struct err err;
	bool retry;
};

struct aws *
aws_new(const struct aws_config *config)
{
	struct http_config http = {.url = config->endpoint,
	    .anchors = config->anchors,
	    .proxied = config->proxied,
	    .proxy = config->proxy};
	struct aws *aws = xmalloc(sizeof(*aws));

	*aws = (struct aws){.config = *config, .skew = config->skew, .quota = QUOTA};
	aws->http = http_new(&http);
	if (getentropy(&aws->random, sizeof(aws->random)) != 0 || aws->random == 0)
		aws->random = (uint64_t)time(NULL) * 2 + 1; /* good enough to spread retries */
	return aws;
}

void
aws_free(struct aws *aws)
{
	if (aws == NULL)
		return;
	http_free(aws->http);
	http_response_free(&aws->response);
	sigv4_signed_free(&aws->signature);
	free(aws);
}

void
aws_connect(struct aws *aws)
{
	http_connect(aws->http);
}

void
aws_take_answer(struct aws *aws, struct buf *text)
{
	buf_free(text);
	*text = aws->response.body;
	aws->response.body = (struct buf){0};
}

int64_t
aws_skew(const struct aws *aws)
{
	return aws->skew;
}

/* --- time --- */

/* "Sun, 06 Nov 1994 08:49:37 GMT" by way of RFC 3339. */
int
aws_read_date(struct str text, int64_t *seconds)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char month[4] = "", rfc3339[40];
	const char *found;
	int64_t us;

	if (text.n != 29 || memcmp(text.p + 3, ", ", 2) != 0 || memcmp(text.p + 25, " GMT", 4) != 0)
		return -1;
	memcpy(month, text.p + 8, 3);
	found = strstr(months, month);
	if (found == NULL || (found - months) % 3 != 0)
		return -1;
	(void)snprintf(rfc3339, sizeof(rfc3339), "%.4s-%02d-%.2sT%.8sZ", text.p + 12,
	    (int)(found - months) / 3 + 1, text.p + 5, text.p + 17);
	if (when_parse_event(str_of(rfc3339), &us) != 0)
		return -1;
	*seconds = us / WHEN_SECOND_US;
	return 0;
}

static void
sleep_ms(int64_t ms)
{
	struct timespec t = {
	    .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000L};

	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		continue;
}

/* Learn from the answer how far our clock is off. */
static void
measure_skew(struct aws *aws, struct attempt *a, int64_t sent, int64_t received)
{
	struct str date = httpmsg_header(&aws->response.head, STR("date"));
	int64_t seconds;

	if (httpmsg_header(&aws->response.head, STR("age")).p != NULL || date.p == NULL ||
	    received - sent > SLOW_ANSWER_S || aws_read_date(date, &seconds) != 0 ||
	    seconds < FIRST_DATE_S || seconds > LAST_DATE_S)
		return;
	aws->skew = seconds - (sent + (received - sent) / 2);
	a->skewed = aws->skew > AWS_MAX_SKEW_S || aws->skew < -AWS_MAX_SKEW_S;
}

/* --- errors --- */

static bool
is_one_of(const char *code, const char *const *codes)
{
	for (; *codes != NULL; codes++)
		if (strcmp(code, *codes) == 0)
			return true;
	return false;
}

static enum aws_kind
kind_of(const char *code, int status)
{
	static const char *const throttled[] = {"Throttling", "ThrottlingException",
	    "ThrottledException", "RequestThrottledException", "TooManyRequestsException",
	    "ProvisionedThroughputExceededException", "TransactionInProgressException",
	    "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException",
	    "RequestThrottled", "SlowDown", "PriorRequestNotComplete", "EC2ThrottledException",
	    NULL};
	static const char *const transient[] = {"RequestTimeout", "RequestTimeoutException", NULL};
	static const char *const unknown[] = {
	    "UnrecognizedClientException", "InvalidClientTokenId", "OptInRequired", NULL};
	static const char *const expired[] = {
	    "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", NULL};

	if (is_one_of(code, throttled))
		return AWS_THROTTLED;
	if (is_one_of(code, unknown))
		return AWS_UNKNOWN_KEY;
	if (is_one_of(code, expired))
		return AWS_EXPIRED;
	if (is_one_of(code, transient) || status == 500 || status == 502 || status == 503 ||
	    status == 504)
		return AWS_UNAVAILABLE;
	return AWS_FAILED;
}

/* May a wrong clock be what this error is about? */
static bool
is_about_time(const char *code)
{
	static const char *const codes[] = {"InvalidSignatureException", "SignatureDoesNotMatch",
	    "AuthFailure", "RequestTimeTooSkewed", "AccessDeniedException", "RequestExpired",
	    "RequestInTheFuture", NULL};

	return is_one_of(code, codes);
}

static const char *
remedy(const char *code, enum aws_kind kind)
{
	if (kind == AWS_EXPIRED)
		return "; get new credentials, then run this again";
	if (kind == AWS_UNKNOWN_KEY)
		return "; check the access key and session token";
	if (strncmp(code, "AccessDenied", 12) == 0)
		return "; the credentials must allow cloudtrail:LookupEvents";
	if (strstr(code, "Signature") != NULL)
		return "; check the secret access key and this machine's clock";
	return "";
}

/* The code in a JSON 1.1 error: behind the last '#', before the first ':'. */
static void
read_code(char out[64], struct str type)
{
	const char *colon = type.n > 0 ? memchr(type.p, ':', type.n) : NULL;
	size_t end = colon != NULL ? (size_t)(colon - type.p) : type.n, start = end;

	while (start > 0 && type.p[start - 1] != '#')
		start--;
	(void)str_escape(out, 64, (struct str){type.p + start, end - start});
}

static void
read_error(struct aws *aws, const char *operation, struct attempt *a)
{
	const struct httpmsg_head *head = &aws->response.head;
	struct str type = httpmsg_header(head, STR("x-amzn-errortype")), message = {"", 0}, id;
	char shown[MAX_MESSAGE + 1], shown_id[80];
	struct json_doc doc;
	struct err err;

	json_doc_init(&doc);
	if (json_parse(&doc, buf_slice(&aws->response.body), &err) == 0) {
		struct str in_body = json_get_text(doc.v, STR("__type"));

		type = in_body.n > 0 ? in_body : type;
		message = json_get_text(doc.v, STR("message"));
		if (message.n == 0)
			message = json_get_text(doc.v, STR("Message"));
	} else if (aws->response.body.n > 0 && aws->response.body.p[0] != '<') {
		message = buf_slice(&aws->response.body);
	}
	if (message.n == 0)
		message = head->reason;
	if (type.p != NULL && type.n > 0)
		read_code(a->error.code, type);
	else
		(void)snprintf(a->error.code, sizeof(a->error.code), "%d", head->status);
	a->error.kind = kind_of(a->error.code, head->status);
	id = httpmsg_header(head, STR("x-amzn-requestid"));
	(void)err_set(&a->err, 0, "An error occurred (%s) when calling the %s operation: %s%s%s%s",
	    a->error.code, operation, str_escape(shown, sizeof(shown), message),
	    remedy(a->error.code, a->error.kind), id.p != NULL ? "; request id " : "",
	    id.p != NULL ? str_escape(shown_id, sizeof(shown_id), id) : "");
	json_doc_free(&doc);
}

static void
read_retry_after(struct aws *aws, struct attempt *a)
{
	struct str s = httpmsg_header(&aws->response.head, STR("x-amz-retry-after"));
	int64_t ms = 0;

	a->retry_after = -1;
	if (s.p == NULL || s.n == 0 || s.n > 9)
		return;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return;
		ms = ms * 10 + (s.p[i] - '0');
	}
	a->retry_after = ms;
}

/* --- a call --- */

static int
send_signed(struct aws *aws, const char *target, struct str body, struct attempt *a)
{
	struct httpmsg_header headers[8] = {
	    {STR("Content-Type"), STR("application/x-amz-json-1.1")},
	    {STR("X-Amz-Target"), str_of(target)},
	    {STR("Accept-Encoding"), STR("identity")},
	    {STR("User-Agent"), STR("aws-spitzel/" SPITZEL_VERSION " lang/c")},
	};
	struct sigv4_header to_sign[3];
	struct sigv4_request request = {.method = STR("POST"),
	    .path = STR("/"),
	    .query = {"", 0},
	    .headers = to_sign,
	    .n_headers = 3,
	    .body = body,
	    .payload_hash = {"", 0}};
	struct httpmsg_request message = {
	    .method = STR("POST"), .target = STR("/"), .headers = headers};
	struct buf host = {0};
	char when[WHEN_PRINT_SIZE], date[20];
	int rv = -1;

	url_print_authority(&host, &aws->config.endpoint, false);
	(void)when_print(when, ((int64_t)time(NULL) + aws->skew) * WHEN_SECOND_US);
	(void)snprintf(date, sizeof(date), "%.4s%.2s%.2sT%.2s%.2s%.2sZ", when, when + 5, when + 8,
	    when + 11, when + 14, when + 17);
	to_sign[0] = (struct sigv4_header){STR("Host"), buf_slice(&host)};
	for (size_t i = 0; i < 2; i++)
		to_sign[i + 1] = (struct sigv4_header){headers[i].name, headers[i].value};
	if (sigv4_sign(&aws->signature, &request, &aws->config.credentials,
		&(struct sigv4_scope){.region = aws->config.region,
		    .service = aws->config.service,
		    .amz_date = str_of(date)},
		&a->err) == 0) {
		message.n_headers = 4;
		for (size_t i = 0; i < aws->signature.n_add; i++)
			headers[message.n_headers++] = (struct httpmsg_header){
			    aws->signature.add[i].name, aws->signature.add[i].value};
		rv = http_exchange(aws->http, &message, body, &aws->response, &a->fault, &a->err);
	} else {
		a->fault = HTTP_REFUSED;
	}
	buf_free(&host);
	return rv;
}

/* One attempt. True when it succeeded. */
static bool
attempt(
    struct aws *aws, const char *target, const char *operation, struct str body, struct attempt *a)
{
	int64_t sent;

	*a = (struct attempt){.retry_after = -1};
	if (aws->config.before != NULL)
		aws->config.before(aws->config.context);
	sent = (int64_t)time(NULL);
	if (send_signed(aws, target, body, a) != 0) {
		a->retry = a->fault == HTTP_UNREACHABLE || a->fault == HTTP_TIMED_OUT ||
		    a->fault == HTTP_BROKEN;
		a->error.kind = a->retry ? AWS_UNAVAILABLE : AWS_FAILED;
		return false;
	}
	a->answered = true;
	measure_skew(aws, a, sent, (int64_t)time(NULL));
	if (aws->response.head.status == 200)
		return true;
	read_error(aws, operation, a);
	read_retry_after(aws, a);
	a->retry = a->error.kind == AWS_THROTTLED || a->error.kind == AWS_UNAVAILABLE ||
	    (a->skewed && is_about_time(a->error.code));
	return false;
}

/* A number in [0, 1). */
static double
jitter(struct aws *aws)
{
	aws->random ^= aws->random << 13; /* xorshift64 (Marsaglia 2003) */
	aws->random ^= aws->random >> 7;
	aws->random ^= aws->random << 17;
	return (double)(aws->random >> 11) / 9007199254740992.0;
}

/* How long to wait after the n-th attempt, n from 1. */
static int64_t
backoff_ms(struct aws *aws, const struct attempt *a, unsigned n)
{
	double most = (a->error.kind == AWS_THROTTLED ? 1000.0 : 50.0) *
	    (double)((uint64_t)1 << (n < 20 ? n - 1 : 20));
	int64_t t;

	if (most > AWS_MAX_BACKOFF_MS)
		most = AWS_MAX_BACKOFF_MS;
	t = (int64_t)(jitter(aws) * most);
	if (a->retry_after > t)
		t = a->retry_after < t + MAX_RETRY_AFTER_MS ? a->retry_after :
							      t + MAX_RETRY_AFTER_MS;
	return t;
}

int
aws_call(struct aws *aws, const char *target, const char *operation, struct str body,
    struct str *answer, struct aws_error *error, struct err *err)
{
	struct attempt a;
	int cost = 0;

	for (unsigned n = 1;; n++) {
		char full[160];

		(void)snprintf(full, sizeof(full), "%s.%s", target, operation);
		if (attempt(aws, full, operation, body, &a)) {
			aws->quota += cost > 0 ? cost : 1;
			aws->quota = aws->quota < QUOTA ? aws->quota : QUOTA;
			*answer = buf_slice(&aws->response.body);
			return 0;
		}
		if (a.error.kind == AWS_THROTTLED && aws->config.throttled != NULL)
			aws->config.throttled(aws->config.context);
		cost = a.error.kind == AWS_THROTTLED ? QUOTA_THROTTLED : QUOTA_OTHER;
		if (!a.retry || n >= aws->config.max_attempts || cost > aws->quota)
			break;
		aws->quota -= cost;
		sleep_ms(backoff_ms(aws, &a, n));
	}
	*error = a.error;
	*err = a.err;
	return -1;
}

/* aws.h: one signed call to an AWS service that speaks JSON 1.1, with retries and clock skew
 * correction.
 *
 * Retries as the SDKs' standard mode does since 2026 ("Retry behavior", AWS SDKs and Tools
 * Reference Guide): three attempts, exponential backoff with full jitter, a quota. What an error
 * is, its code says, not its status. A client is one region's, and belongs to one thread at a time.
 */
#ifndef AWS_H
#define AWS_H

#include "sigv4.h"
#include "str.h"
#include "url.h"

#define AWS_MAX_ATTEMPTS 3       /* of one call, unless told otherwise */
#define AWS_MAX_BACKOFF_MS 20000 /* between two of them */
#define AWS_MAX_SKEW_S 240       /* of our clock, before it is a reason to sign again */

struct tls_anchors;

struct aws_config {
	struct url endpoint;
	const struct tls_anchors *anchors;
	bool proxied;
	struct url proxy;
	struct str region;  /* to sign for */
	struct str service; /* likewise: "cloudtrail" */
	struct sigv4_credentials credentials;
	int64_t skew; /* seconds that the service's clock is ahead of ours, as far as known */
	unsigned max_attempts;
	/* Called before each attempt, to wait for its turn; may be NULL. */
	void (*before)(void *context);
	/* Called after each attempt that was throttled; may be NULL. */
	void (*throttled)(void *context);
	void *context;
};

enum aws_kind {
	AWS_THROTTLED,   /* too many requests: come again later */
	AWS_UNAVAILABLE, /* unreachable, broken off or failing: may be gone later */
	AWS_UNKNOWN_KEY, /* the access key is not known in this region */
	AWS_EXPIRED,     /* the credentials are over */
	AWS_FAILED       /* anything else: asking again gives the same answer */
};

struct aws_error {
	enum aws_kind kind;
	char code[64]; /* the service's word for it, as "AccessDeniedException"; "" where it said
			  none */
};

struct aws;

/* A client; what config points to must outlive it. */
struct aws *aws_new(const struct aws_config *config) MUSTUSE;
void aws_free(struct aws *aws);

/* Connect ahead of a call. What fails the call will tell. */
void aws_connect(struct aws *aws);

/* Call the operation: target is the X-Amz-Target before the last dot, body a JSON object. On
 * success *answer is the JSON text of the result, valid until the next call. -1: err has a sentence
 * as the AWS CLI would say it, with the request id, and what to do; *error sorts it. Sleeps between
 * attempts. */
int aws_call(struct aws *aws, const char *target, const char *operation, struct str body,
    struct str *answer, struct aws_error *error, struct err *err) MUSTUSE;

/* Take over the text of the last answer, as whole as it came. What *text held is freed. */
void aws_take_answer(struct aws *aws, struct buf *text);

/* Seconds that the service's clock is ahead of ours, by its last answer. */
int64_t aws_skew(const struct aws *aws);

/* Read the date of an HTTP response (RFC 9110 section 5.6.7, its preferred form) as seconds since
 * 1970. */
int aws_read_date(struct str text, int64_t *seconds) MUSTUSE;

#endif

/* sigv4.h: AWS Signature Version 4, in the form that goes into headers (IAM User Guide, "AWS
 * Signature Version 4 for API requests"; for S3 its API Reference, "Authenticating Requests: Using
 * the Authorization Header").
 *
 * Works on the request as it goes on the wire, says which headers to send with it, and sends
 * nothing. Does neither signed URLs nor chunk signatures. Pure: the time comes from the caller. Any
 * thread. */
#ifndef SIGV4_H
#define SIGV4_H

#include "str.h"

#define SIGV4_HEX 64  /* characters of a SHA-256 in hex */
#define SIGV4_ADDED 4 /* headers that signing adds at most */

struct sigv4_header {
	struct str name; /* in any case */
	struct str value;
};

/* The request before it is signed. The slices are the caller's; all but the method may be empty. */
struct sigv4_request {
	struct str method; /* "GET" */
	struct str path;   /* percent-encoded as on the wire; empty means "/" */
	struct str query;  /* percent-encoded as on the wire, without the '?' */
	const struct sigv4_header *headers; /* what the caller sends, in order; with `host` */
	size_t n_headers;
	struct str body;
	struct str payload_hash; /* taken as the body's hash where not empty: 64 hex digits, or a
	                          * word like UNSIGNED-PAYLOAD */
};

struct sigv4_credentials {
	struct str access_key;
	struct str secret;
	struct str session_token; /* empty for long-term keys */
};

/* Where and when the request is to be valid, and how the service reads it. */
struct sigv4_scope {
	struct str region;
	struct str service;
	struct str amz_date;    /* UTC as YYYYMMDDTHHMMSSZ */
	bool path_encoded_once; /* S3: the path is signed as it is. Otherwise without dot segments
	                         * and repeated slashes, and percent-encoded once more */
	bool content_sha256;    /* S3: X-Amz-Content-SHA256 is sent and signed */
};

/* What signing yields; {0} before the first use. Not to be copied, `add` points into it. */
struct sigv4_signed {
	struct buf canonical;      /* the canonical request (step 1); holds the session token */
	struct buf string_to_sign; /* step 2 */
	struct buf authorization;  /* the value of the Authorization header (step 4) */
	char signature[SIGV4_HEX + 1];
	char body_hash[SIGV4_HEX + 1]; /* "" where the caller said the hash */
	/* X-Amz-Date, where needed X-Amz-Security-Token and X-Amz-Content-SHA256, Authorization.
	 * The values are slices of this struct and of sigv4_sign's arguments. */
	struct sigv4_header add[SIGV4_ADDED];
	size_t n_add;
};

/* Sign the request. Whoever sends it sends its headers and then those of s->add.
 *
 * All headers are signed but those that the connection or a proxy may change: connection, expect,
 * keep-alive, proxy-authenticate, proxy-authorization, te, trailer, transfer-encoding, upgrade,
 * user-agent, x-amzn-trace-id. Authorization, X-Amz-Date and X-Amz-Security-Token among the headers
 * are taken for leftovers of an earlier signing: they are not signed, and s->add replaces them. A
 * given X-Amz-Content-SHA256 counts as the payload hash and is not added again.
 *
 * An earlier result in s is wiped first, so no argument may point into s. Returns 0; or -1 when
 * something is missing or could not go on the wire like this: then err->pos is the offset in the
 * part that err->msg names, and s is empty. No error shows credentials. */
int sigv4_sign(struct sigv4_signed *s, const struct sigv4_request *request,
    const struct sigv4_credentials *credentials, const struct sigv4_scope *scope,
    struct err *err) MUSTUSE;

/* Wipe and give back what s holds. It may be used again. */
void sigv4_signed_free(struct sigv4_signed *s);

/* Append s percent-encoded (RFC 3986 section 2.1) as a path or a query must be for its signature to
 * hold: all but the unreserved A-Z a-z 0-9 - . _ ~ and, with keep_slash (for a path), '/'. */
void sigv4_encode(struct buf *out, struct str s, bool keep_slash);

/* The SHA-256 of data in lower-case hex with a final NUL. Returns out. */
const char *sigv4_sha256_hex(char out[SIGV4_HEX + 1], struct str data);

#endif

/* http.h: one HTTP/1.1 connection to one host: resolve, connect, TLS, proxy, keep-alive, deadlines.
 *
 * A connection is kept for the next request where the server allows. No redirects, no content
 * codings. A client belongs to one thread at a time; anchors are shared. Blocks, but never longer
 * than its deadlines (name resolution apart, which has those of resolv.conf). */
#ifndef HTTP_H
#define HTTP_H

#include "httpmsg.h"
#include "str.h"
#include "url.h"

#define HTTP_CONNECT_MS 10000   /* for each address of the host */
#define HTTP_HANDSHAKE_MS 20000 /* TLS, and a proxy's answer */
#define HTTP_IDLE_MS 60000      /* without a byte from the server; as botocore's read timeout */
#define HTTP_TOTAL_MS 300000    /* one request with its answer */

struct tls_anchors;

/* What went wrong with an exchange: what a caller may do about it. */
enum http_fault {
	HTTP_FINE,
	HTTP_UNREACHABLE, /* not resolved, not connected, or the proxy did not: trying again may
			     help */
	HTTP_TIMED_OUT,   /* likewise */
	HTTP_BROKEN,      /* the connection ended in the middle; likewise */
	HTTP_REFUSED,     /* certificate or TLS not acceptable: trying again does not help */
	HTTP_MALFORMED    /* the answer is no good HTTP; likewise */
};

struct http_config {
	struct url url;                    /* scheme, host and port */
	const struct tls_anchors *anchors; /* for https; NULL otherwise */
	bool proxied;
	struct url proxy; /* http only; its slices must outlive the client */
};

struct http;

/* A client for the host; it connects when there is something to send. */
struct http *http_new(const struct http_config *config) MUSTUSE;
void http_free(struct http *http);

struct http_response {            /* {0} before the first use, may be used again */
	struct buf raw;           /* the head's bytes */
	struct httpmsg_head head; /* points into raw */
	struct buf body;
};

void http_response_free(struct http_response *response);

/* Connect now, so that the next request is on its way at once. If that fails, http_exchange will
 * tell. */
void http_connect(struct http *http);

/* Send a request with its body and read the answer. A kept connection that the server has closed
 * before a byte of the answer came is replaced once, silently. 0 for any final status; -1 with err
 * and *fault. */
int http_exchange(struct http *http, const struct httpmsg_request *request, struct str body,
    struct http_response *response, enum http_fault *fault, struct err *err) MUSTUSE;

/* The proxy for requests to url by the environment (HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in small
 * letters too, which win). get is getenv or a test's. 1 and *proxy is filled (its slices point into
 * the variable), 0 there is none, -1 the variable is no usable proxy. */
int http_find_proxy(
    struct url *proxy, const struct url *url, char *(*get)(const char *), struct err *err) MUSTUSE;

#endif

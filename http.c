/* http.c: see http.h. Messages are httpmsg.c's, TLS is tls.c's; here are sockets, deadlines and
 * what to do when a connection ends. */
#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "anchors.h"
#include "tls.h"

#define READ_SIZE 16384 /* bytes asked for at once: a TLS record's */
#define MAX_HEADERS 16  /* of a request through a proxy */

struct http {
	struct http_config config;
	struct buf authority; /* the Host header */
	int fd;               /* -1: not connected */
	struct tls *tls;
	struct tls_session *session;
	bool kept;        /* an exchange was completed on this connection */
	int64_t deadline; /* of the exchange at hand, ms of CLOCK_MONOTONIC */
};

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t
within(const struct http *h, int64_t ms)
{
	int64_t d = now_ms() + ms;

	return d < h->deadline ? d : h->deadline;
}

struct http *
http_new(const struct http_config *config)
{
	struct http *h = xmalloc(sizeof(*h));

	*h = (struct http){.config = *config, .fd = -1};
	url_print_authority(&h->authority, &config->url, false);
	if (config->url.tls)
		h->session = tls_session_new();
	return h;
}

static void
disconnect(struct http *h)
{
	tls_close(h->tls);
	h->tls = NULL;
	if (h->fd >= 0)
		(void)close(h->fd);
	h->fd = -1;
	h->kept = false;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	disconnect(h);
	tls_session_free(h->session);
	buf_free(&h->authority);
	free(h);
}

void
http_response_free(struct http_response *r)
{
	buf_free(&r->raw);
	buf_free(&r->body);
}

/* --- sockets --- */

/* Wait until fd is ready: 1 it is, 0 the deadline passed. */
static int
wait_for(int fd, short events, int64_t deadline)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		int64_t left = deadline - now_ms();
		int n;

		if (left <= 0)
			return 0;
		n = poll(&p, 1, left > 1000000 ? 1000000 : (int)left);
		if (n > 0)
			return 1;
		if (n < 0 && errno != EINTR)
			return 1; /* the next call on fd says what is wrong */
	}
}

/* Connect to one address. The socket, or -1 with errno. */
static int
connect_to(const struct addrinfo *a, int64_t deadline)
{
	int fd = socket(
	    a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	int on = 1, error = 0;
	socklen_t n = sizeof(error);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, a->ai_addr, a->ai_addrlen) != 0)
		error = errno;
	if (error == EINPROGRESS || error == EINTR) {
		error = ETIMEDOUT;
		if (wait_for(fd, POLLOUT, deadline) &&
		    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
			error = errno;
	}
	if (error == 0)
		return fd;
	(void)close(fd);
	errno = error;
	return -1;
}

/* Resolve and connect: each address in turn, in the order that the system prefers. */
static int
connect_host(struct http *h, const struct url *url, enum http_fault *fault, struct err *err)
{
	struct addrinfo hints = {
	    .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list;
	char port[8];
	int r;

	*fault = HTTP_UNREACHABLE;
	(void)snprintf(port, sizeof(port), "%u", (unsigned)url->port);
	r = getaddrinfo(url->host, port, &hints, &list);
	if (r != 0)
		return err_set(err, 0, "cannot find the %s %s: %s",
		    url == &h->config.proxy ? "proxy" : "host", url->host,
		    r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
	for (const struct addrinfo *a = list; a != NULL && h->fd < 0; a = a->ai_next)
		h->fd = connect_to(a, within(h, HTTP_CONNECT_MS));
	r = errno;
	freeaddrinfo(list);
	if (h->fd < 0)
		return err_set(err, 0, "cannot connect to %s%s port %s: %s",
		    url == &h->config.proxy ? "the proxy " : "", url->host, port, strerror(r));
	return 0;
}

static enum http_fault
fault_of_tls(enum tls_fault fault)
{
	switch (fault) {
	case TLS_TIMEOUT:
		return HTTP_TIMED_OUT;
	case TLS_RESET:
	case TLS_TRUNCATED:
		return HTTP_BROKEN;
	default:
		return HTTP_REFUSED;
	}
}

/* Up to n bytes from the server: how many, 0 where it has closed in an orderly way, -1. */
static ssize_t
receive(
    struct http *h, char *p, size_t n, int64_t deadline, enum http_fault *fault, struct err *err)
{
	ssize_t got;

	if (h->tls != NULL) {
		got = tls_read(h->tls, p, n, deadline, err);
		if (got < 0)
			*fault = fault_of_tls(tls_fault(h->tls));
		return got;
	}
	for (;;) {
		got = recv(h->fd, p, n, 0);
		if (got >= 0)
			return got;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK) {
			*fault = HTTP_BROKEN;
			return err_set(err, 0, "the connection broke: %s", strerror(errno));
		}
		if (!wait_for(h->fd, POLLIN, deadline)) {
			*fault = HTTP_TIMED_OUT;
			return err_set(err, 0, "no answer came in time");
		}
	}
}

static int
transmit(struct http *h, struct str s, int64_t deadline, enum http_fault *fault, struct err *err)
{
	if (h->tls != NULL) {
		if (tls_write(h->tls, s.p, s.n, deadline, err) == 0)
			return 0;
		*fault = fault_of_tls(tls_fault(h->tls));
		return -1;
	}
	while (s.n > 0) {
		ssize_t n = send(h->fd, s.p, s.n, MSG_NOSIGNAL);

		if (n > 0) {
			s.p += n;
			s.n -= (size_t)n;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (wait_for(h->fd, POLLOUT, deadline))
				continue;
			*fault = HTTP_TIMED_OUT;
			return err_set(err, 0, "the request could not be sent in time");
		} else if (errno != EINTR) {
			*fault = HTTP_BROKEN;
			return err_set(err, 0, "the connection broke: %s", strerror(errno));
		}
	}
	return 0;
}

/* --- reading an answer --- */

/* Read a final response's head into r, with what follows it in the same bytes. Where the connection
 * ends before any byte, *untouched is set. */
static int
read_head(struct http *h, struct str method, struct http_response *r, int64_t idle, bool *untouched,
    enum http_fault *fault, struct err *err)
{
	unsigned interim = 0;
	size_t seen = 0;

	r->raw.n = 0;
	*untouched = true;
	for (;;) {
		enum httpmsg_result result = httpmsg_read_head(
		    &r->head, method, buf_slice(&r->raw), seen, err);
		ssize_t got;

		if (result == HTTP_OK && r->head.status >= 200)
			return 0;
		*fault = HTTP_MALFORMED;
		if (result == HTTP_BAD)
			return -1;
		if (result == HTTP_OK && ++interim > HTTP_MAX_INTERIM)
			return err_set(err, 0, "too many interim answers");
		if (result == HTTP_OK) {
			memmove(r->raw.p, r->raw.p + r->head.len, r->raw.n - r->head.len);
			r->raw.n -= r->head.len;
			seen = 0;
			continue;
		}
		seen = r->raw.n;
		buf_reserve(&r->raw, READ_SIZE);
		got = receive(h, r->raw.p + r->raw.n, READ_SIZE, within(h, idle), fault, err);
		if (got < 0)
			return -1;
		if (got == 0) {
			*fault = HTTP_BROKEN;
			return err_set(
			    err, 0, "the server closed the connection without an answer");
		}
		*untouched = false;
		r->raw.n += (size_t)got;
	}
}

/* Read the body that belongs to r->head. *clean: nothing came behind it. */
static int
read_body(
    struct http *h, struct http_response *r, bool *clean, enum http_fault *fault, struct err *err)
{
	struct httpmsg_body body;
	struct buf block = {0};
	struct str in = {r->raw.p + r->head.len, r->raw.n - r->head.len};
	enum httpmsg_result result;
	size_t used;
	int rv = -1;

	r->body.n = 0;
	buf_reserve(&block, READ_SIZE);
	httpmsg_body_init(&body, &r->head, HTTP_MAX_BODY);
	while ((result = httpmsg_body_feed(&body, in, &used, &r->body, err)) == HTTP_MORE) {
		ssize_t got = receive(h, block.p, READ_SIZE, within(h, HTTP_IDLE_MS), fault, err);

		if (got < 0)
			goto out;
		if (got == 0) {
			*fault = HTTP_BROKEN;
			*clean = false;
			rv = httpmsg_body_closed(&body, err);
			goto out;
		}
		in = (struct str){block.p, (size_t)got};
	}
	if (result == HTTP_BAD) {
		*fault = HTTP_MALFORMED;
	} else {
		*clean = used == in.n;
		rv = 0;
	}
out:
	buf_free(&block);
	return rv;
}

/* --- connecting --- */

/* Ask the proxy for a tunnel (RFC 9110 section 9.3.6). */
static int
open_tunnel(struct http *h, enum http_fault *fault, struct err *err)
{
	struct buf request = {0}, target = {0}, user = {0}, password = {0};
	struct http_response r = {0};
	struct err why;
	bool untouched;
	int rv = -1;

	*fault = HTTP_REFUSED;
	url_print_authority(&target, &h->config.url, true);
	url_decode(&user, h->config.proxy.user);
	url_decode(&password, h->config.proxy.password);
	if (httpmsg_write_connect(
		&request, buf_slice(&target), buf_slice(&user), buf_slice(&password), &why) != 0 ||
	    transmit(h, buf_slice(&request), within(h, HTTP_HANDSHAKE_MS), fault, &why) != 0 ||
	    read_head(h, STR("CONNECT"), &r, HTTP_HANDSHAKE_MS, &untouched, fault, &why) != 0) {
		(void)err_set(err, 0, "the proxy %s: %s", h->config.proxy.host, why.msg);
		goto out;
	}
	*fault = HTTP_UNREACHABLE;
	if (r.head.status == 407)
		(void)err_set(err, 0,
		    "the proxy %s wants a user name and password in its URL, or others "
		    "(status 407)",
		    h->config.proxy.host);
	else if (r.head.status >= 300)
		(void)err_set(err, 0, "the proxy %s opens no tunnel to %s (status %d)",
		    h->config.proxy.host, h->config.url.host, r.head.status);
	else if (r.raw.n > r.head.len)
		(void)err_set(err, 0, "the proxy %s talks out of turn", h->config.proxy.host);
	else
		rv = 0;
out:
	buf_wipe(&request);
	buf_wipe(&password);
	buf_free(&target);
	buf_free(&user);
	http_response_free(&r);
	return rv;
}

static int
open_connection(struct http *h, enum http_fault *fault, struct err *err)
{
	const struct http_config *c = &h->config;
	enum tls_fault tls;

	if (connect_host(h, c->proxied ? &c->proxy : &c->url, fault, err) != 0)
		return -1;
	if (c->proxied && c->url.tls && open_tunnel(h, fault, err) != 0)
		return -1;
	if (!c->url.tls)
		return 0;
	h->tls = tls_open(
	    h->fd, c->url.host, c->anchors, h->session, within(h, HTTP_HANDSHAKE_MS), &tls, err);
	if (h->tls != NULL)
		return 0;
	*fault = fault_of_tls(tls);
	return -1;
}

/* Is the kept connection still good, as far as can be told without sending? */
static bool
still_open(const struct http *h)
{
	struct pollfd p = {.fd = h->fd, .events = POLLIN};

	if (h->fd < 0)
		return false;
	return h->tls != NULL ? tls_quiet(h->tls) : poll(&p, 1, 0) == 0;
}

/* --- an exchange --- */

/* To a proxy that is to pass the request on: the absolute form, and who we are (RFC 9112
 * section 3.2.2, RFC 9110 section 11.7.2). */
static int
write_for_proxy(struct http *h, struct httpmsg_request *r, struct buf *out, struct err *err)
{
	struct buf target = {0}, user = {0}, password = {0}, basic = {0};
	struct httpmsg_header headers[MAX_HEADERS];
	int rv = 0;

	if (r->n_headers >= MAX_HEADERS)
		return err_set(err, 0, "too many headers");
	memcpy(headers, r->headers, r->n_headers * sizeof(*headers));
	buf_printf(&target, "http://%.*s", (int)h->authority.n, h->authority.p);
	buf_str(&target, r->target);
	r->target = buf_slice(&target);
	url_decode(&user, h->config.proxy.user);
	url_decode(&password, h->config.proxy.password);
	if (user.n > 0 && password.n > 0) {
		rv = httpmsg_write_basic(&basic, buf_slice(&user), buf_slice(&password), err);
		headers[r->n_headers++] = (struct httpmsg_header){
		    STR("Proxy-Authorization"), buf_slice(&basic)};
		r->headers = headers;
	}
	if (rv == 0)
		rv = httpmsg_write_request(out, r, err);
	buf_wipe(&password);
	buf_wipe(&basic);
	buf_free(&user);
	buf_free(&target);
	return rv;
}

static int
write_request(struct http *h, const struct httpmsg_request *request, struct str body,
    struct buf *out, struct err *err)
{
	struct httpmsg_request r = *request;

	r.host = buf_slice(&h->authority);
	r.body_len = (int64_t)body.n;
	if ((h->config.proxied && !h->config.url.tls ? write_for_proxy(h, &r, out, err) :
						       httpmsg_write_request(out, &r, err)) != 0)
		return -1;
	buf_str(out, body);
	return 0;
}

/* One try on the connection at hand. 0; -1; or 1: a kept connection had ended before we came. */
static int
try_exchange(struct http *h, struct str method, struct str wire, struct http_response *r,
    enum http_fault *fault, struct err *err)
{
	bool kept = h->kept, untouched = true, clean = true;
	int rv = transmit(h, wire, within(h, HTTP_IDLE_MS), fault, err);

	if (rv == 0)
		rv = read_head(h, method, r, HTTP_IDLE_MS, &untouched, fault, err);
	if (rv != 0)
		return kept && untouched && *fault == HTTP_BROKEN ? 1 : -1;
	if (read_body(h, r, &clean, fault, err) != 0)
		return -1;
	h->kept = clean && r->head.keep_alive;
	if (!h->kept)
		disconnect(h);
	return 0;
}

void
http_connect(struct http *h)
{
	enum http_fault fault;
	struct err err;

	h->deadline = now_ms() + HTTP_TOTAL_MS;
	if (h->fd < 0 && open_connection(h, &fault, &err) != 0)
		disconnect(h);
}

int
http_exchange(struct http *h, const struct httpmsg_request *request, struct str body,
    struct http_response *response, enum http_fault *fault, struct err *err)
{
	struct buf wire = {0};
	int r = -1;

	*fault = HTTP_MALFORMED;
	h->deadline = now_ms() + HTTP_TOTAL_MS;
	if (write_request(h, request, body, &wire, err) == 0) {
		for (int tries = 0; tries < 2; tries++) {
			if (!still_open(h))
				disconnect(h);
			r = 0;
			if (h->fd < 0)
				r = open_connection(h, fault, err);
			if (r == 0)
				r = try_exchange(
				    h, request->method, buf_slice(&wire), response, fault, err);
			if (r != 0)
				disconnect(h);
			if (r <= 0)
				break;
		}
	}
	buf_wipe(&wire); /* it has a session token and a signature */
	if (r == 0)
		*fault = HTTP_FINE;
	return r == 0 ? 0 : -1;
}

/* --- proxies --- */

static struct str
trim(struct str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* Does an entry of NO_PROXY name the host, or a domain that it is in? */
static bool
names_host(struct str entry, struct str host)
{
	while (entry.n > 0 && entry.p[0] == '.') {
		entry.p++;
		entry.n--;
	}
	if (entry.n == 0 || entry.n > host.n)
		return false;
	if (!str_eq_nocase(entry, (struct str){host.p + host.n - entry.n, entry.n}))
		return false;
	return entry.n == host.n || host.p[host.n - entry.n - 1] == '.';
}

static bool
bypassed(const struct url *url, const char *no_proxy)
{
	struct buf authority = {0}, host = {0};
	struct str rest = str_of(no_proxy);
	bool found = str_eq(trim(rest), STR("*"));

	url_print_authority(&authority, url, false);
	buf_printf(&host, url->v6 ? "[%s]" : "%s", url->host);
	while (rest.n > 0 && !found) {
		const char *comma = memchr(rest.p, ',', rest.n);
		size_t n = comma != NULL ? (size_t)(comma - rest.p) : rest.n;
		struct str entry = trim((struct str){rest.p, n});

		found = names_host(entry, buf_slice(&host)) ||
		    names_host(entry, buf_slice(&authority));
		n += comma != NULL;
		rest.p += n;
		rest.n -= n;
	}
	buf_free(&authority);
	buf_free(&host);
	return found;
}

/* A proxy variable, its name in small letters first: that one wins, also when it is empty. */
static const char *
get_either(char *(*get)(const char *), const char *small, const char *large)
{
	const char *value = get(small);

	return value != NULL ? value : get(large);
}

int
http_find_proxy(
    struct url *proxy, const struct url *url, char *(*get)(const char *), struct err *err)
{
	const char *value, *except = get_either(get, "no_proxy", "NO_PROXY");
	struct err why;

	if (url->tls)
		value = get_either(get, "https_proxy", "HTTPS_PROXY");
	else /* a CGI's client sets HTTP_PROXY: the header `Proxy` does it */
		value = get("REQUEST_METHOD") != NULL ? get("http_proxy") :
							get_either(get, "http_proxy", "HTTP_PROXY");
	if (value == NULL || *value == '\0' || (except != NULL && bypassed(url, except)))
		return 0;
	if (url_read(proxy, str_of(value), "http", &why) != 0)
		return err_set(err, 0, "%s is no proxy's URL: %s",
		    url->tls ? "HTTPS_PROXY" : "HTTP_PROXY", why.msg);
	if (proxy->tls)
		return err_set(err, 0,
		    "%s: a proxy that is spoken to by https is not supported; "
		    "use its http:// URL",
		    url->tls ? "HTTPS_PROXY" : "HTTP_PROXY");
	return 1;
}

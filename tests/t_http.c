/* Tests of http.c: which proxy is taken, and exchanges with a scripted server on loopback. */
#include "../http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server.h"
#include "tap.h"

/* --- a client --- */

static struct http *
client(uint16_t port)
{
	struct http_config c = {.url = {.host = "127.0.0.1", .port = port}};

	return http_new(&c);
}

struct result {
	int r;
	enum http_fault fault;
	struct err err;
};

static struct result
post(struct http *h, const char *body, struct http_response *response)
{
	struct httpmsg_header header = {STR("X-Secret"), STR("SESSIONTOKEN")};
	struct httpmsg_request request = {.method = STR("POST"),
	    .target = STR("/path"),
	    .headers = &header,
	    .n_headers = 1,
	    .body_len = -1};
	struct result x = {.fault = (enum http_fault)99};

	x.r = http_exchange(h, &request, str_of(body), response, &x.fault, &x.err);
	if (x.r != 0)
		ok(x.err.msg[0] != '\0' && strstr(x.err.msg, "SESSIONTOKEN") == NULL, "says: %s",
		    x.err.msg);
	return x;
}

#define OK(body, length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body

static void
is_body(const struct result *x, const struct http_response *r, const char *want, const char *name)
{
	is_int(x->r, 0, "%s: an answer", name);
	is_int(x->fault, HTTP_FINE, "%s: no fault", name);
	if (x->r == 0)
		is_mem(r->body.p != NULL ? r->body.p : "", r->body.n, want, SIZE_MAX,
		    "%s: its body", name);
}

static void
test_kept(void)
{
	static const struct step steps[] = {
	    {"HTTP/1.1 200 Fine\r\nX-A: b c \r\nContent-Length: 5\r\n\r\nfirst", KEEP, 0},
	    {"HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n"
	     "3\r\nsec\r\n3;x=y\r\nond\r\n0\r\nTrailer: t\r\n\r\n",
		KEEP, 0},
	    {"HTTP/1.1 204 Nothing\r\n\r\n", KEEP, 0}, {OK("drip", "4"), DRIP, 0},
	    {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n5", KEEP, 0},
	    {"HTTP/1.0 200 OK\r\n\r\nuntil close", CLOSE, 0}, {OK("seven", "5") "extra", KEEP, 0},
	    {OK("", "0"), KEEP, 0}};
	struct http_response r = {0};
	struct server s;
	struct http *h;
	struct result x;
	char want[80];

	server_start(&s, steps, sizeof(steps) / sizeof(steps[0]));
	h = client(s.port);
	x = post(h, "a body", &r);
	is_body(&x, &r, "first", "first");
	is_int(r.head.status, 200, "first: status");
	is_mem(r.head.reason.p, r.head.reason.n, "Fine", SIZE_MAX, "first: reason");
	is_mem(httpmsg_header(&r.head, STR("x-a")).p, 3, "b c", 3, "first: a header");
	ok(r.head.keep_alive, "first: may be kept");
	x = post(h, "", &r);
	is_body(&x, &r, "second", "an error status, chunked, behind an interim one");
	is_int(r.head.status, 503, "it has the final status");
	x = post(h, "", &r);
	is_body(&x, &r, "", "without a body");
	x = post(h, "", &r);
	is_body(&x, &r, "drip", "byte by byte");
	x = post(h, "", &r);
	is_body(&x, &r, "5", "the last on this connection");
	x = post(h, "", &r);
	is_body(&x, &r, "until close", "until close");
	x = post(h, "", &r);
	is_body(&x, &r, "seven", "bytes that nobody asked for");
	x = post(h, "end", &r);
	is_body(&x, &r, "", "the last");
	http_free(h);
	server_end(&s);
	http_response_free(&r);
	is_int(s.n_requests, 8, "each request came once");
	is_int(s.n_connections, 4, "connections are kept where they may be");
	(void)snprintf(want, sizeof(want), "POST /path HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n", s.port);
	ok(strncmp(s.requests.p, want, strlen(want)) == 0, "the request's line and host");
	ok(strstr(s.requests.p, "Content-Length: 6\r\n\r\na bodyPOST") != NULL, "its body");
	buf_free(&s.requests);
}

/* What the second request on a connection meets: is it sent once more? */
static void
test_second(const char *name, const char *text, enum after after, bool again, enum http_fault want)
{
	const struct step steps[] = {
	    {OK("one", "3"), KEEP, 0}, {text, after, 0}, {OK("two", "3"), KEEP, 0}};
	struct http_response r = {0};
	struct server s;
	struct http *h;
	struct result x;

	server_start(&s, steps, 3);
	h = client(s.port);
	x = post(h, "1", &r);
	is_body(&x, &r, "one", name);
	x = post(h, "2", &r);
	if (again) {
		is_body(&x, &r, "two", name);
	} else {
		is_int(x.r, -1, "%s: an error", name);
		is_int(x.fault, want, "%s: the fault", name);
		x = post(h, "3", &r);
		is_body(&x, &r, "two", "the client is good for another one");
	}
	http_free(h);
	server_end(&s);
	http_response_free(&r);
	is_int(s.n_requests, 3, "%s: requests", name);
	is_int(s.n_connections, 2, "%s: connections", name);
	buf_free(&s.requests);
}

/* What the first request on a connection meets is told, never sent again. */
static void
test_first(const char *name, const char *text, enum after after, enum http_fault want)
{
	const struct step steps[] = {{text, after, 0}, {OK("good", "4"), KEEP, 0}};
	struct http_response r = {0};
	struct server s;
	struct http *h;
	struct result x;

	server_start(&s, steps, 2);
	h = client(s.port);
	x = post(h, "1", &r);
	is_int(x.r, -1, "%s: an error", name);
	is_int(x.fault, want, "%s: the fault", name);
	x = post(h, "2", &r);
	is_body(&x, &r, "good", "the next");
	http_free(h);
	server_end(&s);
	http_response_free(&r);
	is_int(s.n_requests, 2, "%s: requests", name);
	is_int(s.n_connections, 2, "%s: connections", name);
	buf_free(&s.requests);
}

#define THRICE "HTTP/1.1 102 X\r\n\r\nHTTP/1.1 102 X\r\n\r\nHTTP/1.1 102 X\r\n\r\n"

static void
test_faults(void)
{
	test_second("closed without a byte", "", CLOSE, true, HTTP_FINE);
	test_second("reset without a byte", "", RESET, true, HTTP_FINE);
	test_second("closed after a byte", "H", CLOSE, false, HTTP_BROKEN);
	test_second("reset after some bytes", "HTTP/1.1 200", RESET, false, HTTP_BROKEN);
	test_second(
	    "closed after an interim answer", "HTTP/1.1 100 X\r\n\r\n", CLOSE, false, HTTP_BROKEN);
	test_second("closed in the body", OK("abc", "4"), CLOSE, false, HTTP_BROKEN);
	test_second("no good answer", "nonsense\r\n\r\n", KEEP, false, HTTP_MALFORMED);
	test_first("closed without a byte", "", CLOSE, HTTP_BROKEN);
	test_first("reset without a byte", "", RESET, HTTP_BROKEN);
	test_first("closed in the head", "HTTP/1.1 200 OK\r\n", CLOSE, HTTP_BROKEN);
	test_first("closed before the body", OK("", "1"), CLOSE, HTTP_BROKEN);
	test_first("closed in the body", OK("abc", "4"), CLOSE, HTTP_BROKEN);
	test_first("reset in the body", OK("abc", "4"), RESET, HTTP_BROKEN);
	test_first("closed in a chunk",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", CLOSE, HTTP_BROKEN);
	test_first("closed before the last chunk",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", CLOSE, HTTP_BROKEN);
	test_first("closed in the trailer",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n", CLOSE,
	    HTTP_BROKEN);
	test_first("reset before a body until close has ended",
	    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", RESET, HTTP_BROKEN);
	test_first("another protocol", "SSH-2.0-x\r\n\r\n", KEEP, HTTP_MALFORMED);
	test_first("two lengths",
	    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", KEEP,
	    HTTP_MALFORMED);
	test_first("a bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
	    KEEP, HTTP_MALFORMED);
	test_first("too long", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", KEEP,
	    HTTP_MALFORMED);
	test_first("interim answers without end",
	    THRICE THRICE THRICE "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", KEEP,
	    HTTP_MALFORMED);
}

/* The kept connection and the one that replaces it end without a byte: it is not tried a third
 * time. */
static void
test_replaced_once(void)
{
	static const struct step steps[] = {
	    {OK("one", "3"), KEEP, 0}, {"", CLOSE, 0}, {"", CLOSE, 0}, {OK("no", "2"), KEEP, 0}};
	struct http_response r = {0};
	struct server s;
	struct http *h;
	struct result x;

	server_start(&s, steps, 4);
	h = client(s.port);
	x = post(h, "1", &r);
	is_body(&x, &r, "one", "a kept connection");
	x = post(h, "2", &r);
	is_int(x.r, -1, "ends twice: an error");
	is_int(x.fault, HTTP_BROKEN, "ends twice: broken");
	http_free(h);
	server_end(&s);
	is_int(s.n_requests, 3, "ends twice: replaced once");
	http_response_free(&r);
	buf_free(&s.requests);
}

static void
test_refused(void)
{
	struct http_response r = {0};
	struct http_config c = {.url = {.host = "example.test", .port = 80}, .proxied = true};
	struct server s;
	struct http *h;
	struct result x;

	server_start(&s, NULL, 0);
	server_end(&s); /* now nobody listens there */
	h = client(s.port);
	for (int i = 0; i < 2; i++) {
		x = post(h, "1", &r);
		is_int(x.r, -1, "refused: an error");
		is_int(x.fault, HTTP_UNREACHABLE, "refused: unreachable");
		ok(strstr(x.err.msg, "127.0.0.1") != NULL, "refused: says by whom");
	}
	http_free(h);
	c.proxy = (struct url){.host = "127.0.0.1", .port = s.port};
	h = http_new(&c);
	x = post(h, "1", &r);
	is_int(x.fault, HTTP_UNREACHABLE, "a proxy that is not there: unreachable");
	ok(strstr(x.err.msg, "proxy") != NULL, "a proxy that is not there: says so");
	http_free(h);
	http_free(NULL);
	http_response_free(&r);
	buf_free(&s.requests);
}

/* What cannot be sent: an error without the header's value, and no connection is needed. */
static void
test_unsendable(void)
{
	struct httpmsg_header header = {STR("X-Secret"), STR("SESSION\r\nTOKEN")};
	struct httpmsg_request request = {
	    .method = STR("POST"), .target = STR("/"), .headers = &header, .n_headers = 1};
	struct http_response r = {0};
	struct http *h = client(1);
	enum http_fault fault = HTTP_FINE;
	struct err err;

	is_int(
	    http_exchange(h, &request, STR(""), &r, &fault, &err), -1, "a line break in a header");
	ok(fault == HTTP_MALFORMED || fault == HTTP_REFUSED, "is not worth another try");
	ok(strstr(err.msg, "SESSION") == NULL && strstr(err.msg, "TOKEN") == NULL, "%s", err.msg);
	http_free(h);
	http_response_free(&r);
}

/* A long request to a server that is slow to read it. */
static void
test_long(void)
{
	static const struct step steps[] = {{OK("got it", "6"), KEEP, 400}};
	enum { LONG = 12 << 20 };
	struct http_response r = {0};
	char *body = xmalloc(LONG + 1);
	struct server s;
	struct http *h;
	struct result x;

	memset(body, 'x', LONG);
	body[LONG] = '\0';
	server_start(&s, steps, 1);
	h = client(s.port);
	x = post(h, body, &r);
	is_body(&x, &r, "got it", "a long request");
	http_free(h);
	server_end(&s);
	ok(s.requests.n > LONG, "it came as a whole");
	buf_free(&s.requests);
	http_response_free(&r);
	free(body);
}

/* A proxy for plain http: aws.md 8.4. */
static void
test_through_proxy(const char *url, const char *authorization)
{
	static const struct step steps[] = {{OK("x", "1"), KEEP, 0}, {OK("y", "1"), KEEP, 0}};
	struct http_config c = {.url = {.host = "example.test", .port = 8080}, .proxied = true};
	struct http_response r = {0};
	struct server s;
	struct http *h;
	struct result x;
	struct err err;

	server_start(&s, steps, 2);
	if (url_read(&c.proxy, str_of(url), NULL, &err) != 0)
		abort();
	c.proxy.port = s.port;
	h = http_new(&c);
	x = post(h, "", &r);
	is_body(&x, &r, "x", url);
	x = post(h, "", &r);
	is_body(&x, &r, "y", url);
	http_free(h);
	server_end(&s);
	http_response_free(&r);
	is_int(s.n_connections, 1, "%s: the connection to the proxy is kept", url);
	ok(strncmp(s.requests.p,
	       "POST http://example.test:8080/path HTTP/1.1\r\nHost: example.test:8080\r\n",
	       70) == 0,
	    "%s: absolute form, and the target's host", url);
	if (authorization != NULL)
		ok(strstr(s.requests.p, authorization) != NULL, "%s: %s", url, authorization);
	else
		ok(strstr(s.requests.p, "Proxy-Auth") == NULL, "%s: no authorization", url);
	buf_free(&s.requests);
}

/* --- which proxy --- */

static const char *const *environment; /* NAME, VALUE, ..., NULL */

static char *
get(const char *name)
{
	for (const char *const *e = environment; *e != NULL; e += 2)
		if (strcmp(e[0], name) == 0) {
			union { /* as getenv: it must not be written to all the same */
				const char *c;
				char *p;
			} u = {e[1]};

			return u.p;
		}
	return NULL;
}

struct which {
	const char *name;
	const char *url;
	const char *env[10];
	const char *host; /* NULL: no proxy; "": an error */
	unsigned port;
};

#define P "http://proxy.example:3128"
#define NO(value)                                                                                  \
	{                                                                                          \
		"HTTPS_PROXY", P, "NO_PROXY", value                                                \
	}

static const struct which whiches[] = {
    {"nothing is set", "https://h.example", {NULL}, NULL, 0},
    {"HTTPS_PROXY", "https://h.example", {"HTTPS_PROXY", P}, "proxy.example", 3128},
    {"https_proxy", "https://h.example", {"https_proxy", P}, "proxy.example", 3128},
    {"the small one wins", "https://h.example", {"HTTPS_PROXY", "http://no:1", "https_proxy", P},
	"proxy.example", 3128},
    {"also when it is empty", "https://h.example", {"HTTPS_PROXY", P, "https_proxy", ""}, NULL, 0},
    {"an empty one is none", "https://h.example", {"HTTPS_PROXY", ""}, NULL, 0},
    {"HTTP_PROXY is not for https", "https://h.example", {"HTTP_PROXY", P, "http_proxy", P}, NULL,
	0},
    {"HTTPS_PROXY is not for http", "http://h.example", {"HTTPS_PROXY", P, "https_proxy", P}, NULL,
	0},
    {"HTTP_PROXY is for http", "http://h.example", {"HTTP_PROXY", P}, "proxy.example", 3128},
    {"ALL_PROXY is not for anything", "https://h.example", {"ALL_PROXY", P, "all_proxy", P}, NULL,
	0},
    {"HTTP_PROXY may be a header", "http://h.example", {"HTTP_PROXY", P, "REQUEST_METHOD", "GET"},
	NULL, 0},
    {"http_proxy may not", "http://h.example",
	{"http_proxy", P, "HTTP_PROXY", "http://evil:1", "REQUEST_METHOD", ""}, "proxy.example",
	3128},
    {"HTTPS_PROXY may not", "https://h.example", {"HTTPS_PROXY", P, "REQUEST_METHOD", "GET"},
	"proxy.example", 3128},
    {"without a scheme", "https://h.example", {"HTTPS_PROXY", "p:8080"}, "p", 8080},
    {"without a scheme and port", "https://h.example", {"HTTPS_PROXY", "p"}, "p", 80},
    {"with slashes only", "https://h.example", {"HTTPS_PROXY", "//p:8080"}, "p", 8080},
    {"with a path", "https://h.example", {"HTTPS_PROXY", "http://p:8080/"}, "p", 8080},
    {"an address", "https://h.example", {"HTTPS_PROXY", "http://[::1]:8080"}, "::1", 8080},
    {"socks", "https://h.example", {"HTTPS_PROXY", "socks5://u:SECRET@p:1"}, "", 0},
    {"spoken to by https", "https://h.example", {"HTTPS_PROXY", "https://u:SECRET@p:1"}, "", 0},
    {"a bad port", "https://h.example", {"HTTPS_PROXY", "http://u:SECRET@p:1x"}, "", 0},
    {"a bad one that does not matter", "https://h.example",
	{"HTTPS_PROXY", "http://u:SECRET@p:1x", "NO_PROXY", "*"}, NULL, 0},
    {"NO_PROXY *", "https://h.example", NO("*"), NULL, 0},
    {"NO_PROXY a,*", "https://h.example", NO("a,*"), "proxy.example", 3128},
    {"NO_PROXY is empty", "https://h.example", NO(""), "proxy.example", 3128},
    {"NO_PROXY the host", "https://h.example", NO("h.example"), NULL, 0},
    {"NO_PROXY in capitals", "https://h.example", NO("H.EXAMPLE"), NULL, 0},
    {"the host in capitals", "https://H.Example", NO("h.example"), NULL, 0},
    {"NO_PROXY the domain", "https://h.example", NO("example"), NULL, 0},
    {"NO_PROXY the domain with a dot", "https://h.example", NO(".example"), NULL, 0},
    {"NO_PROXY with dots", "https://h.example", NO("..example"), NULL, 0},
    {"NO_PROXY the host with a dot", "https://h.example", NO(".h.example"), NULL, 0},
    {"NO_PROXY a part of a label", "https://h.example", NO("ample"), "proxy.example", 3128},
    {"NO_PROXY a longer name", "https://h.example", NO("a.h.example"), "proxy.example", 3128},
    {"NO_PROXY a pattern", "https://h.example", NO("*.example"), "proxy.example", 3128},
    {"NO_PROXY one of a list", "https://h.example", NO("a, b ,\texample\t,c"), NULL, 0},
    {"NO_PROXY the last of a list", "https://h.example", NO(",,h.example"), NULL, 0},
    {"NO_PROXY nothing in the list", "https://h.example", NO(", ,.,,"), "proxy.example", 3128},
    {"blanks do not separate", "https://h.example", NO("a h.example"), "proxy.example", 3128},
    {"NO_PROXY with the port", "https://h.example:8443", NO("h.example:8443"), NULL, 0},
    {"NO_PROXY the domain with the port", "https://h.example:8443", NO("example:8443"), NULL, 0},
    {"NO_PROXY without the port", "https://h.example:8443", NO("h.example"), NULL, 0},
    {"NO_PROXY another port", "https://h.example:8443", NO("h.example:843"), "proxy.example", 3128},
    {"NO_PROXY a port that the URL does not show", "https://h.example", NO("h.example:443"),
	"proxy.example", 3128},
    {"NO_PROXY an address", "http://10.1.2.3:9", {"HTTP_PROXY", P, "NO_PROXY", "10.1.2.3"}, NULL,
	0},
    {"NO_PROXY no networks", "http://10.1.2.3", {"HTTP_PROXY", P, "NO_PROXY", "10.0.0.0/8"},
	"proxy.example", 3128},
    {"NO_PROXY [::1]", "https://[::1]:8443", NO("[::1]"), NULL, 0},
    {"NO_PROXY [::1]:8443", "https://[::1]:8443", NO("[::1]:8443"), NULL, 0},
    {"NO_PROXY ::1", "https://[::1]", NO("::1"), "proxy.example", 3128},
    {"no_proxy", "https://h.example", {"HTTPS_PROXY", P, "no_proxy", "h.example"}, NULL, 0},
    {"no_proxy wins", "https://h.example",
	{"HTTPS_PROXY", P, "NO_PROXY", "h.example", "no_proxy", "other"}, "proxy.example", 3128},
    {"no_proxy wins, empty", "https://h.example",
	{"HTTPS_PROXY", P, "NO_PROXY", "*", "no_proxy", ""}, "proxy.example", 3128},
};

static void
test_find_proxy(void)
{
	for (size_t i = 0; i < sizeof(whiches) / sizeof(whiches[0]); i++) {
		const struct which *w = &whiches[i];
		struct err err = {.pos = 0};
		struct url url, proxy;
		int r;

		if (url_read(&url, str_of(w->url), NULL, &err) != 0)
			abort();
		environment = w->env;
		r = http_find_proxy(&proxy, &url, get, &err);
		is_int(r, w->host == NULL ? 0 : w->host[0] == '\0' ? -1 : 1, "%s", w->name);
		if (r > 0 && w->host != NULL) {
			is_str(proxy.host, w->host, "%s: host", w->name);
			is_int(proxy.port, w->port, "%s: port", w->name);
			ok(!proxy.tls, "%s: http", w->name);
		} else if (r < 0) {
			ok(strstr(err.msg, "SECRET") == NULL &&
				strstr(err.msg, "HTTPS_PROXY") != NULL,
			    "%s: %s", w->name, err.msg);
		}
	}
	{
		static const char *const env[] = {
		    "HTTPS_PROXY", "http://us%40er:p%3Ass@p:1", NULL, NULL};
		struct err err;
		struct url url, proxy;

		environment = env;
		if (url_read(&url, STR("https://h"), NULL, &err) != 0)
			abort();
		is_int(http_find_proxy(&proxy, &url, get, &err), 1, "with user and password");
		is_mem(proxy.user.p, proxy.user.n, "us%40er", SIZE_MAX, "the user, as it is");
		is_mem(proxy.password.p, proxy.password.n, "p%3Ass", SIZE_MAX, "the password");
		ok(proxy.user.p > env[1] && proxy.user.p < env[1] + strlen(env[1]),
		    "they are parts of the variable");
	}
}

int
main(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	test_find_proxy();
	test_kept();
	test_faults();
	test_replaced_once();
	test_refused();
	test_unsendable();
	test_long();
	test_through_proxy("http://127.0.0.1", NULL);
	test_through_proxy("http://u@127.0.0.1", NULL);
	test_through_proxy("http://us%40er:p%3Ass@127.0.0.1",
	    "\r\nProxy-Authorization: Basic dXNAZXI6cDpzcw==\r\n");
	return done_testing();
}

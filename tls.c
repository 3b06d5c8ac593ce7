/* tls.c: see tls.h. The engine of BearSSL is a state machine without I/O; run() moves records
 * between it and the socket until it is in the state wanted, with poll and a deadline. */
#include "tls.h"

#include <arpa/inet.h>
#include <bearssl.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "anchors.h"
#include "cert.h"
#include "when.h"

#define SEED_SIZE 48 /* bytes from getentropy: more than the 32 that the generator holds */
#define ERR_NOT_SERVER (BR_ERR_X509_NOT_TRUSTED + 1) /* of ours, among BearSSL's X.509 codes */
#define HOST_SHOWN 100 /* bytes of a host name in an error */

/* A validation of BearSSL's, and what its errors do not tell: who the certificates are. The vtable
 * comes first: BearSSL is given a pointer to it. */
struct chain {
	const br_x509_class *vtable;
	br_x509_minimal_context minimal;
	struct buf der;
	struct cert certs[TLS_MAX_CHAIN];
	size_t n;
	bool too_much; /* beyond TLS_MAX_CHAIN or TLS_MAX_CERT */
};

struct tls {
	br_ssl_client_context client;
	struct chain chain;
	unsigned char io[BR_SSL_BUFSIZE_BIDI];
	int fd;
	bool open;      /* the handshake is done */
	bool resumed;
	bool ended;     /* the peer's close_notify came */
	bool heard;     /* it has sent something */
	bool plain;     /* which was no TLS record (RFC 5246 section 6.2.1) */
	bool dead;      /* of an error that stays, whose text is err */
	enum tls_fault fault;
	struct err err;
	char now[WHEN_PRINT_SIZE]; /* the time that certificates are checked against */
	char host[TLS_MAX_HOST + 1];
};

struct tls_session {
	char host[TLS_MAX_HOST + 1]; /* "" = empty */
	const struct tls_anchors *anchors;
	br_ssl_session_parameters parameters;
};

static const struct suite {
	uint16_t id;
	const char *name;
} suites[] = {
	{BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
	{BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
	{BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
	{BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
	{BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
	{BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
};
#define N_SUITES (sizeof(suites) / sizeof(suites[0]))

static const char *protocols[] = {"http/1.1"}; /* ALPN (RFC 7301) */

/* --- host names --- */

/* Could an inet_aton read it as an IPv4 address, for example 127.1 or 0x7f000001? RFC 3986 section
 * 7.4 and the URL standard look at the last label. */
static bool
is_numeric(const char *host)
{
	const char *last = strrchr(host, '.');

	last = last != NULL ? last + 1 : host;
	return last[strspn(last, "0123456789")] == '\0' ||
	    (last[0] == '0' && (last[1] | 32) == 'x' &&
	    last[2 + strspn(last + 2, "0123456789abcdefABCDEF")] == '\0');
}

int
tls_host(char out[TLS_MAX_HOST + 1], const char *host, struct err *err)
{
	size_t n = host != NULL ? strlen(host) : 0, label = 0;
	char shown[HOST_SHOWN];

	out[0] = '\0';
	if (n > 0 && host[n - 1] == '.')
		n--;
	if (n == 0)
		return err_set(err, 0, "the server's host name is empty");
	(void)str_escape(shown, sizeof(shown), (struct str){host, n});
	if (n > TLS_MAX_HOST)
		return err_set(
		    err, 0, "the host name %s is longer than %d bytes", shown, TLS_MAX_HOST);
	if (memchr(host, ':', n) != NULL || host[0] == '[')
		return err_set(
		    err, 0, "%s is an IP address, or has a port; TLS needs a host name", shown);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)host[i], lower = c | 32;

		label = c == '.' ? 0 : label + 1;
		if (c == '.' ? i == 0 || host[i - 1] == '.' : (lower < 'a' || lower > 'z') &&
		    (c < '0' || c > '9') && c != '-' && c != '_')
			return err_set(err, i, "%s is no host name", shown);
		if (label > 63)
			return err_set(
			    err, i, "%s is no host name: a part is longer than 63 bytes", shown);
	}
	memcpy(out, host, n);
	out[n] = '\0';
	if (is_numeric(out)) {
		out[0] = '\0';
		return err_set(err, 0, "%s is an IP address; TLS needs a host name", shown);
	}
	return 0;
}

/* --- certificates: BearSSL's validation, listened to --- */

static struct chain *
chain_of(const br_x509_class **ctx)
{
	return (struct chain *)(void *)ctx;
}

static void
start_chain(const br_x509_class **ctx, const char *server_name)
{
	struct chain *c = chain_of(ctx);

	c->n = 0;
	c->too_much = false;
	c->minimal.vtable->start_chain(&c->minimal.vtable, server_name);
}

static void
start_cert(const br_x509_class **ctx, uint32_t length)
{
	struct chain *c = chain_of(ctx);

	if (c->n == TLS_MAX_CHAIN || length > TLS_MAX_CERT)
		c->too_much = true;
	c->der.n = 0;
	if (!c->too_much)
		c->minimal.vtable->start_cert(&c->minimal.vtable, length);
}

static void
append(const br_x509_class **ctx, const unsigned char *p, size_t n)
{
	struct chain *c = chain_of(ctx);

	if (c->too_much)
		return;
	buf_add(&c->der, (const char *)p, n);
	c->minimal.vtable->append(&c->minimal.vtable, p, n);
}

static void
end_cert(const br_x509_class **ctx)
{
	struct chain *c = chain_of(ctx);

	if (c->too_much)
		return;
	/* What is malformed BearSSL refuses anyway. */
	(void)!cert_read(buf_slice(&c->der), &c->certs[c->n]);
	c->n++;
	c->minimal.vtable->end_cert(&c->minimal.vtable);
}

static unsigned
end_chain(const br_x509_class **ctx)
{
	struct chain *c = chain_of(ctx);
	unsigned code = c->minimal.vtable->end_chain(&c->minimal.vtable);

	if (c->too_much)
		return BR_ERR_X509_LIMIT_EXCEEDED;
	if (code == 0 && c->certs[0].not_server)
		return ERR_NOT_SERVER;
	return code;
}

static const br_x509_pkey *
get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
	const struct chain *c = (const struct chain *)(const void *)ctx;

	return c->minimal.vtable->get_pkey(&c->minimal.vtable, usages);
}

static const br_x509_class chain_vtable = {
	sizeof(struct chain), start_chain, start_cert, append, end_cert, end_chain, get_pkey
};

static void
chain_init(struct chain *c, const struct tls_anchors *anchors)
{
	static const br_hash_class *const hashes[] = {
		&br_sha256_vtable, &br_sha384_vtable, &br_sha512_vtable
	};
	int64_t now = tls_anchors_now(anchors), day = now / 86400 - (now % 86400 < 0);
	size_t n;
	const br_x509_trust_anchor *table = tls_anchors_table(anchors, &n);

	c->vtable = &chain_vtable;
	br_x509_minimal_init(&c->minimal, &br_sha256_vtable, table, n);
	br_x509_minimal_set_rsa(&c->minimal, br_rsa_pkcs1_vrfy_get_default());
	br_x509_minimal_set_ecdsa(
	    &c->minimal, br_ec_get_default(), br_ecdsa_vrfy_asn1_get_default());
	for (size_t i = 0; i < 3; i++) /* neither MD5 nor SHA-1 */
		br_x509_minimal_set_hash(&c->minimal, (int)(br_sha256_ID + i), hashes[i]);
	br_x509_minimal_set_minrsa(&c->minimal, ANCHORS_MIN_RSA / 8);
	br_x509_minimal_set_time(
	    &c->minimal, (uint32_t)(day + 719528), (uint32_t)(now - day * 86400));
}

/* --- errors in words --- */

/* Say that a certificate is out of its dates: which, and what the clock says. */
static void
say_dates(const struct tls *t, struct err *err)
{
	const struct cert *c = t->chain.certs, *bad = NULL;
	bool early = false;

	for (size_t i = 0; i < t->chain.n && bad == NULL; i++) {
		early = strcmp(t->now, c[i].not_before) < 0;
		if (early || strcmp(t->now, c[i].not_after) > 0)
			bad = &c[i];
	}
	if (bad == NULL)
		(void)err_set(err, 0, "the certificate has expired or is not valid yet; is this "
		    "computer's clock right? It says %s", t->now);
	else
		(void)err_set(err, 0,
		    "the certificate of \"%s\" %s %s; is this computer's clock right? "
		    "It says %s",
		    bad->subject, early ? "is not valid before" : "expired on",
		    early ? bad->not_before : bad->not_after, t->now);
}

static void
say_unknown(const struct tls *t, struct err *err)
{
	const struct cert *last = &t->chain.certs[t->chain.n > 0 ? t->chain.n - 1 : 0];
	static const char remedy[] = "a proxy that opens TLS? Give its CA with --ca-bundle FILE or "
	    "AWS_CA_BUNDLE";

	if (last->self_issued && t->chain.n == 1)
		(void)err_set(err, 0,
		    "the certificate of \"%s\" is signed by itself and not trusted; %s",
		    last->subject, remedy);
	else
		(void)err_set(err, 0, "the certificate's issuer \"%s\" is not trusted; %s",
		    last->issuer, remedy);
}

/* What of a certificate's algorithms is not accepted. */
static void
say_unsupported(const struct tls *t, struct err *err)
{
	for (size_t i = 0; i < t->chain.n; i++) {
		const struct cert *c = &t->chain.certs[i];

		if (c->weak_hash || c->pss) {
			(void)err_set(err, 0,
			    "the certificate of \"%s\" is signed with %s, which is %s", c->subject,
			    c->pss ? "RSA-PSS" : "SHA-1 or MD5",
			    c->pss ? "not supported" : "not safe");
			return;
		}
	}
	(void)err_set(err, 0,
	    "a certificate has a key or signature of a kind that is not supported "
	    "(RSA of %d to 4096 bits and ECDSA with SHA-2 are)",
	    ANCHORS_MIN_RSA);
}

static void
say_weak_key(const struct tls *t, struct err *err)
{
	const struct cert *c = t->chain.certs;

	for (size_t i = 0; i < t->chain.n; i++) {
		if (c[i].rsa_bits > 0 && c[i].rsa_bits < ANCHORS_MIN_RSA) {
			(void)err_set(err, 0,
			    "the certificate of \"%s\" has an RSA key of only %u bits",
			    c[i].subject, c[i].rsa_bits);
			return;
		}
	}
	(void)err_set(err, 0, "a certificate has a key that is too short");
}

struct reason {
	int code;
	const char *text;
};

/* Errors of BearSSL's whose text needs no names. */
static const struct reason reasons[] = {
	{BR_ERR_X509_BAD_SIGNATURE, "the signature of a certificate is wrong"},
	{BR_ERR_X509_DN_MISMATCH, "the certificates do not follow from one another"},
	{BR_ERR_X509_CRITICAL_EXTENSION,
	    "a certificate has a critical extension that is not supported"},
	{BR_ERR_X509_FORBIDDEN_KEY_USAGE, "the certificate's key must not be used for signing"},
	{BR_ERR_WRONG_KEY_USAGE, "the certificate's key must not be used for signing"},
	{BR_ERR_X509_NOT_CA, "a certificate is issued by one that is no CA's"},
	{ERR_NOT_SERVER, "the certificate is not for servers (extendedKeyUsage)"},
	{BR_ERR_X509_EMPTY_CHAIN, "the server has sent no certificate"},
	{BR_ERR_BAD_MAC, "a TLS record was changed on its way (bad MAC)"},
	{BR_ERR_BAD_SIGNATURE, "the server's key exchange has a wrong signature"},
	{BR_ERR_INVALID_ALGORITHM, "the server wants a curve or hash that was not offered"},
	{BR_ERR_BAD_SECRENEG, "the server wants to renegotiate, which is not allowed"},
	{BR_ERR_NO_CLIENT_AUTH, "the server wants a client certificate"},
};

/* Alerts (RFC 5246 section 7.2; RFC 6066; RFC 7301; RFC 8446) that need more than their number. */
static const struct reason alerts[] = {
	{BR_ALERT_BAD_CERTIFICATE, "it wants a client certificate"},
	{BR_ALERT_CERTIFICATE_UNKNOWN, "certificate unknown"},
	{BR_ALERT_UNKNOWN_CA, "unknown CA"},
	{BR_ALERT_ACCESS_DENIED, "access denied"},
	{BR_ALERT_DECODE_ERROR, "decode error"},
	{BR_ALERT_DECRYPT_ERROR, "decrypt error"},
	{BR_ALERT_INSUFFICIENT_SECURITY, "insufficient security"},
	{BR_ALERT_INTERNAL_ERROR, "internal error"},
	{112, "it does not know the host name"},
	{116, "it wants a client certificate"},
	{BR_ALERT_NO_APPLICATION_PROTOCOL, "it does not speak HTTP/1.1"},
};

#define FIND(table, code) find(table, sizeof(table) / sizeof((table)[0]), code)

static const char *
find(const struct reason *table, size_t n, int code)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].code == code)
			return table[i].text;
	}
	return NULL;
}

static void
say_certificate(const struct tls *t, int code, struct err *err)
{
	const char *names = t->chain.certs[0].names, *text = FIND(reasons, code);

	switch (code) {
	case BR_ERR_X509_EXPIRED:
		say_dates(t, err);
		break;
	case BR_ERR_X509_NOT_TRUSTED:
		say_unknown(t, err);
		break;
	case BR_ERR_X509_BAD_SERVER_NAME:
		(void)err_set(err, 0, "the certificate is for %s, not for this host",
		    names[0] != '\0' ? names : "no host name");
		break;
	case BR_ERR_X509_WEAK_PUBLIC_KEY:
		say_weak_key(t, err);
		break;
	case BR_ERR_X509_LIMIT_EXCEEDED:
	case BR_ERR_X509_UNSUPPORTED:
	case BR_ERR_X509_WRONG_KEY_TYPE:
		if (t->chain.too_much)
			(void)err_set(err, 0,
			    "the server sends more than %d certificates, or one of more than %u "
			    "bytes",
			    TLS_MAX_CHAIN, TLS_MAX_CERT);
		else
			say_unsupported(t, err);
		break;
	default:
		if (text != NULL)
			(void)err_set(err, 0, "%s", text);
		else
			(void)err_set(
			    err, 0, "a certificate is malformed (BearSSL error %d)", code);
	}
}

/* A fatal alert from the server. */
static void
say_alert(const struct tls *t, int alert, struct err *err)
{
	const char *what = t->open ? "to go on" : "the handshake", *text = FIND(alerts, alert);

	if (!t->open && alert == BR_ALERT_PROTOCOL_VERSION)
		(void)err_set(err, 0, "the server refuses TLS 1.2; TLS 1.3 is not supported here");
	else if (!t->open && alert == BR_ALERT_HANDSHAKE_FAILURE)
		(void)err_set(err, 0,
		    "the server refuses all that is offered (TLS 1.2 with ECDHE and AES-GCM or "
		    "ChaCha20, SHA-2, no RSA-PSS), or its certificate is of another kind");
	else if (text != NULL)
		(void)err_set(err, 0, "the server refuses %s: %s (alert %d)", what, text, alert);
	else
		(void)err_set(err, 0, "the server refuses %s (alert %d)", what, alert);
}

static void
say_engine(const struct tls *t, int code, struct err *err)
{
	const char *text = FIND(reasons, code);

	if (text != NULL)
		(void)err_set(err, 0, "%s", text);
	else if (code >= BR_ERR_SEND_FATAL_ALERT)
		(void)err_set(err, 0, "the server breaks the TLS protocol (our alert %d)",
		    code - BR_ERR_SEND_FATAL_ALERT);
	else if (code != BR_ERR_UNSUPPORTED_VERSION && code != BR_ERR_BAD_VERSION &&
	    code != BR_ERR_UNKNOWN_TYPE && code != BR_ERR_TOO_LARGE)
		(void)err_set(
		    err, 0, "the server breaks the TLS protocol (BearSSL error %d)", code);
	/* Bytes that are no record can look like one of a wrong version, type or length. */
	else if (t->open)
		(void)err_set(err, 0, "what the server sends is no TLS any more");
	else if (t->plain || code != BR_ERR_UNSUPPORTED_VERSION)
		(void)err_set(err, 0, "what the server sends is no TLS; is it the right port?");
	else
		(void)err_set(err, 0, "the server refuses TLS 1.2 and offers only older versions");
}

/* Fail for good: the same error comes again in each later call. */
static int
fail(struct tls *t, enum tls_fault fault, struct err *err)
{
	struct err why = *err;
	char host[HOST_SHOWN];

	(void)err_set(err, 0, "%s: %s", str_escape(host, sizeof(host), str_of(t->host)), why.msg);
	t->fault = fault;
	t->dead = true;
	t->err = *err;
	return -1;
}

/* The engine has stopped: 0 if properly, else -1. */
static int
stopped(struct tls *t, struct err *err)
{
	int code = br_ssl_engine_last_error(&t->client.eng);
	enum tls_fault fault = TLS_PROTOCOL;

	if (code == BR_ERR_OK) {
		t->ended = true;
		return 0;
	}
	if ((code >= BR_ERR_X509_OK && code <= ERR_NOT_SERVER) ||
	    code == BR_ERR_WRONG_KEY_USAGE) {
		fault = TLS_CERTIFICATE;
		say_certificate(t, code, err);
	} else if (code > BR_ERR_RECV_FATAL_ALERT && code < BR_ERR_SEND_FATAL_ALERT) {
		say_alert(t, code - BR_ERR_RECV_FATAL_ALERT, err);
	} else if (code == BR_ERR_NO_RANDOM || code == BR_ERR_BAD_PARAM ||
	    code == BR_ERR_BAD_STATE) {
		fault = TLS_LOCAL;
		(void)err_set(err, 0, "TLS cannot be started (BearSSL error %d)", code);
	} else {
		say_engine(t, code, err);
	}
	return fail(t, fault, err);
}

/* --- records to and from the socket --- */

static int64_t
clock_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
timed_out(struct tls *t, struct err *err)
{
	(void)err_set(err, 0, "%s: %s", t->host, t->open ? "timed out" :
	    t->heard ? "timed out in the TLS handshake" :
	    "timed out in the TLS handshake: no answer; is it the right port?");
	t->fault = TLS_TIMEOUT;
	return -1;
}

/* Wait until the socket is ready for `events`. 0, or -1 when the time is up. */
static int
wait_for(struct tls *t, short events, int64_t deadline, struct err *err)
{
	struct pollfd p = {.fd = t->fd, .events = events};

	for (;;) {
		int64_t left = deadline - clock_ms();
		int n;

		if (left <= 0)
			return timed_out(t, err);
		n = poll(&p, 1, left < INT_MAX ? (int)left : INT_MAX);
		if (n > 0)
			return 0; /* an error of the socket shows in the next send or recv */
		if (n < 0 && errno != EINTR && errno != EAGAIN) {
			(void)err_set(err, 0, "poll: %s", strerror(errno));
			return fail(t, TLS_LOCAL, err);
		}
	}
}

static int
broken(struct tls *t, int error, struct err *err)
{
	const char *where = t->open ? "" : " in the TLS handshake";

	if (error == EPIPE || error == ECONNRESET)
		(void)err_set(err, 0, "the connection was reset%s", where);
	else
		(void)err_set(err, 0, "the connection broke%s: %s", where, strerror(error));
	return fail(t, TLS_RESET, err);
}

/* Take what has come. 1 if something has, 0 if nothing has yet, -1 on error. */
static int
receive(struct tls *t, struct err *err)
{
	size_t room;
	unsigned char *p = br_ssl_engine_recvrec_buf(&t->client.eng, &room);
	ssize_t n;

	do
		n = recv(t->fd, p, room, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		if (!t->heard)
			t->plain = p[0] < 20 || p[0] > 23;
		t->heard = true;
		br_ssl_engine_recvrec_ack(&t->client.eng, (size_t)n);
		return 1;
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n < 0)
		return broken(t, errno, err);
	(void)err_set(err, 0, t->open ? "the connection was cut: it ended without TLS's goodbye" :
	    t->heard ? "the server closed the connection in the middle of the TLS handshake" :
	    "the server closed the connection instead of a TLS handshake; is it the right port?");
	return fail(t, TLS_TRUNCATED, err);
}

/* Sending has failed with `error`. An alert that says why may have come in before: look for it. */
static int
failed_send(struct tls *t, int error, struct err *err)
{
	const unsigned reading = BR_SSL_RECVREC | BR_SSL_RECVAPP | BR_SSL_SENDAPP;
	unsigned state = br_ssl_engine_current_state(&t->client.eng);

	/* The engine takes nothing in any more: the peer's close_notify has come, and this was our
	 * answer to it. (A client has no other reason: it sends no fatal alerts.) */
	if (t->open && (state & reading) == 0) {
		t->ended = true;
		return 0;
	}
	while ((state & BR_SSL_RECVREC) != 0 && receive(t, err) > 0)
		state = br_ssl_engine_current_state(&t->client.eng);
	if (state == BR_SSL_CLOSED && br_ssl_engine_last_error(&t->client.eng) != BR_ERR_OK)
		return stopped(t, err);
	return broken(t, error, err);
}

/* Send what waits to be sent, as much as goes. 1, 0 and -1 as in receive. */
static int
transmit(struct tls *t, struct err *err)
{
	size_t len;
	unsigned char *p = br_ssl_engine_sendrec_buf(&t->client.eng, &len);
	ssize_t n;

	do
		n = send(t->fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		br_ssl_engine_sendrec_ack(&t->client.eng, (size_t)n);
		return 1;
	}
	if (n == 0 || errno == EAGAIN || errno == EWOULDBLOCK)
		return 0;
	return failed_send(t, errno, err) == 0 ? 1 : -1;
}

/* Move records until the engine can do `target` (BR_SSL_SENDAPP: all is sent, or BR_SSL_RECVAPP).
 * 0 also when the peer has ended the stream, which t->ended tells. -1 on error. */
static int
run(struct tls *t, unsigned target, int64_t deadline, struct err *err)
{
	br_ssl_engine_context *engine = &t->client.eng;

	for (bool first = true;; first = false) {
		unsigned state = br_ssl_engine_current_state(engine);
		short wanted;
		int n;

		if (state == BR_SSL_CLOSED)
			return stopped(t, err);
		if (t->ended || (state & target & BR_SSL_RECVAPP) != 0)
			return 0;
		if (!first && clock_ms() >= deadline) /* a peer that trickles does not gain time */
			return timed_out(t, err);
		if ((state & BR_SSL_SENDREC) != 0) {
			wanted = POLLOUT;
			n = transmit(t, err);
		} else if ((state & target) != 0) {
			return 0;
		} else if ((state & BR_SSL_RECVREC) != 0) {
			wanted = POLLIN;
			n = receive(t, err);
		} else {
			br_ssl_engine_flush(engine, 0);
			continue;
		}
		if (n < 0 || (n == 0 && wait_for(t, wanted, deadline, err) != 0))
			return -1;
	}
}

/* --- the handshake --- */

static void
set_profile(br_ssl_engine_context *engine)
{
	uint16_t ids[N_SUITES];

	for (size_t i = 0; i < N_SUITES; i++)
		ids[i] = suites[i].id;
	br_ssl_engine_set_versions(engine, BR_TLS12, BR_TLS12);
	br_ssl_engine_set_suites(engine, ids, N_SUITES);
	br_ssl_engine_set_default_rsavrfy(engine);
	br_ssl_engine_set_default_ecdsa(engine);
	br_ssl_engine_set_default_aes_gcm(engine);
	br_ssl_engine_set_default_chapol(engine);
	br_ssl_engine_set_hash(engine, br_sha256_ID, &br_sha256_vtable);
	br_ssl_engine_set_hash(engine, br_sha384_ID, &br_sha384_vtable);
	br_ssl_engine_set_hash(engine, br_sha512_ID, &br_sha512_vtable);
	br_ssl_engine_set_prf_sha256(engine, br_tls12_sha256_prf);
	br_ssl_engine_set_prf_sha384(engine, br_tls12_sha384_prf);
	br_ssl_engine_set_protocol_names(engine, protocols, 1);
	br_ssl_engine_set_all_flags(engine, BR_OPT_NO_RENEGOTIATION | BR_OPT_FAIL_ON_ALPN_MISMATCH);
}

/* Seed the generator: Debian's BearSSL 0.6 would use the processor's alone. */
static int
seed(struct tls *t, struct err *err)
{
	unsigned char bytes[SEED_SIZE];

	if (getentropy(bytes, sizeof(bytes)) != 0) {
		(void)err_set(err, 0, "no random numbers from the system: %s", strerror(errno));
		return fail(t, TLS_LOCAL, err);
	}
	br_ssl_engine_inject_entropy(&t->client.eng, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

static void
forget(struct tls_session *session)
{
	explicit_bzero(session, sizeof(*session));
}

/* Keep the session of a handshake just done, and find out whether it was the old one. */
static void
keep_session(struct tls *t, struct tls_session *session, const struct tls_anchors *anchors)
{
	br_ssl_session_parameters now;

	br_ssl_engine_get_session_parameters(&t->client.eng, &now);
	t->resumed = session->host[0] != '\0' && now.session_id_len > 0 &&
	    now.session_id_len == session->parameters.session_id_len &&
	    memcmp(now.session_id, session->parameters.session_id, now.session_id_len) == 0;
	forget(session);
	if (now.session_id_len > 0) {
		memcpy(session->host, t->host, sizeof(session->host));
		session->anchors = anchors;
		session->parameters = now;
	}
	explicit_bzero(&now, sizeof(now));
}

static int
handshake(struct tls *t, const struct tls_anchors *anchors, struct tls_session *session,
    int64_t deadline, struct err *err)
{
	br_ssl_engine_context *engine = &t->client.eng;
	bool resume = session != NULL && session->anchors == anchors &&
	    strcmp(session->host, t->host) == 0;

	br_ssl_client_zero(&t->client);
	set_profile(engine);
	chain_init(&t->chain, anchors);
	br_ssl_engine_set_x509(engine, &t->chain.vtable);
	br_ssl_engine_set_buffer(engine, t->io, sizeof(t->io), 1);
	if (seed(t, err) != 0)
		return -1;
	if (session != NULL && !resume)
		forget(session);
	if (resume)
		br_ssl_engine_set_session_parameters(engine, &session->parameters);
	/* tls_host has seen to it that there is a name: without one nothing would be checked. */
	if (!br_ssl_client_reset(&t->client, t->host, resume)) {
		if (stopped(t, err) != 0)
			return -1;
		(void)err_set(err, 0, "TLS cannot be started");
		return fail(t, TLS_LOCAL, err);
	}
	if (run(t, BR_SSL_SENDAPP, deadline, err) != 0)
		return -1;
	if (t->ended) {
		(void)err_set(err, 0, "the server ended the connection in the TLS handshake");
		return fail(t, TLS_TRUNCATED, err);
	}
	t->open = true;
	if (session != NULL)
		keep_session(t, session, anchors);
	return 0;
}

static void
destroy(struct tls *t)
{
	buf_free(&t->chain.der);
	explicit_bzero(t, sizeof(*t));
	free(t);
}

struct tls *
tls_open(int fd, const char *host, const struct tls_anchors *anchors, struct tls_session *session,
    int64_t deadline, enum tls_fault *fault, struct err *err)
{
	struct tls *t = xmalloc(sizeof(*t));
	int one = 1;

	memset(t, 0, sizeof(*t));
	t->fd = fd;
	if (tls_host(t->host, host, err) != 0) {
		*fault = TLS_LOCAL;
		destroy(t);
		return NULL;
	}
	/* It fails on what is no TCP, which has nothing to delay either. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)when_print(t->now, tls_anchors_now(anchors) * WHEN_SECOND_US);
	if (handshake(t, anchors, session, deadline, err) != 0) {
		*fault = t->fault;
		if (session != NULL)
			forget(session);
		destroy(t);
		return NULL;
	}
	buf_free(&t->chain.der); /* it is needed no more */
	*fault = TLS_OK;
	return t;
}

struct tls_session *
tls_session_new(void)
{
	struct tls_session *session = xmalloc(sizeof(*session));

	memset(session, 0, sizeof(*session));
	return session;
}

void
tls_session_free(struct tls_session *session)
{
	if (session == NULL)
		return;
	forget(session);
	free(session);
}

/* --- an open connection --- */

/* After an error that stays, say it again; a timeout is over now. */
static int
go_on(struct tls *t, struct err *err)
{
	if (t->dead) {
		*err = t->err;
		return -1;
	}
	t->fault = TLS_OK;
	return 0;
}

ssize_t
tls_read(struct tls *t, char *p, size_t n, int64_t deadline, struct err *err)
{
	const unsigned char *data;
	size_t len;

	if (go_on(t, err) != 0 || (!t->ended && run(t, BR_SSL_RECVAPP, deadline, err) != 0))
		return -1;
	if (t->ended)
		return 0;
	data = br_ssl_engine_recvapp_buf(&t->client.eng, &len);
	if (len > n)
		len = n;
	memcpy(p, data, len);
	br_ssl_engine_recvapp_ack(&t->client.eng, len);
	return (ssize_t)len;
}

int
tls_write(struct tls *t, const char *p, size_t n, int64_t deadline, struct err *err)
{
	br_ssl_engine_context *engine = &t->client.eng;
	bool flushed = false;

	if (go_on(t, err) != 0)
		return -1;
	for (;;) {
		unsigned char *room;
		size_t len;

		if (!t->ended && run(t, BR_SSL_SENDAPP, deadline, err) != 0) {
			t->dead = true; /* a timeout, too: what was sent is not known */
			t->err = *err;
			return -1;
		}
		if (t->ended) {
			(void)err_set(err, 0, "the server has closed the connection");
			return fail(t, TLS_RESET, err);
		}
		if (n == 0 && flushed)
			return 0;
		room = br_ssl_engine_sendapp_buf(engine, &len);
		if (len > n)
			len = n;
		if (len > 0) {
			memcpy(room, p, len);
			br_ssl_engine_sendapp_ack(engine, len);
			p += len;
			n -= len;
		}
		if (n == 0) { /* the last bytes wait for company otherwise */
			br_ssl_engine_flush(engine, 0);
			flushed = true;
		}
	}
}

enum tls_fault
tls_fault(const struct tls *t)
{
	return t->fault;
}

bool
tls_quiet(const struct tls *t)
{
	struct pollfd p = {.fd = t->fd, .events = POLLIN};
	const unsigned idle = BR_SSL_RECVREC | BR_SSL_SENDAPP;

	return !t->ended && t->fault == TLS_OK &&
	    br_ssl_engine_current_state(&t->client.eng) == idle && poll(&p, 1, 0) == 0;
}

bool
tls_resumed(const struct tls *t)
{
	return t->resumed;
}

const char *
tls_suite(const struct tls *t)
{
	br_ssl_session_parameters now;
	const char *name = "";

	br_ssl_engine_get_session_parameters(&t->client.eng, &now);
	for (size_t i = 0; i < N_SUITES; i++) {
		if (suites[i].id == now.cipher_suite)
			name = suites[i].name;
	}
	explicit_bzero(&now, sizeof(now));
	return name;
}

void
tls_close(struct tls *t)
{
	br_ssl_engine_context *engine;
	unsigned char *p;
	size_t n;

	if (t == NULL)
		return;
	engine = &t->client.eng;
	while ((p = br_ssl_engine_recvapp_buf(engine, &n)) != NULL)
		br_ssl_engine_recvapp_ack(engine, n); /* unread data would hold the alert back */
	br_ssl_engine_close(engine);
	/* One record may be on its way already; the alert comes behind it. */
	while (!t->dead && (p = br_ssl_engine_sendrec_buf(engine, &n)) != NULL) {
		ssize_t sent = send(t->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent <= 0)
			break;
		br_ssl_engine_sendrec_ack(engine, (size_t)sent);
	}
	destroy(t);
}

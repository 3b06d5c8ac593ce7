/* tls.h: TLS 1.2 as a client, over a connected socket of the caller's (RFC 5246; BearSSL).
 *
 * Six cipher suites, all with forward secrecy and authenticated encryption: ECDHE with RSA or ECDSA
 * certificates, AES-128-GCM, AES-256-GCM and ChaCha20-Poly1305, in this order. No renegotiation, no
 * compression, no SHA-1, no RSA keys below 2048 bits. The server's name is sent (SNI) and always
 * checked, and there is no way to switch that off. Not there: TLS 1.3, revocation checks, client
 * certificates, session tickets.
 *
 * Nothing here blocks longer than its deadline, and SIGPIPE is never raised. One connection, and
 * one session, belong to one thread at a time; anchors may be shared. Times are milliseconds of
 * CLOCK_MONOTONIC. */
#ifndef TLS_H
#define TLS_H

#include <sys/types.h>

#include "str.h"

#define TLS_MAX_HOST 253       /* bytes of a host name without a final dot (RFC 1035 2.3.4) */
#define TLS_MAX_CHAIN 10       /* certificates that a server may send; AWS sends 4 */
#define TLS_MAX_CERT (32u << 10) /* bytes of one of them; real ones have 1 to 4 KiB */

struct tls;
struct tls_anchors; /* see anchors.h */
struct tls_session;

/* Why something failed: what a caller may do about it. The text is in the err. */
enum tls_fault {
	TLS_OK,
	TLS_TIMEOUT,     /* the deadline passed */
	TLS_RESET,       /* the connection broke, or the server had closed it before we wrote */
	TLS_TRUNCATED,   /* the stream ended without close_notify: cut off, by whomever */
	TLS_CERTIFICATE, /* the certificate is not accepted; trying again does not help */
	TLS_PROTOCOL,    /* the server refused, or what it sends is no good TLS; likewise */
	TLS_LOCAL        /* our side: host name not usable, no random numbers; likewise */
};

/* Check a host name and write it as it is checked and sent, without a final dot, to out. A name is
 * 1 to TLS_MAX_HOST letters, digits, "-", "_" and dots, in labels of 1 to 63 bytes; IP addresses
 * are refused, as certificates name hosts. host may be NULL, which is refused. 0 or -1. */
int tls_host(char out[TLS_MAX_HOST + 1], const char *host, struct err *err) MUSTUSE;

/* A session to resume: what the server and we know of the last full handshake. A new one is empty;
 * tls_open fills it, uses it if host and anchors are the same as then, and empties it when that
 * fails. It holds a secret and is wiped when freed. One per host and thread. Freeing NULL does
 * nothing; the anchors must not be freed before the session's last use. */
struct tls_session *tls_session_new(void) MUSTUSE;
void tls_session_free(struct tls_session *session);

/* Do a TLS handshake with `host` over fd: a connected stream socket, be it to the host itself or to
 * a tunnel through a proxy (HTTP CONNECT) whose answer has been read. It need not be non-blocking.
 * TCP_NODELAY is set on it, as a handshake takes twenty times longer otherwise. fd stays the
 * caller's, to be closed after tls_close; nobody else may read or write it until then.
 *
 * host is checked as tls_host does, and copied. anchors must outlive the connection. session may be
 * NULL. NULL on error; *fault says of what kind, and err what and what to do about it. */
struct tls *tls_open(int fd, const char *host, const struct tls_anchors *anchors,
    struct tls_session *session, int64_t deadline, enum tls_fault *fault,
    struct err *err) MUSTUSE;

/* Read up to n (> 0) bytes, as soon as there are any. The number of bytes; 0 when the server has
 * properly ended the stream (close_notify); -1 on error, whose kind tls_fault tells. After
 * TLS_TIMEOUT one may read again, after any other error the same error comes again. */
ssize_t tls_read(
    struct tls *tls, char *p, size_t n, int64_t deadline, struct err *err) MUSTUSE;

/* Write all n bytes, and see them off: when it returns 0, the last has been handed to the kernel.
 * -1 on error, after which the connection must be closed: nobody knows how much went out. */
int tls_write(
    struct tls *tls, const char *p, size_t n, int64_t deadline, struct err *err) MUSTUSE;

/* Of what kind the last error of tls_read or tls_write is; TLS_OK before any. */
enum tls_fault tls_fault(const struct tls *tls);

/* Is the connection fit for another request: open, no error so far, and nothing has come in since
 * the last read? (A server that has closed it, or talks out of turn, makes this false.) */
bool tls_quiet(const struct tls *tls);

bool tls_resumed(const struct tls *tls);      /* was an earlier session resumed? */
const char *tls_suite(const struct tls *tls); /* the cipher suite's IANA name */

/* Say goodbye (close_notify) if that is possible without waiting, wipe and free. NULL does nothing.
 * The socket is left open. */
void tls_close(struct tls *tls);

#endif

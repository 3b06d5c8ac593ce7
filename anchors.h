/* anchors.h: trust anchors, the certification authorities that servers' certificates must come
 * from.
 *
 * An anchor is a root certificate's subject name and public key; nothing else of it is used, its
 * dates neither (RFC 5280 section 6.1.1 d). They are loaded once, from a PEM file or from what is
 * embedded in the program, and read by any number of connections and threads from then on. */
#ifndef ANCHORS_H
#define ANCHORS_H

#include "str.h"

#define ANCHORS_MAX_FILE (16u << 20)  /* bytes of a bundle; a distribution's has about 200 KiB */
#define ANCHORS_MAX_CERT (64u << 10)  /* bytes of one certificate; real ones have 1 to 4 KiB */
#define ANCHORS_MIN_RSA 2048          /* bits of an RSA key: shorter ones are within reach */

struct tls_anchors;

/* Load the trust anchors of the PEM file `path`: all its certificates, and no others.
 *
 * path NULL: the file that the environment variable SSL_CERT_FILE names (unless it is empty), else
 * the first that exists of the places where systems keep their bundle, else the Amazon and
 * Starfield roots embedded in the program. A bundle of the system without any certificate counts as
 * not there; one that cannot be read or is damaged is an error.
 *
 * Certificates that BearSSL cannot use as an anchor (Ed25519, RSA above 4096 bits) and RSA keys
 * below ANCHORS_MIN_RSA are skipped and counted. No anchor at all is an error.
 *
 * The caller frees them when the last connection that uses them is closed. NULL on error. Reads the
 * environment and files: call it before threads are started. */
struct tls_anchors *tls_anchors_load(const char *path, struct err *err) MUSTUSE;

/* As tls_anchors_load(NULL), with other places than the system's and without SSL_CERT_FILE. */
struct tls_anchors *tls_anchors_search(
    const char *const *paths, size_t n, struct err *err) MUSTUSE;

/* Read the anchors of PEM text (RFC 7468) held in memory; pure. Accepted are lines ended by LF or
 * CRLF, base64 lines of any length with blanks in or around them, a byte order mark, any text
 * between the certificates, other PEM objects (skipped), and a missing final newline. A certificate
 * that is cut off, or that is no base64 or not the length its DER says, is an error, with its line
 * in the text and its byte offset in err->pos. NULL on error. */
struct tls_anchors *tls_anchors_parse(struct str pem, struct err *err) MUSTUSE;

/* NULL does nothing. */
void tls_anchors_free(struct tls_anchors *anchors);

size_t tls_anchors_count(const struct tls_anchors *anchors);
size_t tls_anchors_skipped(const struct tls_anchors *anchors); /* not usable, see above */

/* Where they come from: the file's name, or "" if they are the embedded ones or were parsed. The
 * string lives as long as the anchors. */
const char *tls_anchors_source(const struct tls_anchors *anchors);

/* For tests: certificates are to be checked as if it were `now`, in seconds since 1970; 0 (as it is
 * after loading) is the system's clock. Not while connections use the anchors. */
void tls_anchors_set_now(struct tls_anchors *anchors, int64_t now);
int64_t tls_anchors_now(const struct tls_anchors *anchors); /* what was set, or the clock */

/* For tls.c: the anchors as an array of br_x509_trust_anchor, *n of them. */
const void *tls_anchors_table(const struct tls_anchors *anchors, size_t *n);

#endif

/* anchors.c: see anchors.h. */
#include "anchors.h"

#include <bearssl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cert.h"
#include "roots.h"

/* Where systems keep their bundle: Debian, Ubuntu, Arch, Gentoo; Fedora, RHEL, Amazon Linux;
 * openSUSE; Alpine, OpenBSD; FreeBSD. */
static const char *const places[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
	"/usr/local/etc/ssl/cert.pem",
};

struct tls_anchors {
	br_x509_trust_anchor *list; /* each one's dn.data is a block that holds its key, too */
	size_t n;
	size_t cap;
	size_t skipped;
	int64_t now; /* seconds since 1970; 0 = the clock */
	char *source;
};

static struct tls_anchors *
new_anchors(const char *source)
{
	struct tls_anchors *anchors = xmalloc(sizeof(*anchors));

	*anchors = (struct tls_anchors){.list = NULL};
	anchors->source = strcpy(xmalloc(strlen(source) + 1), source);
	return anchors;
}

void
tls_anchors_free(struct tls_anchors *anchors)
{
	if (anchors == NULL)
		return;
	for (size_t i = 0; i < anchors->n; i++)
		free(anchors->list[i].dn.data);
	free(anchors->list);
	free(anchors->source);
	free(anchors);
}

/* Copy name and key to a new anchor. */
static void
add(struct tls_anchors *anchors, struct str dn, unsigned flags, const br_x509_pkey *key)
{
	br_x509_trust_anchor *ta;
	bool rsa = key->key_type == BR_KEYTYPE_RSA;
	size_t n = rsa ? key->key.rsa.nlen : key->key.ec.qlen;
	size_t m = rsa ? key->key.rsa.elen : 0;
	unsigned char *block = xmalloc(dn.n + n + m);

	if (anchors->n == anchors->cap) {
		anchors->cap = anchors->cap > 0 ? anchors->cap * 2 : 16;
		anchors->list = xrealloc(anchors->list, anchors->cap, sizeof(*anchors->list));
	}
	ta = &anchors->list[anchors->n++];
	*ta = (br_x509_trust_anchor){.dn = {block, dn.n}, .flags = flags, .pkey = *key};
	memcpy(block, dn.p, dn.n);
	memcpy(block + dn.n, rsa ? key->key.rsa.n : key->key.ec.q, n);
	if (!rsa) {
		ta->pkey.key.ec.q = block + dn.n;
		return;
	}
	memcpy(block + dn.n + n, key->key.rsa.e, m);
	ta->pkey.key.rsa.n = block + dn.n;
	ta->pkey.key.rsa.e = block + dn.n + n;
}

static void
append_dn(void *context, const void *p, size_t n)
{
	buf_add(context, p, n);
}

static bool
is_usable(const br_x509_pkey *key, struct str der)
{
	struct cert cert;

	if (key->key_type == BR_KEYTYPE_EC)
		return (br_ec_get_default()->supported_curves >> key->key.ec.curve & 1) != 0;
	return cert_read(der, &cert) == 0 && cert.rsa_bits >= ANCHORS_MIN_RSA;
}

/* Add the anchor of a certificate, or count it as skipped. */
static void
add_certificate(struct tls_anchors *anchors, struct str der)
{
	br_x509_decoder_context decoder;
	const br_x509_pkey *key;
	struct buf dn = {0};

	br_x509_decoder_init(&decoder, append_dn, &dn);
	br_x509_decoder_push(&decoder, der.p, der.n);
	key = br_x509_decoder_get_pkey(&decoder); /* points into decoder; NULL if that failed */
	if (key != NULL && is_usable(key, der))
		add(anchors, buf_slice(&dn), br_x509_decoder_isCA(&decoder) ? BR_X509_TA_CA : 0,
		    key);
	else
		anchors->skipped++;
	buf_free(&dn);
}

/* --- PEM (RFC 7468) --- */

struct pem {
	struct str text;
	size_t pos;
	size_t line; /* the last one read, from 1 */
	size_t at;   /* where it starts */
};

static bool
next_line(struct pem *pem, struct str *line)
{
	const char *p = pem->text.p + pem->pos, *end;
	size_t n = pem->text.n - pem->pos;

	if (n == 0)
		return false;
	end = memchr(p, '\n', n);
	*line = (struct str){p, end != NULL ? (size_t)(end - p) : n};
	pem->at = pem->pos;
	pem->pos += end != NULL ? line->n + 1 : n;
	pem->line++;
	while (line->n > 0 && strchr(" \t\r", line->p[line->n - 1]) != NULL && line->p[line->n - 1])
		line->n--;
	return true;
}

/* Is this the line "-----BEGIN LABEL-----", or the same with another word than BEGIN? */
static bool
is_banner(struct str line, struct str word, struct str *label)
{
	if (line.n < 5 + word.n + 1 + 5 || memcmp(line.p, "-----", 5) != 0 ||
	    memcmp(line.p + 5, word.p, word.n) != 0 || line.p[5 + word.n] != ' ' ||
	    memcmp(line.p + line.n - 5, "-----", 5) != 0)
		return false;
	*label = (struct str){line.p + 5 + word.n + 1, line.n - 5 - word.n - 1 - 5};
	return true;
}

struct base64 {
	uint32_t bits; /* those that do not fill a byte yet, the lowest `count` of it */
	unsigned count;
	unsigned chars; /* read so far, modulo 4 */
	unsigned padding;
};

/* Decode one line of base64 to the end of out. False if it is none. */
static bool
decode(struct base64 *b, struct str line, struct buf *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];
		const char *digit;

		if (c == ' ' || c == '\t' || c == '\r')
			continue;
		b->chars = (b->chars + 1) % 4;
		if (c == '=') {
			b->padding++;
			continue;
		}
		if (c == '\0' || (digit = strchr(digits, c)) == NULL || b->padding > 0)
			return false;
		b->bits = (b->bits << 6 | (uint32_t)(digit - digits)) & 0xfffff;
		b->count += 6;
		if (b->count >= 8) {
			b->count -= 8;
			buf_char(out, (char)(b->bits >> b->count & 0xff));
		}
	}
	return true;
}

/* Are the lines read so far a whole base64 text? */
static bool
decoded(const struct base64 *b)
{
	return b->chars == 0 && b->padding * 2 == b->count &&
	    (b->bits & ((1u << b->count) - 1)) == 0;
}

/* Read a certificate behind its first line to der. 0 or -1. */
static int
read_certificate(struct pem *pem, struct str label, struct buf *der, struct err *err)
{
	size_t began = pem->line, at = pem->at;
	struct base64 base64 = {0};
	struct str line, other;

	der->n = 0;
	while (next_line(pem, &line)) {
		if (is_banner(line, STR("END"), &other) && str_eq(other, label)) {
			if (!decoded(&base64) || !cert_is_whole(buf_slice(der)))
				return err_set(
				    err, at, "the certificate of line %zu is damaged", began);
			return 0;
		}
		if (line.n > 0 && line.p[0] == '-')
			break;
		if (!decode(&base64, line, der))
			return err_set(err, pem->at,
			    "line %zu, in the certificate of line %zu, is no "
			    "base64",
			    pem->line, began);
		if (der->n > ANCHORS_MAX_CERT)
			return err_set(err, at,
			    "the certificate of line %zu is longer than %u bytes", began,
			    ANCHORS_MAX_CERT);
	}
	return err_set(err, at, "the certificate of line %zu is cut off", began);
}

static int
read_pem(struct tls_anchors *anchors, struct str text, struct err *err)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct pem pem = {.text = text};
	struct str line, label;
	struct buf der = {0};
	int rv = 0;

	if (text.n >= 3 && memcmp(text.p, bom, 3) == 0)
		pem.pos = 3;
	while (rv == 0 && next_line(&pem, &line)) {
		if (is_banner(line, STR("END"), &label) && str_eq(label, STR("CERTIFICATE"))) {
			rv = err_set(err, pem.at, "line %zu ends a certificate that nothing began",
			    pem.line);
		} else if (!is_banner(line, STR("BEGIN"), &label)) {
			continue;
		} else if (str_eq(label, STR("CERTIFICATE")) ||
		    str_eq(label, STR("X509 CERTIFICATE"))) {
			rv = read_certificate(&pem, label, &der, err);
			if (rv == 0)
				add_certificate(anchors, buf_slice(&der));
		} else if (str_eq(label, STR("TRUSTED CERTIFICATE"))) { /* OpenSSL's own form */
			anchors->skipped++;
		}
	}
	buf_free(&der);
	return rv;
}

/* Are there any anchors? 0 or -1. */
static int
check_any(const struct tls_anchors *anchors, struct err *err)
{
	if (anchors->n > 0)
		return 0;
	if (anchors->skipped > 0)
		return err_set(err, 0,
		    "none of its %zu certificates can be used (RSA keys of %d to 4096 "
		    "bits and the NIST curves can)",
		    anchors->skipped, ANCHORS_MIN_RSA);
	return err_set(err, 0, "no certificate in it (PEM: \"-----BEGIN CERTIFICATE-----\")");
}

struct tls_anchors *
tls_anchors_parse(struct str pem, struct err *err)
{
	struct tls_anchors *anchors = new_anchors("");

	if (read_pem(anchors, pem, err) == 0 && check_any(anchors, err) == 0)
		return anchors;
	tls_anchors_free(anchors);
	return NULL;
}

/* --- files --- */

/* The whole file to b. 0, or -1 with errno. */
static int
read_file(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), saved;
	ssize_t n;

	if (fd < 0)
		return -1;
	do {
		buf_reserve(b, 65536);
		n = read(fd, b->p + b->n, 65536);
		if (n > 0)
			b->n += (size_t)n;
		if (b->n > ANCHORS_MAX_FILE) {
			n = -1;
			errno = EFBIG;
		}
	} while (n > 0 || (n < 0 && errno == EINTR));
	saved = errno;
	(void)close(fd);
	errno = saved;
	return n < 0 ? -1 : 0;
}

/* Put "the CA bundle FILE: " before what err says. */
static void
name_file(const char *path, struct err *err)
{
	char name[80];
	struct err why = *err;

	(void)err_set(err, why.pos, "CA bundle %s: %.140s",
	    str_escape(name, sizeof(name), str_of(path)), why.msg);
}

/* Load one file. With optional set, *absent tells that it is not there or has no certificates. */
static struct tls_anchors *
load_file(const char *path, bool optional, bool *absent, struct err *err)
{
	struct tls_anchors *anchors = NULL;
	struct buf text = {0};
	int rv;

	*absent = false;
	if (read_file(path, &text) != 0) {
		*absent = optional && (errno == ENOENT || errno == ENOTDIR);
		(void)err_set(err, 0, "%s", strerror(errno));
	} else {
		anchors = new_anchors(path);
		rv = read_pem(anchors, buf_slice(&text), err);
		if (rv == 0 && (rv = check_any(anchors, err)) != 0)
			*absent = optional && anchors->skipped == 0;
		if (rv != 0) {
			tls_anchors_free(anchors);
			anchors = NULL;
		}
	}
	buf_free(&text);
	if (anchors == NULL)
		name_file(path, err);
	return anchors;
}

static struct tls_anchors *
load_roots(void)
{
	struct tls_anchors *anchors = new_anchors("");

	for (size_t i = 0; i < n_roots; i++) {
		const struct root *r = &roots[i];
		br_x509_pkey key;

		/* BearSSL's structures take pointers to what it does not write to. */
		if (r->curve == 0) {
			key.key_type = BR_KEYTYPE_RSA;
			key.key.rsa = (br_rsa_public_key){(unsigned char *)(uintptr_t)r->key,
			    r->key_len, (unsigned char *)(uintptr_t)r->exponent,
			    sizeof(r->exponent)};
		} else {
			key.key_type = BR_KEYTYPE_EC;
			key.key.ec = (br_ec_public_key){
			    r->curve, (unsigned char *)(uintptr_t)r->key, r->key_len};
		}
		add(anchors, (struct str){(const char *)r->dn, r->dn_len}, BR_X509_TA_CA, &key);
	}
	return anchors;
}

struct tls_anchors *
tls_anchors_search(const char *const *paths, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		bool absent;
		struct tls_anchors *anchors = load_file(paths[i], true, &absent, err);

		if (!absent)
			return anchors;
	}
	return load_roots();
}

struct tls_anchors *
tls_anchors_load(const char *path, struct err *err)
{
	bool absent;

	if (path == NULL)
		path = getenv("SSL_CERT_FILE");
	else if (*path == '\0') {
		(void)err_set(err, 0, "the name of the CA bundle is empty");
		return NULL;
	}
	if (path != NULL && *path != '\0')
		return load_file(path, false, &absent, err);
	return tls_anchors_search(places, sizeof(places) / sizeof(places[0]), err);
}

size_t
tls_anchors_count(const struct tls_anchors *anchors)
{
	return anchors->n;
}

size_t
tls_anchors_skipped(const struct tls_anchors *anchors)
{
	return anchors->skipped;
}

const char *
tls_anchors_source(const struct tls_anchors *anchors)
{
	return anchors->source;
}

void
tls_anchors_set_now(struct tls_anchors *anchors, int64_t now)
{
	anchors->now = now;
}

int64_t
tls_anchors_now(const struct tls_anchors *anchors)
{
	return anchors->now != 0 ? anchors->now : (int64_t)time(NULL);
}

const void *
tls_anchors_table(const struct tls_anchors *anchors, size_t *n)
{
	*n = anchors->n;
	return anchors->list;
}

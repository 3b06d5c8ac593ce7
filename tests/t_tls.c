/* Host names, trust anchors and what is read of certificates. With the argument "drive" it is a
 * client instead, which does what the lines on its standard input say: see drive(). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../anchors.h"
#include "../cert.h"
#include "../roots.h"
#include "../tls.h"
#include "tap.h"

static bool no_entropy;

/* In place of the C library's. */
int
getentropy(void *p, size_t n)
{
	if (no_entropy) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_getrandom, p, n, 0) == (long)n ? 0 : -1;
}

/* Bodies of PEM: Amazon Root CA 3 (P-256), a certificate with an Ed25519 key, one with RSA-1024. */
#define AMAZON \
	"MIIBtjCCAVugAwIBAgITBmyf1XSXNmY/Owua2eiedgPySjAKBggqhkjOPQQDAjA5\n" \
	"MQswCQYDVQQGEwJVUzEPMA0GA1UEChMGQW1hem9uMRkwFwYDVQQDExBBbWF6b24g\n" \
	"Um9vdCBDQSAzMB4XDTE1MDUyNjAwMDAwMFoXDTQwMDUyNjAwMDAwMFowOTELMAkG\n" \
	"A1UEBhMCVVMxDzANBgNVBAoTBkFtYXpvbjEZMBcGA1UEAxMQQW1hem9uIFJvb3Qg\n" \
	"Q0EgMzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCmXp8ZBf8ANm+gBG1bG8lKl\n" \
	"ui2yEujSLtf6ycXYqm0fc4E7O5hrOXwzpcVOho6AF2hiRVd9RFgdszflZwjrZt6j\n" \
	"QjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgGGMB0GA1UdDgQWBBSr\n" \
	"ttvXBp43rDCGB5Fwx5zEGbF4wDAKBggqhkjOPQQDAgNJADBGAiEA4IWSoxe3jfkr\n" \
	"BqWTrBqYaGFy+uGh0PsceGCmQ5nFuMQCIQCcAu/xlJyzlvnrxir4tiz+OpAUFteM\n" \
	"YyRIHN8wfdVoOw==\n"
#define ED25519 \
	"MIIBLjCB4aADAgECAhQC70g9sMG0aMBxe3wMGLNzMXMjdDAFBgMrZXAwDTELMAkG\n" \
	"A1UEAwwCZWQwHhcNMjYxMTIzMTgyOTAzWhcNMzYxMTIwMTgyOTAzWjANMQswCQYD\n" \
	"VQQDDAJlZDAqMAUGAytlcAMhADovH1ClehagMWn4bV0FyHBfEZWOBepmOJjW2d1R\n" \
	"qIVko1MwUTAdBgNVHQ4EFgQUsXK/Gz8L2iUZNutZaCW5n5t3qf4wHwYDVR0jBBgw\n" \
	"FoAUsXK/Gz8L2iUZNutZaCW5n5t3qf4wDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXAD\n" \
	"QQB95bRmIByldPEwBGZ9eDUTCkRLS1U/pJVz7W94B7FUIq8dQhg6Qs/S2Pil8HMU\n" \
	"pBn1IQXGzKXPrCP3qZr4UwkO\n"
#define WEAK \
	"MIIB+jCCAWOgAwIBAgIUbaCq+Ykfsw7+8/1bDFPIzy4Cur8wDQYJKoZIhvcNAQEL\n" \
	"BQAwDzENMAsGA1UEAwwEd2VhazAeFw0yNjExMjMxODI5MDNaFw0zNjExMjAxODI5\n" \
	"MDNaMA8xDTALBgNVBAMMBHdlYWswgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGB\n" \
	"APCBNDGv5KgWdw/AZ1FlZLKosLSrV/cdXckcZQC5RS0EsCGPn9mCw7aJ9TqUNcxU\n" \
	"KJn9ihX1/W5Yi9ABCRG+oqpmJw+PsAeBVmOjDCBOa+DvjhavCdJpnKOJuoaT6O18\n" \
	"gJbmvIkq/u2cA7+AHDFXOz6BB8Tcgg9ib8Iq++8F3xIZAgMBAAGjUzBRMB0GA1Ud\n" \
	"DgQWBBR65GDmMjbENtX/alvUQkI9tuJCnjAfBgNVHSMEGDAWgBR65GDmMjbENtX/\n" \
	"alvUQkI9tuJCnjAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4GBAB+A\n" \
	"pvWTOWEUJLEkCGD0e2UBwRkY5pGXZ1GWaBCbqKnyXWep32Ry1bLoQYj8+Zep2ADs\n" \
	"rIkHdbYAAqQOXn7+6WoC6UgYgLV5ZFc8meu8wJ6EsfcEdMdOfdxwRvjRZVTX4jtW\n" \
	"NfSGYhDV4yLc8+tstjqCBSo4M6tQsS+8+GQm8AiB\n"

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END "-----END CERTIFICATE-----\n"
#define PEM(body) BEGIN body END

/* --- host names --- */

static void
test_hosts(void)
{
	static const struct {
		const char *host, *as; /* as NULL: refused */
	} cases[] = {
		{"cloudtrail.us-east-1.amazonaws.com", "cloudtrail.us-east-1.amazonaws.com"},
		{"localhost", "localhost"},
		{"localhost.", "localhost"},
		{"Example.COM.", "Example.COM"},
		{"my_bucket.s3.amazonaws.com", "my_bucket.s3.amazonaws.com"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"1e100.net", "1e100.net"},
		{"127.0.0.1.example", "127.0.0.1.example"},
		{"0xyz", "0xyz"},
		{NULL, NULL},
		{"", NULL},
		{".", NULL},
		{"..", NULL},
		{"a..b", NULL},
		{".a", NULL},
		{"a..", NULL},
		{"127.0.0.1", NULL},
		{"127.0.0.1.", NULL},
		{"127.1", NULL},
		{"2130706433", NULL},
		{"0x7f000001", NULL},
		{"0x7f.0.0.0X1", NULL},
		{"0x", NULL}, /* a zero for some, and no name for anybody */
		{"a.b.0", NULL},
		{"::1", NULL},
		{"[::1]", NULL},
		{"[", NULL},
		{"localhost:443", NULL},
		{"fe80::1%lo", NULL},
		{"a b", NULL},
		{"a/b", NULL},
		{"*.example", NULL},
		{"b\xc3\xbc""cher.example", NULL},
		{"a\nb", NULL},
		{"user@host", NULL},
	};
	char out[TLS_MAX_HOST + 1], shown[64];
	struct err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int rv = tls_host(out, cases[i].host, &err);
		const char *name = cases[i].host != NULL ? cases[i].host : "NULL";

		(void)str_escape(shown, sizeof(shown), str_of(name));
		if (cases[i].as != NULL)
			is_str(rv == 0 ? out : err.msg, cases[i].as, "host \"%s\"", shown);
		else
			ok(rv == -1 && out[0] == '\0' && strchr(err.msg, '\n') == NULL,
			    "host \"%s\" is refused", shown);
	}
}

static void
test_long_hosts(void)
{
	char host[512], out[TLS_MAX_HOST + 1];
	struct err err;

	for (size_t n = 250; n < 260; n++) { /* labels of 49 bytes */
		for (size_t i = 0; i < n; i++)
			host[i] = i % 50 == 49 ? '.' : 'a';
		host[n - 1] = 'b';
		host[n] = '\0';
		is_int(tls_host(out, host, &err), n <= 253 ? 0 : -1, "a host of %zu bytes", n);
	}
	memset(host, 'a', 63);
	strcpy(host + 63, ".example");
	is_int(tls_host(out, host, &err), 0, "a label of 63 bytes");
	memset(host, 'a', 64);
	strcpy(host + 64, ".example");
	is_int(tls_host(out, host, &err), -1, "a label of 64 bytes");
}

/* --- trust anchors --- */

static void
accepts(const char *pem, size_t n, size_t count, size_t skipped, const char *name)
{
	struct err err = {.msg = ""};
	/* Exactly as long as the text, so that a sanitizer sees a read past its end. */
	char *copy = memcpy(xmalloc(n), pem, n);
	struct tls_anchors *a = tls_anchors_parse((struct str){copy, n}, &err);

	if (ok(a != NULL, "%s: %s", name, err.msg)) {
		is_int(tls_anchors_count(a), count, "%s: anchors", name);
		is_int(tls_anchors_skipped(a), skipped, "%s: skipped", name);
	}
	tls_anchors_free(a);
	free(copy);
}
#define ACCEPTS(pem, count, skipped, name) accepts(pem, sizeof(pem) - 1, count, skipped, name)

static void
refuses(const char *pem, size_t n, const char *why, const char *name)
{
	struct err err = {.msg = ""};
	char *copy = memcpy(xmalloc(n), pem, n);
	struct tls_anchors *a = tls_anchors_parse((struct str){copy, n}, &err);

	ok(a == NULL, "%s is refused", name);
	ok(strstr(err.msg, why) != NULL, "%s: \"%s\" in: %s", name, why, err.msg);
	ok(err.pos <= n, "%s: position", name);
	tls_anchors_free(a);
	free(copy);
}
#define REFUSES(pem, why, name) refuses(pem, sizeof(pem) - 1, why, name)

static void
test_pem(void)
{
	ACCEPTS(PEM(AMAZON), 1, 0, "one certificate");
	ACCEPTS(PEM(AMAZON) PEM(AMAZON), 2, 0, "two");
	ACCEPTS(BEGIN AMAZON "-----END CERTIFICATE-----", 1, 0, "no final newline");
	ACCEPTS("\xef\xbb\xbf" PEM(AMAZON), 1, 0, "a byte order mark");
	ACCEPTS("Amazon Root CA 3\n====\n" PEM(AMAZON) "\n# and\0 \xff\n" PEM(AMAZON) "done", 2, 0,
	    "text around");
	ACCEPTS("-----BEGIN X509 CERTIFICATE-----\n" AMAZON "-----END X509 CERTIFICATE-----\n", 1,
	    0, "X509 CERTIFICATE");
	ACCEPTS("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
	    PEM(AMAZON) "-----BEGIN PRIVATE KEY-----\n%%%\n-----END PRIVATE KEY-----\n", 1, 0,
	    "other objects");
	ACCEPTS(PEM(ED25519) PEM(AMAZON), 1, 1, "Ed25519 is skipped");
	ACCEPTS(PEM(WEAK) PEM(AMAZON), 1, 1, "RSA-1024 is skipped");
	ACCEPTS("-----BEGIN TRUSTED CERTIFICATE-----\n" AMAZON "-----END TRUSTED CERTIFICATE-----\n"
	    PEM(AMAZON), 1, 1, "OpenSSL's own form is skipped");

	REFUSES("", "no certificate", "nothing");
	REFUSES("\n", "no certificate", "an empty line");
	REFUSES(AMAZON, "no certificate", "base64 alone");
	REFUSES(PEM(ED25519) PEM(WEAK), "none of its 2", "nothing usable");
	REFUSES(BEGIN AMAZON, "line 1 is cut off", "no end");
	REFUSES("x\n" BEGIN, "line 2 is cut off", "only a beginning");
	REFUSES(PEM(AMAZON) "-----BEGIN CERTIFICATE-----", "line 13 is cut off",
	    "a beginning at the end");
	REFUSES(
	    BEGIN "MIIBtjCCAVug\n" PEM(AMAZON), "line 1 is cut off", "a cut one before a good one");
	REFUSES(PEM(AMAZON) BEGIN "MIIBtjCCAVugAwIB\n" END, "line 13 is damaged", "lines left out");
	REFUSES(BEGIN END, "line 1 is damaged", "nothing inside");
	REFUSES(BEGIN "MIIB*jCC\n" END, "line 2, in the certificate of line 1", "no base64");
	REFUSES(BEGIN "MII\0tjCC\n" END, "no base64", "a NUL in base64");
	REFUSES(BEGIN "MAA\n" END, "damaged", "no padding");
	REFUSES(BEGIN "MAB=\n" END, "damaged", "bits left over");
	REFUSES(BEGIN "MAA==\n" END, "damaged", "too much padding");
	REFUSES(BEGIN "MA=A\n" END, "no base64", "padding inside");
	REFUSES("-----BEGIN CERTIFICATE----\n" AMAZON END, "nothing began", "a broken first line");
	REFUSES(BEGIN AMAZON "----END CERTIFICATE-----\n", "cut off", "a broken last line");
	REFUSES(BEGIN AMAZON "-----END X509 CERTIFICATE-----\n", "cut off", "another last line");
}

/* The same with CRLF, with long lines, with blanks, and cut anywhere. */
static void
test_pem_forms(void)
{
	static const char pem[] = PEM(AMAZON) PEM(ED25519);
	struct buf crlf = {0}, one = {0}, blank = {0};
	bool good = true;

	for (const char *p = pem; *p != '\0'; p++) {
		bool banner = p[1] == '-' || (p > pem && p[-1] == '-');

		if (*p == '\n')
			buf_char(&crlf, '\r');
		buf_char(&crlf, *p);
		if (*p != '\n' || banner)
			buf_char(&one, *p);
		buf_char(&blank, *p);
		if (*p == '\n' && !banner)
			buf_str(&blank, STR("\n \t"));
	}
	accepts(crlf.p, crlf.n, 1, 1, "CRLF");
	accepts(crlf.p, crlf.n - 2, 1, 1, "CRLF without the final one");
	accepts(one.p, one.n, 1, 1, "base64 in one line");
	accepts(blank.p, blank.n, 1, 1, "blanks and empty lines");
	for (size_t n = 0; n + 1 < sizeof(pem); n++) {
		struct err err;
		struct tls_anchors *a = tls_anchors_parse((struct str){pem, n}, &err);
		/* Within the second's first line it is text that says nothing. */
		const char *second = strstr(pem + 1, BEGIN);
		bool whole = (n + 1 >= (size_t)(second - pem) &&
				 n < (size_t)(second - pem) + strlen(BEGIN) - 1) ||
		    n + 2 >= sizeof(pem);

		if ((a != NULL) != whole) {
			good = false;
			note("cut after %zu bytes: %s", n, a != NULL ? "accepted" : err.msg);
		}
		tls_anchors_free(a);
	}
	ok(good, "a PEM file cut anywhere is an error");
	buf_free(&crlf);
	buf_free(&one);
	buf_free(&blank);
}

/* --- files --- */

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static void
searches(const char *const *paths, size_t n, const char *source, size_t count, const char *name)
{
	struct err err = {.msg = ""};
	struct tls_anchors *a = tls_anchors_search(paths, n, &err);

	if (source == NULL) {
		ok(a == NULL && strstr(err.msg, "CA bundle ") == err.msg, "%s: %s", name, err.msg);
	} else if (ok(a != NULL, "%s: %s", name, err.msg)) {
		is_str(tls_anchors_source(a), source, "%s: source", name);
		is_int(tls_anchors_count(a), count, "%s: anchors", name);
	}
	tls_anchors_free(a);
}

static void
test_files(void)
{
	char dir[] = "/tmp/t_tls.XXXXXX", absent[64], empty[64], good[64], bad[64];
	struct tls_anchors *a;
	struct err err = {.msg = ""};

	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(absent, sizeof(absent), "%s/absent", dir);
	snprintf(empty, sizeof(empty), "%s/empty", dir);
	snprintf(good, sizeof(good), "%s/good", dir);
	snprintf(bad, sizeof(bad), "%s/bad", dir);
	write_file(empty, "# nothing\n");
	write_file(good, PEM(AMAZON) PEM(AMAZON));
	write_file(bad, BEGIN AMAZON);

	searches(NULL, 0, "", n_roots, "no places");
	searches((const char *[]){absent, "/dev/null/x"}, 2, "", n_roots, "nothing there");
	searches(
	    (const char *[]){absent, empty, good, bad}, 4, good, 2, "the first with certificates");
	searches((const char *[]){absent, empty}, 2, "", n_roots, "only an empty one");
	searches((const char *[]){bad, good}, 2, NULL, 0, "a damaged one");
	searches((const char *[]){dir, good}, 2, NULL, 0, "a folder");

	a = tls_anchors_load(good, &err);
	ok(a != NULL && tls_anchors_count(a) == 2 && strcmp(tls_anchors_source(a), good) == 0,
	    "a file by name");
	tls_anchors_free(a);
	ok(tls_anchors_load("", &err) == NULL, "an empty name: %s", err.msg);
	ok(tls_anchors_load(absent, &err) == NULL, "no such file: %s", err.msg);
	ok(strstr(err.msg, absent) != NULL, "the file is named");
	ok(tls_anchors_load(empty, &err) == NULL, "an empty file: %s", err.msg);

	(void)setenv("SSL_CERT_FILE", good, 1);
	a = tls_anchors_load(NULL, &err);
	ok(a != NULL && strcmp(tls_anchors_source(a), good) == 0, "SSL_CERT_FILE");
	tls_anchors_free(a);
	(void)setenv("SSL_CERT_FILE", absent, 1);
	ok(tls_anchors_load(NULL, &err) == NULL, "SSL_CERT_FILE that is not there: %s", err.msg);
	(void)setenv("SSL_CERT_FILE", "", 1);
	a = tls_anchors_load(NULL, &err);
	ok(a != NULL && tls_anchors_count(a) >= n_roots, "an empty SSL_CERT_FILE is none: %s",
	    err.msg);
	tls_anchors_free(a);
	(void)unlink(empty);
	(void)unlink(good);
	(void)unlink(bad);
	(void)rmdir(dir);
}

static void
test_clock(void)
{
	struct err err;
	struct tls_anchors *a = tls_anchors_search(NULL, 0, &err);
	int64_t now = tls_anchors_now(a);

	ok(now <= (int64_t)time(NULL) && now > (int64_t)time(NULL) - 60, "the clock");
	tls_anchors_set_now(a, 1234);
	is_int(tls_anchors_now(a), 1234, "another clock");
	is_int(tls_anchors_count(a), n_roots, "the embedded roots");
	for (size_t i = 0; i < 2; i++) {
		enum tls_fault fault = TLS_OK;
		struct tls *tls = tls_open(-1, i == 0 ? NULL : "", a, NULL, 0, &fault, &err);

		ok(tls == NULL && fault == TLS_LOCAL, "no host, no connection: %s", err.msg);
		tls_close(tls);
	}
	tls_anchors_free(a);
	tls_anchors_free(NULL);
	tls_session_free(NULL);
	tls_close(NULL);
}

/* --- what errors say of certificates --- */

/* Make what b has from `from` on the contents of an element. */
static void
wrap(struct buf *b, int tag, size_t from)
{
	size_t n = b->n - from;
	char head[4] = {(char)tag, (char)0x82, (char)(n >> 8), (char)n};

	buf_reserve(b, sizeof(head));
	memmove(b->p + from + sizeof(head), b->p + from, n);
	memcpy(b->p + from, head, sizeof(head));
	b->n += sizeof(head);
}

/* A certificate signed with SHA-1 and `names` host names in an extension. */
static void
make_cert(struct buf *b, size_t names)
{
	size_t extensions, list;

	buf_str(b,
	    STR("\xa0\x03\x02\x01\x02\x02\x01\x01"
		"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"
		"\x05\x00" /* version, serial number, algorithm */
		"\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x0a\x0c\x04O\x1b[m"
		"\x30\x20\x17\x0d"
		"500102030405Z"
		"\x18\x0f"
		"20501231235959Z"
		"\x30\x1b\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02"
		"cn"
		"\x31\x0c\x30\x0a\x06\x03\x55\x04\x0a\x0c\x03"
		"org"
		"\x30\x1d\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"
		"\x03\x0c\x00\x30\x09\x02\x02\x01\xff\x02\x03\x01\x00\x01")); /* a modulus of 9 bits
									       */
	extensions = b->n;
	buf_str(b, STR("\x06\x03\x55\x1d\x11"));
	list = b->n;
	for (size_t i = 0; i < names; i++)
		buf_str(b, STR("\x82\x0c" "name.example" "\x87\x04" "\x7f\0\0\1"));
	wrap(b, 0x30, list);
	wrap(b, 0x04, list);
	wrap(b, 0x30, extensions);
	wrap(b, 0x30, extensions);
	wrap(b, 0xa3, extensions);
	wrap(b, 0x30, 0);
	buf_str(b, STR("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00\x03\x01\x00"));
	wrap(b, 0x30, 0);
}

static void
test_cert(void)
{
	struct buf b = {0};
	struct cert cert;
	size_t accepted = 0;

	make_cert(&b, 2);
	ok(cert_is_whole(buf_slice(&b)), "a whole certificate");
	is_int(cert_read(buf_slice(&b), &cert), 0, "is read");
	is_str(cert.subject, "cn", "subject: the common name");
	is_str(cert.issuer, "O\\x1b[m", "issuer: its organization for want of better, escaped");
	is_str(cert.not_before, "1950-01-02T03:04:05Z", "not before, as UTCTime");
	is_str(cert.not_after, "2050-12-31T23:59:59Z", "not after, as GeneralizedTime");
	is_str(cert.names, "name.example, name.example", "names");
	is_int(cert.rsa_bits, 9, "bits of the key");
	ok(cert.weak_hash && !cert.pss && !cert.self_issued, "signed with SHA-1, by another");
	for (size_t n = 0; n < b.n; n++) {
		char *copy = memcpy(xmalloc(n), b.p, n);

		accepted += cert_is_whole((struct str){copy, n});
		accepted += cert_read((struct str){copy, n}, &cert) == 0;
		free(copy);
	}
	is_int(accepted, 0, "cut anywhere it is not");
	b.n = 0;
	make_cert(&b, 0);
	is_int(cert_read(buf_slice(&b), &cert), 0, "without host names");
	is_str(cert.names, "cn", "the common name is the name");
	b.n = 0;
	make_cert(&b, 900);
	is_int(cert_read(buf_slice(&b), &cert), 0, "with many");
	is_str(cert.names, "name.example, name.example, name.example, name.example, name.example, "
	    "name.example, ...",
	    "the list is cut");
	buf_free(&b);
	is_int(cert_read(STR(""), &cert), -1, "no certificate");
	ok(!cert_is_whole(STR("")), "nothing is not whole");
	ok(cert_is_whole(STR("\x30\x00")), "an empty sequence is");
	ok(!cert_is_whole(STR("\x30\x01")), "a cut one is not");
	ok(!cert_is_whole(STR("\x30\x00z")), "nor is one with more behind it");
	ok(!cert_is_whole(STR("\x30\x80\x00\x00")), "nor an indefinite length");
	ok(!cert_is_whole(STR("\x30\x84\xff\xff\xff\xff")), "nor a huge one");
	ok(!cert_is_whole(STR("\x04\x00")), "nor another tag");
}

#include "tls_drive.h"

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "drive") == 0)
		return drive();
	test_hosts();
	test_long_hosts();
	test_pem();
	test_pem_forms();
	test_files();
	test_clock();
	test_cert();
	return done_testing();
}

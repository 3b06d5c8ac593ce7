/* Fuzz target for anchors.c and cert.c: what follows from PEM, and DER as a server could send it.
 */
#include "../anchors.h"
#include "../cert.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
	if (!good)
		abort();
}

static bool
ends(const char *s, size_t size)
{
	return memchr(s, '\0', size) != NULL;
}

static void
check_cert(struct str der)
{
	struct cert cert;
	int rv = cert_read(der, &cert);

	(void)cert_is_whole(der);
	check(ends(cert.subject, sizeof(cert.subject)) && ends(cert.issuer, sizeof(cert.issuer)) &&
	    ends(cert.names, sizeof(cert.names)));
	check(ends(cert.not_before, sizeof(cert.not_before)) &&
	    ends(cert.not_after, sizeof(cert.not_after)));
	check(rv != 0 || (strlen(cert.not_before) == 20 && strlen(cert.not_after) == 20));
	for (const char *c = cert.names; *c != '\0'; c++)
		check((unsigned char)*c >= 32 && *c != 127);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct err err = {.msg = ""};
	struct tls_anchors *anchors = tls_anchors_parse(text, &err), *again;
	struct buf twice = {0};

	check_cert(text);
	if (anchors == NULL) {
		check(err.msg[0] != '\0' && err.pos <= size);
		return 0;
	}
	check(tls_anchors_count(anchors) > 0);
	/* A bundle behind itself has everything twice. */
	buf_str(&twice, text);
	buf_char(&twice, '\n');
	if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		text = (struct str){text.p + 3, text.n - 3};
	buf_str(&twice, text);
	again = tls_anchors_parse(buf_slice(&twice), &err);
	check(again != NULL && tls_anchors_count(again) == 2 * tls_anchors_count(anchors) &&
	    tls_anchors_skipped(again) == 2 * tls_anchors_skipped(anchors));
	buf_free(&twice);
	tls_anchors_free(again);
	tls_anchors_free(anchors);
	return 0;
}

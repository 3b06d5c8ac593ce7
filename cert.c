/* cert.c: see cert.h. A reader of DER (ITU-T X.690) as far as certificates use it. */
#include "cert.h"

#define TAG_INTEGER 0x02
#define TAG_BITS 0x03
#define TAG_OCTETS 0x04
#define TAG_OID 0x06
#define TAG_UTC_TIME 0x17
#define TAG_TIME 0x18
#define TAG_SEQUENCE 0x30
#define TAG_SET 0x31
#define TAG_VERSION 0xa0
#define TAG_EXTENSIONS 0xa3
#define TAG_DNS_NAME 0x82 /* within a subjectAltName */

#define OID_COMMON_NAME STR("\x55\x04\x03")
#define OID_ORGANIZATION STR("\x55\x04\x0a")
#define OID_UNIT STR("\x55\x04\x0b")
#define OID_ALT_NAME STR("\x55\x1d\x11")
#define OID_EXTENDED_USAGE STR("\x55\x1d\x25")
#define OID_ANY_USAGE STR("\x55\x1d\x25\x00")
#define OID_SERVER STR("\x2b\x06\x01\x05\x05\x07\x03\x01")
#define OID_RSA STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")
#define OID_RSA_MD5 STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04")
#define OID_RSA_SHA1 STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05")
#define OID_RSA_PSS STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a")
#define OID_ECDSA_SHA1 STR("\x2a\x86\x48\xce\x3d\x04\x01")

/* Take the next element off d: its tag and its contents. False where there is none. */
static bool
next(struct str *d, unsigned *tag, struct str *value)
{
	const unsigned char *p = (const unsigned char *)d->p;
	size_t head = 2, n;

	if (d->n < 2 || (p[0] & 0x1f) == 0x1f)
		return false;
	n = p[1];
	if (n >= 0x80) {
		size_t bytes = n & 0x7f;

		if (bytes < 1 || bytes > 3 || d->n < 2 + bytes)
			return false;
		n = 0;
		for (size_t i = 0; i < bytes; i++)
			n = n << 8 | p[2 + i];
		head += bytes;
	}
	if (n > d->n - head)
		return false;
	*tag = p[0];
	*value = (struct str){d->p + head, n};
	d->p += head + n;
	d->n -= head + n;
	return true;
}

/* The same for an element of a known tag; d stays where it is if it is another. */
static bool
take(struct str *d, unsigned tag, struct str *value)
{
	struct str rest = *d;
	unsigned found;

	if (!next(&rest, &found, value) || found != tag)
		return false;
	*d = rest;
	return true;
}

bool
cert_is_whole(struct str der)
{
	struct str value;

	return take(&der, TAG_SEQUENCE, &value) && der.n == 0;
}

/* The text of a name: its common name, or else its unit, or else its organization. */
static void
read_name(char out[CERT_NAME_SIZE], struct str name)
{
	struct str set, pair, oid, value, best = {"", 0};
	unsigned tag;
	int rank = 0;

	while (take(&name, TAG_SET, &set)) {
		while (take(&set, TAG_SEQUENCE, &pair)) {
			int r;

			if (!take(&pair, TAG_OID, &oid) || !next(&pair, &tag, &value))
				continue;
			r = str_eq(oid, OID_COMMON_NAME) ? 3 : str_eq(oid, OID_UNIT) ? 2 :
			    str_eq(oid, OID_ORGANIZATION) ? 1 : 0;
			if (r > rank) {
				rank = r;
				best = value;
			}
		}
	}
	(void)str_escape(out, CERT_NAME_SIZE, best);
}

/* UTCTime or GeneralizedTime in the forms of RFC 5280 section 4.1.2.5. */
static bool
read_time(char out[CERT_TIME_SIZE], struct str *d)
{
	struct str s;
	unsigned tag;
	char digits[14];
	size_t skip;

	if (!next(d, &tag, &s) || !((tag == TAG_UTC_TIME && s.n == 13) ||
	    (tag == TAG_TIME && s.n == 15)) || s.p[s.n - 1] != 'Z')
		return false;
	skip = 15 - s.n;
	if (skip > 0) /* two digits: 1950 to 2049 */
		memcpy(digits, s.p[0] >= '5' ? "19" : "20", 2);
	memcpy(digits + skip, s.p, s.n - 1);
	for (size_t i = 0; i < sizeof(digits); i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
	}
	(void)snprintf(out, CERT_TIME_SIZE, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", digits, digits + 4,
	    digits + 6, digits + 8, digits + 10, digits + 12);
	return true;
}

/* The bits of an RSA key, or 0 if the key is of another kind. */
static unsigned
rsa_bits(struct str spki)
{
	struct str alg, oid, bits, key, n;
	unsigned count;

	if (!take(&spki, TAG_SEQUENCE, &alg) || !take(&alg, TAG_OID, &oid) ||
	    !str_eq(oid, OID_RSA) || !take(&spki, TAG_BITS, &bits) || bits.n < 1)
		return 0;
	bits.p++;
	bits.n--;
	if (!take(&bits, TAG_SEQUENCE, &key) || !take(&key, TAG_INTEGER, &n))
		return 0;
	while (n.n > 0 && n.p[0] == 0) {
		n.p++;
		n.n--;
	}
	if (n.n == 0 || n.n > UINT32_MAX / 8)
		return 0;
	count = (unsigned)n.n * 8;
	for (unsigned char top = (unsigned char)n.p[0]; (top & 0x80) == 0;
	     top = (unsigned char)(top << 1))
		count--;
	return count;
}

/* Append a host name to the list unless it is full; a list that is cut ends in "...". */
static void
add_name(struct cert *cert, struct str name)
{
	char text[CERT_NAME_SIZE];
	size_t n = strlen(cert->names), m;

	if (n >= 3 && strcmp(cert->names + n - 3, "...") == 0)
		return;
	m = strlen(str_escape(text, sizeof(text), name));
	if (n + 2 + m + 5 < sizeof(cert->names)) /* there is still room for ", ..." */
		(void)snprintf(
		    cert->names + n, sizeof(cert->names) - n, "%s%s", n > 0 ? ", " : "", text);
	else
		(void)snprintf(cert->names + n, sizeof(cert->names) - n, ", ...");
}

static void
read_alt_names(struct str list, struct cert *cert)
{
	struct str names, name;
	unsigned tag;

	if (!take(&list, TAG_SEQUENCE, &names))
		return;
	while (next(&names, &tag, &name)) {
		if (tag == TAG_DNS_NAME)
			add_name(cert, name);
	}
}

static void
read_usages(struct str list, struct cert *cert)
{
	struct str usages, oid;

	if (!take(&list, TAG_SEQUENCE, &usages))
		return;
	cert->not_server = true;
	while (take(&usages, TAG_OID, &oid)) {
		if (str_eq(oid, OID_SERVER) || str_eq(oid, OID_ANY_USAGE))
			cert->not_server = false;
	}
}

static void
read_extensions(struct str list, struct cert *cert)
{
	struct str all, ext, oid, value;
	unsigned tag;

	if (!take(&list, TAG_SEQUENCE, &all))
		return;
	while (take(&all, TAG_SEQUENCE, &ext)) {
		if (!take(&ext, TAG_OID, &oid))
			continue;
		while (next(&ext, &tag, &value)) { /* the critical flag may come first */
			if (tag == TAG_OCTETS && str_eq(oid, OID_ALT_NAME))
				read_alt_names(value, cert);
			else if (tag == TAG_OCTETS && str_eq(oid, OID_EXTENDED_USAGE))
				read_usages(value, cert);
		}
	}
}

int
cert_read(struct str der, struct cert *cert)
{
	struct str outer, tbs, alg, oid, value, issuer, validity, subject, spki;

	*cert = (struct cert){.rsa_bits = 0};
	if (!take(&der, TAG_SEQUENCE, &outer) || !take(&outer, TAG_SEQUENCE, &tbs))
		return -1;
	if (take(&outer, TAG_SEQUENCE, &alg) && take(&alg, TAG_OID, &oid)) {
		cert->weak_hash = str_eq(oid, OID_RSA_MD5) || str_eq(oid, OID_RSA_SHA1) ||
		    str_eq(oid, OID_ECDSA_SHA1);
		cert->pss = str_eq(oid, OID_RSA_PSS);
	}
	(void)take(&tbs, TAG_VERSION, &value);
	if (!take(&tbs, TAG_INTEGER, &value) || !take(&tbs, TAG_SEQUENCE, &value) ||
	    !take(&tbs, TAG_SEQUENCE, &issuer))
		return -1;
	read_name(cert->issuer, issuer);
	if (!take(&tbs, TAG_SEQUENCE, &validity) || !read_time(cert->not_before, &validity) ||
	    !read_time(cert->not_after, &validity) || !take(&tbs, TAG_SEQUENCE, &subject))
		return -1;
	read_name(cert->subject, subject);
	cert->self_issued = str_eq(subject, issuer);
	if (!take(&tbs, TAG_SEQUENCE, &spki))
		return -1;
	cert->rsa_bits = rsa_bits(spki);
	while (tbs.n > 0) {
		unsigned tag;

		if (!next(&tbs, &tag, &value))
			return -1;
		if (tag == TAG_EXTENSIONS)
			read_extensions(value, cert);
	}
	if (cert->names[0] == '\0')
		memcpy(cert->names, cert->subject, CERT_NAME_SIZE);
	return 0;
}

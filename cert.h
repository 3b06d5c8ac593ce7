/* cert.h: what an error message says of an X.509 certificate (RFC 5280).
 *
 * For people to read: whether a certificate is good is BearSSL's to judge. Only not_server is also
 * decided by, as BearSSL passes over extended key usages. Pure; any bytes may be given. */
#ifndef CERT_H
#define CERT_H

#include "str.h"

#define CERT_NAME_SIZE 64  /* bytes with the NUL; longer names are cut */
#define CERT_NAMES_SIZE 96 /* the same for a list of names */
#define CERT_TIME_SIZE 21  /* 2023-07-10T11:42:36Z and a NUL */

struct cert {
	char subject[CERT_NAME_SIZE]; /* common name, or what comes closest; escaped; may be "" */
	char issuer[CERT_NAME_SIZE];     /* likewise */
	char names[CERT_NAMES_SIZE];     /* host names it is for, ", " in between; escaped; or "" */
	char not_before[CERT_TIME_SIZE]; /* UTC, comparable with strcmp */
	char not_after[CERT_TIME_SIZE];
	unsigned rsa_bits; /* of the public key; 0 if it is no RSA key */
	bool self_issued;  /* subject and issuer are the same bytes */
	bool weak_hash;    /* signed with MD5 or SHA-1 */
	bool pss;          /* signed with RSASSA-PSS */
	bool not_server;   /* has extended key usages (4.2.1.12), but not that of a server */
};

/* Is `der` one DER element, no more and no less, as its length field says? */
bool cert_is_whole(struct str der);

/* Read what can be read of a DER certificate. 0, or -1 if it is none; *cert is then filled as far
 * as it got, what is missing being empty. */
int cert_read(struct str der, struct cert *cert) MUSTUSE;

#endif

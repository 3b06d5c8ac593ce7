/* url.h: the URLs that a person or a variable gives: an endpoint's, a proxy's (RFC 3986). Pure. */
#ifndef URL_H
#define URL_H

#include "str.h"

#define URL_MAX_HOST 255 /* bytes; DNS allows no more */

struct url {
	bool tls;                    /* https, not http */
	char host[URL_MAX_HOST + 1]; /* in small letters; an IPv6 address without its brackets */
	bool v6;
	uint16_t port;   /* the scheme's where the URL has none */
	struct str user; /* still percent-encoded, as all slices of the text; empty if none */
	struct str password;
	struct str path; /* from its '/', without query; empty or "/" is none */
};

/* Read a URL. default_scheme ("http") is taken where the text has none; NULL: it must have one. The
 * slices point into text. -1 with the byte in err->pos; no error shows user or password. */
int url_read(struct url *url, struct str text, const char *default_scheme, struct err *err) MUSTUSE;

/* Append "host" or "host:port", the port only where it is not the scheme's or `always`. */
void url_print_authority(struct buf *out, const struct url *url, bool always);

/* Append s without its percent-encoding; what is no %XX stays. */
void url_decode(struct buf *out, struct str s);

#endif

/* url.c: see url.h. */
#include "url.h"

static bool
take_scheme(struct str *rest, const char *scheme)
{
	size_t n = strlen(scheme);

	if (rest->n < n + 3 || !str_eq_nocase((struct str){rest->p, n}, str_of(scheme)) ||
	    memcmp(rest->p + n, "://", 3) != 0)
		return false;
	rest->p += n + 3;
	rest->n -= n + 3;
	return true;
}

static int
read_scheme(struct url *url, struct str *rest, const char *default_scheme, struct err *err)
{
	if (take_scheme(rest, "https")) {
		url->tls = true;
	} else if (!take_scheme(rest, "http")) {
		for (size_t i = 0; i + 2 < rest->n; i++)
			if (memcmp(rest->p + i, "://", 3) == 0)
				return err_set(err, 0, "only https:// and http:// are known");
		if (default_scheme == NULL)
			return err_set(err, 0, "https:// is missing at the start");
		url->tls = strcmp(default_scheme, "https") == 0;
		if (rest->n >= 2 && memcmp(rest->p, "//", 2) == 0) {
			rest->p += 2;
			rest->n -= 2;
		}
	}
	return 0;
}

/* Cut "user:password@" off the authority's front. */
static void
read_userinfo(struct url *url, struct str *authority)
{
	size_t at = authority->n;
	const char *colon;

	while (at > 0 && authority->p[at - 1] != '@')
		at--;
	if (at == 0)
		return;
	url->user = (struct str){authority->p, at - 1};
	colon = at > 1 ? memchr(authority->p, ':', at - 1) : NULL;
	if (colon != NULL) {
		url->user.n = (size_t)(colon - authority->p);
		url->password = (struct str){colon + 1, at - 2 - url->user.n};
	}
	authority->p += at;
	authority->n -= at;
}

static int
read_port(struct url *url, struct str text, size_t pos, struct err *err)
{
	unsigned port = 0;

	url->port = url->tls ? 443 : 80;
	if (text.n == 0)
		return 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || port > 6553)
			return err_set(err, pos, "a port is a number from 1 to 65535");
		port = port * 10 + (unsigned)(text.p[i] - '0');
	}
	if (port == 0 || port > 65535)
		return err_set(err, pos, "a port is a number from 1 to 65535");
	url->port = (uint16_t)port;
	return 0;
}

static int
read_host(struct url *url, struct str host, size_t pos, struct err *err)
{
	if (host.n == 0)
		return err_set(err, pos, "the host's name is missing");
	if (url->v6 && memchr(host.p, ':', host.n) == NULL)
		return err_set(err, pos, "only IPv6 addresses stand in brackets");
	if (host.n > URL_MAX_HOST)
		return err_set(err, pos, "a host's name has at most %d bytes", URL_MAX_HOST);
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' &&
		    (!url->v6 || c != ':'))
			return err_set(err, pos + i, "this is no character of a host's name");
		url->host[i] = letter ? (char)(c | 0x20) : c;
	}
	url->host[host.n] = '\0';
	return 0;
}

int
url_read(struct url *url, struct str text, const char *default_scheme, struct err *err)
{
	struct str rest = text, authority, host, port = {"", 0};
	const char *end;
	size_t n = 0;

	*url = (struct url){.user = {"", 0}, .password = {"", 0}};
	if (read_scheme(url, &rest, default_scheme, err) != 0)
		return -1;
	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#')
		n++;
	authority = (struct str){rest.p, n};
	url->path = (struct str){rest.p + n, rest.n - n};
	for (size_t i = 0; i < url->path.n; i++)
		if (url->path.p[i] == '?' || url->path.p[i] == '#')
			return err_set(
			    err, (size_t)(url->path.p + i - text.p), "a query has no place here");
	read_userinfo(url, &authority);
	host = authority;
	if (host.n > 0 && host.p[0] == '[') {
		end = memchr(host.p, ']', host.n);
		if (end == NULL || (end + 1 < host.p + host.n && end[1] != ':'))
			return err_set(
			    err, (size_t)(host.p - text.p), "an IPv6 address is [address]:port");
		url->v6 = true;
		if (end + 1 < host.p + host.n)
			port = (struct str){end + 2, (size_t)(host.p + host.n - end - 2)};
		host = (struct str){host.p + 1, (size_t)(end - host.p - 1)};
	} else if (host.n > 0 && (end = memchr(host.p, ':', host.n)) != NULL) {
		port = (struct str){end + 1, (size_t)(host.p + host.n - end - 1)};
		host.n = (size_t)(end - host.p);
	}
	if (read_host(url, host, (size_t)(host.p - text.p), err) != 0)
		return -1;
	return read_port(url, port, (size_t)(port.n > 0 ? port.p - text.p : 0), err);
}

void
url_print_authority(struct buf *out, const struct url *url, bool always)
{
	buf_printf(out, url->v6 ? "[%s]" : "%s", url->host);
	if (always || url->port != (url->tls ? 443 : 80))
		buf_printf(out, ":%u", (unsigned)url->port);
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void
url_decode(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		int high, low;

		if (s.p[i] == '%' && i + 2 < s.n && (high = hex(s.p[i + 1])) >= 0 &&
		    (low = hex(s.p[i + 2])) >= 0) {
			buf_char(out, (char)(high << 4 | low));
			i += 2;
		} else {
			buf_char(out, s.p[i]);
		}
	}
}

/* Tests of url.c: what is read from a URL and what is not, and that no error shows a secret. */
#include "../url.h"

#include "tap.h"

struct good {
	const char *text;
	const char *scheme; /* the default one */
	bool tls;
	const char *host;
	bool v6;
	unsigned port;
	const char *user;
	const char *password;
	const char *path;
	const char *printed; /* authority, the port where it is needed */
};

static const struct good goods[] = {
    {"https://example.com", NULL, true, "example.com", false, 443, "", "", "", "example.com"},
    {"http://example.com", NULL, false, "example.com", false, 80, "", "", "", "example.com"},
    {"HTTPS://Example.COM", NULL, true, "example.com", false, 443, "", "", "", "example.com"},
    {"hTTp://A", "https", false, "a", false, 80, "", "", "", "a"},
    {"example.com", "http", false, "example.com", false, 80, "", "", "", "example.com"},
    {"example.com", "https", true, "example.com", false, 443, "", "", "", "example.com"},
    {"//h:3128", "http", false, "h", false, 3128, "", "", "", "h:3128"},
    {"h:3128", "http", false, "h", false, 3128, "", "", "", "h:3128"},
    {"https://h:443", NULL, true, "h", false, 443, "", "", "", "h"},
    {"http://h:443", NULL, false, "h", false, 443, "", "", "", "h:443"},
    {"https://h:80", NULL, true, "h", false, 80, "", "", "", "h:80"},
    {"http://h:80/", NULL, false, "h", false, 80, "", "", "/", "h"},
    {"http://h:", NULL, false, "h", false, 80, "", "", "", "h"},
    {"http://h:1", NULL, false, "h", false, 1, "", "", "", "h:1"},
    {"http://h:65535", NULL, false, "h", false, 65535, "", "", "", "h:65535"},
    {"http://h:00080", NULL, false, "h", false, 80, "", "", "", "h"},
    {"http://h/a/b%20c", NULL, false, "h", false, 80, "", "", "/a/b%20c", "h"},
    {"http://127.0.0.1:9", NULL, false, "127.0.0.1", false, 9, "", "", "", "127.0.0.1:9"},
    {"http://[::1]", NULL, false, "::1", true, 80, "", "", "", "[::1]"},
    {"https://[::1]:8443/x", NULL, true, "::1", true, 8443, "", "", "/x", "[::1]:8443"},
    {"[2001:DB8::A]:1", "https", true, "2001:db8::a", true, 1, "", "", "", "[2001:db8::a]:1"},
    {"http://[::ffff:1.2.3.4]", NULL, false, "::ffff:1.2.3.4", true, 80, "", "", "",
	"[::ffff:1.2.3.4]"},
    {"http://u:p@h", NULL, false, "h", false, 80, "u", "p", "", "h"},
    {"http://u@h:9", NULL, false, "h", false, 9, "u", "", "", "h:9"},
    {"http://u:@h", NULL, false, "h", false, 80, "u", "", "", "h"},
    {"http://:p@h", NULL, false, "h", false, 80, "", "p", "", "h"},
    {"http://@h", NULL, false, "h", false, 80, "", "", "", "h"},
    {"http://:@h", NULL, false, "h", false, 80, "", "", "", "h"},
    {"http://u:p@ss@h:9", NULL, false, "h", false, 9, "u", "p@ss", "", "h:9"},
    {"http://u:@@@h", NULL, false, "h", false, 80, "u", "@@", "", "h"},
    {"http://u:a:b:c@h", NULL, false, "h", false, 80, "u", "a:b:c", "", "h"},
    {"http://us%40er:p%3Ass@h", NULL, false, "h", false, 80, "us%40er", "p%3Ass", "", "h"},
    {"http://u:[@[::1]:9", NULL, false, "::1", true, 9, "u", "[", "", "[::1]:9"},
    {"u:p@h:3128", "http", false, "h", false, 3128, "u", "p", "", "h:3128"},
    {"http://my_proxy-1.local", NULL, false, "my_proxy-1.local", false, 80, "", "", "",
	"my_proxy-1.local"},
    {"http://h/@x:y", NULL, false, "h", false, 80, "", "", "/@x:y", "h"},
    {"http://h.example.", NULL, false, "h.example.", false, 80, "", "", "", "h.example."},
};

static void
test_good(void)
{
	for (size_t i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
		const struct good *g = &goods[i];
		struct buf out = {0};
		struct err err = {0};
		struct url u;
		char port[8];

		if (!is_int(
			url_read(&u, str_of(g->text), g->scheme, &err), 0, "%s is read", g->text)) {
			note("%s", err.msg);
			continue;
		}
		is_int(u.tls, g->tls, "%s: https or not", g->text);
		is_str(u.host, g->host, "%s: host", g->text);
		is_int(u.v6, g->v6, "%s: IPv6 or not", g->text);
		is_int(u.port, g->port, "%s: port", g->text);
		is_mem(u.user.p, u.user.n, g->user, SIZE_MAX, "%s: user", g->text);
		is_mem(u.password.p, u.password.n, g->password, SIZE_MAX, "%s: password", g->text);
		is_mem(u.path.p, u.path.n, g->path, SIZE_MAX, "%s: path", g->text);
		url_print_authority(&out, &u, false);
		is_mem(out.p, out.n, g->printed, SIZE_MAX, "%s: authority", g->text);
		out.n = 0;
		url_print_authority(&out, &u, true);
		(void)snprintf(port, sizeof(port), ":%u", g->port);
		ok(out.n > strlen(port) &&
			memcmp(out.p + out.n - strlen(port), port, strlen(port)) == 0,
		    "%s: with its port on demand", g->text);
		buf_free(&out);
	}
}

static const struct {
	const char *text;
	const char *scheme;
	long pos; /* -1: any in the text */
} bads[] = {
    {"", NULL, 0},
    {"", "http", 0},
    {"https://", NULL, 8},
    {"http://:80", NULL, 7},
    {"http:///path", NULL, 7},
    {"http://u:SECRET@", NULL, -1},
    {"http://u:SECRET@:80", NULL, -1},
    {"example.com", NULL, 0},
    {"//example.com", NULL, 0},
    {"ftp://example.com", NULL, 0},
    {"ftp://example.com", "http", 0},
    {"socks5://u:SECRET@h", "http", 0},
    {"httpss://h", "http", 0},
    {"http:/h", NULL, 0},
    {"http//h", NULL, 0},
    {" http://h", NULL, 0},
    {"http://h ", NULL, 8},
    {"http://h x", NULL, 8},
    {"http://h\t", NULL, 8},
    {"http://h\r\nX: y", NULL, 8},
    {"http://h\x01", NULL, 8},
    {"http://\xc3\xa9.com", NULL, 7},
    {"http://a%41b", NULL, 8},
    {"http://a,b", NULL, 8},
    {"http://a\\b", NULL, 8},
    {"http://h:x", NULL, 9},
    {"http://h:0", NULL, 9},
    {"http://h:65536", NULL, 9},
    {"http://h:99999999999999999999", NULL, 9},
    {"http://h:-1", NULL, 9},
    {"http://h:+1", NULL, 9},
    {"http://h: 80", NULL, 9},
    {"http://h:80 ", NULL, 9},
    {"http://h:80:90", NULL, 9},
    {"http://u:SECRET@h:port", NULL, 18},
    {"http://u:SECRET@h!", NULL, 17},
    {"http://u:SECRET@[::1", NULL, 16},
    {"http://u:SECRET@h?q", NULL, 17},
    {"http://::1", NULL, 7},
    {"http://::1:80", NULL, 7},
    {"http://[::1", NULL, 7},
    {"http://[::1]x", NULL, 7},
    {"http://[]", NULL, 8},
    {"http://[]:80", NULL, 8},
    {"http://[::1%eth0]", NULL, 11},
    {"http://[::1]:x", NULL, 13},
    {"http://h]", NULL, 8},
    {"http://h[", NULL, 8},
    {"http://h?q=1", NULL, 8},
    {"http://h#f", NULL, 8},
    {"http://h/p?q", NULL, 10},
    {"http://h/p#f", NULL, 10},
    {"http://u:SEC?RET@h", NULL, -1},
    {"http://u:SEC/RET@h", NULL, -1},
    {"http://u:SEC#RET@h", NULL, -1},
};

static void
test_bad(void)
{
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		struct err err = {.pos = 12345};
		struct url u;

		if (!is_int(url_read(&u, str_of(bads[i].text), bads[i].scheme, &err), -1,
			"'%s' is refused", bads[i].text))
			continue;
		if (bads[i].pos >= 0)
			is_int(err.pos, bads[i].pos, "'%s': position", bads[i].text);
		ok(err.pos <= strlen(bads[i].text), "'%s': position in the text", bads[i].text);
		ok(err.msg[0] != '\0' && strstr(err.msg, "SEC") == NULL &&
			strstr(err.msg, "RET") == NULL,
		    "'%s': %s", bads[i].text, err.msg);
	}
}

static void
test_bounds(void)
{
	struct buf b = {0};
	struct err err;
	struct url u;

	buf_str(&b, STR("http://"));
	for (int i = 0; i < URL_MAX_HOST; i++)
		buf_char(&b, 'a');
	is_int(url_read(&u, buf_slice(&b), NULL, &err), 0, "a host of %d bytes", URL_MAX_HOST);
	is_int(strlen(u.host), URL_MAX_HOST, "it is whole");
	buf_char(&b, 'a');
	is_int(url_read(&u, buf_slice(&b), NULL, &err), -1, "a byte more");
	buf_free(&b);
	is_int(url_read(&u, (struct str){"http://h\0x", 10}, NULL, &err), -1, "a NUL");
	is_int(err.pos, 8, "its position");
	is_int(url_read(&u, (struct str){"http://hx", 8}, NULL, &err), 0, "no NUL needed");
	is_str(u.host, "h", "nothing behind is read");
	is_int(url_read(&u, (struct str){"http://h:80", 10}, NULL, &err), 0, "nor of a port");
	is_int(u.port, 8, "it is 8");
}

static void
test_decode(void)
{
	static const char *const t[][2] = {{"", ""}, {"abc", "abc"}, {"%41", "A"}, {"%3a%3A", "::"},
	    {"us%40er", "us@er"}, {"%", "%"}, {"%4", "%4"}, {"a%4", "a%4"}, {"%zz", "%zz"},
	    {"%4g%41", "%4gA"}, {"%%41", "%A"}, {"%2541", "%41"}, {"+", "+"},
	    {"%e2%82%ac", "\xe2\x82\xac"}, {"%ff", "\xff"}, {"%0d%0a", "\r\n"}, {"%-1", "%-1"},
	    {"%@1", "%@1"}, {"%`1", "%`1"}, {"% 1", "% 1"}, {"%0x41", "%0x41"}};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct buf out = {0};

		buf_str(&out, STR("<"));
		url_decode(&out, str_of(t[i][0]));
		is_mem(out.p + 1, out.n - 1, t[i][1], SIZE_MAX, "decode %s", t[i][0]);
		buf_free(&out);
	}
	{
		struct buf out = {0};

		url_decode(&out, STR("a%00b"));
		is_mem(out.p, out.n, "a\0b", 3, "decode a NUL");
		out.n = 0;
		url_decode(&out, (struct str){"%41", 2});
		is_mem(out.p, out.n, "%4", 2, "nothing behind the slice is read");
		buf_free(&out);
	}
}

int
main(void)
{
	test_good();
	test_bad();
	test_bounds();
	test_decode();
	return done_testing();
}

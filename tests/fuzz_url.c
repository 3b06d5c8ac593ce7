/* Fuzz target for url.c. The first byte chooses the default scheme. What is read, written and read
 * again is the same, the slices are of the text, and an error has its place in it. */
#include "../url.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(cond) ((cond) ? (void)0 : broken(__LINE__, #cond))

static void
broken(int line, const char *what)
{
	(void)fprintf(stderr, "fuzz_url.c:%d: does not hold: %s\n", line, what);
	abort();
}

static void
check_slice(struct str text, struct str s)
{
	CHECK(s.p != NULL);
	CHECK(s.n == 0 || (s.p >= text.p && s.p + s.n <= text.p + text.n));
}

static void
check_again(const struct url *url)
{
	struct buf out = {0};
	struct url again;
	struct err err;

	for (int always = 0; always < 2; always++) {
		out.n = 0;
		buf_printf(&out, "http%s://", url->tls ? "s" : "");
		if (url->user.n > 0 || url->password.n > 0) {
			buf_str(&out, url->user);
			buf_char(&out, ':');
			buf_str(&out, url->password);
			buf_char(&out, '@');
		}
		url_print_authority(&out, url, always != 0);
		buf_str(&out, url->path);
		CHECK(url_read(&again, buf_slice(&out), NULL, &err) == 0);
		CHECK(again.tls == url->tls && again.v6 == url->v6 && again.port == url->port);
		CHECK(strcmp(again.host, url->host) == 0);
		CHECK(str_eq(again.user, url->user) && str_eq(again.password, url->password));
		CHECK(str_eq(again.path, url->path));
	}
	buf_free(&out);
}

static void
check_decode(struct str s)
{
	struct buf out = {0};
	size_t percents = 0;

	url_decode(&out, s);
	for (size_t i = 0; i < s.n; i++)
		percents += s.p[i] == '%';
	CHECK(out.n <= s.n && out.n + 2 * percents >= s.n);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const schemes[] = {NULL, "http", "https"};
	struct err err = {0};
	struct str text;
	struct url url;

	if (size < 1)
		return 0;
	text = (struct str){(const char *)data + 1, size - 1};
	if (url_read(&url, text, schemes[data[0] % 3], &err) == 0) {
		size_t n = strlen(url.host);

		CHECK(n > 0 && n <= URL_MAX_HOST && url.port > 0);
		for (size_t i = 0; i < n; i++)
			CHECK((url.host[i] >= 'a' && url.host[i] <= 'z') ||
			    (url.host[i] >= '0' && url.host[i] <= '9') ||
			    strchr(url.v6 ? "-._:" : "-._", url.host[i]) != NULL);
		CHECK(url.path.n == 0 || url.path.p[0] == '/');
		check_slice(text, url.user);
		check_slice(text, url.password);
		check_slice(text, url.path);
		check_again(&url);
	} else {
		CHECK(err.msg[0] != '\0' && err.pos <= text.n);
	}
	check_decode(text);
	return 0;
}

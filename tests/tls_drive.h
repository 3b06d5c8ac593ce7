/* tls_drive.h: the part of t_tls.c that is a client, driven by tls_test.py.
 *
 * It reads commands, one a line, and answers each with one line:
 *
 *     anchors FILE         load them: "ok COUNT SKIPPED SOURCE" or "error TEXT"; "-" is no file
 *     now SECONDS          the clock for certificates
 *     session on|off       a new session, or none
 *     entropy on|off       let getentropy fail
 *     ticks on|off         a signal each millisecond
 *     tcp PORT             connect to 127.0.0.1
 *     open HOST MS         "ok RESUMED SUITE MICROSECONDS" or "fault KIND TEXT"
 *     write MS N           N bytes: "ok" or "fault KIND TEXT"
 *     text MS TEXT         the same with TEXT, a line
 *     read MS N            once: "data N", "end" or "fault KIND TEXT"
 *     all MS               until the end: "data N HASH end" or "data N HASH fault KIND TEXT"
 *     quiet                "1" or "0"
 *     nodelay              the socket's TCP_NODELAY: "1" or "0"
 *     close                the TLS and the socket
 */
#ifndef TLS_DRIVE_H
#define TLS_DRIVE_H

#include <netinet/tcp.h>

struct driver {
	struct tls_anchors *anchors;
	struct tls_session *session;
	struct tls *tls;
	int fd;
};

static int64_t
micros(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t
after(const char *ms)
{
	return micros() / 1000 + strtoll(ms, NULL, 10);
}

static void
say_fault(enum tls_fault fault, const struct err *err)
{
	static const char *const names[] = {
		"ok", "timeout", "reset", "truncated", "certificate", "protocol", "local"
	};

	printf("fault %s %s\n", names[fault], err->msg);
}

static void
drive_anchors(struct driver *d, const char *path)
{
	struct err err;
	struct tls_anchors *old = d->anchors;

	d->anchors = strcmp(path, "-") == 0 ? tls_anchors_search(NULL, 0, &err) :
	    tls_anchors_load(path, &err);
	if (d->anchors == NULL)
		printf("error %s\n", err.msg);
	else
		printf("ok %zu %zu %s\n", tls_anchors_count(d->anchors),
		    tls_anchors_skipped(d->anchors), tls_anchors_source(d->anchors));
	tls_anchors_free(
	    old); /* after the new ones have their address, which the session compares */
}

static void
drive_tcp(struct driver *d, const char *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	d->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(d->fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    fcntl(d->fd, F_SETFL, O_NONBLOCK) != 0)
		printf("error %s\n", strerror(errno));
	else
		puts("ok");
}

static void
drive_open(struct driver *d, const char *host, const char *ms)
{
	enum tls_fault fault = TLS_OK;
	struct err err = {.msg = ""};
	int64_t start = micros();

	d->tls = tls_open(d->fd, strcmp(host, "''") == 0 ? "" : host, d->anchors, d->session,
	    after(ms), &fault, &err);
	if (d->tls == NULL)
		say_fault(fault, &err);
	else
		printf("ok %d %s %lld\n", tls_resumed(d->tls), tls_suite(d->tls),
		    (long long)(micros() - start));
}

static void
drive_write(struct driver *d, const char *ms, const char *text, size_t n)
{
	char *p = xmalloc(n);
	struct err err = {.msg = ""};

	if (text != NULL)
		memcpy(p, text, n);
	else
		memset(p, 'w', n);
	if (tls_write(d->tls, p, n, after(ms), &err) != 0)
		say_fault(tls_fault(d->tls), &err);
	else
		puts("ok");
	free(p);
}

static void
drive_read(struct driver *d, const char *ms, size_t n)
{
	char *p = xmalloc(n);
	struct err err = {.msg = ""};
	ssize_t got = tls_read(d->tls, p, n, after(ms), &err);

	if (got < 0)
		say_fault(tls_fault(d->tls), &err);
	else if (got == 0)
		puts("end");
	else
		printf("data %zd\n", got);
	free(p);
}

static void
drive_all(struct driver *d, const char *ms)
{
	char p[50000];
	struct err err = {.msg = ""};
	unsigned long long total = 0, hash = 0;
	int64_t deadline = after(ms);
	ssize_t n;

	while ((n = tls_read(d->tls, p, sizeof(p), deadline, &err)) > 0) {
		total += (unsigned long long)n;
		for (ssize_t i = 0; i < n; i++)
			hash = (hash * 31 + (unsigned char)p[i]) & 0xffffffff;
	}
	printf("data %llu %llu ", total, hash);
	if (n == 0)
		puts("end");
	else
		say_fault(tls_fault(d->tls), &err);
}

static void
ticked(int sig)
{
	(void)sig;
}

static void
drive_ticks(bool on)
{
	struct sigaction sa = {.sa_handler = ticked}; /* no SA_RESTART: calls end with EINTR */
	struct itimerval it = {{0, on ? 1000 : 0}, {0, on ? 1000 : 0}};

	(void)sigaction(SIGALRM, &sa, NULL);
	(void)setitimer(ITIMER_REAL, &it, NULL);
	puts("ok");
}

static void
drive_nodelay(struct driver *d)
{
	int on = 0;
	socklen_t n = sizeof(on);

	(void)getsockopt(d->fd, IPPROTO_TCP, TCP_NODELAY, &on, &n);
	printf("%d\n", on != 0);
}

static void
drive_close(struct driver *d)
{
	tls_close(d->tls);
	d->tls = NULL;
	if (d->fd >= 0)
		(void)close(d->fd);
	d->fd = -1;
	puts("ok");
}

static void
drive_session(struct driver *d, bool on)
{
	tls_session_free(d->session);
	d->session = on ? tls_session_new() : NULL;
	puts("ok");
}

static void
command(struct driver *d, const char *verb, const char *a, const char *b)
{
	bool on = strcmp(a, "on") == 0;

	if (strcmp(verb, "anchors") == 0)
		drive_anchors(d, a);
	else if (strcmp(verb, "now") == 0)
		tls_anchors_set_now(d->anchors, strtoll(a, NULL, 10)), puts("ok");
	else if (strcmp(verb, "session") == 0)
		drive_session(d, on);
	else if (strcmp(verb, "entropy") == 0)
		no_entropy = !on, puts("ok");
	else if (strcmp(verb, "ticks") == 0)
		drive_ticks(on);
	else if (strcmp(verb, "tcp") == 0)
		drive_tcp(d, a);
	else if (strcmp(verb, "open") == 0)
		drive_open(d, a, b);
	else if (strcmp(verb, "write") == 0)
		drive_write(d, a, NULL, (size_t)atol(b));
	else if (strcmp(verb, "text") == 0)
		drive_write(d, a, b, strlen(b));
	else if (strcmp(verb, "read") == 0)
		drive_read(d, a, (size_t)atol(b));
	else if (strcmp(verb, "all") == 0)
		drive_all(d, a);
	else if (strcmp(verb, "quiet") == 0)
		printf("%d\n", tls_quiet(d->tls));
	else if (strcmp(verb, "nodelay") == 0)
		drive_nodelay(d);
	else if (strcmp(verb, "close") == 0)
		drive_close(d);
	else
		printf("error what is %s?\n", verb);
}

/* fgets that goes on after a signal. */
static bool
next_command(char *line, int size)
{
	while (fgets(line, size, stdin) == NULL) {
		if (feof(stdin) || errno != EINTR)
			return false;
		clearerr(stdin);
	}
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static int
drive(void)
{
	struct driver d = {.fd = -1};
	static char line[4096];

	while (next_command(line, sizeof(line))) {
		char *a = strchr(line, ' '), *b = NULL;

		if (a != NULL) {
			*a++ = '\0';
			b = strchr(a, ' ');
			if (b != NULL)
				*b++ = '\0';
		}
		command(&d, line, a != NULL ? a : "", b != NULL ? b : "");
	}
	tls_close(d.tls);
	tls_session_free(d.session);
	tls_anchors_free(d.anchors);
	return 0;
}

#endif

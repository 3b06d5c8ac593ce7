/* server.h: for tests, a server on loopback that answers request after request as a script says, in
 * a thread of its own. It ends with server_end. */
#ifndef SERVER_H
#define SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../str.h"

enum after { KEEP, CLOSE, RESET, DRIP };

struct step {
	const char *answer;
	enum after after;
	unsigned delay_ms; /* before the request is read */
};

struct server {
	pthread_t thread;
	int listener;
	uint16_t port;
	const struct step *steps;
	size_t n;
	/* to be looked at when it has ended: */
	struct buf requests; /* as they came */
	size_t n_requests;
	size_t n_connections;
};

static void
pause_ms(unsigned ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000L};

	(void)nanosleep(&t, NULL);
}

/* Read one request. False when the client has gone. */
static bool
read_request(struct server *s, int fd)
{
	size_t start = s->requests.n, need = 0;

	for (;;) {
		const char *end, *length;
		ssize_t n;

		if (need == 0 && s->requests.n > start) {
			buf_char(&s->requests, '\0');
			s->requests.n--;
			end = strstr(s->requests.p + start, "\r\n\r\n");
			length = strstr(s->requests.p + start, "Content-Length: ");
			if (end != NULL)
				need = (size_t)(end + 4 - s->requests.p) +
				    (length != NULL && length < end ? (size_t)atol(length + 16) :
								      0);
		}
		if (need > 0 && s->requests.n >= need)
			return true;
		buf_reserve(&s->requests, 65536);
		n = recv(fd, s->requests.p + s->requests.n, 65536, 0);
		if (n <= 0)
			return false;
		s->requests.n += (size_t)n;
	}
}

static void
answer(int fd, const struct step *step)
{
	struct str s = str_of(step->answer);
	size_t piece = step->after == DRIP ? 1 : s.n;

	while (s.n > 0) {
		ssize_t n = send(fd, s.p, piece, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		s.p += n;
		s.n -= (size_t)n;
		if (step->after == DRIP)
			pause_ms(1);
	}
}

static void *
serve(void *context)
{
	static const struct step refuse = {"", CLOSE, 0};
	struct server *s = context;
	int fd = -1;

	for (;;) {
		const struct step *step = s->n_requests < s->n ? &s->steps[s->n_requests] : &refuse;

		if (fd < 0) {
			fd = accept(s->listener, NULL, NULL);
			if (fd < 0)
				return NULL;
			s->n_connections++;
		}
		pause_ms(step->delay_ms);
		if (!read_request(s, fd)) {
			(void)close(fd);
			fd = -1;
			continue;
		}
		s->n_requests++;
		answer(fd, step);
		if (step->after == RESET) {
			struct linger l = {1, 0};

			pause_ms(20); /* what was sent is read first */
			(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
		}
		if (step->after == CLOSE || step->after == RESET) {
			(void)close(fd);
			fd = -1;
		}
	}
}

static void
server_start(struct server *s, const struct step *steps, size_t n)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(a);
	int small = 4096;

	*s = (struct server){.steps = steps, .n = n};
	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	(void)setsockopt(s->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(s->listener, 8) != 0 ||
	    getsockname(s->listener, (struct sockaddr *)&a, &len) != 0 ||
	    pthread_create(&s->thread, NULL, serve, s) != 0)
		abort();
	s->port = ntohs(a.sin_port);
}

/* The client must have gone before. */
static void
server_end(struct server *s)
{
	(void)shutdown(s->listener, SHUT_RDWR);
	if (pthread_join(s->thread, NULL) != 0)
		abort();
	(void)close(s->listener);
	buf_char(&s->requests, '\0');
}

#endif

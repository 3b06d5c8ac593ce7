/*
 * limits.c: what tests/bench/run.py holds a search against, the work that none can leave out.
 *
 * usage: limits read FILE              read() it, a piece at a time, into one buffer
 *        limits touch THREADS FILE     map it and add up its words
 *        limits lines THREADS FILE     map it and find each newline with memchr()
 *        limits files THREADS DIR      open, read and close each file below it
 *        limits inflate THREADS DIR    the same, and inflate it with libdeflate
 *        limits cat FILE               read() and write() it
 *        limits write FILE             map it and write() it
 *        limits drain                  read() standard input to its end
 *
 * cat and write make a pipe that they write to large; drain leaves it to the writer.
 *
 * Says on standard error how many seconds that took and how many bytes it were. Walking the
 * folder and the start of the process are not in it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE ((size_t)1 << 18) /* bytes read or written at a time: they fit into a near cache */
#define BLOCK ((size_t)4 << 20) /* bytes of a mapped file that a thread takes at a time */
#define PIPE (1 << 20)          /* bytes in a pipe, the most that everybody may have */
#define MAX_THREADS 64

struct task {
	void (*work)(struct task *, size_t); /* unit i of n */
	size_t n, next;
	uint64_t bytes;
	pthread_mutex_t lock;
	const char *map; /* of a file ... */
	size_t size;
	char **files; /* ... or the files of a folder */
	size_t room;
	int inflate;
};

struct buffer {
	unsigned char *p;
	size_t size;
};

static __thread struct buffer packed, text;
static __thread struct libdeflate_decompressor *inflater;
static volatile uint64_t sink; /* keeps results from being left out */

static void
die(const char *what)
{
	fprintf(stderr, "limits: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
reserve(struct buffer *b, size_t n)
{
	if (b->size >= n)
		return;
	free(b->p);
	b->size = n + n / 4;
	b->p = malloc(b->size);
	if (b->p == NULL)
		die("memory");
}

static int
open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(path);
	return fd;
}

static size_t
size_of(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		die(path);
	return (size_t)st.st_size;
}

static void
add_bytes(struct task *t, uint64_t n)
{
	pthread_mutex_lock(&t->lock);
	t->bytes += n;
	pthread_mutex_unlock(&t->lock);
}

static void *
run(void *p)
{
	struct task *t = p;

	for (;;) {
		size_t i;

		pthread_mutex_lock(&t->lock);
		i = t->next++;
		pthread_mutex_unlock(&t->lock);
		if (i >= t->n)
			break;
		t->work(t, i);
	}
	free(packed.p);
	free(text.p);
	if (inflater != NULL)
		libdeflate_free_decompressor(inflater);
	return NULL;
}

static void
share(struct task *t, int threads)
{
	pthread_t others[MAX_THREADS];
	int i;

	if (threads < 1 || threads > MAX_THREADS) {
		errno = EINVAL;
		die("threads");
	}
	pthread_mutex_init(&t->lock, NULL);
	for (i = 1; i < threads; i++)
		if (pthread_create(&others[i], NULL, run, t) != 0)
			die("thread");
	run(t);
	for (i = 1; i < threads; i++)
		pthread_join(others[i], NULL);
}

static void
add_words(struct task *t, size_t i)
{
	size_t from = i * BLOCK, n = t->size - from < BLOCK ? t->size - from : BLOCK, k;
	uint64_t sum = 0, w;

	for (k = 0; k + 8 <= n; k += 8) {
		memcpy(&w, t->map + from + k, 8);
		sum += w;
	}
	sink = sum;
	add_bytes(t, n);
}

static void
find_newlines(struct task *t, size_t i)
{
	size_t from = i * BLOCK, n = t->size - from < BLOCK ? t->size - from : BLOCK;
	const char *p = t->map + from, *end = p + n;
	uint64_t lines = 0;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		lines++;
		p++;
	}
	sink = lines;
	add_bytes(t, n);
}

/* One file of a folder; a gzip file has one member, whose size its last four bytes say. */
static void
one_file(struct task *t, size_t i)
{
	const char *path = t->files[i];
	int fd = open_file(path);
	size_t n = size_of(fd, path), size;

	reserve(&packed, n + 1);
	if (read(fd, packed.p, n) != (ssize_t)n)
		die(path);
	close(fd);
	if (!t->inflate) {
		add_bytes(t, n);
		return;
	}
	errno = EINVAL;
	if (n < 18)
		die(path);
	size = packed.p[n - 4] | (size_t)packed.p[n - 3] << 8 | (size_t)packed.p[n - 2] << 16 |
	    (size_t)packed.p[n - 1] << 24;
	reserve(&text, size + 1);
	if (inflater == NULL)
		inflater = libdeflate_alloc_decompressor();
	if (libdeflate_gzip_decompress(inflater, packed.p, n, text.p, size, NULL) != 0)
		die(path);
	add_bytes(t, size);
}

static void
walk(struct task *t, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (dir == NULL)
		die(folder);
	while ((entry = readdir(dir)) != NULL) {
		size_t n = strlen(folder) + strlen(entry->d_name) + 2;
		char *path;

		if (entry->d_name[0] == '.')
			continue;
		path = malloc(n);
		if (path == NULL)
			die("memory");
		snprintf(path, n, "%s/%s", folder, entry->d_name);
		if (entry->d_type == DT_DIR) {
			walk(t, path);
			free(path);
			continue;
		}
		if (t->n == t->room) {
			t->room = 2 * t->room + 1024;
			t->files = realloc(t->files, t->room * sizeof(*t->files));
			if (t->files == NULL)
				die("memory");
		}
		t->files[t->n++] = path;
	}
	closedir(dir);
}

static void
map_file(struct task *t, const char *path)
{
	int fd = open_file(path);
	void *p;

	t->size = size_of(fd, path);
	p = mmap(NULL, t->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		die(path);
	close(fd);
	t->map = p;
	t->n = (t->size + BLOCK - 1) / BLOCK;
}

static void
write_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(1, p, n);

		if (k < 0)
			die("stdout");
		p += k;
		n -= (size_t)k;
	}
}

/* Reads to the end, and writes that if it shall; returns the bytes. */
static uint64_t
read_all(int fd, int copy)
{
	uint64_t total = 0;
	ssize_t k;

	reserve(&text, PIECE);
	while ((k = read(fd, text.p, PIECE)) > 0) {
		total += (uint64_t)k;
		if (copy)
			write_all((char *)text.p, (size_t)k);
	}
	if (k < 0)
		die("read");
	return total;
}

int
main(int argc, char **argv)
{
	struct task t;
	const char *what = argc > 1 ? argv[1] : "";
	double start = now();

	memset(&t, 0, sizeof(t));
	if (argc == 2 && strcmp(what, "drain") == 0) {
		t.bytes = read_all(0, 0);
	} else if (argc == 3 && (strcmp(what, "read") == 0 || strcmp(what, "cat") == 0)) {
		(void)fcntl(1, F_SETPIPE_SZ, PIPE); /* fails where it is no pipe */
		t.bytes = read_all(open_file(argv[2]), what[0] == 'c');
	} else if (argc == 3 && strcmp(what, "write") == 0) {
		(void)fcntl(1, F_SETPIPE_SZ, PIPE);
		map_file(&t, argv[2]);
		write_all(t.map, t.size);
		t.bytes = t.size;
	} else if (argc == 4 && (strcmp(what, "touch") == 0 || strcmp(what, "lines") == 0)) {
		map_file(&t, argv[3]);
		t.work = what[0] == 't' ? add_words : find_newlines;
		share(&t, atoi(argv[2]));
	} else if (argc == 4 && (strcmp(what, "files") == 0 || strcmp(what, "inflate") == 0)) {
		walk(&t, argv[3]);
		t.inflate = what[0] == 'i';
		t.work = one_file;
		start = now();
		share(&t, atoi(argv[2]));
	} else {
		fprintf(stderr, "limits: wrong arguments; see the head of limits.c\n");
		return 2;
	}
	fprintf(stderr, "%.6f %llu\n", now() - start, (unsigned long long)t.bytes);
	return 0;
}

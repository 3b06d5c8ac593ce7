/* Runs a fuzz target over the files given and all files in the folders given; prints TAP. It is how
 * `make check` replays the seed corpora; with libFuzzer this file is left out. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long replayed;

static void replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f) { perror(path); exit(1); }
	/* Exactly as long as the input, so that a sanitizer sees a read past its end. */
	uint8_t *data = NULL;
	size_t size = 0, n;
	char block[4096];
	while ((n = fread(block, 1, sizeof block, f)) > 0) {
		data = realloc(data, size + n);
		if (!data) { perror(path); exit(1); }
		for (size_t i = 0; i < n; i++) data[size + i] = (uint8_t)block[i];
		size += n;
	}
	fclose(f);
	if (!data) data = malloc(1);
	printf("# %s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	replayed++;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);
		struct dirent *e;
		char path[4096];
		if (!d) replay(argv[i]);
		while (d && (e = readdir(d))) {
			if (e->d_name[0] == '.') continue;
			snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
			replay(path);
		}
		if (d) closedir(d);
	}
	printf("%sok 1 - %lu inputs replayed\n1..1\n", replayed ? "" : "not ", replayed);
	return replayed == 0;
}

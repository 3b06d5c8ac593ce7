/* account.h: from the command line, the environment and AWS's files to the regions of an account
 * that are to be searched: credentials, endpoints, trust anchors, proxy. */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "creds.h"
#include "lookup.h"
#include "str.h"

#define ACCOUNT_MAX_REGIONS 128 /* each has threads of its own (pipeline.h) */

struct account_flags {
	struct settings_flags settings;
	const char *const *regions; /* as given: names, lists with commas, "all" */
	size_t n_regions;
	bool offline; /* nothing is to be asked: no credentials are needed */
};

struct account { /* {0} before account_open */
	struct settings settings;
	struct creds creds;
	struct tls_anchors *anchors;
	bool all; /* all regions of the partition were asked for */
	char (*names)[REGION_SIZE];
	struct lookup_region *regions; /* n of them, in the order given */
	size_t n;
};

/* Find out all that is needed to ask. -1 with err; then *usage tells whether the command line was
 * wrong. *a is to be freed in both cases, and must stay where it is until then: its parts point to
 * each other. Call it before threads are started. */
int account_open(
    struct account *a, const struct account_flags *flags, bool *usage, struct err *err) MUSTUSE;

/* Wipe and free. */
void account_free(struct account *a);

/* Is the region, where the events of the partition's global services are, among those to be
 * searched? If not, its name; else NULL. */
const char *account_missing_global(const struct account *a);

#endif

/* region.h: AWS partitions, their regions, and CloudTrail's host names.
 *
 * The tables are those that AWS ships with its SDKs (partitions.json and CloudTrail's endpoint
 * rules). A region that they do not have yet is assigned to a partition by the pattern of its name,
 * as AWS's own tools do, so that a new region works without a new program. The region that a
 * request is signed for is the region itself. Pure; any thread. */
#ifndef REGION_H
#define REGION_H

#include "str.h"

#define REGION_MAX 63 /* bytes of a region's name: it is a label of a host name */
#define REGION_SIZE (REGION_MAX + 1)
#define REGION_HOST_SIZE 160 /* bytes for a host name: the longest has 108 and a NUL */

struct region_partition {
	const char *id;              /* as in an ARN: "aws", "aws-cn" */
	const char *suffix;          /* of host names */
	const char *dual_suffix;     /* of dual-stack host names */
	bool dual_stack;             /* are there any? */
	const char *global_region;   /* where the events of IAM and other global services are */
	const char *const *regions;  /* all of them, sorted, NULL at the end */
	const char *const *prefixes; /* of the names of regions to come, NULL at the end */
};

/* Read a region's name, as a person or a configuration gives it, into out. A name as of old, with
 * "fips-" in front or "-fips" behind, is taken as the region without it and *fips is set; otherwise
 * *fips stays as it is. -1 where the name cannot be a region's: not 1 to 63 of a-z, 0-9 and '-'
 * with none of '-' at an end, all digits, or "aws-global" and its like. */
int region_read(char out[REGION_SIZE], struct str name, bool *fips, struct err *err) MUSTUSE;

/* The partition of a region; "aws" where the name tells nothing. Never NULL. */
const struct region_partition *region_partition(struct str region);

/* Is the region in our tables? One that is not may still exist. */
bool region_is_known(struct str region);

/* Write the host name of CloudTrail in a region, which region_read has accepted, to out; fips and
 * dual_stack choose the variants (AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT). That the name
 * can be formed does not mean that it exists. -1 where the partition has no such variant. */
int region_cloudtrail_host(char out[REGION_HOST_SIZE], struct str region, bool fips,
    bool dual_stack, struct err *err) MUSTUSE;

#endif

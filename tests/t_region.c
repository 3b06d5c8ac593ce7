/* Partitions, regions and CloudTrail's host names. The expected host names are what the endpoint
 * rules that AWS ships with its SDK for Python give. */
#include "../region.h"
#include "tap.h"

struct host_case {
	const char *region;
	const char *partition;
	bool known;
	const char *plain;
	const char *fips;
	const char *dual; /* NULL: refused */
	const char *both;
};

#define HOSTS(region, suffix, dual)                                                                \
	"cloudtrail." region "." suffix, "cloudtrail-fips." region "." suffix,                     \
	    "cloudtrail." region "." dual, "cloudtrail-fips." region "." dual
#define GOV(region)                                                                                \
	"cloudtrail." region ".amazonaws.com", "cloudtrail." region ".amazonaws.com",              \
	    "cloudtrail." region ".api.aws", "cloudtrail-fips." region ".api.aws"
#define NO_DUAL(region, suffix)                                                                    \
	"cloudtrail." region "." suffix, "cloudtrail-fips." region "." suffix, NULL, NULL

static const struct host_case hosts[] = {
	{"us-east-1", "aws", true, HOSTS("us-east-1", "amazonaws.com", "api.aws")},
	{"us-west-2", "aws", true, HOSTS("us-west-2", "amazonaws.com", "api.aws")},
	{"af-south-1", "aws", true, HOSTS("af-south-1", "amazonaws.com", "api.aws")},
	{"ap-southeast-7", "aws", true, HOSTS("ap-southeast-7", "amazonaws.com", "api.aws")},
	{"mx-central-1", "aws", true, HOSTS("mx-central-1", "amazonaws.com", "api.aws")},
	{"cn-north-1", "aws-cn", true,
	    HOSTS("cn-north-1", "amazonaws.com.cn", "api.amazonwebservices.com.cn")},
	{"cn-northwest-1", "aws-cn", true,
	    HOSTS("cn-northwest-1", "amazonaws.com.cn", "api.amazonwebservices.com.cn")},
	{"eusc-de-east-1", "aws-eusc", true,
	    HOSTS("eusc-de-east-1", "amazonaws.eu", "api.amazonwebservices.eu")},
	{"us-iso-east-1", "aws-iso", true, HOSTS("us-iso-east-1", "c2s.ic.gov", "api.aws.ic.gov")},
	{"us-iso-west-1", "aws-iso", true, HOSTS("us-iso-west-1", "c2s.ic.gov", "api.aws.ic.gov")},
	{"us-isob-east-1", "aws-iso-b", true,
	    HOSTS("us-isob-east-1", "sc2s.sgov.gov", "api.aws.scloud")},
	{"us-isob-west-1", "aws-iso-b", true,
	    HOSTS("us-isob-west-1", "sc2s.sgov.gov", "api.aws.scloud")},
	{"eu-isoe-west-1", "aws-iso-e", true, NO_DUAL("eu-isoe-west-1", "cloud.adc-e.uk")},
	{"us-isof-east-1", "aws-iso-f", true, NO_DUAL("us-isof-east-1", "csp.hci.ic.gov")},
	{"us-isof-south-1", "aws-iso-f", true, NO_DUAL("us-isof-south-1", "csp.hci.ic.gov")},
	{"us-gov-east-1", "aws-us-gov", true, GOV("us-gov-east-1")},
	{"us-gov-west-1", "aws-us-gov", true, GOV("us-gov-west-1")},
	/* regions to come: by their pattern, else as in aws */
	{"us-south-12", "aws", false, HOSTS("us-south-12", "amazonaws.com", "api.aws")},
	{"xx-foo-9", "aws", false, HOSTS("xx-foo-9", "amazonaws.com", "api.aws")},
	{"us-east-1a", "aws", false, HOSTS("us-east-1a", "amazonaws.com", "api.aws")},
	{"cn-south-3", "aws-cn", false,
	    HOSTS("cn-south-3", "amazonaws.com.cn", "api.amazonwebservices.com.cn")},
	{"cn-a-b-1", "aws", false, HOSTS("cn-a-b-1", "amazonaws.com", "api.aws")},
	{"cn--1", "aws", false, HOSTS("cn--1", "amazonaws.com", "api.aws")},
	{"cn-1", "aws", false, HOSTS("cn-1", "amazonaws.com", "api.aws")},
	{"cn", "aws", false, HOSTS("cn", "amazonaws.com", "api.aws")},
	{"cnx-north-1", "aws", false, HOSTS("cnx-north-1", "amazonaws.com", "api.aws")},
	{"eusc-de-west-2", "aws-eusc", false,
	    HOSTS("eusc-de-west-2", "amazonaws.eu", "api.amazonwebservices.eu")},
	{"eusc-fr-east-1", "aws", false, HOSTS("eusc-fr-east-1", "amazonaws.com", "api.aws")},
	{"us-iso-north-7", "aws-iso", false,
	    HOSTS("us-iso-north-7", "c2s.ic.gov", "api.aws.ic.gov")},
	{"us-isob-north-7", "aws-iso-b", false,
	    HOSTS("us-isob-north-7", "sc2s.sgov.gov", "api.aws.scloud")},
	{"eu-isoe-north-7", "aws-iso-e", false, NO_DUAL("eu-isoe-north-7", "cloud.adc-e.uk")},
	{"us-isof-north-7", "aws-iso-f", false, NO_DUAL("us-isof-north-7", "csp.hci.ic.gov")},
	{"us-gov-north-7", "aws-us-gov", false, GOV("us-gov-north-7")},
};

static void
host_is(const char *region, bool fips, bool dual, const char *want)
{
	char host[REGION_HOST_SIZE], text[200];
	struct err err = {0};

	if (region_cloudtrail_host(host, str_of(region), fips, dual, &err) == 0) {
		is_str(host, want, "%s%s%s", region, fips ? " fips" : "",
		    dual ? " dual-stack" : "");
	} else {
		snprintf(text, sizeof(text),
		    "region %s has no dual-stack endpoints (partition %s): do not ask for one",
		    region, region_partition(str_of(region))->id);
		ok(want == NULL && dual, "%s has no dual-stack hosts", region);
		is_str(err.msg, text, "and says so");
	}
}

static void
test_hosts(void)
{
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		const struct host_case *c = &hosts[i];

		is_str(region_partition(str_of(c->region))->id, c->partition, "%s: partition",
		    c->region);
		is_int(region_is_known(str_of(c->region)), c->known, "%s: known", c->region);
		host_is(c->region, false, false, c->plain);
		host_is(c->region, true, false, c->fips);
		host_is(c->region, false, true, c->dual);
		host_is(c->region, true, true, c->both);
	}
}

/* The longest name that there can be, in the partition with the longest suffix. */
static void
test_longest(void)
{
	char name[REGION_SIZE] = "cn-", host[REGION_HOST_SIZE];
	struct err err;

	memset(name + 3, 'x', REGION_MAX - 5);
	memcpy(name + REGION_MAX - 2, "-1", 3);
	is_str(region_partition(str_of(name))->id, "aws-cn", "a long name");
	ok(region_cloudtrail_host(host, str_of(name), true, true, &err) == 0 &&
	    strlen(host) == 16 + REGION_MAX + 1 + strlen("api.amazonwebservices.com.cn"),
	    "its host name is not cut");
}

static void
test_lists(void)
{
	static const struct { const char *region; const char *home; int n; } v[] = {
		{"us-east-1", "us-east-1", 34}, {"cn-north-1", "cn-northwest-1", 2},
		{"us-gov-east-1", "us-gov-west-1", 2}, {"eusc-de-east-1", "eusc-de-east-1", 1},
		{"us-iso-west-1", "us-iso-east-1", 2}, {"us-isob-west-1", "us-isob-east-1", 2},
		{"eu-isoe-west-1", "eu-isoe-west-1", 1}, {"us-isof-east-1", "us-isof-south-1", 2},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		const struct region_partition *p = region_partition(str_of(v[i].region));
		int n = 0, bad = 0;

		for (; p->regions[n] != NULL; n++) {
			char name[REGION_SIZE];
			bool fips = false;
			struct err err;

			bad += region_read(name, str_of(p->regions[n]), &fips, &err) < 0 || fips;
			bad += region_partition(str_of(p->regions[n])) != p;
			bad += n > 0 && strcmp(p->regions[n - 1], p->regions[n]) >= 0;
		}
		is_int(n, v[i].n, "%s: number of regions", p->id);
		is_int(bad, 0, "%s: they are valid, its own, and sorted", p->id);
		is_str(p->global_region, v[i].home, "%s: global region", p->id);
		ok(region_is_known(str_of(p->global_region)), "%s: which is one of them", p->id);
	}
}

#define NO_NAME " is not a region's name: that is small letters, digits and hyphens, like us-east-1"
#define NO_PLACE " is not a region that CloudTrail is in: name one like us-east-1"

static void
test_names(void)
{
	static const struct { const char *in, *out; bool fips; const char *why; } v[] = {
		{"us-east-1", "us-east-1", false, NULL},
		{"x", "x", false, NULL},
		{"1a", "1a", false, NULL},
		{"fips-us-east-1", "us-east-1", true, NULL},
		{"us-east-1-fips", "us-east-1", true, NULL},
		{"us-fips-gov-west-1", "us-gov-west-1", true, NULL},
		{"fipsy", "fipsy", false, NULL},
		{"", NULL, false, "\"\"" NO_NAME},
		{"fips-", NULL, false, "\"fips-\"" NO_NAME},
		{"US-EAST-1", NULL, false, "\"US-EAST-1\"" NO_NAME},
		{"us_east_1", NULL, false, "\"us_east_1\"" NO_NAME},
		{"-us-east-1", NULL, false, "\"-us-east-1\"" NO_NAME},
		{"us-east-1-", NULL, false, "\"us-east-1-\"" NO_NAME},
		{"us-east-1 ", NULL, false, "\"us-east-1 \"" NO_NAME},
		{"us-east-1\n", NULL, false, "\"us-east-1\\x0a\"" NO_NAME},
		{"123", NULL, false, "\"123\"" NO_NAME},
		{"evil.example/", NULL, false, "\"evil.example/\"" NO_NAME},
		{"us.east.1", NULL, false, "\"us.east.1\"" NO_NAME},
		{"\xc3\xbc-1", NULL, false, "\"\xc3\xbc-1\"" NO_NAME},
		{"aws-global", NULL, false, "\"aws-global\"" NO_PLACE},
		{"aws-iso-b-global", NULL, false, "\"aws-iso-b-global\"" NO_PLACE},
		{"my-global", "my-global", false, NULL},
	};
	char out[REGION_SIZE], longest[REGION_SIZE + 1];

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct err err = {0};
		bool fips = false;
		int rv = region_read(out, str_of(v[i].in), &fips, &err);

		is_str(rv == 0 ? out : NULL, v[i].out, "\"%s\"", v[i].in);
		is_int(fips, v[i].fips, "\"%s\": fips", v[i].in);
		is_str(rv < 0 ? err.msg : NULL, v[i].why, "\"%s\": why", v[i].in);
	}
	memset(longest, 'x', sizeof(longest));
	for (size_t n = REGION_MAX; n <= REGION_MAX + 1; n++) {
		struct err err;
		bool fips = true;

		is_int(region_read(out, (struct str){longest, n}, &fips, &err),
		    n == REGION_MAX ? 0 : -1, "%zu bytes", n);
		ok(fips, "fips stays as it was");
	}
}

int
main(void)
{
	test_hosts();
	test_longest();
	test_lists();
	test_names();
	return done_testing();
}

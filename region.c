/* region.c: see region.h. */
#include "region.h"

static const char *const aws_regions[] = {
	"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2",
	"ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2",
	"ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
	"ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1",
	"eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1",
	"me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
	"us-west-2", NULL
};
static const char *const cn_regions[] = {"cn-north-1", "cn-northwest-1", NULL};
static const char *const eusc_regions[] = {"eusc-de-east-1", NULL};
static const char *const iso_regions[] = {"us-iso-east-1", "us-iso-west-1", NULL};
static const char *const iso_b_regions[] = {"us-isob-east-1", "us-isob-west-1", NULL};
static const char *const iso_e_regions[] = {"eu-isoe-west-1", NULL};
static const char *const iso_f_regions[] = {"us-isof-east-1", "us-isof-south-1", NULL};
static const char *const gov_regions[] = {"us-gov-east-1", "us-gov-west-1", NULL};

static const char *const aws_prefixes[] = {
	"us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx", NULL
};
static const char *const cn_prefixes[] = {"cn", NULL};
static const char *const eusc_prefixes[] = {"eusc-de", NULL};
static const char *const iso_prefixes[] = {"us-iso", NULL};
static const char *const iso_b_prefixes[] = {"us-isob", NULL};
static const char *const iso_e_prefixes[] = {"eu-isoe", NULL};
static const char *const iso_f_prefixes[] = {"us-isof", NULL};
static const char *const gov_prefixes[] = {"us-gov", NULL};

/* The partition "aws" is first: it is also what an unknown name belongs to. */
static const struct region_partition partitions[] = {
	{"aws", "amazonaws.com", "api.aws", true, "us-east-1", aws_regions, aws_prefixes},
	{"aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", true, "cn-northwest-1",
	    cn_regions, cn_prefixes},
	{"aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", true, "eusc-de-east-1",
	    eusc_regions, eusc_prefixes},
	{"aws-iso", "c2s.ic.gov", "api.aws.ic.gov", true, "us-iso-east-1", iso_regions,
	    iso_prefixes},
	{"aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", true, "us-isob-east-1", iso_b_regions,
	    iso_b_prefixes},
	{"aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", false, "eu-isoe-west-1",
	    iso_e_regions, iso_e_prefixes},
	{"aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", false, "us-isof-south-1",
	    iso_f_regions, iso_f_prefixes},
	{"aws-us-gov", "amazonaws.com", "api.aws", true, "us-gov-west-1", gov_regions,
	    gov_prefixes},
};

#define N_PARTITIONS (sizeof(partitions) / sizeof(*partitions))

/* --- names --- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word_byte(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z');
}

/* Copy s to out without any occurrence of part, as Python's str.replace does it. */
static size_t
without(char *out, struct str s, struct str part)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n;) {
		if (s.n - i >= part.n && memcmp(s.p + i, part.p, part.n) == 0)
			i += part.n;
		else
			out[n++] = s.p[i++];
	}
	return n;
}

/* Is it a partition's pseudo-region, "aws-global"? */
static bool
is_global(struct str name)
{
	for (size_t i = 0; i < N_PARTITIONS; i++) {
		struct str id = str_of(partitions[i].id);

		if (name.n > id.n && memcmp(name.p, id.p, id.n) == 0 &&
		    str_eq((struct str){name.p + id.n, name.n - id.n}, STR("-global")))
			return true;
	}
	return false;
}

static bool
is_valid(struct str name)
{
	size_t digits = 0;

	for (size_t i = 0; i < name.n; i++) {
		if (!is_word_byte(name.p[i]) && name.p[i] != '-')
			return false;
		digits += is_digit(name.p[i]);
	}
	return name.n > 0 && digits < name.n && name.p[0] != '-' && name.p[name.n - 1] != '-';
}

int
region_read(char out[REGION_SIZE], struct str name, bool *fips, struct err *err)
{
	char shown[80], half[REGION_SIZE];
	size_t n = 0;

	if (name.n <= REGION_MAX) {
		n = without(half, name, STR("fips-"));
		n = without(out, (struct str){half, n}, STR("-fips"));
	}
	if (!is_valid((struct str){out, n}))
		return err_set(err, 0,
		    "\"%s\" is not a region's name: that is small letters, digits and hyphens, "
		    "like us-east-1", str_escape(shown, sizeof(shown), name));
	if (is_global((struct str){out, n}))
		return err_set(err, 0, "\"%s\" is not a region that CloudTrail is in: name one "
		    "like %s", str_escape(shown, sizeof(shown), name), partitions[0].global_region);
	if (n < name.n)
		*fips = true;
	out[n] = '\0';
	return 0;
}

/* --- partitions --- */

static bool
is_listed(const struct region_partition *p, struct str region)
{
	for (size_t i = 0; p->regions[i] != NULL; i++)
		if (str_eq(region, str_of(p->regions[i])))
			return true;
	return false;
}

/* Does the region match ^prefix-\w+-\d+$ ? */
static bool
has_pattern(struct str region, struct str prefix)
{
	size_t i = prefix.n + 1, start;

	if (region.n <= prefix.n || memcmp(region.p, prefix.p, prefix.n) != 0 ||
	    region.p[prefix.n] != '-')
		return false;
	for (start = i; i < region.n && is_word_byte(region.p[i]); i++)
		continue;
	if (i == start || i == region.n)
		return false;
	for (start = ++i; i < region.n && is_digit(region.p[i]); i++)
		continue;
	return i > start && i == region.n;
}

const struct region_partition *
region_partition(struct str region)
{
	for (size_t i = 0; i < N_PARTITIONS; i++) {
		const struct region_partition *p = &partitions[i];

		if (is_listed(p, region))
			return p;
		for (size_t k = 0; p->prefixes[k] != NULL; k++)
			if (has_pattern(region, str_of(p->prefixes[k])))
				return p;
	}
	return &partitions[0];
}

bool
region_is_known(struct str region)
{
	return is_listed(region_partition(region), region);
}

/* --- hosts --- */

int
region_cloudtrail_host(char out[REGION_HOST_SIZE], struct str region, bool fips, bool dual_stack,
    struct err *err)
{
	const struct region_partition *p = region_partition(region);
	/* GovCloud's ordinary hosts are its FIPS hosts. */
	bool fips_name = fips && (dual_stack || p->regions != gov_regions);

	if (dual_stack && !p->dual_stack)
		return err_set(err, 0,
		    "region %.*s has no dual-stack endpoints (partition %s): do not ask for one",
		    (int)region.n, region.p, p->id);
	(void)snprintf(out, REGION_HOST_SIZE, "cloudtrail%s.%.*s.%s", fips_name ? "-fips" : "",
	    (int)region.n, region.p, dual_stack ? p->dual_suffix : p->suffix);
	return 0;
}

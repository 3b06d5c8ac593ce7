/* account.c: see account.h. */
#include "account.h"

#include <stdio.h>
#include <stdlib.h>

#include "anchors.h"
#include "http.h"

static bool
has_region(const struct account *a, const char *name)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->names[i], name) == 0)
			return true;
	return false;
}

static int
add_region(struct account *a, struct str name, struct err *err)
{
	char read[REGION_SIZE], shown[80];
	struct err why;

	if (region_read(read, name, &a->settings.fips, &why) != 0)
		return err_set(
		    err, 0, "--region: '%s': %s", str_escape(shown, sizeof(shown), name), why.msg);
	if (has_region(a, read))
		return 0;
	if (a->n == ACCOUNT_MAX_REGIONS)
		return err_set(err, 0, "--region: more than %d regions", ACCOUNT_MAX_REGIONS);
	a->names = xrealloc(a->names, a->n + 1, sizeof(*a->names));
	memcpy(a->names[a->n++], read, sizeof(read));
	return 0;
}

/* All regions of the partition that the configured region is in. */
static int
add_all(struct account *a, struct err *err)
{
	const struct region_partition *p = region_partition(str_of(a->settings.region));

	a->all = true;
	for (const char *const *name = p->regions; *name != NULL; name++)
		if (add_region(a, str_of(*name), err) != 0)
			return -1;
	return 0;
}

static int
add_list(struct account *a, struct str list, struct err *err)
{
	while (list.n > 0) {
		const char *comma = memchr(list.p, ',', list.n);
		size_t n = comma != NULL ? (size_t)(comma - list.p) : list.n;
		struct str name = {list.p, n};

		if ((str_eq(name, STR("all")) ? add_all(a, err) : add_region(a, name, err)) != 0)
			return -1;
		if (comma != NULL && n + 1 == list.n)
			return err_set(
			    err, 0, "--region: the name behind the last comma is missing");
		n += comma != NULL;
		list.p += n;
		list.n -= n;
	}
	return 0;
}

static int
list_regions(struct account *a, const struct account_flags *flags, struct err *err)
{
	for (size_t i = 0; i < flags->n_regions; i++)
		if (add_list(a, str_of(flags->regions[i]), err) != 0)
			return -1;
	if (a->n > 0)
		return 0;
	if (flags->n_regions > 0)
		return err_set(err, 0, "--region: the name of a region is missing");
	if (a->settings.region[0] == '\0')
		return err_set(err, 0,
		    "no region: give --region NAME (or --region all), set AWS_REGION, or "
		    "write 'region = NAME' for profile %s into the config file; for trail logs "
		    "give --trail SOURCE",
		    a->settings.profile);
	return add_region(a, str_of(a->settings.region), err);
}

static int
make_endpoint(struct account *a, const char *region, struct aws_config *aws, struct err *err)
{
	char host[REGION_HOST_SIZE], url[REGION_HOST_SIZE + 16];
	int r;

	if (a->settings.has_endpoint) {
		aws->endpoint = a->settings.endpoint;
	} else {
		if (region_cloudtrail_host(
			host, str_of(region), a->settings.fips, a->settings.dual_stack, err) != 0)
			return -1;
		(void)snprintf(url, sizeof(url), "https://%s", host);
		if (url_read(&aws->endpoint, str_of(url), NULL, err) != 0)
			return -1;
		aws->endpoint.user = aws->endpoint.password = aws->endpoint.path = (struct str){
		    "", 0};
	}
	r = http_find_proxy(&aws->proxy, &aws->endpoint, getenv, err);
	aws->proxied = r > 0;
	return r < 0 ? -1 : 0;
}

static int
load_anchors(struct account *a, struct err *err)
{
	char path[4096];
	struct str bundle = a->settings.ca_bundle;

	if (bundle.n >= sizeof(path))
		return err_set(err, 0, "the CA bundle's path is too long");
	if (bundle.n > 0)
		memcpy(path, bundle.p, bundle.n);
	path[bundle.n] = '\0';
	a->anchors = tls_anchors_load(bundle.n > 0 ? path : NULL, err);
	return a->anchors != NULL ? 0 : -1;
}

static int
make_regions(struct account *a, struct err *err)
{
	bool tls = false;

	a->regions = xrealloc(NULL, a->n, sizeof(*a->regions));
	for (size_t i = 0; i < a->n; i++) {
		struct aws_config *aws = &a->regions[i].aws;

		a->regions[i] = (struct lookup_region){.name = a->names[i]};
		aws->region = str_of(a->names[i]);
		aws->service = STR("cloudtrail");
		aws->credentials = (struct sigv4_credentials){
		    a->creds.access_key, a->creds.secret, a->creds.token};
		aws->max_attempts = a->settings.max_attempts > 0 ? a->settings.max_attempts :
								   AWS_MAX_ATTEMPTS;
		if (make_endpoint(a, a->names[i], aws, err) != 0)
			return -1;
		tls = tls || aws->endpoint.tls;
	}
	if (tls && load_anchors(a, err) != 0)
		return -1;
	for (size_t i = 0; i < a->n; i++)
		a->regions[i].aws.anchors = a->anchors;
	return 0;
}

int
account_open(struct account *a, const struct account_flags *flags, bool *usage, struct err *err)
{
	struct settings_host host = settings_process();

	*usage = false;
	if (settings_load(&a->settings, &flags->settings, &host, err) != 0)
		return -1;
	*usage = flags->n_regions > 0;
	if (list_regions(a, flags, err) != 0)
		return -1;
	*usage = false;
	if (!flags->offline && creds_load(&a->creds, &a->settings, err) != 0)
		return -1;
	return make_regions(a, err);
}

void
account_free(struct account *a)
{
	free(a->regions);
	free(a->names);
	tls_anchors_free(a->anchors);
	creds_free(&a->creds);
	settings_free(&a->settings);
	*a = (struct account){0};
}

const char *
account_missing_global(const struct account *a)
{
	const char *global = a->n > 0 ? region_partition(str_of(a->names[0]))->global_region : NULL;

	return global == NULL || has_region(a, global) ? NULL : global;
}

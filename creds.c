/* creds.c: see creds.h. */
#include "creds.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN 64 /* bytes of a foreign text in a message, with its NUL */

/* --- this process --- */

static const char *
process_get_env(void *context, const char *name)
{
	(void)context;
	return getenv(name);
}

static int
read_all(int fd, size_t size, struct buf *out)
{
	/* Room for all at once: a buffer that grows leaves its old bytes, secrets, behind. */
	buf_reserve(out, size + 1);
	for (;;) {
		ssize_t n = read(fd, out->p + out->n, out->cap - out->n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		out->n += (size_t)n;
		if (out->n > INI_MAX_BYTES)
			return 0; /* whoever parses it says so */
		buf_reserve(out, 1);
	}
}

static int
process_read_file(void *context, const char *path, struct buf *out, struct err *err)
{
	struct stat st;
	int fd, rv;

	(void)context;
	/* As the AWS CLI: what is no regular file, or behind a closed folder, is not there. */
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, 0, "cannot open it: %s", strerror(errno));
	rv = read_all(fd, st.st_size < INI_MAX_BYTES ? (size_t)st.st_size : INI_MAX_BYTES, out);
	if (rv < 0)
		(void)err_set(err, 0, "cannot read it: %s", strerror(errno));
	(void)close(fd);
	return rv < 0 ? -1 : 1;
}

struct settings_host
settings_process(void)
{
	return (struct settings_host){process_get_env, process_read_file, NULL};
}

/* --- variables and paths --- */

/* A variable's value; NULL where it is not set or empty. */
static const char *
get_env(const struct settings *s, const char *name)
{
	const char *v = s->host.get_env(s->host.context, name);

	return v != NULL && *v != '\0' ? v : NULL;
}

static bool
is_name_byte(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

/* Expand the variable that starts at p, "$NAME" or "${NAME}". Returns its length, 0 where there is
 * none with a value; then the '$' stays. */
static size_t
expand_variable(struct buf *out, const struct settings *s, const char *p)
{
	struct buf name = {0};
	const char *start = p + 1, *end = start, *value;

	if (*start == '{') {
		start++;
		end = strchr(start, '}');
		if (end == NULL)
			return 0;
	} else {
		while (is_name_byte(*end))
			end++;
	}
	buf_add(&name, start, (size_t)(end - start));
	buf_char(&name, '\0');
	value = s->host.get_env(s->host.context, name.p);
	buf_free(&name);
	if (value == NULL || end == start)
		return 0;
	buf_str(out, str_of(value));
	return (size_t)(end - p) + (*end == '}' && p[1] == '{');
}

/* Variables first, then a "~" in front, which is HOME; out is ended by a NUL. */
static void
expand_path(struct buf *out, const struct settings *s, const char *path)
{
	const char *home = get_env(s, "HOME");
	struct buf plain = {0};

	while (*path != '\0') {
		size_t n = *path == '$' ? expand_variable(&plain, s, path) : 0;

		if (n == 0)
			buf_char(&plain, *path);
		path += n > 0 ? n : 1;
	}
	buf_char(&plain, '\0');
	if (home != NULL && plain.p[0] == '~' && (plain.p[1] == '/' || plain.p[1] == '\0')) {
		buf_str(out, str_of(home));
		buf_str(out, str_of(plain.p + 1));
	} else {
		buf_str(out, str_of(plain.p));
	}
	buf_char(out, '\0');
	buf_free(&plain);
}

/* Read the file that the variable names, else the one at path. It may be missing. */
static int
load_file(struct settings_file *f, const struct settings *s, const char *variable,
    const char *path, struct err *err)
{
	const char *named = get_env(s, variable);
	struct buf real = {0}, text = {0};
	struct err why = {0};
	int r;

	path = named != NULL ? named : path;
	(void)str_escape(f->shown, sizeof(f->shown), str_of(path));
	expand_path(&real, s, path);
	r = s->host.read_file(s->host.context, real.p, &text, &why);
	f->there = r > 0;
	if (r > 0 && ini_parse(&f->ini, buf_slice(&text), &why) < 0)
		r = -1;
	if (text.p != NULL)
		explicit_bzero(text.p, text.cap);
	buf_free(&text);
	buf_free(&real);
	if (r < 0)
		return err_set(err, why.pos, "%s: %s", f->shown, why.msg);
	return 0;
}

/* --- one setting --- */

struct found {
	struct str value; /* n is 0 where nothing was found */
	char where[160];  /* the variable, or the key, profile and file */
};

/* Note the key of the chosen profile as what was found. An empty value counts as none. */
static int
take_key(struct found *found, const struct settings_file *f, const struct ini_key *key,
    struct err *err)
{
	(void)snprintf(found->where, sizeof(found->where), "%.*s in line %zu of %s",
	    (int)key->name.n, key->name.p, key->line, f->shown);
	if (key->value.n > 0 && memchr(key->value.p, '\n', key->value.n) != NULL)
		return err_set(err, 0, "%s goes on in the line below, because that is indented",
		    found->where);
	found->value = key->value;
	return 0;
}

/* The chosen profile's key, with the file that it is in; NULL if there is none. */
static const struct ini_key *
profile_key(const struct settings *s, const char *name, const struct settings_file **file)
{
	const struct settings_file *files[] = {&s->credentials, &s->config};
	const struct ini_key *key = NULL;

	for (size_t i = 0; i < 2 && key == NULL; i++) {
		key = ini_key(&files[i]->ini, files[i]->profile, str_of(name));
		*file = files[i];
	}
	return key;
}

static bool
has_key(const struct settings *s, const char *name)
{
	const struct settings_file *file;

	return profile_key(s, name, &file) != NULL;
}

static int
find_key(struct found *found, const struct settings *s, const char *name, struct err *err)
{
	const struct settings_file *file;
	const struct ini_key *key = profile_key(s, name, &file);

	return key != NULL ? take_key(found, file, key, err) : 0;
}

static bool
find_env(struct found *found, const struct settings *s, const char *name)
{
	const char *v = get_env(s, name);

	if (v == NULL)
		return false;
	found->value = str_of(v);
	(void)snprintf(found->where, sizeof(found->where), "%s", name);
	return true;
}

/* The variable, else the profile's key. */
static int
find(struct found *found, const struct settings *s, const char *variable, const char *key,
    struct err *err)
{
	*found = (struct found){0};
	return find_env(found, s, variable) ? 0 : find_key(found, s, key, err);
}

static int
find_bool(bool *value, const struct settings *s, const char *variable, const char *key,
    struct err *err)
{
	struct found found;

	if (find(&found, s, variable, key, err) < 0)
		return -1;
	*value = str_eq_nocase(found.value, STR("true"));
	return 0;
}

/* --- the settings --- */

static int
choose_profile(struct settings *s, const struct settings_flags *flags, struct err *err)
{
	const char *from_env = get_env(s, "AWS_PROFILE");
	char shown[SHOWN];
	struct str name;

	if (from_env == NULL)
		from_env = get_env(s, "AWS_DEFAULT_PROFILE");
	s->profile_by_flag = flags->profile != NULL;
	s->profile = flags->profile != NULL ? flags->profile : from_env;
	name = s->profile != NULL ? str_of(s->profile) : STR("default");
	s->config.profile = ini_named_section(&s->config.ini, STR("profile"), name);
	s->credentials.profile = ini_section(&s->credentials.ini, name);
	if (s->profile != NULL && s->config.profile == NULL && s->credentials.profile == NULL)
		return err_set(err, 0, "there is no profile \"%s\" in %s%s or in %s%s",
		    str_escape(shown, sizeof(shown), name), s->config.shown,
		    s->config.there ? "" : " (no such file)", s->credentials.shown,
		    s->credentials.there ? "" : " (no such file)");
	s->profile = name.p;
	return 0;
}

static int
find_region(struct settings *s, struct err *err)
{
	struct found found = {0};
	struct err why;

	if (!find_env(&found, s, "AWS_REGION") && !find_env(&found, s, "AWS_DEFAULT_REGION") &&
	    find_key(&found, s, "region", err) < 0)
		return -1;
	if (found.value.n > 0 && region_read(s->region, found.value, &s->fips, &why) < 0)
		return err_set(err, 0, "%s: %s", found.where, why.msg);
	return 0;
}

/* The flag, AWS_CA_BUNDLE, the profile, REQUESTS_CA_BUNDLE. An empty name is an error, where other
 * programs take it as a reason not to check certificates at all. */
static int
find_ca_bundle(struct settings *s, const char *flag, struct err *err)
{
	const char *v = s->host.get_env(s->host.context, "AWS_CA_BUNDLE");
	struct found found = {{NULL, 0}, "AWS_CA_BUNDLE"};
	bool is_set = true;

	if (flag != NULL) {
		found.value = str_of(flag);
		(void)snprintf(found.where, sizeof(found.where), "--ca-bundle");
	} else if (v != NULL) {
		found.value = str_of(v);
	} else if (has_key(s, "ca_bundle")) {
		if (find_key(&found, s, "ca_bundle", err) < 0)
			return -1;
	} else {
		is_set = find_env(&found, s, "REQUESTS_CA_BUNDLE");
	}
	if (is_set && strspn(found.value.p, " \t\r\n") >= found.value.n)
		return err_set(err, 0, "%s is empty: name a file with certificates, or unset it",
		    found.where);
	s->ca_bundle = found.value;
	return 0;
}

/* The profile's key "services" names a section, where "cloudtrail" has an endpoint_url. */
static int
find_services_url(struct found *found, const struct settings *s, struct err *err)
{
	const struct ini_section *section;
	const struct ini_key *key;
	struct found services = {0};
	char shown[SHOWN];

	if (find_key(&services, s, "services", err) < 0)
		return -1;
	if (services.value.n == 0)
		return 0;
	section = ini_named_section(&s->config.ini, STR("services"), services.value);
	if (section == NULL)
		return err_set(err, 0, "%s: there is no section [services %s] in %s",
		    services.where, str_escape(shown, sizeof(shown), services.value),
		    s->config.shown);
	key = ini_key(&s->config.ini, section, STR("cloudtrail"));
	if (key != NULL && ini_nested(key, STR("endpoint_url"), &found->value))
		(void)snprintf(found->where, sizeof(found->where), "cloudtrail in line %zu of %s",
		    key->line, s->config.shown);
	return 0;
}

static int
find_endpoint(struct settings *s, const char *flag, struct err *err)
{
	struct found found = {{NULL, 0}, "--endpoint-url"};
	struct err why;
	bool ignore = false;

	if (flag != NULL) {
		found.value = str_of(flag);
	} else {
		if (find_bool(&ignore, s, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
			"ignore_configured_endpoint_urls", err) < 0)
			return -1;
		if (ignore)
			return 0;
		if (!find_env(&found, s, "AWS_ENDPOINT_URL_CLOUDTRAIL") &&
		    !find_env(&found, s, "AWS_ENDPOINT_URL")) {
			if (find_services_url(&found, s, err) < 0)
				return -1;
			if (found.value.n == 0 && find_key(&found, s, "endpoint_url", err) < 0)
				return -1;
		}
		if (found.value.n == 0)
			return 0;
	}
	s->has_endpoint = true;
	if (url_read(&s->endpoint, found.value, NULL, &why) < 0)
		return err_set(err, 0, "%s is no endpoint: %s", found.where, why.msg);
	if (s->endpoint.user.n > 0 || s->endpoint.password.n > 0)
		return err_set(err, 0, "%s is no endpoint: it has a user name", found.where);
	return 0;
}

static int
find_retries(struct settings *s, struct err *err)
{
	struct found found;
	char shown[SHOWN];
	unsigned n = 0;

	if (find(&found, s, "AWS_MAX_ATTEMPTS", "max_attempts", err) < 0)
		return -1;
	for (size_t i = 0; i < found.value.n && n <= SETTINGS_MAX_ATTEMPTS; i++) {
		char c = found.value.p[i];

		n = c >= '0' && c <= '9' ? n * 10 + (unsigned)(c - '0') : UINT32_MAX;
	}
	if (found.value.n > 0 && (n < 1 || n > SETTINGS_MAX_ATTEMPTS))
		return err_set(err, 0, "%s is \"%s\", not a number from 1 to %d", found.where,
		    str_escape(shown, sizeof(shown), found.value), SETTINGS_MAX_ATTEMPTS);
	s->max_attempts = n;
	if (find(&found, s, "AWS_RETRY_MODE", "retry_mode", err) < 0)
		return -1;
	if (found.value.n > 0 && !str_eq(found.value, STR("standard")) &&
	    !str_eq(found.value, STR("legacy")) && !str_eq(found.value, STR("adaptive")))
		return err_set(err, 0, "%s is \"%s\", not standard, adaptive or legacy",
		    found.where, str_escape(shown, sizeof(shown), found.value));
	return 0;
}

int
settings_load(struct settings *s, const struct settings_flags *flags,
    const struct settings_host *host, struct err *err)
{
	*s = (struct settings){.host = *host};
	if (load_file(&s->config, s, "AWS_CONFIG_FILE", "~/.aws/config", err) < 0 ||
	    load_file(&s->credentials, s, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials",
		err) < 0 ||
	    choose_profile(s, flags, err) < 0 ||
	    find_bool(&s->fips, s, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", err) < 0 ||
	    find_bool(&s->dual_stack, s, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint",
		err) < 0 ||
	    (!flags->region && find_region(s, err) < 0) ||
	    find_ca_bundle(s, flags->ca_bundle, err) < 0 ||
	    find_endpoint(s, flags->endpoint_url, err) < 0 || find_retries(s, err) < 0)
		return -1;
	if (s->has_endpoint)
		s->fips = s->dual_stack = false;
	return 0;
}

void
settings_free(struct settings *s)
{
	ini_free(&s->config.ini);
	ini_free(&s->credentials.ini);
	*s = (struct settings){0};
}

/* --- credentials --- */

/* Behind four letters for its kind, a key is 80 bits in base32 (RFC 4648, section 6). The first of
 * them is set where the next 40 are the account. */
bool
creds_account(struct str access_key, char account[CREDS_ACCOUNT_SIZE])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint64_t bits = 0;

	if (access_key.n != 20)
		return false;
	for (size_t i = 4; i < 13; i++) {
		const char *digit = memchr(digits, access_key.p[i], sizeof(digits) - 1);

		if (digit == NULL)
			return false;
		bits = bits << 5 | (uint64_t)(digit - digits);
	}
	if (bits >> 44 == 0)
		return false;
	bits = bits >> 4 & ((UINT64_C(1) << 40) - 1);
	return snprintf(account, CREDS_ACCOUNT_SIZE, "%012" PRIu64, bits) < CREDS_ACCOUNT_SIZE;
}

void
creds_free(struct creds *c)
{
	if (c->text.p != NULL)
		explicit_bzero(c->text.p, c->text.cap);
	buf_free(&c->text);
	*c = (struct creds){0};
}

static int
check_part(const struct found *part, struct err *err)
{
	if (part->value.n == 0)
		return err_set(err, 0, "%s is empty", part->where);
	for (size_t i = 0; i < part->value.n; i++) {
		char c = part->value.p[i];

		if (c <= ' ' || c >= 0x7f)
			return err_set(err, 0, "%s has a %s in it%s", part->where,
			    c == ' ' || c == '\t' ? "blank" : "byte that cannot be",
			    c == ' ' ? " (a comment needs a line of its own)" : "");
	}
	return 0;
}

/* Check the parts and copy them. A token is one only if `token` was found at all. */
static int
take(struct creds *c, const struct found *key, const struct found *secret,
    const struct found *token, struct err *err)
{
	bool has_token = token->where[0] != '\0';
	struct buf *b = &c->text;

	if (check_part(key, err) < 0 || check_part(secret, err) < 0 ||
	    (has_token && check_part(token, err) < 0))
		return -1;
	buf_reserve(b, key->value.n + secret->value.n + token->value.n);
	buf_str(b, key->value);
	buf_str(b, secret->value);
	if (has_token)
		buf_str(b, token->value);
	c->access_key = (struct str){b->p, key->value.n};
	c->secret = (struct str){b->p + key->value.n, secret->value.n};
	c->token = (struct str){c->secret.p + secret->value.n, has_token ? token->value.n : 0};
	return 1;
}

/* 1 where there are some, 0 where not, -1 where a part is missing or wrong. */
static int
from_environment(struct creds *c, const struct settings *s, struct err *err)
{
	struct found key = {0}, secret = {0}, token = {0};

	if (!find_env(&key, s, "AWS_ACCESS_KEY_ID"))
		return 0;
	if (!find_env(&secret, s, "AWS_SECRET_ACCESS_KEY"))
		return err_set(err, 0,
		    "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
	if (!find_env(&token, s, "AWS_SECURITY_TOKEN"))
		(void)find_env(&token, s, "AWS_SESSION_TOKEN");
	(void)snprintf(c->source, sizeof(c->source), "the environment");
	return take(c, &key, &secret, &token, err);
}

/* The same from a profile's keys in one file. */
static int
from_file(struct creds *c, const struct settings *s, const struct settings_file *f,
    struct err *err)
{
	static const char *const names[] = {"aws_access_key_id", "aws_secret_access_key",
	    "aws_security_token", "aws_session_token"};
	struct found found[4] = {0};
	char shown[SHOWN];

	(void)str_escape(shown, sizeof(shown), str_of(s->profile));
	for (size_t i = 0; i < 4; i++) {
		const struct ini_key *key = ini_key(&f->ini, f->profile, str_of(names[i]));

		if (key != NULL && take_key(&found[i], f, key, err) < 0)
			return -1;
		if (key == NULL && i == 0)
			return 0;
		if (key == NULL && i == 1)
			return err_set(err, 0,
			    "profile \"%s\" in %s has aws_access_key_id, but no %s", shown,
			    f->shown, names[i]);
	}
	(void)snprintf(c->source, sizeof(c->source), "profile \"%s\" in %s", shown, f->shown);
	return take(c, &found[0], &found[1], &found[found[2].where[0] != '\0' ? 2 : 3], err);
}

#define REMEDY 192 /* bytes */

/* The command that has the AWS CLI fetch the credentials. */
static void
print_remedy(char out[REMEDY], const struct settings *s)
{
	bool plain = strlen(s->profile) < SHOWN;

	for (const char *p = s->profile; *p != '\0'; p++)
		plain = plain && (is_name_byte(*p) || strchr("-.@+", *p) != NULL);
	(void)snprintf(out, REMEDY,
	    "eval \"$(aws configure export-credentials --profile %s --format env)\"%s",
	    plain ? s->profile : "NAME",
	    s->profile_by_flag ? ", then leave out --profile here" : "");
}

/* The profile's key asks for what is not here. */
static int
unsupported(const struct settings *s, const char *key, struct err *err)
{
	char remedy[REMEDY], shown[SHOWN];

	print_remedy(remedy, s);
	return err_set(err, 0, "profile \"%s\" has %s, which is not supported yet; run %s",
	    str_escape(shown, sizeof(shown), str_of(s->profile)), key, remedy);
}

/* The variable asks for what is not here. */
static int
unsupported_env(const struct settings *s, const char *variable, struct err *err)
{
	char remedy[REMEDY];

	print_remedy(remedy, s);
	return err_set(err, 0, "%s is set, which is not supported yet; run %s", variable, remedy);
}

static int
nowhere(const struct settings *s, struct err *err)
{
	static const char *const missing[] = {" (no such file)", ""};
	char remedy[REMEDY], shown[SHOWN];

	print_remedy(remedy, s);
	return err_set(err, 0,
	    "no credentials: %s, and for profile \"%s\" none in %s%s or %s%s; where a container or "
	    "an instance has some, run %s",
	    s->profile_by_flag ? "the environment's do not count beside --profile"
			       : "AWS_ACCESS_KEY_ID is not set",
	    str_escape(shown, sizeof(shown), str_of(s->profile)), s->credentials.shown,
	    missing[s->credentials.there], s->config.shown, missing[s->config.there], remedy);
}

/* The chain of the AWS CLI, in its order: 1 where there are credentials, 0 where not, or -1. */
static int
walk_chain(struct creds *c, const struct settings *s, struct err *err)
{
	static const char *const containers[] = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	    "AWS_CONTAINER_CREDENTIALS_FULL_URI"};
	bool web_identity = has_key(s, "web_identity_token_file");
	int r = s->profile_by_flag ? 0 : from_environment(c, s, err);

	if (r != 0)
		return r;
	if (has_key(s, "role_arn") && !web_identity)
		return unsupported(s, "role_arn", err);
	if (!s->profile_by_flag && get_env(s, "AWS_WEB_IDENTITY_TOKEN_FILE") != NULL)
		return unsupported_env(s, "AWS_WEB_IDENTITY_TOKEN_FILE", err);
	if (web_identity)
		return unsupported(s, "web_identity_token_file", err);
	if (has_key(s, "sso_account_id") || has_key(s, "sso_role_name"))
		return unsupported(s, has_key(s, "sso_session") ? "sso_session" : "sso_account_id",
		    err);
	r = from_file(c, s, &s->credentials, err);
	if (r != 0)
		return r;
	if (has_key(s, "login_session"))
		return unsupported(s, "login_session", err);
	if (has_key(s, "credential_process"))
		return unsupported(s, "credential_process", err);
	r = from_file(c, s, &s->config, err);
	for (size_t i = 0; r == 0 && i < 2; i++)
		if (get_env(s, containers[i]) != NULL)
			return unsupported_env(s, containers[i], err);
	return r;
}

int
creds_load(struct creds *c, const struct settings *s, struct err *err)
{
	int r;

	*c = (struct creds){0};
	r = walk_chain(c, s, err);
	if (r > 0)
		return 0;
	creds_free(c);
	return r < 0 ? -1 : nowhere(s, err);
}

/* Settings and credentials, out of made-up environments and files. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../creds.h"
#include "tap.h"

#define KEY_A "aws_access_key_id=AKIDA\naws_secret_access_key=secretA\n"
#define KEY_B "aws_access_key_id = AKIDB\naws_secret_access_key = secretB\n"
#define ENV_KEYS "AWS_ACCESS_KEY_ID=AKIDE|AWS_SECRET_ACCESS_KEY=secretE"
#define CONFIG "/h/.aws/config"
#define CREDENTIALS "/h/.aws/credentials"

struct world {
	const char *name;
	const char *env;         /* "NAME=value" separated by '|'; HOME=/h if NULL or not in it */
	const char *config;      /* content; NULL: there is no such file */
	const char *credentials;
	const char *profile;     /* --profile */
	const char *want;
};

struct host {
	const struct world *world;
	const char *config_path; /* where the files are */
	const char *credentials_path;
	char value[1024][64]; /* values that were asked for, as they must stay */
	size_t n;
};

static const char *
get_env(void *context, const char *name)
{
	struct host *h = context;
	const char *p = h->world->env != NULL ? h->world->env : "";
	size_t len = strlen(name);

	while (*p != '\0') {
		size_t n = strcspn(p, "|");

		if (n > len && memcmp(p, name, len) == 0 && p[len] == '=') {
			char *v = h->value[h->n++];

			memcpy(v, p + len + 1, n - len - 1);
			v[n - len - 1] = '\0';
			return v;
		}
		p += n + (p[n] == '|');
	}
	return strcmp(name, "HOME") == 0 ? "/h" : NULL;
}

static int
read_file(void *context, const char *path, struct buf *out, struct err *err)
{
	struct host *h = context;
	const char *text = NULL;

	if (strcmp(path, h->config_path) == 0)
		text = h->world->config;
	else if (strcmp(path, h->credentials_path) == 0)
		text = h->world->credentials;
	if (text == NULL)
		return 0;
	if (strcmp(text, "closed") == 0)
		return err_set(err, 0, "cannot open it: Permission denied");
	buf_str(out, str_of(text));
	return 1;
}

static struct host the_host;

static struct settings_host
host_of(const struct world *w)
{
	the_host.world = w;
	the_host.config_path = CONFIG;
	the_host.credentials_path = CREDENTIALS;
	the_host.n = 0;
	return (struct settings_host){get_env, read_file, &the_host};
}

static int
load(struct settings *s, const struct world *w, struct err *err)
{
	struct settings_host host = host_of(w);

	return settings_load(s, &(struct settings_flags){.profile = w->profile}, &host, err);
}

/* --- credentials --- */

#define EVAL(args) "eval \"$(aws configure export-credentials --profile " args " --format env)\""
#define NONE(profile, files)                                                                       \
	"error: no credentials: AWS_ACCESS_KEY_ID is not set, and for profile \"" profile          \
	"\" none in " files "; where a container or an instance has some, run " EVAL(profile)
#define FILES "~/.aws/credentials or ~/.aws/config"

static const struct world chains[] = {
	{"nothing", NULL, NULL, NULL, NULL,
	    NONE("default", "~/.aws/credentials (no such file) or ~/.aws/config (no such file)")},
	{"the environment", ENV_KEYS, NULL, NULL, NULL, "AKIDE secretE - (the environment)"},
	{"with a token", ENV_KEYS "|AWS_SESSION_TOKEN=tok", NULL, NULL, NULL,
	    "AKIDE secretE tok (the environment)"},
	{"an older name of the token first", ENV_KEYS "|AWS_SESSION_TOKEN=a|AWS_SECURITY_TOKEN=b",
	    NULL, NULL, NULL, "AKIDE secretE b (the environment)"},
	{"an empty token", ENV_KEYS "|AWS_SESSION_TOKEN=a|AWS_SECURITY_TOKEN=", NULL, NULL, NULL,
	    "AKIDE secretE a (the environment)"},
	{"key without secret", "AWS_ACCESS_KEY_ID=AKIDE", NULL, "[default]\n" KEY_A, NULL,
	    "error: AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"},
	{"key with an empty secret", "AWS_ACCESS_KEY_ID=AKIDE|AWS_SECRET_ACCESS_KEY=", NULL, NULL,
	    NULL, "error: AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"},
	{"secret without key", "AWS_SECRET_ACCESS_KEY=secretE", NULL, "[default]\n" KEY_A, NULL,
	    "AKIDA secretA - (profile \"default\" in ~/.aws/credentials)"},
	{"an empty key", "AWS_ACCESS_KEY_ID=|AWS_SECRET_ACCESS_KEY=x", NULL, "[default]\n" KEY_A,
	    NULL, "AKIDA secretA - (profile \"default\" in ~/.aws/credentials)"},
	{"a blank in a variable", "AWS_ACCESS_KEY_ID=AKIDE|AWS_SECRET_ACCESS_KEY=a b", NULL, NULL,
	    NULL, "error: AWS_SECRET_ACCESS_KEY has a blank in it (a comment needs a line of its "
		  "own)"},
	{"an end of line in a variable", ENV_KEYS "|AWS_SESSION_TOKEN=a\n", NULL, NULL, NULL,
	    "error: AWS_SESSION_TOKEN has a byte that cannot be in it"},

	{"credentials file", NULL, NULL, "[default]\n" KEY_A "aws_session_token = t\n", NULL,
	    "AKIDA secretA t (profile \"default\" in ~/.aws/credentials)"},
	{"config file", NULL, "[default]\n" KEY_A, NULL, NULL,
	    "AKIDA secretA - (profile \"default\" in ~/.aws/config)"},
	{"credentials before config", NULL, "[default]\n" KEY_A, "[default]\n" KEY_B, NULL,
	    "AKIDB secretB - (profile \"default\" in ~/.aws/credentials)"},
	{"keys are taken from one file", NULL, "[default]\naws_secret_access_key = x\n",
	    "[default]\naws_access_key_id = AKIDB\n", NULL,
	    "error: profile \"default\" in ~/.aws/credentials has aws_access_key_id, but no "
	    "aws_secret_access_key"},
	{"so is the token", NULL, "[default]\naws_session_token = x\n", "[default]\n" KEY_B, NULL,
	    "AKIDB secretB - (profile \"default\" in ~/.aws/credentials)"},
	{"a secret alone is nothing", NULL, NULL, "[default]\naws_secret_access_key = x\n", NULL,
	    NONE("default", "~/.aws/credentials or ~/.aws/config (no such file)")},
	{"no secret in config", NULL, "[default]\naws_access_key_id = AKIDA\n", NULL, NULL,
	    "error: profile \"default\" in ~/.aws/config has aws_access_key_id, but no "
	    "aws_secret_access_key"},
	{"an empty secret", NULL, NULL,
	    "[default]\naws_access_key_id = AKIDA\naws_secret_access_key =\n", NULL,
	    "error: aws_secret_access_key in line 3 of ~/.aws/credentials is empty"},
	{"an empty token in a file", NULL, NULL, "[default]\n" KEY_A "aws_session_token =\n", NULL,
	    "error: aws_session_token in line 4 of ~/.aws/credentials is empty"},
	{"a comment behind the secret", NULL, NULL,
	    "[default]\naws_access_key_id = AKIDA\naws_secret_access_key = x # mine\n", NULL,
	    "error: aws_secret_access_key in line 3 of ~/.aws/credentials has a blank in it (a "
	    "comment needs a line of its own)"},
	{"an indented line behind", NULL, NULL,
	    "[default]\naws_access_key_id = AKIDA\n aws_secret_access_key = x\n", NULL,
	    "error: aws_access_key_id in line 2 of ~/.aws/credentials goes on in the line below, "
	    "because that is indented"},
	{"an older name of the token in a file", NULL, NULL,
	    "[default]\n" KEY_A "aws_session_token = a\naws_security_token = b\n", NULL,
	    "AKIDA secretA b (profile \"default\" in ~/.aws/credentials)"},

	{"a profile by its variable", "AWS_PROFILE=p", "[profile p]\n" KEY_A, "[default]\n" KEY_B,
	    NULL, "AKIDA secretA - (profile \"p\" in ~/.aws/config)"},
	{"AWS_PROFILE before AWS_DEFAULT_PROFILE", "AWS_DEFAULT_PROFILE=q|AWS_PROFILE=p",
	    "[profile p]\n" KEY_A "[profile q]\n" KEY_B, NULL, NULL,
	    "AKIDA secretA - (profile \"p\" in ~/.aws/config)"},
	{"AWS_DEFAULT_PROFILE", "AWS_DEFAULT_PROFILE=q|AWS_PROFILE=",
	    "[profile p]\n" KEY_A "[profile q]\n" KEY_B, NULL, NULL,
	    "AKIDB secretB - (profile \"q\" in ~/.aws/config)"},
	{"a profile by its flag", "AWS_PROFILE=q", "[profile p]\n" KEY_A "[profile q]\n" KEY_B,
	    NULL, "p", "AKIDA secretA - (profile \"p\" in ~/.aws/config)"},
	{"the environment beats AWS_PROFILE", ENV_KEYS "|AWS_PROFILE=p", "[profile p]\n" KEY_A,
	    NULL, NULL, "AKIDE secretE - (the environment)"},
	{"--profile beats the environment", ENV_KEYS, "[profile p]\n" KEY_A, NULL, "p",
	    "AKIDA secretA - (profile \"p\" in ~/.aws/config)"},
	{"a profile without keys", ENV_KEYS, "[profile p]\nregion = eu-west-1\n", NULL, "p",
	    "error: no credentials: the environment's do not count beside --profile, and for "
	    "profile \"p\" none in ~/.aws/credentials (no such file) or ~/.aws/config; where a "
	    "container or an instance has some, run " EVAL("p") ", then leave out --profile here"},
	{"a profile that is in neither file", ENV_KEYS "|AWS_PROFILE=p\x1b", "[default]\n", NULL,
	    NULL, "error: there is no profile \"p\\x1b\" in ~/.aws/config or in "
		  "~/.aws/credentials (no such file)"},
	{"even if it is \"default\"", ENV_KEYS, NULL, NULL, "default",
	    "error: there is no profile \"default\" in ~/.aws/config (no such file) or in "
	    "~/.aws/credentials (no such file)"},
	{"config needs the word profile", NULL, "[p]\n" KEY_A, NULL, "p",
	    "error: there is no profile \"p\" in ~/.aws/config or in ~/.aws/credentials "
	    "(no such file)"},
	{"credentials do not know it", NULL, NULL, "[profile p]\n" KEY_A, "p",
	    "error: there is no profile \"p\" in ~/.aws/config (no such file) or in "
	    "~/.aws/credentials"},
	{"but take it as a name", NULL, NULL, "[profile p]\n" KEY_A, "profile p",
	    "AKIDA secretA - (profile \"profile p\" in ~/.aws/credentials)"},

	{"a role", NULL, "[profile p]\nrole_arn = r\nsource_profile = q\n", NULL, "p",
	    "error: profile \"p\" has role_arn, which is not supported yet; run " EVAL("p")
	    ", then leave out --profile here"},
	{"a role beats keys", NULL, "[default]\nrole_arn = r\n", "[default]\n" KEY_A, NULL,
	    "error: profile \"default\" has role_arn, which is not supported yet; run "
	    EVAL("default")},
	{"a role in the credentials file", "AWS_PROFILE=a.b-c@d+e_F", NULL,
	    "[a.b-c@d+e_F]\nrole_arn = r\n" KEY_A, NULL,
	    "error: profile \"a.b-c@d+e_F\" has role_arn, which is not supported yet; run "
	    EVAL("a.b-c@d+e_F")},
	{"the environment beats a role", ENV_KEYS, "[default]\nrole_arn = r\n", NULL, NULL,
	    "AKIDE secretE - (the environment)"},
	{"web identity by profile", "AWS_PROFILE=p",
	    "[profile p]\nrole_arn = r\nweb_identity_token_file = f\n" KEY_A, NULL, NULL,
	    "error: profile \"p\" has web_identity_token_file, which is not supported yet; run "
	    EVAL("p")},
	{"web identity by variable", "AWS_WEB_IDENTITY_TOKEN_FILE=f|AWS_ROLE_ARN=r", NULL,
	    "[default]\n" KEY_A, NULL,
	    "error: AWS_WEB_IDENTITY_TOKEN_FILE is set, which is not supported yet; run "
	    EVAL("default")},
	{"which --profile puts aside", "AWS_WEB_IDENTITY_TOKEN_FILE=f", NULL, "[p]\n" KEY_A, "p",
	    "AKIDA secretA - (profile \"p\" in ~/.aws/credentials)"},
	{"SSO", "AWS_PROFILE=p",
	    "[profile p]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n"
	    "[sso-session s]\n", "[p]\n" KEY_A, NULL,
	    "error: profile \"p\" has sso_session, which is not supported yet; run " EVAL("p")},
	{"SSO as it was", "AWS_PROFILE=p", "[profile p]\nsso_role_name = r\n", NULL, NULL,
	    "error: profile \"p\" has sso_account_id, which is not supported yet; run "
	    EVAL("p")},
	{"half of SSO is none", "AWS_PROFILE=p", "[profile p]\nsso_session = s\n" KEY_A, NULL, NULL,
	    "AKIDA secretA - (profile \"p\" in ~/.aws/config)"},
	{"login", "AWS_PROFILE=p", "[profile p]\nlogin_session = s\n" KEY_A, NULL, NULL,
	    "error: profile \"p\" has login_session, which is not supported yet; run " EVAL("p")},
	{"a process beats the config file", "AWS_PROFILE=p",
	    "[profile p]\ncredential_process = s\n" KEY_A, NULL, NULL,
	    "error: profile \"p\" has credential_process, which is not supported yet; run "
	    EVAL("p")},
	{"the credentials file beats a process and login", "AWS_PROFILE=p",
	    "[profile p]\ncredential_process = s\nlogin_session = t\n", "[p]\n" KEY_A, NULL,
	    "AKIDA secretA - (profile \"p\" in ~/.aws/credentials)"},
	{"a name that a shell would take apart", NULL, "[profile \"a $(b)\"]\nrole_arn = r\n", NULL,
	    "a $(b)", "error: profile \"a $(b)\" has role_arn, which is not supported yet; run "
	    EVAL("NAME") ", then leave out --profile here"},
	{"a container", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2", NULL, NULL, NULL,
	    "error: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set, which is not supported yet; run "
	    EVAL("default")},
	{"another", "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/", NULL, NULL, NULL,
	    "error: AWS_CONTAINER_CREDENTIALS_FULL_URI is set, which is not supported yet; run "
	    EVAL("default")},
	{"files beat the container", "AWS_CONTAINER_CREDENTIALS_FULL_URI=x", "[default]\n" KEY_A,
	    NULL, NULL, "AKIDA secretA - (profile \"default\" in ~/.aws/config)"},
};

static void
show(struct buf *b, struct str s)
{
	buf_str(b, s.n > 0 ? s : STR("-"));
	buf_char(b, ' ');
}

static void
test_chain(const struct world *w)
{
	struct settings s;
	struct creds c = {0};
	struct buf got = {0};
	struct err err = {0};

	if (load(&s, w, &err) < 0 || creds_load(&c, &s, &err) < 0) {
		buf_printf(&got, "error: %s", err.msg);
		ok(c.text.p == NULL && c.secret.n == 0, "%s: nothing is left over", w->name);
	} else {
		settings_free(&s);
		show(&got, c.access_key);
		show(&got, c.secret);
		show(&got, c.token);
		buf_printf(&got, "(%s)", c.source);
	}
	is_mem(got.p, got.n, w->want, strlen(w->want), "%s", w->name);
	ok(strstr(err.msg, "secretA") == NULL && strstr(err.msg, "secretE") == NULL,
	    "%s: no secret told", w->name);
	creds_free(&c);
	settings_free(&s);
	buf_free(&got);
}

/* --- settings --- */

#define D "[default]\n"
#define SERVICES(service, url)                                                                     \
	D "endpoint_url=http://c\nservices=s\n[services s]\n" service "=\n  endpoint_url=" url "\n"

/* The settings that are not as they are without any files and variables, as text. */
static const struct world settings[] = {
	{"nothing", NULL, NULL, NULL, NULL, ""},
	{"AWS_REGION", "AWS_REGION=eu-west-1|AWS_DEFAULT_REGION=eu-west-2", D "region=eu-west-3\n",
	    NULL, NULL, "region eu-west-1\n"},
	{"AWS_DEFAULT_REGION", "AWS_REGION=|AWS_DEFAULT_REGION=eu-west-2", D "region=eu-west-3\n",
	    NULL, NULL, "region eu-west-2\n"},
	{"region of the profile", "AWS_PROFILE=p", D "region=a-b\n[profile p]\nregion=eu-west-3\n",
	    NULL, NULL, "region eu-west-3\n"},
	{"not of another profile", "AWS_PROFILE=p", D "region=a-b\n[profile p]\n", NULL, NULL, ""},
	{"region of the credentials file", NULL, D "region=eu-west-3\n", D "region=eu-west-4\n",
	    NULL, "region eu-west-4\n"},
	{"region of the config file beside credentials", NULL, D "region=eu-west-3\n", D KEY_A,
	    NULL, "region eu-west-3\n"},
	{"an empty region", NULL, D "region=\n", NULL, NULL, ""},
	{"an empty region hides another", NULL, D "region=eu-west-3\n", D "region=\n", NULL, ""},
	{"a region with fips", "AWS_REGION=fips-us-east-1", NULL, NULL, NULL,
	    "region us-east-1\nfips\n"},
	{"a region that is none", "AWS_REGION=us_east_1", NULL, NULL, NULL,
	    "error: AWS_REGION: \"us_east_1\" is not a region's name: that is small letters, "
	    "digits and hyphens, like us-east-1"},
	{"a comment behind the region", NULL, D "region = us-east-1 # home\n", NULL, NULL,
	    "error: region in line 2 of ~/.aws/config: \"us-east-1 # home\" is not a region's "
	    "name: that is small letters, digits and hyphens, like us-east-1"},
	{"a line indented below the region", NULL, D "region = us-east-1\n  output = json\n", NULL,
	    NULL, "error: region in line 2 of ~/.aws/config goes on in the line below, because "
		  "that is indented"},
	{"which matters only if it is asked", "AWS_DEFAULT_REGION=eu-west-1",
	    D "region = us-east-1\n  output = json\n", NULL, NULL, "region eu-west-1\n"},

	{"AWS_CA_BUNDLE", "AWS_CA_BUNDLE=/a|REQUESTS_CA_BUNDLE=/c", D "ca_bundle=/b\n", NULL, NULL,
	    "ca_bundle /a\n"},
	{"ca_bundle", "REQUESTS_CA_BUNDLE=/c", D "ca_bundle=/b\n", NULL, NULL, "ca_bundle /b\n"},
	{"REQUESTS_CA_BUNDLE", "REQUESTS_CA_BUNDLE=/c", NULL, NULL, NULL, "ca_bundle /c\n"},
	{"an empty AWS_CA_BUNDLE", "AWS_CA_BUNDLE=", D "ca_bundle=/b\n", NULL, NULL,
	    "error: AWS_CA_BUNDLE is empty: name a file with certificates, or unset it"},
	{"a blank AWS_CA_BUNDLE", "AWS_CA_BUNDLE= \t", NULL, NULL, NULL,
	    "error: AWS_CA_BUNDLE is empty: name a file with certificates, or unset it"},
	{"an empty ca_bundle", "REQUESTS_CA_BUNDLE=/c", D "ca_bundle =\n", NULL, NULL,
	    "error: ca_bundle in line 2 of ~/.aws/config is empty: name a file with certificates, "
	    "or unset it"},
	{"an empty REQUESTS_CA_BUNDLE", "REQUESTS_CA_BUNDLE=", NULL, NULL, NULL, ""},

	{"FIPS and dual-stack", "AWS_USE_FIPS_ENDPOINT=True|AWS_USE_DUALSTACK_ENDPOINT=TRUE", NULL,
	    NULL, NULL, "fips\ndual-stack\n"},
	{"from the files", NULL, D "use_fips_endpoint=true\n", D "use_dualstack_endpoint=true\n",
	    NULL, "fips\ndual-stack\n"},
	{"the environment wins", "AWS_USE_FIPS_ENDPOINT=false|AWS_USE_DUALSTACK_ENDPOINT=1",
	    D "use_fips_endpoint=true\nuse_dualstack_endpoint=true\n", NULL, NULL, ""},
	{"what is not \"true\"", "AWS_USE_FIPS_ENDPOINT=yes|AWS_USE_DUALSTACK_ENDPOINT=1", NULL,
	    NULL, NULL, ""},

	{"the service's variable", "AWS_ENDPOINT_URL=http://b|AWS_ENDPOINT_URL_CLOUDTRAIL=http://a",
	    NULL, NULL, NULL, "endpoint a 80 \n"},
	{"the variable for all", "AWS_ENDPOINT_URL=https://B.example:8443/x/",
	    SERVICES("cloudtrail", "http://d"),
	    NULL, NULL, "endpoint b.example 8443 tls /x/\n"},
	{"the services section", "AWS_ENDPOINT_URL=",
	    SERVICES("cloudtrail", "http://d"),
	    NULL, NULL, "endpoint d 80 \n"},
	{"a services section of other services", NULL,
	    SERVICES("s3", "http://d"), NULL,
	    NULL, "endpoint c 80 \n"},
	{"a services section that says nothing", NULL,
	    SERVICES("cloudtrail", ""), NULL,
	    NULL, "endpoint c 80 \n"},
	{"no such services section", NULL, D "services=s\n[services t]\n", NULL, NULL,
	    "error: services in line 2 of ~/.aws/config: there is no section [services s] in "
	    "~/.aws/config"},
	{"which a variable makes up for", "AWS_ENDPOINT_URL=http://b", D "services=s\n", NULL, NULL,
	    "endpoint b 80 \n"},
	{"the profile's endpoint", NULL, D "endpoint_url = http://[::1]:8080\n", NULL, NULL,
	    "endpoint ::1 8080 \n"},
	{"endpoints ignored", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true|AWS_ENDPOINT_URL=http://b",
	    D "services=s\nendpoint_url=http://c\n", NULL, NULL, ""},
	{"by the profile", "AWS_ENDPOINT_URL=http://b", D "ignore_configured_endpoint_urls=true\n",
	    NULL, NULL, ""},
	{"by the profile, but the variable says no",
	    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false|AWS_ENDPOINT_URL=http://b",
	    D "ignore_configured_endpoint_urls=true\n", NULL, NULL, "endpoint b 80 \n"},
	{"an endpoint puts FIPS and dual-stack aside",
	    "AWS_ENDPOINT_URL=http://b|AWS_USE_FIPS_ENDPOINT=true|AWS_USE_DUALSTACK_ENDPOINT=true",
	    NULL, NULL, NULL, "endpoint b 80 \n"},
	{"an endpoint without a scheme", "AWS_ENDPOINT_URL=localhost:4566", NULL, NULL, NULL,
	    "error: AWS_ENDPOINT_URL is no endpoint: https:// is missing at the start"},
	{"an endpoint with a user", NULL, D "endpoint_url=https://u:secret@h/\n", NULL, NULL,
	    "error: endpoint_url in line 2 of ~/.aws/config is no endpoint: it has a user name"},
	{"a nested endpoint that is none", NULL,
	    D "services=s\n[services s]\ncloudtrail=\n  endpoint_url=x\n", NULL, NULL,
	    "error: cloudtrail in line 4 of ~/.aws/config is no endpoint: https:// is missing at "
	    "the start"},

	{"attempts", "AWS_MAX_ATTEMPTS=7|AWS_RETRY_MODE=adaptive", NULL, NULL, NULL,
	    "attempts 7\n"},
	{"of the profile", NULL, D "max_attempts=100\nretry_mode=legacy\n", NULL, NULL,
	    "attempts 100\n"},
	{"one", "AWS_MAX_ATTEMPTS=1|AWS_RETRY_MODE=standard", NULL, NULL, NULL, "attempts 1\n"},
	{"none", "AWS_MAX_ATTEMPTS=0", NULL, NULL, NULL,
	    "error: AWS_MAX_ATTEMPTS is \"0\", not a number from 1 to 100"},
	{"too many", "AWS_MAX_ATTEMPTS=101", NULL, NULL, NULL,
	    "error: AWS_MAX_ATTEMPTS is \"101\", not a number from 1 to 100"},
	{"far too many", "AWS_MAX_ATTEMPTS=42949672970000000001", NULL, NULL, NULL,
	    "error: AWS_MAX_ATTEMPTS is \"42949672970000000001\", not a number from 1 to 100"},
	{"no number", NULL, D "max_attempts=1x\n", NULL, NULL,
	    "error: max_attempts in line 2 of ~/.aws/config is \"1x\", not a number from 1 to 100"},
	{"a retry mode that is none", "AWS_RETRY_MODE=Standard", NULL, NULL, NULL,
	    "error: AWS_RETRY_MODE is \"Standard\", not standard, adaptive or legacy"},

	{"a file that does not parse", ENV_KEYS, "[default]\nregion\n", NULL, NULL,
	    "error: ~/.aws/config: line 2: neither a [section] nor \"key = value\""},
	{"a file that cannot be read", ENV_KEYS, NULL, "closed", NULL,
	    "error: ~/.aws/credentials: cannot open it: Permission denied"},
};

static void
print_settings(struct buf *b, const struct settings *s)
{
	if (s->region[0] != '\0')
		buf_printf(b, "region %s\n", s->region);
	if (s->ca_bundle.n > 0)
		buf_printf(b, "ca_bundle %.*s\n", (int)s->ca_bundle.n, s->ca_bundle.p);
	if (s->has_endpoint)
		buf_printf(b, "endpoint %s %u %s%.*s\n", s->endpoint.host,
		    (unsigned)s->endpoint.port, s->endpoint.tls ? "tls " : "",
		    (int)s->endpoint.path.n, s->endpoint.path.p);
	if (s->fips)
		buf_printf(b, "fips\n");
	if (s->dual_stack)
		buf_printf(b, "dual-stack\n");
	if (s->max_attempts > 0)
		buf_printf(b, "attempts %u\n", s->max_attempts);
}

static void
test_settings(const struct world *w)
{
	struct settings s;
	struct buf got = {0};
	struct err err = {0};

	if (load(&s, w, &err) < 0)
		buf_printf(&got, "error: %s", err.msg);
	else
		print_settings(&got, &s);
	is_mem(buf_slice(&got).p, got.n, w->want, strlen(w->want), "%s", w->name);
	settings_free(&s);
	buf_free(&got);
}

static void
test_flags(void)
{
	const struct world w = {.env = "AWS_REGION=no_region|AWS_CA_BUNDLE=|AWS_ENDPOINT_URL=x|"
				       "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true",
	    .config = D "services = none\n"};
	struct settings_flags flags = {.ca_bundle = "/ca", .endpoint_url = "http://h:1",
	    .region = true};
	struct settings_host host = host_of(&w);
	struct settings s;
	struct err err = {0};

	is_int(settings_load(&s, &flags, &host, &err), 0, "what a flag overrides is not looked at");
	is_str(s.region, "", "no region");
	ok(str_eq(s.ca_bundle, STR("/ca")), "the flag's CA bundle");
	ok(s.has_endpoint && strcmp(s.endpoint.host, "h") == 0, "the flag's endpoint");
	is_str(s.profile, "default", "the profile");
	settings_free(&s);
	flags.ca_bundle = "";
	is_int(settings_load(&s, &flags, &host, &err), -1, "an empty --ca-bundle");
	is_str(err.msg, "--ca-bundle is empty: name a file with certificates, or unset it", "why");
	settings_free(&s);
	flags.ca_bundle = "x";
	flags.endpoint_url = "h:1";
	is_int(settings_load(&s, &flags, &host, &err), -1, "a bad --endpoint-url");
	is_str(err.msg, "--endpoint-url is no endpoint: https:// is missing at the start", "why");
	settings_free(&s);
}

static void
test_paths(void)
{
	static const struct { const char *env, *path; } v[] = {
		{"AWS_CONFIG_FILE=/x/y", "/x/y"},
		{"AWS_CONFIG_FILE=", "/h/.aws/config"},
		{"AWS_CONFIG_FILE=~/c", "/h/c"},
		{"AWS_CONFIG_FILE=~", "/h"},
		{"AWS_CONFIG_FILE=~u/c", "~u/c"},
		{"AWS_CONFIG_FILE=a~/c", "a~/c"},
		{"AWS_CONFIG_FILE=$A/c|A=/a", "/a/c"},
		{"AWS_CONFIG_FILE=$A/c|A=~", "/h/c"},
		{"AWS_CONFIG_FILE=${A}b$A_1|A=/a|A_1=$A", "/ab$A"},
		{"AWS_CONFIG_FILE=$B/${B}/$/${}/$-/${A", "$B/${B}/$/${}/$-/${A"},
		{"HOME=|AWS_CONFIG_FILE=~/c", "~/c"},
		{"HOME=/g", "/g/.aws/config"},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		const struct world w = {.env = v[i].env, .config = D "region = eu-west-1\n"};
		struct settings_host host = host_of(&w);
		struct settings s;
		struct err err;

		the_host.config_path = v[i].path;
		ok(settings_load(&s, &(struct settings_flags){0}, &host, &err) == 0 &&
		    strcmp(s.region, "eu-west-1") == 0, "%s is %s", v[i].env, v[i].path);
		settings_free(&s);
	}
}

static int
read_real(const char *path, struct buf *out)
{
	struct settings_host host = settings_process();
	struct err err = {0};

	out->n = 0;
	return host.read_file(host.context, path, out, &err);
}

/* The real files and variables. */
static void
test_process(void)
{
	char folder[] = "/tmp/t_credsXXXXXX", path[64];
	struct settings_host host = settings_process();
	struct buf out = {0};
	int fd;

	if (mkdtemp(folder) == NULL)
		abort();
	(void)snprintf(path, sizeof(path), "%s/f", folder);
	is_int(read_real(path, &out), 0, "no such file");
	is_int(read_real(folder, &out), 0, "a folder");
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	is_int(read_real(path, &out), 1, "an empty file");
	is_int(out.n, 0, "has nothing");
	is_int(write(fd, "hello", 5), 5, "written");
	is_int(read_real(path, &out), 1, "a file");
	ok(str_eq(buf_slice(&out), STR("hello")), "its content");
	is_int(ftruncate(fd, (off_t)INI_MAX_BYTES + 100), 0, "a large file");
	is_int(read_real(path, &out), 1, "is read");
	ok(out.n > INI_MAX_BYTES, "as far as it takes to be too large");
	(void)close(fd);
	if (geteuid() != 0 && chmod(path, 0) == 0)
		is_int(read_real(path, &out), -1, "a closed file");
	(void)unlink(path);
	is_int(mkfifo(path, 0600), 0, "a pipe");
	is_int(read_real(path, &out), 0, "is no file");
	(void)unlink(path);
	(void)rmdir(folder);
	is_int(setenv("T_CREDS", "x", 1), 0, "a variable");
	is_str(host.get_env(host.context, "T_CREDS"), "x", "is read");
	buf_free(&out);
}

/* The accounts as sts:GetAccessKeyInfo gives them for these keys. */
static void
test_account(void)
{
	static const struct {
		const char *key, *account;
	} keys[] = {{"ASIAQNZGKIQY56JQ7WML", "029608264753"},
	    {"ASIAY34FZKBOKMUTVV7A", "609629065308"}, {"AKIAY34FZKBOKAAAAAAA", "609629065308"},
	    {"AKIAIOSFODNN7EXAMPLE", NULL}, {"AKIA", NULL}, {"", NULL},
	    {"AKIAY34FZKB0KAAAAAAA", NULL}, {"AKIA7777777777777777", NULL}};
	char account[CREDS_ACCOUNT_SIZE];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		bool told = creds_account(str_of(keys[i].key), account);

		is_str(told ? account : "none", keys[i].account != NULL ? keys[i].account : "none",
		    "the account of %s", keys[i].key);
	}
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(chains) / sizeof(*chains); i++)
		test_chain(&chains[i]);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		test_settings(&settings[i]);
	test_flags();
	test_paths();
	test_process();
	test_account();
	return done_testing();
}

/* creds.h: what AWS's environment variables and files say: settings and credentials.
 *
 * The variables, the files (config and credentials) and their precedence are those of the AWS CLI
 * version 2. A flag goes before the environment, that before the chosen profile of the files, of
 * which the credentials file goes before the config file. A variable that is set and empty counts
 * as not set, except for AWS_CA_BUNDLE. Booleans are true where the value is "true" in any case.
 *
 * Of the ways to credentials, those that need nobody's help are here: the environment and a
 * profile's access keys. A profile that asks for another way (a role, SSO, a process, ...) is an
 * error that names the setting and what to do, at the point of the chain where the CLI would take
 * that way: no other identity is used instead. Containers' and instances' metadata are not asked.
 *
 * Reads files, through functions that a test can replace; else pure. A value belongs to one thread
 * at a time. Secrets are in no error, and wiped when freed. */
#ifndef CREDS_H
#define CREDS_H

#include "ini.h"
#include "region.h"
#include "str.h"
#include "url.h"

#define CREDS_ACCOUNT_SIZE 13      /* of the text of an account's id */
#define SETTINGS_MAX_ATTEMPTS 100 /* of one request: with pauses of up to 20 s that is an hour */

/* Where variables and files come from. */
struct settings_host {
	/* The value of a variable, NULL where it is not set; valid as long as the settings are. */
	const char *(*get_env)(void *context, const char *name);
	/* Append a file's content to out: 1, or 0 where there is no such regular file, or -1 with
	 * err filled where it cannot be read. */
	int (*read_file)(void *context, const char *path, struct buf *out, struct err *err);
	void *context;
};

/* This process's environment and files. */
struct settings_host settings_process(void);

/* What the command line says; NULL where it says nothing. */
struct settings_flags {
	const char *profile;
	const char *ca_bundle;
	const char *endpoint_url;
	bool region; /* a region is given there: the configured one does not matter */
};

struct settings_file {
	char shown[64]; /* its path, cut and made safe, for messages */
	bool there;
	struct ini ini;
	const struct ini_section *profile; /* the chosen profile's keys here; may be NULL */
};

struct settings {
	const char *profile;       /* the name of the profile, "default" where none was chosen */
	bool profile_by_flag;      /* then the environment's credentials do not count */
	char region[REGION_SIZE];  /* "" where there is none or the command line gave one */
	struct str ca_bundle;      /* path of a file with trust anchors; n is 0 if there is none */
	bool has_endpoint;         /* is there an endpoint instead of the region's own? */
	struct url endpoint;       /* then this; its slices point to where the URL is from */
	bool fips;                 /* both false with such an endpoint, as in the AWS CLI */
	bool dual_stack;
	unsigned max_attempts;     /* of one request, the first included; 0 if nothing is said */
	struct settings_file config;
	struct settings_file credentials;
	struct settings_host host;
};

/* Find out all settings but the credentials. flags, the variables and host->context must outlive
 * *s. -1 with the variable, or the file and line, in err: a file that cannot be read or parsed, a
 * profile that was chosen and is in no file, an empty AWS_CA_BUNDLE, a value that is none. *s is to
 * be freed in both cases. */
int settings_load(struct settings *s, const struct settings_flags *flags,
    const struct settings_host *host, struct err *err) MUSTUSE;

/* Wipe the files' text and free it. */
void settings_free(struct settings *s);

struct creds { /* {0} is empty */
	struct str access_key; /* all three point into text */
	struct str secret;
	struct str token;      /* n is 0 if there is none */
	char source[160];      /* where they are from, for messages */
	struct buf text;
};

/* Find the credentials, a copy of them. -1 where there are none (err lists where was looked), where
 * a part is missing, is empty or has a byte that it cannot have, and where they are to be found in
 * a way that is not supported; *c is empty then. */
int creds_load(struct creds *c, const struct settings *s, struct err *err) MUSTUSE;

/* The id of the account that an access key, long-term or temporary, belongs to: 12 digits, in
 * account. Keys made since 2019 tell it; the form is not documented, so it may serve to see that
 * two keys are of different accounts, and for nothing else. False where the key does not tell. */
bool creds_account(struct str access_key, char account[CREDS_ACCOUNT_SIZE]);

/* Wipe and free. */
void creds_free(struct creds *c);

#endif

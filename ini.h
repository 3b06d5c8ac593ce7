/* ini.h: the syntax of AWS's config and credentials files.
 *
 * There is no standard: what a file means is what the AWS CLI, written in Python, makes of it
 * (configparser.RawConfigParser, then a step that turns sections into profiles). So: no inline
 * comments, no escapes and no quotes in values; '=' or ':' after a key; an indented line continues
 * the value above it, even where it looks like a key or a section of its own. Not followed is that
 * a section called DEFAULT gives its keys to all others: that is refused, as it is a misspelt
 * [default] far more often; so are NUL bytes; and a nested line ends at an end of line only, not at
 * a form feed and the like. Pure; a file belongs to one thread at a time. */
#ifndef INI_H
#define INI_H

#include "str.h"

#define INI_MAX_BYTES (4u << 20) /* bytes of a file: thousands of generated profiles have 1 MiB */
#define INI_MAX_SECTIONS 16384   /* each new one is compared with those before */
#define INI_MAX_KEYS 1024        /* keys in one section, for the same reason; AWS knows about 60 */

struct ini_key {
	struct str name;  /* in small letters */
	struct str value; /* without the blanks around it; continuation lines follow a '\n' each */
	size_t line;      /* of the file, from 1 */
};

struct ini_section {
	struct str name; /* verbatim, blanks included */
	size_t line;
	size_t first; /* its keys are keys[first] to keys[first + n - 1] */
	size_t n;
};

struct ini { /* {0} is an empty file; all slices point into text */
	struct buf text;
	struct ini_section *sections; /* in the order of the file */
	size_t n_sections;
	struct ini_key *keys;
	size_t n_keys;
};

/* Parse text, of which a copy is kept. 0, or -1 with the line's number in err->msg and the byte
 * position of its start in err->pos: no UTF-8, a key before any section, a line that is none of
 * those below, a section or a key of a section given twice, a limit exceeded. Never a value in err:
 * it may be a secret. *ini is to be freed in both cases. */
int ini_parse(struct ini *ini, struct str text, struct err *err) MUSTUSE;

/* Wipe the text, which has secrets, and give the memory back. */
void ini_free(struct ini *ini);

/* The section with exactly this name; NULL if there is none. It is how the credentials file names
 * its profiles. */
const struct ini_section *ini_section(const struct ini *ini, struct str name);

/* The config file's section for a name: kind is "profile", "services" or "sso-session", as in
 * [profile NAME]; [default] is the profile "default" as well. A name with blanks is in quotes, as
 * in a shell. Of several sections the last one counts; NULL if there is none. */
const struct ini_section *ini_named_section(const struct ini *ini, struct str kind,
    struct str name);

/* The key of a section, its name in small letters; NULL where there is none or section is NULL. */
const struct ini_key *ini_key(const struct ini *ini, const struct ini_section *section,
    struct str name);

/* Does the key have keys of its own on the indented lines below it, as "s3" has? */
bool ini_is_nested(const struct ini_key *key);

/* One of those: of name, with its case, the last value. False if there is none or the key has no
 * such lines. */
bool ini_nested(const struct ini_key *key, struct str name, struct str *value);

#endif

/* action.c: see action.h. */
#include "action.h"

#include "glob.h"

/* Services whose event source has another name than their IAM prefix. */
static const struct alias {
	const char *source; /* without ".amazonaws.com" */
	const char *prefix;
} aliases[] = {
    {"appstream2", "appstream"},
    {"autoscaling", "application-autoscaling"},
    {"models-v2-lex", "lex"},
    {"models.lex", "lex"},
    {"monitoring", "cloudwatch"},
    {"mturk-requester", "mechanicalturk"},
    {"runtime-v2-lex", "lex"},
    {"runtime.lex", "lex"},
    {"streams.dynamodb", "dynamodb"},
    {"tagging", "tag"},
};

/* Services that write the version of their API behind event names. In no other can an event hide
 * from a lookup by its plain name (plan.h). */
static const char *const versioned[] = {"lambda", "cloudfront"};

static bool
strip_suffix(struct str *s, struct str suffix)
{
	if (s->n <= suffix.n ||
	    !str_eq_nocase((struct str){s->p + s->n - suffix.n, suffix.n}, suffix))
		return false;
	s->n -= suffix.n;
	return true;
}

static struct str
service_of(struct str source)
{
	if (!strip_suffix(&source, STR(".amazonaws.com")))
		(void)strip_suffix(&source, STR(".amazonaws.com.cn"));
	return source;
}

static bool
has_upper(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return true;
	return false;
}

int
action_parse(struct action *a, struct str text, struct err *err)
{
	const char *colon = text.n > 0 ? memchr(text.p, ':', text.n) : NULL;

	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] <= ' ' || (unsigned char)text.p[i] == 0x7f)
			return err_set(
			    err, i, "an action pattern has no blanks; give each pattern by itself");
	a->service = STR("*");
	a->name = text;
	if (colon != NULL) {
		size_t at = (size_t)(colon - text.p);

		a->service = service_of((struct str){text.p, at});
		a->name = (struct str){colon + 1, text.n - at - 1};
		if (a->service.n == 0)
			return err_set(
			    err, 0, "the service is missing before ':'; '*' is any service");
		if (memchr(a->name.p, ':', a->name.n) != NULL)
			return err_set(err, at + 1, "a pattern is service:Action, with one ':'");
	}
	if (a->name.n == 0)
		return err_set(
		    err, text.n, "the action is missing; '*' is any action, as in 's3:*'");
	a->any_case = !has_upper(a->name);
	return 0;
}

static size_t
count_digits_back(struct str s, size_t end)
{
	size_t n = 0;

	while (n < end && s.p[end - n - 1] >= '0' && s.p[end - n - 1] <= '9')
		n++;
	return n;
}

/* The event name without the API version at its end: YYYYMMDD or YYYY_MM_DD, then perhaps v and
 * digits. */
static struct str
without_version(struct str name)
{
	size_t end = name.n, n = count_digits_back(name, end);

	if (n > 0 && n < end && name.p[end - n - 1] == 'v') {
		end -= n + 1;
		n = count_digits_back(name, end);
	}
	if (n == 8 && end > 8)
		return (struct str){name.p, end - 8};
	if (n == 2 && end > 10 && name.p[end - 3] == '_' && count_digits_back(name, end - 3) == 2 &&
	    name.p[end - 6] == '_' && count_digits_back(name, end - 6) == 4)
		return (struct str){name.p, end - 10};
	return name;
}

static bool
is_versioned(struct str service)
{
	for (size_t i = 0; i < sizeof(versioned) / sizeof(versioned[0]); i++)
		if (str_eq_nocase(str_of(versioned[i]), service))
			return true;
	return false;
}

static bool
match_service(const struct action *a, struct str service)
{
	if (glob_match(a->service, service, true))
		return true;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (str_eq_nocase(str_of(aliases[i].source), service) &&
		    glob_match(a->service, str_of(aliases[i].prefix), true))
			return true;
	return false;
}

static bool
match_name(const struct action *a, struct str service, struct str name)
{
	struct str plain;

	if (glob_match(a->name, name, a->any_case))
		return true;
	plain = without_version(name);
	return plain.n < name.n && glob_match(a->name, plain, a->any_case) && is_versioned(service);
}

bool
action_match(const struct action *a, struct str source, struct str name)
{
	struct str service = service_of(source);

	return match_name(a, service, name) && match_service(a, service);
}

bool
action_is_exact(struct str text)
{
	return text.n > 0 && memchr(text.p, '*', text.n) == NULL &&
	    memchr(text.p, '?', text.n) == NULL;
}

size_t
action_sources(struct str service, struct str sources[ACTION_MAX_SOURCES])
{
	size_t n = 0;

	sources[n++] = service;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (str_eq_nocase(str_of(aliases[i].prefix), service)) {
			if (n == ACTION_MAX_SOURCES)
				return 0;
			sources[n++] = str_of(aliases[i].source);
		}
	return n;
}

size_t
action_versioned(struct str sources[ACTION_MAX_SOURCES])
{
	size_t n = 0;

	for (; n < sizeof(versioned) / sizeof(versioned[0]); n++)
		sources[n] = str_of(versioned[n]);
	return n;
}

/* plan.c: see plan.h.
 *
 * A way is derived for the patterns, and for each of the expressions that says enough; any of them
 * is enough, as all must hold. Inside of an expression "and" leaves a choice, and "or" needs a way
 * for each side. */
#include "plan.h"

#include <stdlib.h>

#include "jsonpath.h"
#include "match.h"
#include "region.h"

/* A way that grows. Lookups that are there already are not added again. */
struct draft {
	struct plan_lookup *lookups;
	size_t n;
	bool open; /* it cannot be said: everything has to be looked at */
};

static const char *const key_names[] = {[PLAN_EVENT_ID] = "EventId",
    [PLAN_ACCESS_KEY_ID] = "AccessKeyId",
    [PLAN_EVENT_NAME] = "EventName",
    [PLAN_EVENT_SOURCE] = "EventSource",
    [PLAN_READ_ONLY] = "ReadOnly"};

const char *
plan_key_name(enum plan_key key)
{
	return key < PLAN_EVERYTHING ? key_names[key] : NULL;
}

static void
draft_free(struct draft *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->lookups[i].value);
	free(d->lookups);
	*d = (struct draft){0};
}

/* Will the service take the value? */
static bool
is_sendable(struct str value)
{
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < ' ' || value.p[i] > '~')
			return false;
		n += value.p[i] == '_' || value.p[i] == ' ' || value.p[i] == ',' ? 2 : 1;
	}
	return n > 0 && n <= PLAN_MAX_VALUE;
}

static bool
draft_has(const struct draft *d, enum plan_key key, struct str value)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->lookups[i].key == key && str_eq(str_of(d->lookups[i].value), value))
			return true;
	return false;
}

static void
draft_add(struct draft *d, enum plan_key key, struct str value)
{
	char *copy;

	if (draft_has(d, key, value))
		return;
	if (!is_sendable(value) || d->n == PLAN_MAX_LOOKUPS) {
		d->open = true;
		return;
	}
	copy = xmalloc(value.n + 1);
	memcpy(copy, value.p, value.n);
	copy[value.n] = '\0';
	d->lookups = xrealloc(d->lookups, d->n + 1, sizeof(*d->lookups));
	d->lookups[d->n++] = (struct plan_lookup){key, copy};
}

/* The union of both, in d. other is empty afterwards. */
static void
draft_join(struct draft *d, struct draft *other)
{
	d->open = d->open || other->open;
	for (size_t i = 0; i < other->n; i++)
		draft_add(d, other->lookups[i].key, str_of(other->lookups[i].value));
	draft_free(other);
}

/* --- patterns --- */

/* The suffixes that event sources have in the partition; 0 where that is not known. */
static size_t
suffixes(const struct region_partition *partition, const char *out[2])
{
	out[0] = ".amazonaws.com";
	out[1] = ".amazonaws.com.cn";
	if (strcmp(partition->id, "aws") == 0 || strcmp(partition->id, "aws-us-gov") == 0)
		return 1;
	return strcmp(partition->id, "aws-cn") == 0 ? 2 : 0;
}

static void
add_source(struct draft *d, struct str service, const struct region_partition *partition)
{
	const char *endings[2];
	size_t n = suffixes(partition, endings);
	struct buf source = {0};

	d->open = d->open || n == 0;
	for (size_t i = 0; i < n; i++) {
		source.n = 0;
		for (size_t k = 0; k < service.n; k++) {
			char c = service.p[k];

			buf_char(&source, (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c));
		}
		buf_str(&source, str_of(endings[i]));
		draft_add(d, PLAN_EVENT_SOURCE, buf_slice(&source));
	}
	buf_free(&source);
}

static void
add_sources(
    struct draft *d, const struct str *services, size_t n, const struct region_partition *partition)
{
	for (size_t i = 0; i < n; i++)
		add_source(d, services[i], partition);
}

/* Look for the pattern by its service. */
static void
add_service(struct draft *d, const struct action *a, const struct region_partition *partition)
{
	struct str sources[ACTION_MAX_SOURCES];
	size_t n = action_is_exact(a->service) ? action_sources(a->service, sources) : 0;

	d->open = d->open || n == 0;
	add_sources(d, sources, n, partition);
}

static bool
is_one_of(struct str service, const struct str *services, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(services[i], service))
			return true;
	return false;
}

/* Is the name all that has to be looked for, or can the event have a version behind it? */
static bool
is_named(const struct action *a)
{
	return !a->any_case && action_is_exact(a->name);
}

/* Look for the pattern by its action. Where the service may write versions, all that it does has to
 * be looked at. */
static void
add_name(struct draft *d, const struct action *a, const struct region_partition *partition)
{
	struct str versioned[ACTION_MAX_SOURCES];
	size_t n = action_versioned(versioned);

	if (!action_is_exact(a->service)) {
		draft_add(d, PLAN_EVENT_NAME, a->name);
		add_sources(d, versioned, n, partition);
	} else if (is_one_of(a->service, versioned, n)) {
		add_service(d, a, partition);
	} else {
		draft_add(d, PLAN_EVENT_NAME, a->name);
	}
}

/* Are the pattern's events among those of the services in d? */
static bool
is_covered(const struct draft *d, const struct action *a, const struct region_partition *partition)
{
	struct draft own = {0};
	bool covered;

	add_service(&own, a, partition);
	covered = !own.open;
	for (size_t i = 0; i < own.n && covered; i++)
		covered = draft_has(d, own.lookups[i].key, str_of(own.lookups[i].value));
	draft_free(&own);
	return covered;
}

/* A way for the patterns: by service, or by action where that is possible. */
static struct draft
draft_patterns(const struct match *m, const struct region_partition *partition, bool by_name)
{
	struct draft d = {0};

	d.open = m->n_patterns == 0;
	for (size_t i = 0; i < m->n_patterns; i++)
		if (!by_name || !is_named(&m->patterns[i]))
			add_service(&d, &m->patterns[i], partition);
	for (size_t i = 0; i < m->n_patterns; i++)
		if (by_name && is_named(&m->patterns[i]) &&
		    !is_covered(&d, &m->patterns[i], partition))
			add_name(&d, &m->patterns[i], partition);
	return d;
}

/* --- expressions --- */

static const struct {
	const char *members[2];
	enum plan_key key;
} attributes[] = {
    {{"eventID", NULL}, PLAN_EVENT_ID},
    {{"userIdentity", "accessKeyId"}, PLAN_ACCESS_KEY_ID},
    {{"eventName", NULL}, PLAN_EVENT_NAME},
    {{"eventSource", NULL}, PLAN_EVENT_SOURCE},
    {{"readOnly", NULL}, PLAN_READ_ONLY},
};

/* The attribute that the path is; PLAN_EVERYTHING for none. */
static enum plan_key
key_of(const struct jsonpath *path)
{
	size_t n;
	const struct str *members = jsonpath_members(path, &n);

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		const char *const *want = attributes[i].members;

		if (n == (want[1] != NULL ? 2u : 1u) && str_eq(members[0], str_of(want[0])) &&
		    (n == 1 || str_eq(members[1], str_of(want[1]))))
			return attributes[i].key;
	}
	return PLAN_EVERYTHING;
}

/* The value that the node must be equal to. */
static void
add_value(struct draft *d, enum plan_key key, const struct json *v)
{
	if (key == PLAN_READ_ONLY && v->type == JSON_TRUE)
		draft_add(d, key, STR("true"));
	else if (key == PLAN_READ_ONLY && v->type == JSON_FALSE)
		draft_add(d, key, STR("false"));
	else if (key != PLAN_READ_ONLY && v->type == JSON_STRING)
		draft_add(d, key, json_text(v));
	else
		d->open = true;
}

static struct draft
draft_test(const struct match_test *t)
{
	struct draft d = {0};
	enum plan_key key = key_of(t->path);
	const struct json *v = t->literal.v;

	if (key != PLAN_EVERYTHING && t->op == MATCH_EQ)
		add_value(&d, key, v);
	else if (key != PLAN_EVERYTHING && t->op == MATCH_IN)
		for (const struct json *e = json_begin(v); e < json_end(v); e = json_next(e))
			add_value(&d, key, e);
	/* Nothing is in an empty list; it is not worth a way of its own. */
	d.open = d.open || d.n == 0;
	return d;
}

static enum plan_key
worst(const struct draft *d)
{
	enum plan_key key = d->open ? PLAN_EVERYTHING : PLAN_EVENT_ID;

	for (size_t i = 0; i < d->n; i++)
		key = d->lookups[i].key > key ? d->lookups[i].key : key;
	return key;
}

/* Is a to be tried before b? Few lookups first, then those of rare attributes. */
static bool
is_better(const struct draft *a, const struct draft *b)
{
	if (a->open != b->open)
		return b->open;
	return a->n != b->n ? a->n < b->n : worst(a) < worst(b);
}

/* Recursion is bounded by MATCH_MAX_DEPTH. */
static struct draft
draft_expr(const struct match_expr *e)
{
	struct draft d = {.open = e->kind != MATCH_OR};

	if (e->kind == MATCH_TEST)
		return draft_test(e->test);
	if (e->kind == MATCH_NOT)
		return d;
	for (const struct match_expr *x = e->child; x != NULL; x = x->next) {
		struct draft child = draft_expr(x);

		if (e->kind == MATCH_OR) {
			draft_join(&d, &child);
		} else if (is_better(&child, &d)) {
			draft_free(&d);
			d = child;
		} else {
			draft_free(&child);
		}
	}
	return d;
}

/* --- the plan --- */

/* Put the way in its place, as long as there is one. d is taken over. */
static void
plan_add(struct draft *ways, size_t *n, struct draft d)
{
	size_t at = *n;

	if (d.open || d.n == 0) {
		draft_free(&d);
		return;
	}
	while (at > 0 && is_better(&d, &ways[at - 1]))
		at--;
	if (at == PLAN_MAX_WAYS) {
		draft_free(&d);
		return;
	}
	if (*n == PLAN_MAX_WAYS)
		draft_free(&ways[--*n]);
	memmove(ways + at + 1, ways + at, (*n - at) * sizeof(*ways));
	ways[at] = d;
	++*n;
}

/* A way for each of the expressions that must all hold. Recursion is bounded by MATCH_MAX_DEPTH. */
static void
add_expr(struct draft *ways, size_t *n, const struct match_expr *e)
{
	if (e->kind != MATCH_AND)
		plan_add(ways, n, draft_expr(e));
	else
		for (const struct match_expr *x = e->child; x != NULL; x = x->next)
			add_expr(ways, n, x);
}

static struct draft
everything(void)
{
	struct draft d = {.n = 1};

	d.lookups = xmalloc(sizeof(*d.lookups));
	d.lookups[0] = (struct plan_lookup){PLAN_EVERYTHING, NULL};
	return d;
}

struct plan *
plan_new(const struct match *m, const struct region_partition *partition)
{
	struct plan *plan = xmalloc(sizeof(*plan));
	struct draft ways[PLAN_MAX_WAYS + 1] = {0};
	struct draft by_service, by_name;
	size_t n = 0;

	add_expr(ways, &n, m->all);
	by_service = draft_patterns(m, partition, false);
	by_name = draft_patterns(m, partition, true);
	/* A service's events are more than some of its actions': by service only if that asks less.
	 */
	if (by_name.open || by_service.n < by_name.n)
		plan_add(ways, &n, by_service);
	else
		draft_free(&by_service);
	plan_add(ways, &n, by_name);
	/* Where there are few events at all, one request finds them: that is worth asking before
	 * many lookups are made. */
	if (n == 0 || ways[0].n > 2)
		plan_add(ways, &n, everything());
	*plan = (struct plan){.n = n};
	for (size_t i = 0; i < n; i++)
		plan->ways[i] = (struct plan_way){ways[i].lookups, ways[i].n};
	return plan;
}

void
plan_free(struct plan *plan)
{
	if (plan == NULL)
		return;
	for (size_t i = 0; i < plan->n; i++) {
		struct draft d = {.lookups = plan->ways[i].lookups, .n = plan->ways[i].n};

		draft_free(&d);
	}
	free(plan);
}

static void
print_lookup(struct buf *b, const struct plan_lookup *lookup)
{
	if (lookup->key == PLAN_EVERYTHING)
		buf_printf(b, "everything\n");
	else
		buf_printf(b, "%s = %s\n", plan_key_name(lookup->key), lookup->value);
}

void
plan_print(struct buf *b, const struct plan *plan)
{
	if (plan->n > 1)
		buf_printf(b,
		    "lookups   one of these ways in each region: the first, or a later "
		    "one if it promises less\n");
	for (size_t w = 0; w < plan->n; w++)
		for (size_t i = 0; i < plan->ways[w].n; i++) {
			if (plan->n > 1 && i == 0)
				buf_printf(b, "       %zu. ", w + 1);
			else
				buf_printf(
				    b, "%s", plan->n == 1 && i == 0 ? "lookups   " : "          ");
			print_lookup(b, &plan->ways[w].lookups[i]);
		}
}

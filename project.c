/* project.c: see project.h. A record is walked over mark by mark (scan.h); what may be names is set
 * aside and looked up at the record's end, then the query is asked of the values found. To decide
 * earlier would not be faster, as the end has to be found anyway and only some six marks a record
 * may be names, and it would not be right: a later member with the same name counts. */
#include "project.h"

#include <stdlib.h>

#include "arena.h"
#include "jsonpath.h"
#include "match.h"
#include "number.h"
#include "valid.h"
#include "when.h"

/* --- the query --- */

/* A member's name on a path. The names form a tree, the root standing for the record itself; each
 * has a number, under which a run keeps where its value is. */
struct name {
	struct str text;
	uint64_t tail;      /* the last eight bytes of a quote and the text, or fewer */
	uint64_t tail_mask; /* the bytes that there are */
	uint64_t head; /* the first eight bytes of a quote and the text, if there are as many */
	unsigned number;
	bool wraps; /* a record that has it wraps others, or is none (search.h) */
	struct name *parent;
	struct name *child;
	struct name *next;      /* with the same parent */
	struct name *same_slot; /* see project.slots */
};

static const struct str wrappers[] = {
    {"Records", 7}, {"Events", 6}, {"CloudTrailEvent", 15}, {"digestStartTime", 15}};

enum ask_kind {
	ASK_AND,
	ASK_OR,
	ASK_NOT,
	ASK_TEST,
	ASK_PATTERNS,
	ASK_WINDOW,
	ASK_PARSER /* a test that only the parser can answer */
};

/* The query as a tree: patterns and window are asked like tests, and of an AND or OR the cheap ones
 * first. */
struct ask {
	enum ask_kind kind;
	struct ask *child;
	struct ask *next;
	const struct match_test *test; /* of TEST and PARSER */
	const struct name *name;       /* of TEST */
	bool deep;                     /* the test looks into lists and objects */
};

enum { SLOT_BITS = 6 };

enum { OTHER = 100 }; /* leads beyond all depths */

struct project {
	struct project_query query;
	enum scan_kernel kernel;
	struct scan_names ends;
	struct name *root;
	const struct name *time; /* NULL where nobody asks for it */
	const struct name *source;
	const struct name *event_name;
	unsigned n_names;
	unsigned depth;                     /* of brackets around a name */
	signed char steps[256]; /* what a mark's byte does to the depth; OTHER for other bytes */
	struct name *slots[1 << SLOT_BITS]; /* where find_name finds them, by their last bytes */
	struct ask *ask;
	struct scan_needle needles[PROJECT_MAX_NEEDLES]; /* without any of these it is a NO */
	size_t n_needles;
	struct arena arena;
};

/* The slot of names whose quote and text end in these bytes, of which the last four count. */
static size_t
slot_of(uint64_t tail)
{
	uint32_t last;

	memcpy(&last, (const char *)&tail + 4, 4);
	return last * 2654435761u >> (32 - SLOT_BITS); /* Knuth's multiplicative hashing */
}

static void *
take(struct project *pr, size_t n)
{
	void *p = arena_alloc(&pr->arena, n);

	if (p == NULL)
		abort(); /* it has no cap */
	return p;
}

/* The bytes before `end`, up to eight of those from `start` on, in the order of memory; *mask is
 * set where there are some. */
static uint64_t
tail_of(const char *start, const char *end, uint64_t *mask)
{
	unsigned char bytes[8] = {0}, there[8] = {0};
	size_t n = end - start < 8 ? (size_t)(end - start) : 8;
	uint64_t tail;

	memcpy(bytes + 8 - n, end - n, n);
	memset(there + 8 - n, 0xff, n);
	memcpy(&tail, bytes, 8);
	memcpy(mask, there, 8);
	return tail;
}

/* The member `text` of what `in` stands for; NULL where there are too many names. */
static struct name *
name_add(struct project *pr, struct name *in, struct str text)
{
	struct name **at = &in->child, *name;
	char *quoted;

	for (; *at != NULL; at = &(*at)->next)
		if (str_eq((*at)->text, text))
			return *at;
	if (pr->n_names == PROJECT_MAX_NAMES)
		return NULL;
	quoted = take(pr, text.n + 1);
	quoted[0] = '"';
	memcpy(quoted + 1, text.p, text.n);
	*at = name = take(pr, sizeof(*name));
	*name = (struct name){.text = {quoted + 1, text.n}, .number = pr->n_names++, .parent = in};
	name->tail = tail_of(quoted, quoted + 1 + text.n, &name->tail_mask);
	if (text.n >= 7)
		memcpy(&name->head, quoted, 8);
	scan_names_add(&pr->ends, name->text, name->number);
	return name;
}

/* Put the names below `in` that are short into all slots, or those that are long into their own.
 * Short ones have less than four bytes with their opening quote, so what is before it would count.
 * They are first, that is, at the ends of the chains. Recursion is bounded by PROJECT_MAX_DEPTH. */
static void
fill_slots(struct project *pr, struct name *in, bool with_short)
{
	size_t slots = sizeof(pr->slots) / sizeof(pr->slots[0]);

	for (struct name *c = in->child; c != NULL; c = c->next) {
		struct name **slot = &pr->slots[with_short ? 0 : slot_of(c->tail)];

		if ((c->text.n < 3) == with_short) {
			c->same_slot = *slot;
			*slot = c;
		}
		if (with_short)
			for (size_t i = 1; i < slots; i++)
				pr->slots[i] = pr->slots[0];
		fill_slots(pr, c, with_short);
	}
}

/* The name at the end of a path; NULL where the path is left to the parser. */
static const struct name *
path_add(struct project *pr, const struct jsonpath *path)
{
	struct name *name = pr->root;
	size_t n;
	const struct str *members = jsonpath_members(path, &n);

	if (n == 0 || n >= PROJECT_MAX_DEPTH)
		return NULL;
	for (size_t i = 0; i < n && name != NULL; i++)
		name = name_add(pr, name, members[i]);
	if (pr->depth < n)
		pr->depth = (unsigned)n;
	return name;
}

static bool
is_container(const struct json *v)
{
	return v->type == JSON_ARRAY || v->type == JSON_OBJECT;
}

/* Would comparing an object or a list with the literal look into both? */
static bool
looks_inside(const struct match_test *t)
{
	const struct json *v = t->literal.v;

	if (t->op == MATCH_EQ || t->op == MATCH_NE)
		return is_container(v);
	if (t->op != MATCH_IN)
		return false;
	for (const struct json *e = json_begin(v); e < json_end(v); e = json_next(e))
		if (is_container(e))
			return true;
	return false;
}

static struct ask *
ask_new(struct project *pr, enum ask_kind kind)
{
	struct ask *a = take(pr, sizeof(*a));

	*a = (struct ask){.kind = kind};
	return a;
}

/* A number that is higher for what takes longer. */
static unsigned
cost(const struct ask *a)
{
	if (a->kind != ASK_TEST)
		return a->kind == ASK_PARSER ? 0 : 1;
	return a->test->op == MATCH_REGEX || a->test->op == MATCH_CIDR ? 2 : 0;
}

/* Add one behind those that cost no more. */
static void
add_child(struct ask *to, struct ask *a)
{
	struct ask **at = &to->child;

	while (*at != NULL && cost(*at) <= cost(a))
		at = &(*at)->next;
	a->next = *at;
	*at = a;
}

/* Recursion is bounded by MATCH_MAX_DEPTH. */
static struct ask *
ask_expr(struct project *pr, const struct match_expr *e)
{
	static const enum ask_kind kinds[] = {
	    [MATCH_OR] = ASK_OR, [MATCH_AND] = ASK_AND, [MATCH_NOT] = ASK_NOT};
	struct ask *a;

	if (e->kind == MATCH_TEST) {
		a = ask_new(pr, ASK_TEST);
		a->test = e->test;
		a->name = path_add(pr, e->test->path);
		a->deep = looks_inside(e->test);
		if (a->name == NULL)
			a->kind = ASK_PARSER;
		return a;
	}
	a = ask_new(pr, kinds[e->kind]);
	for (const struct match_expr *x = e->child; x != NULL; x = x->next)
		add_child(a, ask_expr(pr, x));
	return a;
}

/* --- texts that must occur --- */

/* Are there texts of which one must occur, as it is and in quotes, in a record without escapes that
 * passes the test? Their number, or 0. */
static size_t
texts_needed(const struct match_test *t)
{
	const struct json *v = t->literal.v, *end;
	size_t n = 0;

	if (t->op != MATCH_EQ && t->op != MATCH_IN)
		return 0;
	end = json_end(v);
	if (t->op == MATCH_IN)
		v++;
	for (; v < end; v = json_next(v), n++) {
		if (v->type != JSON_STRING)
			return 0;
		for (size_t i = 0; i < v->len; i++)
			if ((unsigned char)v->text[i] < 0x20 || v->text[i] == '"' ||
			    v->text[i] == '\\')
				return 0;
	}
	return n;
}

static void
need_text(struct project *pr, struct str text)
{
	char *quoted = take(pr, text.n + 2);

	quoted[0] = quoted[text.n + 1] = '"';
	memcpy(quoted + 1, text.p, text.n);
	pr->needles[pr->n_needles++] = scan_needle((struct str){quoted, text.n + 2});
}

/* Look for a test that is left to the parser and has to hold: in the AND that is the query, and in
 * ANDs in it. A record that passes it has one of its texts, unless an escape hides it: \u or, of a
 * '/', \/. */
static void
need_texts(struct project *pr, const struct ask *and)
{
	for (const struct ask *a = and->child; a != NULL && pr->n_needles == 0; a = a->next) {
		size_t n = a->kind == ASK_PARSER ? texts_needed(a->test) : 0;
		const struct json *v;

		if (a->kind == ASK_AND)
			need_texts(pr, a);
		if (n == 0 || n > PROJECT_MAX_NEEDLES)
			continue;
		v = a->test->literal.v;
		if (a->test->op == MATCH_IN)
			v++;
		for (; n > 0; n--, v = json_next(v))
			need_text(pr, json_text(v));
	}
}

struct project *
project_new(const struct project_query *query, enum scan_kernel kernel)
{
	struct project *pr = xmalloc(sizeof(*pr));

	*pr = (struct project){.query = *query, .kernel = kernel};
	arena_init(&pr->arena, SIZE_MAX);
	memset(pr->steps, OTHER, sizeof(pr->steps));
	pr->steps['"'] = 0;
	pr->steps['{'] = pr->steps['['] = 1;
	pr->steps['}'] = pr->steps[']'] = -1;
	pr->depth = 1;
	pr->root = take(pr, sizeof(*pr->root));
	*pr->root = (struct name){.number = pr->n_names++};
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++)
		name_add(pr, pr->root, wrappers[i])->wraps = true;
	if (query->windowed || !query->untimed)
		pr->time = name_add(pr, pr->root, STR("eventTime"));
	pr->ask = ask_new(pr, ASK_AND);
	if (query->match->n_patterns > 0) {
		pr->source = name_add(pr, pr->root, STR("eventSource"));
		pr->event_name = name_add(pr, pr->root, STR("eventName"));
		add_child(pr->ask, ask_new(pr, ASK_PATTERNS));
	}
	if (query->windowed)
		add_child(pr->ask, ask_new(pr, ASK_WINDOW));
	for (const struct match_expr *e = query->match->all->child; e != NULL; e = e->next)
		add_child(pr->ask, ask_expr(pr, e));
	need_texts(pr, pr->ask);
	fill_slots(pr, pr->root, true);
	fill_slots(pr, pr->root, false);
	return pr;
}

void
project_free(struct project *pr)
{
	if (pr == NULL)
		return;
	arena_free(&pr->arena);
	free(pr);
}

enum scan_kernel
project_kernel(const struct project *pr)
{
	return pr->kernel;
}

/* --- the walk over one record --- */

#define NOWHERE UINT32_MAX

struct project_run {
	const struct project *project;
	struct match_scratch *scratch;
	bool lines;
	size_t mark;   /* the next of scan.marks */
	size_t looked; /* no needle begins between the record's first byte and this one */
	size_t begin;  /* of the record */
	size_t end;
	bool invalid;                       /* of what was checked, something is no JSON */
	bool wraps;                         /* it has a name of one that wraps others */
	bool hidden;                        /* there are escapes in it that can hide a needle */
	uint32_t values[PROJECT_MAX_NAMES]; /* where a name's value begins; see has_value */
	struct scan scan;
	bool checked; /* what was scanned last, as all before it */
	struct valid_run valid; /* of what was checked */
};

struct project_run *
project_run_new(const struct project *project, struct match_scratch *scratch)
{
	struct project_run *run = xmalloc(sizeof(*run));

	run->project = project;
	run->scratch = scratch;
	return run;
}

void
project_run_free(struct project_run *run)
{
	if (run == NULL)
		return;
	free(run);
}

void
project_start(struct project_run *run, const char *p, size_t n, bool lines, bool checks)
{
	const struct project *pr = run->project;

	scan_start(&run->scan, pr->kernel, &pr->ends, p, n, lines, checks);
	run->checked = false;
	if (checks)
		valid_start(&run->valid, p, n, lines);
	run->lines = lines;
	run->mark = run->looked = 0;
	for (size_t i = 0; i < PROJECT_MAX_NAMES; i++)
		run->values[i] = NOWHERE;
}

/* Does the record have the name? What was found in an earlier record lies before this one. */
static inline bool
has_value(const struct project_run *run, const struct name *name)
{
	uint32_t at = run->values[name->number];

	return at > run->begin && at != NOWHERE;
}

static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && json_is_space(*p))
		p++;
	return p;
}

/* The value of a name changes: what was below the old one is gone. Recursion is bounded by
 * PROJECT_MAX_DEPTH. */
static void
forget(struct project_run *run, const struct name *name)
{
	for (const struct name *c = name->child; c != NULL; c = c->next)
		if (has_value(run, c)) {
			run->values[c->number] = NOWHERE;
			forget(run, c);
		}
}

enum { ENDS = 64 }; /* of names, kept until they are looked at together */

/* The tail is the name's: is the rest? Up to 16 bytes are two words. */
static inline bool
is_name(const struct name *c, const char *begin, const char *quote)
{
	size_t n = c->text.n;
	const char *start;
	uint64_t head;

	if ((size_t)(quote - begin) < n + 2)
		return false;
	start = quote - n;
	if (start[-1] != '"' || start[-2] == '\\')
		return false;
	if (n <= 7)
		return true;
	memcpy(&head, start - 1, 8);
	return head == c->head && (n <= 15 || memcmp(start, c->text.p, n) == 0);
}

/* Which name is it whose closing quote is at `quote`, in the object whose bracket is at `object`?
 * NULL: none that is asked for. A name with an escape is none, though it may end like one. */
static const struct name *
find_name(const struct project_run *run, const char *quote, uint32_t object)
{
	const char *begin = run->scan.p + run->begin;
	uint64_t tail, mask;

	if (quote - begin >= 8)
		memcpy(&tail, quote - 8, 8);
	else
		tail = tail_of(begin, quote, &mask);
	for (const struct name *c = run->project->slots[slot_of(tail)]; c != NULL; c = c->same_slot)
		if ((tail & c->tail_mask) == c->tail && is_name(c, begin, quote) &&
		    run->values[c->parent->number] == object)
			return c;
	return NULL;
}

/* Note the values of those of the n strings that are names: where they end and in which objects. */
static void
note_values(struct project_run *run, const uint32_t *ends, const uint32_t *objects, size_t n)
{
	const char *p = run->scan.p, *end = p + run->scan.n;

	for (size_t i = 0; i < n; i++) {
		const struct name *name = find_name(run, p + ends[i], objects[i]);
		const char *value;

		if (name == NULL)
			continue;
		value = skip_space(p + ends[i] + 1, end);
		if (value == end || *value != ':')
			continue;
		value = skip_space(value + 1, end);
		if (has_value(run, name))
			forget(run, name);
		run->values[name->number] = (uint32_t)(value - p);
		run->wraps |= name->wraps;
	}
}

/* Does a name with escapes in it end before this mark? (Or, with `lines`, one before a tab or a
 * carriage return, which are marked as well.) */
static bool
behind_name(const struct project_run *run, size_t at)
{
	const char *end = run->scan.p + run->scan.n;
	const char *p = skip_space(run->scan.p + at, end);

	return p < end && *p == ':';
}

/* Scan the next bytes, and check them. */
static bool
scan_on(struct project_run *run)
{
	if (!scan_more(&run->scan))
		return false;
	run->checked = run->scan.sorts;
	if (run->checked) {
		valid_scan(&run->valid, &run->scan);
		run->scan.sorts = run->valid.lost == PTRDIFF_MAX;
	}
	return true;
}

/* Go from mark to mark to the end of the record at run->begin. Returns MAYBE, or why there is no
 * record: ODD or CUT. *unsure: a name that may be one of ours has escapes. The plain form:
 *
 *     if bracket opens:       open[++depth] = at;
 *     else if bracket closes: if it is another one than closing[depth]: damage;
 *                             if (--depth == 0) the record ends here;
 *     else if quote:          ends[n] = at, objects[n++] = open[depth];
 *
 * Which mark comes next is hard to foretell, so there are no jumps for it: each mark is written to
 * where it would be kept if it were an opening bracket or a quote, and that counts if it is one. */
static enum project_result
walk(struct project_run *run, bool *unsure)
{
	const char *p = run->scan.p;
	const uint32_t *marks = run->scan.marks;
	const signed char *steps = run->project->steps;
	uint32_t open[PROJECT_MAX_DEPTH + 2]; /* where the open brackets are */
	unsigned char closing[PROJECT_MAX_DEPTH + 2]; /* what closes them */
	uint32_t ends[ENDS], objects[ENDS];
	unsigned depth = 1, wrong = 0;
	bool invalid = false;
	size_t n = 0;

	open[1] = (uint32_t)run->begin;
	closing[1] = '}';
	run->mark++;
	for (;;) {
		const bool checked = run->checked;
		size_t i = run->mark, stop = run->scan.n_marks;

		if (stop - i > ENDS - n)
			stop = i + ENDS - n;
		while (i < stop) {
			uint32_t at = marks[i++], top = open[depth];
			unsigned char c = (unsigned char)p[at];
			int step = steps[c];

			if (checked)
				invalid |= valid_wrong(
				    &run->valid, valid_in((char)closing[depth]), at);
			/* A closing bracket is its opening one plus 2. */
			wrong |= ((unsigned)closing[depth] ^ c) & (step < 0 ? ~0u : 0);
			open[depth + 1] = at;
			closing[depth + 1] = (unsigned char)(c + 2);
			ends[n] = at;
			objects[n] = top;
			n += step == 0;
			depth += (unsigned)step;
			if (depth - 1 < PROJECT_MAX_DEPTH)
				continue;
			if (step == OTHER) {
				depth -= OTHER;
				if (c == '\n' && run->lines)
					return PROJECT_ODD;
				run->hidden |= c == 'u' || c == '/';
				*unsure |= depth <= run->project->depth && behind_name(run, at);
				continue;
			}
			if (depth > 0)
				return PROJECT_ODD;
			run->mark = i;
			run->end = at + 1;
			run->invalid = invalid;
			note_values(run, ends, objects, n);
			if (wrong != 0 || run->scan.damage < run->end)
				return PROJECT_ODD;
			return PROJECT_MAYBE;
		}
		run->mark = i;
		if (n == ENDS) {
			note_values(run, ends, objects, n);
			n = 0;
		}
		if (i == run->scan.n_marks) {
			run->mark = 0;
			if (run->scan.damage < run->scan.n)
				return PROJECT_ODD;
			if (!scan_on(run))
				return PROJECT_CUT;
		}
	}
}

/* --- what the query says of it --- */

/* What is known of a value. */
enum known { MISSING, KNOWN, UNKNOWN };

/* A string from behind its opening quote. */
static enum known
read_string(const char *start, const char *end, struct json *v)
{
	const char *p = scan_plain(start, end);

	while (p < end && (unsigned char)*p >= 0x80) {
		uint32_t cp;
		size_t n = utf8_read(p, end, &cp);

		if (n == 0)
			return UNKNOWN;
		p = scan_plain(p + n, end);
	}
	if (p == end || *p != '"')
		return UNKNOWN;
	*v = (struct json){
	    .type = JSON_STRING, .skip = 1, .len = (uint32_t)(p - start), .text = start};
	return KNOWN;
}

/* A number or word, which must be followed by what can follow a value. */
static enum known
read_bare(enum json_type type, size_t n, const char *p, const char *end, struct json *v)
{
	if (n == 0 || n >= (size_t)(end - p) ||
	    (!json_is_space(p[n]) && p[n] != ',' && p[n] != '}'))
		return UNKNOWN;
	*v = (struct json){.type = (uint8_t)type, .skip = 1, .len = (uint32_t)n, .text = p};
	return KNOWN;
}

static size_t
word_len(const char *p, const char *end, struct str word)
{
	return (size_t)(end - p) >= word.n && memcmp(p, word.p, word.n) == 0 ? word.n : 0;
}

/* The value of a name. Of lists and objects only the type is said. */
static enum known
read_value(const struct project_run *run, const struct name *name, struct json *v)
{
	const char *p, *end = run->scan.p + run->end;

	if (!has_value(run, name))
		return MISSING;
	p = run->scan.p + run->values[name->number];
	switch (*p) {
	case '"':
		return read_string(p + 1, end, v);
	case '{':
	case '[':
		*v = (struct json){.type = *p == '{' ? JSON_OBJECT : JSON_ARRAY, .skip = 1};
		return KNOWN;
	case 't':
		return read_bare(JSON_TRUE, word_len(p, end, STR("true")), p, end, v);
	case 'f':
		return read_bare(JSON_FALSE, word_len(p, end, STR("false")), p, end, v);
	case 'n':
		return read_bare(JSON_NULL, word_len(p, end, STR("null")), p, end, v);
	default:
		return read_bare(JSON_NUMBER, number_scan(p, end), p, end, v);
	}
}

/* The text of a string, empty for other values. */
static enum known
read_text(const struct project_run *run, const struct name *name, struct str *text)
{
	struct json v;
	enum known k = read_value(run, name, &v);

	*text = k == KNOWN && v.type == JSON_STRING ? json_text(&v) : STR("");
	return k;
}

static enum project_result
ask_test(struct project_run *run, const struct ask *a)
{
	struct json v;
	enum known k;
	struct err err;
	int r;

	k = read_value(run, a->name, &v);
	if (k == UNKNOWN || (k == KNOWN && a->deep && is_container(&v)))
		return PROJECT_MAYBE;
	r = match_node(a->test, k == KNOWN ? &v : NULL, run->scratch, &err);
	return r < 0 ? PROJECT_MAYBE : r > 0 ? PROJECT_YES : PROJECT_NO;
}

/* Where one of the two is missing, Insight records have it elsewhere: that is left to the parser.
 */
static enum project_result
ask_patterns(const struct project_run *run)
{
	const struct project *pr = run->project;
	struct str source, event_name;

	if (read_text(run, pr->source, &source) != KNOWN ||
	    read_text(run, pr->event_name, &event_name) != KNOWN)
		return PROJECT_MAYBE;
	return match_patterns(pr->query.match, source, event_name) ? PROJECT_YES : PROJECT_NO;
}

static enum project_result
ask_window(const struct project_run *run)
{
	const struct project_query *q = &run->project->query;
	struct str text;
	int64_t time;

	if (read_text(run, run->project->time, &text) == UNKNOWN)
		return PROJECT_MAYBE;
	if (when_parse_event(text, &time) != 0)
		return PROJECT_YES;
	return time >= q->from && time <= q->to ? PROJECT_YES : PROJECT_NO;
}

/* Recursion is bounded by MATCH_MAX_DEPTH. */
static enum project_result
ask(struct project_run *run, const struct ask *a)
{
	/* What decides an AND or OR, and what it is when nothing does. */
	enum project_result decides = a->kind == ASK_AND ? PROJECT_NO : PROJECT_YES;
	enum project_result result = a->kind == ASK_AND ? PROJECT_YES : PROJECT_NO;

	switch (a->kind) {
	case ASK_TEST:
		return ask_test(run, a);
	case ASK_PATTERNS:
		return ask_patterns(run);
	case ASK_WINDOW:
		return ask_window(run);
	case ASK_PARSER:
		return PROJECT_MAYBE;
	case ASK_NOT:
		result = ask(run, a->child);
		if (result == PROJECT_MAYBE)
			return result;
		return result == PROJECT_YES ? PROJECT_NO : PROJECT_YES;
	default:
		break;
	}
	for (const struct ask *x = a->child; x != NULL; x = x->next) {
		enum project_result r = ask(run, x);

		if (r == decides)
			return r;
		if (r == PROJECT_MAYBE)
			result = r;
	}
	return result;
}

/* Can there be a needle in the record? */
static bool
has_needle(struct project_run *run)
{
	const struct project *pr = run->project;

	if (run->hidden)
		return true;
	if (run->looked < run->begin)
		run->looked = run->begin;
	if (run->looked < run->end)
		run->looked = scan_find(pr->kernel, pr->needles, pr->n_needles, run->scan.p,
		    run->scan.n, run->looked, run->end + SCAN_STEP);
	return run->looked < run->end;
}

static enum project_result
decide(struct project_run *run, bool unsure, struct project_record *record)
{
	const struct project *pr = run->project;
	enum project_result result;

	if (unsure || run->wraps)
		return PROJECT_MAYBE;
	if (pr->n_needles > 0 && !has_needle(run))
		return PROJECT_NO;
	result = ask(run, pr->ask);
	if (result == PROJECT_YES) {
		if (pr->time != NULL && read_text(run, pr->time, &record->time) == UNKNOWN)
			return PROJECT_MAYBE;
		record->valid = run->checked && !run->invalid &&
		    valid_record(&run->valid, record->at, record->n);
	}
	return result;
}

enum project_result
project_next(struct project_run *run, size_t from, struct project_record *record)
{
	const char *p = run->scan.p, *end = p + run->scan.n;
	enum project_result result;
	bool unsure = false;

	run->begin = (size_t)(skip_space(p + from, end) - p);
	run->valid.passed = (ptrdiff_t)run->begin;
	*record = (struct project_record){.at = run->begin, .time = STR("")};
	if (p + run->begin == end)
		return PROJECT_END;
	/* The marks up to here belong to what is between the records. */
	for (;;) {
		if (run->mark < run->scan.n_marks && run->scan.marks[run->mark] >= run->begin)
			break;
		if (run->mark < run->scan.n_marks) {
			run->mark++;
		} else {
			run->mark = 0;
			if (!scan_on(run))
				return PROJECT_ODD;
		}
	}
	if (p[run->begin] != '{' || run->scan.marks[run->mark] != run->begin)
		return PROJECT_ODD;
	run->values[run->project->root->number] = (uint32_t)run->begin;
	run->hidden = run->wraps = false;
	result = walk(run, &unsure);
	if (result != PROJECT_MAYBE)
		return result;
	record->n = run->end - run->begin;
	return decide(run, unsure, record);
}

/* match.c: see match.h. Expressions are compiled by recursive descent to a small tree and evaluated
 * on it. */
#include "match.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "glob.h"
#include "jsonpath.h"
#include "literal.h"
#include "number.h"
#include "regex.h"

struct match_scratch {
	struct jsonpath_scratch *path;
	struct regex_scratch *regex;
};

/* --- compile --- */

struct compiler {
	const char *start;
	const char *p;
	const char *end;
	unsigned depth;
	struct err *err;
};

static struct match_expr *parse_or(struct compiler *c);
static struct match_expr *parse_not(struct compiler *c);

static struct match_expr *
expr_new(enum match_kind kind, struct match_expr *child)
{
	struct match_expr *e = xmalloc(sizeof(*e));

	*e = (struct match_expr){.kind = kind, .child = child};
	return e;
}

static void
test_free(struct match_test *t)
{
	jsonpath_free(t->path);
	json_doc_free(&t->literal);
	regex_free(t->regex);
	free(t);
}

/* Recursion is bounded by MATCH_MAX_DEPTH. */
static void
expr_free(struct match_expr *e)
{
	while (e != NULL) {
		struct match_expr *next = e->next;

		expr_free(e->child);
		if (e->test != NULL)
			test_free(e->test);
		free(e);
		e = next;
	}
}

static void
skip_blanks(struct compiler *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r'))
		c->p++;
}

static void *
syntax(struct compiler *c, const char *expected)
{
	size_t at = (size_t)(c->p - c->start);
	char seen[32];

	skip_blanks(c);
	if (c->p >= c->end)
		(void)err_set(c->err, at, "%s expected, but the expression ends", expected);
	else
		(void)err_set(c->err, (size_t)(c->p - c->start), "%s expected, but there is '%s'",
		    expected, str_escape(seen, sizeof(seen), (struct str){c->p, 1}));
	return NULL;
}

static bool
word_char(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
	    ch == '_';
}

/* Take the text when it stands here; a word must stand by itself. */
static bool
take(struct compiler *c, struct str text, bool word)
{
	skip_blanks(c);
	if ((size_t)(c->end - c->p) < text.n || memcmp(c->p, text.p, text.n) != 0)
		return false;
	if (word && c->p + text.n < c->end && word_char(c->p[text.n]))
		return false;
	c->p += text.n;
	return true;
}

static bool
take_word(struct compiler *c, struct str word)
{
	return take(c, word, true);
}

static int
parse_op(struct compiler *c, enum match_op *op)
{
	static const struct {
		struct str text;
		enum match_op op;
		bool word; /* must stand by itself */
	} ops[] = {
	    {{"regex", 5}, MATCH_REGEX, true},
	    {{"in", 2}, MATCH_IN, true},
	    {{"glob", 4}, MATCH_GLOB, true},
	    {{"cidr", 4}, MATCH_CIDR, true},
	    {{"==", 2}, MATCH_EQ, false},
	    {{"!=", 2}, MATCH_NE, false},
	    {{"<=", 2}, MATCH_LE, false},
	    {{">=", 2}, MATCH_GE, false},
	    {{"<", 1}, MATCH_LT, false},
	    {{">", 1}, MATCH_GT, false},
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (take(c, ops[i].text, ops[i].word)) {
			*op = ops[i].op;
			return 0;
		}
	(void)syntax(c, "an operator (== != < <= > >= in regex glob cidr), 'and' or 'or'");
	return -1;
}

/* An IPv4 or IPv6 address as 16 bytes; *v4 for IPv4 and IPv4-mapped ones. */
static bool
read_address(struct str text, unsigned char out[16], bool *v4)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	char z[INET6_ADDRSTRLEN];

	if (text.n == 0 || text.n >= sizeof(z) || memchr(text.p, '\0', text.n) != NULL)
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	memcpy(out, mapped, sizeof(mapped));
	*v4 = true;
	if (inet_pton(AF_INET, z, out + 12) == 1)
		return true;
	if (inet_pton(AF_INET6, z, out) != 1)
		return false;
	*v4 = memcmp(out, mapped, sizeof(mapped)) == 0;
	return true;
}

/* "ADDRESS" or "ADDRESS/BITS" (RFC 4632, RFC 4291 section 2.3). */
static bool
read_network(struct str text, struct match_network *net)
{
	const char *slash = text.n > 0 ? memchr(text.p, '/', text.n) : NULL;
	struct str address = {text.p, slash != NULL ? (size_t)(slash - text.p) : text.n};
	unsigned char as_v4[4];
	unsigned bits = 0, width;
	char z[INET6_ADDRSTRLEN];

	if (!read_address(address, net->addr, &net->v4))
		return false;
	memcpy(z, address.p, address.n);
	z[address.n] = '\0';
	width = inet_pton(AF_INET, z, as_v4) == 1 ? 32 : 128;
	net->bits = 128;
	if (slash == NULL)
		return true;
	if (slash + 1 == text.p + text.n || text.p + text.n - slash > 4)
		return false;
	for (const char *p = slash + 1; p < text.p + text.n; p++) {
		if (*p < '0' || *p > '9')
			return false;
		bits = bits * 10 + (unsigned)(*p - '0');
	}
	if (bits > width)
		return false;
	net->bits = bits + (128 - width);
	net->v4 = net->v4 && net->bits >= 96;
	return true;
}

/* Check that the literal suits the operator, and compile what it needs. */
static int
finish_test(struct compiler *c, struct match_test *t, const char *at)
{
	const struct json *v = t->literal.v;
	size_t pos = (size_t)(at - c->start);
	struct err err;

	switch (t->op) {
	case MATCH_REGEX:
		if (v->type != JSON_STRING)
			return err_set(c->err, pos, "regex wants text in quotes");
		t->regex = regex_compile(json_text(v), &err);
		if (t->regex == NULL)
			return err_set(c->err, pos,
			    "bad regular expression: %.150s (at its byte %zu)", err.msg, err.pos);
		return 0;
	case MATCH_GLOB:
		if (v->type != JSON_STRING)
			return err_set(c->err, pos, "glob wants text in quotes");
		return 0;
	case MATCH_CIDR:
		if (v->type != JSON_STRING || !read_network(json_text(v), &t->network))
			return err_set(c->err, pos,
			    "cidr wants a network in quotes, such as \"10.0.0.0/8\" or "
			    "\"2001:db8::/32\"");
		return 0;
	case MATCH_IN:
		if (v->type != JSON_ARRAY)
			return err_set(c->err, pos, "in wants a list, such as [\"a\", \"b\"]");
		return 0;
	case MATCH_LT:
	case MATCH_LE:
	case MATCH_GT:
	case MATCH_GE:
		if (v->type != JSON_STRING && v->type != JSON_NUMBER)
			return err_set(c->err, pos, "only numbers and text have an order");
		return 0;
	default:
		return 0;
	}
}

static bool
test_ends(struct compiler *c)
{
	const char *p;
	bool ends;

	skip_blanks(c);
	p = c->p;
	ends = p >= c->end || *p == ')' || take_word(c, STR("and")) || take_word(c, STR("or"));
	c->p = p;
	return ends;
}

static int
parse_operation(struct compiler *c, struct match_test *t)
{
	const char *at;
	struct err err;
	size_t used;

	if (test_ends(c))
		return 0;
	if (parse_op(c, &t->op) != 0)
		return -1;
	skip_blanks(c);
	at = c->p;
	if (literal_parse((struct str){at, (size_t)(c->end - at)}, &used, &t->literal, &err) != 0)
		return err_set(c->err, (size_t)(at - c->start) + err.pos, "%s", err.msg);
	c->p = at + used;
	return finish_test(c, t, at);
}

static struct match_expr *
parse_test(struct compiler *c)
{
	struct match_expr *e = expr_new(MATCH_TEST, NULL);
	size_t base = (size_t)(c->p - c->start), used;
	struct err err;

	e->test = xmalloc(sizeof(*e->test));
	*e->test = (struct match_test){.op = MATCH_EXISTS};
	json_doc_init(&e->test->literal);
	e->test->path = jsonpath_compile((struct str){c->p, (size_t)(c->end - c->p)}, &used, &err);
	if (e->test->path == NULL) {
		(void)err_set(c->err, base + err.pos, "%s", err.msg);
		expr_free(e);
		return NULL;
	}
	c->p += used;
	if (parse_operation(c, e->test) != 0) {
		expr_free(e);
		return NULL;
	}
	return e;
}

/* Go one level down; leave by depth--. */
static int
enter(struct compiler *c)
{
	if (c->depth == MATCH_MAX_DEPTH)
		return err_set(
		    c->err, (size_t)(c->p - c->start), "nested deeper than %d", MATCH_MAX_DEPTH);
	c->depth++;
	return 0;
}

static struct match_expr *
parse_parentheses(struct compiler *c)
{
	struct match_expr *e;

	c->p++;
	e = parse_or(c);
	skip_blanks(c);
	if (e != NULL && (c->p >= c->end || *c->p != ')')) {
		expr_free(e);
		return syntax(c, "'and', 'or' or ')'");
	}
	c->p++;
	return e;
}

static struct match_expr *
parse_negation(struct compiler *c)
{
	struct match_expr *child = parse_not(c);

	return child != NULL ? expr_new(MATCH_NOT, child) : NULL;
}

/* not = "not" not | "(" or ")" | test */
static struct match_expr *
parse_not(struct compiler *c)
{
	struct match_expr *e;
	bool negation;

	skip_blanks(c);
	if (c->p < c->end && *c->p == '$')
		return parse_test(c);
	negation = take_word(c, STR("not"));
	if (!negation && (c->p >= c->end || *c->p != '('))
		return syntax(c, "a JSONPath ('$...'), 'not' or '('");
	if (enter(c) != 0)
		return NULL;
	e = negation ? parse_negation(c) : parse_parentheses(c);
	c->depth--;
	return e;
}

/* One or more operands with `word` between them; a single one stands for itself. */
static struct match_expr *
parse_chain(struct compiler *c, enum match_kind kind, struct str word,
    struct match_expr *(*operand)(struct compiler *))
{
	struct match_expr *first = operand(c), *last = first;

	while (last != NULL && take_word(c, word)) {
		last->next = operand(c);
		last = last->next;
	}
	if (last == NULL) {
		expr_free(first);
		return NULL;
	}
	return last == first ? first : expr_new(kind, first);
}

static struct match_expr *
parse_and(struct compiler *c)
{
	return parse_chain(c, MATCH_AND, STR("and"), parse_not);
}

static struct match_expr *
parse_or(struct compiler *c)
{
	return parse_chain(c, MATCH_OR, STR("or"), parse_and);
}

struct match *
match_new(void)
{
	struct match *m = xmalloc(sizeof(*m));

	*m = (struct match){.all = expr_new(MATCH_AND, NULL)};
	return m;
}

void
match_free(struct match *m)
{
	if (m == NULL)
		return;
	expr_free(m->all);
	free(m->patterns);
	free(m);
}

int
match_add_pattern(struct match *m, struct str pattern, struct err *err)
{
	struct action a;

	if (action_parse(&a, pattern, err) != 0)
		return -1;
	m->patterns = xrealloc(m->patterns, m->n_patterns + 1, sizeof(*m->patterns));
	m->patterns[m->n_patterns++] = a;
	return 0;
}

int
match_add_expression(struct match *m, struct str text, struct err *err)
{
	struct compiler c = {.start = text.p, .p = text.p, .end = text.p + text.n, .err = err};
	struct match_expr *e;

	skip_blanks(&c);
	if (c.p == c.end)
		return 0;
	e = parse_or(&c);
	if (e == NULL)
		return -1;
	skip_blanks(&c);
	if (c.p < c.end) {
		(void)syntax(&c, "'and', 'or' or the end");
		expr_free(e);
		return -1;
	}
	/* Keep the order given: the first expression is asked first. */
	for (struct match_expr **at = &m->all->child;; at = &(*at)->next)
		if (*at == NULL) {
			*at = e;
			return 0;
		}
}

bool
match_asks_for(const struct match *m, struct str service)
{
	for (size_t i = 0; i < m->n_patterns; i++)
		if (!str_eq(m->patterns[i].service, STR("*")) &&
		    glob_match(m->patterns[i].service, service, true))
			return true;
	return false;
}

/* --- evaluate --- */

struct match_scratch *
match_scratch_new(void)
{
	struct match_scratch *s = xmalloc(sizeof(*s));

	s->path = jsonpath_scratch_new();
	s->regex = regex_scratch_new();
	return s;
}

void
match_scratch_free(struct match_scratch *s)
{
	if (s == NULL)
		return;
	jsonpath_scratch_free(s->path);
	regex_scratch_free(s->regex);
	free(s);
}

static bool
in_network(const struct match_network *net, struct str text)
{
	unsigned char addr[16];
	unsigned whole = net->bits / 8, rest = net->bits % 8;
	bool v4;

	if (!read_address(text, addr, &v4) || v4 != net->v4 || memcmp(addr, net->addr, whole) != 0)
		return false;
	return rest == 0 || (addr[whole] ^ net->addr[whole]) >> (8 - rest) == 0;
}

static bool
in_list(const struct json *node, const struct json *list)
{
	for (const struct json *e = json_begin(list); e < json_end(list); e = json_next(e))
		if (json_equal(node, e))
			return true;
	return false;
}

/* Order of two numbers or two texts; false where the types differ, as nothing else has an order. */
static bool
in_order(const struct json *node, const struct json *literal, enum match_op op)
{
	int c;

	if (node->type != literal->type)
		return false;
	c = node->type == JSON_NUMBER ? number_cmp(json_text(node), json_text(literal)) :
					str_cmp(json_text(node), json_text(literal));
	switch (op) {
	case MATCH_LT:
		return c < 0;
	case MATCH_LE:
		return c <= 0;
	case MATCH_GT:
		return c > 0;
	default:
		return c >= 0;
	}
}

int
match_node(const struct match_test *t, const struct json *node, struct match_scratch *scratch,
    struct err *err)
{
	static const struct json none = {.type = JSON_NULL, .skip = 1, .len = 4, .text = "null"};
	bool text;

	if (t->op == MATCH_EXISTS)
		return node != NULL;
	if (node == NULL)
		node = &none;
	text = node->type == JSON_STRING;
	switch (t->op) {
	case MATCH_EQ:
		return json_equal(node, t->literal.v);
	case MATCH_NE:
		return !json_equal(node, t->literal.v);
	case MATCH_IN:
		return in_list(node, t->literal.v);
	case MATCH_REGEX:
		return text ? regex_search(t->regex, json_text(node), scratch->regex, err) : 0;
	case MATCH_GLOB:
		return text && glob_match(json_text(t->literal.v), json_text(node), false);
	case MATCH_CIDR:
		return text && in_network(&t->network, json_text(node));
	default:
		return in_order(node, t->literal.v, t->op);
	}
}

struct test_visit {
	const struct match_test *test;
	struct match_scratch *scratch;
	bool any; /* a node was visited */
};

static int
visit_node(
    void *context, const struct json *node, const struct jsonpath_place *place, struct err *err)
{
	struct test_visit *v = context;

	(void)place;
	v->any = true;
	return match_node(v->test, node, v->scratch, err);
}

static int
run_test(const struct match_test *t, const struct json *event, struct match_scratch *scratch,
    struct err *err)
{
	struct test_visit v = {.test = t, .scratch = scratch};
	int r = jsonpath_each(t->path, event, scratch->path, visit_node, &v, err);

	return r != 0 || v.any ? r : match_node(t, NULL, scratch, err);
}

/* Recursion is bounded by MATCH_MAX_DEPTH. */
static int
run_expr(const struct match_expr *e, const struct json *event, struct match_scratch *scratch,
    struct err *err)
{
	int r;

	if (e->kind == MATCH_TEST)
		return run_test(e->test, event, scratch, err);
	if (e->kind == MATCH_NOT) {
		r = run_expr(e->child, event, scratch, err);
		return r < 0 ? r : !r;
	}
	for (const struct match_expr *x = e->child; x != NULL; x = x->next) {
		r = run_expr(x, event, scratch, err);
		if (r < 0 || r == (e->kind == MATCH_OR))
			return r;
	}
	return e->kind == MATCH_AND;
}

/* A text member, empty where it is missing or of another type. Insight records keep it in
 * insightDetails. */
static struct str
event_text(const struct json *event, struct str name)
{
	const struct json *v = json_get(event, name), *details;

	if (v == NULL && (details = json_get(event, STR("insightDetails"))) != NULL)
		v = json_get(details, name);
	return v != NULL && v->type == JSON_STRING ? json_text(v) : (struct str){"", 0};
}

bool
match_patterns(const struct match *m, struct str source, struct str name)
{
	for (size_t i = 0; i < m->n_patterns; i++)
		if (action_match(&m->patterns[i], source, name))
			return true;
	return m->n_patterns == 0;
}

int
match_event(
    const struct match *m, const struct json *event, struct match_scratch *scratch, struct err *err)
{
	if (m->n_patterns > 0 &&
	    !match_patterns(m, event_text(event, STR("eventSource")),
		event_text(event, STR("eventName"))))
		return 0;
	return run_expr(m->all, event, scratch, err);
}

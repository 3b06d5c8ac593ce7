/* jsonpath.c: see jsonpath.h. The section numbers in the comments are RFC 9535's.
 *
 * The first half parses a path into a tree in one arena; every check that needs no document is made
 * there, and a string literal that is a regular expression is compiled. The second half walks
 * depth-first through segments and values at once, which visits nodes in the RFC's order without
 * ever holding a list of them. A value's place is a chain of the walk's own stack frames.
 *
 * Not done here: regular expressions are translated in iregexp.c and matched in regex.c. */
#include "jsonpath.h"

#include <stdlib.h>

#include "iregexp.h"
#include "number.h"
#include "regex.h"

#define ARENA_CAP (256 * (size_t)JSONPATH_MAX_BYTES) /* bytes of tree: 64 per byte are usual */
#define MAX_INT 9007199254740991                     /* 2^53-1, section 2.1 */
/* Levels of recursion, of about 256 bytes of stack. A path without filters needs JSON_MAX_DEPTH. */
#define MAX_LEVELS 2560

/* What a function takes and gives, section 2.4.1. */
enum kind { VALUE, LOGICAL, NODES };

struct function {
	struct str name;
	size_t arity;
	enum kind takes[2];
	enum kind gives;
};

enum { LENGTH, COUNT, MATCH, SEARCH, VALUE_OF };

static const struct function functions[] = {
	[LENGTH] = {{"length", 6}, 1, {VALUE}, VALUE},
	[COUNT] = {{"count", 5}, 1, {NODES}, VALUE},
	[MATCH] = {{"match", 5}, 2, {VALUE, VALUE}, LOGICAL},
	[SEARCH] = {{"search", 6}, 2, {VALUE, VALUE}, LOGICAL},
	[VALUE_OF] = {{"value", 5}, 1, {NODES}, VALUE},
};

struct query {
	struct segment *segments;
	bool relative; /* @, not $ */
	bool singular; /* selects at most one node, whatever the document */
};

enum expr_type {
	EXPR_OR,      /* any of the operands */
	EXPR_AND,     /* all of them */
	EXPR_NOT,     /* not the only one */
	EXPR_COMPARE, /* two of them by op */
	EXPR_CALL,    /* of function with the operands as arguments */
	EXPR_QUERY,   /* whether it selects something; as an operand or argument: what it selects */
	EXPR_LITERAL
};

enum op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

struct expr {
	struct expr *next; /* the next operand of the same expression */
	struct expr *operands;
	size_t pos; /* byte in the path */
	enum expr_type type;
	enum op op;
	size_t function;         /* index in functions[] */
	bool fixed;              /* a match or search whose pattern is a literal */
	struct regex *re;        /* that pattern; NULL where it is no I-Regexp */
	struct expr *next_fixed; /* for jsonpath_free */
	struct query query;
	struct json literal;
};

/* The integer arithmetic of a script subscript. */
enum script_type { SCRIPT_LENGTH, SCRIPT_INT, SCRIPT_SUM, SCRIPT_PRODUCT };

struct script {
	struct script *next;  /* the next term or factor */
	struct script *terms; /* of a sum or product */
	enum script_type type;
	bool minus; /* to be subtracted from the sum it is in */
	int64_t value;
};

enum selector_type {
	SELECT_NAME,
	SELECT_ALL,
	SELECT_INDEX,
	SELECT_SLICE,
	SELECT_FILTER,
	SELECT_SCRIPT
};

struct slice {
	bool has_start;
	bool has_end;
	int64_t start;
	int64_t end;
	int64_t step;
};

struct selector {
	struct selector *next;
	enum selector_type type;
	union {
		struct str name;
		int64_t index;
		struct slice slice;
		struct expr *filter;
		struct script *script;
	} u;
};

struct segment {
	struct segment *next;
	struct selector *selectors;
	bool descendant;
};

struct jsonpath {
	struct arena arena;
	struct query query;
	struct expr *fixed; /* the expressions that own a regex */
	struct str *names;  /* of a plain chain of members, else NULL */
	size_t n_names;
};

struct jsonpath_scratch {
	struct regex_scratch *matching;
	struct buf pattern; /* the last one that came from a document */
	struct regex *re;   /* what it is compiled; NULL where it is no I-Regexp */
	bool whole;
	bool filled;
};

/* ---- parsing ---- */

struct parser {
	const char *start; /* of the path */
	const char *p;
	const char *end;
	struct jsonpath *path;
	struct err *err;
	unsigned depth; /* nested filters, parentheses and calls */
};

static size_t
offset(const struct parser *ps, const char *p)
{
	return (size_t)(p - ps->start);
}

/* Say what was expected at p, and what is there. */
static int
unexpected(struct parser *ps, const char *expected)
{
	char seen[24];
	uint32_t cp;
	size_t n = utf8_read(ps->p, ps->end, &cp);

	if (ps->p == ps->end)
		return err_set(ps->err, offset(ps, ps->p), "%s, but the path ends", expected);
	return err_set(ps->err, offset(ps, ps->p), "%s, but there is '%s'", expected,
	    str_escape(seen, sizeof(seen), (struct str){ps->p, n > 0 ? n : 1}));
}

/* n zero bytes of the path's arena. */
static void *
take(struct parser *ps, size_t n)
{
	void *p = arena_alloc(&ps->path->arena, n);

	if (p == NULL) {
		(void)err_set(ps->err, offset(ps, ps->p), "the path is too long");
		return NULL;
	}
	return memset(p, 0, n);
}

static int
enter(struct parser *ps)
{
	if (ps->depth == JSONPATH_MAX_DEPTH)
		return err_set(ps->err, offset(ps, ps->p),
		    "nested deeper than %d filters and parentheses", JSONPATH_MAX_DEPTH);
	ps->depth++;
	return 0;
}

static bool
at(const struct parser *ps, char c)
{
	return ps->p < ps->end && *ps->p == c;
}

static bool
at_text(const struct parser *ps, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(ps->end - ps->p) >= n && memcmp(ps->p, text, n) == 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
at_digit(const struct parser *ps)
{
	return ps->p < ps->end && is_digit(*ps->p);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_blanks(struct parser *ps)
{
	while (ps->p < ps->end && is_blank(*ps->p))
		ps->p++;
}

/* ---- strings and names ---- */

/* Length of the character at p if a member-name-shorthand (section 2.5.1.1) may start with it. */
static size_t
name_first(const char *p, const char *end)
{
	uint32_t cp;
	size_t n = utf8_read(p, end, &cp);

	return n > 1 || (n == 1 && (is_lower(*p) || (*p >= 'A' && *p <= 'Z') || *p == '_')) ? n : 0;
}

static size_t
name_char(const char *p, const char *end)
{
	return p < end && is_digit(*p) ? 1 : name_first(p, end);
}

/* A member-name-shorthand; hyphens within are our extension. There is one: the caller looked. */
static int
parse_shorthand(struct parser *ps, struct str *name)
{
	const char *first = ps->p;
	size_t n;

	while ((n = name_char(ps->p, ps->end)) > 0 ||
	    (at(ps, '-') && ps->p > first && name_char(ps->p + 1, ps->end) > 0))
		ps->p += n > 0 ? n : 1;
	*name = arena_copy(&ps->path->arena, (struct str){first, (size_t)(ps->p - first)});
	if (name->p == NULL)
		return err_set(ps->err, offset(ps, first), "the path is too long");
	return 0;
}

/* hexchar (section 2.3.1.1) with p at its backslash. Unlike in JSON half a pair is an error. */
static int
parse_hexchar(struct parser *ps, uint32_t *cp)
{
	uint32_t low;

	if (!str_hex4(ps->p + 2, ps->end, cp))
		return err_set(ps->err, offset(ps, ps->p), "\\u wants four hexadecimal digits");
	if (*cp >= 0xd800 && *cp <= 0xdfff) {
		if (*cp >= 0xdc00 || ps->end - ps->p < 12 || ps->p[6] != '\\' || ps->p[7] != 'u' ||
		    !str_hex4(ps->p + 8, ps->end, &low) || low < 0xdc00 || low > 0xdfff)
			return err_set(ps->err, offset(ps, ps->p), "half a surrogate pair");
		*cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
		ps->p += 6;
	}
	ps->p += 6;
	return 0;
}

/* One escape with p at its backslash. */
static int
parse_escape(struct parser *ps, char quote, uint32_t *cp)
{
	static const char letters[] = "bfnrt/\\", values[] = "\b\f\n\r\t/\\";
	char c = ps->p + 1 < ps->end ? ps->p[1] : '\0';
	const char *found = c != '\0' ? strchr(letters, c) : NULL;

	if (c == 'u')
		return parse_hexchar(ps, cp);
	if (c == quote)
		*cp = (unsigned char)c;
	else if (found != NULL)
		*cp = (unsigned char)values[found - letters];
	else
		return err_set(ps->err, offset(ps, ps->p), "there is no such escape in a string");
	ps->p += 2;
	return 0;
}

/* The closing quote of the string whose opening quote is at p; NULL where there is none. */
static const char *
closing_quote(const char *p, const char *end)
{
	char quote = *p++;

	while (p < end && *p != quote)
		p += *p == '\\' && end - p > 1 ? 2 : 1;
	return p < end ? p : NULL;
}

/* string-literal (section 2.3.1.1) with p at its quote. */
static int
parse_string(struct parser *ps, struct str *s)
{
	char quote = *ps->p, *out;
	const char *close = closing_quote(ps->p, ps->end);

	if (close == NULL)
		return err_set(ps->err, offset(ps, ps->p), "the string has no end");
	/* No escape decodes to more bytes than it has. */
	out = take(ps, (size_t)(close - ps->p));
	if (out == NULL)
		return -1;
	s->p = out;
	ps->p++;
	while (*ps->p != quote) {
		uint32_t cp;
		size_t n;

		if (*ps->p == '\\') {
			if (parse_escape(ps, quote, &cp) != 0)
				return -1;
		} else {
			n = utf8_read(ps->p, ps->end, &cp);
			if (n == 0)
				return err_set(ps->err, offset(ps, ps->p),
				    "invalid UTF-8 in a string");
			if (cp < 0x20)
				return err_set(ps->err, offset(ps, ps->p),
				    "control character 0x%02x in a string", (unsigned)cp);
			ps->p += n;
		}
		out += utf8_write(out, cp);
	}
	ps->p++;
	s->n = (size_t)(out - s->p);
	return 0;
}

/* int (section 2.3.3.1): no leading zero, no -0, within I-JSON's exact integers. */
static int
parse_int(struct parser *ps, int64_t *value)
{
	const char *first = ps->p;
	bool negative = at(ps, '-');

	*value = 0;
	ps->p += negative;
	if (!at_digit(ps))
		return unexpected(ps, "a digit expected");
	if (*ps->p == '0' && ps->p + 1 < ps->end && is_digit(ps->p[1]))
		return err_set(ps->err, offset(ps, ps->p), "an integer has no leading zeros");
	if (*ps->p == '0' && negative)
		return err_set(ps->err, offset(ps, first), "-0 is no index");
	while (at_digit(ps)) {
		*value = *value * 10 + (*ps->p++ - '0');
		if (*value > MAX_INT)
			return err_set(ps->err, offset(ps, first), "integers end at 2^53-1");
	}
	if (negative)
		*value = -*value;
	return 0;
}

/* ---- script subscripts ---- */

static int parse_sum(struct parser *ps, struct script **sum);

/* "@.length", an integer or a sum in parentheses. */
static int
parse_factor(struct parser *ps, struct script **factor)
{
	struct script *s;

	if (at(ps, '(')) {
		if (enter(ps) != 0)
			return -1;
		ps->p++;
		if (parse_sum(ps, factor) != 0)
			return -1;
		if (!at(ps, ')'))
			return unexpected(ps, "'+', '-', '*' or ')' expected");
		ps->p++;
		ps->depth--;
		return 0;
	}
	*factor = s = take(ps, sizeof(*s));
	if (s == NULL)
		return -1;
	if (at_text(ps, "@.length") && name_char(ps->p + 8, ps->end) == 0) {
		s->type = SCRIPT_LENGTH;
		ps->p += 8;
		return 0;
	}
	if (!at_digit(ps) && !at(ps, '-'))
		return unexpected(ps, "@.length, an integer or '(' expected");
	s->type = SCRIPT_INT;
	return parse_int(ps, &s->value);
}

static int
parse_product(struct parser *ps, struct script **product)
{
	struct script *s, **tail;

	*product = s = take(ps, sizeof(*s));
	if (s == NULL)
		return -1;
	s->type = SCRIPT_PRODUCT;
	for (tail = &s->terms;; tail = &(*tail)->next) {
		skip_blanks(ps);
		if (parse_factor(ps, tail) != 0)
			return -1;
		skip_blanks(ps);
		if (!at(ps, '*'))
			return 0;
		ps->p++;
	}
}

static int
parse_sum(struct parser *ps, struct script **sum)
{
	struct script *s, **tail;
	bool minus = false;

	*sum = s = take(ps, sizeof(*s));
	if (s == NULL)
		return -1;
	s->type = SCRIPT_SUM;
	for (tail = &s->terms;; tail = &(*tail)->next) {
		if (parse_product(ps, tail) != 0)
			return -1;
		(*tail)->minus = minus;
		if (!at(ps, '+') && !at(ps, '-'))
			return 0;
		minus = *ps->p++ == '-';
	}
}

/* ---- filters ---- */

static int parse_query(struct parser *ps, struct query *query);
static int parse_or(struct parser *ps, struct expr **expr);
static int parse_operand(struct parser *ps, struct expr **operand);

static struct expr *
new_expr(struct parser *ps, enum expr_type type)
{
	struct expr *e = take(ps, sizeof(*e));

	if (e != NULL) {
		e->type = type;
		e->pos = offset(ps, ps->p);
	}
	return e;
}

/* Whether e can be compared, and be an argument where a value is wanted (section 2.4.3). */
static bool
is_value(const struct expr *e)
{
	return e->type == EXPR_LITERAL || (e->type == EXPR_QUERY && e->query.singular) ||
	    (e->type == EXPR_CALL && functions[e->function].gives == VALUE);
}

static int
check_comparable(struct parser *ps, const struct expr *e)
{
	if (is_value(e))
		return 0;
	return err_set(ps->err, e->pos, e->type == EXPR_QUERY ?
	    "a query that may select more than one node cannot be compared" :
	    "the result of this function cannot be compared");
}

static int
check_argument(struct parser *ps, const struct expr *call, const struct expr *arg, size_t i)
{
	const struct function *f = &functions[call->function];

	if (i >= f->arity)
		return err_set(ps->err, arg->pos, "%s() has %zu argument%s", f->name.p, f->arity,
		    f->arity > 1 ? "s" : "");
	if (f->takes[i] == NODES && arg->type != EXPR_QUERY)
		return err_set(ps->err, arg->pos, "%s() wants a query here", f->name.p);
	if (f->takes[i] == VALUE && !is_value(arg))
		return err_set(ps->err, arg->pos, "%s() wants one value here%s", f->name.p,
		    arg->type == EXPR_QUERY ? ", but the query may select more than one node" : "");
	return 0;
}

/* Translate and compile. 0, 1 where pattern is no I-Regexp (*re is NULL then), or -1. */
static int
compile_pattern(struct str pattern, bool whole, struct regex **re, struct err *err)
{
	struct buf translated = {0};
	int rv = iregexp_to_pcre2(pattern, whole, &translated, err);

	*re = rv == 0 ? regex_compile(buf_slice(&translated), err) : NULL;
	buf_free(&translated);
	return rv == 0 && *re == NULL ? -1 : rv;
}

/* Compile the pattern of a match or search where it is a literal. */
static int
fix_pattern(struct parser *ps, struct expr *call)
{
	const struct expr *pattern;
	struct err why;

	if (call->function != MATCH && call->function != SEARCH)
		return 0;
	pattern = call->operands->next;
	if (pattern->type != EXPR_LITERAL || pattern->literal.type != JSON_STRING)
		return 0;
	if (compile_pattern(json_text(&pattern->literal), call->function == MATCH, &call->re,
	    &why) < 0)
		return err_set(ps->err, pattern->pos, "%s", why.msg);
	call->fixed = true;
	call->next_fixed = ps->path->fixed;
	ps->path->fixed = call;
	return 0;
}

/* The arguments of a call up to and with its ')'. */
static int
parse_arguments(struct parser *ps, struct expr *call)
{
	const struct function *f = &functions[call->function];
	struct expr **tail = &call->operands;
	size_t n = 0;

	skip_blanks(ps);
	while (!at(ps, ')') || n > 0) {
		if (parse_operand(ps, tail) != 0 || check_argument(ps, call, *tail, n) != 0)
			return -1;
		n++;
		tail = &(*tail)->next;
		skip_blanks(ps);
		if (!at(ps, ','))
			break;
		ps->p++;
		skip_blanks(ps);
	}
	if (!at(ps, ')'))
		return unexpected(ps, "',' or ')' expected");
	if (n < f->arity)
		return err_set(ps->err, offset(ps, ps->p), "%s() has %zu argument%s", f->name.p,
		    f->arity, f->arity > 1 ? "s" : "");
	ps->p++;
	return fix_pattern(ps, call);
}

/* A function call with p at its name, which is n bytes long and followed by '('. */
static int
parse_call(struct parser *ps, size_t n, struct expr **expr)
{
	const size_t known = sizeof(functions) / sizeof(functions[0]);
	struct expr *e = new_expr(ps, EXPR_CALL);
	char name[48];

	if (e == NULL || enter(ps) != 0)
		return -1;
	while (e->function < known && !str_eq(functions[e->function].name, (struct str){ps->p, n}))
		e->function++;
	if (e->function == known)
		return err_set(ps->err, e->pos, "there is no function %s()",
		    str_escape(name, sizeof(name), (struct str){ps->p, n}));
	ps->p += n + 1;
	if (parse_arguments(ps, e) != 0)
		return -1;
	ps->depth--;
	*expr = e;
	return 0;
}

/* true, false, null or a function call, with p at a lower-case letter. */
static int
parse_word(struct parser *ps, struct expr **expr)
{
	static const struct json words[] = {
		{.type = JSON_TRUE, .skip = 1, .len = 4, .text = "true"},
		{.type = JSON_FALSE, .skip = 1, .len = 5, .text = "false"},
		{.type = JSON_NULL, .skip = 1, .len = 4, .text = "null"},
	};
	struct str word = {ps->p, 0};

	while (word.p + word.n < ps->end &&
	    (is_lower(word.p[word.n]) || is_digit(word.p[word.n]) || word.p[word.n] == '_'))
		word.n++;
	if (word.p + word.n < ps->end && word.p[word.n] == '(')
		return parse_call(ps, word.n, expr);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq(word, json_text(&words[i]))) {
			*expr = new_expr(ps, EXPR_LITERAL);
			if (*expr == NULL)
				return -1;
			(*expr)->literal = words[i];
			ps->p += word.n;
			return 0;
		}
	return unexpected(ps, "a query, a literal or a function expected");
}

/* number (section 2.3.5.1): JSON's syntax. */
static int
parse_number(struct parser *ps, struct expr **expr)
{
	size_t n = number_scan(ps->p, ps->end);
	const char *after = ps->p + n;
	struct str text;

	if (n == 0) {
		ps->p++; /* behind the '-' */
		return unexpected(ps, "a digit expected");
	}
	if (after < ps->end && (is_digit(*after) || *after == '.' || (*after | 0x20) == 'e'))
		return err_set(ps->err, offset(ps, after), is_digit(*after) ?
		    "a number has no leading zeros" : "a digit is missing in a number");
	*expr = new_expr(ps, EXPR_LITERAL);
	if (*expr == NULL)
		return -1;
	text = arena_copy(&ps->path->arena, (struct str){ps->p, n});
	if (text.p == NULL)
		return err_set(ps->err, offset(ps, ps->p), "the path is too long");
	(*expr)->literal = (struct json){.type = JSON_NUMBER, .skip = 1, .len = (uint32_t)n,
	    .text = text.p};
	ps->p = after;
	return 0;
}

/* A literal, query or function call. */
static int
parse_operand(struct parser *ps, struct expr **expr)
{
	struct str s;

	if (at(ps, '@') || at(ps, '$')) {
		*expr = new_expr(ps, EXPR_QUERY);
		return *expr != NULL ? parse_query(ps, &(*expr)->query) : -1;
	}
	if (at(ps, '\'') || at(ps, '"')) {
		*expr = new_expr(ps, EXPR_LITERAL);
		if (*expr == NULL || parse_string(ps, &s) != 0)
			return -1;
		(*expr)->literal = (struct json){.type = JSON_STRING, .skip = 1,
		    .len = (uint32_t)s.n, .text = s.p};
		return 0;
	}
	if (at_digit(ps) || at(ps, '-'))
		return parse_number(ps, expr);
	if (ps->p < ps->end && is_lower(*ps->p))
		return parse_word(ps, expr);
	return unexpected(ps, "a query, a literal or a function expected");
}

/* Step over a comparison operator if there is one. === and !== are our extension. */
static bool
parse_op(struct parser *ps, enum op *op)
{
	static const struct {
		const char *text;
		enum op op;
	} ops[] = {{"===", OP_EQ}, {"==", OP_EQ}, {"!==", OP_NE}, {"!=", OP_NE}, {"<=", OP_LE},
	    {"<", OP_LT}, {">=", OP_GE}, {">", OP_GT}};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (at_text(ps, ops[i].text)) {
			ps->p += strlen(ops[i].text);
			*op = ops[i].op;
			return true;
		}
	return false;
}

/* An operand alone must be a test: a query, or a function with a logical result. */
static int
check_test(struct parser *ps, const struct expr *e)
{
	if (e->type == EXPR_LITERAL)
		return err_set(ps->err, e->pos, "a literal must be compared");
	if (e->type == EXPR_CALL && functions[e->function].gives != LOGICAL)
		return err_set(ps->err, e->pos, "the result of %s() must be compared",
		    functions[e->function].name.p);
	return 0;
}

/* "(" logical-expr ")" with p at its '('. */
static int
parse_parentheses(struct parser *ps, struct expr **expr)
{
	if (enter(ps) != 0)
		return -1;
	ps->p++;
	if (parse_or(ps, expr) != 0)
		return -1;
	if (!at(ps, ')'))
		return unexpected(ps, "an operator or ')' expected");
	ps->p++;
	ps->depth--;
	return 0;
}

/* basic-expr (section 2.3.5.1). */
static int
parse_basic(struct parser *ps, struct expr **expr)
{
	struct expr *left, *e;
	enum op op;

	if (at(ps, '(')) /* nothing in parentheses can be compared */
		return parse_parentheses(ps, expr);
	if (at(ps, '!')) {
		*expr = e = new_expr(ps, EXPR_NOT);
		if (e == NULL)
			return -1;
		ps->p++;
		skip_blanks(ps);
		if (at(ps, '('))
			return parse_parentheses(ps, &e->operands);
		if (parse_operand(ps, &e->operands) != 0)
			return -1;
		return check_test(ps, e->operands);
	}
	if (parse_operand(ps, &left) != 0)
		return -1;
	skip_blanks(ps);
	if (!parse_op(ps, &op)) {
		*expr = left;
		return check_test(ps, left);
	}
	*expr = e = new_expr(ps, EXPR_COMPARE);
	if (e == NULL || check_comparable(ps, left) != 0)
		return -1;
	e->op = op;
	e->operands = left;
	skip_blanks(ps);
	if (parse_operand(ps, &left->next) != 0)
		return -1;
	return check_comparable(ps, left->next);
}

/* What `parse` reads, any number of them joined by the operator `joint`; skips blanks around. */
static int
parse_chain(struct parser *ps, enum expr_type type, const char *joint,
    int (*parse)(struct parser *, struct expr **), struct expr **expr)
{
	struct expr *chain = NULL, **tail = expr;

	for (;;) {
		skip_blanks(ps);
		if (parse(ps, tail) != 0)
			return -1;
		skip_blanks(ps);
		if (!at_text(ps, joint))
			return 0;
		if (chain == NULL) {
			chain = new_expr(ps, type);
			if (chain == NULL)
				return -1;
			chain->operands = *expr;
			*expr = chain;
			tail = &chain->operands;
		}
		tail = &(*tail)->next;
		ps->p += strlen(joint);
	}
}

static int
parse_and(struct parser *ps, struct expr **expr)
{
	return parse_chain(ps, EXPR_AND, "&&", parse_basic, expr);
}

/* logical-expr */
static int
parse_or(struct parser *ps, struct expr **expr)
{
	return parse_chain(ps, EXPR_OR, "||", parse_and, expr);
}

/* ---- selectors and segments ---- */

static bool
at_int(const struct parser *ps)
{
	return at_digit(ps) || at(ps, '-');
}

/* index-selector or slice-selector (sections 2.3.3 and 2.3.4). */
static int
parse_index(struct parser *ps, struct selector *sel)
{
	struct slice slice = {.step = 1};

	slice.has_start = at_int(ps);
	if (slice.has_start && parse_int(ps, &slice.start) != 0)
		return -1;
	skip_blanks(ps);
	if (!at(ps, ':')) {
		sel->type = SELECT_INDEX;
		sel->u.index = slice.start;
		return 0;
	}
	ps->p++;
	skip_blanks(ps);
	slice.has_end = at_int(ps);
	if (slice.has_end && parse_int(ps, &slice.end) != 0)
		return -1;
	skip_blanks(ps);
	if (at(ps, ':')) {
		ps->p++;
		skip_blanks(ps);
		if (at_int(ps) && parse_int(ps, &slice.step) != 0)
			return -1;
	}
	sel->type = SELECT_SLICE;
	sel->u.slice = slice;
	return 0;
}

/* One of a bracket's selectors (section 2.3); scripts and bare names are our extensions. */
static int
parse_selector(struct parser *ps, struct selector *sel)
{
	if (at(ps, '\'') || at(ps, '"')) {
		sel->type = SELECT_NAME;
		return parse_string(ps, &sel->u.name);
	}
	if (at(ps, '*')) {
		sel->type = SELECT_ALL;
		ps->p++;
		return 0;
	}
	if (at_int(ps) || at(ps, ':'))
		return parse_index(ps, sel);
	if (at(ps, '?')) {
		sel->type = SELECT_FILTER;
		if (enter(ps) != 0)
			return -1;
		ps->p++;
		if (parse_or(ps, &sel->u.filter) != 0)
			return -1;
		ps->depth--;
		return 0;
	}
	if (at(ps, '(')) {
		sel->type = SELECT_SCRIPT;
		return parse_factor(ps, &sel->u.script);
	}
	if (name_first(ps->p, ps->end) > 0) {
		sel->type = SELECT_NAME;
		return parse_shorthand(ps, &sel->u.name);
	}
	return unexpected(ps, "a name, an index, a slice, '*' or '?' expected");
}

/* bracketed-selection with p at its '['. */
static int
parse_brackets(struct parser *ps, struct segment *seg)
{
	struct selector **tail = &seg->selectors;

	do {
		ps->p++; /* '[' or ',' */
		skip_blanks(ps);
		*tail = take(ps, sizeof(**tail));
		if (*tail == NULL || parse_selector(ps, *tail) != 0)
			return -1;
		skip_blanks(ps);
		if (!at(ps, ',') && !at(ps, ']'))
			return unexpected(ps, (*tail)->type == SELECT_FILTER ?
			    "an operator, ',' or ']' expected" : "',' or ']' expected");
		tail = &(*tail)->next;
	} while (at(ps, ','));
	ps->p++;
	return 0;
}

/* child-segment or descendant-segment (section 2.5) with p at its '.' or '['. */
static int
parse_segment(struct parser *ps, struct segment *seg)
{
	struct selector *sel;

	if (at(ps, '['))
		return parse_brackets(ps, seg);
	ps->p++;
	if (at(ps, '.')) {
		seg->descendant = true;
		ps->p++;
		if (at(ps, '['))
			return parse_brackets(ps, seg);
	}
	seg->selectors = sel = take(ps, sizeof(*sel));
	if (sel == NULL)
		return -1;
	if (at(ps, '*')) {
		sel->type = SELECT_ALL;
		ps->p++;
		return 0;
	}
	sel->type = SELECT_NAME;
	if (name_first(ps->p, ps->end) > 0)
		return parse_shorthand(ps, &sel->u.name);
	return unexpected(ps, seg->descendant ? "a name, '*' or '[' expected after '..'" :
	    "a name or '*' expected after '.'");
}

/* singular-query-segments (section 2.3.5.1); a script is no less singular than an index. */
static bool
is_singular(const struct segment *seg)
{
	enum selector_type type = seg->selectors->type;

	return !seg->descendant && seg->selectors->next == NULL &&
	    (type == SELECT_NAME || type == SELECT_INDEX || type == SELECT_SCRIPT);
}

/* A query with p at its '$' or '@'; p ends up behind its last segment. */
static int
parse_query(struct parser *ps, struct query *query)
{
	struct segment **tail = &query->segments;

	query->relative = *ps->p++ == '@';
	query->singular = true;
	for (;;) {
		const char *behind = ps->p;

		skip_blanks(ps);
		if (!at(ps, '.') && !at(ps, '[')) {
			ps->p = behind;
			return 0;
		}
		*tail = take(ps, sizeof(**tail));
		if (*tail == NULL || parse_segment(ps, *tail) != 0)
			return -1;
		if (!is_singular(*tail))
			query->singular = false;
		tail = &(*tail)->next;
	}
}

/* Fill in path->names where the path is a plain chain of members. */
static int
list_names(struct parser *ps)
{
	struct jsonpath *path = ps->path;
	size_t n = 0;

	if (path->query.segments == NULL || !path->query.singular)
		return 0;
	for (const struct segment *seg = path->query.segments; seg != NULL; seg = seg->next, n++)
		if (seg->selectors->type != SELECT_NAME)
			return 0;
	path->names = take(ps, n * sizeof(*path->names));
	if (path->names == NULL)
		return -1;
	for (const struct segment *seg = path->query.segments; seg != NULL; seg = seg->next)
		path->names[path->n_names++] = seg->selectors->u.name;
	return 0;
}

static int
parse_path(struct parser *ps, size_t *used)
{
	if (!at(ps, '$'))
		return unexpected(ps, "'$' expected at the start of a path");
	if (parse_query(ps, &ps->path->query) != 0)
		return -1;
	if (used == NULL && ps->p < ps->end)
		return unexpected(ps, "'.', '[' or the end expected");
	if (offset(ps, ps->p) > JSONPATH_MAX_BYTES)
		return err_set(ps->err, JSONPATH_MAX_BYTES, "a path has at most %d bytes",
		    JSONPATH_MAX_BYTES);
	if (used != NULL)
		*used = offset(ps, ps->p);
	return list_names(ps);
}

struct jsonpath *
jsonpath_compile(struct str text, size_t *used, struct err *err)
{
	struct jsonpath *path = xmalloc(sizeof(*path));
	struct parser ps = {.path = path, .err = err};

	*path = (struct jsonpath){0};
	arena_init(&path->arena, ARENA_CAP);
	ps.start = ps.p = text.n > 0 ? text.p : "";
	ps.end = ps.p + text.n;
	if (parse_path(&ps, used) == 0)
		return path;
	jsonpath_free(path);
	return NULL;
}

void
jsonpath_free(struct jsonpath *path)
{
	if (path == NULL)
		return;
	for (struct expr *e = path->fixed; e != NULL; e = e->next_fixed)
		regex_free(e->re);
	arena_free(&path->arena);
	free(path);
}

const struct str *
jsonpath_members(const struct jsonpath *path, size_t *n)
{
	*n = path->n_names;
	return path->names;
}

/* ---- places ---- */

static void
print_name(struct buf *out, struct str name)
{
	static const char letters[] = "btn\vfr"; /* of U+0008 to U+000D; \v has none */
	const char *p = name.p, *end = name.p + name.n;

	buf_add(out, "['", 2);
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '\'' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c >= '\b' && c <= '\r' && c != '\v')
			buf_printf(out, "\\%c", letters[c - '\b']);
		else if (c < 0x20)
			buf_printf(out, "\\u%04x", c);
		else
			buf_char(out, *p);
	}
	buf_add(out, "']", 2);
}

/* Recursion is bounded by JSON_MAX_DEPTH. */
void
jsonpath_print_place(struct buf *out, const struct jsonpath_place *place)
{
	if (place == NULL) {
		buf_char(out, '$');
		return;
	}
	jsonpath_print_place(out, place->up);
	if (place->name != NULL)
		print_name(out, json_text(place->name));
	else
		buf_printf(out, "[%zu]", place->index);
}

/* ---- evaluation ---- */

/* One call of jsonpath_each. */
struct run {
	const struct json *root;
	struct jsonpath_scratch *scratch;
	struct err *err;
	uint64_t steps;
	unsigned levels; /* of recursion */
};

/* One query of it: the path itself, or one within a filter. */
struct walk {
	struct run *run;
	jsonpath_visit *visit;
	void *context;
};

static int walk(const struct walk *w, const struct segment *seg, const struct json *node,
    const struct jsonpath_place *place);
static int test(struct run *run, const struct expr *e, const struct json *current);

static int
charge(struct run *run, uint64_t steps)
{
	run->steps += steps;
	if (run->steps > JSONPATH_MAX_STEPS)
		return err_set(run->err, 0, "the path has to visit too many values (over %d)",
		    JSONPATH_MAX_STEPS);
	return 0;
}

/* Go one level of recursion down; leave by levels--. */
static int
descend(struct run *run)
{
	if (run->levels == MAX_LEVELS)
		return err_set(run->err, 0, "the path goes too deep into the document");
	run->levels++;
	return 0;
}

static bool
in_range(int64_t x)
{
	return x >= -MAX_INT && x <= MAX_INT;
}

/* The script's value for an array of `length` elements. False where that is no exact integer, which
 * is no index either. Recursion is bounded by JSONPATH_MAX_DEPTH. */
static bool
calculate(const struct script *s, int64_t length, int64_t *value)
{
	if (s->type == SCRIPT_LENGTH || s->type == SCRIPT_INT) {
		*value = s->type == SCRIPT_LENGTH ? length : s->value;
		return true;
	}
	*value = s->type == SCRIPT_PRODUCT;
	for (const struct script *term = s->terms; term != NULL; term = term->next) {
		int64_t x;

		if (!calculate(term, length, &x))
			return false;
		if (s->type == SCRIPT_SUM) {
			*value += term->minus ? -x : x;
		} else {
			int64_t size = x < 0 ? -x : x;

			if (size > 0 && (*value > MAX_INT / size || *value < -(MAX_INT / size)))
				return false;
			*value *= x;
		}
		if (!in_range(*value))
			return false;
	}
	return true;
}

/* The element of an array at index; there is one. */
static const struct json *
element(struct run *run, const struct json *array, uint32_t index)
{
	const struct json *e = json_begin(array);

	if (array->skip == array->count + 1) /* none of them is a filled container */
		return e + index;
	run->steps += index;
	while (index-- > 0)
		e = json_next(e);
	return e;
}

static const struct json *
pick_member(struct run *run, struct str name, const struct json *node, struct jsonpath_place *here)
{
	const struct json *m;

	if (node->type != JSON_OBJECT)
		return NULL;
	for (m = json_first_member(node); m != NULL; m = json_next_member(node, m)) {
		run->steps++;
		if (str_eq(json_text(m), name)) {
			here->name = m;
			return m + 1;
		}
	}
	return NULL;
}

/* The child that a name, index or script selects, its place's last link in *here; NULL where there
 * is none. Steps are only counted here: whoever loops over this charges. */
static const struct json *
pick(struct run *run, const struct selector *sel, const struct json *node,
    struct jsonpath_place *here)
{
	int64_t i;

	if (sel->type == SELECT_NAME)
		return pick_member(run, sel->u.name, node, here);
	if (node->type != JSON_ARRAY)
		return NULL;
	if (sel->type == SELECT_INDEX) {
		i = sel->u.index < 0 ? sel->u.index + node->count : sel->u.index;
	} else if (!calculate(sel->u.script, node->count, &i)) {
		return NULL;
	}
	if (i < 0 || i >= node->count)
		return NULL;
	here->name = NULL;
	here->index = (size_t)i;
	return element(run, node, (uint32_t)i);
}

/* One child of an array or object: where it passes the filter, if any, the walk goes on with it. */
static int
walk_child(const struct walk *w, const struct segment *next, const struct expr *filter,
    const struct json *child, const struct jsonpath_place *here)
{
	int rv = charge(w->run, 1);

	if (rv == 0 && filter != NULL) {
		int passed = test(w->run, filter, child);

		if (passed <= 0)
			return passed;
	}
	if (rv != 0 || (next != NULL && child->type < JSON_ARRAY)) /* a scalar has no children */
		return rv;
	return walk(w, next, child, here);
}

static int
walk_children(const struct walk *w, const struct segment *next, const struct expr *filter,
    const struct json *node, const struct jsonpath_place *up)
{
	struct jsonpath_place here = {.up = up};
	int rv = 0;

	if (node->type == JSON_ARRAY) {
		const struct json *e = json_begin(node), *end = json_end(node);

		for (; e < end && rv == 0; e = json_next(e), here.index++)
			rv = walk_child(w, next, filter, e, &here);
	} else if (node->type == JSON_OBJECT) {
		here.name = json_first_member(node);
		while (here.name != NULL && rv == 0) {
			rv = walk_child(w, next, filter, here.name + 1, &here);
			here.name = json_next_member(node, here.name);
		}
	}
	return rv;
}

/* The elements i, i + stride, ..., n of them with n > 0, the last one first; e is element i. Values
 * only lead forward, so the later half is looked up and walked first: n log n, no memory. */
static int
walk_backward(const struct walk *w, const struct segment *next, const struct json *e, size_t i,
    size_t stride, size_t n, const struct jsonpath_place *up)
{
	struct jsonpath_place here = {.up = up, .index = i};
	const struct json *middle = e;
	size_t half = n / 2;
	int rv;

	if (n == 1)
		return walk_child(w, next, NULL, e, &here);
	if (charge(w->run, half * stride) != 0 || descend(w->run) != 0)
		return -1;
	for (size_t k = half * stride; k > 0; k--)
		middle = json_next(middle);
	rv = walk_backward(w, next, middle, i + half * stride, stride, n - half, up);
	if (rv == 0)
		rv = walk_backward(w, next, e, i, stride, half, up);
	w->run->levels--;
	return rv;
}

static int64_t
clamp(int64_t x, int64_t low, int64_t high)
{
	return x < low ? low : x > high ? high : x;
}

/* Section 2.3.4.2. */
static int
walk_slice(const struct walk *w, const struct segment *next, const struct slice *slice,
    const struct json *array, const struct jsonpath_place *up)
{
	struct jsonpath_place here = {.up = up};
	const int64_t len = array->count, step = slice->step, back = step < 0;
	int64_t start = slice->has_start ? slice->start : back ? len - 1 : 0;
	int64_t end = slice->has_end ? slice->end : back ? -len - 1 : len;
	const struct json *e;
	int rv = 0;

	start = clamp(start < 0 ? start + len : start, -back, len - back);
	end = clamp(end < 0 ? end + len : end, -back, len - back);
	if (step == 0 || (back ? start <= end : start >= end))
		return 0;
	if (back) {
		int64_t n = (start - end - 1) / -step + 1, first = start + (n - 1) * step;

		return walk_backward(w, next, element(w->run, array, (uint32_t)first),
		    (size_t)first, n > 1 ? (size_t)-step : 1, (size_t)n, up);
	}
	e = element(w->run, array, (uint32_t)start);
	for (int64_t i = start; i < end && rv == 0; i++, e = json_next(e)) {
		w->run->steps++;
		here.index = (size_t)i;
		if ((i - start) % step == 0)
			rv = walk_child(w, next, NULL, e, &here);
	}
	return rv;
}

static int
walk_picked(const struct walk *w, const struct segment *next, const struct selector *sel,
    const struct json *node, const struct jsonpath_place *up)
{
	struct jsonpath_place here = {.up = up};
	const struct json *child = pick(w->run, sel, node, &here);

	if (child == NULL)
		return charge(w->run, 1);
	return walk_child(w, next, NULL, child, &here);
}

/* Visit what the segments from seg on select from node, which is at place. Each level of recursion
 * is a level of the document, but for queries in filters. */
static int
walk(const struct walk *w, const struct segment *seg, const struct json *node,
    const struct jsonpath_place *place)
{
	int rv = 0;

	if (seg == NULL)
		return w->visit(w->context, node, place, w->run->err);
	if (descend(w->run) != 0)
		return -1;
	for (const struct selector *sel = seg->selectors; sel != NULL && rv == 0; sel = sel->next) {
		if (sel->type == SELECT_ALL)
			rv = walk_children(w, seg->next, NULL, node, place);
		else if (sel->type == SELECT_FILTER)
			rv = walk_children(w, seg->next, sel->u.filter, node, place);
		else if (sel->type != SELECT_SLICE)
			rv = walk_picked(w, seg->next, sel, node, place);
		else if (node->type == JSON_ARRAY)
			rv = walk_slice(w, seg->next, &sel->u.slice, node, place);
	}
	if (rv == 0 && seg->descendant)
		rv = walk_children(w, seg, NULL, node, place);
	w->run->levels--;
	return rv;
}

/* ---- filters ---- */

/* A ValueType (section 2.4.1): a node's value, a literal or a number that was calculated. */
struct value {
	const struct json *json; /* NULL: Nothing */
	struct json number;      /* json points here for a number that was calculated */
	char digits[20];         /* its text */
};

struct nodes {
	uint64_t count;
	uint64_t enough; /* stop at this many */
	const struct json *first;
};

static int
see_node(void *context, const struct json *node, const struct jsonpath_place *place,
    struct err *err)
{
	struct nodes *nodes = context;

	(void)place;
	(void)err;
	if (nodes->count++ == 0)
		nodes->first = node;
	return nodes->count == nodes->enough;
}

/* The nodes of a query in a filter. */
static int
evaluate(struct run *run, const struct query *query, const struct json *current,
    struct nodes *nodes)
{
	const struct json *node = query->relative ? current : run->root;
	struct walk w = {run, see_node, nodes};
	struct jsonpath_place unused;

	if (!query->singular)
		return walk(&w, query->segments, node, NULL) < 0 ? -1 : 0;
	for (const struct segment *seg = query->segments; seg != NULL && node != NULL;
	     seg = seg->next)
		node = pick(run, seg->selectors, node, &unused);
	nodes->first = node;
	nodes->count = node != NULL;
	return charge(run, 1);
}

static void
set_number(struct value *value, uint64_t n)
{
	char *p = value->digits + sizeof(value->digits);

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	value->number = (struct json){.type = JSON_NUMBER, .skip = 1,
	    .len = (uint32_t)(value->digits + sizeof(value->digits) - p), .text = p};
	value->json = &value->number;
}

static uint64_t
count_characters(struct str s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static int value_of(struct run *run, const struct expr *e, const struct json *current,
    struct value *value);

/* length() (section 2.4.4). */
static int
value_of_length(struct run *run, const struct expr *call, const struct json *current,
    struct value *value)
{
	const struct json *v;

	if (value_of(run, call->operands, current, value) != 0)
		return -1;
	v = value->json;
	if (v != NULL && v->type == JSON_STRING) {
		set_number(value, count_characters(json_text(v)));
		return charge(run, v->len / 16);
	}
	if (v != NULL && v->type >= JSON_ARRAY)
		set_number(value, v->count);
	else
		value->json = NULL;
	return 0;
}

/* The value of something comparable. */
static int
value_of(struct run *run, const struct expr *e, const struct json *current, struct value *value)
{
	struct nodes nodes = {0};
	const struct query *query = &e->query;

	if (e->type == EXPR_LITERAL) {
		value->json = &e->literal;
		return 0;
	}
	if (e->type == EXPR_CALL) {
		if (e->function == LENGTH)
			return value_of_length(run, e, current, value);
		query = &e->operands->query;
		nodes.enough = e->function == VALUE_OF ? 2 : 0;
	}
	if (evaluate(run, query, current, &nodes) != 0)
		return -1;
	if (e->type == EXPR_CALL && e->function == COUNT)
		set_number(value, nodes.count);
	else
		value->json = nodes.count == 1 ? nodes.first : NULL;
	return 0;
}

static bool
equal(const struct json *a, const struct json *b)
{
	return a == b || (a != NULL && b != NULL && json_equal(a, b));
}

static bool
less(const struct json *a, const struct json *b)
{
	if (a == NULL || b == NULL || a->type != b->type)
		return false;
	if (a->type == JSON_NUMBER)
		return number_cmp(json_text(a), json_text(b)) < 0;
	return a->type == JSON_STRING && str_cmp(json_text(a), json_text(b)) < 0;
}

/* Section 2.3.5.2.2. */
static int
test_comparison(struct run *run, const struct expr *e, const struct json *current)
{
	struct value left, right;
	const struct json *a, *b;

	if (value_of(run, e->operands, current, &left) != 0 ||
	    value_of(run, e->operands->next, current, &right) != 0)
		return -1;
	a = left.json;
	b = right.json;
	if (a != NULL && b != NULL && charge(run, (a->len < b->len ? a->len : b->len) / 16) != 0)
		return -1;
	switch (e->op) {
	case OP_EQ:
		return equal(a, b);
	case OP_NE:
		return !equal(a, b);
	case OP_LT:
		return less(a, b);
	case OP_LE:
		return less(a, b) || equal(a, b);
	case OP_GT:
		return less(b, a);
	default:
		return less(b, a) || equal(a, b);
	}
}

/* The regex of a pattern that a document brought; the scratch keeps the last one. */
static int
find_regex(struct run *run, struct str pattern, bool whole, const struct regex **re)
{
	struct jsonpath_scratch *s = run->scratch;
	struct err why;

	if (!s->filled || s->whole != whole || !str_eq(buf_slice(&s->pattern), pattern)) {
		if (charge(run, 100 + 10 * (uint64_t)pattern.n) != 0)
			return -1;
		s->filled = false;
		regex_free(s->re);
		if (compile_pattern(pattern, whole, &s->re, &why) < 0)
			return err_set(run->err, 0, "a pattern in the document: %s", why.msg);
		s->pattern.n = 0;
		buf_str(&s->pattern, pattern);
		s->whole = whole;
		s->filled = true;
	}
	*re = s->re;
	return 0;
}

/* match() and search() (sections 2.4.6 and 2.4.7). */
static int
test_call(struct run *run, const struct expr *call, const struct json *current)
{
	const struct regex *re = call->re;
	struct value subject, pattern;

	if (value_of(run, call->operands, current, &subject) != 0)
		return -1;
	if (subject.json == NULL || subject.json->type != JSON_STRING)
		return 0;
	if (!call->fixed) {
		if (value_of(run, call->operands->next, current, &pattern) != 0)
			return -1;
		if (pattern.json == NULL || pattern.json->type != JSON_STRING)
			return 0;
		if (find_regex(run, json_text(pattern.json), call->function == MATCH, &re) != 0)
			return -1;
	}
	if (re == NULL)
		return 0;
	if (charge(run, subject.json->len / 16) != 0)
		return -1;
	return regex_search(re, json_text(subject.json), run->scratch->matching, run->err);
}

/* Whether the expression holds for the node `current`: 1, 0 or -1. Recursion is bounded by
 * JSONPATH_MAX_DEPTH. */
static int
test(struct run *run, const struct expr *e, const struct json *current)
{
	struct nodes nodes = {.enough = 1};
	int rv = 0;

	switch (e->type) {
	case EXPR_OR:
		for (const struct expr *o = e->operands; o != NULL && rv == 0; o = o->next)
			rv = test(run, o, current);
		return rv;
	case EXPR_AND:
		rv = 1;
		for (const struct expr *o = e->operands; o != NULL && rv == 1; o = o->next)
			rv = test(run, o, current);
		return rv;
	case EXPR_NOT:
		rv = test(run, e->operands, current);
		return rv < 0 ? rv : !rv;
	case EXPR_COMPARE:
		return test_comparison(run, e, current);
	case EXPR_CALL:
		return test_call(run, e, current);
	default:
		rv = evaluate(run, &e->query, current, &nodes);
		return rv < 0 ? rv : nodes.count > 0;
	}
}

int
jsonpath_each(const struct jsonpath *path, const struct json *root,
    struct jsonpath_scratch *scratch, jsonpath_visit *visit, void *context, struct err *err)
{
	struct run run = {.root = root, .scratch = scratch, .err = err};
	struct walk w = {&run, visit, context};

	return walk(&w, path->query.segments, root, NULL);
}

struct jsonpath_scratch *
jsonpath_scratch_new(void)
{
	struct jsonpath_scratch *s = xmalloc(sizeof(*s));

	*s = (struct jsonpath_scratch){.matching = regex_scratch_new()};
	return s;
}

void
jsonpath_scratch_free(struct jsonpath_scratch *s)
{
	if (s == NULL)
		return;
	regex_scratch_free(s->matching);
	regex_free(s->re);
	buf_free(&s->pattern);
	free(s);
}

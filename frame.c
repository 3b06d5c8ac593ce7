/* frame.c: see frame.h. One state machine; each state's function looks at the bytes from f->pos on.
 */
#include "frame.h"

struct bytes {
	const char *p;
	size_t n;
	bool ended;
};

void
frame_start(struct framer *f)
{
	*f = (struct framer){.state = FRAME_TOP};
}

void
frame_drop(struct framer *f, size_t n)
{
	f->pos -= n;
	f->keep -= n;
	f->value = f->value > n ? f->value - n : 0;
	f->object = f->object > n ? f->object - n : 0;
}

static bool
in_object(const struct framer *f)
{
	return f->state == FRAME_NAME || f->state == FRAME_COLON || f->state == FRAME_MEMBER ||
	    f->state == FRAME_MEMBER_END;
}

static size_t
first_needed(const struct framer *f)
{
	if (f->skipping && f->state != FRAME_NAME)
		return f->pos;
	if (in_object(f) && !f->wrapper && !f->skipping)
		return f->object;
	return f->in_value ? f->value : f->pos;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The next byte that is no white space is at f->pos; false where there is none yet. */
static bool
skip_space(struct framer *f, const struct bytes *b)
{
	while (f->pos < b->n && is_space(b->p[f->pos]))
		f->pos++;
	return f->pos < b->n;
}

static bool
begins_value(char c)
{
	return c == '{' || c == '[' || c == '"' || c == '-' || (c >= '0' && c <= '9') ||
	    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void
begin_value(struct framer *f)
{
	f->in_value = true;
	f->in_string = false;
	f->depth = 0;
	f->value = f->pos;
}

/* In a string: go to behind its closing quote. False where it is not there yet. */
static bool
scan_string(struct framer *f, const struct bytes *b)
{
	const char *p = b->p + f->pos, *end = b->p + b->n;

	while (p < end && *p != '"') {
		if (*p != '\\')
			p++;
		else if (end - p >= 2)
			p += 2;
		else
			break;
	}
	f->pos = (size_t)(p - b->p);
	if (p == end || *p != '"')
		return false;
	f->pos++;
	f->in_string = false;
	return true;
}

/* Go to behind the value that began at f->value. False where its end is not there yet. */
static bool
scan_value(struct framer *f, const struct bytes *b)
{
	while (f->pos < b->n) {
		char c;

		if (f->in_string) {
			if (!scan_string(f, b))
				return false;
			if (f->depth == 0)
				return true;
			continue;
		}
		c = b->p[f->pos];
		if (c == '"') {
			f->in_string = true;
		} else if (c == '{' || c == '[') {
			f->depth++;
		} else if (c == '}' || c == ']' || c == ',' || is_space(c)) {
			if (f->depth == 0) /* behind a number or a word */
				return true;
			if ((c == '}' || c == ']') && --f->depth == 0) {
				f->pos++;
				return true;
			}
		}
		f->pos++;
	}
	return b->ended && f->depth == 0 && !f->in_string;
}

/* Scan the value at hand; 1 it is complete, 0 not yet, -1 the stream ends in it. */
static int
finish_value(struct framer *f, const struct bytes *b)
{
	if (scan_value(f, b)) {
		f->in_value = false;
		return 1;
	}
	return b->ended ? -1 : 0;
}

/* Where the line that begins at `from` is followed by one that begins as NDJSON does, go on with
 * that one. */
static bool
next_line(struct framer *f, const struct bytes *b, size_t from)
{
	const char *nl = from < b->n ? memchr(b->p + from, '\n', b->n - from) : NULL;
	size_t next;

	if (nl == NULL)
		return false;
	next = (size_t)(nl + 1 - b->p);
	if (next < b->n ? b->p[next] != '{' : b->ended)
		return false;
	f->state = FRAME_LINE;
	f->pos = next;
	f->in_value = f->skipping = f->wrapper = false;
	return true;
}

/* The text around the events is damaged. NDJSON goes on at the next line; else the rest is lost. */
static enum frame_result
broken(struct framer *f, const struct bytes *b, size_t at, const char *what, struct err *err)
{
	bool line = f->state == FRAME_TOP || (in_object(f) && !f->wrapper && !f->skipping);
	size_t from = f->state == FRAME_TOP ? f->pos : f->object;

	if (line && next_line(f, b, from)) {
		(void)err_set(err, at, "%s; this line was not searched", what);
		return FRAME_BAD;
	}
	f->state = FRAME_DEAD;
	f->in_value = false;
	(void)err_set(err, at, "%s; nothing from here on was searched", what);
	return FRAME_BAD;
}

static enum frame_result
broken_object(struct framer *f, const struct bytes *b, struct err *err)
{
	if (f->pos >= b->n)
		return broken(f, b, f->wrapper ? f->pos : f->object,
		    "the text ends inside of an object", err);
	return broken(f, b, f->pos, "malformed JSON", err);
}

static enum frame_result
emit(size_t at, size_t end, struct span *event)
{
	event->at = at;
	event->n = end - at;
	return FRAME_EVENT;
}

/* Every state's function returns FRAME_MORE when it needs more bytes than there are, unless
 * `ended`: then *again is set when there is something else to do first. */

static enum frame_result
at_top(struct framer *f, const struct bytes *b, struct span *event, struct err *err, bool *again)
{
	int done;

	if (f->in_value) { /* a string with a record in it */
		done = finish_value(f, b);
		if (done > 0)
			return emit(f->value, f->pos, event);
		return done < 0 ? broken(f, b, f->value, "a string has no end", err) : FRAME_MORE;
	}
	for (; f->pos < b->n && is_space(b->p[f->pos]); f->pos++)
		if (f->one_line && b->p[f->pos] == '\n') {
			f->state = FRAME_LINE;
			*again = true;
			return FRAME_MORE;
		}
	if (f->pos >= b->n)
		return b->ended ? FRAME_END : FRAME_MORE;
	f->wrapper = f->skipping = false;
	f->first = true;
	*again = true;
	if (b->p[f->pos] == '{') {
		f->state = FRAME_NAME;
		f->object = f->pos++;
	} else if (b->p[f->pos] == '[') {
		f->state = FRAME_ITEM;
		f->pos++;
	} else if (b->p[f->pos] == '"') {
		begin_value(f);
	} else {
		return broken(f, b, f->pos, "this is no JSON object or array", err);
	}
	return FRAME_MORE;
}

/* Does the line begin as a wrapper? They may be larger than one event, so they are taken apart
 * here. */
static bool
wrapper_line(const char *p, size_t n)
{
	static const struct str names[] = {{"\"Records\"", 9}, {"\"Events\"", 8}};
	size_t i = 1;

	while (i < n && (p[i] == ' ' || p[i] == '\t'))
		i++;
	for (size_t k = 0; k < 2; k++)
		if (n - i >= names[k].n && memcmp(p + i, names[k].p, names[k].n) == 0)
			return true;
	return false;
}

static enum frame_result
at_line(struct framer *f, const struct bytes *b, struct span *event, bool *again)
{
	enum { PEEK = 32 }; /* bytes that show what a line is */
	const char *nl;
	size_t end;

	if (!f->in_value) {
		if (!skip_space(f, b))
			return b->ended ? FRAME_END : FRAME_MORE;
		if (b->n - f->pos < PEEK && !b->ended)
			return FRAME_MORE;
		if (b->p[f->pos] == '[' ||
		    (b->p[f->pos] == '{' && wrapper_line(b->p + f->pos, b->n - f->pos))) {
			f->state = FRAME_TOP;
			*again = true;
			return FRAME_MORE;
		}
		begin_value(f);
	}
	nl = memchr(b->p + f->pos, '\n', b->n - f->pos);
	f->pos = nl != NULL ? (size_t)(nl - b->p) : b->n;
	if (nl == NULL && !b->ended)
		return FRAME_MORE;
	f->in_value = false;
	*again = f->skipping;
	if (f->skipping) {
		f->skipping = false;
		return FRAME_MORE;
	}
	end = f->pos;
	while (is_space(b->p[end - 1]))
		end--;
	if (end - f->value == 1 && b->p[f->value] == '{') { /* pretty-printed from here on */
		f->state = FRAME_TOP;
		f->one_line = false;
		f->pos = f->value;
		*again = true;
		return FRAME_MORE;
	}
	return emit(f->value, end, event);
}

static enum frame_result
at_item(struct framer *f, const struct bytes *b, struct span *event, struct err *err, bool *again)
{
	char c;

	if (f->in_value) {
		int done = finish_value(f, b);

		if (done < 0)
			return broken(f, b, f->value, "the text ends inside of an event", err);
		if (done == 0)
			return FRAME_MORE;
		f->state = FRAME_ITEM_END;
		if (!f->skipping)
			return emit(f->value, f->pos, event);
		f->skipping = false;
		*again = true;
		return FRAME_MORE;
	}
	if (!skip_space(f, b))
		return b->ended ? broken(f, b, f->pos, "the list of events has no end", err) :
				  FRAME_MORE;
	c = b->p[f->pos];
	*again = true;
	if (c == ']' && f->first) {
		f->state = FRAME_ITEM_END;
	} else if (begins_value(c)) {
		f->first = false;
		begin_value(f);
	} else {
		if (c == ']')
			f->state = FRAME_ITEM_END;
		else
			f->pos++;
		(void)err_set(err, f->pos, "an event is missing in the list");
		return FRAME_BAD;
	}
	return FRAME_MORE;
}

static enum frame_result
at_item_end(struct framer *f, const struct bytes *b, struct err *err, bool *again)
{
	char c;

	if (!skip_space(f, b))
		return b->ended ? broken(f, b, f->pos, "the list of events has no end", err) :
				  FRAME_MORE;
	c = b->p[f->pos];
	*again = true;
	if (c == ',') {
		f->state = FRAME_ITEM;
		f->pos++;
		return FRAME_MORE;
	}
	if (c == ']') {
		f->state = f->wrapper ? FRAME_MEMBER_END : FRAME_TOP;
		f->pos++;
		return FRAME_MORE;
	}
	(void)err_set(err, f->pos, "',' or ']' expected between the events");
	while (f->pos < b->n && b->p[f->pos] != '{' && b->p[f->pos] != ',' && b->p[f->pos] != ']')
		f->pos++;
	if (f->pos < b->n && b->p[f->pos] == '{')
		f->state = FRAME_ITEM;
	return FRAME_BAD;
}

static bool
is_list_name(const struct framer *f, const struct bytes *b)
{
	struct str name = {b->p + f->value, f->pos - f->value};

	return str_eq(name, STR("\"Records\"")) || str_eq(name, STR("\"Events\""));
}

/* At the closing brace of a top-level object. */
static enum frame_result
end_object(struct framer *f, const struct bytes *b, struct span *event, bool *again)
{
	bool is_event = !f->wrapper && !f->skipping;

	f->pos++;
	f->state = FRAME_TOP;
	f->skipping = false;
	*again = !is_event;
	if (!is_event)
		return FRAME_MORE;
	f->one_line = memchr(b->p + f->object, '\n', f->pos - f->object) == NULL;
	return emit(f->object, f->pos, event);
}

static enum frame_result
at_member(struct framer *f, const struct bytes *b, struct err *err, bool *again)
{
	int done;

	if (!f->in_value) {
		if (!skip_space(f, b))
			return b->ended ? broken_object(f, b, err) : FRAME_MORE;
		if (f->list_name && b->p[f->pos] == '[') {
			f->wrapper = f->first = true;
			f->skipping = false;
			f->state = FRAME_ITEM;
			f->pos++;
			*again = true;
			return FRAME_MORE;
		}
		if (!begins_value(b->p[f->pos]))
			return broken_object(f, b, err);
		begin_value(f);
	}
	done = finish_value(f, b);
	if (done < 0)
		return broken_object(f, b, err);
	if (done > 0) {
		f->state = FRAME_MEMBER_END;
		*again = true;
	}
	return FRAME_MORE;
}

static enum frame_result
at_name(struct framer *f, const struct bytes *b, struct span *event, struct err *err, bool *again)
{
	int done;

	if (!f->in_value) {
		if (!skip_space(f, b))
			return b->ended ? broken_object(f, b, err) : FRAME_MORE;
		if (b->p[f->pos] == '}' && (f->first || !f->wrapper))
			return end_object(f, b, event, again);
		if (b->p[f->pos] != '"')
			return broken_object(f, b, err);
		f->first = false;
		begin_value(f);
	}
	done = finish_value(f, b);
	if (done < 0)
		return broken_object(f, b, err);
	if (done > 0) {
		f->list_name = is_list_name(f, b);
		f->state = FRAME_COLON;
		*again = true;
	}
	return FRAME_MORE;
}

/* At a ':' behind a name, or at a ',' or '}' behind a member. */
static enum frame_result
at_separator(
    struct framer *f, const struct bytes *b, struct span *event, struct err *err, bool *again)
{
	char c;

	if (!skip_space(f, b))
		return b->ended ? broken_object(f, b, err) : FRAME_MORE;
	c = b->p[f->pos];
	if (f->state == FRAME_MEMBER_END && c == '}')
		return end_object(f, b, event, again);
	if (c != (f->state == FRAME_COLON ? ':' : ','))
		return broken_object(f, b, err);
	f->state = f->state == FRAME_COLON ? FRAME_MEMBER : FRAME_NAME;
	f->pos++;
	*again = true;
	return FRAME_MORE;
}

enum frame_result
frame_next(
    struct framer *f, const char *p, size_t n, bool ended, struct span *event, struct err *err)
{
	const struct bytes b = {p, n, ended};
	enum frame_result r = FRAME_MORE;
	bool again;

	do {
		again = false;
		switch (f->state) {
		case FRAME_TOP:
			r = at_top(f, &b, event, err, &again);
			break;
		case FRAME_LINE:
			r = at_line(f, &b, event, &again);
			break;
		case FRAME_ITEM:
			r = at_item(f, &b, event, err, &again);
			break;
		case FRAME_ITEM_END:
			r = at_item_end(f, &b, err, &again);
			break;
		case FRAME_NAME:
			r = at_name(f, &b, event, err, &again);
			break;
		case FRAME_COLON:
		case FRAME_MEMBER_END:
			r = at_separator(f, &b, event, err, &again);
			break;
		case FRAME_MEMBER:
			r = at_member(f, &b, err, &again);
			break;
		case FRAME_DEAD:
			r = FRAME_END;
			break;
		}
	} while (r == FRAME_MORE && again);
	f->keep = first_needed(f);
	return r;
}

enum frame_result
frame_overflow(struct framer *f, const char *p, size_t n, struct err *err)
{
	const struct bytes b = {p, n, false};
	size_t at = f->keep;

	if (in_object(f) && !f->wrapper && next_line(f, &b, f->object)) {
		(void)err_set(err, at, "an event without end; this line was not searched");
	} else {
		f->skipping = true;
		(void)err_set(err, at, "an event of more than %zu bytes, not searched", n - at);
	}
	f->keep = first_needed(f);
	return FRAME_BAD;
}

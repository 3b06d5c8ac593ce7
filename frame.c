/* frame.c: see frame.h. One state machine: each state has a function that looks at the bytes from
 * f->pos on. */
#include "frame.h"

#include "json.h"

struct input {
	const char *p;
	size_t n;
	bool ended;
	struct span *event;
	struct err *err;
};

/* What a state's function returns: a frame_result, or that the next state's function has its turn.
 */
enum { AGAIN = -1 };

void
frame_start(struct framer *f)
{
	*f = (struct framer){.state = FRAME_START};
}

static size_t
minus(size_t at, size_t n)
{
	return at > n ? at - n : 0;
}

void
frame_drop(struct framer *f, size_t n)
{
	f->pos -= n;
	f->keep -= n;
	f->value = minus(f->value, n);
	f->object = minus(f->object, n);
}

/* We are in a top-level object that may still turn out to be an event itself. */
static bool
object_held(const struct framer *f)
{
	return f->state >= FRAME_NAME && f->state <= FRAME_MEMBER_END && !f->wrapper &&
	    !f->lost_object;
}

static size_t
first_needed(const struct framer *f)
{
	if (object_held(f))
		return f->object;
	return f->in_value && !f->lost_value && f->state != FRAME_MEMBER ? f->value : f->pos;
}

/* --- values --- */

/* The next byte that is no white space is at f->pos; false where there is none yet. */
static bool
skip_space(struct framer *f, const struct input *in)
{
	while (f->pos < in->n && json_is_space(in->p[f->pos]))
		f->pos++;
	return f->pos < in->n;
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
	f->in_string = f->lost_value = false;
	f->depth = 0;
	f->value = f->pos;
}

/* What scanning a value comes to: its end was reached; it takes more bytes; the stream ends in it;
 * it is damaged at f->pos. */
enum reach { COMPLETE, MORE, CUT, DAMAGED };

/* In a string: go to behind its closing quote. A line break in a string can only be damage; while a
 * line may be an event of its own, it is told at once, so that no more than the line is lost. */
static enum reach
scan_string(struct framer *f, const struct input *in)
{
	const char *p = in->p + f->pos, *end = in->p + in->n;

	while (p < end && *p != '"' && *p != '\n') {
		if (*p != '\\')
			p++;
		else if (end - p >= 2)
			p += 2;
		else
			break;
	}
	f->pos = (size_t)(p - in->p);
	if (p == end || *p == '\\')
		return MORE;
	if (*p == '\n' && object_held(f))
		return DAMAGED;
	f->pos++;
	f->in_string = *p == '\n';
	return COMPLETE;
}

static enum reach
scan_value(struct framer *f, const struct input *in)
{
	while (f->pos < in->n) {
		char c;

		if (f->in_string) {
			enum reach s = scan_string(f, in);

			if (s != COMPLETE || (f->depth == 0 && !f->in_string))
				return s;
			continue;
		}
		c = in->p[f->pos];
		if (c == '"') {
			f->in_string = true;
		} else if (c == '{' || c == '[') {
			f->depth++;
		} else if (c == '}' || c == ']' || c == ',' || json_is_space(c)) {
			if (f->depth == 0) /* behind a number or a word */
				return COMPLETE;
			if ((c == '}' || c == ']') && --f->depth == 0) {
				f->pos++;
				return COMPLETE;
			}
		}
		f->pos++;
	}
	return in->ended && f->depth == 0 && !f->in_string ? COMPLETE : MORE;
}

/* Go to behind the value that began at f->value. */
static enum reach
finish_value(struct framer *f, const struct input *in)
{
	enum reach s = scan_value(f, in);

	if (s == COMPLETE)
		f->in_value = false;
	return s == MORE && in->ended ? CUT : s;
}

static int
emit(const struct input *in, size_t at, size_t end)
{
	*in->event = (struct span){at, end - at};
	return FRAME_EVENT;
}

/* --- damage --- */

/* May what is held from `from` on be looked through again? Not without end, as hostile input could
 * ask for that at each of its lines. */
static bool
may_rescan(struct framer *f, size_t from)
{
	f->rescanned += f->pos - from;
	return f->rescanned <= FRAME_MAX_RESCAN;
}

/* The text around the events is damaged at `at`. What is still held is looked through again for the
 * next line with an event. */
static int
broken(struct framer *f, const struct input *in, size_t at, const char *what)
{
	size_t from = first_needed(f);

	if (may_rescan(f, from))
		f->pos = from;
	f->state = FRAME_BROKEN;
	f->in_value = f->wrapper = false;
	(void)err_set(in->err, at,
	    "%s; nothing up to the next line that begins with an event was searched", what);
	return FRAME_BAD;
}

static int
broken_object(struct framer *f, const struct input *in)
{
	if (f->pos < in->n)
		return broken(f, in, f->pos, "malformed JSON");
	return broken(f, in, first_needed(f), "the text ends inside of an object");
}

/* Does a line of NDJSON begin at p? 1 yes, 0 it takes more bytes to say so, -1 no. A brace by
 * itself is pretty-printed JSON. */
static int
begins_line(const char *p, const char *end)
{
	enum { BLANKS = 64 }; /* bytes: no more than this has to be held to say so */
	const char *limit = end - p > BLANKS ? p + BLANKS : end;
	bool brace = false;

	for (; p < limit; p++)
		if (*p == '{' && !brace)
			brace = true;
		else if (*p != ' ' && *p != '\t' && *p != '\r')
			return brace && *p == '"' ? 1 : -1;
	return p < end ? -1 : 0;
}

static int
at_broken(struct framer *f, const struct input *in)
{
	const char *end = in->p + in->n, *nl;

	while ((nl = memchr(in->p + f->pos, '\n', in->n - f->pos)) != NULL) {
		int line = begins_line(nl + 1, end);

		f->pos = (size_t)(nl - in->p);
		if (line == 0 && !in->ended)
			return FRAME_MORE;
		f->pos++;
		if (line > 0) {
			f->state = FRAME_LINE;
			return AGAIN;
		}
	}
	f->pos = in->n;
	return in->ended ? FRAME_END : FRAME_MORE;
}

/* --- between top-level values --- */

static int
at_start(struct framer *f, const struct input *in)
{
	static const char mark[] = "\xef\xbb\xbf"; /* a byte order mark says nothing in UTF-8 */
	size_t n = in->n < 3 ? in->n : 3;

	if (n > 0 && memcmp(in->p, mark, n) == 0) {
		if (n < 3 && !in->ended)
			return FRAME_MORE;
		f->pos = n == 3 ? 3 : 0;
	}
	if (n == 0 && !in->ended)
		return FRAME_MORE;
	f->state = FRAME_TOP;
	return AGAIN;
}

static int
at_top(struct framer *f, const struct input *in)
{
	if (f->in_value) { /* a string with a record in it */
		enum reach s = finish_value(f, in);

		if (s == CUT)
			return broken(f, in, f->value, "a string has no end");
		if (s == MORE)
			return FRAME_MORE;
		return f->lost_value ? AGAIN : emit(in, f->value, f->pos);
	}
	for (; f->pos < in->n && json_is_space(in->p[f->pos]); f->pos++)
		if (f->one_line && in->p[f->pos] == '\n') {
			f->state = FRAME_LINE;
			return AGAIN;
		}
	if (f->pos >= in->n)
		return in->ended ? FRAME_END : FRAME_MORE;
	f->wrapper = f->lost_object = false;
	f->first = true;
	if (in->p[f->pos] == '{') {
		f->state = FRAME_NAME;
		f->object = f->pos++;
	} else if (in->p[f->pos] == '[') {
		f->state = FRAME_ITEM;
		f->pos++;
	} else if (in->p[f->pos] == '"') {
		begin_value(f);
	} else {
		return broken(f, in, f->pos, "this is no JSON object or array");
	}
	return AGAIN;
}

/* Does the line begin as a wrapper? They may be larger than one event, so they are taken apart. */
static bool
wrapper_line(const char *p, size_t n)
{
	static const struct str names[] = {{"\"Records\"", 9}, {"\"Events\"", 8}};
	size_t i = 1;

	if (p[0] != '{')
		return false;
	while (i < n && (p[i] == ' ' || p[i] == '\t'))
		i++;
	for (size_t k = 0; k < 2; k++)
		if (n - i >= names[k].n && memcmp(p + i, names[k].p, names[k].n) == 0)
			return true;
	return false;
}

/* At the first byte of a line: 1 it is to be handed out whole, 0 more bytes are needed to say so,
 * -1 it begins what has to be taken apart. */
static int
peek_line(const struct framer *f, const struct input *in)
{
	enum { PEEK = 32 }; /* bytes */
	size_t n = in->n - f->pos < PEEK ? in->n - f->pos : PEEK;

	if (n < PEEK && !in->ended && memchr(in->p + f->pos, '\n', n) == NULL)
		return 0;
	return in->p[f->pos] == '[' || wrapper_line(in->p + f->pos, n) ? -1 : 1;
}

static int
at_line(struct framer *f, const struct input *in)
{
	const char *nl;
	size_t end;

	if (!f->in_value) {
		int whole;

		if (!skip_space(f, in))
			return in->ended ? FRAME_END : FRAME_MORE;
		whole = peek_line(f, in);
		if (whole < 0)
			f->state = FRAME_TOP;
		if (whole <= 0)
			return whole < 0 ? AGAIN : FRAME_MORE;
		begin_value(f);
	}
	nl = memchr(in->p + f->pos, '\n', in->n - f->pos);
	f->pos = nl != NULL ? (size_t)(nl - in->p) : in->n;
	if (nl == NULL && !in->ended)
		return FRAME_MORE;
	if (f->lost_value) {
		f->in_value = false;
		return AGAIN;
	}
	for (end = f->pos; end > f->value + 1 && json_is_space(in->p[end - 1]); end--)
		continue;
	if (nl != NULL && in->p[end - 1] != '}') {
		/* Either the line is damaged, or the event goes on in the next one. */
		int line = begins_line(nl + 1, in->p + in->n);

		if (line == 0 && !in->ended)
			return FRAME_MORE;
		if (line < 0) {
			f->state = FRAME_TOP;
			f->one_line = f->in_value = false;
			f->pos = f->value;
			return AGAIN;
		}
	}
	f->in_value = false;
	return emit(in, f->value, end);
}

/* --- in a list of events --- */

/* The text ends between its events. */
static int
list_ends(struct framer *f, const struct input *in)
{
	if (!in->ended)
		return FRAME_MORE;
	return f->part ? FRAME_END : broken(f, in, f->pos, "the list of events has no end");
}

static int
at_item(struct framer *f, const struct input *in)
{
	char c;

	if (f->in_value) {
		enum reach s = finish_value(f, in);

		if (s == CUT)
			return broken(f, in, f->value, "the text ends inside of an event");
		if (s == MORE)
			return FRAME_MORE;
		f->state = FRAME_ITEM_END;
		return f->lost_value ? AGAIN : emit(in, f->value, f->pos);
	}
	if (!skip_space(f, in))
		return list_ends(f, in);
	c = in->p[f->pos];
	if (c == ']' && f->first) {
		f->state = FRAME_ITEM_END;
	} else if (begins_value(c)) {
		f->first = false;
		begin_value(f);
	} else {
		(void)err_set(in->err, f->pos, "an event is missing in the list");
		if (c == ']')
			f->state = FRAME_ITEM_END;
		else
			f->pos++;
		return FRAME_BAD;
	}
	return AGAIN;
}

static int
at_item_end(struct framer *f, const struct input *in)
{
	if (!skip_space(f, in))
		return list_ends(f, in);
	switch (in->p[f->pos]) {
	case ',':
		f->state = FRAME_ITEM;
		f->pos++;
		return AGAIN;
	case ']':
		f->state = f->wrapper ? FRAME_MEMBER_END : FRAME_TOP;
		f->pos++;
		return AGAIN;
	default:
		f->state = FRAME_ITEM_SKIP;
		(void)err_set(in->err, f->pos, "',' or ']' expected between the events");
		return FRAME_BAD;
	}
}

static int
at_item_skip(struct framer *f, const struct input *in)
{
	while (
	    f->pos < in->n && in->p[f->pos] != '{' && in->p[f->pos] != ',' && in->p[f->pos] != ']')
		f->pos++;
	if (f->pos >= in->n && !in->ended)
		return FRAME_MORE;
	f->state = f->pos < in->n && in->p[f->pos] == '{' ? FRAME_ITEM : FRAME_ITEM_END;
	return AGAIN;
}

/* --- in a top-level object --- */

static bool
is_list_name(const struct framer *f, const struct input *in)
{
	struct str name = {in->p + f->value, f->pos - f->value};

	return !f->lost_value &&
	    (str_eq(name, STR("\"Records\"")) || str_eq(name, STR("\"Events\"")));
}

/* At its closing brace. */
static int
end_object(struct framer *f, const struct input *in)
{
	bool is_event = object_held(f);

	f->pos++;
	f->state = FRAME_TOP;
	if (!is_event)
		return AGAIN;
	f->one_line = memchr(in->p + f->object, '\n', f->pos - f->object) == NULL;
	return emit(in, f->object, f->pos);
}

static int
at_name(struct framer *f, const struct input *in)
{
	enum reach s;

	if (!f->in_value) {
		if (!skip_space(f, in))
			return in->ended ? broken_object(f, in) : FRAME_MORE;
		if (in->p[f->pos] == '}' && (f->first || !f->wrapper))
			return end_object(f, in);
		if (in->p[f->pos] != '"')
			return broken_object(f, in);
		f->first = false;
		begin_value(f);
	}
	s = finish_value(f, in);
	if (s == MORE)
		return FRAME_MORE;
	if (s != COMPLETE)
		return broken_object(f, in);
	f->list_name = is_list_name(f, in);
	f->state = FRAME_COLON;
	return AGAIN;
}

static int
at_member(struct framer *f, const struct input *in)
{
	enum reach s;

	if (!f->in_value) {
		if (!skip_space(f, in))
			return in->ended ? broken_object(f, in) : FRAME_MORE;
		if (f->list_name && in->p[f->pos] == '[') {
			f->wrapper = f->first = true;
			f->state = FRAME_ITEM;
			f->pos++;
			return AGAIN;
		}
		if (!begins_value(in->p[f->pos]))
			return broken_object(f, in);
		begin_value(f);
	}
	s = finish_value(f, in);
	if (s == MORE)
		return FRAME_MORE;
	if (s != COMPLETE)
		return broken_object(f, in);
	f->state = FRAME_MEMBER_END;
	return AGAIN;
}

/* At a ':' behind a name, or at a ',' or '}' behind a member. */
static int
at_separator(struct framer *f, const struct input *in)
{
	char c;

	if (!skip_space(f, in))
		return in->ended ? broken_object(f, in) : FRAME_MORE;
	c = in->p[f->pos];
	if (f->state == FRAME_MEMBER_END && c == '}')
		return end_object(f, in);
	if (c != (f->state == FRAME_COLON ? ':' : ','))
		return broken_object(f, in);
	f->state = f->state == FRAME_COLON ? FRAME_MEMBER : FRAME_NAME;
	f->pos++;
	return AGAIN;
}

enum frame_result
frame_next(
    struct framer *f, const char *p, size_t n, bool ended, struct span *event, struct err *err)
{
	static int (*const states[])(struct framer *, const struct input *) = {
	    [FRAME_START] = at_start,
	    [FRAME_TOP] = at_top,
	    [FRAME_LINE] = at_line,
	    [FRAME_ITEM] = at_item,
	    [FRAME_ITEM_END] = at_item_end,
	    [FRAME_ITEM_SKIP] = at_item_skip,
	    [FRAME_NAME] = at_name,
	    [FRAME_COLON] = at_separator,
	    [FRAME_MEMBER] = at_member,
	    [FRAME_MEMBER_END] = at_separator,
	    [FRAME_BROKEN] = at_broken,
	};
	const struct input in = {p, n, ended, event, err};
	int r;

	do
		r = states[f->state](f, &in);
	while (r == AGAIN);
	f->keep = first_needed(f);
	return (enum frame_result)r;
}

/* Go into the list of events of what is wrapped as CloudTrail does it, so that its first event is
 * none that only frame_next finds. */
static void
enter_wrapper(struct framer *f, const struct input *in)
{
	static const struct str beginnings[] = {{"{\"Records\":[", 12}, {"{\"Events\":[", 11}};

	if ((f->state == FRAME_TOP && f->one_line) || !skip_space(f, in))
		return;
	for (size_t i = 0; i < 2; i++) {
		struct str b = beginnings[i];

		if (in->n - f->pos < b.n || memcmp(in->p + f->pos, b.p, b.n) != 0)
			continue;
		f->state = FRAME_ITEM;
		f->object = f->pos;
		f->pos += b.n;
		f->wrapper = f->first = true;
		f->lost_object = false;
		return;
	}
}

bool
frame_at_event(struct framer *f, const char *p, size_t n, bool *line)
{
	const struct input in = {p, n, true, NULL, NULL};

	if (f->in_value)
		return false;
	if (f->state <= FRAME_TOP)
		enter_wrapper(f, &in);
	if (f->state == FRAME_ITEM_END && skip_space(f, &in) && p[f->pos] == ',') {
		f->state = FRAME_ITEM;
		f->pos++;
	}
	*line = f->state == FRAME_LINE;
	return (f->state == FRAME_ITEM || *line) && skip_space(f, &in) && p[f->pos] == '{' &&
	    (!*line || peek_line(f, &in) > 0);
}

bool
frame_take(struct framer *f, const char *p, size_t n, size_t end)
{
	if (f->state == FRAME_ITEM) {
		f->first = false;
		f->state = FRAME_ITEM_END;
	} else {
		while (end < n && p[end] != '\n' && json_is_space(p[end]))
			end++;
		if (end < n && p[end] != '\n')
			return false;
	}
	f->pos = f->keep = end;
	return true;
}

/* Is there nothing but a comma and blanks between two elements? */
static bool
is_between(const char *p, const char *end)
{
	size_t commas = 0;

	for (; p < end && (json_is_space(*p) || *p == ','); p++)
		commas += *p == ',';
	return p == end && commas == 1;
}

/* The end of the last element that is whole, of those that are objects and follow each other as
 * they should; 0 where none is. */
static size_t
last_element(struct scan *scan, const char *p)
{
	size_t depth = 0, end = 0;

	while (scan_more(scan))
		for (size_t i = 0; i < scan->n_marks; i++) {
			size_t at = scan->marks[i];

			if (p[at] == '{' || p[at] == '[') {
				if (depth++ == 0 &&
				    (p[at] == '[' || (end > 0 && !is_between(p + end, p + at))))
					return end;
			} else if (p[at] == '}' || p[at] == ']') {
				/* The list's own; or strings may not be what they seem. */
				if (depth == 0 || scan->damage < at)
					return end;
				if (--depth == 0)
					end = at + 1;
			}
		}
	return end;
}

bool
frame_is_cut(const char *p, const char *nl, const char *end)
{
	const char *before = nl;

	while (before > p && json_is_space(before[-1]))
		before--;
	return before > p && before[-1] == '}' && end - nl > 2 && nl[1] == '{' && nl[2] == '"';
}

/* The end of the last line at which NDJSON can be cut; 0 where there is none. */
static size_t
last_line(const char *p, size_t n)
{
	const char *end = p + n;

	while (n > 0 && (p[n - 1] != '\n' || !frame_is_cut(p, p + n - 1, end)))
		n--;
	return n;
}

enum frame_part
frame_pass(struct framer *f, const char *p, size_t n, struct scan *scan, enum scan_kernel kernel,
    size_t *begin)
{
	static const struct scan_names none;
	size_t end;
	bool line;

	if (!frame_at_event(f, p, n, &line) || n - f->pos > SCAN_MAX_BYTES)
		return FRAME_NO_PART;
	*begin = f->pos;
	if (line) {
		end = last_line(p + f->pos, n - f->pos);
	} else {
		scan_start(scan, kernel, &none, p + f->pos, n - f->pos, false, false);
		end = last_element(scan, p + f->pos);
	}
	if (end == 0)
		return FRAME_NO_PART;
	f->first = false;
	f->state = line ? FRAME_LINE : FRAME_ITEM_END;
	f->pos += end;
	f->keep = f->pos;
	return line ? FRAME_LINES : FRAME_ITEMS;
}

void
frame_start_items(struct framer *f)
{
	*f = (struct framer){.state = FRAME_ITEM, .part = true};
}

void
frame_start_lines(struct framer *f)
{
	*f = (struct framer){.state = FRAME_LINE};
}

bool
frame_keeps_line(const struct framer *f)
{
	return f->state == FRAME_LINE && !(f->in_value && f->lost_value);
}

enum frame_result
frame_overflow(struct framer *f, const char *p, size_t n, struct err *err)
{
	const char *nl = memchr(p + f->keep, '\n', n - f->keep);
	size_t at = f->keep, held = n - at;
	enum frame_result r = FRAME_BAD;

	if (f->state == FRAME_BROKEN) { /* blanks without end: no line that we would take */
		f->pos = n;
		r = FRAME_MORE;
	} else if (object_held(f) && nl != NULL && begins_line(nl + 1, p + n) > 0 &&
	    may_rescan(f, at)) {
		f->state = FRAME_LINE;
		f->pos = (size_t)(nl + 1 - p);
		f->in_value = false;
		(void)err_set(err, at, "an event without end; nothing of this line was searched");
	} else if (object_held(f)) {
		f->lost_object = true;
		(void)err_set(err, at, "an event of more than %zu bytes, not searched", held);
	} else {
		r = f->state == FRAME_NAME && f->lost_object ? FRAME_MORE : FRAME_BAD;
		f->lost_value = true;
		(void)err_set(err, at, "%s of more than %zu bytes, not searched",
		    f->state == FRAME_NAME ? "a name" : "an event", held);
	}
	f->keep = first_needed(f);
	return r;
}

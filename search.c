/* search.c: see search.h. */
#include "search.h"

#include <stdlib.h>

#include "json.h"
#include "match.h"
#include "page.h"
#include "project.h"
#include "valid.h"
#include "when.h"

struct search_scratch {
	struct match_scratch *match;
	struct json_doc event;   /* the event as it stands in the page */
	struct json_doc escaped; /* the record that it has as a string */
	struct project_run *run; /* NULL without a project */
};

/* One event on its way through the functions below. */
struct work {
	const struct search *search;
	struct page *page;
	struct search_scratch *scratch;
	uint64_t pos; /* where it begins in the file */
};

struct search_scratch *
search_scratch_new(const struct search *search)
{
	struct search_scratch *s = xmalloc(sizeof(*s));

	s->match = match_scratch_new();
	s->run = search->project != NULL ? project_run_new(search->project, s->match) : NULL;
	json_doc_init(&s->event);
	json_doc_init(&s->escaped);
	return s;
}

void
search_scratch_free(struct search_scratch *s)
{
	if (s == NULL)
		return;
	project_run_free(s->run);
	match_scratch_free(s->match);
	json_doc_free(&s->event);
	json_doc_free(&s->escaped);
	free(s);
}

void
search_scratch_shrink(struct search_scratch *s)
{
	json_doc_free(&s->event);
	json_doc_free(&s->escaped);
	json_doc_init(&s->event);
	json_doc_init(&s->escaped);
}

static const struct json *
get_string(const struct json *v, struct str name)
{
	const struct json *s = json_get(v, name);

	return s != NULL && s->type == JSON_STRING ? s : NULL;
}

static const struct json *
get_array(const struct json *v, struct str name)
{
	const struct json *a = json_get(v, name);

	return a != NULL && a->type == JSON_ARRAY ? a : NULL;
}

/* Aggregated records spell it eventId. */
static const struct json *
get_id(const struct json *record)
{
	const struct json *id = get_string(record, STR("eventID"));

	return id != NULL ? id : get_string(record, STR("eventId"));
}

struct id
search_id(const struct json *record)
{
	const struct json *id = get_id(record);

	return id_of(json_text(id != NULL ? id : record));
}

/* "event ID" as a person can look for it. */
static const char *
event_id(char out[96], const struct json *record)
{
	const struct json *id = get_id(record);

	if (id == NULL)
		return "without eventID";
	return str_escape(out, 96, json_text(id));
}

static void
search_record(struct work *w, const struct json *record)
{
	const struct json *time_text = get_string(record, STR("eventTime")), *id_text;
	int64_t time = INT64_MIN;
	struct line line, *added;
	struct err err;
	char id[96];
	int r;

	if (time_text != NULL && when_parse_event(json_text(time_text), &time) != 0)
		time = INT64_MIN;
	w->page->counts.events++;
	if (w->search->windowed && time != INT64_MIN &&
	    (time < w->search->from || time > w->search->to))
		return;
	r = match_event(w->search->match, record, w->scratch->match, &err);
	if (r < 0)
		page_problem(w->page, NULL, w->pos, "event %s not searched: %s",
		    event_id(id, record), err.msg);
	if (r <= 0)
		return;
	if (w->search->windowed && time == INT64_MIN)
		w->page->counts.undated++;
	line = (struct line){.time = time, .stream = w->page->stream};
	page_add_json(w->page, json_text(record), &line);
	added = &w->page->lines[w->page->n_lines - 1];
	id_text = get_id(record);
	added->id = id_of(id_text != NULL ?
		json_text(id_text) :
		(struct str){w->page->out.p + added->span.at, added->span.n - 1});
}

/* A record as the text of a string: LookupEvents' CloudTrailEvent. */
static void
search_escaped(struct work *w, const struct json *string)
{
	struct json_doc *doc = &w->scratch->escaped;
	struct err err;

	if (json_parse(doc, json_text(string), &err) != 0)
		page_problem(w->page, NULL, w->pos,
		    "malformed event in a string, at byte %zu of its text: %s", err.pos, err.msg);
	else if (doc->v->type != JSON_OBJECT)
		page_problem(w->page, NULL, w->pos, "what is in this string is no event");
	else
		search_record(w, doc->v);
}

/* One element of a list, or a top-level value. */
static void
search_value(struct work *w, const struct json *v)
{
	const struct json *escaped;

	if (v->type == JSON_STRING) {
		search_escaped(w, v);
	} else if (v->type != JSON_OBJECT) {
		page_problem(w->page, NULL, w->pos, "an event is a JSON object, this is none");
	} else if ((escaped = get_string(v, STR("CloudTrailEvent"))) != NULL) {
		search_escaped(w, escaped);
	} else if (json_get(v, STR("digestStartTime")) != NULL &&
	    json_get(v, STR("eventName")) == NULL) {
		w->page->counts.digests++;
	} else {
		search_record(w, v);
	}
}

static void
search_list(struct work *w, const struct json *list, uint64_t base, struct str text)
{
	for (const struct json *v = json_begin(list); v < json_end(list); v = json_next(v)) {
		/* A string with escapes lies elsewhere, and counts as where the list is. */
		bool here = v->text >= text.p && v->text < text.p + text.n;

		w->pos = base + (uint64_t)((here ? v->text : list->text) - text.p);
		search_value(w, v);
	}
}

static void
search_document(struct work *w, const struct json *v, struct str text)
{
	const struct json *list = get_array(v, STR("Records"));

	if (list == NULL)
		list = get_array(v, STR("Events"));
	if (list != NULL)
		search_list(w, list, w->pos, text);
	else
		search_value(w, v);
}

/* Search what the source took for one event: a line of NDJSON may hold more than one. */
static void
search_event(struct work *w, struct str text)
{
	struct json_doc *doc = &w->scratch->event;
	uint64_t pos = w->pos;
	size_t at = 0, used;
	struct err err;

	do {
		struct str rest = {text.p + at, text.n - at};

		w->pos = pos + at;
		if (json_parse_first(doc, rest, &used, &err) != 0) {
			page_problem(
			    w->page, NULL, w->pos + err.pos, "malformed event: %s", err.msg);
			return;
		}
		search_document(w, doc->v, rest);
		at += used;
	} while (at < text.n);
}

/* A record that matches and is valid, with its eventTime. */
static void
add_record(struct work *w, struct str text, enum valid valid, struct str time_text)
{
	struct line line = {.time = INT64_MIN, .stream = w->page->stream};

	if (time_text.n > 0 && when_parse_event(time_text, &line.time) != 0)
		line.time = INT64_MIN;
	w->page->counts.events++;
	if (w->search->windowed && line.time == INT64_MIN)
		w->page->counts.undated++;
	if (valid == VALID_LINE)
		page_add_line(w->page, text, &line);
	else
		page_add_json(w->page, text, &line);
}

/* A record of which is known whether it matches, or not: PROJECT_NO, YES or MAYBE. What matches is
 * checked to be JSON; what is not is left to those who can say what is wrong with it. */
static void
search_projected(struct work *w, enum project_result result, const struct project_record *record,
    struct str text)
{
	enum valid valid = VALID_NOT;

	if (result == PROJECT_YES)
		valid = record->valid ? VALID_LINE :
					valid_json(text, project_kernel(w->search->project));
	if (result == PROJECT_NO)
		w->page->counts.events++;
	else if (valid != VALID_NOT)
		add_record(w, text, valid, record->time);
	else
		search_event(w, text);
}

/* An event that stands by itself. */
static void
search_single(struct work *w, struct str text)
{
	struct project_run *run = w->scratch->run;
	struct project_record record;
	enum project_result r = PROJECT_MAYBE;

	if (run != NULL) {
		project_start(run, text.p, text.n, false, false);
		r = project_next(run, 0, &record);
		if (r < PROJECT_MAYBE && (record.at != 0 || record.n != text.n))
			r = PROJECT_MAYBE; /* there is more of it */
	}
	search_projected(w, r, &record, text);
}

/* Find the events in the page's text and search them, in one pass where they are as they should
 * be. */
static void
search_text(struct work *w)
{
	struct str text = w->page->text;
	struct project_run *run = w->scratch->run;
	struct project_record record;
	size_t origin = SIZE_MAX; /* where the run began; SIZE_MAX: it has to begin anew */
	bool lines = false, line, checks = w->page->prints;
	struct framer f;
	struct span event;
	struct err err;

	frame_start(&f);
	if (w->page->form == FORM_LINES)
		frame_start_lines(&f);
	else if (w->page->form == FORM_ITEMS)
		frame_start_items(&f);
	for (;;) {
		if (run != NULL && frame_at_event(&f, text.p, text.n, &line)) {
			enum project_result r;

			if (origin == SIZE_MAX || line != lines) {
				origin = f.pos;
				lines = line;
				project_start(
				    run, text.p + origin, text.n - origin, lines, checks);
			}
			r = project_next(run, f.pos - origin, &record);
			if (r <= PROJECT_MAYBE &&
			    frame_take(&f, text.p, text.n, origin + record.at + record.n)) {
				struct str found = {text.p + origin + record.at, record.n};

				w->pos = w->page->base + origin + record.at;
				search_projected(w, r, &record, found);
				continue;
			}
			origin = SIZE_MAX;
		}
		switch (frame_next(&f, text.p, text.n, true, &event, &err)) {
		case FRAME_EVENT:
			w->pos = w->page->base + event.at;
			search_event(w, (struct str){text.p + event.at, event.n});
			break;
		case FRAME_BAD:
			page_problem(w->page, NULL, w->page->base + err.pos, "%s", err.msg);
			break;
		default:
			return;
		}
	}
}

bool
search_takes_all(const struct search *search)
{
	return search->match->n_patterns == 0 && search->match->all->child == NULL &&
	    !search->windowed;
}

void
search_page(const struct search *search, struct page *page, struct search_scratch *scratch)
{
	struct work w = {search, page, scratch, 0};
	size_t before = page_lines(page, page->n_lines).n, searched = 0;

	if (page->form != FORM_EVENTS) {
		search_text(&w);
		searched = page->text.n;
	}
	for (size_t i = 0; i < page->n_events; i++) {
		struct span e = page->events[i];

		w.pos = page->base + e.at;
		search_single(&w, (struct str){page->bytes.p + e.at, e.n});
		searched += e.n;
	}
	page->n_events = 0;
	page_end_lines(page);
	if (searched > 0)
		page->prints = page_lines(page, page->n_lines).n - before > searched / 2;
}

/* answer.c: see answer.h. */
#include "answer.h"

#include <stdlib.h>

#include "when.h"

void
answer_init(struct answer *a)
{
	*a = (struct answer){.token = {"", 0}};
	json_doc_init(&a->doc);
}

void
answer_free(struct answer *a)
{
	free(a->events);
	json_doc_free(&a->doc);
}

/* EventTime is a number of seconds, maybe written as 1.704164645E9; RFC 3339 will do as well. */
static bool
read_time(const struct json *event, int64_t *time)
{
	const struct json *v = json_get(event, STR("EventTime"));
	char text[40];
	double t;

	if (v != NULL && v->type == JSON_STRING && when_parse_event(json_text(v), time) == 0)
		return true;
	if (v == NULL || v->type != JSON_NUMBER || v->len >= sizeof(text))
		return false;
	memcpy(text, v->text, v->len);
	text[v->len] = '\0';
	t = strtod(text, NULL);
	if (!(t > -1e11 && t < 1e12))
		return false;
	*time = (int64_t)(t * WHEN_SECOND_US);
	return true;
}

static void
add_event(struct answer *a, const struct json *e, struct str text)
{
	struct answer_event *event;

	if (a->n == a->cap) {
		a->cap = a->cap > 0 ? a->cap * 2 : 64;
		a->events = xrealloc(a->events, a->cap, sizeof(*a->events));
	}
	event = &a->events[a->n++];
	*event = (struct answer_event){.id = json_get_text(e, STR("EventId")),
	    .name = json_get_text(e, STR("EventName")),
	    .source = json_get_text(e, STR("EventSource")),
	    .access_key = json_get_text(e, STR("AccessKeyId")),
	    .read_only = json_get_text(e, STR("ReadOnly")),
	    .has_record = json_get_text(e, STR("CloudTrailEvent")).n > 0};
	event->has_time = read_time(e, &event->time);
	if (e->type == JSON_OBJECT)
		event->span = (struct span){(size_t)(e->text - text.p), e->len};
}

const char *
answer_read(struct answer *a, struct str text)
{
	const struct json *events, *token;
	struct err err;

	a->n = 0;
	if (json_parse(&a->doc, text, &err) != 0)
		return "the service's answer is no JSON";
	events = json_get(a->doc.v, STR("Events"));
	if (events == NULL || events->type != JSON_ARRAY)
		return "the service's answer has no list of events";
	token = json_get(a->doc.v, STR("NextToken"));
	if (token != NULL && token->type != JSON_NULL &&
	    (token->type != JSON_STRING || token->len == 0))
		return "the service's answer has a page token that is none";
	a->token = json_get_text(a->doc.v, STR("NextToken"));
	for (const struct json *e = json_begin(events); e < json_end(events); e = json_next(e))
		add_event(a, e, text);
	return NULL;
}

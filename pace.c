/* pace.c: see pace.h. */
#include "pace.h"

#define SECOND 1000000.0
#define SLOWER 0.88       /* what is left of the rate after a throttled request */
#define LEAST 0.05        /* of the legal rate: never less */
#define FASTER 0.0004     /* of the legal rate: by how much more each answer in a row adds */
#define AGAIN 0.5         /* of the rate before, at least, as soon as there is an answer again */
#define LATE 0.25         /* of the pause between two requests: may be made up for */
#define SAME_THROTTLE 1.5 /* pauses: what is throttled within was sent before we slowed down */

#define NEVER (INT64_MIN / 2)

static double
pause_of(double rate)
{
	return SECOND / rate;
}

void
pace_init(struct pace *p, double legal)
{
	*p = (struct pace){
	    .legal = legal, .rate = legal, .next = NEVER, .slowed = NEVER, .before = legal};
}

int64_t
pace_next(const struct pace *p)
{
	return p->next;
}

void
pace_take(struct pace *p, int64_t now)
{
	int64_t earliest = now - (int64_t)(LATE * pause_of(p->rate));

	if (p->next == NEVER)
		p->next = now;
	else if (p->next < earliest)
		p->next = earliest;
	p->next += (int64_t)pause_of(p->rate);
}

void
pace_throttled(struct pace *p, int64_t now)
{
	if (p->in_a_row > 0)
		p->before = p->rate;
	p->in_a_row = 0;
	if ((double)(now - p->slowed) < SAME_THROTTLE * pause_of(p->rate))
		return;
	p->slowed = now;
	p->rate *= SLOWER;
	if (p->rate < LEAST * p->legal)
		p->rate = LEAST * p->legal;
}

/* The rate comes back slowly first, as others may still be there, then faster and faster. Had they
 * taken all, how far it went down only says for how long. */
void
pace_answered(struct pace *p)
{
	if (p->in_a_row == 0 && p->rate < AGAIN * p->before)
		p->rate = AGAIN * p->before;
	p->in_a_row++;
	p->rate += FASTER * p->legal * p->in_a_row;
	if (p->rate > p->legal)
		p->rate = p->legal;
}

/* source.h: where pages come from. Event history, local trails and trails in S3 all look like this.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>

struct page;

struct source {
	/* Fill the page, which is empty, with the next events, and with the problems met on the
	 * way. False when there is nothing more; the page is then still empty. Called by one
	 * thread. */
	bool (*next)(struct source *source, struct page *page);
	void (*close)(struct source *source);
};

#endif

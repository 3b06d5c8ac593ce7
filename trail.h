/* trail.h: trail logs on this machine as a source of pages: files, folders walked recursively,
 * standard input; plain or gzip by content; every form that frame.h knows.
 *
 * A folder's entries are read in the byte order of their names, depth first. Symbolic links are
 * followed, a folder inside of itself is not entered again. Fifos, sockets and devices are read
 * when they are named, and passed over in folders. So is, with a note, a file in a folder that
 * neither has a log's name (.json, .jsonl, .ndjson, .gz) nor begins as JSON. */
#ifndef TRAIL_H
#define TRAIL_H

#include "scan.h"
#include "source.h"
#include "str.h"

#define TRAIL_PAGE_SIZE (1u << 20)  /* bytes of a page: large enough to make its handling cheap */
#define TRAIL_PIECE (2 << 20)       /* bytes of lines that are searched at a time */
#define TRAIL_MAX_EVENT (16u << 20) /* bytes of one event; CloudTrail's own limit is 256 KiB */
#define TRAIL_WHOLE_FILE (2 << 20)  /* bytes of a file that is read, inflated and searched whole */
#define TRAIL_BATCH (256 << 10)     /* bytes of such files that are searched together */
#define TRAIL_MAX_BATCH 64          /* their number */
#define TRAIL_PIPE (1 << 20)        /* bytes that a pipe at the input is asked to hold */
#define TRAIL_MAX_DEPTH 64          /* folders in folders */

/* A source over n names, "-" being standard input; they must outlive it. page_size in bytes:
 * TRAIL_PAGE_SIZE but in tests. kernel: what lists and streams are divided with. The source frees
 * itself in close. */
struct source *trail_open(
    const char *const *names, size_t n, size_t page_size, enum scan_kernel kernel) MUSTUSE;

#endif

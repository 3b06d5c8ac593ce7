/* probe.h: the commands of the probe, which shows the pure modules to any test suite. Each takes
 * one parsed request line and appends one response line, without its newline. */
#ifndef PROBE_H
#define PROBE_H

#include "../json.h"

/* {"request": RAW, "context": {a context.json of the SigV4 suite}, "s3": bool} to
 * {"canonical": ..., "string_to_sign": ..., "signature": HEX, "authorization": ...}.
 *
 * With s3, or where the context says "normalize": false, the path is signed as it is; otherwise it
 * is normalised and encoded, whether it comes raw (the suite) or encoded (a wire path). Bytes that
 * cannot go on the wire are encoded first where nothing else does it. Returns 0, or -1 when the
 * response is {"error": TEXT}. */
int probe_sigv4(const struct json *request, struct buf *response);

#endif

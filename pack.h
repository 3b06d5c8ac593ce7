/* pack.h: keeps texts small while they have to wait: deflated, a tenth of what JSON takes.
 *
 * One thread at a time for a packer. */
#ifndef PACK_H
#define PACK_H

#include "str.h"

struct packer;

struct packer *packer_new(void) MUSTUSE;
void packer_free(struct packer *packer);

/* The text deflated (RFC 1951), in *packed, allocated anew with nothing to spare. text.n, which
 * unpack is told, is the caller's to keep. */
void pack(struct packer *packer, struct str text, struct buf *packed);

/* What pack made of a text of n bytes is that text again, in *text, allocated anew. */
void unpack(struct packer *packer, struct str packed, size_t n, struct buf *text);

#endif

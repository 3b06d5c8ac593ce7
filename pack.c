/* pack.c: see pack.h. */
#include "pack.h"

#include <libdeflate.h>
#include <stdlib.h>

struct packer {
	struct libdeflate_compressor *deflate;
	struct libdeflate_decompressor *inflate;
	struct buf room; /* as much as the largest text so far may take */
};

struct packer *
packer_new(void)
{
	struct packer *packer = xmalloc(sizeof(*packer));

	/* The fastest level: what repeats in JSON is near. */
	*packer = (struct packer){
	    libdeflate_alloc_compressor(1), libdeflate_alloc_decompressor(), {0}};
	if (packer->deflate == NULL || packer->inflate == NULL)
		abort();
	return packer;
}

void
packer_free(struct packer *packer)
{
	if (packer == NULL)
		return;
	libdeflate_free_compressor(packer->deflate);
	libdeflate_free_decompressor(packer->inflate);
	buf_free(&packer->room);
	free(packer);
}

void
pack(struct packer *packer, struct str text, struct buf *packed)
{
	struct buf *room = &packer->room;
	size_t n;

	room->n = 0;
	buf_reserve(room, libdeflate_deflate_compress_bound(packer->deflate, text.n));
	n = libdeflate_deflate_compress(packer->deflate, text.p, text.n, room->p, room->cap);
	if (n == 0) /* the bound is wrong */
		abort();
	*packed = (struct buf){.p = xmalloc(n), .n = n, .cap = n};
	memcpy(packed->p, room->p, n);
}

void
unpack(struct packer *packer, struct str packed, size_t n, struct buf *text)
{
	*text = (struct buf){.p = xmalloc(n), .n = n, .cap = n};
	if (libdeflate_deflate_decompress(packer->inflate, packed.p, packed.n, text->p, n, NULL) !=
	    LIBDEFLATE_SUCCESS)
		abort();
}

/* valid_kernel.h: how the tokens of a group of blocks follow each other, included by valid.c once
 * for blocks one by one and once for all of a group side by side. It has defined
 *
 *     KERNEL(name)      the name of a function of this kind
 *     TARGET            the attribute of functions that use its instructions, or nothing
 *     masks, MASKS      the type of a mask, or of MASKS masks, on which C's operators work
 *     load(p), store(p, v)
 *     before(v, bit)    for each mask of v the one before it; `bit` for the first one's last bit
 *     last(v)           the last bit
 *     filled(v)         the masks in which a bit is set, as bits
 *     add(v, w, carry)  *v += w as one number, the first mask the lowest, and *carry, which becomes
 *                       what is carried out
 *
 * and undefines them again. */

/* The bytes behind those of v; *carry is the bit before them, and becomes the last one. */
TARGET static inline masks
KERNEL(behind)(masks v, uint64_t *carry)
{
	masks next = v << 1 | before(v, *carry) >> 63;

	*carry = last(v);
	return next;
}

/* Those of the bytes *v that are blank become the first ones behind the blanks. To add a byte to a
 * run of blanks carries into the byte behind the run. */
TARGET static inline void
KERNEL(skip)(masks *v, masks blanks, uint64_t *carry)
{
	uint64_t over = 0;

	add(v, blanks, &over);
	*v &= ~blanks;
	*carry |= over;
}

/* Relate those from the k-th block on. */
TARGET static inline void
KERNEL(relate_from)(struct valid_carry *c, bool lines, const struct scan_group *g,
    struct relations *r, size_t k)
{
	masks strings = load(g->strings + k), quotes = load(g->quotes + k);
	masks outside = ~(strings | quotes), first = quotes & strings;
	masks opening = load(g->opening + k), closing = load(g->closing + k);
	masks braces = load(g->braces + k) & opening;
	masks colons = load(g->colons + k) & outside, commas = load(g->commas + k) & outside;
	masks controls = load(g->controls + k), newlines = load(g->newlines + k) & outside;
	masks blanks = (load(g->spaces + k) | controls) & outside;
	masks separators = colons | commas;
	masks bare = outside & ~(opening | closing | separators | blanks);
	masks starts = bare & ~KERNEL(behind)(bare, &c->in_bare);
	masks values = opening | first | starts;
	/* With lines, a line break has a value behind it as a comma has, if it has anything. */
	masks value = KERNEL(behind)(
	    opening | separators | (lines ? newlines : newlines ^ newlines), &c->value);
	masks separator = KERNEL(behind)(separators, &c->separator);
	masks member = KERNEL(behind)(braces | commas, &c->member);
	masks name = strings, missing, objects, doubts;

	if (filled(value & blanks) != 0) {
		KERNEL(skip)(&value, blanks, &c->value);
		KERNEL(skip)(&separator, blanks, &c->separator);
		KERNEL(skip)(&member, blanks, &c->member);
	}
	/* To add its opening quote to the run of a string's bytes carries to the closing one. */
	add(&name, first & member, &c->in_name);
	name = KERNEL(behind)(name & ~strings, &c->name);
	if (filled(name & blanks) != 0)
		KERNEL(skip)(&name, blanks, &c->name);

	missing = values & ~value;
	objects = (member & values & ~first) | (name & ~colons) | missing;
	doubts = (value & separators) | (closing & separator) | (colons & ~name) |
	    load(g->damage + k);
	controls &= outside & ~newlines;
	store(r->objects + k, objects);
	store(r->arrays + k, colons | missing);
	store(r->brackets + k, opening | closing);
	store(r->starts + k, starts);
	store(r->doubts + k, doubts);
	store(r->controls + k, controls);
	store(r->newlines + k, newlines);
	r->in_objects |= filled(objects) << k;
	r->in_squares |= filled(opening & ~braces) << k;
	r->in_starts |= filled(starts) << k;
	r->in_rest |=
	    filled(doubts | controls | load(g->escapes + k) | (lines ? doubts : newlines)) << k;
}

TARGET static void
KERNEL(relate)(struct valid_run *run, const struct scan_group *g, struct relations *r)
{
	struct valid_carry carry = run->carry;

	r->in_objects = r->in_squares = r->in_starts = r->in_rest = 0;
	for (size_t k = 0; k < SCAN_GROUP; k += MASKS)
		KERNEL(relate_from)(&carry, run->lines, g, r, k);
	run->carry = carry;
}

#undef KERNEL
#undef TARGET
#undef masks
#undef MASKS
#undef load
#undef store
#undef before
#undef last
#undef filled
#undef add

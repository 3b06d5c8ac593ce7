/* valid_kernel.h: how the tokens of a group of blocks follow each other, included by valid.c once
 * for blocks one by one and once for all of a group side by side. It has defined
 *
 *     KERNEL(name)      the name of a function of this kind
 *     TARGET            the attribute of functions that use its instructions, or nothing
 *     masks, MASKS      the type of a mask, or of MASKS masks, on which C's operators work
 *     load(p), store(p, v)
 *     before(v, w)      for each mask of v the one before it, and for the first the last one of w
 *     last(v)           the last bit
 *     only_last(bit)    masks of which at most the last bit is set
 *     filled(v)         the masks in which a bit is set, as bits
 *     add(v, w, carry)  *v += w as one number, the first mask the lowest, and *carry, which becomes
 *                       what is carried out
 *
 * and undefines them again. */

/* struct valid_carry, most of it as the masks that came last: their last bit counts. */
struct KERNEL(carry) {
	masks value, separator, member, name, in_bare;
	uint64_t in_name, wrong[VALID_KINDS];
};

/* The bytes behind those of v; *carry are those before v. */
TARGET static inline masks
KERNEL(behind)(masks v, masks *carry)
{
	masks next = v << 1 | before(v, *carry) >> 63;

	*carry = v;
	return next;
}

/* Those of the bytes *v that are blank become the first ones behind the blanks. To add a byte to a
 * run of blanks carries into the byte behind the run. */
TARGET static inline void
KERNEL(skip)(masks *v, masks blanks, masks *carry)
{
	uint64_t over = 0;

	add(v, blanks, &over);
	*v &= ~blanks;
	*carry |= only_last(over);
}

/* The brackets before which, or at which, something is wrong. To add a byte to the run of bytes
 * between two brackets carries to the second one. */
TARGET static inline masks
KERNEL(next_bracket)(masks wrong, masks brackets, uint64_t *carry)
{
	masks found = ~brackets;

	add(&found, wrong & ~brackets, carry);
	return (found | wrong) & brackets;
}

/* Relate those from the k-th block of the i-th group on. */
TARGET static inline void
KERNEL(relate_from)(struct valid_run *run, struct KERNEL(carry) *c, const struct scan_group *g,
    struct relations *r, size_t i, size_t k)
{
	const bool lines = run->lines;
	const size_t block = i * SCAN_GROUP + k;
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
	masks name = strings, brackets = opening | closing, doubts;

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

	doubts = (values & ~value) | (value & separators) | (closing & separator) |
	    (colons & ~name) | load(g->damage + k);
	controls &= outside & ~newlines;
	store(run->wrong[VALID_OBJECT] + block,
	    KERNEL(next_bracket)((member & values & ~first) | (name & ~colons), brackets,
		&c->wrong[VALID_OBJECT]));
	store(run->wrong[VALID_ARRAY] + block,
	    KERNEL(next_bracket)(colons, brackets, &c->wrong[VALID_ARRAY]));
	store(r->starts + k, starts);
	store(r->doubts + k, doubts);
	store(r->controls + k, controls);
	store(r->newlines + k, newlines);
	r->in_starts |= filled(starts) << k;
	r->in_rest |=
	    filled(doubts | controls | load(g->escapes + k) | (lines ? doubts : newlines)) << k;
}

TARGET static void
KERNEL(relate)(
    struct valid_run *run, const struct scan_group *groups, size_t n, struct relations *relations)
{
	struct valid_carry *to = &run->carry;
	struct KERNEL(carry) c = {.value = only_last(to->value),
	    .separator = only_last(to->separator),
	    .member = only_last(to->member),
	    .name = only_last(to->name),
	    .in_bare = only_last(to->in_bare),
	    .in_name = to->in_name,
	    .wrong = {to->wrong[0], to->wrong[1]}};

	for (size_t i = 0; i < n; i++) {
		relations[i].in_starts = relations[i].in_rest = 0;
		for (size_t k = 0; k < SCAN_GROUP; k += MASKS)
			KERNEL(relate_from)(run, &c, &groups[i], &relations[i], i, k);
	}
	*to = (struct valid_carry){.value = last(c.value),
	    .separator = last(c.separator),
	    .member = last(c.member),
	    .name = last(c.name),
	    .in_bare = last(c.in_bare),
	    .in_name = c.in_name,
	    .wrong = {c.wrong[0], c.wrong[1]}};
}

#undef KERNEL
#undef TARGET
#undef masks
#undef MASKS
#undef load
#undef store
#undef before
#undef last
#undef only_last
#undef filled
#undef add

/* scan_kernel.h: the loops of scan.c, included by it once for each kernel, which has defined
 *
 *     KERNEL(name)      the name of a function in this kernel
 *     TARGET            the attribute of functions that use its instructions, or nothing
 *     VECTORS           vectors in SCAN_BLOCK bytes
 *     vec, hits         types: a vector of bytes; for each of its bytes, yes or no
 *     vec_load(p)       from any address
 *     vec_fill(c)       c in each byte
 *     vec_or(v, w)
 *     vec_equal(v, w)   hits: where the bytes are equal
 *     vec_control(v)    hits: bytes below 0x20
 *     vec_high(v)       hits: bytes beyond ASCII
 *     hits_or(h, i), hits_and(h, i)
 *     hits_bits(h)      the hits of a block, an array of VECTORS, as bits
 *     vec_table(p)      16 bytes to look up in; not in each kernel
 *     vec_lookup(t, v)  for each byte, the byte of t that its low half selects; of bytes beyond
 *                       ASCII maybe 0
 *     prefix_xor(bits)  each bit becomes the parity of the bits up to it
 *     lowest(bits)      the number of the lowest bit set; any below 64 where there is none
 *     put_eight(...)    (out, bits, base): the positions of the lowest eight bits set, plus base;
 *                       anything where there are fewer; not in each kernel
 *     sort_whole(...)   KERNEL(sort) of a whole group at once: (to, p, g); not in each kernel
 *
 * and undefines them again. */

/* Where the bytes are c. */
TARGET static inline uint64_t
KERNEL(equal)(const vec v[VECTORS], char c)
{
	hits h[VECTORS];

	UNROLL
	for (int i = 0; i < VECTORS; i++)
		h[i] = vec_equal(v[i], vec_fill(c));
	return hits_bits(h);
}

/* Where they are a brace or the square bracket that becomes it with 0x20. */
TARGET static inline uint64_t
KERNEL(either)(const vec v[VECTORS], char brace)
{
	hits h[VECTORS];

	UNROLL
	for (int i = 0; i < VECTORS; i++)
		h[i] = vec_equal(vec_or(v[i], vec_fill(0x20)), vec_fill(brace));
	return hits_bits(h);
}

/* '{' '}' '[' ']': with 0x20 the square ones become the others. */
TARGET static inline uint64_t
KERNEL(brackets)(const vec v[VECTORS])
{
	hits h[VECTORS];

	UNROLL
	for (int i = 0; i < VECTORS; i++) {
		vec brace = vec_or(v[i], vec_fill(0x20));

		h[i] = hits_or(vec_equal(brace, vec_fill('{')), vec_equal(brace, vec_fill('}')));
	}
	return hits_bits(h);
}

TARGET static inline uint64_t
KERNEL(controls)(const vec v[VECTORS])
{
	hits h[VECTORS];

	UNROLL
	for (int i = 0; i < VECTORS; i++)
		h[i] = vec_control(v[i]);
	return hits_bits(h);
}

/* The bytes behind something that ends as a name does: each of the bytes before leaves a group of
 * names in. What is looked up are the groups that it throws out, so that bytes beyond ASCII, in
 * front of a short name, throw out none. */
#ifdef vec_lookup
TARGET static inline uint64_t
KERNEL(name_ends)(const struct scan_names *others, const char *p, const vec v[VECTORS])
{
	hits h[VECTORS];

	(void)v;
	UNROLL
	for (int i = 0; i < VECTORS; i++) {
		const char *at = p + i * (SCAN_BLOCK / VECTORS);
		vec out = vec_fill(0);

		UNROLL
		for (int b = 0; b < 3; b++)
			out = vec_or(out,
			    vec_lookup(vec_table(others->low[b]), vec_load(at - name_bytes[b])));
		h[i] = vec_equal(out, vec_fill((char)0xff));
	}
	return ~hits_bits(h);
}
#else
/* Without such an instruction: whatever stands before a colon, white space or the next block. */
TARGET static inline uint64_t
KERNEL(name_ends)(const struct scan_names *others, const char *p, const vec v[VECTORS])
{
	hits h[VECTORS];

	(void)others;
	(void)p;
	UNROLL
	for (int i = 0; i < VECTORS; i++)
		h[i] = hits_or(vec_equal(v[i], vec_fill(':')),
		    hits_or(vec_equal(v[i], vec_fill(' ')), vec_control(v[i])));
	return hits_bits(h) >> 1 | (uint64_t)1 << 63;
}
#endif

/* Append the positions of the bits: while (bits) *out++ = base + lowest bit. Up to eight words
 * behind them are overwritten: a block has 1.2 marks on average, and to write some at once is
 * faster than to ask how many there are. */
TARGET static inline uint32_t *
KERNEL(put)(uint32_t *out, uint64_t bits, uint32_t base)
{
	uint32_t *end = out + __builtin_popcountll(bits);

#ifdef put_eight
	put_eight(out, bits, base);
	while (end - out > 8) {
		for (int i = 0; i < 8; i++)
			bits &= bits - 1;
		out += 8;
		put_eight(out, bits, base);
	}
#else
	do {
		UNROLL
		for (int i = 0; i < 4; i++) {
			out[i] = base + (uint32_t)lowest(bits);
			bits &= bits - 1;
			ONE_BY_ONE(bits);
		}
		out += 4;
	} while (bits != 0);
#endif
	return end;
}

/* Scan blocks at p, of which the seven bytes before can be read, and return the end of their marks.
 * The first block is at byte `base` of the text. The plain form, byte by byte:
 *
 *     if (in_string ? c < 0x20 : c == '\\') damage;
 *     if (escaped)               escaped = false;
 *     else if (c == '"')         in_string = !in_string, mark if it closes a name;
 *     else if (in_string)        escaped = c == '\\';
 *     else if (bracket(c))       mark;
 */
TARGET static uint32_t *
KERNEL(marks)(struct scan *s, const char *p, size_t blocks, uint32_t base, uint32_t *out)
{
	const struct scan_names others = other_names(s->names);
	const uint64_t breaks = s->breaks ? ~(uint64_t)0 : 0;
	struct scan_carry carry = s->carry;

	for (; blocks > 0; blocks--, p += SCAN_BLOCK, base += SCAN_BLOCK) {
		uint64_t quotes, slashes, strings, controls, damage, marks, escapes = 0;
		vec v[VECTORS];

		PREFETCH(p);
		UNROLL
		for (int i = 0; i < VECTORS; i++)
			v[i] = vec_load(p + i * (SCAN_BLOCK / VECTORS));
		quotes = KERNEL(equal)(v, '"');
		slashes = KERNEL(equal)(v, '\\');
		if ((slashes | carry.escape) != 0) {
			uint64_t escaped = escaped_bytes(slashes, &carry.escape);

			quotes &= ~escaped;
			escapes = escaped & (KERNEL(equal)(v, 'u') | KERNEL(equal)(v, '/'));
		}
		strings = prefix_xor(quotes) ^ carry.in_string;
		carry.in_string = (uint64_t)0 - (strings >> 63);
		if ((slashes | carry.has_escape | carry.after) != 0)
			escapes |= behind_escapes(slashes, strings, &carry);
		controls = KERNEL(controls)(v);
		damage = (controls & strings) | (slashes & ~strings);
		if (damage != 0 && s->damage == SIZE_MAX)
			s->damage = base + (uint32_t)__builtin_ctzll(damage);
		marks = (KERNEL(brackets)(v) & ~strings) | escapes | (controls & breaks);
		marks |= KERNEL(name_ends)(&others, p, v) & quotes & ~strings;
		out = KERNEL(put)(out, marks, base);
	}
	s->carry = carry;
	return out;
}

/* KERNEL(sort) block by block. */
TARGET static void
KERNEL(sort_each)(
    struct scan_carry *to, const char *p, size_t first, size_t end, struct scan_group *g)
{
	struct scan_carry carry = *to;
	vec all[VECTORS];
	hits high[VECTORS];

	UNROLL
	for (int i = 0; i < VECTORS; i++)
		all[i] = vec_fill(0);
	for (size_t k = first; k < end; k++, p += SCAN_BLOCK) {
		uint64_t quotes, slashes, strings, opening, closing, controls;
		uint64_t escapes = 0, hints = 0;
		vec v[VECTORS];

		UNROLL
		for (int i = 0; i < VECTORS; i++) {
			v[i] = vec_load(p + i * (SCAN_BLOCK / VECTORS));
			all[i] = vec_or(all[i], v[i]);
		}
		quotes = KERNEL(equal)(v, '"');
		slashes = KERNEL(equal)(v, '\\');
		if ((slashes | carry.escape) != 0) {
			uint64_t escaped = escaped_bytes(slashes, &carry.escape);

			escapes = escaped & ~(quotes | slashes);
			quotes &= ~escaped;
			hints = escaped & (KERNEL(equal)(v, 'u') | KERNEL(equal)(v, '/'));
		}
		strings = prefix_xor(quotes) ^ carry.in_string;
		carry.in_string = (uint64_t)0 - (strings >> 63);
		if ((slashes | carry.has_escape | carry.after) != 0)
			hints |= behind_escapes(slashes, strings, &carry);
		g->quotes[k] = quotes;
		g->strings[k] = strings;
		g->escapes[k] = escapes;
		g->opening[k] = opening = KERNEL(either)(v, '{') & ~strings;
		g->closing[k] = closing = KERNEL(either)(v, '}') & ~strings;
		g->marks[k] = opening | closing | hints;
		g->ends[k] = quotes & ~strings;
		g->braces[k] = KERNEL(equal)(v, '{');
		g->colons[k] = KERNEL(equal)(v, ':');
		g->commas[k] = KERNEL(equal)(v, ',');
		g->spaces[k] = KERNEL(equal)(v, ' ');
		g->newlines[k] = KERNEL(equal)(v, '\n');
		g->controls[k] = controls = KERNEL(controls)(v);
		g->damage[k] = (controls & strings) | (slashes & ~strings);
	}
	UNROLL
	for (int i = 0; i < VECTORS; i++)
		high[i] = vec_high(all[i]);
	g->ascii &= hits_bits(high) == 0;
	*to = carry;
}

/* The masks of the group's blocks from the first one on to before `end`, which are at p. */
TARGET static void
KERNEL(sort)(
    struct scan_carry *carry, const char *p, size_t first, size_t end, struct scan_group *g)
{
#ifdef sort_whole
	if (end - first == SCAN_GROUP) {
		sort_whole(carry, p, g);
		return;
	}
#endif
	KERNEL(sort_each)(carry, p, first, end, g);
}

/* The marks, as of KERNEL(marks), of the sorted blocks from the first one on to before `end`, which
 * are at p. */
TARGET static uint32_t *
KERNEL(mark_sorted)(struct scan *s, const char *p, size_t first, size_t end, uint32_t *out)
{
	const struct scan_names others = other_names(s->names);
	const uint64_t breaks = s->breaks ? ~(uint64_t)0 : 0;

	while (first < end) {
		const struct scan_group *g = &s->groups[first / SCAN_GROUP];
		size_t k = first % SCAN_GROUP, at = (size_t)(g->at + (ptrdiff_t)(k * SCAN_BLOCK));

		for (; k < SCAN_GROUP && first < end; k++, first++) {
			uint64_t marks = g->marks[k] | (g->controls[k] & breaks);
			vec v[VECTORS];

			UNROLL
			for (int i = 0; i < VECTORS; i++)
				v[i] = vec_load(p + i * (SCAN_BLOCK / VECTORS));
			if (g->damage[k] != 0 && s->damage == SIZE_MAX)
				s->damage = at + (size_t)__builtin_ctzll(g->damage[k]);
			marks |= KERNEL(name_ends)(&others, p, v) & g->ends[k];
			out = KERNEL(put)(out, marks, (uint32_t)at);
			p += SCAN_BLOCK;
			at += SCAN_BLOCK;
		}
	}
	return out;
}

/* The first needle that begins at [from, to): each block is looked at for needles' two bytes. All
 * that it reads is in [p, p + n): it stops where this would not be so, and *from says where. The
 * plain form:
 *
 *     for (; from < to; from++)
 *             for each needle
 *                     if (n - from >= text.n && memcmp(p + from, text.p, text.n) == 0)
 *                             return from;
 */
TARGET static bool
KERNEL(find)(const struct scan_needle *needles, size_t n_needles, const char *p, size_t n,
    size_t reach, size_t *from, size_t to)
{
	for (; *from < to && n - *from >= reach; *from += SCAN_BLOCK) {
		uint64_t bits = 0;

		for (size_t k = 0; k < n_needles; k++) {
			const struct scan_needle *d = &needles[k];
			const char *x = p + *from + d->at[0], *y = p + *from + d->at[1];
			hits h[VECTORS];

			UNROLL
			for (int i = 0; i < VECTORS; i++) {
				size_t at = (size_t)i * (SCAN_BLOCK / VECTORS);

				h[i] = hits_and(
				    vec_equal(vec_load(x + at), vec_fill(d->text.p[d->at[0]])),
				    vec_equal(vec_load(y + at), vec_fill(d->text.p[d->at[1]])));
			}
			bits |= hits_bits(h);
		}
		for (; bits != 0; bits &= bits - 1) {
			size_t at = *from + (size_t)__builtin_ctzll(bits);

			if (needle_at(needles, n_needles, p, n, at)) {
				*from = at;
				return true;
			}
		}
	}
	return false;
}

#undef KERNEL
#undef TARGET
#undef VECTORS
#undef vec
#undef hits
#undef vec_load
#undef vec_fill
#undef vec_or
#undef vec_equal
#undef vec_control
#undef vec_high
#undef hits_or
#undef hits_and
#undef hits_bits
#undef vec_table
#undef vec_lookup
#undef prefix_xor
#undef lowest
#undef put_eight
#undef sort_whole

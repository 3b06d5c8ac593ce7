/* Fuzz target for ini.c. What is parsed lies within the file's text, is printed and parsed again as
 * the same; what is not is refused with the line. */
#include "../ini.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(cond) ((cond) ? (void)0 : broken(__LINE__, #cond))

static void
broken(int line, const char *what)
{
	(void)fprintf(stderr, "fuzz_ini.c:%d: does not hold: %s\n", line, what);
	abort();
}

static void
check_slice(const struct ini *ini, struct str s)
{
	CHECK(s.p >= ini->text.p && s.n <= ini->text.n);
	CHECK(s.p + s.n <= ini->text.p + ini->text.n);
}

/* The file once more: each line of a value but the first indented, empty ones left empty. */
static void
print(struct buf *out, const struct ini *ini)
{
	for (size_t i = 0; i < ini->n_sections; i++) {
		const struct ini_section *s = &ini->sections[i];

		check_slice(ini, s->name);
		CHECK(s->name.n > 0 && s->first + s->n <= ini->n_keys && s->n <= INI_MAX_KEYS);
		CHECK(ini_section(ini, s->name) == s);
		buf_char(out, '[');
		buf_str(out, s->name);
		buf_add(out, "]\n", 2);
		for (size_t k = s->first; k < s->first + s->n; k++) {
			const struct ini_key *key = &ini->keys[k];

			check_slice(ini, key->name);
			check_slice(ini, key->value);
			CHECK(ini_key(ini, s, key->name) == key && key->line > s->line);
			buf_str(out, key->name);
			buf_char(out, '=');
			for (size_t b = 0; b < key->value.n; b++) {
				char c = key->value.p[b];

				buf_char(out, c);
				if (c == '\n' && key->value.p[b + 1] != '\n')
					buf_char(out, ' ');
			}
			buf_char(out, '\n');
		}
	}
}

static void
check_nested(const struct ini *ini)
{
	for (size_t i = 0; i < ini->n_keys; i++) {
		struct str value;

		if (ini_nested(&ini->keys[i], STR("a"), &value)) {
			CHECK(ini_is_nested(&ini->keys[i]));
			check_slice(ini, value);
		}
	}
}

static void
check_names(const struct ini *ini)
{
	const char *const kinds[] = {"profile", "services", "sso-session"};
	const char *const names[] = {"default", "a", "a b", ""};

	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 0; k < 4; k++) {
			struct str kind = str_of(kinds[i]), name = str_of(names[k]);
			const struct ini_section *s = ini_named_section(ini, kind, name);

			if (s == NULL)
				continue;
			CHECK(s >= ini->sections && s < ini->sections + ini->n_sections);
			CHECK(str_eq(s->name, name) || memcmp(s->name.p, kind.p, kind.n) == 0);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ini ini, again;
	struct buf once = {0}, twice = {0};
	struct err err = {0};

	if (ini_parse(&ini, (struct str){(const char *)data, size}, &err) == 0) {
		print(&once, &ini);
		check_nested(&ini);
		check_names(&ini);
		CHECK(ini_parse(&again, buf_slice(&once), &err) == 0);
		print(&twice, &again);
		CHECK(str_eq(buf_slice(&once), buf_slice(&twice)));
		CHECK(ini.n_sections == again.n_sections && ini.n_keys == again.n_keys);
		ini_free(&again);
	} else {
		CHECK(err.pos <= size && memcmp(err.msg, "line ", 5) == 0);
	}
	ini_free(&ini);
	buf_free(&once);
	buf_free(&twice);
	return 0;
}

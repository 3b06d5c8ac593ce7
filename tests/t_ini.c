/* The syntax of AWS's config and credentials files. What is expected is what botocore's parser
 * makes of the same text, but where ini.h says otherwise. */
#include <stdio.h>
#include <stdlib.h>

#include "../ini.h"
#include "tap.h"

/* Everything in a file as text: "[section]" and "key=value" lines, a value's line ends as '|'. */
static void
print(struct buf *out, const struct ini *ini)
{
	for (size_t i = 0; i < ini->n_sections; i++) {
		const struct ini_section *s = &ini->sections[i];

		buf_printf(out, "[%.*s]\n", (int)s->name.n, s->name.p);
		for (size_t k = s->first; k < s->first + s->n; k++) {
			struct str name = ini->keys[k].name, value = ini->keys[k].value;

			buf_str(out, name);
			buf_char(out, '=');
			for (size_t b = 0; b < value.n; b++)
				buf_char(out, value.p[b] == '\n' ? '|' : value.p[b]);
			buf_char(out, '\n');
		}
	}
}

static const struct { const char *in; const char *want; } good[] = {
	{"", ""},
	{"\n \n\t\n", ""},
	{"[a]", "[a]\n"},
	{"[a]\nk = v\n", "[a]\nk=v\n"},
	{"[a]\nk=v", "[a]\nk=v\n"},
	{"[a]\r\nk = v\r\n\r\n[b]\r\n", "[a]\nk=v\n[b]\n"},
	{"[a]\rk = v\r", "[a]\nk=v\n"},
	{"# c\n; c\n  # c\n[a]\n#k = v\n", "[a]\n"},
	{"[a]\nk = v # not a comment\nl = ; nor that\n",
	    "[a]\nk=v # not a comment\nl=; nor that\n"},
	{"[a]\nk : v\nl:m=n\nm=n:o\n", "[a]\nk=v\nl=m=n\nm=n:o\n"},
	{"[a]\nREGION = Us\n", "[a]\nregion=Us\n"},
	{"[a]\nk =\nl =  \n", "[a]\nk=\nl=\n"},
	{"[a]\nk = \"v\"\nl = '%(x)s' $HOME \\n\n", "[a]\nk=\"v\"\nl='%(x)s' $HOME \\n\n"},
	{"[a]\na b = c d\n", "[a]\na b=c d\n"},
	/* white space is Unicode's */
	{"[a]\nk\t=\xc2\xa0v\xe3\x80\x80\n", "[a]\nk=v\n"},
	{"[a]\n\xc3\xbc = \xc3\xa9\n", "[a]\n\xc3\xbc=\xc3\xa9\n"},
	/* names of sections */
	{"[ a ]\n[b] rest\n[c]]\n[[d]\n[e] [f]\n", "[ a ]\n[b]\n[c]]\n[[d]\n[e] [f]\n"},
	{"  [a]\nk = v\n", "[a]\nk=v\n"},
	/* continuations */
	{"[a]\nregion = x\n output = json\n", "[a]\nregion=x|output = json\n"},
	{"[a]\nk = v\n [b]\n  w\n", "[a]\nk=v|[b]|w\n"},
	{"[a]\nk = v\n\n\n w\n\n\n[b]\n", "[a]\nk=v|||w\n[b]\n"},
	{"[a]\nk = v\n # c\n w\n#c\n x\n", "[a]\nk=v|w|x\n"},
	{"[a]\nk = v  \r\n\tw  \r\n", "[a]\nk=v|w\n"},
	{"[a]\n  k = v\n  l = w\n m = x\n", "[a]\nk=v\nl=w\nm=x\n"},
	{"[a]\n  k = v\n   w\nl = x\n", "[a]\nk=v|w\nl=x\n"},
	{"[a]\n\xe3\x80\x80k = v\n  w\n", "[a]\nk=v|w\n"},
	/* nested keys */
	{"[a]\ns3 =\n  Mode = path\n  x=y=z\n\n  =e\nl = w\n",
	    "[a]\ns3=|Mode = path|x=y=z||=e\nl=w\n"},
	/* what is no DEFAULT */
	{"[default]\nk = v\n[Default]\n[ DEFAULT]\n", "[default]\nk=v\n[Default]\n[ DEFAULT]\n"},
};

static const struct { const char *in; size_t pos; const char *why; } bad[] = {
	{"k = v\n", 0, "line 1: neither a [section] nor within one"},
	{"\n\nsecret\n", 2, "line 3: neither a [section] nor within one"},
	{"[]\n", 0, "line 1: neither a [section] nor within one"},
	{"[a\n", 0, "line 1: neither a [section] nor within one"},
	{"[a]\nsecret\n", 4, "line 2: neither a [section] nor \"key = value\""},
	{"[a]\r\n[]\r\n", 5, "line 2: neither a [section] nor \"key = value\""},
	{"[a]\n = v\n", 4, "line 2: no key before the '='"},
	{"[a]\n:v\n", 4, "line 2: no key before the ':'"},
	{"[a]\n[b]\n[a]\n", 8, "line 3: section [a] is there already, at line 1"},
	{"[a\x1b]\n[a\x1b]\n", 5, "line 2: section [a\\x1b] is there already, at line 1"},
	{"[a]\nk = v\n\nK : w\n", 11, "line 4: key \"k\" is there already, at line 2"},
	{"[DEFAULT]\n", 0, "line 1: section [DEFAULT]: write [default] in small letters (a section "
	    "whose keys all others get is not supported)"},
	{"\xef\xbb\xbf[a]\n", 0, "line 1: a byte order mark: save the file without one"},
	{"[a]\nk = \xff\n", 4, "line 2: bytes that are no UTF-8"},
	{"[a]\nk = \xed\xa0\x80\n", 4, "line 2: bytes that are no UTF-8"},
	{"[a]\ns3 =\n  secret\n", 9, "line 3: not \"key = value\" like the lines around it, which "
	    "belong to the key of line 2"},
	{"[a]\ns3 =\n  x = y\n  secret\n", 17, "line 4: not \"key = value\" like the lines around "
	    "it, which belong to the key of line 2"},
};

static void
test_parse(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct ini ini;
		struct err err = {0};
		struct buf out = {0};

		if (ini_parse(&ini, str_of(good[i].in), &err) == 0)
			print(&out, &ini);
		else
			buf_str(&out, str_of(err.msg));
		is_mem(buf_slice(&out).p, out.n, good[i].want, strlen(good[i].want), "%s",
		    good[i].in);
		ini_free(&ini);
		buf_free(&out);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct ini ini;
		struct err err = {0};

		is_int(ini_parse(&ini, str_of(bad[i].in), &err), -1, "bad: %s", bad[i].in);
		is_str(err.msg, bad[i].why, "why");
		is_int(err.pos, bad[i].pos, "where");
		ini_free(&ini);
	}
}

static void
test_limits(void)
{
	struct buf b = {0};
	struct ini ini;
	struct err err = {0};

	is_int(ini_parse(&ini, (struct str){"[a]\nk = \0\n", 11}, &err), -1, "a NUL byte");
	is_str(err.msg, "line 2: a NUL byte", "says so");
	ini_free(&ini);
	for (int i = 0; i < INI_MAX_SECTIONS; i++)
		buf_printf(&b, "[%d]\n", i);
	is_int(ini_parse(&ini, buf_slice(&b), &err), 0, "the most sections");
	ini_free(&ini);
	buf_str(&b, STR("[x]\n"));
	is_int(ini_parse(&ini, buf_slice(&b), &err), -1, "a section more");
	is_str(err.msg, "line 16385: more than 16384 sections", "says so");
	ini_free(&ini);
	b.n = 0;
	buf_str(&b, STR("[a]\n"));
	for (int i = 0; i < INI_MAX_KEYS; i++)
		buf_printf(&b, "%d=\n", i);
	is_int(ini_parse(&ini, buf_slice(&b), &err), 0, "the most keys");
	ini_free(&ini);
	buf_str(&b, STR("x=\n"));
	is_int(ini_parse(&ini, buf_slice(&b), &err), -1, "a key more");
	is_str(err.msg, "line 1026: more than 1024 keys in a section", "says so");
	ini_free(&ini);
	b.n = 0;
	buf_reserve(&b, INI_MAX_BYTES + 1);
	memset(b.p, '\n', INI_MAX_BYTES + 1);
	b.n = INI_MAX_BYTES;
	is_int(ini_parse(&ini, buf_slice(&b), &err), 0, "the most bytes");
	ini_free(&ini);
	b.n++;
	is_int(ini_parse(&ini, buf_slice(&b), &err), -1, "a byte more");
	is_str(err.msg, "the file has more than 4194304 bytes", "says so");
	ini_free(&ini);
	buf_free(&b);
}

/* The line of the section that is found, 0 for none. */
static size_t
found(const char *text, const char *kind, const char *name)
{
	struct ini ini;
	const struct ini_section *s;
	struct err err = {0};
	size_t line;

	if (ini_parse(&ini, str_of(text), &err) < 0)
		abort();
	s = ini_named_section(&ini, str_of(kind), str_of(name));
	line = s != NULL ? s->line : 0;
	ini_free(&ini);
	return line;
}

static void
test_profiles(void)
{
	static const struct { const char *section, *name; bool found; } v[] = {
		{"[profile x]", "x", true}, {"[profile  x ]", "x", true},
		{"[profile\tx]", "x", true}, {"[profile \"a b\"]", "a b", true},
		{"[profile 'a b']", "a b", true}, {"[profile a\\ b]", "a b", true},
		{"[profile a\" \"b]", "a b", true}, {"[profile 'a\\b']", "a\\b", true},
		{"[profile \"a\\b\"]", "a\\b", true}, {"[profile \"a\\\"b\"]", "a\"b", true},
		{"[profile \"a\\\\b\"]", "a\\b", true}, {"[profile \"a'b\"]", "a'b", true},
		{"[profile '']", "", true}, {"[profiles x]", "x", true},
		{"[profile\" \"y x]", "x", true}, {"[default]", "default", true},
		{"[profile default]", "default", true}, {"[profile x] y]", "x]", false},
		{"[profile x y]", "x", false}, {"[profile]", "", false},
		{"[profilex]", "x", false}, {"[profile \"x]", "x", false},
		{"[profile x\\]", "x", false}, {"[profile 'x]", "x", false},
		{"[profile x \"]", "x", false}, {"[ profile x]", "x", false},
		{"[Profile x]", "x", false}, {"[x]", "x", false}, {"[Default]", "default", false},
		{"[\"default\"]", "default", false}, {"[services x]", "x", false},
		{"[profile X]", "x", false}, {"[profile # x]", "x", false},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		is_int(found(v[i].section, "profile", v[i].name), v[i].found, "%s is %s",
		    v[i].section, v[i].name);
	is_int(found("[default]\n[profile default]\n", "profile", "default"), 2, "the last wins");
	is_int(found("[profile default]\n[default]\n", "profile", "default"), 2, "either way");
	is_int(found("[profile x]\n[profile 'x']\n[profile y]\n", "profile", "x"), 2, "any way");
	is_int(found("[profile x]\n[services x]\n", "services", "x"), 2, "services");
	is_int(found("[profile x]\n[sso-session x]\n", "sso-session", "x"), 2, "sso-session");
	is_int(found("[default]\n", "services", "default"), 0, "default is a profile only");
}

static void
value_is(const struct ini *ini, const char *key, const char *name, const char *want)
{
	const struct ini_key *k = ini_key(ini, ini_section(ini, STR("a")), str_of(key));
	struct str value;

	if (k != NULL && ini_nested(k, str_of(name), &value))
		is_mem(value.p, value.n, want, want != NULL ? strlen(want) : 0, "%s, %s", key,
		    name);
	else
		ok(want == NULL, "%s has no %s", key, name);
}

static void
test_lookup(void)
{
	struct ini ini;
	const struct ini_key *key;
	struct err err = {0};

	if (ini_parse(&ini, STR("[b]\nkey = 1\n[a]\nKey = 2\ns3 =\n  Mode = path\n  mode=x =y\n"
		"  Mode = virtual\n\n  e=\nlist = a\n  b = c\n"), &err) < 0)
		abort();
	key = ini_key(&ini, ini_section(&ini, STR("a")), STR("key"));
	ok(key != NULL && str_eq(key->value, STR("2")) && key->line == 4, "a key of its section");
	ok(ini_key(&ini, ini_section(&ini, STR("a")), STR("Key")) == NULL, "not as written");
	ok(ini_key(&ini, ini_section(&ini, STR("b")), STR("s3")) == NULL, "not in that section");
	ok(ini_section(&ini, STR("c")) == NULL, "no such section");
	ok(ini_key(&ini, NULL, STR("key")) == NULL, "no section, no key");
	ok(key != NULL && !ini_is_nested(key), "a plain value");
	value_is(&ini, "s3", "Mode", "virtual");
	value_is(&ini, "s3", "mode", "x =y");
	value_is(&ini, "s3", "e", "");
	value_is(&ini, "s3", "x", NULL);
	value_is(&ini, "s3", "", NULL);
	value_is(&ini, "list", "b", NULL);
	value_is(&ini, "key", "2", NULL);
	ini_free(&ini);
}

int
main(void)
{
	test_parse();
	test_limits();
	test_profiles();
	test_lookup();
	return done_testing();
}

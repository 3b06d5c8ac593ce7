/* Signature Version 4: canonical forms, known signatures, and requests that are refused. The
 * expected signatures come from the public suite and from another implementation of the protocol.
 * With SPITZEL_VECTORS set to the folder of the public suites, all of its sigv4/ runs as well. */
#include <dirent.h>
#include <stdlib.h>

#include "../sigv4.h"
#include "probe.h"
#include "tap.h"

#define LENGTH(a) (sizeof(a) / sizeof(*(a)))
#define ACCESS_KEY "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define FORM_HASH "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"
#define LATER "20260102T030405Z"
#define MAX_HEADERS 24

struct sample { /* a request; what is NULL is as in `plain` below */
	const char *name;
	const char *method;
	const char *path;
	const char *query;
	const char *headers; /* "Name:value" separated by '|' */
	const char *body;
	const char *token;
	const char *region;
	const char *service;
	const char *date;
	bool s3;
	bool send_hash; /* as s3 does as well */
	const char *want_path;
	const char *want_query;
	const char *want_names; /* of the signed headers */
	const char *hex; /* the signature */
};

static const struct sample plain = {
	.method = "GET", .path = "/", .query = "", .headers = "Host:example.amazonaws.com",
	.body = "", .token = "", .region = "us-east-1", .service = "service",
	.date = "20150830T123600Z",
};

static struct str
text_or(const char *text, const char *otherwise)
{
	return str_of(text != NULL ? text : otherwise);
}

/* Cut "Name:value|Name:value" up. Returns the number of headers. */
static size_t
cut_headers(const char *text, struct sigv4_header *out)
{
	size_t n = 0;

	while (*text != '\0' && n < MAX_HEADERS) {
		size_t name = strcspn(text, ":"), all = strcspn(text, "|");

		out[n].name = (struct str){text, name};
		out[n++].value = (struct str){text + name + 1, all - name - 1};
		text += all + (text[all] == '|');
	}
	return n;
}

static int
sign_sample(struct sigv4_signed *s, const struct sample *sample, struct err *err)
{
	struct sigv4_header headers[MAX_HEADERS];
	struct sigv4_request request = {
		.method = text_or(sample->method, plain.method),
		.path = text_or(sample->path, plain.path),
		.query = text_or(sample->query, plain.query),
		.headers = headers,
		.body = text_or(sample->body, plain.body),
	};
	struct sigv4_credentials credentials = {
		STR(ACCESS_KEY), STR(SECRET), text_or(sample->token, plain.token),
	};
	struct sigv4_scope scope = {
		.region = text_or(sample->region, plain.region),
		.service = text_or(sample->service, plain.service),
		.amz_date = text_or(sample->date, plain.date),
		.path_encoded_once = sample->s3,
		.content_sha256 = sample->s3 || sample->send_hash,
	};

	request.n_headers = cut_headers(sample->headers != NULL ? sample->headers : plain.headers,
	    headers);
	return sigv4_sign(s, &request, &credentials, &scope, err);
}

/* Line number n, from 0, of the canonical request. */
static struct str
line_of(const struct sigv4_signed *s, size_t n)
{
	const char *p = s->canonical.p, *end = p + s->canonical.n;

	while (p < end && n > 0)
		n -= *p++ == '\n';
	for (const char *q = p; q <= end; q++)
		if (q == end || *q == '\n')
			return (struct str){p, (size_t)(q - p)};
	return STR("");
}

/* The names of the signed headers: the canonical request's last line but one. */
static struct str
signed_names(const struct sigv4_signed *s)
{
	size_t lines = 0;

	for (size_t i = 0; i < s->canonical.n; i++)
		lines += s->canonical.p[i] == '\n';
	return lines > 0 ? line_of(s, lines - 1) : STR("");
}

/* The value that is signed for a header, {NULL, 0} where it is not signed. */
static struct str
signed_value(const struct sigv4_signed *s, struct str name)
{
	for (size_t i = 3;; i++) {
		struct str line = line_of(s, i);

		if (line.n == 0)
			return (struct str){NULL, 0};
		if (line.n > name.n && line.p[name.n] == ':' &&
		    str_eq((struct str){line.p, name.n}, name))
			return (struct str){line.p + name.n + 1, line.n - name.n - 1};
	}
}

static void
is_text(struct str got, const char *want, const char *what)
{
	is_mem(got.p, got.n, want, strlen(want), "%s", what);
}

static const struct sample samples[] = {
	{.name = "vanilla", .want_path = "/", .want_names = "host;x-amz-date",
	    .hex = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{.name = "POST", .method = "POST",
	    .hex = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{.name = "dots to the root", .path = "/example1/example2/../..", .want_path = "/",
	    .hex = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{.name = "slashes", .path = "//example//", .want_path = "/example/",
	    .hex = "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
	{.name = "character outside of ASCII", .path = "/\xe1\x88\xb4",
	    .want_path = "/%E1%88%B4",
	    .hex = "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
	{.name = "$ in a path", .path = "/example/$delete",
	    .want_path = "/example/%24delete",
	    .hex = "a853c9b21b528b19643d00910d35b83a10c366a10833ceefb45edd6c80e40f27"},
	{.name = "two values of a name", .query = "Param1=value2&Param1=Value1",
	    .want_query = "Param1=Value1&Param1=value2",
	    .hex = "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"},
	{.name = "two values, digits", .query = "Param1=value2&Param1=value1",
	    .want_query = "Param1=value1&Param1=value2",
	    .hex = "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
	{.name = "encoded name", .query = "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
	    .want_query = "%E1%88%B4=Value1&Param=Value2&Param-3=Value3",
	    .hex = "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
	{.name = "session token",
	    .token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
	    .want_names = "host;x-amz-date;x-amz-security-token",
	    .hex = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
	{.name = "form", .method = "POST", .body = "Param1=value1",
	    .headers = "Content-Type:application/x-www-form-urlencoded|"
	    "Host:example.amazonaws.com", .want_names = "content-type;host;x-amz-date",
	    .hex = "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	{.name = "form, its hash sent", .method = "POST", .body = "Param1=value1",
	    .headers = "Content-Type:application/x-www-form-urlencoded|"
	    "Host:example.amazonaws.com|Content-Length:13", .send_hash = true, .want_names =
	    "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
	    .hex = "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
	{.name = "encoded path", .path = "/a%20b/%E1%88%B4/c%2Fd",
	    .want_path = "/a%2520b/%25E1%2588%25B4/c%252Fd",
	    .hex = "ff120b8b6cfb29bd1c3a3f3c7b089e868db895d115a33bd44109da9081d54be3"},
	{.name = "query with everything", .path = "/x", .query = "b&a=2&a=1&a-b=3&A=z",
	    .want_query = "A=z&a=1&a=2&a-b=3&b=",
	    .hex = "4a22ff2a12603c0ac79271b803645b20ad50363a163814c1a0e9da9971beeffe"},
	{.name = "S3 path", .path = "/a%20b/%E1%88%B4/./../c%2Fd//", .service = "s3",
	    .s3 = true,
	    .want_path = "/a%20b/%E1%88%B4/./../c%2Fd//",
	    .want_names = "host;x-amz-content-sha256;x-amz-date",
	    .hex = "9a5a54f18c2b58509e04907c49e81be607552bfafc2285f1fd814f7d1bffecd1"},
	{.name = "CloudTrail LookupEvents", .method = "POST",
	    .headers = "Host:cloudtrail.us-east-1.amazonaws.com|"
	    "Content-Type:application/x-amz-json-1.1|X-Amz-Target:"
	    "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents",
	    .body = "{\"LookupAttributes\": [{\"AttributeKey\": \"EventName\", "
	    "\"AttributeValue\": \"ConsoleLogin\"}], \"MaxResults\": 50}",
	    .token = "TOKEN==", .service = "cloudtrail", .date = LATER, .want_names =
	    "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
	    .hex = "ca0be91d012c8bb18cf21668cac57fe38036bf8caa2824413bfa3ac1db625d5c"},
	{.name = "S3 GetObject", .path =
	    "/AWSLogs/a%20b/%2B%C3%A9~%2A%27%28%29%21//../x%3Ay%40z.json.gz",
	    .headers = "Host:my-bucket.s3.eu-west-1.amazonaws.com|"
	    "x-amz-checksum-mode:ENABLED",
	    .region = "eu-west-1", .service = "s3", .date = LATER, .s3 = true, .want_names =
	    "host;x-amz-checksum-mode;x-amz-content-sha256;x-amz-date",
	    .hex = "aa4fe42993351e15ecc1307136cdc70798c750d722976197d37392bd8a7ce45b"},
	{.name = "S3 ListObjectsV2, bucket in the path", .path = "/my.bucket", .query =
	    "list-type=2&prefix=AWSLogs%2F1%202%2B%2F%C3%A9&"
	    "continuation-token=1ab%2B%2F%3D%3D&encoding-type=url",
	    .headers = "Host:s3.eu-west-1.amazonaws.com",
	    .region = "eu-west-1", .service = "s3", .date = LATER, .s3 = true,
	    .hex = "9e8856a038541c2e5481bc74834cacb7159217291edaa9c43ccb2d0aa243befe"},
	{.name = "S3 with a port", .path = "/b-k",
	    .query = "list-type=2&prefix=p&encoding-type=url",
	    .headers = "Host:localhost:9000", .service = "s3", .date = LATER, .s3 = true,
	    .hex = "103bf10ead9dc322946e528758a9a918708b3e8ab126823f58f64fb1a8ca377a"},
	{.name = "STS", .method = "POST", .headers = "Host:sts.eu-west-1.amazonaws.com|"
	    "Content-Type:application/x-www-form-urlencoded; charset=utf-8",
	    .body = "Action=GetCallerIdentity&Version=2011-06-15", .region = "eu-west-1",
	    .service = "sts", .date = LATER,
	    .hex = "b87ee61678696c301b942d163db6c138bb8970c1f50b5998524a5508d8860576"},
	{.name = "Account", .method = "POST", .path = "/listRegions", .headers =
	    "Host:account.us-east-1.amazonaws.com|Content-Type:application/json",
	    .body = "{\"MaxResults\": 50}", .service = "account", .date = LATER,
	    .hex = "2af744b8cbc6275badd9ccbc63fb1331b9bb62d5042c659c1dd67a2451694687"},
};

static void
test_signatures(void)
{
	struct sigv4_signed s = {0}; /* one for all: each call starts afresh */

	for (size_t i = 0; i < LENGTH(samples); i++) {
		struct err err;

		if (!ok(sign_sample(&s, &samples[i], &err) == 0, "%s", samples[i].name))
			continue;
		is_str(s.signature, samples[i].hex, "its signature");
		if (samples[i].want_path != NULL)
			is_text(line_of(&s, 1), samples[i].want_path, "its path");
		if (samples[i].want_query != NULL)
			is_text(line_of(&s, 2), samples[i].want_query, "its query");
		if (samples[i].want_names != NULL)
			is_text(signed_names(&s), samples[i].want_names, "its signed headers");
	}
	sigv4_signed_free(&s);
}

static void
test_paths(void)
{
	static const struct {
		const char *path;
		const char *normal;
	} cases[] = {
		{"", "/"}, {"/", "/"}, {"//", "/"}, {"///", "/"}, {"/.", "/"}, {"/..", "/"},
		{"/../..", "/"}, {"/./", "/"}, {"/../", "/"}, {"/a", "/a"}, {"/a/", "/a/"},
		{"/a//", "/a/"}, {"//a", "/a"}, {"/a/.", "/a"}, {"/a/./", "/a/"}, {"/a/..", "/"},
		{"/a/../", "/"}, {"/a/b/..", "/a"}, {"/a/b/../", "/a/"}, {"/../a", "/a"},
		{"/a/../../b", "/b"}, {"/a/b/../../../c/d", "/c/d"}, {"/a/./b//c", "/a/b/c"},
		{"/...", "/..."}, {"/.a/..b/c.", "/.a/..b/c."}, {"/a/...", "/a/..."},
		{"/%2e%2e/a", "/%252e%252e/a"}, {"/a%2Fb", "/a%252Fb"}, {"/a%2fb", "/a%252fb"},
		{"/ ", "/%20"}, {"/a+b", "/a%2Bb"}, {"/a=b&c", "/a%3Db%26c"}, {"/%", "/%25"},
		{"/a:b@c;d,e", "/a%3Ab%40c%3Bd%2Ce"}, {"/*'()!", "/%2A%27%28%29%21"},
		{"/-._~", "/-._~"}, {"/\xff\x01", "/%FF%01"}, {"/a/\xc3\xa9/..", "/a"},
	};
	struct sigv4_signed s = {0};
	struct err err;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct sample sample = {.path = cases[i].path};
		bool wire = strpbrk(cases[i].path, " \xff\xc3") == NULL;

		if (ok(sign_sample(&s, &sample, &err) == 0, "path '%s'", cases[i].path))
			is_text(line_of(&s, 1), cases[i].normal, "normalised");
		sample.s3 = true;
		ok((sign_sample(&s, &sample, &err) == 0) == wire, "path '%s' for S3",
		    cases[i].path);
		if (wire)
			is_text(line_of(&s, 1), *cases[i].path != '\0' ? cases[i].path : "/",
			    "as it is");
	}
	sigv4_signed_free(&s);
}

static void
test_queries(void)
{
	static const char *const cases[][2] = {
		{"", ""}, {"a", "a="}, {"a=", "a="}, {"a=1", "a=1"}, {"=", "="}, {"=1", "=1"},
		{"a=b=c", "a=b=c"}, {"a==", "a=="}, {"location", "location="}, {"b&a", "a=&b="},
		{"a=1&a", "a=&a=1"}, {"a-b=1&a=2", "a=2&a-b=1"}, {"a%20b=1&a=2", "a=2&a%20b=1"},
		{"a1=x&a=y", "a=y&a1=x"}, {"b=1&B=2", "B=2&b=1"}, {"a=%2B&a=%20", "a=%20&a=%2B"},
		{"a=x+y", "a=x+y"}, {"a=%2f&a=%2F", "a=%2F&a=%2f"},
		{"a=10&a=9&a=1", "a=1&a=10&a=9"},
		{"a&&b", "=&a=&b="}, {"&", "=&="}, {"x=1&", "=&x=1"}, {"a=?&b=/", "a=?&b=/"},
		{"a=1&a=1", "a=1&a=1"}, {"~=1&_=2&-=3&.=4", "-=3&.=4&_=2&~=1"},
		{"%E1%88%B4=1&a=2&%7E=3", "%7E=3&%E1%88%B4=1&a=2"},
	};
	struct sigv4_signed s = {0};
	struct err err;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct sample sample = {.query = cases[i][0], .s3 = i % 2};

		if (ok(sign_sample(&s, &sample, &err) == 0, "query '%s'", cases[i][0]))
			is_text(line_of(&s, 2), cases[i][1], "sorted");
	}
	sigv4_signed_free(&s);
}

static void
test_headers(void)
{
	static const char *const values[][2] = {
		{"v", "v"}, {" v ", "v"}, {"\t v\t ", "v"}, {"a  b", "a b"}, {"a \t b", "a b"},
		{"", ""}, {"   ", ""}, {"\"a   b\"", "\"a b\""}, {"a\r\n b\n   c", "a b c"},
		{"a\n b\r\n", "a b"}, {"a , b", "a , b"}, {"a\v\fb", "a b"}, {"UPPER", "UPPER"},
		{"\xc3\xa9  \xe1\x88\xb4", "\xc3\xa9 \xe1\x88\xb4"}, {"a:b", "a:b"},
	};
	struct sigv4_signed s = {0};
	struct sample sample = {0};
	struct err err;

	for (size_t i = 0; i < LENGTH(values); i++) {
		struct buf text = {0};
		struct str got;

		buf_printf(&text, "Host:h|My-Header:%s", values[i][0]);
		buf_char(&text, '\0');
		sample.headers = text.p;
		ok(sign_sample(&s, &sample, &err) == 0, "header value %zu", i);
		got = signed_value(&s, STR("my-header"));
		is_text(got, values[i][1], "folded");
		buf_free(&text);
	}

	sample.headers = "b:2|B-c:3|HOST: Example.COM:8080 |b: 1 |A:0|B:  x  y|a_b:4|ab:5";
	ok(sign_sample(&s, &sample, &err) == 0, "many headers");
	is_text(signed_names(&s), "a;a_b;ab;b;b-c;host;x-amz-date", "names sorted in lower case");
	is_text(signed_value(&s, STR("b")), "2,1,x y", "duplicates joined in their order");
	is_text(signed_value(&s, STR("host")), "Example.COM:8080", "values keep their case");

	sample.headers = "Authorization:old|Connection:close|Expect:100-continue|Host:h|"
	    "Keep-Alive:1|Proxy-Authenticate:x|Proxy-Authorization:x|TE:x|Trailer:x|"
	    "Transfer-Encoding:x|Upgrade:x|User-Agent:x|X-Amzn-Trace-Id:x|"
	    "X-Amz-Date:19700101T000000Z|X-Amz-Security-Token:OLD|"
	    "Accept-Encoding:identity|Range:bytes=0-1";
	sample.token = "NEW";
	ok(sign_sample(&s, &sample, &err) == 0, "headers that are not to be signed");
	is_text(signed_names(&s), "accept-encoding;host;range;x-amz-date;x-amz-security-token",
	    "are not");
	is_text(signed_value(&s, STR("x-amz-date")), plain.date, "the date is the new one");
	is_text(signed_value(&s, STR("x-amz-security-token")), "NEW", "so is the token");
	sample.token = NULL;
	ok(sign_sample(&s, &sample, &err) == 0 &&
	    signed_value(&s, STR("x-amz-security-token")).p == NULL, "and no token is none");
	sigv4_signed_free(&s);
}

/* The duplicates of one header keep their order though sorting might move them. */
static void
test_many_duplicates(void)
{
	enum { N = 500 };
	static struct sigv4_header headers[N + 1];
	static char digits[N][8];
	const struct sigv4_credentials credentials = {STR("A"), STR("S"), STR("")};
	const struct sigv4_scope scope = {.region = STR("r"), .service = STR("s"),
	    .amz_date = STR("20150830T123600Z")};
	struct sigv4_request request = {.method = STR("GET"), .headers = headers,
	    .n_headers = N + 1};
	struct sigv4_signed s = {0};
	struct buf want = {0};
	struct err err;

	for (int i = 0; i < N; i++) {
		(void)snprintf(digits[i], sizeof(digits[i]), "%d", i * 7919 % N);
		headers[i] = (struct sigv4_header){i % 2 ? STR("x-Many") : STR("X-mAny"),
		    str_of(digits[i])};
		buf_printf(&want, "%s%s", i > 0 ? "," : "", digits[i]);
	}
	headers[N] = (struct sigv4_header){STR("host"), STR("h")};
	buf_char(&want, '\0');
	ok(sigv4_sign(&s, &request, &credentials, &scope, &err) == 0, "one header %d times", N);
	is_text(signed_value(&s, STR("x-many")), want.p, "in their order");
	buf_free(&want);
	sigv4_signed_free(&s);
}

static void
test_payload(void)
{
	struct sigv4_header headers[] = {{STR("host"), STR("h")},
	    {STR("X-Amz-Content-Sha256"), STR("UNSIGNED-PAYLOAD")}};
	const struct sigv4_credentials credentials = {STR(ACCESS_KEY), STR(SECRET), STR("")};
	struct sigv4_scope scope = {STR("r"), STR("s3"), STR("20150830T123600Z"), true, true};
	struct sigv4_request request = {.method = STR("PUT"), .path = STR("/"), .headers = headers,
	    .n_headers = 1, .body = STR("Param1=value1")};
	struct sigv4_signed s = {0};
	struct err err;

	ok(sigv4_sign(&s, &request, &credentials, &scope, &err) == 0, "a body");
	is_text(signed_value(&s, STR("x-amz-content-sha256")), FORM_HASH, "its hash is signed");
	is_str(s.body_hash, FORM_HASH, "and told");
	is_int(s.n_add, 3, "date, hash and authorization are added");
	is_text(s.add[1].name, "X-Amz-Content-SHA256", "the hash");
	is_text(s.add[1].value, FORM_HASH, "its value");

	request.payload_hash = STR("STREAMING-UNSIGNED-PAYLOAD-TRAILER");
	ok(sigv4_sign(&s, &request, &credentials, &scope, &err) == 0, "a given hash");
	is_text(s.add[1].value, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "is added");
	is_str(s.body_hash, "", "and the body is not hashed");
	scope.content_sha256 = false;
	ok(sigv4_sign(&s, &request, &credentials, &scope, &err) == 0, "a given hash, not sent");
	is_text(signed_names(&s), "host;x-amz-date", "is no header");
	ok(s.canonical.n > 34 && memcmp(s.canonical.p + s.canonical.n - 34,
	    "STREAMING-UNSIGNED-PAYLOAD-TRAILER", 34) == 0, "but ends the canonical request");

	scope.content_sha256 = true;
	request.n_headers = 2;
	ok(sigv4_sign(&s, &request, &credentials, &scope, &err) == 0, "a hash among the headers");
	is_int(s.n_add, 2, "is not added again");
	is_text(signed_value(&s, STR("x-amz-content-sha256")), "UNSIGNED-PAYLOAD", "but signed");
	ok(s.canonical.n > 16 && memcmp(s.canonical.p + s.canonical.n - 16, "UNSIGNED-PAYLOAD",
	    16) == 0, "and ends the canonical request");
	sigv4_signed_free(&s);
}

static void
test_result(void)
{
	static const struct sample sample = {.token = "T=", .send_hash = true};
	struct sigv4_signed s = {0};
	struct err err;

	ok(sign_sample(&s, &sample, &err) == 0, "a full result");
	is_text(buf_slice(&s.canonical), "GET\n/\n\nhost:example.amazonaws.com\n"
	    "x-amz-content-sha256:" EMPTY_HASH "\nx-amz-date:20150830T123600Z\n"
	    "x-amz-security-token:T=\n\n"
	    "host;x-amz-content-sha256;x-amz-date;x-amz-security-token\n" EMPTY_HASH,
	    "canonical request");
	ok(s.string_to_sign.n == 74 + SIGV4_HEX && memcmp(s.string_to_sign.p, "AWS4-HMAC-SHA256\n"
	    "20150830T123600Z\n20150830/us-east-1/service/aws4_request\n", 74) == 0,
	    "string to sign");
	is_int(strlen(s.signature), SIGV4_HEX, "signature");
	is_int(s.n_add, SIGV4_ADDED, "all headers that can be added");
	is_text(s.add[0].name, "X-Amz-Date", "date");
	is_text(s.add[0].value, "20150830T123600Z", "its value");
	is_text(s.add[1].name, "X-Amz-Security-Token", "token");
	is_text(s.add[1].value, "T=", "its value");
	is_text(s.add[2].name, "X-Amz-Content-SHA256", "hash");
	is_text(s.add[2].value, EMPTY_HASH, "its value");
	is_text(s.add[3].name, "Authorization", "authorization");
	ok(str_eq(s.add[3].value, buf_slice(&s.authorization)), "its value");
	sigv4_signed_free(&s);
	ok(s.canonical.p == NULL && s.n_add == 0 && s.signature[0] == '\0', "wiped and given back");
	sigv4_signed_free(&s);

	ok(sign_sample(&s, &plain, &err) == 0, "used again");
	is_text(buf_slice(&s.authorization), "AWS4-HMAC-SHA256 Credential=" ACCESS_KEY
	    "/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature="
	    "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", "authorization");
	sigv4_signed_free(&s);
}

static void
check_refused(const struct sample *sample, size_t pos)
{
	struct sigv4_signed s = {0};
	struct err err = {0};

	(void)sign_sample(&s, &plain, &err);
	err = (struct err){99999, ""};
	ok(sign_sample(&s, sample, &err) == -1, "refused: %s", sample->name);
	is_int(err.pos, pos, "where");
	ok(err.msg[0] != '\0' && strstr(err.msg, "TOK") == NULL && strstr(err.msg, SECRET) == NULL,
	    "message: %s", err.msg);
	ok(s.canonical.p == NULL && s.n_add == 0 && s.signature[0] == '\0', "nothing is left");
	sigv4_signed_free(&s);
}

static const struct {
	struct sample sample;
	size_t pos;
} refused[] = {
	{{.name = "no method", .method = ""}, 0},
	{{.name = "method with a line break", .method = "GET\n/"}, 3},
	{{.name = "relative path", .path = "a"}, 0},
	{{.name = "space in an S3 path", .path = "/a b", .s3 = true}, 2},
	{{.name = "UTF-8 in an S3 path", .path = "/\xc3\xa9", .s3 = true}, 1},
	{{.name = "line break in an S3 path", .path = "/a\n", .s3 = true}, 2},
	{{.name = "space in a query", .query = "a=b c"}, 3},
	{{.name = "UTF-8 in a query", .query = "\xe1\x88\xb4=bar"}, 0},
	{{.name = "no host", .headers = "Content-Type:x"}, 0},
	{{.name = "no header", .headers = ""}, 0},
	{{.name = "header without a name", .headers = "Host:h|:x"}, 0},
	{{.name = "space in a header's name", .headers = "Host:h|a b:x"}, 1},
	{{.name = "line break in a header's name", .headers = "Host:h|x-y\n:x"}, 3},
	{{.name = "UTF-8 in a header's name", .headers = "Host:h|\xc3\xa9:x"}, 0},
	{{.name = "line break in the token", .token = "TOKEN\n"}, 5},
	{{.name = "space in the token", .token = "TOK EN"}, 3},
	{{.name = "no region", .region = ""}, 0},
	{{.name = "region with a space", .region = "us east"}, 2},
	{{.name = "no service", .service = ""}, 0},
	{{.name = "service with DEL", .service = "s3\x7f"}, 2},
	{{.name = "no date", .date = ""}, 0},
	{{.name = "short date", .date = "20150830T123600"}, 0},
	{{.name = "long date", .date = "20150830T123600Z0"}, 0},
	{{.name = "date in another form", .date = "2015-08-30T12:36"}, 4},
	{{.name = "local date", .date = "20150830T123600A"}, 15},
	{{.name = "date without T", .date = "20150830 123600Z"}, 8},
	{{.name = "empty hash header", .headers = "Host:h|x-amz-content-sha256:"}, 0},
	{{.name = "bad hash header", .headers = "Host:h|x-amz-content-sha256:a b"}, 1},
};

static void
test_refused(void)
{
	struct sigv4_header host = {STR("host"), STR("h")};
	struct sigv4_request request = {.method = STR("GET"), .headers = &host, .n_headers = 1};
	struct sigv4_scope scope = {STR("r"), STR("s"), STR("20150830T123600Z"), false, false};
	struct sigv4_credentials keys = {STR(ACCESS_KEY), STR(""), STR("")};
	struct sigv4_signed s = {0};
	struct err err;

	for (size_t i = 0; i < LENGTH(refused); i++)
		check_refused(&refused[i].sample, refused[i].pos);
	ok(sigv4_sign(&s, &request, &keys, &scope, &err) == -1, "refused: no secret: %s", err.msg);
	keys = (struct sigv4_credentials){STR(""), STR(SECRET), STR("")};
	ok(sigv4_sign(&s, &request, &keys, &scope, &err) == -1, "refused: no key: %s", err.msg);
	keys.access_key = STR("AK ID");
	ok(sigv4_sign(&s, &request, &keys, &scope, &err) == -1 && err.pos == 2 &&
	    strstr(err.msg, "AK") == NULL, "refused: a key with a space: %s", err.msg);
	keys.access_key = STR("AK");
	request.payload_hash = STR("a\nb");
	ok(sigv4_sign(&s, &request, &keys, &scope, &err) == -1 && err.pos == 1,
	    "refused: a hash of two lines: %s", err.msg);
	sigv4_signed_free(&s);
}

static void
test_helpers(void)
{
	struct buf out = {0};
	char hex[SIGV4_HEX + 1], all[256];
	int plain_bytes = 0;

	is_str(sigv4_sha256_hex(hex, STR("")), EMPTY_HASH, "SHA-256 of nothing");
	is_str(sigv4_sha256_hex(hex, (struct str){NULL, 0}), EMPTY_HASH, "and of NULL");
	is_str(sigv4_sha256_hex(hex, STR("abc")),
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "of abc");
	is_str(sigv4_sha256_hex(hex,
	    STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", "of 56 bytes");

	sigv4_encode(&out, STR("AWSLogs/a b/+\xc3\xa9~*'()!//../x:y@z=1&%?#"), true);
	is_text(buf_slice(&out),
	    "AWSLogs/a%20b/%2B%C3%A9~%2A%27%28%29%21//../x%3Ay%40z%3D1%26%25%3F%23",
	    "an object key as a path");
	out.n = 0;
	sigv4_encode(&out, STR("AWSLogs/1 2+/\xc3\xa9"), false);
	is_text(buf_slice(&out), "AWSLogs%2F1%202%2B%2F%C3%A9", "a prefix as a query's value");
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	out.n = 0;
	sigv4_encode(&out, (struct str){all, sizeof(all)}, false);
	for (size_t i = 0; i < out.n; i += out.p[i] == '%' ? 3 : 1)
		plain_bytes += out.p[i] != '%';
	ok(plain_bytes == 66 && out.n == 66 + 3 * 190, "66 bytes stay, 190 are encoded");
	out.n = 0;
	sigv4_encode(&out, (struct str){NULL, 0}, true);
	is_int(out.n, 0, "nothing is encoded as nothing");
	buf_free(&out);
}

static void
read_file(const char *folder, const char *name, const char *file, struct buf *out)
{
	struct buf path = {0};
	char block[4096];
	size_t n;
	FILE *f;

	buf_printf(&path, "%s/%s/%s", folder, name, file);
	buf_char(&path, '\0');
	out->n = 0;
	f = fopen(path.p, "rb");
	if (f == NULL) {
		ok(false, "cannot open %s", path.p);
		exit(1);
	}
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(out, block, n);
	(void)fclose(f);
	buf_free(&path);
	while (out->n > 0 && strcmp(file, "request.txt") != 0 && out->p[out->n - 1] == '\n')
		out->n--;
}

/* One case of the suite, by way of the probe's command. */
static void
run_vector(const char *folder, const char *name)
{
	static const char *const parts[][2] = {
		{"canonical", "header-canonical-request.txt"},
		{"string_to_sign", "header-string-to-sign.txt"},
		{"signature", "header-signature.txt"},
	};
	struct buf file = {0}, request = {0}, response = {0};
	struct json_doc doc;
	struct err err;

	read_file(folder, name, "request.txt", &file);
	buf_str(&request, STR("{\"request\":"));
	json_print_string(&request, buf_slice(&file));
	read_file(folder, name, "context.json", &file);
	buf_str(&request, STR(",\"context\":"));
	buf_str(&request, buf_slice(&file));
	buf_char(&request, '}');

	json_doc_init(&doc);
	if (ok(json_parse(&doc, buf_slice(&request), &err) == 0, "%s", name)) {
		ok(probe_sigv4(doc.v, &response) == 0, "is signed");
		if (ok(json_parse(&doc, buf_slice(&response), &err) == 0, "and answered in JSON"))
			for (size_t i = 0; i < LENGTH(parts); i++) {
				const struct json *got = json_get(doc.v, str_of(parts[i][0]));

				read_file(folder, name, parts[i][1], &file);
				is_mem(got != NULL ? got->text : NULL, got != NULL ? got->len : 0,
				    file.p, file.n, "%s: %s", name, parts[i][0]);
			}
	}
	json_doc_free(&doc);
	buf_free(&file);
	buf_free(&request);
	buf_free(&response);
}

static void
test_vectors(void)
{
	const char *vectors = getenv("SPITZEL_VECTORS");
	struct buf folder = {0};
	struct dirent *entry;
	int n = 0;
	DIR *d;

	if (vectors == NULL || *vectors == '\0') {
		note("SPITZEL_VECTORS is not set: without the public suite");
		return;
	}
	buf_printf(&folder, "%s/sigv4", vectors);
	buf_char(&folder, '\0');
	d = opendir(folder.p);
	while (d != NULL && (entry = readdir(d)) != NULL)
		if (strncmp(entry->d_name, "get-", 4) == 0 ||
		    strncmp(entry->d_name, "post-", 5) == 0) {
			run_vector(folder.p, entry->d_name);
			n++;
		}
	ok(n >= 38, "%d cases of the public suite", n);
	if (d != NULL)
		(void)closedir(d);
	buf_free(&folder);
}

/* The probe's command answers a request that it cannot sign. */
static void
test_probe_errors(void)
{
	static const char *const cases[] = {
		"{}", "[]", "null", "{\"request\":\"\"}", "{\"request\":\"GET\",\"context\":{}}",
		"{\"request\":\"GET / HTTP/1.1\\nHost:h\\n\\n\",\"context\":{}}",
		"{\"request\":\"GET / HTTP/1.1\\nno colon\\n\\n\",\"context\":{}}",
		"{\"request\":\"\\n\\n\",\"context\":null}", "{\"request\":1,\"context\":2}",
		"{\"request\":\" \",\"context\":{\"credentials\":[]}}",
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct json_doc doc;
		struct buf response = {0};
		struct err err;
		bool good;

		json_doc_init(&doc);
		good = json_parse(&doc, str_of(cases[i]), &err) == 0 &&
		    probe_sigv4(doc.v, &response) == -1 &&
		    json_parse(&doc, buf_slice(&response), &err) == 0 &&
		    json_get(doc.v, STR("error")) != NULL;
		ok(good, "%s: %.*s", cases[i], (int)response.n, response.p);
		buf_free(&response);
		json_doc_free(&doc);
	}
}

int
main(void)
{
	test_signatures();
	test_paths();
	test_queries();
	test_headers();
	test_many_duplicates();
	test_payload();
	test_result();
	test_refused();
	test_helpers();
	test_probe_errors();
	test_vectors();
	return done_testing();
}

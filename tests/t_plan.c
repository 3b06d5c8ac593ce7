/* Tests of plan.c. The tables are the sentences of plan.h. The random queries and records are asked
 * what plan.h promises: whatever a query matches, some lookup of every way finds. */
#include "../plan.h"

#include <stdlib.h>

#include "../match.h"
#include "../region.h"
#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct match_scratch *scratch;

/* --- a plan as text --- */

static int
compare_lookups(const void *pa, const void *pb)
{
	const struct plan_lookup *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->key == PLAN_EVERYTHING ? 0 : strcmp(a->value, b->value);
}

/* "EventName=A EventSource=b; ReadOnly=false": the ways in their order, the lookups of each sorted,
 * '*' for everything. With skip, not where there are other ways. */
static void
print_plan(struct buf *out, const struct plan *plan, bool skip)
{
	bool first = true;

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_way *way = &plan->ways[i];
		struct plan_lookup *sorted;

		if (skip && plan->n > 1 && way->lookups[0].key == PLAN_EVERYTHING)
			continue;
		sorted = xcalloc(way->n, sizeof(*sorted));
		memcpy(sorted, way->lookups, way->n * sizeof(*sorted));
		qsort(sorted, way->n, sizeof(*sorted), compare_lookups);
		buf_str(out, first ? STR("") : STR("; "));
		first = false;
		for (size_t k = 0; k < way->n; k++) {
			buf_str(out, k > 0 ? STR(" ") : STR(""));
			if (sorted[k].key == PLAN_EVERYTHING)
				buf_char(out, '*');
			else
				buf_printf(
				    out, "%s=%s", plan_key_name(sorted[k].key), sorted[k].value);
		}
		free(sorted);
	}
}

/* What every plan keeps to. NULL, or what it does not. */
static const char *
broken_rule(const struct plan *plan)
{
	unsigned last_key = 0;
	size_t last_n = 0;

	if (plan->n < 1 || plan->n > PLAN_MAX_WAYS)
		return "the number of ways";
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_way *way = &plan->ways[i];
		unsigned key = 0; /* a way finds as many events as its worst lookup */

		if (way->n < 1 || way->n > PLAN_MAX_LOOKUPS)
			return "the number of lookups";
		for (size_t k = 0; k < way->n; k++) {
			const struct plan_lookup *l = &way->lookups[k];
			size_t weight = 0;

			if ((unsigned)l->key > PLAN_EVERYTHING)
				return "the keys";
			key = l->key > key ? l->key : key;
			if (l->key == PLAN_EVERYTHING) {
				if (l->value != NULL || way->n != 1)
					return "everything is alone and without a value";
				continue;
			}
			if (l->value == NULL || l->value[0] == '\0')
				return "a value that is missing";
			for (const char *c = l->value; *c != '\0'; c++) {
				if (*c < ' ' || *c > '~')
					return "a value with other than printable ASCII";
				weight += strchr("_ ,", *c) != NULL ? 2 : 1;
			}
			if (weight > PLAN_MAX_VALUE)
				return "a value that is too long";
			if (l->key == PLAN_READ_ONLY && strcmp(l->value, "true") != 0 &&
			    strcmp(l->value, "false") != 0)
				return "ReadOnly is true or false";
			for (size_t j = 0; j < k; j++)
				if (compare_lookups(l, &way->lookups[j]) == 0)
					return "a lookup twice";
		}
		if (way->n < last_n)
			return "fewer lookups first";
		if (way->n == last_n && key < last_key)
			return "fewer events first";
		last_n = way->n;
		last_key = key;
	}
	return NULL;
}

/* --- tables --- */

#define AWS "us-east-1"
#define CN "cn-north-1"
#define GOV "us-gov-west-1"
#define EUSC "eusc-de-east-1"
#define ISO "us-iso-east-1"

static const struct region_partition *
partition_of(const char *region)
{
	return region_partition(str_of(region));
}

static bool
knows_sources(const struct region_partition *partition)
{
	return strncmp(partition->id, "aws-iso", 7) != 0 && strcmp(partition->id, "aws-eusc") != 0;
}

/* The plan of a query, from copies that are gone before it is looked at. Behind a want that ends in
 * "..." there may be more ways. Everything beside other ways is test_everything_first's. */
static void
is_plan(const char *region, const char *const *patterns, size_t n_patterns,
    const char *const *expressions, size_t n_expressions, const char *want, const char *name)
{
	struct match *m = match_new();
	char **copies = xcalloc(n_patterns + 1, sizeof(*copies));
	struct plan *plan;
	struct buf text = {0};
	struct err err = {0};
	const char *broken;
	size_t n = strlen(want);

	for (size_t i = 0; i < n_patterns; i++) {
		struct str s = str_of(patterns[i]);

		copies[i] = xmalloc(s.n);
		memcpy(copies[i], s.p, s.n);
		if (match_add_pattern(m, (struct str){copies[i], s.n}, &err) != 0)
			ok(false, "%s: '%s' is a pattern: %s", name, patterns[i], err.msg);
	}
	for (size_t i = 0; i < n_expressions; i++)
		if (match_add_expression(m, str_of(expressions[i]), &err) != 0)
			ok(false, "%s: '%s' is an expression: %s", name, expressions[i], err.msg);
	plan = plan_new(m, partition_of(region));
	match_free(m);
	for (size_t i = 0; i < n_patterns; i++)
		free(copies[i]);
	free(copies);
	print_plan(&text, plan, true);
	if (n > 3 && strcmp(want + n - 3, "...") == 0)
		is_mem(text.p, text.n < n - 3 ? text.n : n - 3, want, n - 3, "%s", name);
	else
		is_mem(text.p, text.n, want, n, "%s", name);
	broken = broken_rule(plan);
	ok(broken == NULL, "%s: the rules are kept%s%s", name, broken != NULL ? ", but not " : "",
	    broken != NULL ? broken : "");
	buf_free(&text);
	plan_free(plan);
}

struct row {
	const char *region;
	const char *patterns[5];
	const char *expressions[5];
	const char *want;
};

#define S3 "EventSource=s3.amazonaws.com"
#define S3_CN S3 " " S3 ".cn"
#define EC2 "EventSource=ec2.amazonaws.com"
#define LAMBDA "EventSource=lambda.amazonaws.com"
#define CLOUDFRONT "EventSource=cloudfront.amazonaws.com"
#define VERSIONED CLOUDFRONT " " LAMBDA
#define VERSIONED_CN CLOUDFRONT " " CLOUDFRONT ".cn " LAMBDA " " LAMBDA ".cn"
#define KEY "AKIAIOSFODNN7EXAMPLE"

static const struct row rows[] = {
    /* nothing is asked */
    {AWS, {0}, {0}, "*"},
    {CN, {0}, {0}, "*"},
    {ISO, {0}, {0}, "*"},
    {AWS, {0}, {"", " "}, "*"},
    {AWS, {"*"}, {0}, "*"},
    {AWS, {"*:*"}, {0}, "*"},
    {AWS, {"s3:*", "*"}, {0}, "*"},
    /* actions */
    {AWS, {"s3:GetObject"}, {0}, "EventName=GetObject"},
    {GOV, {"s3:GetObject"}, {0}, "EventName=GetObject"},
    {CN, {"s3:GetObject"}, {0}, "EventName=GetObject"},
    {ISO, {"s3:GetObject"}, {0}, "EventName=GetObject"},
    {EUSC, {"s3:GetObject"}, {0}, "EventName=GetObject"},
    {AWS, {"S3.AmazonAWS.com:GetObject"}, {0}, "EventName=GetObject"},
    {AWS, {"s3:GETOBJECT"}, {0}, "EventName=GETOBJECT"},
    {AWS, {"cloudwatch:PutMetricAlarm"}, {0}, "EventName=PutMetricAlarm"},
    {AWS, {"s3:GetObject", "s3:PutObject"}, {0}, S3 "; EventName=GetObject EventName=PutObject"},
    {ISO, {"s3:GetObject", "s3:PutObject"}, {0}, "EventName=GetObject EventName=PutObject"},
    {AWS, {"s3:GetObject", "ec2:RunInstances"}, {0}, "EventName=GetObject EventName=RunInstances"},
    {CN, {"s3:GetObject", "s3:PutObject"}, {0}, "EventName=GetObject EventName=PutObject"},
    {AWS, {"s3:GetObject", "ec2:GetObject"}, {0}, "EventName=GetObject"},
    {AWS, {"s3:GetObject", "s3:GetObject"}, {0}, "EventName=GetObject"},
    /* services */
    {AWS, {"s3:*"}, {0}, S3},
    {AWS, {"s3:Get*"}, {0}, S3},
    {AWS, {"s3:GetObjec?"}, {0}, S3},
    {GOV, {"s3:*"}, {0}, S3},
    {AWS, {"S3:*"}, {0}, S3},
    {AWS, {"s3.amazonaws.com:*"}, {0}, S3},
    {AWS, {"S3.AMAZONAWS.COM:*"}, {0}, S3},
    {AWS, {"s3.amazonaws.com.cn:*"}, {0}, S3},
    {AWS, {"s3:*", "S3:*", "s3:Get*", "s3.amazonaws.com:*"}, {0}, S3},
    {AWS, {"s3:*", "ec2:*"}, {0}, EC2 " " S3},
    {AWS, {"cloudwatch:*"}, {0},
	"EventSource=cloudwatch.amazonaws.com EventSource=monitoring.amazonaws.com"},
    {AWS, {"CloudWatch:*", "monitoring:*"}, {0},
	"EventSource=cloudwatch.amazonaws.com EventSource=monitoring.amazonaws.com"},
    {AWS, {"monitoring:*"}, {0}, "EventSource=monitoring.amazonaws.com"},
    {AWS, {"DynamoDB:*"}, {0},
	"EventSource=dynamodb.amazonaws.com EventSource=streams.dynamodb.amazonaws.com"},
    {AWS, {"lex:*"}, {0},
	"EventSource=lex.amazonaws.com EventSource=models-v2-lex.amazonaws.com "
	"EventSource=models.lex.amazonaws.com EventSource=runtime-v2-lex.amazonaws.com "
	"EventSource=runtime.lex.amazonaws.com"},
    {AWS, {"models.lex:*"}, {0}, "EventSource=models.lex.amazonaws.com"},
    {AWS, {"s?:*"}, {0}, "*"},
    {AWS, {"s*:Get*"}, {0}, "*"},
    {AWS, {"*:Get*"}, {0}, "*"},
    {AWS, {"Get*"}, {0}, "*"},
    {AWS, {"s3:*", "Get*"}, {0}, "*"},
    {AWS, {"s3:GetObject", "Get*"}, {0}, "*"},
    /* what a source finds needs no lookup of its own */
    {AWS, {"s3:*", "s3:GetObject"}, {0}, S3},
    {AWS, {"s3:GetObject", "s3:*"}, {0}, S3},
    {AWS, {"S3:GetObject", "s3.amazonaws.com:*"}, {0}, S3},
    {AWS, {"s3:*", "ec2:RunInstances"}, {0}, "EventName=RunInstances " S3},
    {AWS, {"s3:*", "s3:GetObject", "ec2:RunInstances"}, {0}, "EventName=RunInstances " S3},
    {AWS, {"s3:*", "s3:GetObject", "ec2:GetObject"}, {0}, "EventName=GetObject " S3},
    {CN, {"s3:*", "s3:GetObject"}, {0}, S3_CN},
    /* an action in small letters matches in any case */
    {AWS, {"s3:getobject"}, {0}, S3},
    {CN, {"s3:getobject"}, {0}, S3_CN},
    {ISO, {"s3:getobject"}, {0}, "*"},
    {AWS, {"getobject"}, {0}, "*"},
    {AWS, {"*:getobject"}, {0}, "*"},
    {AWS, {"S3:getobject", "s3:GetObject"}, {0}, S3},
    /* names with versions */
    {AWS, {"lambda:CreateFunction"}, {0}, LAMBDA},
    {AWS, {"Lambda:CreateFunction"}, {0}, LAMBDA},
    {AWS, {"lambda.amazonaws.com:CreateFunction"}, {0}, LAMBDA},
    {CN, {"lambda:CreateFunction"}, {0}, LAMBDA " " LAMBDA ".cn"},
    {ISO, {"lambda:CreateFunction"}, {0}, "*"},
    {AWS, {"cloudfront:CreateDistribution"}, {0}, CLOUDFRONT},
    {AWS, {"*:GetBucketAcl"}, {0}, "EventName=GetBucketAcl " VERSIONED},
    {AWS, {"GetBucketAcl"}, {0}, "EventName=GetBucketAcl " VERSIONED},
    {GOV, {"GetBucketAcl"}, {0}, "EventName=GetBucketAcl " VERSIONED},
    {CN, {"GetBucketAcl"}, {0}, "EventName=GetBucketAcl " VERSIONED_CN},
    {ISO, {"GetBucketAcl"}, {0}, "*"},
    {EUSC, {"*:GetBucketAcl"}, {0}, "*"},
    {AWS, {"GetBucketAcl", "lambda:*"}, {0}, "EventName=GetBucketAcl " VERSIONED},
    {AWS, {"GetBucketAcl", "s3:*"}, {0}, "EventName=GetBucketAcl " VERSIONED " " S3},
    /* China has two suffixes; where they are not documented, there are none */
    {CN, {"s3:*"}, {0}, S3_CN},
    {CN, {"s3.amazonaws.com:*"}, {0}, S3_CN},
    {CN, {"s3.amazonaws.com.cn:*"}, {0}, S3_CN},
    {CN, {"cloudwatch:*"}, {0},
	"EventSource=cloudwatch.amazonaws.com EventSource=cloudwatch.amazonaws.com.cn "
	"EventSource=monitoring.amazonaws.com EventSource=monitoring.amazonaws.com.cn"},
    {EUSC, {"s3:*"}, {0}, "*"},
    {ISO, {"s3:*"}, {0}, "*"},
    {"us-isob-east-1", {"s3:*"}, {0}, "*"},
    {"eu-isoe-west-1", {"s3:*"}, {0}, "*"},
    {"us-isof-south-1", {"s3:*"}, {0}, "*"},
    {ISO, {"s3:*", "ec2:RunInstances"}, {0}, "*"},
    {ISO, {0}, {"$.eventSource == 's3.amazonaws.com'"}, "EventSource=s3.amazonaws.com"},
    {EUSC, {0}, {"$.eventSource in ['s3.amazonaws.com']"}, "EventSource=s3.amazonaws.com"},
    {ISO, {"s3:*"}, {"$.eventID == 'x'"}, "EventId=x"},
    /* attributes */
    {AWS, {0}, {"$.eventID == \"x\""}, "EventId=x"},
    {AWS, {0}, {"$.userIdentity.accessKeyId == \"" KEY "\""}, "AccessKeyId=" KEY},
    {AWS, {0}, {"$.eventName == \"GetObject\""}, "EventName=GetObject"},
    {AWS, {0}, {"$.eventName == 'getobject'"}, "EventName=getobject"},
    {AWS, {0}, {"$.eventName == 'CreateFunction'"}, "EventName=CreateFunction"},
    {AWS, {0}, {"$.eventSource == 's3.amazonaws.com'"}, S3},
    {CN, {0}, {"$.eventSource == 's3.amazonaws.com'"}, S3},
    {CN, {0}, {"$.eventSource == 's3.amazonaws.com.cn'"}, S3 ".cn"},
    {AWS, {0}, {"$.readOnly == False"}, "ReadOnly=false"},
    {AWS, {0}, {"$.readOnly == false"}, "ReadOnly=false"},
    {AWS, {0}, {"$.readOnly == True"}, "ReadOnly=true"},
    {ISO, {0}, {"$.readOnly == True"}, "ReadOnly=true"},
    {AWS, {0}, {"$.eventName in [\"A\",\"B\"]"}, "EventName=A EventName=B"},
    {AWS, {0}, {"$.eventName in (\"A\",\"B\",'A')"}, "EventName=A EventName=B"},
    {AWS, {0}, {"$.eventName in ['A']"}, "EventName=A"},
    {AWS, {0}, {"$.eventID in ['x', 'y']"}, "EventId=x EventId=y"},
    {AWS, {0}, {"$.readOnly in [False]"}, "ReadOnly=false"},
    {AWS, {0}, {"($.eventID == 'x')"}, "EventId=x"},
    /* not used */
    {AWS, {0}, {"$.userIdentity.userName == 'alice'"}, "*"},
    {AWS, {0}, {"$.userName == 'alice'"}, "*"},
    {AWS, {0}, {"$.resources[*].resourceName == 'x'"}, "*"},
    {AWS, {0}, {"$.resources[*].ARN == 'x'"}, "*"},
    {AWS, {0}, {"$.resources[*].type == 'AWS::S3::Object'"}, "*"},
    {AWS, {0}, {"$.requestParameters.bucketName == 'x'"}, "*"},
    {AWS, {0}, {"$.Username == 'alice'"}, "*"},
    {AWS, {0}, {"$.EventName == 'A'"}, "*"},
    {AWS, {0}, {"$.eventId == 'x'"}, "*"},
    {AWS, {0}, {"$.accessKeyId == 'x'"}, "*"},
    {AWS, {0}, {"$.errorCode == 'AccessDenied'"}, "*"},
    {AWS, {0}, {"$.requestParameters.eventName == 'A'"}, "*"},
    {AWS, {0}, {"$..eventName == 'A'"}, "*"},
    {AWS, {0}, {"$.* == 'A'"}, "*"},
    {AWS, {0}, {"$.eventName.x == 'A'"}, "*"},
    {AWS, {0}, {"$['eventName', 'eventID'] == 'A'"}, "*"},
    {AWS, {0}, {"$.userIdentity.* == 'A'"}, "*"},
    {AWS, {0}, {"$.userIdentity.sessionContext.accessKeyId == 'A'"}, "*"},
    {AWS, {0}, {"$.eventName"}, "*"},
    {AWS, {0}, {"$.eventName != 'A'"}, "*"},
    {AWS, {0}, {"$.readOnly != False"}, "*"},
    {AWS, {0}, {"not $.eventName == 'A'"}, "*"},
    {AWS, {0}, {"not $.readOnly == True"}, "*"},
    {AWS, {0}, {"not ($.eventName == 'A' and $.eventID == 'x')"}, "*"},
    {AWS, {0}, {"not ($.eventName == 'A' or $.eventID == 'x')"}, "*"},
    {AWS, {0}, {"not $.eventName in ['A']"}, "*"},
    {AWS, {0}, {"$.eventName < 'A'"}, "*"},
    {AWS, {0}, {"$.eventName >= 'A'"}, "*"},
    {AWS, {0}, {"$.eventName regex 'A'"}, "*"},
    {AWS, {0}, {"$.eventName glob 'A*'"}, "*"},
    {AWS, {0}, {"$.eventName == None"}, "*"},
    {AWS, {0}, {"$.readOnly == None"}, "*"},
    {AWS, {0}, {"$.eventName in ['A', None]"}, "*"},
    {AWS, {0}, {"$.readOnly in [False, None]"}, "*"},
    /* and: each side is a way */
    {AWS, {0}, {"$.eventName == 'A' and $.errorCode == 'x'"}, "EventName=A"},
    {AWS, {0}, {"$.errorCode == 'x' and $.eventName == 'A'"}, "EventName=A"},
    {AWS, {0}, {"$.eventName == 'A' and $.eventID != 'x'"}, "EventName=A"},
    {AWS, {0}, {"$.eventName == 'A' and not $.eventID == 'x'"}, "EventName=A"},
    {AWS, {0}, {"$.eventName == 'A' and $.eventID == 'x'"}, "EventId=x..."},
    {AWS, {0}, {"$.readOnly == True and ($.eventName == 'A' and $.errorCode)"}, "EventName=A..."},
    {AWS, {0}, {"$.eventName == 'A'", "$.eventID == 'x'"}, "EventId=x; EventName=A"},
    {AWS, {"s3:*"}, {"$.readOnly == False"}, S3 "; ReadOnly=false"},
    {AWS, {"s3:*"}, {"$.errorCode == 'AccessDenied'"}, S3},
    {AWS, {"s3:*"}, {"$.userIdentity.accessKeyId == 'AKIA'"}, "AccessKeyId=AKIA; " S3},
    {AWS, {"s3:GetObject"}, {"$.eventID == 'x'"}, "EventId=x; EventName=GetObject"},
    {AWS, {"Get*"}, {"$.eventID == 'x'"}, "EventId=x"},
    /* or: both sides */
    {AWS, {0}, {"$.eventName == 'A' or $.eventName == 'B'"}, "EventName=A EventName=B"},
    {AWS, {0}, {"$.eventName == 'A' or $.eventName == 'A'"}, "EventName=A"},
    {AWS, {0}, {"$.eventName == 'A' or $.eventID == 'x'"}, "EventId=x EventName=A"},
    {AWS, {0}, {"$.readOnly == False or $.userIdentity.accessKeyId == 'AKIA'"},
	"AccessKeyId=AKIA ReadOnly=false"},
    {AWS, {0}, {"$.eventName in ['A', 'B'] or $.eventName in ['B', 'C']"},
	"EventName=A EventName=B EventName=C"},
    {AWS, {0}, {"$.eventName == 'A' or $.errorCode == 'x'"}, "*"},
    {AWS, {0}, {"$.errorCode == 'x' or $.eventName == 'A'"}, "*"},
    {AWS, {0}, {"$.eventName == 'A' or $.eventName != 'B'"}, "*"},
    {AWS, {0}, {"$.eventName == 'A' or not $.eventName == 'B'"}, "*"},
    {AWS, {0}, {"($.eventName == 'A' and $.errorCode) or $.eventID == 'x'"},
	"EventId=x EventName=A"},
    {AWS, {0}, {"$.eventName == 'A' and ($.errorCode or $.eventID == 'x')"}, "EventName=A"},
    {AWS, {"s3:*"}, {"$.eventName == 'A' or $.errorCode == 'x'"}, S3},
    /* the order: fewer lookups, then fewer events */
    {AWS, {0}, {"$.readOnly == True", "$.eventSource == 'a'", "$.eventName == 'A'"},
	"EventName=A; EventSource=a; ReadOnly=true"},
    {AWS, {0}, {"$.eventName == 'A'", "$.userIdentity.accessKeyId == 'AKIA'", "$.eventID == 'x'"},
	"EventId=x; AccessKeyId=AKIA; EventName=A"},
    {AWS, {0}, {"$.eventID in ['x', 'y']", "$.readOnly == True"},
	"ReadOnly=true; EventId=x EventId=y"},
    {AWS, {0}, {"$.eventID in ['x', 'y', 'z']", "$.eventName in ['A', 'B']", "$.readOnly == True"},
	"ReadOnly=true; EventName=A EventName=B; EventId=x EventId=y EventId=z"},
    {AWS, {0}, {"$.eventName in ['A', 'B']", "$.eventID in ['x', 'y']"},
	"EventId=x EventId=y; EventName=A EventName=B"},
    {AWS, {0}, {"$.eventID == 'x' or $.readOnly == True", "$.eventName in ['A', 'B']"},
	"EventName=A EventName=B; EventId=x ReadOnly=true"},
    {AWS, {"dynamodb:*"}, {"$.readOnly == True"},
	"ReadOnly=true; EventSource=dynamodb.amazonaws.com "
	"EventSource=streams.dynamodb.amazonaws.com"},
    {CN, {"s3:*"}, {"$.readOnly == False"}, "ReadOnly=false; " S3_CN},
    /* of more than PLAN_MAX_WAYS the first are kept */
    {AWS, {0},
	{"$.readOnly == True", "$.eventSource == 'a'", "$.eventName == 'A'",
	    "$.userIdentity.accessKeyId == 'AKIA'", "$.eventID == 'x'"},
	"EventId=x; AccessKeyId=AKIA; EventName=A"},
    {AWS, {"s3:*"},
	{"$.eventID in ['x', 'y'] and $.readOnly == True and $.eventName == 'A' and "
	 "$.userIdentity.accessKeyId in ['AKIA', 'ASIA']"},
	"EventName=A; " S3 "..."},
    /* values that the service may not take */
    {AWS, {0}, {"$.eventName == ''"}, "*"},
    {AWS, {0}, {"$.eventName == '\\xe9'"}, "*"},
    {AWS, {0}, {"$.eventName == 'a\\0b'"}, "*"},
    {AWS, {0}, {"$.eventName == 'a\\nb'"}, "*"},
    {AWS, {0}, {"$.eventName == 'a\\x7f'"}, "*"},
    {AWS, {0}, {"$.eventName == '\\x1f'"}, "*"},
    {AWS, {0}, {"$.eventName == ' ~'"}, "EventName= ~"},
    {AWS, {0}, {"$.eventName in ['A', '\\xe9']"}, "*"},
    {AWS, {0}, {"$.eventName == 'A' or $.eventID == '\\xe9'"}, "*"},
    {AWS, {0}, {"$.eventName == 'A' and $.eventID == '\\xe9'"}, "EventName=A"},
    {AWS, {"s3:Get\xc3\xa9"}, {"$.eventID == 'x'"}, "EventId=x; " S3},
    {AWS, {"s\xc3\xa9:*"}, {0}, "*"},
};

static size_t
count(const char *const *list)
{
	size_t n = 0;

	while (n < 5 && list[n] != NULL)
		n++;
	return n;
}

static void
test_rows(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		struct buf name = {0};

		buf_str(&name, str_of(r->region));
		for (size_t k = 0; k < count(r->patterns); k++)
			buf_printf(&name, " %s", r->patterns[k]);
		for (size_t k = 0; k < count(r->expressions); k++)
			buf_printf(&name, " %s", r->expressions[k]);
		buf_char(&name, '\0');
		is_plan(r->region, r->patterns, count(r->patterns), r->expressions,
		    count(r->expressions), r->want, name.p);
		buf_free(&name);
	}
}

/* --- limits --- */

/* first, then n times c, then last. */
static void
repeat(struct buf *b, const char *first, size_t n, char c, const char *last)
{
	b->n = 0;
	buf_str(b, str_of(first));
	for (size_t i = 0; i < n; i++)
		buf_char(b, c);
	buf_str(b, str_of(last));
	buf_char(b, '\0');
}

static void
test_long_values(void)
{
	static const struct {
		char c;
		size_t max;
	} kinds[] = {{'a', PLAN_MAX_VALUE}, {'_', PLAN_MAX_VALUE / 2}, {' ', PLAN_MAX_VALUE / 2},
	    {',', PLAN_MAX_VALUE / 2}, {'.', PLAN_MAX_VALUE}};
	struct buf b = {0}, want = {0};
	const size_t suffix = strlen(".amazonaws.com");

	for (size_t i = 0; i < COUNT(kinds); i++) {
		for (size_t more = 0; more < 2; more++) {
			char name[80];

			snprintf(
			    name, sizeof(name), "%zu of '%c'", kinds[i].max + more, kinds[i].c);
			repeat(&b, "$.eventName == '", kinds[i].max + more, kinds[i].c, "'");
			repeat(&want, "EventName=", kinds[i].max, kinds[i].c, "");
			is_plan(
			    AWS, NULL, 0, &(const char *){b.p}, 1, more > 0 ? "*" : want.p, name);
		}
	}
	repeat(&b, "s3:X", PLAN_MAX_VALUE - 1, 'x', "");
	repeat(&want, "EventName=X", PLAN_MAX_VALUE - 1, 'x', "");
	is_plan(AWS, &(const char *){b.p}, 1, NULL, 0, want.p, "the longest action");
	repeat(&b, "s3:X", PLAN_MAX_VALUE, 'x', "");
	is_plan(AWS, &(const char *){b.p}, 1, NULL, 0, S3, "one longer: its source");
	repeat(&b, "", PLAN_MAX_VALUE - suffix, 's', ":*");
	repeat(&want, "EventSource=", PLAN_MAX_VALUE - suffix, 's', ".amazonaws.com");
	is_plan(AWS, &(const char *){b.p}, 1, NULL, 0, want.p, "the longest service");
	is_plan(CN, &(const char *){b.p}, 1, NULL, 0, "*", "too long with the other suffix");
	repeat(&b, "", PLAN_MAX_VALUE - suffix + 1, 's', ":*");
	is_plan(AWS, &(const char *){b.p}, 1, NULL, 0, "*", "one longer");
	buf_free(&b);
	buf_free(&want);
}

static void
test_many(void)
{
	enum { MANY = PLAN_MAX_LOOKUPS + 1 };
	const char *patterns[MANY + 1];
	char names[MANY][16], services[MANY][16];
	struct buf in = {0}, want = {0}, sources = {0}, sources_cn = {0}, two = {0};

	for (int i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "s:V%03d", i);
		snprintf(services[i], sizeof(services[i]), "s%03d:*", i);
		patterns[i] = names[i];
	}
	for (int n = PLAN_MAX_LOOKUPS; n <= MANY; n++) {
		const char *all, *by_service = "EventSource=s.amazonaws.com";

		in.n = want.n = 0;
		buf_str(&in, STR("$.eventName in ["));
		for (int i = 0; i < n; i++) {
			buf_printf(&in, "'%s',", names[i] + 2);
			buf_printf(&want, "%sEventName=%s", i > 0 ? " " : "", names[i] + 2);
		}
		buf_str(&in, STR("'V000']\0"));
		buf_char(&want, '\0');
		all = n > PLAN_MAX_LOOKUPS ? "*" : want.p;
		is_plan(AWS, NULL, 0, &(const char *){in.p}, 1, all, "many values");
		is_plan(ISO, patterns, (size_t)n, NULL, 0, all, "many actions");
		two.n = 0;
		buf_str(&two, str_of(by_service));
		if (n <= PLAN_MAX_LOOKUPS)
			buf_printf(&two, "; %s", want.p);
		buf_char(&two, '\0');
		is_plan(AWS, patterns, (size_t)n, NULL, 0, two.p, "or their service");
		patterns[n] = "s:*";
		is_plan(AWS, patterns, (size_t)n + 1, NULL, 0, by_service,
		    "many actions and their service");
		patterns[n] = n < MANY ? names[n] : NULL; /* as before */
		two.n = 0;
		buf_printf(&two, "ReadOnly=true%s%s", n > PLAN_MAX_LOOKUPS ? "" : "; ",
		    n > PLAN_MAX_LOOKUPS ? "" : want.p);
		buf_char(&two, '\0');
		is_plan(AWS, NULL, 0, (const char *[]){in.p, "$.readOnly == True"}, 2, two.p,
		    "many values and something else");
	}
	for (int i = 0; i < PLAN_MAX_LOOKUPS / 2 + 1; i++) {
		char service[8];

		snprintf(service, sizeof(service), "%.4s", services[i]);
		patterns[i] = services[i];
		buf_printf(&sources, "%sEventSource=%s.amazonaws.com", i > 0 ? " " : "", service);
		if (i < PLAN_MAX_LOOKUPS / 2)
			buf_printf(&sources_cn,
			    "%sEventSource=%s.amazonaws.com EventSource=%s.amazonaws.com.cn",
			    i > 0 ? " " : "", service, service);
	}
	buf_char(&sources, '\0');
	buf_char(&sources_cn, '\0');
	is_plan(AWS, patterns, PLAN_MAX_LOOKUPS / 2 + 1, NULL, 0, sources.p, "many services");
	is_plan(CN, patterns, PLAN_MAX_LOOKUPS / 2 + 1, NULL, 0, "*", "too many in China");
	is_plan(CN, patterns, PLAN_MAX_LOOKUPS / 2, NULL, 0, sources_cn.p, "one less");
	buf_free(&in);
	buf_free(&want);
	buf_free(&sources);
	buf_free(&sources_cn);
	buf_free(&two);
}

/* Where all ways make many requests, one for everything may be less: it is tried first. */
static void
test_everything_first(void)
{
	static const struct {
		const char *expression;
		size_t n;
		bool first;
	} few[] = {
	    {"$.eventID == 'x'", 1, false},
	    {"$.eventID in ['x', 'y']", 1, false},
	    {"$.eventID in ['x', 'y', 'z']", 2, true},
	    {"$.eventID in ['x', 'y', 'z', 'a', 'b', 'c', 'd', 'e', 'f', 'g']", 2, true},
	};

	for (size_t i = 0; i < COUNT(few); i++) {
		struct match *m = match_new();
		struct err err;
		struct plan *plan;

		if (match_add_expression(m, str_of(few[i].expression), &err) != 0)
			abort();
		plan = plan_new(m, partition_of(AWS));
		is_int(plan->n, few[i].n, "%s: the ways", few[i].expression);
		is_int(plan->ways[0].lookups[0].key == PLAN_EVERYTHING, few[i].first,
		    "%s: is everything first?", few[i].expression);
		plan_free(plan);
		match_free(m);
	}
}

static void
test_keys(void)
{
	is_str(plan_key_name(PLAN_EVENT_ID), "EventId", "the name of a key");
	is_str(plan_key_name(PLAN_ACCESS_KEY_ID), "AccessKeyId", "the name of a key");
	is_str(plan_key_name(PLAN_EVENT_NAME), "EventName", "the name of a key");
	is_str(plan_key_name(PLAN_EVENT_SOURCE), "EventSource", "the name of a key");
	is_str(plan_key_name(PLAN_READ_ONLY), "ReadOnly", "the name of a key");
	ok(plan_key_name(PLAN_EVERYTHING) == NULL, "everything has none");
}

/* --- random queries and records: words --- */

static uint32_t random_state = 1;

static uint32_t
below(uint32_t n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

static bool
one_in(uint32_t n)
{
	return below(n) == 0;
}

#define PICK(array) ((array)[below((uint32_t)COUNT(array))])

/* Texts in quotes, which are the same in JSON and in Python. */
static const char *const odd[] = {"\"\"", "\"a b\"", "\"a\\u0000b\"", "\"a\"", "\"\\u00e9\"",
    "\"\\u007f\"", "\"a\\\"b\"", "\"\\\\\"", "\"a\\nb\"", "\"*\"", "\"?\"", "\" \"", "\"x,y_z\"",
    "\"true\"", "\"None\""};
static const char *const values[] = {"5", "0", "[]", "{}", "[\"GetObject\"]",
    "{\"x\": \"GetObject\"}", "{\"accessKeyId\": \"AKIA1\"}", "-1.5", "\"true\"", "\"false\""};
static const char *const bases[] = {"GetObject", "GetObject", "PutObject", "CreateFunction",
    "CreateFunction", "CreateDistribution", "getobject", "GETOBJECT", "X20150331"};
static const char *const versions[] = {"", "20150331", "20150331v2", "2020_05_31", "20150331v",
    "20150331v2020_05_31", "2015033120150331"};
static const char *const record_services[] = {"s3", "s3", "ec2", "lambda", "lambda", "cloudfront",
    "monitoring", "dynamodb", "streams.dynamodb", "models.lex", "runtime-v2-lex", "tagging",
    "autoscaling", "cloudwatch", "s3-outposts"};
static const char *const pattern_services[] = {"s3", "s3", "S3", "ec2", "lambda", "Lambda",
    "cloudfront", "CloudFront", "monitoring", "cloudwatch", "CloudWatch", "dynamodb", "DYNAMODB",
    "streams.dynamodb", "lex", "Lex", "models.lex", "tag", "application-autoscaling", "autoscaling",
    "appstream"};
static const char *const wild_services[] = {"*", "*", "*", "**", "lamb*", "?ambda", "cloud*", "s?",
    "*.lex", "l*", "cloudwatc?", "s\xc3\xa9", "zzz"};
static const char *const pattern_names[] = {"*", "*", "Get*", "*Object", "?etObject", "get*",
    "Create*", "*Function*", "*2015*", "*v2", "createfunction", "getobject", "\xc3\xa9t\xc3\xa9",
    "Get\xc3\xa9", "G_,"};
static const char *const ids[] = {"\"id-1\"", "\"id-2\"", "\"id-3\"", "\"ID-1\""};
static const char *const keys[] = {"\"AKIA1\"", "\"AKIA2\"", "\"ASIA1\"", "\"akia1\""};
static const char *const codes[] = {"\"AccessDenied\"", "\"Throttling\"", "\"alice\""};

/* A text at the limits of what is looked up. */
static void
put_long(struct buf *b)
{
	static const struct {
		char c;
		size_t n;
	} longs[] = {{'a', PLAN_MAX_VALUE}, {'a', PLAN_MAX_VALUE + 1}, {'_', PLAN_MAX_VALUE / 2},
	    {'_', PLAN_MAX_VALUE / 2 + 1}};
	size_t k = below((uint32_t)COUNT(longs));

	buf_char(b, '"');
	for (size_t i = 0; i < longs[k].n; i++)
		buf_char(b, longs[k].c);
	buf_char(b, '"');
}

/* What an attribute can be looked up by: a text as in records. */
static void
put_word(struct buf *b, enum plan_key key)
{
	switch (key) {
	case PLAN_EVENT_ID:
		buf_str(b, str_of(PICK(ids)));
		return;
	case PLAN_ACCESS_KEY_ID:
		buf_str(b, str_of(PICK(keys)));
		return;
	case PLAN_EVENT_NAME:
		buf_printf(b, "\"%s", PICK(bases));
		buf_printf(b, "%s\"", one_in(3) ? PICK(versions) : "");
		return;
	case PLAN_EVENT_SOURCE:
		buf_printf(b, "\"%s.amazonaws.com", PICK(record_services));
		buf_str(b, one_in(4) ? STR(".cn\"") : STR("\""));
		return;
	case PLAN_READ_ONLY:
		buf_str(b, one_in(2) ? STR("true") : STR("false"));
		return;
	default:
		buf_str(b, str_of(PICK(codes)));
	}
}

/* --- random records --- */

static const char *const regions[] = {AWS, CN, GOV, EUSC, ISO};

enum { POOL = 60 };

static struct record {
	char *text;
	struct json_doc doc;
	bool has[PLAN_EVERYTHING];
	struct str value[PLAN_EVERYTHING]; /* what the service looks for */
} pools[COUNT(regions)][POOL];

/* A member with this value, or with something else, or nothing at all. */
static void
put_member(struct buf *b, const char *name, const char *value)
{
	uint32_t how = below(30);

	if (how == 0)
		return;
	buf_printf(b, "%s\"%s\": ", b->p[b->n - 1] == '{' ? "" : ", ", name);
	if (how == 1)
		buf_str(b, STR("null"));
	else if (how == 2)
		buf_str(b, str_of(PICK(values)));
	else if (how == 3 && strcmp(name, "eventSource") != 0)
		buf_str(b, str_of(PICK(odd)));
	else if (how == 4 && strcmp(name, "eventSource") != 0 && one_in(8))
		put_long(b);
	else
		buf_str(b, str_of(value));
}

static void
put_key(struct buf *b, const char *name, enum plan_key key)
{
	struct buf value = {0};

	put_word(&value, key);
	buf_char(&value, '\0');
	put_member(b, name, value.p);
	buf_free(&value);
}

static void
put_identity(struct buf *b)
{
	uint32_t how = below(30);

	if (how < 2) {
		buf_str(b,
		    how == 0 ? STR(", \"userIdentity\": null") :
			       STR(", \"userIdentity\": [\"AKIA1\"]"));
		return;
	}
	if (how == 2)
		return;
	buf_str(b, STR(", \"userIdentity\": {"));
	put_key(b, "accessKeyId", PLAN_ACCESS_KEY_ID);
	put_key(b, "userName", PLAN_EVERYTHING);
	if (one_in(3)) {
		buf_printf(b, "%s\"sessionContext\": {", b->p[b->n - 1] == '{' ? "" : ", ");
		put_key(b, "accessKeyId", PLAN_ACCESS_KEY_ID);
		buf_char(b, '}');
	}
	buf_char(b, '}');
}

/* One that obeys plan.h: sources in small letters and with their suffixes, where they are known;
 * versions only behind the names of the two services. */
static void
put_record(struct buf *b, const char *region)
{
	static const char *const others[] = {"", ".c2s.ic.gov", ".amazonaws.eu", ".AmazonAWS.com",
	    ".amazonaws.com.cn", ".amazonaws.com", ".amazonaws.com"};
	const char *service = PICK(record_services);
	const char *suffix = ".amazonaws.com";
	const char *base = PICK(bases);
	bool versioned = strcmp(service, "lambda") == 0 || strcmp(service, "cloudfront") == 0;
	char source[80], name[80];

	if (strcmp(region, CN) == 0 && one_in(2))
		suffix = ".amazonaws.com.cn";
	else if (!knows_sources(partition_of(region)))
		suffix = PICK(others);
	while (!versioned && strcmp(base, "X20150331") == 0)
		base = PICK(bases);
	snprintf(source, sizeof(source), "\"%s%s\"", service, suffix);
	snprintf(name, sizeof(name), "\"%s%s\"", base, versioned ? PICK(versions) : "");
	buf_char(b, '{');
	put_member(b, "eventSource", source);
	put_member(b, "eventName", name);
	put_key(b, "eventID", PLAN_EVENT_ID);
	put_key(b, "readOnly", PLAN_READ_ONLY);
	if (b->p[b->n - 1] == '{')
		buf_str(b, STR("\"eventVersion\": \"1.08\""));
	put_identity(b);
	if (one_in(2))
		put_key(b, "errorCode", PLAN_EVERYTHING);
	if (one_in(4)) {
		buf_str(b, STR(", \"requestParameters\": {"));
		put_key(b, "eventName", PLAN_EVENT_NAME);
		put_key(b, "eventID", PLAN_EVENT_ID);
		put_key(b, "readOnly", PLAN_READ_ONLY);
		buf_char(b, '}');
	}
	buf_char(b, '}');
}

static void
free_record(struct record *r)
{
	json_doc_free(&r->doc);
	free(r->text);
}

static void
make_record(struct record *r, const char *region)
{
	struct buf b = {0};
	struct err err;
	const struct json *at[PLAN_EVERYTHING];

	put_record(&b, region);
	*r = (struct record){.text = b.p};
	json_doc_init(&r->doc);
	if (json_parse(&r->doc, buf_slice(&b), &err) != 0) {
		note("%.*s: at %zu: %s", (int)b.n, b.p, err.pos, err.msg);
		abort();
	}
	at[PLAN_EVENT_ID] = json_get(r->doc.v, STR("eventID"));
	at[PLAN_EVENT_NAME] = json_get(r->doc.v, STR("eventName"));
	at[PLAN_EVENT_SOURCE] = json_get(r->doc.v, STR("eventSource"));
	at[PLAN_READ_ONLY] = json_get(r->doc.v, STR("readOnly"));
	at[PLAN_ACCESS_KEY_ID] = json_get(r->doc.v, STR("userIdentity"));
	if (at[PLAN_ACCESS_KEY_ID] != NULL)
		at[PLAN_ACCESS_KEY_ID] = json_get(at[PLAN_ACCESS_KEY_ID], STR("accessKeyId"));
	for (int key = 0; key < PLAN_EVERYTHING; key++) {
		if (at[key] == NULL)
			continue;
		if (key == PLAN_READ_ONLY)
			r->has[key] = at[key]->type == JSON_TRUE || at[key]->type == JSON_FALSE;
		else
			r->has[key] = at[key]->type == JSON_STRING;
		r->value[key] = json_text(at[key]);
	}
}

/* The service. */
static bool
finds(const struct plan_lookup *l, const struct record *r)
{
	return l->key == PLAN_EVERYTHING ||
	    (r->has[l->key] && str_eq(r->value[l->key], str_of(l->value)));
}

/* --- random queries --- */

static void
put_pattern(struct buf *b, bool wild)
{
	if (!wild || !one_in(4)) {
		if (wild && one_in(2))
			buf_str(b, str_of(PICK(wild_services)));
		else
			buf_str(b, str_of(PICK(pattern_services)));
		if (one_in(6))
			buf_str(b, one_in(2) ? STR(".amazonaws.com") : STR(".AmazonAWS.com.CN"));
		if (one_in(200))
			for (int i = 0; i < PLAN_MAX_VALUE; i++)
				buf_char(b, 's');
		buf_char(b, ':');
	}
	if (one_in(300)) {
		for (int i = 0; i < PLAN_MAX_VALUE + 1; i++)
			buf_char(b, 'X');
	} else if (one_in(3)) {
		buf_str(b, str_of(PICK(pattern_names)));
	} else {
		buf_str(b, str_of(PICK(bases)));
		buf_str(b, str_of(one_in(5) ? PICK(versions) : ""));
	}
}

static const struct {
	const char *path;
	enum plan_key key; /* of the values to compare with */
} paths[] = {
    /* the first five are what is looked up */
    {"$.eventName", PLAN_EVENT_NAME},
    {"$.eventSource", PLAN_EVENT_SOURCE},
    {"$.eventID", PLAN_EVENT_ID},
    {"$.readOnly", PLAN_READ_ONLY},
    {"$.userIdentity.accessKeyId", PLAN_ACCESS_KEY_ID},
    {"$['eventName']", PLAN_EVENT_NAME},
    {"$[\"eventName\"]", PLAN_EVENT_NAME},
    {"$..eventName", PLAN_EVENT_NAME},
    {"$.eventName.x", PLAN_EVENT_NAME},
    {"$.eventName[0]", PLAN_EVENT_NAME},
    {"$['eventName', 'eventID']", PLAN_EVENT_ID},
    {"$.requestParameters.eventName", PLAN_EVENT_NAME},
    {"$.eventname", PLAN_EVENT_NAME},
    {"$['eventSource']", PLAN_EVENT_SOURCE},
    {"$['\\u0065ventID']", PLAN_EVENT_ID},
    {"$..['eventID']", PLAN_EVENT_ID},
    {"$['readOnly']", PLAN_READ_ONLY},
    {"$..readOnly", PLAN_READ_ONLY},
    {"$['userIdentity']['accessKeyId']", PLAN_ACCESS_KEY_ID},
    {"$.userIdentity['accessKeyId']", PLAN_ACCESS_KEY_ID},
    {"$.userIdentity..accessKeyId", PLAN_ACCESS_KEY_ID},
    {"$..accessKeyId", PLAN_ACCESS_KEY_ID},
    {"$.userIdentity.*", PLAN_ACCESS_KEY_ID},
    {"$.userIdentity[?@.accessKeyId].accessKeyId", PLAN_ACCESS_KEY_ID},
    {"$.userIdentity.sessionContext.accessKeyId", PLAN_ACCESS_KEY_ID},
    {"$.accessKeyId", PLAN_ACCESS_KEY_ID},
    {"$.*", PLAN_EVENT_NAME},
    {"$.errorCode", PLAN_EVERYTHING},
    {"$.errorCode", PLAN_EVERYTHING},
    {"$.userIdentity.userName", PLAN_EVERYTHING},
    {"$.userIdentity", PLAN_ACCESS_KEY_ID},
    {"$", PLAN_EVENT_NAME},
};

static void
put_literal(struct buf *b, enum plan_key key)
{
	switch (below(32)) {
	case 0:
		buf_str(b, STR("None"));
		return;
	case 1:
		buf_str(b, one_in(2) ? STR("True") : STR("False"));
		return;
	case 2:
		buf_str(b, str_of(PICK(values)));
		return;
	case 3:
		buf_str(b, str_of(PICK(odd)));
		return;
	case 4:
		if (one_in(8)) {
			put_long(b);
			return;
		}
		/* fall through */
	default:
		put_word(b, key);
	}
}

static void
put_list(struct buf *b, enum plan_key key)
{
	uint32_t n = one_in(150) ? PLAN_MAX_LOOKUPS - 2 + below(5) : below(5);

	buf_char(b, '[');
	for (uint32_t i = 0; i < n; i++) {
		buf_str(b, i > 0 ? STR(", ") : STR(""));
		if (i >= 4)
			buf_printf(b, "\"v%u\"", i);
		else
			put_literal(b, key);
	}
	buf_char(b, ']');
}

static void
put_test(struct buf *b)
{
	static const char *const orders[] = {"<", "<=", ">", ">="};
	static const char *const globs[] = {"Get*", "*", "GetObject", "id-?", "id-1", "AKIA1",
	    "s3.*", "s3.amazonaws.com", "", "true"};
	static const char *const regexes[] = {"^Get", "^GetObject$", "GetObject", "id-[12]", "AKIA",
	    "^s3", "", "(?i)getobject", "true"};
	size_t k = below(one_in(3) ? (uint32_t)COUNT(paths) : 5);

	buf_str(b, str_of(paths[k].path));
	switch (below(20)) {
	case 0:
		return;
	case 1:
		buf_str(b, STR(" != "));
		put_literal(b, paths[k].key);
		return;
	case 2:
		buf_printf(b, " %s ", PICK(orders));
		if (paths[k].key == PLAN_READ_ONLY)
			buf_str(b, STR("\"a\""));
		else
			put_word(b, paths[k].key);
		return;
	case 3:
		buf_printf(b, " regex '%s'", PICK(regexes));
		return;
	case 4:
	case 5:
		buf_printf(b, " glob '%s'", PICK(globs));
		return;
	case 6:
	case 7:
	case 8:
		buf_str(b, STR(" in "));
		put_list(b, paths[k].key);
		return;
	default:
		buf_str(b, STR(" == "));
		put_literal(b, paths[k].key);
	}
}

static void
put_expression(struct buf *b, int depth)
{
	uint32_t how = depth >= 4 ? 0 : below(16);
	bool brackets = one_in(2);

	buf_str(b, brackets ? STR("(") : STR(""));
	if (how < 10) {
		put_test(b);
	} else if (how == 10) {
		buf_str(b, STR("not "));
		put_expression(b, depth + 1);
	} else {
		for (uint32_t n = 2 + below(2); n > 0; n--) {
			put_expression(b, depth + 1);
			if (n > 1)
				buf_str(b, how < 13 ? STR(" and ") : STR(" or "));
		}
	}
	buf_str(b, brackets ? STR(")") : STR(""));
}

/* --- the property --- */

static struct {
	long plain;                  /* queries whose plan is everything */
	long checked;                /* a way that is not everything, and an event that matches */
	long spared;                 /* and one that need not be fetched */
	long found[PLAN_EVERYTHING]; /* matching events found by a key */
	long in[COUNT(regions)];     /* checked, by region */
	long ways[PLAN_MAX_WAYS];    /* plans with so many */
	long unsaid;                 /* events of which could not be said whether they match */
	long lost, broken;
} seen;

static void
tell(const char *what, const struct buf *query, const struct plan *plan, const char *region)
{
	struct buf b = {0};

	print_plan(&b, plan, false);
	note("%s, in %s", what, region);
	note("query: %.*s", (int)(query->n < 1000 ? query->n : 1000), query->p);
	note("plan: %.*s", (int)(b.n < 1000 ? b.n : 1000), b.p);
	buf_free(&b);
}

static void
check_way(const struct plan *plan, const struct plan_way *way, const struct record *records,
    const signed char *matches, size_t where, const struct buf *query)
{
	if (way->lookups[0].key == PLAN_EVERYTHING)
		return;
	for (size_t i = 0; i < POOL; i++) {
		size_t k = 0;

		if (matches[i] < 0)
			continue;
		while (k < way->n && !finds(&way->lookups[k], &records[i]))
			k++;
		if (matches[i] == 0) {
			seen.spared += k == way->n;
			continue;
		}
		seen.checked++;
		seen.in[where]++;
		if (k < way->n) {
			seen.found[way->lookups[k].key]++;
		} else if (seen.lost++ < 5) {
			tell("an event is lost", query, plan, regions[where]);
			note("event: %.*s", (int)records[i].doc.v->len, records[i].text);
		}
	}
}

static void
ask_one(size_t where)
{
	struct record *records = pools[where];
	struct buf patterns[4] = {{0}}, expression = {0}, query = {0};
	bool wild = one_in(3);
	size_t n_patterns = one_in(2) ? 0 : 1 + below(4);
	uint32_t n_expressions = one_in(2) ? n_patterns == 0 : below(4);
	struct match *m = match_new();
	struct plan *plan;
	struct err err;
	signed char matches[POOL] = {0};
	const char *broken;

	buf_str(&query, STR(" "));
	for (size_t i = 0; i < n_patterns; i++) {
		put_pattern(&patterns[i], wild);
		buf_printf(&query, "%.*s ", (int)patterns[i].n, patterns[i].p);
		if (match_add_pattern(m, buf_slice(&patterns[i]), &err) != 0) {
			note("%.*s: %s", (int)patterns[i].n, patterns[i].p, err.msg);
			abort();
		}
	}
	for (uint32_t i = 0; i < n_expressions; i++) {
		expression.n = 0;
		put_expression(&expression, 0);
		buf_printf(&query, "| %.*s ", (int)expression.n, expression.p);
		if (match_add_expression(m, buf_slice(&expression), &err) != 0) {
			note("%.*s: %s", (int)expression.n, expression.p, err.msg);
			abort();
		}
	}
	plan = plan_new(m, partition_of(regions[where]));
	for (size_t i = 0; i < 4; i++) {
		size_t k = below(POOL);

		free_record(&records[k]);
		make_record(&records[k], regions[where]);
	}
	if (plan->ways[0].lookups[0].key == PLAN_EVERYTHING)
		seen.plain++;
	else
		for (size_t i = 0; i < POOL; i++) {
			matches[i] = (signed char)match_event(m, records[i].doc.v, scratch, &err);
			seen.unsaid += matches[i] < 0;
		}
	match_free(m);
	for (size_t i = 0; i < n_patterns; i++)
		buf_free(&patterns[i]);
	seen.ways[plan->n - 1]++;
	broken = broken_rule(plan);
	if (broken != NULL && seen.broken++ < 5)
		tell(broken, &query, plan, regions[where]);
	for (size_t i = 0; i < plan->n; i++)
		check_way(plan, &plan->ways[i], records, matches, where, &query);
	plan_free(plan);
	buf_free(&expression);
	buf_free(&query);
}

static void
test_nothing_is_lost(void)
{
	enum { QUERIES = 20000 };

	for (size_t i = 0; i < COUNT(regions); i++)
		for (size_t k = 0; k < POOL; k++)
			make_record(&pools[i][k], regions[i]);
	for (size_t i = 0; i < QUERIES; i++)
		ask_one(i % COUNT(regions));
	for (size_t i = 0; i < COUNT(regions); i++)
		for (size_t k = 0; k < POOL; k++)
			free_record(&pools[i][k]);
	is_int(seen.lost, 0, "%d random queries: every event that matches is found", QUERIES);
	is_int(seen.broken, 0, "every plan keeps to the rules");
	is_int(seen.unsaid, 0, "every event could be judged");
	ok(seen.checked > 15000, "enough events matched and were not found by everything");
	ok(seen.spared > 300000, "enough others were not found");
	for (int key = 0; key < PLAN_EVERYTHING; key++)
		ok(seen.found[key] > 1000, "enough were found by %s",
		    plan_key_name((enum plan_key)key));
	for (size_t i = 0; i < COUNT(regions); i++)
		ok(seen.in[i] > 3000, "enough in %s", regions[i]);
	for (size_t i = 0; i < PLAN_MAX_WAYS; i++)
		ok(seen.ways[i] > 200, "enough plans of %zu ways", i + 1);
	note("%ld plans of everything; %ld, %ld, %ld of 1, 2, 3 ways", seen.plain, seen.ways[0],
	    seen.ways[1], seen.ways[2]);
	note("%ld events checked, %ld spared", seen.checked, seen.spared);
	for (int key = 0; key < PLAN_EVERYTHING; key++)
		note("found by %s: %ld", plan_key_name((enum plan_key)key), seen.found[key]);
	for (size_t i = 0; i < COUNT(regions); i++)
		note("in %s: %ld", regions[i], seen.in[i]);
}

int
main(void)
{
	scratch = match_scratch_new();
	test_keys();
	test_rows();
	test_long_values();
	test_many();
	test_everything_first();
	test_nothing_is_lost();
	match_scratch_free(scratch);
	return done_testing();
}

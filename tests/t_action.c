/* Tests of action.c. The rows are the sentences of the design about action patterns. */
#include "../action.h"

#include <stdlib.h>

#include "tap.h"

struct row {
	const char *pattern;
	const char *source;
	const char *name;
	bool match;
};

#define S3 "s3.amazonaws.com"
#define LAMBDA "lambda.amazonaws.com"
#define CLOUDFRONT "cloudfront.amazonaws.com"

static const struct row rows[] = {
    /* service:Action with wildcards */
    {"s3:GetObject", S3, "GetObject", true},
    {"s3:GetObject", S3, "GetObjectAcl", false},
    {"s3:GetObject", "ec2.amazonaws.com", "GetObject", false},
    {"s3:Get*", S3, "GetObject", true},
    {"s3:Get*", S3, "PutObject", false},
    {"s3:?etObject", S3, "GetObject", true},
    {"s3:*", S3, "anything", true},
    {"s3:*", "s3-outposts.amazonaws.com", "GetObject", false},
    {"s3*:*", "s3-outposts.amazonaws.com", "GetObject", true},
    {"s?:*", S3, "GetObject", true},
    {"*:GetObject", S3, "GetObject", true},
    {"*:*", S3, "GetObject", true},
    {"*:*", "", "", true},
    {"*", "", "", true},
    /* the service in any case, the full event source as well */
    {"S3:GetObject", S3, "GetObject", true},
    {"DynamoDB:*", "dynamodb.amazonaws.com", "PutItem", true},
    {"s3:GetObject", "S3.AmazonAWS.com", "GetObject", true},
    {"s3.amazonaws.com:GetObject", S3, "GetObject", true},
    {"S3.AMAZONAWS.COM:GetObject", S3, "GetObject", true},
    {"s3.amazonaws.com.cn:GetObject", S3, "GetObject", true},
    {"s3.amazonaws.com.cn:GetObject", "s3.amazonaws.com.cn", "GetObject", true},
    {"s3:GetObject", "s3.amazonaws.com.cn", "GetObject", true},
    {"s3.amazonaws.com:GetObject", "s3.amazonaws.com.cn", "GetObject", true},
    {"*.amazonaws.com:GetObject", S3, "GetObject", true},
    {"s3:*", "s3", "GetObject", true},
    {"s3:*", "s3.example.com", "GetObject", false},
    {"s3:*", "s3xamazonaws.com", "GetObject", false},
    {"s3:*", "s3.amazonaws.com.evil", "GetObject", false},
    {"signin:*", "signin.amazonaws.com", "ConsoleLogin", true},
    {"awsmarketplace:*", "aws-marketplace.amazonaws.com", "Subscribe", false},
    /* smart case of the action */
    {"s3:getobject", S3, "GetObject", true},
    {"s3:getobject", S3, "GETOBJECT", true},
    {"s3:get*", S3, "GetObject", true},
    {"s3:Getobject", S3, "GetObject", false},
    {"s3:GETOBJECT", S3, "GetObject", false},
    {"s3:GetObject", S3, "getobject", false},
    {"S3:getobject", S3, "GetObject",
	true}, /* a capital in the service says nothing of the action */
    /* no colon: an action of any service */
    {"GetObject", S3, "GetObject", true},
    {"GetObject", "anything", "GetObject", true},
    {"GetObject", "", "GetObject", true},
    {"getobject", S3, "GetObject", true},
    {"Get*", S3, "PutObject", false},
    {"s3", S3, "GetObject", false},
    {"GetO*", S3, "GetObject", true},
    /* IAM prefixes with another event source: both names */
    {"cloudwatch:PutMetricAlarm", "monitoring.amazonaws.com", "PutMetricAlarm", true},
    {"monitoring:PutMetricAlarm", "monitoring.amazonaws.com", "PutMetricAlarm", true},
    {"CloudWatch:putmetricalarm", "Monitoring.amazonaws.com", "PutMetricAlarm", true},
    {"cloudw*:*", "monitoring.amazonaws.com", "PutMetricAlarm", true},
    {"cloudwatch:*", "logs.amazonaws.com", "CreateLogGroup", false},
    {"monitoring:*", "cloudwatch.amazonaws.com", "X", false},
    {"lex:*", "models.lex.amazonaws.com", "GetBot", true},
    {"lex:*", "runtime.lex.amazonaws.com", "PostText", true},
    {"models.lex:*", "models.lex.amazonaws.com", "GetBot", true},
    {"dynamodb:*", "streams.dynamodb.amazonaws.com", "GetRecords", true},
    {"tag:GetResources", "tagging.amazonaws.com", "GetResources", true},
    {"appstream:*", "appstream2.amazonaws.com", "CreateFleet", true},
    {"mechanicalturk:*", "mturk-requester.amazonaws.com", "CreateHIT", true},
    {"cloudwatch.amazonaws.com:*", "monitoring.amazonaws.com", "PutMetricAlarm", true},
    {"ses:*", "email.amazonaws.com", "X", false},
    /* version suffixes */
    {"lambda:CreateFunction", LAMBDA, "CreateFunction20150331", true},
    {"lambda:CreateFunction", LAMBDA, "CreateFunction20150331v2", true},
    {"lambda:createfunction", LAMBDA, "CreateFunction20150331v2", true},
    {"lambda:*Function", LAMBDA, "UpdateFunction20150331", true},
    {"lambda:Create*", LAMBDA, "CreateFunction20150331v2", true},
    {"lambda:CreateFunction20150331", LAMBDA, "CreateFunction20150331", true},
    {"lambda:CreateFunction20150331v2", LAMBDA, "CreateFunction20150331v2", true},
    {"lambda:CreateFunction20150331", LAMBDA, "CreateFunction20150331v2", false},
    {"lambda:CreateFunction20150331", LAMBDA, "CreateFunction", false},
    {"lambda:*2015*", LAMBDA, "CreateFunction20150331", true},
    {"cloudfront:CreateDistribution", CLOUDFRONT, "CreateDistribution2020_05_31", true},
    {"cloudfront:*Distribution", CLOUDFRONT, "GetDistribution2020_05_31", true},
    {"cloudfront:CreateDistribution", CLOUDFRONT, "CreateDistribution2020_05_3", false},
    {"cloudfront:CreateDistribution", CLOUDFRONT, "CreateDistribution2020-05-31", false},
    {"lambda:CreateFunction", LAMBDA, "CreateFunction2015", false},
    {"lambda:CreateFunction", LAMBDA, "CreateFunction201503311", false},
    {"s3:ListObjects", S3, "ListObjectsV2", false}, /* this V2 is another action */
    {"a:Route53", "a", "Route53", true},
    {"lambda:X", "lambda", "X20150331v12", true},
    {"CreateFunction", LAMBDA, "CreateFunction20150331", true},
    {"*:CreateFunction", "Lambda.amazonaws.com", "CreateFunction20150331", true},
    {"s3:GetObject", S3, "GetObject20150331", false}, /* S3 writes no versions */
    {"GetObject", S3, "GetObject2020_05_31", false},
    {"a:*", "a", "20150331", true},
    {"a:20150331", "a", "20150331", true},
    {"a:x", "a", "v2", false},
    {"a:v*", "a", "v2", true},
};

struct bad {
	const char *pattern;
	size_t pos;
	const char *says;
};

static const struct bad bads[] = {
    {"", 0, "action is missing"},
    {"s3:", 3, "action is missing"},
    {":GetObject", 0, "service is missing"},
    {":", 0, "service is missing"},
    {"s3:Get Object", 6, "blank"},
    {" s3:GetObject", 0, "blank"},
    {"s3:GetObject ", 12, "blank"},
    {"s3:Get\tObject", 6, "blank"},
    {"s3:Get\nObject", 6, "blank"},
    {"s3:\x7f", 3, "blank"},
};

static void
test_bad(void)
{
	struct action a;
	struct err err;

	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		err = (struct err){.pos = 999};
		is_int(action_parse(&a, str_of(bads[i].pattern), &err), -1, "'%s' is no pattern",
		    bads[i].pattern);
		is_int(err.pos, bads[i].pos, "'%s': the byte", bads[i].pattern);
		ok(strstr(err.msg, bads[i].says) != NULL, "'%s': says \"%s\"", bads[i].pattern,
		    bads[i].says);
	}
	err = (struct err){.pos = 999};
	is_int(action_parse(&a, STR("s3:Get:Object"), &err), -1, "two colons are none");
	ok(err.pos >= 2 && err.pos <= 6, "two colons: a byte between them, %zu", err.pos);
	is_int(action_parse(&a, (struct str){"s3:\0", 4}, &err), -1, "nor is a NUL");
}

static void
test_parts(void)
{
	struct action a;
	struct err err;

	is_int(action_parse(&a, STR("S3.amazonaws.com:GetObject"), &err), 0, "a pattern is read");
	is_mem(a.service.p, a.service.n, "S3", 2, "its service");
	is_mem(a.name.p, a.name.n, "GetObject", 9, "its action");
	ok(!a.any_case, "as written");
	is_int(action_parse(&a, STR("get*"), &err), 0, "one without a colon");
	is_mem(a.service.p, a.service.n, "*", 1, "is of any service");
	ok(a.any_case, "in any case");
	is_int(action_parse(&a, STR("S3:*"), &err), 0, "one with a capital in the service only");
	ok(a.any_case, "is in any case");
}

/* Each event name between bytes that must not be looked at. */
static void
test_bounds(void)
{
	static const char *const names[] = {"20150331", "X20150331", "X20150331v2", "v2", "v", "2",
	    "", "2020_05_31", "X2020_05_31", "_05_31", "05_31", "X_05_31", "XX0_05_31"};
	struct action a;
	struct err err;

	if (action_parse(&a, STR("x:nomatch"), &err) != 0)
		abort();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);
		char *copy = malloc(n > 0 ? n : 1);

		if (copy == NULL)
			abort();
		memcpy(copy, names[i], n);
		ok(!action_match(&a, STR("x"), (struct str){copy, n}), "a name of %zu bytes", n);
		free(copy);
	}
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct action a;
		struct err err;

		if (!ok(action_parse(&a, str_of(r->pattern), &err) == 0, "'%s' is a pattern",
			r->pattern))
			continue;
		ok(action_match(&a, str_of(r->source), str_of(r->name)) == r->match,
		    "'%s' %s %s of %s", r->pattern, r->match ? "matches" : "does not match",
		    r->name, r->source);
	}
	test_bad();
	test_parts();
	test_bounds();
	return done_testing();
}

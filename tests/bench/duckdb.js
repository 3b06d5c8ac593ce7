// duckdb.js: the queries of tests/bench/run.py in DuckDB, over its node package @duckdb/node-api.
//
// usage: duckdb.js QUERY THREADS ARN BUCKET PATH
//
// QUERY is s3, arn, bucket, all, or version. PATH is NDJSON (*.ndjson), or a file that names
// gzipped log files, one a line. Prints the events that match, as they stand. This is the way of a
// practised user: an event is one value of type JSON, so no columns are guessed and nothing is
// re-typed.
"use strict";
const fs = require("fs");
const { DuckDBInstance } = require("@duckdb/node-api");

const quote = (text) => "'" + text.replace(/'/g, "''") + "'";

function events(path) {
	if (path.endsWith(".ndjson"))
		return "(SELECT json AS e FROM read_ndjson_objects(" + quote(path) + "))";
	const files = fs.readFileSync(path, "utf8").split("\n").filter((f) => f !== "");
	return '(SELECT unnest("Records") AS e FROM read_json([' + files.map(quote).join(",") +
		"], columns={Records: 'JSON[]'}, maximum_object_size=134217728))";
}

async function main() {
	const [query, threads, arn, bucket, path] = process.argv.slice(2);
	const db = await (await DuckDBInstance.create(":memory:", { threads })).connect();
	if (query === "version") {
		console.log((await db.runAndReadAll("SELECT version()")).getRows()[0][0]);
		return;
	}
	const where = {
		s3: "(e->>'$.eventSource') = 's3.amazonaws.com' AND " +
			"(e->>'$.eventName') LIKE 'Get%' AND (e->>'$.errorCode') = 'AccessDenied'",
		arn: "regexp_matches(e->>'$.userIdentity.arn', " + quote(arn) + ")",
		bucket: "list_contains(json_extract_string(e, '$..bucketName'), " +
			quote(bucket) + ")",
		all: "true",
	};
	await db.run("COPY (SELECT e FROM " + events(path) + " WHERE " + where[query] +
		") TO '/dev/stdout' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', " +
		"DELIMITER '\x01')");
}

main().catch((e) => {
	console.error("duckdb.js: " + e.message);
	process.exit(1);
});

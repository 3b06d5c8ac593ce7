/*
 * simdjson.cpp: the comparator of tests/bench/run.py, the queries of the bench over simdjson.
 *
 * usage: simdjson QUERY THREADS PATH
 *
 * QUERY is s3, arn, bucket or all (On-Demand), or bucket-dom or, of NDJSON, all-dom (its DOM). PATH is NDJSON
 * (*.ndjson), one JSON document {"Records":[...]}, or a folder of such documents in gzip. Prints
 * the records that match, as they stand, one a line, in any order. It is written to be as fast as
 * it gets with simdjson, PCRE2's JIT and libdeflate, and gives up at the first error: no
 * replacement for anything.
 *
 * What was tried and was no faster: read() instead of mapping, blocks of other sizes, populating
 * the mapping ahead (all within some percent); iterate_many() was several times slower.
 */
#include <simdjson.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <dirent.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#ifndef ARN
#define ARN "^arn:aws:iam::[0-9]{12}:user/svc-(deploy|backup)-0[0-4]$"
#endif
#ifndef ARN_PART /* a literal that every match of ARN contains */
#define ARN_PART ":user/svc-"
#endif
#ifndef BUCKET
#define BUCKET "prod-datalake-0417"
#endif

using namespace simdjson;
using std::string_view;

namespace {

enum query { S3, ARNS, BUCKETS, BUCKETS_DOM, ALL, ALL_DOM };

const size_t BLOCK = 4 << 20;  /* bytes of NDJSON that a thread takes at a time */
const size_t OUTPUT = 1 << 18; /* bytes collected before they are written */

[[noreturn]] void
die(const char *what, const char *why)
{
	fprintf(stderr, "simdjson: %s: %s\n", what, why);
	exit(1);
}

void
check(error_code e, const char *what)
{
	if (e)
		die(what, error_message(e));
}

std::mutex stdout_lock;

void
write_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(1, p, n);
		if (k < 0)
			die("stdout", strerror(errno));
		p += k;
		n -= size_t(k);
	}
}

/* Lines on their way out: neighbouring matches are one piece, small pieces are collected. */
class output {
	std::string collected;
	const char *from = nullptr, *to = nullptr; /* the piece that may still grow */

	void
	collect()
	{
		if (to == from)
			return;
		if (collected.size() + size_t(to - from) > OUTPUT)
			flush_collected();
		if (size_t(to - from) > OUTPUT / 4) {
			flush_collected();
			std::lock_guard<std::mutex> guard(stdout_lock);
			write_all(from, size_t(to - from));
		} else {
			collected.append(from, size_t(to - from));
		}
		from = to = nullptr;
	}

	void
	flush_collected()
	{
		if (collected.empty())
			return;
		std::lock_guard<std::mutex> guard(stdout_lock);
		write_all(collected.data(), collected.size());
		collected.clear();
	}

public:
	output() { collected.reserve(OUTPUT); }

	/* A line with the newline behind it, in memory that stays until settle(). */
	void
	line(const char *p, size_t n)
	{
		if (p != to || size_t(to - from) > 4 * OUTPUT) {
			collect();
			from = p;
		}
		to = p + n;
	}

	/* A record without a newline behind it. */
	void
	record(string_view text)
	{
		if (collected.size() + text.size() + 1 > OUTPUT)
			flush_collected();
		collected.append(text);
		collected.push_back('\n');
	}

	void settle() { collect(); }

	void
	flush()
	{
		collect();
		flush_collected();
	}
};

/* One thread's tools. */
struct worker {
	query what;
	output out;
	ondemand::parser ondemand_parser;
	dom::parser dom_parser;
	pcre2_code *code = nullptr;
	pcre2_match_data *match = nullptr;
	pcre2_match_context *context = nullptr;
	libdeflate_decompressor *inflater = nullptr;
	std::vector<uint8_t> packed;
	std::vector<char> text;

	explicit worker(query q) : what(q)
	{
		int error;
		size_t at;

		if (q != ARNS)
			return;
		code = pcre2_compile((PCRE2_SPTR)ARN, PCRE2_ZERO_TERMINATED, 0, &error, &at,
		    nullptr);
		if (code == nullptr || pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) != 0)
			die("pcre2", "cannot compile " ARN);
		match = pcre2_match_data_create_from_pattern(code, nullptr);
		context = pcre2_match_context_create(nullptr);
	}

	bool
	arn_matches(string_view arn)
	{
		if (memmem(arn.data(), arn.size(), ARN_PART, sizeof(ARN_PART) - 1) == nullptr)
			return false;
		return pcre2_jit_match(code, (PCRE2_SPTR)arn.data(), arn.size(), 0, 0, match,
		           context) > 0;
	}

	/* $..bucketName == BUCKET; what is not needed any more is not read. */
	static bool
	bucket_in_object(ondemand::object object)
	{
		for (auto member : object) {
			ondemand::raw_json_string key;
			string_view text;

			check(member.key().get(key), "key");
			ondemand::value value = member.value();
			if (memcmp(key.raw(), "bucketName\"", 11) == 0 &&
			    !value.get_string().get(text)) {
				if (text == BUCKET)
					return true;
			} else if (bucket_in(value)) {
				return true;
			}
		}
		return false;
	}

	static bool
	bucket_in_array(ondemand::array array)
	{
		for (auto element : array) {
			ondemand::value value;

			check(element.get(value), "element");
			if (bucket_in(value))
				return true;
		}
		return false;
	}

	static bool
	bucket_in(ondemand::value value)
	{
		switch (value.raw_json_token()[0]) {
		case '{':
			return bucket_in_object(value.get_object());
		case '[':
			return bucket_in_array(value.get_array());
		default:
			return false;
		}
	}

	/* Whether a record matches, which then is read in part. */
	bool
	matches(ondemand::object &record)
	{
		string_view text;
		ondemand::object who;

		switch (what) {
		case S3:
			return !record.find_field_unordered("eventSource").get_string().get(text) &&
			    text == "s3.amazonaws.com" &&
			    !record.find_field_unordered("eventName").get_string().get(text) &&
			    text.substr(0, 3) == "Get" &&
			    !record.find_field_unordered("errorCode").get_string().get(text) &&
			    text == "AccessDenied";
		case ARNS:
			return !record.find_field_unordered("userIdentity").get_object().get(who) &&
			    !who.find_field_unordered("arn").get_string().get(text) &&
			    arn_matches(text);
		case BUCKETS:
			return bucket_in_object(record);
		default:
			return true;
		}
	}

	static bool
	dom_has_bucket(dom::element e)
	{
		dom::object object;
		dom::array array;

		if (!e.get(object)) {
			for (auto member : object) {
				if (member.value.is_string()) {
					if (member.key == "bucketName" &&
					    string_view(member.value) == BUCKET)
						return true;
				} else if (dom_has_bucket(member.value)) {
					return true;
				}
			}
		} else if (!e.get(array)) {
			for (auto element : array)
				if (dom_has_bucket(element))
					return true;
		}
		return false;
	}

	bool
	line_matches(const char *p, size_t n)
	{
		ondemand::document doc;
		ondemand::object record;
		dom::element element;

		if (what == BUCKETS_DOM || what == ALL_DOM) {
			check(dom_parser.parse(p, n, false).get(element), "record");
			return what == ALL_DOM || dom_has_bucket(element);
		}
		check(ondemand_parser.iterate(p, n, n + SIMDJSON_PADDING).get(doc), "record");
		check(doc.get_object().get(record), "record");
		return matches(record);
	}

	/* Whole lines; there are SIMDJSON_PADDING bytes or more behind them. */
	void
	lines(const char *p, const char *end)
	{
		while (p < end) {
			const char *eol = (const char *)memchr(p, '\n', size_t(end - p));

			if (line_matches(p, size_t(eol - p)))
				out.line(p, size_t(eol + 1 - p));
			p = eol + 1;
		}
		out.settle();
	}

	/* A document {"Records":[...]}, with padding behind it. */
	void
	document(const char *p, size_t n)
	{
		if (what == BUCKETS_DOM) {
			dom::array records;

			check(dom_parser.parse(p, n, false)["Records"].get(records), "file");
			for (auto record : records)
				if (dom_has_bucket(record))
					out.record(minify(record));
			return;
		}
		ondemand::document doc;
		ondemand::array records;

		check(ondemand_parser.iterate(p, n, n + SIMDJSON_PADDING).get(doc), "file");
		check(doc["Records"].get_array().get(records), "Records");
		for (auto element : records) {
			ondemand::object record;
			string_view raw;

			check(element.get_object().get(record), "record");
			if (!matches(record))
				continue;
			if (what != ALL)
				check(record.reset().error(), "record");
			check(record.raw_json().get(raw), "record");
			/* raw_json() goes on to the next token */
			out.record(raw.substr(0, raw.rfind('}') + 1));
		}
	}

	void
	gzip_file(const std::string &path)
	{
		int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
		struct stat st;
		size_t n;
		uint32_t size;

		if (fd < 0 || fstat(fd, &st) != 0)
			die(path.c_str(), strerror(errno));
		n = size_t(st.st_size);
		if (packed.size() < n)
			packed.resize(n + n / 4);
		if (read(fd, packed.data(), n) != ssize_t(n) || n < 18)
			die(path.c_str(), "cannot be read");
		close(fd);
		memcpy(&size, &packed[n - 4], 4); /* gzip's trailer; one member, little endian */
		if (text.size() < size + SIMDJSON_PADDING)
			text.resize(size + size / 4 + SIMDJSON_PADDING);
		if (inflater == nullptr)
			inflater = libdeflate_alloc_decompressor();
		if (libdeflate_gzip_decompress(inflater, packed.data(), n, text.data(), size,
		        nullptr))
			die(path.c_str(), "does not inflate");
		document(text.data(), size);
	}
};

void
find_files(const std::string &folder, std::vector<std::string> &files)
{
	DIR *dir = opendir(folder.c_str());

	if (dir == nullptr)
		die(folder.c_str(), strerror(errno));
	while (struct dirent *entry = readdir(dir)) {
		std::string path = folder + "/" + entry->d_name;

		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type == DT_DIR)
			find_files(path, files);
		else
			files.push_back(path);
	}
	closedir(dir);
}

/* A file in memory with at least a page of zeros behind it. */
string_view
map_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *p;

	if (fd < 0 || fstat(fd, &st) != 0)
		die(path, strerror(errno));
	p = (char *)mmap(nullptr, size_t(st.st_size) + 8192, PROT_READ,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED ||
	    mmap(p, size_t(st.st_size), PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED)
		die(path, strerror(errno));
	close(fd);
	return string_view(p, size_t(st.st_size));
}

/* Calls work(worker, i) for each i below n, in so many threads. */
template <class F> void
share(query what, unsigned threads, size_t n, F work)
{
	std::atomic<size_t> next{0};
	std::vector<std::thread> others;
	auto run = [&]() {
		worker w(what);

		for (size_t i; (i = next.fetch_add(1)) < n;)
			work(w, i);
		w.out.flush();
	};

	for (unsigned i = 1; i < threads; i++)
		others.emplace_back(run);
	run();
	for (auto &t : others)
		t.join();
}

} // namespace

int
main(int argc, char **argv)
{
	static const char *const names[] = {
		"s3", "arn", "bucket", "bucket-dom", "all", "all-dom"};
	unsigned q = 0;

	while (argc == 4 && q < 6 && strcmp(argv[1], names[q]) != 0)
		q++;
	if (argc != 4 || q == 6)
		die("usage", "simdjson s3|arn|bucket|bucket-dom|all|all-dom THREADS PATH");
	(void)fcntl(1, F_SETPIPE_SZ, 1 << 20); /* fails where it is no pipe */
	query what = query(q);
	unsigned threads = unsigned(atoi(argv[2]));
	std::string path = argv[3];
	struct stat st;

	if (stat(argv[3], &st) == 0 && S_ISDIR(st.st_mode)) {
		std::vector<std::string> files;

		find_files(path, files);
		share(what, threads, files.size(),
		    [&](worker &w, size_t i) { w.gzip_file(files[i]); });
		return 0;
	}
	string_view text = map_file(argv[3]);
	if (path.size() < 7 || path.substr(path.size() - 7) != ".ndjson") {
		share(what, 1, 1, [&](worker &w, size_t) { w.document(text.data(), text.size()); });
		return 0;
	}
	if (!text.empty() && text.back() != '\n')
		die(argv[3], "no newline at its end");
	share(what, threads, (text.size() + BLOCK - 1) / BLOCK, [&](worker &w, size_t i) {
		auto start = [&](size_t at) { /* of the first line that begins at `at` or later */
			return at == 0 || at >= text.size() ? std::min(at, text.size())
			                                    : text.find('\n', at - 1) + 1;
		};

		w.lines(text.data() + start(i * BLOCK), text.data() + start((i + 1) * BLOCK));
	});
	return 0;
}

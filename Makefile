# aws-spitzel (GNU make)
#
#   make                 build/aws-spitzel: static (musl), stripped, hardened
#   make demo            three questions to the sample trail
#   make check           all tests, also under ASan+UBSan and TSan; ends with "N passed, N failed"
#   make DEV=1           the same with the system's $(CC) and its -dev packages: build/dev/aws-spitzel
#   make asan | tsan     the tests in these flavours only
#   make fuzz            each fuzz target for $(FUZZ_SECONDS) seconds (clang)
#   make bench | lint | install | uninstall | dist | clean
#
# Variables: CC (not for the static program: MUSL_CC), CFLAGS and LDFLAGS (added last), WERROR=1, JOBS,
# PREFIX, DESTDIR, SPITZEL_DEPS (folder with the libraries' tarballs), SPITZEL_VECTORS (public suites),
# BENCH_DIR (corpus and helpers), BENCH_RECORDS, BENCH_FLAGS (options of tests/bench/run.py).
# `./bootstrap TARGET` installs what a target needs on Debian first.

VERSION      := $(shell cat VERSION)
PREFIX       ?= /usr/local
MUSL_CC      ?= musl-gcc
JOBS         ?= $(shell nproc 2>/dev/null || echo 2)
FUZZ_SECONDS ?= 30

# --- flavours: each has its own folder $(O), so their objects never mix ------------------------
FLAVOUR ?= $(if $(DEV),dev,musl)
DEPS    := build/deps
HARDEN  := -fPIE -fstack-protector-strong -fstack-clash-protection
# Tables for unwinding the stack, which nobody does in a stripped program, would be 64 kB of it.
NO_UNWIND := -fno-asynchronous-unwind-tables
SYSLIBS := -lbearssl -lpcre2-8 -ldeflate -lz -lm
SANE    := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all

ifeq ($(FLAVOUR),musl)
O       := build
override CC := $(MUSL_CC)
FLAGS   := -O2 -ffunction-sections -fdata-sections $(HARDEN) $(NO_UNWIND) -isystem $(DEPS)/include
LIBS    := $(addprefix $(DEPS)/lib/,libbearssl.a libpcre2-8.a libdeflate.a libz.a)
LIBS_UP := $(DEPS)/built
HARDLD  := -static -s -Wl,-z,relro,-z,now,-z,noexecstack,--gc-sections
# Debian's musl-gcc given -static-pie makes a dynamic file. So a static PIE is linked by hand, from
# musl's own start files; where musl has none for that (rcrt1.o), it is a plain static program.
MUSLDIR := $(shell sed -n 's,.*-specs "\(.*\)/musl-gcc.specs".*,\1,p' "$$(command -v $(MUSL_CC))" 2>/dev/null)
ifneq ($(and $(MUSLDIR),$(wildcard $(MUSLDIR)/rcrt1.o)),)
gccfile  = $(shell $(CC) -print-file-name=$(1))
LINK    := $(CC) -nostdlib $(HARDLD) -Wl,-pie,--no-dynamic-linker,-z,text
START   := $(MUSLDIR)/rcrt1.o $(MUSLDIR)/crti.o $(call gccfile,crtbeginS.o)
END     := $(MUSLDIR)/libc.a $(call gccfile,libgcc.a) $(MUSLDIR)/libc.a \
	$(call gccfile,crtendS.o) $(MUSLDIR)/crtn.o
else
LINK    := $(CC) $(HARDLD)
endif
else ifeq ($(FLAVOUR),dev)
FLAGS   := -O2 -g -fstack-protector-strong
else ifeq ($(FLAVOUR),asan)
FLAGS   := $(SANE) -fsanitize=address,undefined
else ifeq ($(FLAVOUR),tsan)
FLAGS   := $(SANE) -fsanitize=thread
else ifeq ($(FLAVOUR),fuzz)
override CC := clang
FLAGS   := $(SANE) -fsanitize=fuzzer-no-link,address,undefined
else
$(error FLAVOUR is musl, dev, asan, tsan or fuzz, not "$(FLAVOUR)")
endif
O       ?= build/$(FLAVOUR)
LIBS    ?= $(SYSLIBS)
LINK    ?= $(CC) $(filter -fsanitize%,$(FLAGS)) -pthread

COMPILE  = $(CC) -std=c99 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -DSPITZEL_VERSION='"$(VERSION)"' \
	-Wall -Wextra -Wpedantic -Wshadow -Wmissing-prototypes -Wconversion -Wvla -Wstrict-prototypes \
	-Wpointer-arith -Wwrite-strings -Wno-psabi -I. -pthread $(FLAGS) $(CFLAGS)

# Both cores, unless -j says otherwise.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(JOBS)
endif

# --- what there is: every .c at top level but the main file is part of the archive -------------
MODULES := $(filter-out spitzel.c,$(wildcard *.c))
UNITS   := $(patsubst tests/%.c,%,$(wildcard tests/t_*.c))
FUZZERS := $(patsubst tests/%.c,%,$(filter-out tests/fuzz_main.c,$(wildcard tests/fuzz_*.c)))
ARCHIVE := $(O)/libspitzel.a
HELPERS := $(patsubst %.c,$(O)/obj/%.o,$(filter-out tests/probe.c tests/t_% tests/fuzz_%,$(wildcard tests/*.c)))
TESTS   := $(addprefix $(O)/tests/,$(UNITS))
REPLAYS := $(addprefix $(O)/tests/,$(FUZZERS))

all: $(O)/aws-spitzel

$(O)/aws-spitzel: $(O)/obj/spitzel.o
$(O)/probe: $(O)/obj/tests/probe.o $(HELPERS)
$(TESTS): $(HELPERS)
$(TESTS) $(REPLAYS): $(O)/tests/%: $(O)/obj/tests/%.o
# A fuzz target's main is libFuzzer's, or ours that replays files.
$(REPLAYS): $(if $(filter fuzz,$(FLAVOUR)),,$(O)/obj/tests/fuzz_main.o)
$(REPLAYS): LIBFUZZER = $(if $(filter fuzz,$(FLAVOUR)),-fsanitize=fuzzer)

$(O)/aws-spitzel $(O)/probe $(TESTS) $(REPLAYS): $(ARCHIVE) $(LIBS_UP)
	@mkdir -p $(@D)
	@echo "  link      $@"
	@$(LINK) -o $@ $(START) $(filter %.o,$^) $(ARCHIVE) $(LIBS) $(LIBFUZZER) $(LDFLAGS) $(END)

$(ARCHIVE): $(MODULES:%.c=$(O)/obj/%.o)
	@rm -f $@
	@$(AR) rcs $@ $^

$(O)/obj/%.o: %.c $(O)/flags $(LIBS_UP)
	@mkdir -p $(@D)
	@echo "  compile   $< ($(FLAVOUR))"
	@$(COMPILE) $(if $(WERROR),-Werror) -MMD -MP -c -o $@ $<

# Rewritten only when the compiler, the flags or the list of modules have changed, so that such a change
# recompiles the flavour. (-Werror is left out: it changes no object.)
RECORD = '$(subst ','\'',$(COMPILE) $(LINK) $(LDFLAGS) $(MODULES))'
$(O)/flags: FORCE
	@mkdir -p $(@D)
	@echo $(RECORD) | cmp -s - $@ || echo $(RECORD) >$@

# The libraries of the static program: fetched, checked against deps/lock, compiled from source.
$(DEPS)/built: deps/lock deps/fetch deps/Makefile
	@deps/fetch $(DEPS)
	@$(MAKE) --no-print-directory -f deps/Makefile CC='$(MUSL_CC)' HARDEN='$(HARDEN) $(NO_UNWIND)' DEPS=$(DEPS)
	@touch $@

-include $(wildcard $(O)/obj/*.d $(O)/obj/tests/*.d)

# --- tests -------------------------------------------------------------------------------------
# A flavour's tests are lines "NAME<tab>COMMAND" for tests/run, which adds up their TAP.
SUB      = $(MAKE) --no-print-directory WERROR=$(or $(WERROR),1)
SCRIPTS := $(sort $(wildcard tests/cli/*.sh))
PYTHON  := $(sort $(wildcard tests/*_test.py))
TESTENV  = SPITZEL=$(CURDIR)/$(O)/aws-spitzel PROBE=$(CURDIR)/$(O)/probe SPITZEL_FLAVOUR=$(FLAVOUR)
export ASAN_OPTIONS  ?= exitcode=99:detect_stack_use_after_return=1
export UBSAN_OPTIONS ?= exitcode=99:print_stacktrace=1
export TSAN_OPTIONS  ?= exitcode=99:halt_on_error=1
export PYTHONDONTWRITEBYTECODE = 1
# The sanitizers of gcc 12 do not get on with much address space randomization: without it, where we may.
NOASLR  := $(if $(filter asan tsan,$(FLAVOUR)),$(shell setarch -R true 2>/dev/null && echo setarch -R))
run_line = printf '%s\t%s\n' '$(FLAVOUR) $(1)' '$(TESTENV) $(NOASLR) $(2)';

programs: $(O)/aws-spitzel $(if $(wildcard tests/probe.c),$(O)/probe) $(TESTS) $(if $(filter asan,$(FLAVOUR)),$(REPLAYS))

test-lines:
	@$(foreach t,$(if $(filter tsan,$(FLAVOUR)),$(filter t_queue t_pipeline t_streams,$(UNITS)),$(UNITS)),$(call run_line,$t,$(O)/tests/$t))
	@$(foreach s,$(SCRIPTS),$(call run_line,$(s:tests/%=%),sh $s))
	@$(if $(filter tsan,$(FLAVOUR)),,$(foreach p,$(PYTHON),$(call run_line,$(p:tests/%=%),python3 $p)))
	@$(if $(filter asan,$(FLAVOUR)),$(foreach f,$(FUZZERS),$(call run_line,$f,$(O)/tests/$f $(wildcard tests/corpus/$(f:fuzz_%=%)))))

check:
	+@for f in musl asan tsan; do $(SUB) FLAVOUR=$$f programs || exit 1; done
	+@{ printf 'lint\tsh tests/lint\nbuild\tsh tests/build_checks.sh build/aws-spitzel\n'; \
	  for f in musl asan tsan; do $(SUB) -s FLAVOUR=$$f test-lines; done; } | JOBS=$(JOBS) sh tests/run build/log

asan tsan:
	+@$(SUB) FLAVOUR=$@ programs
	+@$(SUB) -s FLAVOUR=$@ test-lines | JOBS=$(JOBS) sh tests/run build/$@/log

lint:
	@printf 'lint\tsh tests/lint\n' | sh tests/run build/log

# New inputs go to build/fuzz/new, the seeds in tests/corpus are left as they are; copy over by hand what
# is worth keeping. A crash leaves its input in build/fuzz.
fuzz:
	+@$(SUB) FLAVOUR=fuzz fuzz-run
fuzz-run: $(FUZZERS:%=run-%)
run-%: build/fuzz/tests/%
	@mkdir -p build/fuzz/new/$*
	@echo "  fuzz      $* for $(FUZZ_SECONDS) s (log: build/fuzz/$*.log)"
	@$< -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix=build/fuzz/$*- $(patsubst %,-dict=%,$(wildcard tests/corpus/$(*:fuzz_%=%).dict)) \
		build/fuzz/new/$* $(wildcard tests/corpus/$(*:fuzz_%=%)) >build/fuzz/$*.log 2>&1 || \
		{ tail -40 build/fuzz/$*.log; exit 1; }

demo: $(O)/aws-spitzel
	@sh tests/demo.sh $<
# The corpus is made once; a million records are 3 GB.
BENCH_DIR     ?= $(O)/bench
BENCH_RECORDS ?= 1000000
bench: $(O)/aws-spitzel
	@python3 tests/bench/run.py --dir $(BENCH_DIR) --records $(BENCH_RECORDS) $(BENCH_FLAGS) $<
	@python3 tests/bench/history.py $<

# --- the rest ----------------------------------------------------------------------------------
DOC := $(PREFIX)/share/doc/aws-spitzel
install: $(O)/aws-spitzel
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(DOC)
	install -m 755 $(O)/aws-spitzel $(DESTDIR)$(PREFIX)/bin/
	install -m 644 aws-spitzel.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 README.md LICENSE NOTICE $(DESTDIR)$(DOC)/
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/aws-spitzel $(DESTDIR)$(PREFIX)/share/man/man1/aws-spitzel.1
	rm -rf $(DESTDIR)$(DOC)

dist:
	mkdir -p build
	git archive --prefix=aws-spitzel-$(VERSION)/ -o build/aws-spitzel-$(VERSION).tar.gz HEAD

# Everything but the libraries' fetched tarballs, which are checked again when used (rm -r build for all).
clean:
	rm -rf $(filter-out build/deps,$(wildcard build/*)) $(filter-out build/deps/tarballs,$(wildcard build/deps/*))

FORCE:
.PHONY: all demo check bench fuzz asan tsan lint install uninstall dist clean
.PHONY: programs test-lines fuzz-run FORCE
.DELETE_ON_ERROR:
.SUFFIXES:

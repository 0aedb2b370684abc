# pushwatch. `make demo` and `make check` install what Debian lacks, build, and show or test.
PREFIX   ?= /usr/local
CC       ?= cc
CFLAGS   ?= -O2 -g
VERSION  := 0.1.0
B        := build
TO       := $(DESTDIR)$(PREFIX)
PACKAGES := libpcap libndpi libcrypto zlib libzstd liblz4 libbrotlidec inih jansson

# Warnings are errors in CI alone. System headers' warnings are not ours (-isystem).
WARN      = -Wall -Wextra -Wconversion -Wshadow $(if $(CI),-Werror)
INCLUDES  = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PACKAGES)))
COMPILE   = $(CC) -std=gnu11 -D_GNU_SOURCE -DPUSHWATCH_VERSION='"$(VERSION)"' $(WARN) -MMD -MP \
            $(INCLUDES) $(CFLAGS) $(SANITIZE) $(WHOLE)
# The program is optimised as a whole, the tests are not: where objects can serve both (gcc).
# Fields that are put together in a vector to be stored wait for what was just stored one by one.
WHOLE    := $(if $(SANITIZE),,$(shell echo | $(CC) -Werror -flto=auto -ffat-lto-objects -xc -c -o /dev/null - \
              2>/dev/null && echo -O3 -fno-tree-slp-vectorize -flto=auto -ffat-lto-objects))
# A hundred programs of tests are linked: where there is the faster linker, by it.
GOLD     := $(shell echo 'int main(void) { return 0; }' | $(CC) -fuse-ld=gold -xc -o /dev/null - 2>/dev/null && echo -fuse-ld=gold)
# What another make builds, it builds on all cores, unless this one was told how many to take.
ON_CORES  = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || sysctl -n hw.ncpu))
LIBS      = $(shell pkg-config --libs $(PACKAGES)) -lm
SANITIZE_FLAGS = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

SOURCES  := keys.c known_file.c options.c outputs.c process.c progress.c watch.c witness_files.c $(wildcard capture/*.c dissect/*.c report/*.c report/judge/*.c)
OBJECTS  := $(SOURCES:%.c=$(B)/%.o)
HELPERS  := $(patsubst %.c,$(B)/%.o,$(filter-out tests/test_%.c,$(wildcard tests/*.c)))
UNITS    := $(patsubst %.c,$(B)/%,$(wildcard tests/test_*.c))
# Tests whose threads ThreadSanitizer watches; others of the kind take minutes under it.
THREADED := crew lanes relay relay_pcapng cert_store parsed_certs shared_bytes
FUZZ_MAIN := -fsanitize=fuzzer
FUZZ_HELPERS := $(patsubst %,$(B)/tests/%.o,craft json_check whole_run)
FUZZERS  := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: all demo check check-here asan tsan lint fuzz fuzz-here coverage coverage-here bench golden \
        install uninstall clean
all: $(B)/pushwatch

demo:
	@tests/packages.sh build
	@$(MAKE) --no-print-directory $(ON_CORES) all
	$(B)/pushwatch pcaps/seed-fin-wait-1-143.pcap
	$(B)/pushwatch pcaps/seed-pileup.pcap

check:
	@tests/packages.sh build test
	@$(MAKE) --no-print-directory $(ON_CORES) check-here
	@$(MAKE) --no-print-directory fuzz

# All tests but the fuzzers, with what is installed.
check-here: $(B)/pushwatch $(UNITS)
	tests/run.sh $(B)

asan:
	@$(MAKE) --no-print-directory $(ON_CORES) B=build/asan CFLAGS="-O1 -g" SANITIZE="$(SANITIZE_FLAGS)" check-here

tsan:
	@$(MAKE) --no-print-directory $(ON_CORES) B=build/tsan SANITIZE="-fsanitize=thread -fno-omit-frame-pointer" \
	    build/tsan/pushwatch $(THREADED:%=build/tsan/tests/test_%)
	tests/tsan.sh build/tsan $(THREADED)

# Each fuzz target for a short while from its seeds; FUZZ_SECONDS=600 makes it a long one.
fuzz:
	@$(MAKE) --no-print-directory $(ON_CORES) B=build/fuzz CC=clang CFLAGS="-O1 -g" fuzz-here \
	    SANITIZE="$(SANITIZE_FLAGS) -fsanitize=fuzzer-no-link"

fuzz-here: $(FUZZERS)
	tests/fuzz/run.sh $(or $(FUZZ_SECONDS),3) $^

# Lines of capture/ and dissect/ that the tests and the fuzzers' seeds reach. What gcov says on standard
# error, where a test has given up root, fails tests that look there: here that does not count.
coverage:
	@$(MAKE) --no-print-directory $(ON_CORES) B=build/coverage CFLAGS="-O0 -g" SANITIZE=--coverage \
	    FUZZ_MAIN=build/coverage/tests/fuzz/replay.o coverage-here

coverage-here: $(B)/pushwatch $(UNITS) $(FUZZERS)
	-find $(B) -type d -exec chmod a+wx {} +; umask 0; tests/run.sh $(B)
	tests/coverage.sh $(B)

lint:
	tests/lint.sh

# Speed and memory beside other programs', on generated captures; BENCH=quick takes a minute.
bench: $(B)/pushwatch
	tests/bench/run.sh $(B)/pushwatch $(or $(BENCH),full)

# Writes the expected reports anew: look at the difference before committing it.
golden: $(B)/pushwatch
	tests/golden.sh $(B)/pushwatch --update
	tests/manual.sh $(B)/pushwatch --update

install: all
	install -D -m 755 $(B)/pushwatch $(TO)/bin/pushwatch
	install -D -m 644 pushwatch.1 $(TO)/share/man/man1/pushwatch.1
	install -D -m 644 report/flow-record.schema.json $(TO)/share/doc/pushwatch/flow-record.schema.json

uninstall:
	rm -f $(TO)/bin/pushwatch $(TO)/share/man/man1/pushwatch.1
	rm -rf $(TO)/share/doc/pushwatch

clean:
	rm -rf build

$(B)/pushwatch: $(B)/main.o $(OBJECTS)
	@echo "link $@"; $(CC) $(CFLAGS) $(SANITIZE) $(WHOLE) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "compile $<"; $(COMPILE) -c -o $@ $<

$(UNITS:=.o) $(HELPERS): WHOLE :=

$(B)/libpushwatch.a: $(OBJECTS)
	@rm -f $@; $(AR) rcs $@ $^

$(UNITS): $(B)/tests/%: $(B)/tests/%.o $(HELPERS) $(B)/libpushwatch.a
	@echo "link $@"; $(CC) $(SANITIZE) -fno-lto $(GOLD) $(LDFLAGS) -o $@ $^ $(LIBS) -lssl -lbrotlienc -lcmocka

$(FUZZERS): $(B)/%: $(B)/%.o $(FUZZ_HELPERS) $(filter %.o,$(FUZZ_MAIN)) $(B)/libpushwatch.a
	@echo "link $@"; $(CC) $(SANITIZE) -o $@ $^ $(filter -f%,$(FUZZ_MAIN)) $(LIBS)

-include $(shell find $(B) -name '*.d' 2>/dev/null)

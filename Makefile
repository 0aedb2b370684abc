# pushwatch. `make demo` and `make check` install what Debian lacks, build, and show or test.
PREFIX   ?= /usr/local
CC       ?= cc
CFLAGS   ?= -O2 -g
VERSION  := 0.1.0
B        := build
PACKAGES := libpcap libndpi libcrypto

# Warnings are errors in CI alone. System headers' warnings are not ours (-isystem).
WARN      = -Wall -Wextra -Wconversion -Wshadow $(if $(CI),-Werror)
INCLUDES  = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PACKAGES)))
COMPILE   = $(CC) -std=gnu11 -D_GNU_SOURCE -DPUSHWATCH_VERSION='"$(VERSION)"' $(WARN) -MMD -MP \
            $(INCLUDES) $(CFLAGS) $(SANITIZE)
LIBS      = $(shell pkg-config --libs $(PACKAGES))
SANITIZE_FLAGS = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

SOURCES  := options.c progress.c $(wildcard capture/*.c dissect/*.c report/*.c report/judge/*.c)
OBJECTS  := $(SOURCES:%.c=$(B)/%.o)
HELPERS  := $(patsubst %.c,$(B)/%.o,$(filter-out tests/test_%.c,$(wildcard tests/*.c)))
UNITS    := $(patsubst %.c,$(B)/%,$(wildcard tests/test_*.c))
FUZZERS  := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_OBJECTS := tests/craft.o libpushwatch.a

.PHONY: all demo check check-here asan lint fuzz golden install uninstall clean FORCE
all: $(B)/pushwatch

demo:
	@tests/packages.sh build
	@$(MAKE) --no-print-directory all
	$(B)/pushwatch pcaps/seed-fin-wait-1-143.pcap
	$(B)/pushwatch pcaps/seed-pileup.pcap

check:
	@tests/packages.sh build test
	@$(MAKE) --no-print-directory check-here fuzz

# All tests but the fuzzers, with what is installed.
check-here: $(B)/pushwatch $(UNITS)
	tests/run.sh $(B)

asan:
	@$(MAKE) --no-print-directory B=build/asan SANITIZE="$(SANITIZE_FLAGS)" check-here

# Each fuzz target for a short while from its seeds; FUZZ_SECONDS=600 makes it a long one.
fuzz: $(FUZZERS)
	tests/fuzz/run.sh $(or $(FUZZ_SECONDS),5) $(FUZZERS)

lint:
	tests/lint.sh

# Writes the expected reports anew: look at the difference before committing it.
golden: $(B)/pushwatch
	tests/golden.sh $(B)/pushwatch --update

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(B)/pushwatch $(DESTDIR)$(PREFIX)/bin/pushwatch
	install -m 644 pushwatch.1 $(DESTDIR)$(PREFIX)/share/man/man1/pushwatch.1
	install -d $(DESTDIR)$(PREFIX)/share/doc/pushwatch
	install -m 644 report/flow-record.schema.json LICENSE $(DESTDIR)$(PREFIX)/share/doc/pushwatch

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/pushwatch $(DESTDIR)$(PREFIX)/share/man/man1/pushwatch.1
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/pushwatch

clean:
	rm -rf build

$(B)/pushwatch: $(B)/main.o $(OBJECTS)
	@echo "link $@"
	@$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "compile $<"
	@$(COMPILE) -c -o $@ $<

$(B)/libpushwatch.a: $(OBJECTS)
	@rm -f $@
	@$(AR) rcs $@ $^

$(UNITS): $(B)/tests/%: $(B)/tests/%.o $(HELPERS) $(B)/libpushwatch.a
	@echo "link $@"
	@$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBS) -lssl -lcmocka

# Fuzzers want clang, whatever $(CC) is, and everything instrumented.
$(FUZZERS): build/fuzz/%: FORCE
	@$(MAKE) --no-print-directory -s B=build/fuzz-objects CC=clang CFLAGS="-O1 -g" \
	    SANITIZE="$(SANITIZE_FLAGS) -fsanitize=fuzzer-no-link" \
	    $(FUZZ_OBJECTS:%=build/fuzz-objects/%) build/fuzz-objects/tests/fuzz/$*.o
	@mkdir -p $(@D)
	@echo "link $@"
	@clang $(SANITIZE_FLAGS) -fsanitize=fuzzer -o $@ build/fuzz-objects/tests/fuzz/$*.o \
	    $(FUZZ_OBJECTS:%=build/fuzz-objects/%) $(LIBS)

-include $(shell find $(B) -name '*.d' 2>/dev/null)

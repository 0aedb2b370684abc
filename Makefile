# pushwatch: `make demo` and `make check` install what is missing, build, and show or test.
PREFIX  ?= /usr/local
VERSION := 0.1.0
B       := build
CC      ?= cc
CFLAGS  ?= -O2 -g
PACKAGES := libpcap libndpi openssl

WARN     := -Wall -Wextra -Wconversion -Wshadow $(if $(CI),-Werror)
# System headers by -isystem: their warnings are not ours.
INCLUDES = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PACKAGES)))
BUILD_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DPUSHWATCH_VERSION='"$(VERSION)"' $(WARN) -MMD -MP \
               $(INCLUDES) $(CFLAGS) $(SANITIZE)
LIBS     = $(shell pkg-config --libs $(PACKAGES)) -lpthread

SOURCES := options.c progress.c $(wildcard capture/*.c dissect/*.c report/*.c report/judge/*.c)
OBJECTS := $(SOURCES:%.c=$(B)/%.o)
TESTS   := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: all demo check unit asan lint fuzz install uninstall clean
all: $(B)/pushwatch

$(B)/pushwatch: $(B)/main.o $(OBJECTS)
	$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(BUILD_CFLAGS) -c -o $@ $<

$(B)/libpushwatch.a: $(OBJECTS)
	rm -f $@ && $(AR) rcs $@ $^

$(B)/tests/test_%: $(B)/tests/test_%.o $(B)/tests/craft.o $(B)/libpushwatch.a
	$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

unit: $(TESTS)
	@for t in $(TESTS); do $$t || exit 1; done

clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)

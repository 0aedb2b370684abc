#!/bin/sh
# Builds the benchmark's own programs, if they are not there or their sources have changed:
# tools.sh FOLDER
set -eu
here=$(dirname "$0")
tools=$1
mkdir -p "$tools"

# build PROGRAM "MODULE..." LIBRARY...
build() {
    program=$1 modules=$2
    shift 2
    [ -e "$tools/$program" ] &&
        [ -z "$(find "$here" -name '*.[ch]' -newer "$tools/$program")" ] && return
    # shellcheck disable=SC2086 # a list of words
    set -- "$program.c" $modules "$@"
    # A whole program or none, should the compiler be stopped.
    (cd "$here" && cc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -O2 -o "$work/$program" "$@")
    mv "$work/$program" "$tools/$program"
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build generate "certificates.c dialogue.c hello_marks.c sessions.c tally.c wire.c workload.c" \
    -lssl -lcrypto
build empty_pcap "" -lpcap
build raw_read ""
build warm ""

#!/bin/sh
# Installs with apt-get what is missing to build (packages.sh build) or to test (build test). Does
# nothing where all is there, and says what is wanted where there is no apt-get.
set -eu

build="pkg-config libpcap-dev libndpi-dev libssl-dev zlib1g-dev libzstd-dev liblz4-dev
       libbrotli-dev libinih-dev libjansson-dev"
test="gzip zstd lz4 libcmocka-dev python3 python3-jsonschema openssl iproute2 nftables tcpdump clang
      libclang-rt-14-dev mandoc tshark"

wanted=
for group in "$@"; do
    case $group in
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $test" ;;
    *) echo "packages.sh: no such group: $group" >&2; exit 2 ;;
    esac
done

if ! command -v dpkg-query >/dev/null; then
    echo "packages.sh: no dpkg here. Wanted, by Debian's names:$wanted" >&2
    exit 0
fi

missing=
for package in $wanted; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "packages.sh: root or sudo is needed to install:$missing" >&2; exit 1; }
    sudo=sudo
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q
# shellcheck disable=SC2086 # a list of words
$sudo apt-get install -q -y --no-install-recommends $missing

#!/bin/sh
# Installs redis-server, the peer of every row, when it is missing; says so and goes on when it cannot, and the suite then
# reports the row as not run. Tarantool is measured where it is installed, and not installed for this.
set -u
command -v redis-server >/dev/null 2>&1 && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "redis-server is missing and there is no apt-get: install it, or the rows compare with nothing." >&2
    exit 0
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo -n"
    if ! sudo -n true 2>/dev/null; then
        echo "redis-server is missing: run 'sudo apt-get install redis-server', or the rows compare with nothing." >&2
        exit 0
    fi
fi
# The package would start a server of its own; RUNLEVEL keeps Debian's scripts from it.
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
$as_root apt-get install -y -q --no-install-recommends redis-server >&2 ||
    { $as_root apt-get update -q >&2 && $as_root apt-get install -y -q --no-install-recommends redis-server >&2; } ||
    echo "redis-server could not be installed: the rows compare with nothing." >&2

#!/bin/sh
# Installs the peers that Debian has and that are missing: redis-server, the peer of every row, and postgresql-15, that of rows 5
# and 6. Says so and goes on where it cannot; the suite then reports those rows as not run. Tarantool is measured where it is
# installed, and not installed for this.
set -u
missing=""
command -v redis-server >/dev/null 2>&1 || missing="redis-server"
[ -x /usr/lib/postgresql/15/bin/postgres ] || missing="$missing postgresql-15"
[ -n "$missing" ] || exit 0
without() {
    echo "Missing: $missing. $1 The rows that they belong to compare with nothing." >&2
    exit 0
}
command -v apt-get >/dev/null 2>&1 || without "There is no apt-get: install them by hand."
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo -n"
    sudo -n true 2>/dev/null || without "Run 'sudo apt-get install $missing'."
fi
# The packages would start servers of their own; RUNLEVEL keeps Debian's scripts from it.
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
is_updated=""
for package in $missing; do
    # One by one: one that cannot be had must not keep the other away.
    $as_root apt-get install -y -q --no-install-recommends "$package" >&2 && continue
    [ -n "$is_updated" ] || $as_root apt-get update -q >&2
    is_updated=yes
    $as_root apt-get install -y -q --no-install-recommends "$package" >&2 ||
        echo "$package could not be installed: its rows compare with nothing." >&2
done

#!/bin/bash
# golden.sh - what is generated and kept in the tree is what the programs would generate now: the table of routes and
# permissions (a change of who may do what shows in review) and the example configuration. --write makes them anew.
set -u
cd "$(dirname "$0")/../.." || exit 2
ctl=${CENTRALA_BIN:-build}/centralactl
bad=0
check() { # FILE COMMAND...
    local file=$1
    shift
    if [ "$write" = 1 ]; then
        "$@" >"$file.new" && mv "$file.new" "$file" || bad=1
    elif ! diff -u "$file" <("$@") >&2; then
        echo "golden.sh: $file is not what \"$*\" prints now; make golden, and look at the difference" >&2
        bad=1
    fi
}
write=0
[ "${1:-}" = --write ] && write=1
check tests/golden/routes.txt "$ctl" routes
check etc/centrala.conf.example "$ctl" config example
exit $bad

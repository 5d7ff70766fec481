#!/bin/bash
# headers.sh [ROOT] - every header below ROOT/fcgi compiles alone, and twice in one file.
set -u
cd "${1:-.}" || exit 2
CC=${CC:-gcc}
flags=$(pkg-config --cflags libmariadb libcurl libcjson libsodium libcrypto libjwt 2>/dev/null)
failures=0
for header in fcgi/*.h fcgi/*/*.h; do
    [ -f "$header" ] || continue
    name=${header#fcgi/}
    # shellcheck disable=SC2086 # the flags are words
    if ! out=$(printf '#include "%s"\n#include "%s"\n' "$name" "$name" |
        $CC -std=c11 -Wall -Wextra -Wpedantic -Wstrict-prototypes -Werror -Wno-unused-function -fsyntax-only -Ifcgi $flags -x c - 2>&1); then
        echo "$header: does not compile alone"
        printf '%s\n' "$out" | head -n 5 | sed 's/^/    /'
        failures=1
    fi
done
exit $failures

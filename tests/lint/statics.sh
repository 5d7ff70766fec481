#!/bin/bash
# statics.sh [ROOT [OBJECTS]] - mutable static data, read from the object files (ROOT/build/release by default): what one
# visitor leaves there the next one finds. Allowed are the symbols named in ROOT/tests/lint/statics.allow, each with its
# reason; a line there that no object needs any more is a failure too. Constant tables (.rodata, .data.rel.ro) are free.
set -u
root=${1:-.}
objects=${2:-$root/build/release}
allow=$root/tests/lint/statics.allow
cd "$root" || exit 2
export LC_ALL=C

failures=0
bad() { echo "$*"; failures=1; }

found=$(mktemp) || exit 2
trap 'rm -f "$found"' EXIT
for source in fcgi/*.c fcgi/*/*.c; do
    [ -f "$source" ] || continue
    object=$objects/${source%.c}.o
    if [ ! -f "$object" ]; then
        bad "$source: not built, so not checked ($object)"
        continue
    fi
    # Name, class, type and section of each symbol; the suffix .123 of a function's own statics is the compiler's.
    nm -f sysv "$object" | awk -F'|' -v source="$source" '
        { gsub(/ /, "", $1); gsub(/ /, "", $4); gsub(/ /, "", $7)
          if ($4 == "OBJECT" || $4 == "TLS")
              if ($7 ~ /^\.(data|bss|tdata|tbss|sdata|sbss|ldata|lbss)/ || $7 == "*COM*")
                  if ($7 !~ /^\.data\.rel\.ro/) { sub(/\.[0-9]+$/, "", $1); print source, $1 } }' >>"$found"
done

while read -r source symbol; do
    awk -v source="$source" -v symbol="$symbol" '
        !/^#/ && $1 == source && $2 == symbol && NF >= 3 { ok = 1 } END { exit !ok }' "$allow" ||
        bad "$source: mutable static \"$symbol\" (not in tests/lint/statics.allow)"
done <"$found"

while read -r source symbol reason; do
    case $source in '' | '#'*) continue ;; esac
    [ -n "$reason" ] || bad "statics.allow: $source $symbol has no reason"
    [ -f "$objects/${source%.c}.o" ] || [ ! -f "$source" ] || continue
    grep -qxF "$source $symbol" "$found" || bad "statics.allow: $source has no mutable static \"$symbol\" any more"
done <"$allow"
exit $failures

#!/bin/bash
# schema.sh [--write] - schema/current.sql is what all migrations make, and what they make keeps the rules of the house.
#
# The migrations are loaded in order into a private server, by the stock client and as the owner. --write puts the dump
# into schema/current.sql: do that after adding a migration. The two tables of the migrator itself (fcgi/store/migrate.c)
# are not part of it.
set -u -o pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
[ -n "${TEST_DB_DIR:-}" ] || exec "$root/tests/support/with-mariadb" "$here/schema.sh" "$@"
cd "$root" || exit 2
export LC_ALL=C
failures=0
bad() { echo "$*"; failures=1; }

secret=$TEST_DB_DIR/owner.cnf
(umask 077 && printf '[client]\nsocket="%s"\nuser=%s\npassword=%s\ndefault-character-set=utf8mb4\n' \
    "$CENTRALA_DB_SOCKET" "$CENTRALA_DB_OWNER_USER" "$CENTRALA_DB_OWNER_PASSWORD" > "$secret")
owner() { mariadb --defaults-file="$secret" --batch --skip-column-names "$CENTRALA_DB_NAME" "$@"; }
rule() { # WHAT QUERY: every row that comes is a violation
    local rows
    rows=$(owner -e "$2") || { bad "the query for \"$1\" fails"; return; }
    [ -z "$rows" ] || while read -r row; do bad "$1: $row"; done <<< "$rows"
}
normalise() { # without what depends on the server's version, on who loaded it and on data
    # shellcheck disable=SC2016 # these are the dump's own quotes
    sed -E '/^\/\*M?!/d; /^$/d; s/ AUTO_INCREMENT=[0-9]+//; s/DEFINER=`[^`]*`@`[^`]*` //; s/[[:space:]]+$//'
}

files=(schema/[0-9][0-9][0-9][0-9]_*.sql)
[ -f "${files[0]}" ] || { echo "schema/ holds no migration"; exit 1; }
for file in "${files[@]}"; do
    owner < "$file" || { bad "$file does not load as the owner"; exit 1; }
done

now=$TEST_DB_DIR/current.sql
{
    echo "-- The schema after all migrations. Made by tests/lint/schema.sh --write; to read, not to load or edit."
    mariadb-dump --defaults-file="$secret" --no-data --routines --skip-comments --compact "$CENTRALA_DB_NAME" | normalise
} > "$now" || bad "the dump fails"
if [ "${1:-}" = --write ]; then
    cp "$now" schema/current.sql && chmod 644 schema/current.sql
    chown --reference=schema schema/current.sql 2> /dev/null
elif ! diff -u --label schema/current.sql --label "what the migrations make" schema/current.sql "$now"; then
    bad "schema/current.sql is not what the migrations make: tests/lint/schema.sh --write"
fi

rule "a column without a comment" "SELECT CONCAT(table_name,'.',column_name) FROM information_schema.columns
  WHERE table_schema=DATABASE() AND column_comment='' ORDER BY table_name, ordinal_position"
rule "a table without a comment" "SELECT table_name FROM information_schema.tables WHERE table_schema=DATABASE() AND table_comment=''"
rule "a table that is not InnoDB" "SELECT table_name FROM information_schema.tables WHERE table_schema=DATABASE() AND engine<>'InnoDB'"
rule "a table without a primary key" "SELECT table_name FROM information_schema.tables t WHERE table_schema=DATABASE() AND NOT EXISTS
  (SELECT 1 FROM information_schema.table_constraints c WHERE c.table_schema=t.table_schema AND c.table_name=t.table_name AND constraint_type='PRIMARY KEY')"
rule "a reference between tables of tenants that does not begin with tenant_id" "SELECT CONCAT(k.table_name,'.',k.constraint_name)
  FROM information_schema.key_column_usage k WHERE k.table_schema=DATABASE() AND k.ordinal_position=1 AND k.referenced_table_name IS NOT NULL
  AND k.referenced_table_name<>'tenant' AND NOT (k.column_name='tenant_id' AND k.referenced_column_name='tenant_id')"
rule "a trigger" "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema=DATABASE()"
rule "an event" "SELECT event_name FROM information_schema.events WHERE event_schema=DATABASE()"
exit $failures

#!/bin/bash
# selftest.sh - each lint is given a small tree that is right (it must say nothing) and then one mistake at a time (it must
# fail and name it). A lint that finds nothing because it looks at nothing would be worse than none.
set -u
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failures=0
count=0

# A fresh tree that breaks no rule, in $work/tree.
fresh() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree"/{fcgi/{base,web,store,providers,services,pages,api,hooks,jobs},templates/pages,etc/locale,schema,tests/lint,build}
    cd "$work/tree" || exit 2
    cp "$top/fcgi/base/base.h" fcgi/base/
    put fcgi/base/thing.h '#ifndef THING_H' '#define THING_H' '#include "base/base.h"' 'int thing(int x);' '#endif'
    put fcgi/base/thing.c '#include "base/base.h"' '#include "base/thing.h"' 'static const char *const names[] = { "a", "b" };' \
        'int thing(int x)' '{' '    return names[x & 1][0]; /* exit(1), getenv("X") and db_x() are only words here */' '}'
    put fcgi/store/contacts.c '#include "base/base.h"' '#define COLUMNS "id,name "' '#define PART(x) "status=" x' \
        'struct sql { const char *text; };' '#define SQL(t) { .text = (t) }' \
        'extern const struct sql q1, q2, q3, q4, q5, q6, q7;' \
        'const struct sql q1 = SQL("SELECT " COLUMNS "FROM contact WHERE tenant_id=? AND id=?");' \
        'const struct sql q2 = SQL("INSERT INTO contact (tenant_id,name) VALUES (?,?)");' \
        'const struct sql q3 = SQL("UPDATE contact SET name=? WHERE tenant_id=? AND id=?");' \
        'const struct sql q4 = SQL("SELECT c.id FROM contact c JOIN message m ON m.tenant_id=c.tenant_id AND m.contact_id=c.id WHERE c.tenant_id=? AND c." PART("1"));' \
        'const struct sql q5 = SQL("SELECT id FROM tenant WHERE name=?");' \
        '/* lint: no-tenant: housekeeping over all tenants */' \
        'const struct sql q6 = SQL("DELETE FROM message WHERE created_at<?");' \
        'const struct sql q7 = SQL("CALL message_ingest(?,?)");'
    put schema/0001.sql 'CREATE TABLE tenant (id INT, name TEXT) ENGINE=InnoDB;' \
        "CREATE TABLE contact (tenant_id INT COMMENT 'a;b', id INT, name TEXT, status INT) ENGINE=InnoDB;" \
        'CREATE TABLE message (' '  tenant_id INT,' '  id INT, contact_id INT, created_at DATETIME) ENGINE=InnoDB;' \
        'CREATE PROCEDURE message_ingest(p_tenant INT, p_to TEXT) BEGIN END;' 'CREATE PROCEDURE purge(p_days INT) BEGIN END;'
    put fcgi/pages/home.c '#include "base/base.h"' 'struct request;' 'const char *say(struct request *rq, const char *id);' \
        'const char *home(struct request *rq);' 'const char *home(struct request *rq)' '{' '    return say(rq, "Hello"' '                   " there");' '}'
    put templates/pages/home.mustache '<a class="x {{y}}" href="{{next_url}}" {{#on}}hidden{{/on}} title="{{"Open"}}">{{name}}</a>' \
        '<script src="/static/app.js?v={{version}}"></script><form action="/send/{{id}}" method="post">{{{csrf}}}</form>'
    local language
    for language in en pl es; do
        put etc/locale/$language.po 'msgid ""' 'msgstr ""' '"Content-Type: text/plain; charset=UTF-8\n"' '"Plural-Forms: nplurals=2; plural=(n != 1);\n"' \
            '' 'msgid "Hello there"' 'msgstr "x"' '' 'msgid "Open"' 'msgstr "x"'
    done
    put tests/lint/statics.allow '# none'
}
put() {
    local file=$1
    shift
    printf '%s\n' "$@" >"$file"
}
add() {
    local file=$1
    shift
    printf '%s\n' "$@" >>"$file"
}

layers() { find fcgi -name '*.[ch]' | sort | xargs awk -f "$here/layers.awk"; }
headers() { bash "$here/headers.sh" .; }
statics() {
    local source
    for source in $(find fcgi -name '*.c'); do
        mkdir -p "build/$(dirname "$source")"
        ${CC:-gcc} -std=c11 -O1 -fPIE -fno-common -Ifcgi -c "$source" -o "build/${source%.c}.o" || return 2
    done
    bash "$here/statics.sh" . build
}
statements() { python3 "$here/statements.py" .; }
templates() { python3 "$here/templates.py" .; }
catalogue() { python3 "$here/catalogue.py" .; }
sizes() { python3 "$here/sizes.py" .; }

good() { # LINT: the tree as it stands is right
    count=$((count + 1))
    if ! out=$("$1" 2>&1); then
        echo "$1 fails on a tree that is right: $out"
        failures=$((failures + 1))
    fi
}
bad() { # LINT PATTERN: the tree as it stands has a mistake, and the lint names it
    count=$((count + 1))
    if out=$("$1" 2>&1); then
        echo "$1 does not find: $2"
        failures=$((failures + 1))
    elif ! grep -qE -- "$2" <<<"$out"; then
        echo "$1 fails, but not with \"$2\": $out"
        failures=$((failures + 1))
    fi
    fresh
}

fresh
for lint in layers headers statics statements templates catalogue sizes; do good $lint; done

add fcgi/base/thing.c '#include "web/view.h"'; bad layers 'base may not include web/view.h'
add fcgi/web/a.c '#include "base/base.h"' '#include "store/db.h"'; bad layers 'web may not include store/db.h'
add fcgi/web/a.c '#include "base/base.h"' '#include "services/session.h"'; bad layers 'web may not include services'
add fcgi/store/a.c '#include "base/base.h"' '#include "providers/client.h"'; bad layers 'store may not include providers'
add fcgi/pages/home.c '#include "store/users.h"'; bad layers 'pages may not include store/users.h'
add fcgi/api/a.c '#include "base/base.h"' '#include "pages/parts.h"'; bad layers 'api may not include pages'
add fcgi/jobs/a.c '#include "base/base.h"' '#include "web/view.h"'; bad layers 'jobs may not include web'
add fcgi/base/thing.c '#include "thing.h"'; bad layers 'carries its layer'
add fcgi/base/thing.c '#include "base/thing.c"'; bad layers 'source file is included'
add fcgi/store/a.c '#include "store/b.h"' '#include "base/base.h"'; bad layers 'base/base.h comes first'
add fcgi/services/a.c '#include "base/base.h"' '#include <mysql.h>'; bad layers '<mysql.h> only in'
add fcgi/store/contacts.c '#include <mysql/mysql.h>'; bad layers '<mysql/mysql.h> only in'
add fcgi/providers/twilio.c '#include "base/base.h"' '#include <curl/curl.h>'; bad layers '<curl/curl.h> only in'
add fcgi/web/request.c '#include "base/base.h"' '#include <fcgiapp.h>'; bad layers '<fcgiapp.h> only in'
add fcgi/services/a.c '#include "base/base.h"' '#include <cjson/cJSON.h>'; bad layers 'cJSON.h> only in'
add fcgi/services/a.c '#include "base/base.h"' '#include <sodium.h>'; bad layers '<sodium.h> only in'
add fcgi/services/a.c '#include "base/base.h"' '#include "store/db_internal.h"'; bad layers 'db_internal.h is for store'
add fcgi/base/thing.c 'const char *x(void) { return getenv("HOME"); }'; bad layers 'environment'
add fcgi/base/thing.c 'extern char **environ;'; bad layers 'environment'
add fcgi/base/thing.c '/* a' 'comment */ void x(void) { exit(1); }'; bad layers 'exit\('
add fcgi/web/a.c '#include "base/base.h"' 'void x(void) { _exit(1); }'; bad layers '_exit\('
add fcgi/pages/home.c 'void x(struct ctx *ctx) { db_user_get (ctx, 1); }'; bad layers 'row function outside'
add fcgi/services/a.c '#include "base/base.h"' 'int x(void) { return stmt_do(0, 0, 0, 0); }'; bad layers 'statement outside'
mkdir -p fcgi/misc; add fcgi/misc/a.c '#include "base/base.h"'; bad layers 'not in a layer'
add fcgi/services/a.c '#include "base/base.h"' '#include "main_ctl.h"'; bad layers 'nobody includes main_'
add fcgi/main_y.c '#include "base/base.h"' '#include "main_y.h"'; good layers; fresh
add fcgi/main_x.c '#include "base/base.h"' '#include "store/db.h"' 'int main(void) { exit(getenv("X") != 0); }'; good layers; fresh

put fcgi/base/other.h 'struct thing { size_t n; };'; bad headers 'other.h: does not compile alone'
put fcgi/base/other.h '#include "base/base.h"' 'struct thing { size_t n; };'; bad headers 'other.h' # no guard: twice in one file

add fcgi/base/thing.c 'int counter;'; bad statics 'thing.c: mutable static "counter"'
add fcgi/base/thing.c 'int x(void);' 'int x(void) { static int last; return ++last; }'; bad statics 'mutable static "last"'
add fcgi/base/thing.c 'const char *words[] = { "a" };'; bad statics 'mutable static "words"'
add fcgi/base/thing.c '_Thread_local int each;'; bad statics 'mutable static "each"'
add fcgi/base/thing.c 'int counter;'; add tests/lint/statics.allow 'fcgi/base/thing.c counter made once at start'; good statics; fresh
add fcgi/base/thing.c 'int counter;'; add tests/lint/statics.allow 'fcgi/base/thing.c counter'; bad statics 'no reason'
add tests/lint/statics.allow 'fcgi/base/thing.c counter made once at start'; bad statics 'any more'

sql() { add fcgi/store/contacts.c 'extern const struct sql extra;' "$@"; }
sql 'const struct sql extra = SQL("SELECT id FROM contact WHERE id=?");'; bad statements 'not the first parameter \(contact\)'
sql 'const struct sql extra = SQL("SELECT id FROM contact WHERE id=? AND tenant_id=?");'; bad statements 'not the first parameter'
sql 'const struct sql extra = SQL("SELECT id FROM contact WHERE NOT tenant_id=?");'; bad statements 'not the first parameter'
sql 'const struct sql extra = SQL("SELECT t.id FROM tenant t, contact c WHERE t.id=?");'; bad statements 'not the first parameter'
sql 'const struct sql extra = SQL("INSERT INTO contact (id,tenant_id) VALUES (?,?)");'; bad statements 'not the first parameter'
sql 'const struct sql extra = SQL("UPDATE contact SET name=? WHERE id=?");'; bad statements 'not the first parameter'
sql 'const struct sql extra = SQL("UPDATE contact SET name=? WHERE id=? AND tenant_id=?");'; bad statements 'not the first parameter'
sql 'const struct sql extra = SQL("DELETE FROM contact WHERE id=?");'; bad statements 'not the first parameter'
sql 'const struct sql extra = SQL("DELETE FROM " "con" "tact WHERE " PART("?"));'; bad statements 'not the first parameter'
sql 'const struct sql extra = SQL("SELECT c.id FROM contact c JOIN message m ON m.contact_id=c.id WHERE c.tenant_id=?");'; bad statements 'tenant_id only 1 times'
sql 'const struct sql extra = SQL("CALL message_ingest(7,?)");'; bad statements 'not the first parameter'
sql 'const struct sql extra = SQL("CALL purge(?)");'; bad statements 'procedure whose first parameter'
sql '/* lint: no-tenant: */' 'const struct sql extra = SQL("DELETE FROM contact");'; bad statements 'not the first parameter'
sql '/* lint: no-tenant: not needed */' 'const struct sql extra = SQL("SELECT id FROM contact WHERE tenant_id=?");'; bad statements 'take the comment out'
sql '/* lint: no-tenant: of nothing */' 'extern int x;'; bad statements 'above no statement'
sql 'const struct sql extra = SQL("SELECT id FROM tenant WHERE name=%s");'; bad statements 'printf directive'
sql 'const struct sql extra = SQL("SELECT id FROM tenant WHERE " MISSING);'; bad statements 'MISSING is not a macro'
sql 'void x(char *b) { snprintf(b, 9, "SELECT id FROM tenant WHERE id=%d", 1); }'; bad statements 'built with snprintf'
sql 'void x(struct str *s) { str_puts(s, " WHERE id=1"); }'; bad statements 'built with str_puts'
add fcgi/services/a.c 'const char *q = "SELECT id FROM tenant";'; bad statements 'outside fcgi/store'
add fcgi/services/a.c 'const char *q = "update tenant set name=1";'; bad statements 'outside fcgi/store'
add fcgi/services/a.c 'const char *q = "Select a line", *r = "Delete from the list", *s = "Update the number.", *t = "Call me";'; good statements; fresh
sql 'const struct sql extra = SQL("SELECT id FROM contact WHERE tenant_id=? AND name LIKE '"'%d%s'"'");'; good statements; fresh
rm schema/0001.sql; bad statements 'no table with tenant_id'

page() { put templates/pages/home.mustache "$@"; }
page '<a class={{x}}>'; bad templates 'class= is not quoted'
page '<a class=x>'; bad templates 'class= is not quoted'
page '<input {{attributes}}>'; bad templates "attribute's name"
page '<a {{#x}}class={{y}}{{/x}}>'; bad templates 'class= is not quoted'
page '<script>var x = "{{x}}";</script>'; bad templates 'tag in <script>'
page '<script>go();</script>'; bad templates 'inline script'
page '<style>p { color: {{x}} }</style>'; bad templates 'tag in <style>'
page '<p style="color: {{x}}">'; bad templates 'tag in style='
page '<p onclick="go({{x}})">'; bad templates 'onclick='
page '{{{name}}}'; bad templates 'not escaped'
page '{{& name}}'; bad templates 'not escaped'
page '{{=<% %>=}}'; bad templates 'delimiters'
page '<a href="{{url}}">'; bad templates 'href=: a value'
page '<a href="{{"Text"}}">'; bad templates 'href=: a value'
page '<a href="javascript:{{x_url}}">'; bad templates 'href=: a value'
page '<a href="//{{host}}/">'; bad templates 'href=: a value'
page '<a href="/{{path}}">'; bad templates 'href=: a value'
page '<img src="{{#x}}/a/{{y}}{{/x}}{{^x}}{{z}}{{/x}}">'; bad templates 'src=: a value'
page '<form action="{{#x}}{{y}}{{/x}}">'; bad templates 'action=: a value'
page '<a href="{{#x}}{{a.b_url}}{{/x}}{{^x}}/a/{{z}}{{/x}}?{{q}}"><a href="/a#{{#o}}open{{/o}}{{^o}}shut{{/o}}"><a href="?after={{id}}">'; good templates; fresh
page '<p title="{{"Say > it"}}" data-x="a=b">a < b <br/> {{! a "comment" > }} {{> parts/x}}</p>'; good templates; fresh

add templates/pages/home.mustache '{{"Close"}}'; bad catalogue "missing: 'Close'"
add fcgi/pages/home.c '#define TWO "Two"' 'void x(int a) { say(rq, a ? "One" : TWO); }'; bad catalogue "missing: 'Two'"
add fcgi/pages/home.c 'static const char *const t = N_("In a table");'; bad catalogue "missing: 'In a table'"
add fcgi/pages/home.c 'void x(void) { say_n(rq, N_("%lld day"), N_("%lld days"), 2); }'; bad catalogue "missing: '%lld day'"
add fcgi/services/a.c 'void x(void) { err_field(ctx, "to", "Wrong number"); }'; bad catalogue "missing: 'Wrong number'"
add fcgi/services/a.c 'void x(void) { err_text(ctx, ERR_LIMIT, "Too fast", "detail %d", 1); }'; bad catalogue "missing: 'Too fast'"
add fcgi/base/err.h '#define ERR_LIST(ERR) \' '    ERR(NONE, 200, DEBUG, "") \' '    ERR(ABSENT, 404, INFO, "Not here")'; bad catalogue "missing: 'Not here'"
add etc/locale/pl.po '' 'msgid "Old"' 'msgstr "x"'; bad catalogue "pl.po.*not used any more: 'Old'"
sed -i 's/msgstr "x"/msgstr ""/' etc/locale/es.po; bad catalogue "es.po.*'Open' is not translated"
sed -i 's/^msgid "Open"/#, fuzzy\n&/' etc/locale/es.po; bad catalogue 'fuzzy'
add fcgi/pages/home.c 'void x(void) { sayf(rq, "Hi %s", "a"); }'
for language in en pl es; do add etc/locale/$language.po '' 'msgid "Hi %s"' 'msgstr "Hi %d"'; done; bad catalogue 'other directives'
add fcgi/pages/home.c 'void x(void) { say_n(rq, "%lld day", "%lld days", 2); }'
for language in en pl es; do add etc/locale/$language.po '' 'msgid "%lld day"' 'msgid_plural "%lld days"' 'msgstr[0] "x"'; done; bad catalogue 'not translated'
sed -i '/Plural-Forms/d' etc/locale/pl.po; bad catalogue 'lacks Plural-Forms'
rm etc/locale/pl.po; bad catalogue 'pl.po: missing'
rm etc/locale/*.po; add fcgi/pages/home.c 'void x(void) { say_n(rq, "%lld day", "%lld days", 2); sayf(rq, "Hi \"%s\"", "a"); }'
python3 "$here/catalogue.py" --update . >/dev/null
grep -q 'msgstr\[1\] "%lld days"' etc/locale/en.po && grep -q '^msgstr\[2\] ""' etc/locale/pl.po && [ "$(grep -c '^msgstr ""$' etc/locale/es.po)" = 4 ] ||
    { echo "catalogue.py --update does not write what is missing"; failures=$((failures + 1)); }
[ "$(catalogue | grep -c 'en.po')" = 0 ] || { echo "catalogue.py --update leaves the English catalogue incomplete"; failures=$((failures + 1)); }
add etc/locale/en.po '' '#: gone.c' 'msgid "Gone"' 'msgstr "Gone"'
python3 "$here/catalogue.py" --prune . >/dev/null
grep -q -e Gone -e gone.c etc/locale/en.po && { echo "catalogue.py --prune leaves what is not used"; failures=$((failures + 1)); }
fresh

lines() { local i; for ((i = 0; i < $1; i++)); do echo '    x++;'; done; }
{ echo 'int f(int x)'; echo '{'; lines 78; echo '    return x; }'; } >>fcgi/base/thing.c; bad sizes 'f\(\) has 81 lines'
{ echo 'PRINTF_LIKE(1, 2)'; echo 'static int (*g(int x))(void)'; echo '{'; lines 90; echo '}'; } >>fcgi/base/thing.c; bad sizes 'has 94 lines'
{ echo 'int f(int x)'; echo '{'; lines 76; echo '    return x;'; echo '}'; } >>fcgi/base/thing.c; good sizes; fresh
{ echo 'int f(int x)'; echo '{'; lines 60; echo '}'; } >>fcgi/base/thing.c; sizes | grep -q 'f() has 63 lines (a warning' || { echo "sizes: no warning"; failures=$((failures + 1)); }; fresh
{ echo 'static const int t[] = {'; for ((i = 0; i < 100; i++)); do echo '    1,'; done; echo '};'; } >>fcgi/base/thing.c; good sizes; fresh
for ((i = 0; i < 500; i++)); do echo 'extern int x;'; done >>fcgi/base/thing.h; bad sizes 'thing.h: 50[0-9] lines$'

if [ $failures -gt 0 ]; then
    echo "$failures of $count trials went wrong"
    exit 1
fi
echo "$count trials"

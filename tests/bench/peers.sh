#!/bin/bash
# peers.sh - Centrala beside the reference program and the peers, in one run of the harness in ../shared/bench.
#
#   tests/bench/peers.sh [options of `bench.sh run`, e.g. --workloads w3,w4 --rounds 3 --impls limit,php]
#
# Copies the harness to build/bench, lets it start its own MariaDB and seed, loads the same seed into Centrala's schema in
# the same server, starts lighttpd and four workers, writes product.conf, runs, prints the table, stops what it started.
# Environment: SHARED (../shared), PEERS_PORT (a free port), BENCH_* of the harness, PEERS_KEEP=1 leaves the database.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
shared=${SHARED:-$root/../shared}
[ -x "$shared/bench/bench.sh" ] || { echo "peers.sh: no harness at $shared/bench" >&2; exit 2; }
make -s -j2 all
copy=$root/build/bench
mkdir -p "$copy"
cp -rn --no-preserve=mode "$shared/bench/." "$copy/" && chmod +x "$copy"/*.sh
export BENCH_RUN=$copy/run
run=$copy/run var=$copy/centrala
mkdir -p "$var"
port=${PEERS_PORT:-$(/usr/bin/python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')}
impls=sql,limit,php,flask,nodep
args=()
while [ $# -gt 0 ]; do
    case $1 in --impls) impls=$2; shift 2 ;; *) args+=("$1"); shift ;; esac
done

stop() {
    for f in "$var/web.pid" "$var/app.pid"; do [ -s "$f" ] && kill "$(cat "$f")" 2>/dev/null || true; done
    [ -n "${PEERS_KEEP:-}" ] || (cd "$copy" && ./bench.sh down) || true
}
trap stop EXIT
(cd "$copy" && ./bench.sh seed)

sql() { mariadb --no-defaults --socket="$run/mysql.sock" --user=root --local-infile=1 "$@"; }
# Everything under one root user: the harness's server has no passwords; the reader is a user of its own as always.
sql -e "DROP DATABASE IF EXISTS centrala; CREATE DATABASE centrala CHARACTER SET utf8mb4;
        CREATE OR REPLACE USER centrala_app@localhost IDENTIFIED BY 'bench'; GRANT SELECT,INSERT,UPDATE,DELETE,EXECUTE ON centrala.* TO centrala_app@localhost;
        CREATE OR REPLACE USER centrala_reader@localhost IDENTIFIED BY 'bench'; GRANT SELECT ON centrala.* TO centrala_reader@localhost;
        CREATE OR REPLACE USER centrala_owner@localhost IDENTIFIED BY 'bench'; GRANT ALL ON centrala.* TO centrala_owner@localhost"
export CENTRALA_DB_SOCKET=$run/mysql.sock CENTRALA_DB_NAME=centrala CENTRALA_DB_USER=centrala_app CENTRALA_DB_PASSWORD=bench
export CENTRALA_DB_READER_USER=centrala_reader CENTRALA_DB_READER_PASSWORD=bench CENTRALA_DB_OWNER_USER=centrala_owner CENTRALA_DB_OWNER_PASSWORD=bench
export CENTRALA_KEY_FILE=$var/key CENTRALA_SETUP_CODE_FILE=$var/setup.code CENTRALA_WEB_SOCKET=$var/centrala.sock CENTRALA_ROOT=$root
export CENTRALA_PUBLIC_URL=https://bench.example CENTRALA_WORKERS=${BENCH_WORKERS:-4} CENTRALA_WEB_MAX_REQUESTS=1000000 CENTRALA_LOG_LEVEL=${CENTRALA_LOG_LEVEL:-notice}
ctl=build/centralactl
$ctl migrate >/dev/null
$ctl tenant add Bench --sid AC00000000000000000000000000000001 --token bench_auth_token_0123456789abcdef >/dev/null
echo "bench-password-1" | $ctl user add bench@bench.example --tenant Bench --role admin >/dev/null
$ctl line add +15005550006 --tenant Bench --channel sms >/dev/null
(cd "$run/seed" && sql centrala <"$root/tests/bench/peers.sql" >/dev/null)
CENTRALA_CRON_SOCKET=$var/cron.sock build/fcgi-cron --once # the five-minute refresh of the totals

setsid build/centrala.fcgi >"$var/app.log" 2>&1 &
echo $! >"$var/app.pid"
cat >"$var/lighttpd.conf" <<CNF
server.port = $port
server.bind = "127.0.0.1"
server.document-root = "$root/static"
server.errorlog = "$var/web.log"
server.pid-file = "$var/web.pid"
server.upload-dirs = ( "$var" )
server.max-connections = 1024
server.max-fds = 4096
server.modules = ( "mod_fastcgi" )
fastcgi.server = ( "/" => (( "socket" => "$CENTRALA_WEB_SOCKET", "check-local" => "disable", "fix-root-scriptname" => "enable", "disable-time" => 0 )) )
CNF
for _ in $(seq 200); do [ -S "$CENTRALA_WEB_SOCKET" ] && break; sleep 0.05; done
lighttpd -f "$var/lighttpd.conf"
cat >"$var/login.py" <<PY
import http.cookiejar, urllib.parse, urllib.request, time
for _ in range(100):
    try:
        jar = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https")))
        o = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar))
        o.open("http://127.0.0.1:$port/login", urllib.parse.urlencode({"email": "bench@bench.example", "password": "bench-password-1"}).encode()).read()
        print("Cookie: " + "; ".join(c.name + "=" + c.value for c in jar)); break
    except OSError:
        time.sleep(0.1)
PY
cat >"$copy/conf/product.conf" <<CNF
name = centrala
title = Centrala (C FastCGI, lighttpd)
base_url = http://127.0.0.1:$port
webhook_path = /twilio/inbound
list_path = /conversations
chat_path = /conversations/{id}
stats_cached_path = /api/messages/stats
health_path = /api/health
login_cmd = /usr/bin/python3 $var/login.py
sign_token = bench_auth_token_0123456789abcdef
sign_url = https://bench.example/twilio/inbound
pid.web = $var/web.pid
pid.app = $var/app.pid
rows_sql = SELECT COUNT(*) FROM centrala.message
expect.w3 = class="conversation-row
expect.w4 = class="bubble
expect.w5c = "total"
CNF
(cd "$copy" && ./bench.sh run --impls "$impls" --conf conf/product.conf ${args[@]+"${args[@]}"})

#!/bin/bash
# A private MariaDB in a folder: unix socket only, no TCP, no system service, data that survives restarts.
#
#   deploy/mariadb.sh start DIR     initialise DIR/db when absent, start, return when a query answers
#   deploy/mariadb.sh stop DIR      SHUTDOWN, then TERM, then KILL; only its own process
#   deploy/mariadb.sh status DIR    "running PID SOCKET" (exit 0) or "stopped" (exit 3)
#   deploy/mariadb.sh wait DIR [S]  until a query answers, at most S seconds (60)
#   deploy/mariadb.sh sql DIR [...] the mariadb client as administrator; further words go to the client
#   deploy/mariadb.sh unlink DIR    before DIR is deleted: removes the short link that a long path needs
#
# Sourced, it gives functions of these names: mariadb_start and so on.
#
# DIR/db.env (mode 0600) holds the generated passwords of the three users as settings of Centrala: the owner changes the
# schema, the app reads and writes, the reader only reads. The server runs as the owner of DIR. The administrator is the
# operating system user who owns DIR (and root): there is no administrator's password.
#
# Environment: MARIADB_BUFFER_POOL (64M), MARIADB_LOG_SIZE (48M), MARIADB_FLUSH (1: a COMMIT is on disk when it answers),
# MARIADB_CONNECTIONS (151), MARIADB_DATABASE (centrala).

PATH=$PATH:/usr/sbin:/sbin

mariadb_say() { echo "mariadb.sh: $*" >&2; }

# The pid of our own living server, judged by its command line: a stale pid file may name somebody else's process.
mariadb_pid() { # DIR
  local dir pid
  dir=$(readlink -f "$1") || return 1
  { read -r pid < "$dir/mysql.pid"; } 2>/dev/null || return 1
  case $pid in '' | *[!0-9]*) return 1 ;; esac
  { tr '\0' '\n' < "/proc/$pid/cmdline"; } 2>/dev/null | grep -qxF -- "--defaults-file=$dir/my.cnf" && echo "$pid"
}

# DIR/mysql.sock, or a short symbolic link to it: the kernel's limit for socket paths is 107 bytes.
mariadb_socket() { # DIR
  local dir=$1 link
  if [ ${#dir} -lt 89 ]; then echo "$dir/mysql.sock"; return; fi
  read -r link 2>/dev/null < "$dir/socket.link"
  if [ -z "$link" ] || [ "$(readlink "$link/d" 2>/dev/null)" != "$dir" ]; then
    link=$(mktemp -d /tmp/centrala.XXXXXX) || return 1
    chmod 711 "$link"
    ln -s "$dir" "$link/d"
    echo "$link" > "$dir/socket.link"
  fi
  echo "$link/d/mysql.sock"
}

mariadb_sql() { # DIR [client arguments]
  local dir socket
  dir=$(readlink -f "$1") || return 1
  shift
  socket=$(mariadb_socket "$dir") || return 1
  mariadb --no-defaults --socket="$socket" --user="$(id -un)" --default-character-set=utf8mb4 --skip-column-names --batch "$@"
}

mariadb_write_config() { # DIR
  local dir=$1
  # Its own: a server that starts clears other servers' temporary tables away where they share a folder.
  mkdir -p "$dir/mysql.tmp" && chown "$(stat -c %U "$dir")" "$dir/mysql.tmp" || return 1
  cat > "$dir/my.cnf.new" <<CNF
# Written by deploy/mariadb.sh at each start; its header names what can be set.
[mysqld]
user = $(stat -c %U "$dir")
datadir = "$dir/db"
socket = "$(mariadb_socket "$dir")"
pid-file = "$dir/mysql.pid"
log-error = "$dir/mysql.err"
tmpdir = "$dir/mysql.tmp"
skip-networking
skip-name-resolve
skip-log-bin
local-infile = 0
character-set-server = utf8mb4
collation-server = utf8mb4_unicode_ci
default-time-zone = +00:00
sql-mode = STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION
transaction-isolation = READ-COMMITTED
max-connections = ${MARIADB_CONNECTIONS:-151}
innodb-buffer-pool-size = ${MARIADB_BUFFER_POOL:-64M}
innodb-log-file-size = ${MARIADB_LOG_SIZE:-48M}
innodb-flush-log-at-trx-commit = ${MARIADB_FLUSH:-1}
innodb-lock-wait-timeout = 10
aria-pagecache-buffer-size = 8M
key-buffer-size = 1M
CNF
  mv "$dir/my.cnf.new" "$dir/my.cnf"
}

# Into db.new first: an initialisation that was cut short is never taken for a database.
mariadb_init() { # DIR
  local dir=$1 owner
  [ -d "$dir/db" ] && return 0
  owner=$(stat -c %U "$dir")
  rm -rf "$dir/db.new"
  sed "s|^datadir = .*|datadir = ./db.new|; /^log-error/d; /^socket/d; /^pid-file/d; s|^tmpdir = .*|tmpdir = ../mysql.tmp|" "$dir/my.cnf" > "$dir/install.cnf"
  # Relative paths: mariadb-install-db does not quote them, and the folder's name may contain blanks.
  if ! (cd "$dir" && mariadb-install-db --defaults-file=./install.cnf --force --datadir=./db.new --user="$owner" --skip-test-db \
    --skip-name-resolve --auth-root-authentication-method=socket --auth-root-socket-user="$owner") > "$dir/install.log" 2>&1 < /dev/null; then
    mariadb_say "initialising $dir/db failed:"
    tail -n 15 "$dir/install.log" >&2
    return 1
  fi
  rm -f "$dir/install.cnf"
  mv "$dir/db.new" "$dir/db"
}

mariadb_random() { od -An -N20 -tx1 /dev/urandom | tr -d ' \n'; }

# Passwords are made once; the socket line follows the folder.
mariadb_write_env() { # DIR
  local dir=$1 file=$1/db.env name=${MARIADB_DATABASE:-centrala} socket
  socket=$(mariadb_socket "$dir")
  case $socket in *"'"*) socket=${socket@Q} ;; *[!A-Za-z0-9_./,:@+-]*) socket="'$socket'" ;; esac # the file is sourced
  if [ ! -s "$file" ]; then
    (umask 077 && cat > "$file.new" <<ENV
CENTRALA_DB_SOCKET=$socket
CENTRALA_DB_NAME=$name
CENTRALA_DB_USER=centrala_app
CENTRALA_DB_PASSWORD=$(mariadb_random)
CENTRALA_DB_READER_USER=centrala_reader
CENTRALA_DB_READER_PASSWORD=$(mariadb_random)
CENTRALA_DB_OWNER_USER=centrala_owner
CENTRALA_DB_OWNER_PASSWORD=$(mariadb_random)
ENV
    ) || return 1
    mv "$file.new" "$file"
  elif ! grep -qxF "CENTRALA_DB_SOCKET=$socket" "$file"; then
    (umask 077 && sed "s|^CENTRALA_DB_SOCKET=.*|CENTRALA_DB_SOCKET=$socket|" "$file" > "$file.new") && mv "$file.new" "$file"
  fi
  [ "$(stat -c %u "$file")" = "$(stat -c %u "$dir")" ] || chown --reference="$dir" "$file"
}

mariadb_accounts_sql() { # DIR; reads db.env
  local CENTRALA_DB_NAME CENTRALA_DB_PASSWORD CENTRALA_DB_READER_PASSWORD CENTRALA_DB_OWNER_PASSWORD
  # shellcheck disable=SC1091
  . "$1/db.env"
  local name=$CENTRALA_DB_NAME pattern=${CENTRALA_DB_NAME//_/\\_} user password grant
  echo "CREATE DATABASE IF NOT EXISTS \`$name\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;"
  for user in "owner $CENTRALA_DB_OWNER_PASSWORD ALL" "app $CENTRALA_DB_PASSWORD SELECT,INSERT,UPDATE,DELETE,EXECUTE" \
    "reader $CENTRALA_DB_READER_PASSWORD SELECT"; do
    read -r user password grant <<< "$user"
    echo "CREATE OR REPLACE USER centrala_$user@localhost IDENTIFIED BY '$password';"
    echo "GRANT $grant ON \`$pattern\`.* TO centrala_$user@localhost;"
  done
}

# Database and users; again only when db.env is another one than last time.
mariadb_accounts() { # DIR
  local dir=$1 mark sum
  mark=$dir/db/centrala.accounts
  sum=$(grep -v '^CENTRALA_DB_SOCKET=' "$dir/db.env" | sha256sum)
  [ "$(cat "$mark" 2>/dev/null)" = "$sum" ] && return 0
  mariadb_accounts_sql "$dir" | mariadb_sql "$dir" || { mariadb_say "making the users failed"; return 1; }
  echo "$sum" > "$mark"
}

mariadb_answers() { # DIR
  mariadb_sql "$1" --connect-timeout=2 -e 'DO 1' > /dev/null 2>&1 < /dev/null
}

mariadb_wait() { # DIR [SECONDS]; gives up early when the server it waits for is gone
  local dir=$1 tries=$((${2:-60} * 25)) child=${3:-}
  until [ -S "$dir/mysql.sock" ] && mariadb_answers "$dir"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || return 1
    [ -z "$child" ] || kill -0 "$child" 2> /dev/null || return 1
    sleep 0.04
  done
}

mariadb_launch() { # DIR
  local dir=$1 child
  rm -f "$dir/mysql.pid"
  [ "$(stat -c %s "$dir/mysql.err" 2> /dev/null || echo 0)" -lt 4000000 ] || mv "$dir/mysql.err" "$dir/mysql.err.old"
  touch "$dir/mysql.err" && chown --reference="$dir" "$dir/mysql.err" 2> /dev/null
  # A session of its own: Ctrl-C at the terminal is for who started us, and he stops it with `stop`.
  setsid mariadbd --defaults-file="$dir/my.cnf" > /dev/null 2>> "$dir/mysql.err" < /dev/null 9>&- &
  child=$!
  # The server writes the same into it when it is ready; until then `stop` knows it by this.
  echo "$child" > "$dir/mysql.pid" && chown --reference="$dir" "$dir/mysql.pid" 2> /dev/null
  if ! mariadb_wait "$dir" 120 "$child"; then
    mariadb_say "the server did not start; the end of $dir/mysql.err:"
    tail -n 15 "$dir/mysql.err" >&2
    return 1
  fi
  disown "$child" 2> /dev/null
  return 0
}

mariadb_start() { # DIR
  local dir need
  for need in mariadbd mariadb mariadb-install-db; do
    command -v $need > /dev/null || { mariadb_say "$need is missing: apt-get install mariadb-server"; return 1; }
  done
  if ! mkdir -p "$1" || ! dir=$(readlink -f "$1") || ! [ -w "$dir" ]; then mariadb_say "cannot write to $1"; return 1; fi
  case $dir in *[\"\\]* | *$'\n'*) mariadb_say "cannot live in a folder with quotes in its name"; return 1 ;; esac
  ( # one at a time; the lock goes with this subshell and is not inherited by the server
    chown --reference="$dir" "$dir/mysql.lock" 2> /dev/null
    flock -w 130 9 || { mariadb_say "another start of $dir does not end"; exit 1; }
    if [ -n "$(mariadb_pid "$dir")" ]; then
      mariadb_wait "$dir" 60 || { mariadb_say "runs, but does not answer"; exit 1; }
    else
      mariadb_write_config "$dir" && mariadb_init "$dir" && mariadb_launch "$dir" || exit 1
    fi
    mariadb_write_env "$dir" && mariadb_accounts "$dir"
  ) 9> "$dir/mysql.lock"
}

mariadb_gone() { # PID TENTHS
  local n=$2
  while kill -0 "$1" 2> /dev/null; do
    # A child of ours that nobody has waited for yet is gone, too.
    case $(cut -d ' ' -f 3 "/proc/$1/stat" 2> /dev/null) in Z | '') return 0 ;; esac
    n=$((n - 1))
    [ $n -gt 0 ] || return 1
    sleep 0.1
  done
}

mariadb_stop() { # DIR
  local dir pid
  dir=$(readlink -f "$1") && pid=$(mariadb_pid "$dir") || return 0
  mariadb_sql "$dir" --connect-timeout=2 -e SHUTDOWN > /dev/null 2>&1 < /dev/null && mariadb_gone "$pid" 300 ||
    { kill -TERM "$pid" 2> /dev/null; mariadb_gone "$pid" 300; } ||
    { mariadb_say "$pid does not end; killed (the next start recovers)"; kill -KILL "$pid" 2> /dev/null; mariadb_gone "$pid" 100; } || return 1
  rm -f "$dir/mysql.pid" "$dir/mysql.sock"
}

# The short link outlives a stop: programs that still run know the socket by it. This is for a folder that goes away.
mariadb_unlink() { # DIR
  local dir link
  dir=$(readlink -f "$1") || return 0
  if read -r link 2> /dev/null < "$dir/socket.link"; then
    case $link in /tmp/centrala.*) rm -f "$link/d" && rmdir "$link" 2> /dev/null ;; esac
    rm -f "$dir/socket.link"
  fi
  return 0
}

mariadb_status() { # DIR
  local pid
  if pid=$(mariadb_pid "$1"); then echo "running $pid $(mariadb_socket "$(readlink -f "$1")")"; else echo stopped; return 3; fi
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  action=${1:-}
  [ $# -ge 2 ] || action=
  shift
  case $action in
    start | stop | status | wait | sql | unlink) "mariadb_$action" "$@" ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
fi

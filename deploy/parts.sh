# parts.sh - the programs a run starts: remembered by pid and start time, so that only they are ever stopped.
# Sourced by deploy/run. Uses $var (absolute), writes $var/run/NAME.pid ("PID START").

declare -A part_pid part_start # of the parts of this run

# Start time of a living process (clock ticks since boot) into $REPLY; fails for absent ones and zombies.
process_start() {
    local line
    REPLY=''
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    # shellcheck disable=SC2086
    set -- ${line##*) }
    [ "$1" != Z ] || return 1
    REPLY=${20}
}

process_is() { # PID START
    process_start "$1" && [ "$REPLY" = "${2:-none}" ]
}

# The executable of a process into $REPLY, also when its file was replaced meanwhile.
process_exe() {
    REPLY=$(readlink "/proc/$1/exe" 2>/dev/null) || return 1
    REPLY=${REPLY% (deleted)}
}

# A pause without a process of its own; a signal's trap runs at once.
exec {pause_fd}<> <(:)
pause() {
    read -r -t "$1" -u "$pause_fd" _
    return 0
}

# A part in a session of its own (a terminal's Ctrl-C reaches only us), its output in $var/log/NAME.log.
part_run() { # NAME COMMAND...
    local name=$1
    shift
    setsid "$@" </dev/null >>"$var/log/$name.log" 2>&1 {lock_fd}>&- {pause_fd}>&- &
    part_pid[$name]=$!
    process_start $! || true
    part_start[$name]=$REPLY
    echo "$! $REPLY" >"$var/run/$name.new" && mv "$var/run/$name.new" "$var/run/$name.pid" # whole or not at all, for who reads it meanwhile
    disown $! # no message from the shell when it dies: the run says so itself
}

part_alive() {
    [ -n "${part_pid[$1]:-}" ] && process_is "${part_pid[$1]}" "${part_start[$1]}"
}

# TERM to each "PID START", KILL to what is still there after $1 seconds.
processes_stop() {
    local limit=$((SECONDS + $1)) who left
    shift
    for who in "$@"; do
        # shellcheck disable=SC2086
        process_is $who && kill -TERM "${who% *}" 2>/dev/null
    done
    while :; do
        left=0
        for who in "$@"; do
            # shellcheck disable=SC2086
            process_is $who || continue
            left=1
            if [ $SECONDS -ge $limit ]; then kill -KILL "${who% *}" 2>/dev/null; fi
        done
        [ $left = 1 ] || break
        pause 0.03
    done
}

# Processes that runs over this $var started and that are still there: they carry its mark in their environment and run
# one of the programs given. Fills the array `strays` with "PID START"; leaves out the pids in $spare.
strays_find() { # EXE...
    local file pid exe
    strays=()
    while read -r file; do
        pid=${file#/proc/}
        pid=${pid%/environ}
        case " ${spare:-} " in *" $pid "*) continue ;; esac
        process_exe "$pid" || continue
        for exe in "$@"; do
            if [ "$REPLY" = "$exe" ] && process_start "$pid"; then strays+=("$pid $REPLY"); fi
            process_exe "$pid" || break
        done
    done < <(grep -lsxzF "CENTRALA_RUN_VAR=$var" /proc/[0-9]*/environ 2>/dev/null)
}

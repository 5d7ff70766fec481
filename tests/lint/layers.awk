# layers.awk - who may include whom, and what may appear only where. Arguments: the C sources and headers below fcgi/, as
# "fcgi/<layer>/<file>" or "fcgi/main_<x>.c". Prints one line a violation; exit 1 when there are any.
#
#   base < web | store | providers < services < pages, api, hooks, jobs < main_*.c
#
# A file may include its own layer. web never sees store, providers or services; pages, api and hooks see base, web and
# services; jobs see base and services.

BEGIN {
    may["base"] = "base"
    may["web"] = "base web"
    may["store"] = "base store"
    may["providers"] = "base providers"
    may["services"] = "base store providers services"
    may["pages"] = "base web services pages"
    may["api"] = "base web services api"
    may["hooks"] = "base web services hooks"
    may["jobs"] = "base services jobs"

    # A library's header, as a pattern of the name between < and >, and the files that may include it.
    library["^(mysql|mariadb|mysql/.*|mariadb/.*|errmsg|mysqld_error)\\.h$"] = "store/db.c store/stmt.c store/db_internal.h"
    library["^curl/"] = "providers/client.c"
    library["^(fcgiapp|fcgi_stdio|fastcgi|fcgios)\\.h$"] = "web/worker.c"
    library["(^|/)cJSON(_Utils)?\\.h$"] = "base/json.c"
    library["^(sodium\\.h|sodium/|openssl/|jwt\\.h$)"] = "base/crypto.c base/token.c"
}

function bad(text) {
    print FILENAME ":" FNR ": " text
    failures++
}

function listed(word, list) {
    return index(" " list " ", " " word " ") > 0
}

FNR == 1 {
    n = split(FILENAME, part, "/")
    for (i = 1; i < n && part[i] != "fcgi"; i++)
        ;
    main = (n == i + 1 && part[n] ~ /^main_[a-z0-9_]+\.[ch]$/)
    layer = main ? "main" : part[i + 1]
    file = part[i + 1] "/" part[n]
    comment = 0
    includes = 0
    if (!main && !(layer in may))
        bad("not in a layer: " file)
    if (!main && n != i + 2)
        bad("a layer has no folders of its own")
}

# Takes comments, texts and characters out of the line; `comment` says whether it ends within a comment.
function code(line,   out) {
    out = ""
    while (line != "") {
        if (comment) {
            if (!match(line, /\*\//))
                return out
            line = substr(line, RSTART + 2)
            comment = 0
        } else if (match(line, /"([^"\\]|\\.)*"|'([^'\\]|\\.)*'|\/\/|\/\*/)) {
            out = out substr(line, 1, RSTART - 1) " "
            token = substr(line, RSTART, RLENGTH)
            line = substr(line, RSTART + RLENGTH)
            if (token == "//")
                return out
            if (token == "/*")
                comment = 1
        } else {
            return out line
        }
    }
    return out
}

!comment && /^[ \t]*#[ \t]*include/ {
    if (match($0, /<[^>]*>/)) {
        name = substr($0, RSTART + 1, RLENGTH - 2)
        for (pattern in library)
            if (name ~ pattern && !listed(file, library[pattern]))
                bad("<" name "> only in " library[pattern])
        if (name ~ /^(base|web|store|providers|services|pages|api|hooks|jobs)\//)
            bad("our own headers are included with quotes")
    } else if (match($0, /"[^"]*"/)) {
        name = substr($0, RSTART + 1, RLENGTH - 2)
        other = name
        sub(/\/.*/, "", other)
        if (name ~ /\.c$/)
            bad("a source file is included: " name)
        else if (name ~ /^main_/ && !main)
            bad("nobody includes main_*")
        else if (name ~ /\.\./ || (name !~ /\// && name !~ /\.def$/ && name !~ /^main_/))
            bad("an include carries its layer: " name)
        else if (name ~ /\// && !(other in may))
            bad("no such layer: " name)
        else if (name ~ /\// && !main && !listed(other, may[layer]))
            bad(layer " may not include " name)
        if (name == "store/db_internal.h" && layer != "store")
            bad("store/db_internal.h is for store/ alone")
    }
    if (!includes++ && file ~ /\.c$/ && name != "base/base.h")
        bad("base/base.h comes first")
}

{
    text = " " code($0) " "
    if (!main) {
        if (text ~ /[^A-Za-z0-9_](getenv|secure_getenv|putenv|unsetenv|clearenv)[^A-Za-z0-9_]/ || text ~ /[^A-Za-z0-9_](__)?environ[^A-Za-z0-9_]/)
            bad("the environment is read in main_*.c only")
        if (text ~ /[^A-Za-z0-9_]setenv[^A-Za-z0-9_]/ && file != "web/worker.c") # libfcgi's switches are variables
            bad("setenv in main_*.c and, for libfcgi, in web/worker.c only")
        if (text ~ /[^A-Za-z0-9_](exit|quick_exit|atexit)[ \t]*\(/)
            bad("exit( in main_*.c only")
        if (text ~ /[^A-Za-z0-9_]_(exit|Exit)[ \t]*\(/ && file != "web/prefork.c")
            bad("_exit( in main_*.c and in the forked child of web/prefork.c only")
    }
    if (!main && layer != "store" && layer != "services" && match(text, /[^A-Za-z0-9_]db_[a-z0-9_]+[ \t]*\(/))
        bad("a row function outside services/ and store/:" substr(text, RSTART, RLENGTH) ")")
    if (!main && layer != "store" && match(text, /[^A-Za-z0-9_]stmt_(one|all|do|script|insert_id)[ \t]*\(/))
        bad("a statement outside store/:" substr(text, RSTART, RLENGTH) ")")
}

END {
    exit failures > 0
}

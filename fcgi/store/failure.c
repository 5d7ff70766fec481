/* failure.c - what an error number of server or library means for us, and how it is told. */
#include "base/base.h"
#include "store/db_internal.h"

/* 2000 to 2999 come from the client library, the others from the server. */
enum {
    DISK_FULL = 1021, OUT_OF_MEMORY = 1037, OUT_OF_SORTMEMORY = 1038, TOO_MANY_CONNECTIONS = 1040, OUT_OF_RESOURCES = 1041,
    NODE_NOT_READY = 1047, SERVER_SHUTDOWN = 1053, DUPLICATE_KEY = 1062, TABLE_FULL = 1114, CONNECTION_ABORTED = 1152,
    NET_FIRST = 1156, NET_LAST = 1161, RECORD_CHANGED = 1020, ERROR_DURING_COMMIT = 1180, CONNECTION_ABORTED_NEW = 1184,
    LOCK_WAIT = 1205, DEADLOCK = 1213, UNKNOWN_STATEMENT = 1243, READ_ONLY_SERVER = 1290, INTERRUPTED = 1317,
    TOO_MANY_STATEMENTS = 1461, DUPLICATE_KEY_NAMED = 1586, NEED_REPREPARE = 1615, READ_ONLY_MODE = 1836,
    CONNECTION_KILLED = 1927, STATEMENT_TIMEOUT = 1969,
    CLIENT_FIRST = 2000, SERVER_GONE = 2006, SERVER_LOST = 2013, SERVER_LOST_EXTENDED = 2055, STATEMENT_CLOSED = 2056,
    NEW_METADATA = 2057, NO_STATEMENT = 2030, CLIENT_LAST = 2999,
};

enum db_failure db_failure_of(unsigned number)
{
    switch (number) {
    case 0: return DB_FINE;
    case DUPLICATE_KEY: case DUPLICATE_KEY_NAMED: return DB_DUPLICATE;
    case DEADLOCK: case LOCK_WAIT: case RECORD_CHANGED: return DB_AGAIN;
    case NODE_NOT_READY: return DB_ELSEWHERE;
    case SERVER_GONE: return DB_UNSENT;
    /* A server that shuts down or kills us may have done the work; a failed COMMIT on a cluster likewise. */
    case SERVER_LOST: case SERVER_LOST_EXTENDED: case SERVER_SHUTDOWN: case CONNECTION_KILLED: case CONNECTION_ABORTED:
    case CONNECTION_ABORTED_NEW: case ERROR_DURING_COMMIT:
        return DB_LOST;
    case UNKNOWN_STATEMENT: case NEED_REPREPARE: case STATEMENT_CLOSED: case NEW_METADATA: case NO_STATEMENT:
        return DB_STALE;
    case DISK_FULL: case OUT_OF_MEMORY: case OUT_OF_SORTMEMORY: case TOO_MANY_CONNECTIONS: case OUT_OF_RESOURCES:
    case TABLE_FULL: case READ_ONLY_SERVER: case INTERRUPTED: case TOO_MANY_STATEMENTS: case READ_ONLY_MODE: case STATEMENT_TIMEOUT:
        return DB_TROUBLE;
    default:
        if (number >= NET_FIRST && number <= NET_LAST)
            return DB_LOST;
        return number >= CLIENT_FIRST && number <= CLIENT_LAST ? DB_TROUBLE : DB_REFUSED;
    }
}

/* The server quotes data in some of its messages ("Duplicate entry '+48…' for key"), and data is never logged. These
 * messages quote names of the schema only. */
static bool words_are_safe(unsigned number)
{
    static const unsigned safe[] = {
        1040, 1044, 1045, 1048, 1049, 1050, 1051, 1053, 1054, 1060, 1061, 1072, 1091, 1103, 1142, 1143, 1146, 1205, 1213,
        1264, 1290, 1304, 1305, 1317, 1318, 1364, 1370, 1406, 1451, 1452, 1792, 1836, 1927, 1969, 4025,
    };
    if (number >= CLIENT_FIRST && number <= CLIENT_LAST)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(safe); i++)
        if (safe[i] == number)
            return true;
    return false;
}

bool db_fail(struct ctx *ctx, enum db_failure failure, unsigned number, const char *words, const char *text)
{
    enum err_code code = failure == DB_DUPLICATE ? ERR_CONFLICT : failure == DB_REFUSED ? ERR_BUG : ERR_DATABASE;
    if (!ctx->err.code)
        ctx->db->duplicate = failure == DB_DUPLICATE;
    return err_set(ctx, code, "%u %.300s%s%.120s", number, words_are_safe(number) ? words : "(message withheld)", text ? " in: " : "",
                   text ? text : "");
}

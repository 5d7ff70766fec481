/* main_ctl_admin.c - centralactl's commands that change the installation: schema, tenants, users, lines, tokens. */
#include "base/base.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/phone.h"
#include "main_ctl.h"
#include "services/line_settings.h"
#include "services/session.h"
#include "services/tenants.h"
#include "store/db.h"
#include "store/migrate.h"
#include "web/handlers.h"
#include "web/i18n.h"
#include <sys/stat.h>
#include <unistd.h>

enum { USAGE = 2 };

/* Prints what went wrong, with the field's option where there is one. */
static int failed(const struct ctx *ctx)
{
    if (ctx->err.field)
        fprintf(stderr, "centralactl: %s: %s\n", ctx->err.field, err_public(&ctx->err));
    else
        fprintf(stderr, "centralactl: %s (%s)\n", err_public(&ctx->err), ctx->err.detail ? ctx->err.detail : err_name(ctx->err.code));
    return 1;
}

static int usage(const char *text)
{
    fprintf(stderr, "usage: centralactl %s\n", text);
    return USAGE;
}

static bool no_arguments(int argc, char **argv)
{
    return ctl_arguments(argc, argv, NULL, NULL, 0, NULL);
}

static bool ensure_key(const struct ctl *ctl)
{
    const char *problem = NULL, *path = ctl->conf->main_key_file;
    /* Another migrator may have made it just now. */
    if (access(path, F_OK) != 0 && !keyring_create(path, &problem) && access(path, F_OK) != 0) {
        fprintf(stderr, "centralactl: %s\n", problem);
        return false;
    }
    return true;
}

static int migrate(struct ctl *ctl, int argc, char **argv)
{
    int applied = 0;
    if (!no_arguments(argc, argv))
        return USAGE;
    if (!ensure_key(ctl))
        return 1;
    db_use(ctl->ctx.db, DB_OWNER);
    if (!migrate_run(&ctl->ctx, arena_printf(ctl->ctx.arena, "%s/schema", ctl->conf->main_root), &applied))
        return failed(&ctl->ctx);
    printf("%d migration%s applied\n", applied, applied == 1 ? "" : "s");
    db_use(ctl->ctx.db, DB_APP);
    const char *code = *ctl->conf->main_setup_code_file ? setup_code_make(&ctl->ctx) : NULL;
    if (code)
        printf("set-up code: %s\n", code);
    return ctl->ctx.err.code ? failed(&ctl->ctx) : 0;
}

static int tenant_add_command(struct ctl *ctl, int argc, char **argv)
{
    enum { SID, TOKEN, SECOND_TOKEN, API_KEY, API_SECRET, SERVICE, CREDENTIALS, COUNTRY = CREDENTIALS, ZONE, LANGUAGE, COUNT };
    static const char *const names[COUNT] = { "--sid", "--token", "--second-token", "--api-key", "--api-secret", "--messaging-service",
                                              "--country", "--zone", "--language" };
    const char *v[COUNT] = { [COUNTRY] = "PL", [ZONE] = "Europe/Warsaw", [LANGUAGE] = "pl" }, *name = NULL;
    struct ctx *ctx = &ctl->ctx;
    enum language language;
    bool credentials = false;
    if (!ctl_arguments(argc, argv, names, v, COUNT, &name))
        return USAGE;
    if (!name)
        return usage("tenant add NAME [--sid AC… --token …] [--second-token …] [--api-key SK… --api-secret …] [--messaging-service MG…] "
                     "[--country PL] [--zone Europe/Warsaw] [--language pl]");
    if (!language_parse(v[LANGUAGE], &language)) {
        err_field(ctx, "language", N_("pl, en or es"));
        return failed(ctx);
    }
    for (size_t i = 0; i < CREDENTIALS; i++)
        credentials |= v[i] != NULL;
    struct credentials_in in = { .account_sid = v[SID], .token = v[TOKEN], .second_token = v[SECOND_TOKEN], .api_key_sid = v[API_KEY],
                                 .api_key_secret = v[API_SECRET], .messaging_service_sid = v[SERVICE] };
    uint64_t id = tenant_add(ctx, name, v[COUNTRY], v[ZONE], language_code(language), credentials ? &in : NULL);
    const struct tenant_row *t = id ? db_tenant_get(ctx, id) : NULL;
    if (!t)
        return failed(ctx);
    printf("tenant %" PRIu64 " added; its webhook addresses begin with %s/hook/%s/\n", id, ctl->conf->main_public_url, t->hook_secret);
    return 0;
}

/* A line of standard input, without its newline; empty at the end of input. */
static void read_line(char *out, size_t room)
{
    if (!fgets(out, (int)room, stdin))
        *out = 0;
    out[strcspn(out, "\r\n")] = 0;
}

static int user_add_command(struct ctl *ctl, int argc, char **argv)
{
    enum { TENANT, ROLE, NAME, COUNT };
    static const char *const names[COUNT] = { "--tenant", "--role", "--name" };
    const char *v[COUNT] = { [NAME] = "" }, *email = NULL;
    char password[PASSWORD_MOST + 2] = "";
    if (!ctl_arguments(argc, argv, names, v, COUNT, &email))
        return USAGE;
    if (!email || !v[TENANT] || !v[ROLE])
        return usage("user add EMAIL --tenant NAME --role admin|manager|operator|agent [--name NAME]   (password on standard input; none: generated)");
    if (!isatty(STDIN_FILENO))
        read_line(password, sizeof password);
    const char *secret = *password ? password : crypto_token(ctl->ctx.arena, 12);
    const struct tenant_row *t = tenant_named(&ctl->ctx, v[TENANT]);
    if (!t || !user_add(&ctl->ctx, t->id, email, v[NAME], v[ROLE], secret))
        return failed(&ctl->ctx);
    if (*password)
        printf("user %s added\n", email);
    else
        printf("user %s added, password: %s\n", email, secret);
    return 0;
}

static int line_add_command(struct ctl *ctl, int argc, char **argv)
{
    enum { TENANT, CHANNEL, NAME, PER_SECOND, COUNT };
    static const char *const names[COUNT] = { "--tenant", "--channel", "--name", "--per-second" };
    const char *v[COUNT] = { [NAME] = "", [PER_SECOND] = "0" }, *number = NULL;
    if (!ctl_arguments(argc, argv, names, v, COUNT, &number))
        return USAGE;
    if (!number || !v[TENANT] || !v[CHANNEL])
        return usage("line add +E164 --tenant NAME --channel sms|whatsapp [--name NAME] [--per-second N]");
    char *end;
    long per_second = strtol(v[PER_SECOND], &end, 10);
    if (end == v[PER_SECOND] || *end || per_second < 0 || per_second > LINE_RATE_MOST)
        return fprintf(stderr, "centralactl: --per-second is a whole number from 0 (the usual pace) to %d\n", LINE_RATE_MOST), 1;
    const struct tenant_row *t = tenant_named(&ctl->ctx, v[TENANT]);
    if (!t || !line_add(&ctl->ctx, t->id, number, v[CHANNEL], v[NAME], per_second))
        return failed(&ctl->ctx);
    printf("line %s added\n", number);
    return 0;
}

static int token_new_command(struct ctl *ctl, int argc, char **argv)
{
    static const char *const names[] = { "--user", "--name" };
    const char *v[] = { NULL, "command line" };
    if (!ctl_arguments(argc, argv, names, v, ARRAY_LEN(names), NULL))
        return USAGE;
    if (!v[0])
        return usage("token new --user EMAIL [--name WHAT_FOR]");
    const char *token = token_issue(&ctl->ctx, v[0], v[1]);
    if (!token)
        return failed(&ctl->ctx);
    puts(token);
    return 0;
}

static int token_revoke_command(struct ctl *ctl, int argc, char **argv)
{
    static const char *const names[] = { "--user" };
    const char *email = NULL;
    if (!ctl_arguments(argc, argv, names, &email, 1, NULL))
        return USAGE;
    if (!email)
        return usage("token revoke --user EMAIL");
    int64_t n = tokens_revoke(&ctl->ctx, email);
    if (n < 0)
        return failed(&ctl->ctx);
    printf("%" PRId64 " token%s revoked\n", n, n == 1 ? "" : "s");
    return 0;
}

static int demo_command(struct ctl *ctl, int argc, char **argv)
{
    const char *email, *password;
    if (!no_arguments(argc, argv))
        return USAGE;
    if (!demo_load(&ctl->ctx, &email, &password))
        return failed(&ctl->ctx);
    printf("%s %s\n", email, password);
    return 0;
}

static const char *perm_word(const char *name)
{
    static const char *const words[][2] = {
#define PERM(name, dotted, text, roles) { #name, dotted },
#include "perms.def"
#undef PERM
        { "PUBLIC", "public" }, { "USER", "any user" } };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(words[i][0], name) == 0)
            return words[i][1];
    return name;
}

static int routes_command(struct ctl *ctl, int argc, char **argv)
{
    static const char *const rows[][4] = {
#define ROUTE(method, path, kind, perm, handler, table) { #method, path, #kind, #perm },
#include "routes.def"
#undef ROUTE
    };
    (void)ctl;
    if (!no_arguments(argc, argv))
        return USAGE;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        printf("%-6s %-34s %-6s %s\n", rows[i][0], rows[i][1], rows[i][2], perm_word(rows[i][3]));
    return 0;
}

static bool report(bool ok, const char *what, const char *detail)
{
    printf("%-4s %s%s%s\n", ok ? "ok" : "BAD", what, *detail ? ": " : "", detail);
    return ok;
}

static int doctor(struct ctl *ctl, int argc, char **argv)
{
    const char *problem = "";
    struct stat st;
    struct ctx *ctx = &ctl->ctx;
    if (!no_arguments(argc, argv))
        return USAGE;
    bool key = keyring_load(ctx->arena, ctl->conf->main_key_file, &problem) != NULL;
    bool ok = report(key, "key file", key ? "" : problem);
    ok &= report(strncmp(ctl->conf->main_public_url, "https://", 8) == 0 || ctl->conf->main_test_mode, "public_url is https (Twilio needs it)", ctl->conf->main_public_url);
    bool db = db_ping(ctx);
    ok &= report(db, "database answers", db ? db_peer(ctx->db) : "no");
    const char *templates = arena_printf(ctx->arena, "%s/templates/layout/page.mustache", ctl->conf->main_root);
    ok &= report(stat(templates, &st) == 0, "templates", ctl->conf->main_root);
    if (db) {
        struct rows tenants = db_tenants(ctx);
        const struct tenant_row *t = tenants.row;
        for (size_t i = 0; i < tenants.n; i++) {
            struct account_row *a = db_account_get(ctx, t[i].id);
            err_clear(ctx);
            ok &= report(a && credentials_open(ctx, a), "Twilio credentials open", t[i].name);
            err_clear(ctx);
        }
    }
    return ok ? 0 : 1;
}

const struct ctl_command ctl_admin[] = {
    { "migrate", migrate, "bring the database to this version; makes the key file and the set-up code", CTL_DB },
    { "tenant add", tenant_add_command, "NAME [--sid AC… --token …]", CTL_DB },
    { "user add", user_add_command, "EMAIL --tenant NAME --role ROLE", CTL_DB },
    { "line add", line_add_command, "+E164 --tenant NAME --channel sms|whatsapp", CTL_DB },
    { "token new", token_new_command, "--user EMAIL: prints a bearer token for the API", CTL_DB },
    { "token revoke", token_revoke_command, "--user EMAIL: all tokens of that user are void at once", CTL_DB },
    { "demo", demo_command, "load the demo tenant; prints its login", CTL_DB },
    { "routes", routes_command, "every address with its kind and permission", 0 },
    { "doctor", doctor, "check key, database, credentials", CTL_DB },
};
const size_t ctl_admin_count = ARRAY_LEN(ctl_admin);

/* main_ctl_admin.c - centralactl's commands that change the installation: schema, tenants, users, lines, tokens. */
#include "base/base.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/phone.h"
#include "main_ctl.h"
#include "services/session.h"
#include "services/tenants.h"
#include "store/db.h"
#include "store/migrate.h"
#include "web/handlers.h"
#include <ctype.h>
#include <sys/stat.h>
#include <unistd.h>

/* Prints what went wrong, with the field's option where there is one. */
static int failed(const struct ctx *ctx)
{
    if (ctx->err.field)
        fprintf(stderr, "centralactl: %s: %s\n", ctx->err.field, err_public(&ctx->err));
    else
        fprintf(stderr, "centralactl: %s (%s)\n", err_public(&ctx->err), ctx->err.detail ? ctx->err.detail : err_name(ctx->err.code));
    return 1;
}

/* The value behind --name, NULL when absent. */
static const char *option(int argc, char **argv, const char *name)
{
    for (int i = 0; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return NULL;
}

static const char *option_or(int argc, char **argv, const char *name, const char *def)
{
    const char *v = option(argc, argv, name);
    return v ? v : def;
}

/* First argument that is no option. */
static const char *operand(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0)
            i++;
        else
            return argv[i];
    }
    return NULL;
}

static int usage(const char *text)
{
    fprintf(stderr, "usage: centralactl %s\n", text);
    return 2;
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
    (void)argc;
    (void)argv;
    if (!ensure_key(ctl))
        return 1;
    db_use(ctl->ctx.db, DB_OWNER);
    if (!migrate_run(&ctl->ctx, arena_printf(ctl->ctx.arena, "%s/schema", ctl->conf->main_root), &applied))
        return failed(&ctl->ctx);
    printf("%d migration%s applied\n", applied, applied == 1 ? "" : "s");
    db_use(ctl->ctx.db, DB_APP);
    const char *code = *ctl->conf->main_setup_code_file && access(ctl->conf->main_setup_code_file, F_OK) != 0 ? setup_code_make(&ctl->ctx) : NULL;
    if (code)
        printf("set-up code: %s\n", code);
    return ctl->ctx.err.code ? failed(&ctl->ctx) : 0;
}

static int tenant_add_command(struct ctl *ctl, int argc, char **argv)
{
    const char *name = operand(argc, argv);
    struct credentials_in in = {
        .account_sid = option(argc, argv, "--sid"), .token = option(argc, argv, "--token"), .second_token = option(argc, argv, "--second-token"),
        .api_key_sid = option(argc, argv, "--api-key"), .api_key_secret = option(argc, argv, "--api-secret"),
        .messaging_service_sid = option(argc, argv, "--messaging-service"),
    };
    if (!name)
        return usage("tenant add NAME [--sid AC… --token …] [--second-token …] [--api-key SK… --api-secret …] [--messaging-service MG…] "
                     "[--country PL] [--zone Europe/Warsaw] [--language pl]");
    if (in.account_sid && !credentials_check(&ctl->ctx, &in))
        return failed(&ctl->ctx);
    uint64_t id = tenant_add(&ctl->ctx, name, option_or(argc, argv, "--country", "PL"), option_or(argc, argv, "--zone", "Europe/Warsaw"),
                             option_or(argc, argv, "--language", "pl"));
    if (!id || (in.account_sid && !credentials_put(&ctl->ctx, id, &in)))
        return failed(&ctl->ctx);
    struct tenant_row *t = db_tenant_get(&ctl->ctx, id);
    if (!t)
        return failed(&ctl->ctx);
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
    const char *email = operand(argc, argv), *tenant = option(argc, argv, "--tenant"), *role = option(argc, argv, "--role");
    char password[PASSWORD_MOST + 2] = "";
    if (!email || !tenant || !role)
        return usage("user add EMAIL --tenant NAME --role admin|manager|operator|agent [--name NAME]   (password on standard input; none: generated)");
    if (!isatty(STDIN_FILENO))
        read_line(password, sizeof password);
    const char *secret = *password ? password : crypto_token(ctl->ctx.arena, 12);
    struct tenant_row *t = tenant_named(&ctl->ctx, tenant);
    if (!t || !user_add(&ctl->ctx, t->id, email, option_or(argc, argv, "--name", ""), role, secret))
        return failed(&ctl->ctx);
    if (*password)
        printf("user %s added\n", email);
    else
        printf("user %s added, password: %s\n", email, secret);
    return 0;
}

static int line_add_command(struct ctl *ctl, int argc, char **argv)
{
    const char *number = operand(argc, argv), *tenant = option(argc, argv, "--tenant"), *channel = option(argc, argv, "--channel");
    if (!number || !tenant || !channel)
        return usage("line add +E164 --tenant NAME --channel sms|whatsapp [--name NAME] [--per-second N]");
    struct tenant_row *t = tenant_named(&ctl->ctx, tenant);
    if (!t || !line_add(&ctl->ctx, t->id, number, channel, option_or(argc, argv, "--name", ""), strtol(option_or(argc, argv, "--per-second", "0"), NULL, 10)))
        return failed(&ctl->ctx);
    printf("line %s added\n", number);
    return 0;
}

static int token_new_command(struct ctl *ctl, int argc, char **argv)
{
    const char *email = option(argc, argv, "--user");
    if (!email)
        return usage("token new --user EMAIL [--name WHAT_FOR]");
    const char *token = token_issue(&ctl->ctx, email, option_or(argc, argv, "--name", "command line"));
    if (!token)
        return failed(&ctl->ctx);
    puts(token);
    return 0;
}

static int token_revoke_command(struct ctl *ctl, int argc, char **argv)
{
    const char *email = option(argc, argv, "--user");
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
    (void)argc;
    (void)argv;
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
    (void)argc;
    (void)argv;
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
    (void)argc;
    (void)argv;
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

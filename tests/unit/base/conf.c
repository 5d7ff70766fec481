/* conf.c - settings: sources and their order, what is refused and how it is told, what is never told. */
#include "base/base.h"
#include "base/conf.h"
#include <setjmp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

struct scene {
    struct arena *arena;
    char dir[64];
    const char *path;
    const char *problems;
};

static int setup(void **state)
{
    struct arena *a = arena_new(64 << 20);
    struct scene *s = ARENA_NEW(a, struct scene);
    *s = (struct scene){ .arena = a, .dir = "/tmp/centrala-conf-XXXXXX" };
    assert_non_null(mkdtemp(s->dir));
    s->path = arena_printf(a, "%s/centrala.conf", s->dir);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    unlink(s->path);
    rmdir(s->dir);
    arena_free(s->arena);
    return 0;
}

static void write_bytes(struct scene *s, const char *text, size_t n)
{
    FILE *f = fopen(s->path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static const struct conf *load(struct scene *s, const char *text)
{
    write_bytes(s, text, strlen(text));
    return conf_load(s->arena, s->path, true, NULL, &s->problems);
}

static const struct conf *load_env(struct scene *s, const char *const *env)
{
    return conf_load(s->arena, NULL, false, (char *const *)(uintptr_t)env, &s->problems);
}

/* The problems with the folder's name taken out. */
static void assert_problems(struct scene *s, const char *expect)
{
    char *out = arena_strdup(s->arena, s->problems), *at;
    while ((at = strstr(out, s->dir)))
        memmove(at, at + strlen(s->dir) + 1, strlen(at + strlen(s->dir) + 1) + 1);
    assert_string_equal(out, expect);
}

static void assert_same(const struct conf *a, const struct conf *b)
{
    for (size_t i = 0; i < settings_count; i++) {
        const char *x = (const char *)a + settings[i].offset, *y = (const char *)b + settings[i].offset;
        switch (settings[i].type) {
        case SET_TEXT:
        case SET_URL:
        case SET_SECRET:
            assert_string_equal(*(const char *const *)(const void *)x, *(const char *const *)(const void *)y);
            break;
        case SET_INT: assert_int_equal(*(const int64_t *)(const void *)x, *(const int64_t *)(const void *)y); break;
        case SET_BOOL: assert_int_equal(*(const bool *)x, *(const bool *)y); break;
        }
    }
}

static void defaults(void **state)
{
    struct scene *s = *state;
    const struct conf *c = conf_load(s->arena, NULL, false, NULL, &s->problems);
    assert_non_null(c);
    assert_string_equal(s->problems, "");
    assert_int_equal(c->main_workers, 4);
    assert_false(c->main_test_mode);
    assert_true(c->web_secure_cookies);
    assert_string_equal(c->twilio_api_base, "https://api.twilio.com");
    assert_string_equal(c->db_password, "");
    assert_non_null(conf_load(s->arena, NULL, false, NULL, NULL));
}

static void the_file(void **state)
{
    struct scene *s = *state;
    const struct conf *c = load(s, "\xEF\xBB\xBF# a comment\n"
                                   "; another\r\n"
                                   "\n"
                                   "[main]\n"
                                   "workers = 7\n"
                                   "  test_mode=Yes  \r\n"
                                   "env = \"staging # two\"\n"
                                   "language = 'pl'\n"
                                   "\t[ db ]\n"
                                   "password = p#w=\"x'\\n \n"
                                   "socket = '  blanks  '\n"
                                   "name=\n"
                                   "user = \"it's\"\n"
                                   "[main]\n"
                                   "root = /zażółć gęślą");
    if (!c)
        fail_msg("%s", s->problems);
    assert_int_equal(c->main_workers, 7);
    assert_true(c->main_test_mode);
    assert_string_equal(c->main_env, "staging # two");
    assert_string_equal(c->main_language, "pl");
    assert_string_equal(c->db_password, "p#w=\"x'\\n");
    assert_string_equal(c->db_socket, "  blanks  ");
    assert_string_equal(c->db_name, "");
    assert_string_equal(c->db_user, "it's");
    assert_string_equal(c->main_root, "/zażółć gęślą");
    assert_int_equal(c->web_max_requests, 1000);
}

static void values_of_any_length_are_kept_whole(void **state)
{
    struct scene *s = *state;
    static const size_t lengths[] = { 1, 193, 255, 256, 260, 1023, 4096, 65536, 500000 };
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        char *key = arena_zalloc(s->arena, lengths[i] + 1);
        for (size_t k = 0; k < lengths[i]; k++)
            key[k] = (char)('a' + k % 23);
        const struct conf *c = load(s, arena_printf(s->arena, "[db]\npassword = %s\nname = x\n", key));
        assert_non_null(c);
        assert_string_equal(c->db_password, key);
        assert_string_equal(c->db_name, "x");
        c = load_env(s, (const char *[]){ arena_printf(s->arena, "CENTRALA_DB_PASSWORD=%s", key), NULL });
        assert_string_equal(c->db_password, key);
    }
}

static void every_mistake_is_told_with_its_line(void **state)
{
    struct scene *s = *state;
    assert_null(load(s, "workers = 1\n"           /* 1 */
                        "[main]\n"
                        "wrokers = 1\n"           /* 3 */
                        "workers = four\n"        /* 4 */
                        "test_mode = maybe\n"     /* 5 */
                        "just words\n"            /* 6 */
                        "env = a\n"
                        "env = b\n"               /* 8 */
                        "[mian]\n"                /* 9 */
                        "anything = 1\n"
                        "[db\n"                   /* 11 */
                        "[db]\n"
                        "name = \"x\n"            /* 13 */
                        "user = 'it's'\n"         /* 14 */
                        "hosts = a # b\n"         /* 15 */
                        "io_limit_s =\n"          /* 16 */
                        "connect_limit_s = -1\n"  /* 17 */
                        "socket = \"\n"));        /* 18 */
    assert_problems(s, "centrala.conf:1: before the first [section]\n"
                       "centrala.conf:3: unknown key \"wrokers\" in [main]\n"
                       "centrala.conf:4: main.workers is \"four\" but must be a whole number, 0 or more\n"
                       "centrala.conf:5: main.test_mode is \"maybe\" but must be 1, true, yes, on, 0, false, no or off\n"
                       "centrala.conf:6: neither [section] nor key = value\n"
                       "centrala.conf:8: main.env was already given in line 7\n"
                       "centrala.conf:9: unknown section [mian]\n"
                       "centrala.conf:11: a section without ]\n"
                       "centrala.conf:13: db.name: the value begins with a quote and does not end with it\n"
                       "centrala.conf:14: db.user: the same quote within the value: use the other one around it\n"
                       "centrala.conf:15: db.hosts: a blank and # in a value: put the value into quotes, or the comment on a line of its own\n"
                       "centrala.conf:16: db.io_limit_s is \"\" but must be a whole number, 0 or more\n"
                       "centrala.conf:17: db.connect_limit_s is \"-1\" but must be a whole number, 0 or more\n"
                       "centrala.conf:18: db.socket: the value begins with a quote and does not end with it");
}

static void integers_and_switches(void **state)
{
    struct scene *s = *state;
    static const char *const bad[] = { "1.5", "1 000", "0x10", "9223372036854775808", "+1", "", "1s" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_null(load(s, arena_printf(s->arena, "[main]\nworkers = %s\n", bad[i])));
    assert_int_equal(load(s, "[main]\nworkers = 9223372036854775807\n")->main_workers, INT64_MAX);
    assert_int_equal(load(s, "[main]\nworkers = \"12\"\n")->main_workers, 12);
    static const char *const on[] = { "1", "true", "yes", "on", "ON", "True" }, *const off[] = { "0", "false", "no", "off", "OFF", "No" };
    for (size_t i = 0; i < ARRAY_LEN(on); i++)
        assert_true(load(s, arena_printf(s->arena, "[main]\ntest_mode = %s\n", on[i]))->main_test_mode);
    for (size_t i = 0; i < ARRAY_LEN(off); i++)
        assert_false(load(s, arena_printf(s->arena, "[web]\nsecure_cookies = %s\n", off[i]))->web_secure_cookies);
    static const char *const neither[] = { "", "2", "y", "t", "enabled", "tru" };
    for (size_t i = 0; i < ARRAY_LEN(neither); i++)
        assert_null(load(s, arena_printf(s->arena, "[main]\ntest_mode = %s\n", neither[i])));
}

static void addresses_begin_with_a_scheme_and_end_without_a_slash(void **state)
{
    struct scene *s = *state;
    const struct conf *c = load(s, "[main]\npublic_url = https://panel.example.com//\ninternal_url = \n[openai]\napi_base = http://[::1]:8/v1/\n");
    assert_non_null(c);
    assert_string_equal(c->main_public_url, "https://panel.example.com");
    assert_string_equal(c->main_internal_url, "");
    assert_string_equal(c->openai_api_base, "http://[::1]:8/v1");
    static const char *const wrong[] = { "panel.example.com", "https://", "ftp://panel.example.com", "https://a b", "https://panel.example.com/?a=b", "//panel.example.com" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        const char *const env[] = { arena_printf(s->arena, "CENTRALA_PUBLIC_URL=%s", wrong[i]), NULL };
        assert_null(load_env(s, env));
        assert_non_null(strstr(s->problems, "must be an address that begins with https:// or http://"));
    }
}

static void words_are_among_the_known_ones(void **state)
{
    struct scene *s = *state;
    assert_non_null(load(s, "[main]\nlanguage = es\n[log]\nlevel = debug\n"));
    assert_null(load(s, "[main]\nlanguage = fr\n[log]\nlevel = loud\n"));
    assert_problems(s, "[main] language is \"fr\" but must be pl, en or es\n[log] level is \"loud\" but must be error, warning, notice, info or debug");
}

static void secrets_are_never_told(void **state)
{
    struct scene *s = *state;
    static const char *const files[] = {
        "[db]\npassword hunter2\n",                  /* no "=" */
        "[db]\npasword = hunter2\n",                 /* misspelt key */
        "[db]\npassword = \"hunter2\n",              /* quote not closed */
        "[db]\npassword = hunter2 # mine\n",         /* comment behind it */
        "[db]\npassword = 1\npassword = hunter2\n",  /* twice */
        "[db]\nsocket = x\nhunter2/+Ab=\n",          /* second half on a line of its own */
        "password = hunter2\n",                      /* no section */
        "[main]\npassword = hunter2\n",              /* wrong section */
    };
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        assert_null(load(s, files[i]));
        if (!*s->problems || strstr(s->problems, "hunter2"))
            fail_msg("case %zu: %s", i, s->problems);
    }
    assert_null(load_env(s, (const char *[]){ "CENTRALA_DB_PASWORD=hunter2", "CENTRALA_MAIN_WORKERS=x", NULL }));
    assert_null(strstr(s->problems, "hunter2"));
    assert_non_null(strstr(s->problems, "CENTRALA_DB_PASWORD"));
    assert_null(strstr(conf_example(s->arena), "hunter2"));
}

static void the_environment_wins(void **state)
{
    struct scene *s = *state;
    static const char file[] = "[main]\nworkers = 2\nenv = file\n[twilio]\napi_base = http://file\n";
    write_bytes(s, file, sizeof file - 1);
    static const char *const env[] = {
        "PATH=/bin", "CENTRALA_WORKERS=8", "CENTRALA_TWILIO_API_BASE=http://127.0.0.1:1/a=b", "CENTRALA_TEST_MODE=1",
        "CENTRALA_PUBLIC_URL=https://example.org", "CENTRALA_DB_PASSWORD=  \"kept\" # as it is ", "CENTRALA_MAIN_LANGUAGE=es", NULL,
    };
    const struct conf *c = conf_load(s->arena, s->path, true, (char *const *)(uintptr_t)env, &s->problems);
    if (!c)
        fail_msg("%s", s->problems);
    assert_int_equal(c->main_workers, 8);
    assert_string_equal(c->main_env, "file");
    assert_string_equal(c->twilio_api_base, "http://127.0.0.1:1/a=b");
    assert_true(c->main_test_mode);
    assert_string_equal(c->main_public_url, "https://example.org");
    assert_string_equal(c->db_password, "  \"kept\" # as it is ");
    assert_string_equal(c->main_language, "es");
    c = load_env(s, (const char *[]){ "CENTRALA_WORKERS=5", "CENTRALA_MAIN_WORKERS=6", NULL });
    assert_int_equal(c->main_workers, 5);
}

static void unknown_names_in_the_environment(void **state)
{
    struct scene *s = *state;
    static const char *const harmless[] = {
        "CENTRALA_PORT=8080", "CENTRALA_VAR=var", "CENTRALA_DEMO=1", "CENTRALA_SHARED=../shared", "CENTRALA_BENCH_MESSAGES=1000000",
        "CENTRALA_=x", "CENTRALA_ANYTHING=1", "OTHER_DB_SOKET=1", "CENTRALA", "CENTRALA_DBX=1", NULL,
    };
    const struct conf *c = load_env(s, harmless);
    if (!c)
        fail_msg("%s", s->problems);
    static const char *const wrong[] = { "CENTRALA_DB_SOKET=x", "CENTRALA_MAIN_=x", "CENTRALA_WEB_SOCKETS=x", "CENTRALA_LOG=x", "CENTRALA_WORKERS=x", NULL };
    assert_null(load_env(s, wrong));
    assert_string_equal(s->problems, "environment: CENTRALA_WORKERS is \"x\" but must be a whole number, 0 or more\n"
                                     "environment: unknown setting CENTRALA_DB_SOKET\n"
                                     "environment: unknown setting CENTRALA_MAIN_\n"
                                     "environment: unknown setting CENTRALA_WEB_SOCKETS");
}

static void files_that_cannot_be_read(void **state)
{
    struct scene *s = *state;
    assert_non_null(conf_load(s->arena, s->path, false, NULL, &s->problems));
    assert_null(conf_load(s->arena, s->path, true, NULL, &s->problems));
    assert_problems(s, "centrala.conf: No such file or directory");
    assert_null(conf_load(s->arena, s->dir, false, NULL, &s->problems)); /* a folder */
    assert_non_null(strstr(s->problems, "directory"));
    write_bytes(s, "[main]\nenv = a\0b\n", 17);
    assert_null(conf_load(s->arena, s->path, false, NULL, &s->problems));
    assert_problems(s, "centrala.conf: not a text file in UTF-8");
    write_bytes(s, "[main]\nenv = \xFF\n", 15);
    assert_null(conf_load(s->arena, s->path, false, NULL, &s->problems));
    char *large = arena_alloc(s->arena, (1 << 20) + 1);
    memset(large, '\n', (1 << 20) + 1);
    write_bytes(s, large, (1 << 20) + 1);
    assert_null(conf_load(s->arena, s->path, false, NULL, &s->problems));
    assert_problems(s, "centrala.conf: File too large");
    assert_non_null(load(s, ""));
}

static void the_example_holds_the_defaults(void **state)
{
    struct scene *s = *state;
    const struct conf *plain = conf_load(s->arena, NULL, false, NULL, NULL), *c;
    const char *example = conf_example(s->arena);
    c = load(s, example);
    if (!c)
        fail_msg("%s", s->problems);
    assert_same(plain, c);
    for (size_t i = 0; i < settings_count; i++) {
        assert_non_null(strstr(example, settings[i].text));
        assert_non_null(strstr(example, arena_printf(s->arena, "\n[%s]\n", settings[i].section)));
        assert_non_null(strstr(example, arena_printf(s->arena, "\n#%s = ", settings[i].key)));
        if (settings[i].type == SET_SECRET)
            assert_non_null(strstr(example, arena_printf(s->arena, "\n#%s = \n", settings[i].key)));
    }
    /* With every key taken out of its comment it says the same. */
    char *all = arena_strdup(s->arena, example), *out = all;
    for (const char *p = example; *p; p++)
        if (!(*p == '#' && (p == example || p[-1] == '\n') && p[1] >= 'a' && p[1] <= 'z'))
            *out++ = *p;
    *out = 0;
    c = load(s, all);
    if (!c)
        fail_msg("%s", s->problems);
    assert_same(plain, c);
    assert_non_null(strstr(example, "# CENTRALA_WORKERS\n"));
    assert_non_null(strstr(example, "# CENTRALA_TWILIO_API_BASE\n"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(defaults), CASE(the_file), CASE(values_of_any_length_are_kept_whole), CASE(every_mistake_is_told_with_its_line),
        CASE(integers_and_switches), CASE(words_are_among_the_known_ones), CASE(addresses_begin_with_a_scheme_and_end_without_a_slash), CASE(secrets_are_never_told), CASE(the_environment_wins), CASE(unknown_names_in_the_environment),
        CASE(files_that_cannot_be_read), CASE(the_example_holds_the_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

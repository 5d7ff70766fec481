/* opt_out_words.c - what a text means, with a tenant's own words before the table. With tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/fold.h"
#include "services/burst.h"
#include "services/opt_out.h"
#include "support.h"

static void expect(const char *text, const char *type, enum opt_word word)
{
    enum opt_word got = opt_out_word(ctx, text, type);
    must(!ctx->err.code);
    if (got != word)
        fail_msg("\"%s\" means %d, not %d", text, (int)got, (int)word);
}

static void test_the_exact_word_in_each_language(void **state)
{
    (void)state;
    begin(1);
    static const char *const stops[] = { "STOP", "stop", " Stop. ", "STOPALL", "Unsubscribe", "CANCEL", "End", "quit", "REVOKE", "OPTOUT", "opt-out", "S.T.O.P.", "Stop!!! 🙏",
                                         "REZYGNUJĘ", "rezygnuje", "Wypisz mnie", "BAJA", "¡Baja!", "alto", "Darme de baja", "STOPP", "Arrêt", "СТОП" };
    for (size_t i = 0; i < ARRAY_LEN(stops); i++)
        expect(stops[i], NULL, OPT_STOP);
    expect("Yes", NULL, OPT_START);
    expect("start", NULL, OPT_START);
    expect("UNSTOP", NULL, OPT_START);
    expect("Wznów", NULL, OPT_START);
    expect("HELP", NULL, OPT_HELP);
    expect("pomoc", NULL, OPT_HELP);
    expect("Info?", NULL, OPT_HELP);
}

static void test_a_leading_word_and_probable_phrases_are_for_a_human(void **state)
{
    (void)state;
    begin(1);
    static const char *const doubts[] = { "STOP 12345", "stop it now", "Stop, please", "Please stop texting me", "I said don’t text me!", "nie pisz do mnie", "Proszę nie pisać więcej", "Proszę już do mnie nie pisać",
                                          "No me escriban más", "quiero darme de baja ya", "Dajcie mi spokój", "Proszę mnie wypisać", "stpo", "baja por favor", "can you remove me from the list" };
    for (size_t i = 0; i < ARRAY_LEN(doubts); i++)
        expect(doubts[i], NULL, OPT_DOUBT);
}

static void test_ordinary_answers(void **state)
{
    (void)state;
    begin(1);
    static const char *const plain[] = { "", "Hello", "yes please", "YES I will come", "no", "tak", "The bus stop is near", "non-stop", "start at 9?", "help me with this", "nie piszę teraz",
                                         "weekend", "I will quit smoking", "info@example.com", "Kiedy koniec promocji?", "👍", "nonstop texting" };
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        expect(plain[i], NULL, OPT_NONE);
}

static void test_twilio_has_the_word(void **state)
{
    (void)state;
    begin(1);
    expect("ARRETEZ-VOUS", "STOP", OPT_STOP);
    expect("Hello", "START", OPT_START);
    expect("Hello", "HELP", OPT_HELP);
    expect("Hello", "", OPT_NONE);
}

static void own(const char *spelled, const char *meaning)
{
    const char *word = text_fold(ctx->arena, spelled, 60);
    must(db_opt_out_word_put(ctx, ctx->tenant, &(struct opt_out_word_row){ .word = word, .meaning = meaning, .spelled = spelled }, str_hash(word)));
}

static void test_own_words_go_first_and_are_the_tenants_alone(void **state)
{
    (void)state;
    begin(1);
    own("Żegnaj", "stop");
    own("adios amigos", "stop");
    own("Cancel", "none");
    own("wracam", "start");
    expect("ŻEGNAJ!", NULL, OPT_STOP);
    expect("zegnaj smutku", NULL, OPT_DOUBT);
    expect("Adiós, amigos", NULL, OPT_STOP);
    expect("cancel", NULL, OPT_NONE);
    expect("cancel my order", NULL, OPT_NONE);
    expect("Wracam", NULL, OPT_START);
    expect("stop", NULL, OPT_STOP);
    begin(2);
    expect("żegnaj", NULL, OPT_NONE);
    expect("cancel", NULL, OPT_STOP);
    script(&f, "DELETE FROM opt_out_word");
}

static void test_what_is_kept_saves_the_question(void **state)
{
    (void)state;
    begin(1);
    ctx->burst = burst_new(ctx->arena, burst_host_new());
    own("zegnaj", "stop");
    char *hashes = arena_printf(ctx->arena, "%u,%u", str_hash("other"), str_hash("zegnaj"));
    unsigned before = db_statements(ctx->db);
    opt_out_keep_words(ctx, 1, hashes);
    expect("Dzień dobry", NULL, OPT_NONE);
    expect("STOP", NULL, OPT_STOP);
    assert_int_equal(db_statements(ctx->db), before);
    expect("zegnaj", NULL, OPT_STOP);
    assert_int_equal(db_statements(ctx->db), before + 1);
    opt_out_keep_words(ctx, 1, NULL);
    expect("zegnaj", NULL, OPT_NONE);
    assert_int_equal(db_statements(ctx->db), before + 1);
    ctx->burst = NULL;
    script(&f, "DELETE FROM opt_out_word");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_exact_word_in_each_language),
        cmocka_unit_test(test_a_leading_word_and_probable_phrases_are_for_a_human),
        cmocka_unit_test(test_ordinary_answers),
        cmocka_unit_test(test_twilio_has_the_word),
        cmocka_unit_test(test_own_words_go_first_and_are_the_tenants_alone),
        cmocka_unit_test(test_what_is_kept_saves_the_question),
    };
    return cmocka_run_group_tests(tests, open_services, close_services);
}

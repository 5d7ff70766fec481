/* opt_out_words.c - the words that count, and lists of numbers in and out. */
#include "base/base.h"
#include "base/str.h"
#include "base/utf8.h"
#include "pages/opt_outs.h"

enum { TEXT_MOST = 200000, IMPORT_BYTES = 1 << 20 };

struct opt_out_word_in { const char *word, *meaning; };
static const struct form_field opt_out_word_fields[] = {
    FORM_TEXT(struct opt_out_word_in, word, 1, OPT_OUT_WORD_MOST, REQUIRED),
    FORM_TEXT(struct opt_out_word_in, meaning, 0, 6, 0),
};
const struct form opt_out_word_form = FORM(struct opt_out_word_in, opt_out_word_fields);

struct opt_out_unword_in { const char *word; };
static const struct form_field opt_out_unword_fields[] = { FORM_TEXT(struct opt_out_unword_in, word, 1, OPT_OUT_WORD_MOST, REQUIRED) };
const struct form opt_out_unword_form = FORM(struct opt_out_unword_in, opt_out_unword_fields);

struct opt_out_import_in { const char *text, *act; };
static const struct form_field opt_out_import_fields[] = {
    FORM_TEXT(struct opt_out_import_in, text, 0, TEXT_MOST, MULTILINE),
    FORM_TEXT(struct opt_out_import_in, act, 0, 8, 0),
};
const struct form opt_out_import_form = FORM_LARGE(struct opt_out_import_in, opt_out_import_fields, IMPORT_BYTES);

static const struct { const char *word, *label; } meanings[] = {
    { "stop", N_("Opts out") }, { "start", N_("Opts in again") }, { "help", N_("Asks for help") }, { "none", N_("Means nothing: an ordinary word") },
};

static void put_meanings(struct request *rq, const char *chosen)
{
    struct value *list = object_list(view(rq), "meanings");
    for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
        struct value *o = list_object(list);
        object_text(o, "word", meanings[i].word);
        object_text(o, "label", say(rq, meanings[i].label));
        object_bool(o, "selected", chosen && strcmp(chosen, meanings[i].word) == 0);
    }
}

static void put_own(struct request *rq, const struct rows *rows)
{
    struct value *list = object_list(view(rq), "own");
    const struct opt_out_word_row *w = rows->row;
    for (size_t i = 0; i < rows->n; i++) {
        struct value *o = list_object(list);
        object_text(o, "word", w[i].word);
        object_text(o, "spelled", w[i].spelled);
        for (size_t k = 0; k < ARRAY_LEN(meanings); k++)
            if (strcmp(meanings[k].word, w[i].meaning) == 0)
                object_text(o, "meaning", say(rq, meanings[k].label));
    }
    object_bool(view(rq), "has_own", rows->n > 0);
}

/* "stop, stopall, …" of a language and a meaning. */
static const char *joined(struct request *rq, const struct opt_out_builtin *words, size_t n, const char *language, enum opt_word meaning)
{
    struct str t;
    str_init(&t, rq->ctx.arena, 128, 4096);
    for (size_t i = 0; i < n; i++)
        if (words[i].meaning == meaning && strcmp(words[i].language, language) == 0)
            str_printf(&t, "%s%s", t.len ? ", " : "", words[i].word);
    return t.s;
}

static void put_table(struct request *rq)
{
    static const struct { const char *code, *name; } languages[] = {
        { "en", "English" }, { "pl", "Polski" }, { "es", "Español" }, { "de", "Deutsch" }, { "fr", "Français" }, { "pt", "Português" }, { "uk", "Українська" } };
    size_t n;
    const struct opt_out_builtin *words = opt_out_builtins(&n);
    struct value *list = object_list(view(rq), "languages");
    for (size_t i = 0; i < ARRAY_LEN(languages); i++) {
        struct value *o = list_object(list);
        object_text(o, "code", languages[i].code);
        object_text(o, "name", languages[i].name);
        object_text(o, "stop", joined(rq, words, n, languages[i].code, OPT_STOP));
        object_text(o, "start", joined(rq, words, n, languages[i].code, OPT_START));
        object_text(o, "help", joined(rq, words, n, languages[i].code, OPT_HELP));
    }
}

static int show_words(struct request *rq, struct response *rs, const struct opt_out_word_in *in, int status)
{
    struct rows own = opt_out_own_words(&rq->ctx);
    if (!own.ok)
        return fail(rq, rs);
    put_own(rq, &own);
    put_table(rq);
    put_meanings(rq, in ? in->meaning : NULL);
    put_opt_out_tab(rq, "words");
    view_form(rq, &opt_out_word_form, in);
    return view_page_status(rq, rs, "pages/opt_out_words", status);
}

int opt_out_words_page(struct request *rq, struct response *rs) /* GET /opt-outs/words */
{
    return show_words(rq, rs, NULL, 200);
}

int opt_out_word_add_page(struct request *rq, struct response *rs) /* POST /opt-outs/words */
{
    const struct opt_out_word_in *in = rq->in;
    if (!rq->form_errors) {
        if (opt_out_word_add(&rq->ctx, in->word, in->meaning ? in->meaning : "")) {
            response_notice(rq, rs, N_("The word counts from now on."));
            return redirect(rq, rs, "/opt-outs/words");
        }
        if (!show_again(rq))
            return fail(rq, rs);
    }
    return show_words(rq, rs, in, 422);
}

int opt_out_word_remove_page(struct request *rq, struct response *rs) /* POST /opt-outs/words/remove */
{
    const struct opt_out_unword_in *in = rq->in;
    if (rq->form_errors)
        return fail_with(rq, rs, ERR_INVALID);
    if (!opt_out_word_remove(&rq->ctx, in->word))
        return fail(rq, rs);
    response_notice(rq, rs, N_("The word was removed."));
    return redirect(rq, rs, "/opt-outs/words");
}

static const char *count_text(struct request *rq, int64_t n)
{
    return arena_printf(rq->ctx.arena, "%" PRId64, n);
}

static void put_report(struct request *rq, const struct opt_out_import *r, bool written)
{
    struct value *o = object_object(view(rq), "report");
    object_bool(o, "written", written);
    object_bool(o, "rehearsed", !written);
    object_text(o, "lines", count_text(rq, r->lines));
    object_text(o, "taken", count_text(rq, r->taken));
    object_text(o, "known", count_text(rq, r->known));
    object_text(o, "invalid", count_text(rq, r->invalid));
    object_text(o, "twice", count_text(rq, r->twice));
    object_bool(o, "any", r->taken > 0);
    if (!written)
        object_text(o, "button", say_n(rq, N_("Import %lld number"), N_("Import %lld numbers"), r->taken));
    struct value *list = object_list(o, "problems");
    for (size_t i = 0; i < r->problem_count; i++) {
        struct value *p = list_object(list);
        object_text(p, "line", count_text(rq, r->problems[i].line));
        object_text(p, "text", r->problems[i].text);
        object_text(p, "why", say(rq, r->problems[i].why));
    }
    object_bool(o, "has_problems", r->problem_count > 0);
}

static int show_import(struct request *rq, struct response *rs, const struct opt_out_import_in *in, int status)
{
    put_opt_out_tab(rq, "import");
    view_form(rq, &opt_out_import_form, in);
    return view_page_status(rq, rs, "pages/opt_out_import", status);
}

int opt_out_import_page(struct request *rq, struct response *rs) /* GET /opt-outs/import */
{
    return show_import(rq, rs, NULL, 200);
}

/* The file's text goes before the typed one. NULL with a mistake at the field. */
static const char *import_text(struct request *rq, const struct opt_out_import_in *in)
{
    for (const struct upload *u = rq->uploads; u; u = u->next) {
        if (strcmp(u->name, "file") != 0 || !u->size)
            continue;
        const char *text = arena_strndup(rq->ctx.arena, u->data, u->size);
        if (strlen(text) == u->size && utf8_valid(text, u->size) && utf16_units(text, u->size) <= TEXT_MOST)
            return text;
        request_field_error(rq, "file", N_("This file is no UTF-8 text, or it is too large."));
        return NULL;
    }
    return in->text ? in->text : "";
}

/* First a rehearsal that shows what is wrong; the numbers stay in the form, so the second step needs no file. */
int opt_out_import_submit_page(struct request *rq, struct response *rs) /* POST /opt-outs/import */
{
    const struct opt_out_import_in *in = rq->in;
    const char *text = import_text(rq, in);
    struct opt_out_import_in again = { .text = text ? text : in->text, .act = in->act };
    bool write = in->act && strcmp(in->act, "write") == 0;
    struct opt_out_import *report = ARENA_NEW(rq->ctx.arena, struct opt_out_import);
    if (rq->form_errors)
        return show_import(rq, rs, &again, 422);
    if (!opt_out_import(&rq->ctx, text, rq->country, write, report))
        return show_again(rq) ? show_import(rq, rs, &again, 422) : fail(rq, rs);
    put_report(rq, report, write);
    return show_import(rq, rs, write ? NULL : &again, 200);
}

int opt_out_export_page(struct request *rq, struct response *rs) /* GET /opt-outs/export */
{
    if (!opt_out_export(&rq->ctx, &rs->body))
        return fail(rq, rs);
    rs->type = "text/csv; charset=utf-8";
    response_header(rs, "Content-Disposition", "attachment; filename=\"opt-outs.csv\"");
    return 200;
}

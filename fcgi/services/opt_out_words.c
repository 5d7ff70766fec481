/* opt_out_words.c - which words mean stop, start, help; what may mean it. */
#include "base/base.h"
#include "base/fold.h"
#include "base/str.h"
#include "services/burst.h"
#include "services/opt_out.h"

enum { FOLDED_MOST = 2000, WORD_BYTES = 60, KEPT_MOST = 140 };

/* Folded (base/fold.h). The exact text only; Twilio's own words first (reference: twilio.md 10). A stop word with more text
 * behind it is a doubt. */
static const struct opt_out_builtin table[] = {
    { "en", OPT_STOP, "stop" }, { "en", OPT_STOP, "stopall" }, { "en", OPT_STOP, "stop all" }, { "en", OPT_STOP, "unsubscribe" }, { "en", OPT_STOP, "cancel" },
    { "en", OPT_STOP, "end" }, { "en", OPT_STOP, "quit" }, { "en", OPT_STOP, "revoke" }, { "en", OPT_STOP, "optout" }, { "en", OPT_STOP, "opt out" },
    { "en", OPT_STOP, "s t o p" }, { "en", OPT_START, "start" }, { "en", OPT_START, "yes" }, { "en", OPT_START, "unstop" },
    { "en", OPT_HELP, "help" }, { "en", OPT_HELP, "info" },
    { "pl", OPT_STOP, "wypisz" }, { "pl", OPT_STOP, "wypisz mnie" }, { "pl", OPT_STOP, "wypisuje sie" }, { "pl", OPT_STOP, "rezygnuje" }, { "pl", OPT_STOP, "rezygnacja" },
    { "pl", OPT_STOP, "wypis" }, { "pl", OPT_STOP, "koniec" }, { "pl", OPT_START, "wznow" }, { "pl", OPT_HELP, "pomoc" },
    { "es", OPT_STOP, "baja" }, { "es", OPT_STOP, "alto" }, { "es", OPT_STOP, "parar" }, { "es", OPT_STOP, "cancelar" }, { "es", OPT_STOP, "detener" },
    { "es", OPT_STOP, "darme de baja" }, { "es", OPT_START, "alta" }, { "es", OPT_START, "reanudar" }, { "es", OPT_HELP, "ayuda" },
    { "de", OPT_STOP, "stopp" }, { "de", OPT_STOP, "abmelden" }, { "de", OPT_STOP, "abbestellen" }, { "de", OPT_HELP, "hilfe" },
    { "fr", OPT_STOP, "arret" }, { "fr", OPT_STOP, "desabonner" }, { "fr", OPT_STOP, "desinscrire" }, { "fr", OPT_HELP, "aide" },
    { "pt", OPT_STOP, "sair" }, { "pt", OPT_STOP, "descadastrar" }, { "pt", OPT_HELP, "ajuda" },
    { "uk", OPT_STOP, "стоп" }, { "uk", OPT_STOP, "відписатися" }, { "uk", OPT_STOP, "отписаться" }, { "uk", OPT_HELP, "допомога" },
};

/* Anywhere in the text, as whole words; also the commonest slips of the hand. */
static const char *const phrases[] = {
    "stop texting", "stop messaging", "stop sending", "stop contacting", "stop writing", "stop bothering", "stop spamming", "please stop", "do not text", "dont text",
    "do not message", "dont message", "do not contact", "dont contact", "do not write", "dont write to me", "do not send me", "dont send me", "no more messages", "no more texts",
    "leave me alone", "unsubscribe", "unsubscribe me", "opt out", "opt me out", "remove me", "take me off", "remove my number", "delete my number", "lose my number",
    "stpo", "sotp", "unsubcribe", "unsuscribe", "unsubscibe", "unsubscrib",
    "nie pisz", "nie piszcie", "nie pisac", "nie wysylaj", "nie wysylajcie", "nie wysylac", "nie kontaktowac sie", "prosze o usuniecie", "prosze o wypisanie", "nie przysylaj", "nie przysylajcie", "nie kontaktuj sie",
    "nie kontaktujcie sie", "nie zycze sobie", "wypisz mnie", "wypiszcie mnie", "wypisac mnie", "mnie wypisac", "usun mnie", "usuncie mnie", "usun moj numer",
    "usuncie moj numer", "przestan pisac", "przestancie pisac", "przestancie wysylac", "przestan wysylac", "daj mi spokoj", "dajcie mi spokoj", "koniec z wiadomosciami",
    "no me escriban", "no me escribas", "no me escriba", "no me manden", "no me mandes", "no me envien", "no me envies", "no me contacten", "no me contactes",
    "no me molesten", "no me molestes", "dejen de escribir", "dejen de escribirme", "deja de escribir", "deja de escribirme", "dejen de enviar", "dejen de enviarme",
    "dejen de mandar", "dejen de mandarme", "dejame en paz", "dejenme en paz", "darme de baja", "denme de baja", "dame de baja", "borren mi numero", "eliminen mi numero",
    "no quiero recibir", "no quiero mas mensajes", "no mas mensajes",
};

/* What a worker knows of a tenant's own words between two webhooks. */
struct kept_words {
    bool all; /* too many to know: always ask */
    uint32_t n, hash[KEPT_MOST];
};

const struct opt_out_builtin *opt_out_builtins(size_t *n)
{
    *n = ARRAY_LEN(table);
    return table;
}

static const char *kept_as(struct ctx *ctx, uint64_t tenant)
{
    return arena_printf(ctx->arena, "opt-out-words:%" PRIu64, tenant);
}

void opt_out_keep_words(struct ctx *ctx, uint64_t tenant, const char *hashes)
{
    struct kept_words k = { .n = 0 };
    char *end;
    for (const char *s = hashes ? hashes : ""; *s; s = *end == ',' ? end + 1 : "") {
        k.all |= k.n == KEPT_MOST;
        uint32_t hash = (uint32_t)strtoul(s, &end, 10);
        if (!k.all)
            k.hash[k.n++] = hash;
    }
    burst_keep(ctx->burst, kept_as(ctx, tenant), &k, sizeof k);
}

static bool may_be_own(struct ctx *ctx, const char *whole, const char *first)
{
    const struct kept_words *k = burst_find(ctx->burst, kept_as(ctx, ctx->tenant));
    if (!k || k->all)
        return true;
    uint32_t a = str_hash(whole), b = str_hash(first);
    for (uint32_t i = 0; i < k->n; i++)
        if (k->hash[i] == a || k->hash[i] == b)
            return true;
    return false;
}

static enum opt_word meaning_of(const char *word)
{
    return strcmp(word, "stop") == 0 ? OPT_STOP : strcmp(word, "start") == 0 ? OPT_START : strcmp(word, "help") == 0 ? OPT_HELP : OPT_NONE;
}

/* The tenant's word goes before the table's. */
static enum opt_word meaning(const struct rows *own, const char *word)
{
    const struct opt_out_word_row *w = own->row;
    for (size_t i = 0; i < own->n; i++)
        if (strcmp(w[i].word, word) == 0)
            return meaning_of(w[i].meaning);
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (*table[i].word == *word && strcmp(table[i].word, word) == 0)
            return table[i].meaning;
    return OPT_NONE;
}

/* The two letters that a word begins with, as one of 1024 bits. */
static unsigned beginning(const char *word)
{
    return ((unsigned char)word[0] & 31u) << 5 | (*word ? (unsigned char)word[1] & 31u : 0);
}

/* A hundred phrases for each message: only those are looked for that begin as some word of the text does. */
static bool holds_phrase(const char *folded)
{
    uint64_t begins[16] = { 0 };
    for (const char *word = folded; word; word = (word = strchr(word, ' ')) ? word + 1 : NULL)
        begins[beginning(word) / 64] |= UINT64_C(1) << beginning(word) % 64;
    for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
        if (!(begins[beginning(phrases[i]) / 64] >> beginning(phrases[i]) % 64 & 1))
            continue;
        size_t n = strlen(phrases[i]);
        for (const char *at = strstr(folded, phrases[i]); at; at = strstr(at + 1, phrases[i]))
            if ((at == folded || at[-1] == ' ') && (!at[n] || at[n] == ' '))
                return true;
    }
    return false;
}

static enum opt_word twilio_says(const char *type)
{
    return !type ? OPT_NONE : strcasecmp(type, "STOP") == 0 ? OPT_STOP : strcasecmp(type, "START") == 0 ? OPT_START : strcasecmp(type, "HELP") == 0 ? OPT_HELP : OPT_NONE;
}

enum opt_word opt_out_word(struct ctx *ctx, const char *body, const char *opt_out_type)
{
    enum opt_word word = twilio_says(opt_out_type);
    const char *whole = word == OPT_NONE ? text_fold(ctx->arena, body, FOLDED_MOST) : "";
    if (!*whole)
        return word;
    const char *first = arena_strndup(ctx->arena, whole, strcspn(whole, " "));
    struct rows own = { .ok = true };
    if (strlen(first) <= WORD_BYTES && may_be_own(ctx, whole, first))
        own = db_opt_out_words_like(ctx, ctx->tenant, strlen(whole) <= WORD_BYTES ? whole : first, first);
    if (!own.ok)
        return OPT_NONE;
    word = meaning(&own, whole);
    if (word != OPT_NONE || strcmp(whole, first) == 0)
        return word != OPT_NONE || own.n ? word : holds_phrase(whole) ? OPT_DOUBT : OPT_NONE;
    return meaning(&own, first) == OPT_STOP || holds_phrase(whole) ? OPT_DOUBT : OPT_NONE;
}

bool opt_out_silences(struct ctx *ctx, const char *body, const char *opt_out_type, const char *sid)
{
    switch (opt_out_word(ctx, body, opt_out_type)) {
    case OPT_NONE: return false;
    case OPT_START: return sid && db_opt_out_caused(ctx, ctx->tenant, arena_printf(ctx->arena, "in:%s", sid));
    case OPT_STOP: case OPT_HELP: case OPT_DOUBT: break;
    }
    return true;
}

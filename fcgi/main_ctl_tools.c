/* main_ctl_tools.c - the instruments an administrator debugs with: they need neither database nor network. */
#include "base/base.h"
#include "main_ctl.h"
#include "base/json.h"
#include "base/phone.h"
#include "base/segment.h"
#include "base/signature.h"
#include "web/mustache.h"
#include "web/textfile.h"
#include "web/value.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

enum { INPUT_MAX = 16 << 20, RENDER_MAX = 64 << 20, FOLDER_DEPTH = 8 };

/* --url U --token T --header H: is the body on standard input signed by Twilio? */
static int signature_command(struct ctl *ctl)
{
    const char *url = ctl_option(ctl, "--url"), *token = ctl_option(ctl, "--token"), *header = ctl_option(ctl, "--header");
    if (!ctl_end(ctl))
        return CTL_USAGE;
    if (!url || !token || !header)
        return ctl_fail(ctl, CTL_USAGE, "--url, --token and --header are needed");
    size_t n, count;
    const char *body = ctl_input(ctl, INPUT_MAX, &n);
    if (!body)
        return CTL_FAILED;
    struct pair *pairs = pairs_parse(ctl->arena, body, n, n, &count); /* looked at unless the URL carries bodySHA256 */
    bool valid = signature_valid(ctl->arena, token, url, pairs, count, body, n, header);
    return ctl_output(ctl, valid ? "valid\n" : "invalid\n", valid ? 6 : 8) == CTL_DONE && valid ? CTL_DONE : CTL_FAILED;
}

static int segments_command(struct ctl *ctl)
{
    if (!ctl_end(ctl))
        return CTL_USAGE;
    size_t n;
    const char *text = ctl_input(ctl, INPUT_MAX, &n);
    if (!text)
        return CTL_FAILED;
    struct segments s;
    struct str out;
    segments_count(ctl->arena, text, n, &s);
    str_init(&out, ctl->arena, 256, 64 * 1024);
    str_printf(&out, "{\"encoding\":\"%s\",\"segments\":%d,\"units\":%d,\"room\":%d,\"costly\":", s.ucs2 ? "UCS-2" : "GSM-7", s.count, s.units, s.room);
    str_json(&out, s.costly, strlen(s.costly));
    STR_LIT(&out, "}\n");
    return ctl_output(ctl, out.s, out.len);
}

/* One number a line, as people type them. */
static int phone_command(struct ctl *ctl)
{
    const char *country = ctl_option(ctl, "--country");
    if (!ctl_end(ctl))
        return CTL_USAGE;
    if (country && !*country)
        country = NULL;
    if (country && !phone_country_known(country))
        return ctl_fail(ctl, CTL_USAGE, "no such country: two letters, as in PL");
    size_t n;
    char *text = ctl_input(ctl, INPUT_MAX, &n);
    if (!text)
        return CTL_FAILED;
    struct str out;
    str_init(&out, ctl->arena, 4096, 2 * INPUT_MAX);
    for (char *end = text + n, *next; text < end; text = next + 1) {
        char number[PHONE_MAX + 1];
        next = memchr(text, '\n', (size_t)(end - text));
        if (!next)
            next = end;
        *next = 0;
        str_puts(&out, phone_parse(text, country, number) ? number : "invalid");
        str_putc(&out, '\n');
    }
    return ctl_output(ctl, out.s, out.len);
}

/* Adds DIR's *.mustache under their path without ending. */
static bool partials_add(struct ctl *ctl, struct template_set *set, const char *folder, const char *prefix, int depth)
{
    DIR *dir = depth < FOLDER_DEPTH ? opendir(folder) : NULL;
    if (!dir) {
        ctl_fail(ctl, 0, "%s: %s", folder, depth < FOLDER_DEPTH ? strerror(errno) : "too deep");
        return false;
    }
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(dir));) {
        const char *path = arena_printf(ctl->arena, "%s/%s", folder, entry->d_name), *problem = NULL;
        char *name = arena_printf(ctl->arena, "%s%s", prefix, entry->d_name), *ending = strrchr(name, '.');
        struct stat st;
        if (entry->d_name[0] == '.' || stat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode)) {
            ok = partials_add(ctl, set, path, arena_printf(ctl->arena, "%s/", name), depth + 1);
        } else if (ending && strcmp(ending, ".mustache") == 0) {
            size_t n;
            const char *text = textfile_read(ctl->arena, path, MUSTACHE_SOURCE, &n, &problem);
            *ending = 0;
            ok = text && templates_add(set, name, text, n, &problem);
            if (!ok)
                ctl_fail(ctl, 0, "%s", problem);
        }
    }
    closedir(dir);
    return ok;
}

static int render(struct ctl *ctl, struct template_set *set, const char *file, const char *partials)
{
    size_t n;
    const char *problem = NULL, *name = arena_printf(ctl->arena, "(%s)", file); /* no partial is called so */
    const char *text = textfile_read(ctl->arena, file, MUSTACHE_SOURCE, &n, &problem);
    if (!text || !templates_add(set, name, text, n, &problem))
        return ctl_fail(ctl, CTL_FAILED, "%s", problem);
    if (partials && !partials_add(ctl, set, partials, "", 0))
        return CTL_FAILED;
    if (!templates_link(set, false, &problem))
        return ctl_fail(ctl, CTL_FAILED, "%s", problem);
    const char *input = ctl_input(ctl, INPUT_MAX, &n);
    const struct json *json = input ? json_parse(ctl->arena, input, n) : NULL;
    if (!json)
        return input ? ctl_fail(ctl, CTL_FAILED, "standard input is not JSON") : CTL_FAILED;
    struct str out;
    str_init(&out, ctl->arena, template_size_hint(templates_get(set, name)), RENDER_MAX);
    if (!template_render(templates_get(set, name), value_from_json(ctl->arena, json), &out, false, &problem))
        return ctl_fail(ctl, CTL_FAILED, "%s", problem);
    return ctl_output(ctl, out.s, out.len);
}

static int render_command(struct ctl *ctl)
{
    const char *partials = ctl_option(ctl, "--partials"), *file = ctl_argument(ctl);
    if (!ctl_end(ctl))
        return CTL_USAGE;
    if (!file)
        return ctl_fail(ctl, CTL_USAGE, "which template?");
    struct template_set *set = templates_new(NULL);
    int status = render(ctl, set, file, partials);
    templates_free(set);
    return status;
}

static int config_check_command(struct ctl *ctl)
{
    if (!ctl_end(ctl))
        return CTL_USAGE;
    return ctl_conf(ctl) ? ctl_output(ctl, "The settings are right.\n", 24) : CTL_FAILED;
}

static int config_example_command(struct ctl *ctl)
{
    if (!ctl_end(ctl))
        return CTL_USAGE;
    const char *text = conf_example(ctl->arena);
    return ctl_output(ctl, text, strlen(text));
}

const struct ctl_command ctl_tools[] = {
    { "signature", signature_command, "--url URL --token TOKEN --header SIGNATURE < BODY", "Checks an X-Twilio-Signature; prints valid or invalid." },
    { "segments", segments_command, "< TEXT", "What a text costs, as JSON: encoding, segments, units, room, costly characters." },
    { "phone", phone_command, "[--country PL] < NUMBERS", "One number a line: its E.164 form, or invalid." },
    { "render", render_command, "FILE [--partials DIR] < JSON", "Runs a template; DIR holds NAME.mustache files." },
    { "config check", config_check_command, "[--config FILE]", "Reads the settings and names every mistake." },
    { "config example", config_example_command, "", "Prints the commented example file." },
};
const size_t ctl_tools_count = ARRAY_LEN(ctl_tools);

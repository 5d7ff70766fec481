/* mustache.c - sets of templates: adding, reading a folder, linking them to each other. */
#include "base/base.h"
#include "web/mustache_internal.h"
#include "web/textfile.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

enum { FOLDER_DEPTH = 8, HINT_MIN = 1024, HINT_MAX = 48 * 1024, HINT_ROUNDS = 4, HINT_REPEAT = 16 };
static const char ending[] = ".mustache";

struct template_set {
    struct arena *arena;
    const struct catalog *lang;
    const struct constant *constants;
    struct template **templates; /* in the order of their names */
    size_t count, cap;
};

struct template_set *templates_new(const struct catalog *lang)
{
    struct arena *a = arena_new((size_t)1 << 30);
    struct template_set *set = ARENA_NEW(a, struct template_set);
    set->arena = a;
    set->lang = lang;
    return set;
}

void templates_constant(struct template_set *set, const char *name, const char *text)
{
    struct constant *c = ARENA_NEW(set->arena, struct constant);
    *c = (struct constant){ .name = name, .text = text, .next = set->constants };
    set->constants = c;
}

void templates_free(struct template_set *set)
{
    if (set)
        arena_free(set->arena);
}

/* The place of `name`, or where it belongs. */
static bool place(const struct template_set *set, const char *name, size_t *at)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, set->templates[middle]->name);
        if (order == 0) {
            *at = middle;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    *at = low;
    return false;
}

const struct template *templates_get(const struct template_set *set, const char *name)
{
    size_t at;
    return place(set, name, &at) ? set->templates[at] : NULL;
}

size_t templates_count(const struct template_set *set)
{
    return set->count;
}

const struct template *templates_at(const struct template_set *set, size_t i)
{
    BUG_IF(i >= set->count);
    return set->templates[i];
}

const char *template_name(const struct template *t)
{
    return t->name;
}

size_t template_size_hint(const struct template *t)
{
    return t->hint ? t->hint : HINT_MIN;
}

static void set_problem(const char **problem, const char *why)
{
    if (problem)
        *problem = why;
}

bool templates_add(struct template_set *set, const char *name, const char *text, size_t len, const char **problem)
{
    const char *why = NULL;
    size_t at;
    if (place(set, name, &at)) {
        set_problem(problem, arena_printf(set->arena, "%s:1: there is a template of this name already", name));
        return false;
    }
    struct template *t = template_compile(set->arena, set->lang, set->constants, name, text, len, &why);
    if (!t) {
        set_problem(problem, why);
        return false;
    }
    if (set->count == set->cap) {
        size_t cap = set->cap ? set->cap * 2 : 64;
        struct template **more = ARENA_ARRAY(set->arena, struct template *, cap);
        if (set->count)
            memcpy(more, set->templates, sizeof(struct template *) * set->count);
        set->templates = more;
        set->cap = cap;
    }
    memmove(set->templates + at + 1, set->templates + at, sizeof(struct template *) * (set->count - at));
    set->templates[at] = t;
    set->count++;
    return true;
}

static bool load_file(struct template_set *set, const char *path, const char *name, const char **problem)
{
    struct arena *scratch = arena_new((size_t)4 * MUSTACHE_SOURCE);
    const char *why = NULL;
    size_t len;
    const char *text = textfile_read(scratch, path, MUSTACHE_SOURCE, &len, &why);
    bool ok = text && templates_add(set, name, text, len, &why);
    if (!ok)
        set_problem(problem, arena_strdup(set->arena, why));
    arena_free(scratch);
    return ok;
}

static bool load_entry(struct template_set *set, const char *path, const char *name, int depth, const char **problem);

/* `prefix` is the folder's name as partials see it: "" or "parts/". */
static bool load_folder(struct template_set *set, const char *path, const char *prefix, int depth, const char **problem)
{
    DIR *dir = depth < FOLDER_DEPTH ? opendir(path) : NULL;
    if (!dir) {
        set_problem(problem, arena_printf(set->arena, "%s: %s", path, depth < FOLDER_DEPTH ? strerror(errno) : "too deep"));
        return false;
    }
    bool ok = true;
    struct dirent *e;
    while (ok && (e = readdir(dir))) {
        if (e->d_name[0] == '.')
            continue;
        const char *below = arena_printf(set->arena, "%s/%s", path, e->d_name);
        const char *name = arena_printf(set->arena, "%s%s", prefix, e->d_name);
        ok = load_entry(set, below, name, depth, problem);
    }
    closedir(dir);
    return ok;
}

static bool load_entry(struct template_set *set, const char *path, const char *name, int depth, const char **problem)
{
    struct stat st;
    size_t len = strlen(name), end = sizeof ending - 1;
    if (stat(path, &st) != 0) {
        set_problem(problem, arena_printf(set->arena, "%s: %s", path, strerror(errno)));
        return false;
    }
    if (S_ISDIR(st.st_mode))
        return load_folder(set, path, arena_printf(set->arena, "%s/", name), depth + 1, problem);
    if (len <= end || strcmp(name + len - end, ending) != 0)
        return true;
    return load_file(set, path, arena_strndup(set->arena, name, len - end), problem);
}

bool templates_load_dir(struct template_set *set, const char *dir, const char **problem)
{
    return load_folder(set, dir, "", 0, problem) && templates_link(set, true, problem);
}

/* Its own text, that of what it calls, and a few rounds of what stands in sections: a guess, only ever too small or
 * too large by a small factor. */
static size_t guess(const struct template *t)
{
    size_t sum = 0;
    uint32_t repeat_end = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct step *s = &t->steps[i];
        size_t size = s->op == STEP_TEXT ? s->len : s->target ? s->target->hint : 16;
        if (s->op == STEP_SECTION && s->end > repeat_end)
            repeat_end = s->end;
        sum += size * (i < repeat_end ? HINT_REPEAT : 1);
    }
    return sum < HINT_MIN ? HINT_MIN : sum > HINT_MAX ? HINT_MAX : sum;
}

bool templates_link(struct template_set *set, bool must, const char **problem)
{
    for (size_t i = 0; i < set->count; i++) {
        struct template *t = set->templates[i];
        for (struct step *s = t->steps; s < t->steps + t->count; s++) {
            if (s->op != STEP_PARTIAL && s->op != STEP_PARENT)
                continue;
            s->target = templates_get(set, s->names->s);
            if (s->target || !must)
                continue;
            set_problem(problem, arena_printf(set->arena, "%s:%" PRIu32 ": there is no template \"%s\"", t->name, s->line,
                                              s->names->s));
            return false;
        }
    }
    for (int round = 0; round < HINT_ROUNDS; round++)
        for (size_t i = 0; i < set->count; i++)
            set->templates[i]->hint = guess(set->templates[i]);
    return true;
}

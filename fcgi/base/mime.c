/* mime.c - the types that are served, and the bytes by which files are known. */
#include "base/base.h"
#include "base/mime.h"
#include <strings.h>

#define OFFICE "application/vnd.openxmlformats-officedocument."
static const struct mime types[] = {
    { "application/octet-stream", "bin", MIME_DOCUMENT, false },
    { "image/jpeg", "jpg", MIME_IMAGE, true },
    { "image/png", "png", MIME_IMAGE, true },
    { "image/gif", "gif", MIME_IMAGE, true },
    { "image/webp", "webp", MIME_IMAGE, true },
    { "image/heic", "heic", MIME_IMAGE, false },
    { "audio/mpeg", "mp3", MIME_AUDIO, true },
    { "audio/ogg", "ogg", MIME_AUDIO, true },
    { "audio/mp4", "m4a", MIME_AUDIO, true },
    { "audio/aac", "aac", MIME_AUDIO, true },
    { "audio/wav", "wav", MIME_AUDIO, true },
    { "audio/webm", "weba", MIME_AUDIO, true },
    { "audio/amr", "amr", MIME_AUDIO, false },
    { "video/mp4", "mp4", MIME_VIDEO, true },
    { "video/webm", "webm", MIME_VIDEO, true },
    { "video/3gpp", "3gp", MIME_VIDEO, false },
    { "video/quicktime", "mov", MIME_VIDEO, false },
    { "application/pdf", "pdf", MIME_DOCUMENT, false },
    { "application/msword", "doc", MIME_DOCUMENT, false },
    { "application/vnd.ms-excel", "xls", MIME_DOCUMENT, false },
    { "application/vnd.ms-powerpoint", "ppt", MIME_DOCUMENT, false },
    { OFFICE "wordprocessingml.document", "docx", MIME_DOCUMENT, false },
    { OFFICE "spreadsheetml.sheet", "xlsx", MIME_DOCUMENT, false },
    { OFFICE "presentationml.presentation", "pptx", MIME_DOCUMENT, false },
    { "application/vnd.oasis.opendocument.text", "odt", MIME_DOCUMENT, false },
    { "application/vnd.oasis.opendocument.spreadsheet", "ods", MIME_DOCUMENT, false },
    { "application/zip", "zip", MIME_DOCUMENT, false },
    { "text/plain", "txt", MIME_DOCUMENT, false },
    { "text/csv", "csv", MIME_DOCUMENT, false },
    { "text/calendar", "ics", MIME_DOCUMENT, false },
    { "text/vcard", "vcf", MIME_DOCUMENT, false },
};

/* The bytes at an offset; where several formats share them, `choices` (extensions) may be chosen by the declared type. */
struct mark { size_t at; const char *bytes; size_t n; const char *extension, *choices; };
#define AT(at, bytes, extension, choices) { at, bytes, sizeof bytes - 1, extension, choices }
static const struct mark marks[] = {
    AT(0, "\xFF\xD8\xFF", "jpg", ""),
    AT(0, "\x89PNG\r\n\x1A\n", "png", ""),
    AT(0, "GIF87a", "gif", ""),
    AT(0, "GIF89a", "gif", ""),
    AT(8, "WEBPVP8", "webp", ""),
    AT(8, "WAVEfmt ", "wav", ""),
    AT(0, "OggS", "ogg", ""),
    AT(0, "ID3", "mp3", ""),
    AT(0, "#!AMR", "amr", ""),
    AT(4, "ftypM4A", "m4a", ""),
    AT(4, "ftyp3g", "3gp", "m4a"),
    AT(4, "ftypqt", "mov", ""),
    AT(4, "ftyphei", "heic", ""),
    AT(4, "ftypmif1", "heic", ""),
    AT(4, "ftyp", "mp4", "m4a"),
    AT(0, "\x1A\x45\xDF\xA3", "webm", "weba"),
    AT(0, "%PDF-", "pdf", ""),
    AT(0, "PK\3\4", "zip", "docx xlsx pptx odt ods"),
    AT(0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "bin", "doc xls ppt"),
};

static const struct mime *by_extension(const char *extension)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (strcmp(types[i].extension, extension) == 0)
            return &types[i];
    return &types[0];
}

bool text_listed(const char *word, const char *list)
{
    size_t n = strlen(word);
    for (const char *s = list; (s = strstr(s, word)); s += n)
        if ((s == list || s[-1] == ' ') && (s[n] == ' ' || s[n] == 0))
            return true;
    return false;
}

/* "Text/X-VCard; charset=utf-8" -> the row of text/vcard. */
static const struct mime *by_declared(const char *declared)
{
    static const char *const others[][2] = {
        { "text/x-vcard", "vcf" }, { "text/directory", "vcf" }, { "image/jpg", "jpg" }, { "audio/mp3", "mp3" }, { "audio/x-m4a", "m4a" },
        { "audio/3gpp", "m4a" }, { "audio/opus", "ogg" }, { "audio/x-wav", "wav" }, { "application/x-zip-compressed", "zip" } };
    size_t n = declared ? strcspn(declared, "; \t") : 0;
    for (size_t i = 0; n && i < ARRAY_LEN(types); i++)
        if (strlen(types[i].type) == n && strncasecmp(types[i].type, declared, n) == 0)
            return &types[i];
    for (size_t i = 0; n && i < ARRAY_LEN(others); i++)
        if (strlen(others[i][0]) == n && strncasecmp(others[i][0], declared, n) == 0)
            return by_extension(others[i][1]);
    return &types[0];
}

/* The frame head of MPEG audio: layer III is MP3, ADTS is AAC. */
static const struct mime *by_frame(const uint8_t *b, size_t n)
{
    if (n < 2 || b[0] != 0xFF)
        return NULL;
    if ((b[1] & 0xF6) == 0xF0)
        return by_extension("aac");
    return (b[1] & 0xE6) == 0xE2 ? by_extension("mp3") : NULL;
}

static bool is_text(const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((b[i] < 0x20 && b[i] != '\t' && b[i] != '\n' && b[i] != '\r') || b[i] == 0x7F)
            return false;
    return n > 0;
}

const struct mime *mime_decide(const char *declared, const void *head, size_t n)
{
    const struct mime *said = by_declared(declared), *frame = by_frame(head, n);
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        const struct mark *m = &marks[i];
        if (n >= m->at + m->n && memcmp((const char *)head + m->at, m->bytes, m->n) == 0)
            return text_listed(said->extension, m->choices) ? said : by_extension(m->extension);
    }
    if (frame)
        return frame;
    if (!is_text(head, n < MIME_HEAD ? n : MIME_HEAD))
        return &types[0];
    if (n >= 11 && strncasecmp(head, "BEGIN:VCARD", 11) == 0)
        return by_extension("vcf");
    return strncmp(said->type, "text/", 5) == 0 ? said : &types[0];
}

const struct mime *mime_of(const char *type)
{
    return by_declared(type);
}

enum mime_kind mime_kind_of(const char *declared)
{
    static const struct { const char *prefix; enum mime_kind kind; } kinds[] = {
        { "image/", MIME_IMAGE }, { "audio/", MIME_AUDIO }, { "video/", MIME_VIDEO } };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strncasecmp(declared, kinds[i].prefix, 6) == 0)
            return kinds[i].kind;
    return MIME_DOCUMENT;
}

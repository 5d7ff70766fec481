/* mime.c (test) - what a file is, whatever its sender says. */
#include "base/base.h"
#include "base/mime.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define IS(bytes, declared, type) { bytes, sizeof bytes - 1, declared, type }

static void test_decide(void **state UNUSED)
{
    static const struct { const char *bytes; size_t n; const char *declared, *type; } cases[] = {
        IS("\xFF\xD8\xFF\xE0", "image/jpeg", "image/jpeg"),
        IS("\xFF\xD8\xFF\xE0", "text/html", "image/jpeg"),
        IS("\x89PNG\r\n\x1A\n", "", "image/png"),
        IS("GIF89a", "application/octet-stream", "image/gif"),
        IS("RIFF\0\0\0\0WEBPVP8 ", "image/webp", "image/webp"),
        IS("RIFF\0\0\0\0WAVEfmt ", "audio/x-wav", "audio/wav"),
        IS("RIFF\0\0\0\0AVI LIST", "video/avi", "application/octet-stream"),
        IS("OggS\0", "audio/ogg; codecs=opus", "audio/ogg"),
        IS("ID3\4", "audio/mp3", "audio/mpeg"),
        IS("\xFF\xFB\x90", "audio/mpeg", "audio/mpeg"),
        IS("\xFF\xF1\x50", "audio/aac", "audio/aac"),
        IS("#!AMR\n", "audio/amr", "audio/amr"),
        IS("\0\0\0 ftypisom", "video/mp4", "video/mp4"),
        IS("\0\0\0 ftypisom", "audio/mp4", "audio/mp4"),
        IS("\0\0\0 ftypisom", "text/html", "video/mp4"),
        IS("\0\0\0 ftypM4A ", "video/mp4", "audio/mp4"),
        IS("\0\0\0 ftyp3gp4", "video/3gpp", "video/3gpp"),
        IS("\x1A\x45\xDF\xA3", "audio/webm", "audio/webm"),
        IS("%PDF-1.7", "application/pdf", "application/pdf"),
        IS("%PDF-1.7", "text/html", "application/pdf"),
        IS("PK\3\4", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        IS("PK\3\4", "text/html", "application/zip"),
        IS("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "application/msword", "application/msword"),
        IS("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "text/html", "application/octet-stream"),
        IS("BEGIN:VCARD\r\n", "text/x-vcard", "text/vcard"),
        IS("begin:vcard\r\n", "application/octet-stream", "text/vcard"),
        IS("a,b\n", "text/csv; charset=utf-8", "text/csv"),
        IS("hello", "TEXT/PLAIN", "text/plain"),
        IS("hello", "image/jpeg", "application/octet-stream"),
        IS("hel\0lo", "text/plain", "application/octet-stream"),
        /* never what a browser would run */
        IS("<html><script>alert(1)</script>", "text/html", "application/octet-stream"),
        IS("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml", "application/octet-stream"),
        IS("<?xml version='1.0'?>", "application/xhtml+xml", "application/octet-stream"),
        IS("alert(1)", "text/javascript", "application/octet-stream"),
        IS("", "image/jpeg", "application/octet-stream"),
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct mime *m = mime_decide(cases[i].declared, cases[i].bytes, cases[i].n);
        if (strcmp(m->type, cases[i].type) != 0)
            fail_msg("%zu (%s): %s instead of %s", i, cases[i].declared, m->type, cases[i].type);
        assert_ptr_equal(mime_of(m->type), m);
        assert_true(!m->shown || m->kind != MIME_DOCUMENT);
    }
    assert_ptr_equal(mime_of("text/html"), mime_of("application/octet-stream"));
    assert_int_equal(mime_kind_of("image/x-unknown"), MIME_IMAGE);
    assert_int_equal(mime_kind_of(""), MIME_DOCUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_decide) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

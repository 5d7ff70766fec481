/* mime.h - what a file is: decided by us from its first bytes. What its sender calls it only chooses between formats that
 * look alike (the office files, the texts); it can never make something run in a browser. */
#ifndef CENTRALA_MIME_H
#define CENTRALA_MIME_H
#include "base/base.h"

enum { MIME_HEAD = 512 }; /* bytes that decide */
enum mime_kind { MIME_DOCUMENT, MIME_IMAGE, MIME_AUDIO, MIME_VIDEO };

struct mime {
    const char *type, *extension;
    enum mime_kind kind;
    bool shown;  /* browsers show or play it, and it cannot carry a script; everything else is a download */
};

/* Never NULL: application/octet-stream for everything that is not on the list, HTML and SVG among it. */
const struct mime *mime_decide(const char *declared, const void *head, size_t n);
/* Of a type as mime_decide() wrote it; the unknown one for any other. */
const struct mime *mime_of(const char *type);
/* Of a type as somebody else wrote it, before there is a file: what it promises to be. */
enum mime_kind mime_kind_of(const char *declared);

/* Is the word one of a list separated by single blanks ("jpg png gif")? */
bool text_listed(const char *word, const char *list);

#endif

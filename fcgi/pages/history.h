/* history.h - what the history's live fragment shares with the page. */
#ifndef CENTRALA_PAGES_HISTORY_H
#define CENTRALA_PAGES_HISTORY_H
#include "services/inbox.h"

/* "", "in", "out", "failed"; anything else is all. */
enum history_filter history_filter_of(const char *word);

#endif

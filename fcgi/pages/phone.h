/* phone.h - what the played handset's live fragment shares with the page. */
#ifndef CENTRALA_PAGES_PHONE_H
#define CENTRALA_PAGES_PHONE_H
#include "web/request.h"

/* Both directions between that customer and that line into the root, and what was typed but has not arrived (the page
 * only: no cursor tells a fragment when that is over); false on failure. */
bool put_handset_thread(struct request *rq, const char *from, const char *to, bool with_waiting);

#endif

/* settings.h - what the settings pages share. */
#ifndef CENTRALA_PAGES_SETTINGS_H
#define CENTRALA_PAGES_SETTINGS_H
#include "pages/parts.h"

/* Marks "settings" in the menu and this tab in parts/settings_tabs: account, lines, webhooks, organisation, people, audit. */
void put_tab(struct request *rq, const char *tab);
/* Twilio's refusal in a sentence, with its code: for a field or a notice; already in the request's language. */
const char *twilio_said(struct request *rq, const char *words, int64_t code);
/* An action of the audit trail in words; itself when nobody has worded it. */
const char *action_words(struct request *rq, const char *action);

#endif

/* dashboard.h - what the dashboard's live fragment shares with the page. */
#ifndef CENTRALA_PAGES_DASHBOARD_H
#define CENTRALA_PAGES_DASHBOARD_H
#include "web/request.h"

/* Totals and latest conversations into the root; false on failure. */
bool put_dashboard(struct request *rq, const char **cursor);

#endif

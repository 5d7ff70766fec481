/* links.h - does a text name a web site other than those that are ours? */
#ifndef CENTRALA_SERVICES_LINKS_H
#define CENTRALA_SERVICES_LINKS_H
#include "base/base.h"

/* `sites`: host names with blanks between; a name stands for its subdomains too. Whatever a telephone might make a link of
 * counts: "https://…", "www.…", "example.com", and the host of an e-mail address. */
bool links_only_to(const char *text, const char *sites);

#endif

/* public.h - which addresses are the public internet: what an address from outside may make us call. */
#ifndef CENTRALA_PROVIDERS_PUBLIC_H
#define CENTRALA_PROVIDERS_PUBLIC_H
#include "base/base.h"
#include <sys/socket.h>

/* False for loopback, private, link-local, shared, reserved and multicast addresses, also where they are wrapped in IPv6,
 * and for other families. */
bool address_is_public(const struct sockaddr *a);
/* The same for "8.8.8.8" or "2606:4700::1", without brackets and port; false when it is no address. */
bool address_text_is_public(const char *text);
/* Is it the text of an address? */
bool address_text_valid(const char *text);

#endif

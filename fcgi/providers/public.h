/* public.h - which addresses are the public internet: what an address from outside may make us call. */
#ifndef CENTRALA_PROVIDERS_PUBLIC_H
#define CENTRALA_PROVIDERS_PUBLIC_H
#include "base/base.h"
#include <sys/socket.h>

/* False for loopback, private, link-local, shared, reserved and multicast addresses, also where they are wrapped in IPv6,
 * and for other families. */
bool address_is_public(const struct sockaddr *a);

#endif

/* wake.h - a datagram to fcgi-cron: there is work. Losing one costs at most cron.poll_ms. */
#ifndef CENTRALA_SERVICES_WAKE_H
#define CENTRALA_SERVICES_WAKE_H
#include "base/base.h"
#include "base/ctx.h"

void wake_cron(struct ctx *ctx);
/* The receiving end, non-blocking; -1 when the address cannot be taken (another fcgi-cron on this host has it). */
int wake_socket(const char *path);
/* Empties it. */
void wake_drain(int fd);

#endif

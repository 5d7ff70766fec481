/* opt_outs.h - what the pages about opt-outs share. */
#ifndef CENTRALA_PAGES_OPT_OUTS_H
#define CENTRALA_PAGES_OPT_OUTS_H
#include "services/opt_out_book.h"
#include "pages/parts.h"

/* "tab" {x: true} and the menu's place. */
void put_opt_out_tab(struct request *rq, const char *tab);
/* "title", "channel_label", "source", "source_tone", "reason"?, "by"?, "since", "url", … of an entry. */
void put_opt_out(struct request *rq, struct value *o, const struct opt_out_row *r);
const char *opt_out_channel_label(struct request *rq, const char *channel);
const char *opt_out_source_label(struct request *rq, const char *source);
/* "channels": what may be chosen. */
void put_opt_out_channels(struct request *rq, const char *chosen);

#endif

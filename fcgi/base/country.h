/* country.h - the world's telephone numbering plans, as far as it takes to recognise, check and group a number.
 *
 * A plan belongs to a calling code and is a const line of country.c; rules are tried in order. Their language:
 *   [2-9]11:10=3-3-4   numbers that begin so, have that many digits (10, 8-10, "7,10"), are grouped like this
 *   1(20[48]|46):9     alternatives; nothing may follow the bracket
 *   !555               numbers that begin so do not exist
 * A rule without groups is grouped in threes. Rules state lengths and first digits, not each assigned block: a number
 * that no rule allows cannot be called, one that is allowed may still be unassigned. */
#ifndef CENTRALA_COUNTRY_H
#define CENTRALA_COUNTRY_H
#include "base/base.h"

struct plan {
    const char *code;  /* calling code, "48" */
    const char *trunk; /* national prefixes before an area code, separated by blanks; "" when there is none */
    const char *intl;  /* what is dialled to reach other countries, separated by blanks */
    const char *rules;
};

/* The plan of a country (ISO 3166, two letters, any case) or of the number behind "+"; NULL when there is none. */
const struct plan *plan_of_country(const char *iso);
const struct plan *plan_of_number(const char *digits);
/* NULL when the plan does not allow this national number; else its groups ("3-3-4", ended by a blank or NUL), "" when
 * the rule has none. */
const char *plan_match(const struct plan *p, const char *national);

#endif

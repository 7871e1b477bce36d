/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers as decimal text, the same in every locale.
 */
#ifndef HONE_NUMBER_TEXT_H
#define HONE_NUMBER_TEXT_H

#include <locale.h>

#include "tensor.h"

/* Room for any number. */
#define NUMBER_TEXT 40

/* Makes the calling thread write numbers with a point until number_locale_leave(). 0 when memory is
 * out. */
locale_t number_locale_enter(void);
void number_locale_leave(locale_t before);

/* Element i: the shortest text that gives the same number again; "NaN", "INF", "-INF". Returns its
 * length. */
size_t number_to_text(char buf[NUMBER_TEXT], const tensor *t, int64_t i);
/* Sets element i to what the text says: a decimal number, or in any case inf, +inf, -inf or nan;
 * white space around it is passed over. False when it says something else. Integers are cut towards
 * zero and saturate. */
bool number_from_text(const tensor *t, int64_t i, const char *text);

#endif

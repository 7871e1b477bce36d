/* SPDX-License-Identifier: Apache-2.0
 *
 * A look at a JPEG 2000 codestream before libopenjp2 gets it, which takes what the headers ask for.
 */
#ifndef HONE_CODESTREAM_H
#define HONE_CODESTREAM_H

#include "image.h"

/* Components of a picture that is read. */
enum { MAX_COMPONENTS = 4 };

bool is_codestream(const uint8_t *four_bytes);
/* HONE_E_FORMAT without a codestream in the file, HONE_E_UNSUPPORTED when the picture is cut into
 * more pieces than the file has room for. */
hone_status codestream_check(const image *img);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * From a map of probabilities to boxes, for read_text.
 */
#ifndef TEXT_BOXES_H
#define TEXT_BOXES_H

typedef struct text_box {
    int left, top, right, bottom; /* right and bottom are just outside */
} text_box;

/* Finds the connected groups of likely pixels in w x h probabilities, which are used up. Returns
 * how many boxes there are, at most `most`, in the order of reading. */
int find_text_boxes(float *map, int w, int h, text_box *boxes, int most);

#endif

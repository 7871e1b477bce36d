/* SPDX-License-Identifier: Apache-2.0 */
#include "text_boxes.h"

#include <stdbool.h>
#include <stdlib.h>

static const float likely = 0.3f;

/* The group that is being walked. */
typedef struct walk {
    float *map; /* 0 where a pixel is counted already */
    int *todo;  /* pixels of the group that are still to be looked around */
    int n_todo, pixels;
    double sum;
} walk;

static void visit(walk *k, int i) {
    if (k->map[i] <= likely) return;
    k->sum += (double)k->map[i];
    k->map[i] = 0;
    k->todo[k->n_todo++] = i;
    k->pixels++;
}

/* Walks the group around pixel number `at`. Is it text? */
static bool take_box(walk *k, int w, int h, int at, text_box *b) {
    *b = (text_box){w, h, 0, 0};
    k->pixels = 0;
    k->sum = 0;
    visit(k, at);
    while (k->n_todo > 0) {
        const int i = k->todo[--k->n_todo], x = i % w, y = i / w;
        if (x < b->left) b->left = x;
        if (x >= b->right) b->right = x + 1;
        if (y < b->top) b->top = y;
        if (y >= b->bottom) b->bottom = y + 1;
        if (x > 0) visit(k, i - 1);
        if (x + 1 < w) visit(k, i + 1);
        if (y > 0) visit(k, i - w);
        if (y + 1 < h) visit(k, i + w);
    }
    /* The model marks the middle of a line only: grow by 1.6 x area / perimeter. */
    const int bw = b->right - b->left, bh = b->bottom - b->top;
    const int grow = (int)(0.8 * bw * bh / (bw + bh));
    *b = (text_box){b->left - grow, b->top - grow, b->right + grow, b->bottom + grow};
    return bw > 2 && bh > 2 && k->sum > 0.5 * k->pixels;
}

/* Lines from top to bottom, each from left to right. */
static int compare_boxes(const void *p, const void *q) {
    const text_box *a = p, *b = q;
    if (a->top + a->bottom < 2 * b->top) return -1;
    if (b->top + b->bottom < 2 * a->top) return 1;
    return a->left - b->left;
}

int find_text_boxes(float *map, int w, int h, text_box *boxes, int most) {
    walk k = {.map = map, .todo = malloc((size_t)w * (size_t)h * sizeof(int))};
    int count = 0;
    for (int i = 0; k.todo && i < w * h && count < most; i++)
        if (map[i] > likely) count += take_box(&k, w, h, i, &boxes[count]);
    free(k.todo);
    qsort(boxes, (size_t)count, sizeof *boxes, compare_boxes);
    return count;
}

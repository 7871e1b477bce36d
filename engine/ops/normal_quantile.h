/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HONE_NORMAL_QUANTILE_H
#define HONE_NORMAL_QUANTILE_H

/* Where the standard normal distribution has reached p, 0 < p < 1; to 1e-16 of its size. Algorithm
 * AS 241, PPND16 (Wichura, "The Percentage Points of the Normal Distribution", 1988). */
double normal_quantile(double p);

#endif

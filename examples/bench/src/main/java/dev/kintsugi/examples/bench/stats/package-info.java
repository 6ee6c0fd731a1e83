/** Figures of runs: latencies, medians, targets. */
@NullMarked
package dev.kintsugi.examples.bench.stats;

import org.jspecify.annotations.NullMarked;

/** How long a {@code persist()} takes while a projection is rebuilt. */
@NullMarked
package dev.kintsugi.examples.bench.latency;

import org.jspecify.annotations.NullMarked;

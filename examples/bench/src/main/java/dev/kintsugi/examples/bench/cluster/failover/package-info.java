/** A rebuild whose node is killed, and whose next node is cut off, over a real history. */
@NullMarked
package dev.kintsugi.examples.bench.cluster.failover;

import org.jspecify.annotations.NullMarked;

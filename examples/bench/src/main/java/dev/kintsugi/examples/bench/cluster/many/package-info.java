/**
 * What many projections cost on a cluster. {@code Many} is the program, {@code ManyNode} one of the
 * nodes that it starts.
 */
@NullMarked
package dev.kintsugi.examples.bench.cluster.many;

import org.jspecify.annotations.NullMarked;

/**
 * Projections that follow beside inline ones on a cluster whose nodes are killed. {@code
 * FollowChaos} is the program, {@code FollowNode} one of the nodes that it starts.
 */
@NullMarked
package dev.kintsugi.examples.bench.cluster.followed;

import org.jspecify.annotations.NullMarked;

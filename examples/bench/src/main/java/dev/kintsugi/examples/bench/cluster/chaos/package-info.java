/**
 * A cluster whose nodes, server, network, clock, handlers and operators all misbehave at random, by
 * a plan that its seed makes, and the audit of what is left.
 *
 * <p>{@code Plan} says what goes wrong and when, {@code Unrest} carries it out, {@code Keeper}
 * starts nodes again as whatever runs nodes does, {@code Peace} waits until all is whole again.
 */
@NullMarked
package dev.kintsugi.examples.bench.cluster.chaos;

import org.jspecify.annotations.NullMarked;

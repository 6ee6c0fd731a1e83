/**
 * What stands between a node and the server on the network, and harms their connections: {@code
 * Proxy} for all of them, {@code Link} for each. {@code Questions} reads along what is asked.
 */
@NullMarked
package dev.kintsugi.examples.bench.proxy;

import org.jspecify.annotations.NullMarked;

/**
 * The domain: an order is a persistent actor in Cluster Sharding, with events, and two inline
 * projections of these, a fold and rows.
 */
@NullMarked
package dev.kintsugi.examples.cluster.orders;

import org.jspecify.annotations.NullMarked;

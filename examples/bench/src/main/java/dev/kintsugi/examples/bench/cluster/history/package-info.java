/**
 * A real history written by a cluster: its nodes, one sharded actor a file, the writers that ask
 * for each change until it is acknowledged, and the audit of what the database holds in the end.
 */
@NullMarked
package dev.kintsugi.examples.bench.cluster.history;

import org.jspecify.annotations.NullMarked;

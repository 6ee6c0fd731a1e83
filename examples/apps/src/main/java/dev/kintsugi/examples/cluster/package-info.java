/**
 * A cluster of three nodes on this machine, each a JVM, with a PostgreSQL: orders over HTTP, two
 * inline projections, and a rebuild that survives the death of the node that carries it out.
 */
@NullMarked
package dev.kintsugi.examples.cluster;

import org.jspecify.annotations.NullMarked;

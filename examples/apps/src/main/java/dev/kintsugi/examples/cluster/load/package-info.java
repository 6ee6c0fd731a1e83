/** The load: orders that are placed, paid and cancelled on all nodes, at a steady rate. */
@NullMarked
package dev.kintsugi.examples.cluster.load;

import org.jspecify.annotations.NullMarked;

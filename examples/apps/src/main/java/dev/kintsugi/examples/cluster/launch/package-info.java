/** The processes of the example: three nodes and a PostgreSQL, which end with the launcher. */
@NullMarked
package dev.kintsugi.examples.cluster.launch;

import org.jspecify.annotations.NullMarked;

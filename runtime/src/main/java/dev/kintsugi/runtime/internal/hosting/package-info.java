/**
 * Where the supervisors of projections live: sharded over the cluster, or all of them on this node
 * where it is by itself.
 */
@NullMarked
package dev.kintsugi.runtime.internal.hosting;

import org.jspecify.annotations.NullMarked;

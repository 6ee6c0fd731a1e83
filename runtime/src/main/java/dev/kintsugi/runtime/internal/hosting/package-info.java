/**
 * Where the supervisors of projections live: for now, all of them on this node, under one actor.
 */
@NullMarked
package dev.kintsugi.runtime.internal.hosting;

import org.jspecify.annotations.NullMarked;

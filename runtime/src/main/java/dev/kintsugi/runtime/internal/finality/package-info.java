/**
 * Up to where a table is final: which of its numbers no row will appear with any more (DESIGN 4).
 * Whatever reads a table in the order of its numbers stands on it. Plain classes on a caller's
 * connection; who decides when to look is elsewhere.
 */
@NullMarked
package dev.kintsugi.runtime.internal.finality;

import org.jspecify.annotations.NullMarked;

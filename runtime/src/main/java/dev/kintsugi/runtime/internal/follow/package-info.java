/**
 * Projections that follow the journal (DESIGN 7a): reads it up to what is final, once for all of a
 * node, applies, and moves the cursor in the same transaction.
 */
@NullMarked
package dev.kintsugi.runtime.internal.follow;

import org.jspecify.annotations.NullMarked;

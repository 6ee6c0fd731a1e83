/**
 * Skip records: what writers, replay and recovery leave in the database for an event that they do
 * not apply, and the archive of what became of each (DESIGN 2, 3, 8). Plain classes on a caller's
 * connection and transaction.
 */
@NullMarked
package dev.kintsugi.runtime.internal.skip;

import org.jspecify.annotations.NullMarked;

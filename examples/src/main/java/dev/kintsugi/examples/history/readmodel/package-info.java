/**
 * The three read models: their tables' scripts are on the class path, their handlers do one
 * statement an event.
 *
 * <p>Rows of {@code directories} and {@code authors} are shared between streams. Inline they see
 * the streams in commit order, in a rebuild in the journal's; so they hold only what is the same
 * under every order: sums, the earliest and the latest.
 */
@NullMarked
package dev.kintsugi.examples.history.readmodel;

import org.jspecify.annotations.NullMarked;

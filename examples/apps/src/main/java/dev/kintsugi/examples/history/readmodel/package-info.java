/**
 * The three read models, of three kinds: {@code files} is a handler, which does one statement an
 * event, and has its table's script on the class path; {@code directories} are rows, and {@code
 * authors} a fold, whose tables the runtime makes.
 *
 * <p>Rows of {@code directories} and {@code authors} are shared between streams. Inline they see
 * the streams in commit order, in a rebuild in the journal's; so they hold only what is the same
 * under every order: sums, the earliest and the latest.
 */
@NullMarked
package dev.kintsugi.examples.history.readmodel;

import org.jspecify.annotations.NullMarked;

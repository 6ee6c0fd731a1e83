/**
 * The read journal {@code kintsugi.query}. No gap is ever guessed at: what is read is final, as a
 * fence has proven.
 */
@NullMarked
package dev.kintsugi.runtime.query;

import org.jspecify.annotations.NullMarked;

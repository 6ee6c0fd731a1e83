/**
 * The read journal {@code kintsugi.query}, and how a table is read in the order of its numbers: no
 * gap is ever guessed at, as what is read is proven to be final.
 */
@NullMarked
package dev.kintsugi.runtime.internal.query;

import org.jspecify.annotations.NullMarked;

/**
 * The end of a projection (DESIGN 5): its row goes, and when no transaction acts on it any more, so
 * do its open records and its tables. History stays.
 */
@NullMarked
package dev.kintsugi.runtime.internal.retirement;

import org.jspecify.annotations.NullMarked;

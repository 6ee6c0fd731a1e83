/**
 * What people do about a projection (DESIGN 8): look at its skip records, have them retried,
 * discard them, pause and resume it. Plain classes in the caller's transaction, but for what takes
 * many; every change is a compare-and-set and is noted with who asked for it and why.
 */
@NullMarked
package dev.kintsugi.runtime.internal.operations;

import org.jspecify.annotations.NullMarked;

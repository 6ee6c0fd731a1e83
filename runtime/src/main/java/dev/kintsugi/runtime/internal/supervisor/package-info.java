/**
 * The actor of a projection (DESIGN 9): reads its row, runs the rebuild or recovery that the row
 * asks for, and answers for it.
 */
@NullMarked
package dev.kintsugi.runtime.internal.supervisor;

import org.jspecify.annotations.NullMarked;

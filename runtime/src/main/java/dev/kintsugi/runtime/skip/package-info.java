/**
 * Skip records as an operator sees them (DESIGN 8): which are open, which are meant, what became of
 * them.
 */
@NullMarked
package dev.kintsugi.runtime.skip;

import org.jspecify.annotations.NullMarked;

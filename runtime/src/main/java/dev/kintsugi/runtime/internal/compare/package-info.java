/** Compares two generations of a read model, before the newer one serves (DESIGN 7, step 5). */
@NullMarked
package dev.kintsugi.runtime.internal.compare;

import org.jspecify.annotations.NullMarked;

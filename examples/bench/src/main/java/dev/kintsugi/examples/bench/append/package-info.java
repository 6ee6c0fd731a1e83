/** Both plugins on the same loads, in turn. */
@NullMarked
package dev.kintsugi.examples.bench.append;

import org.jspecify.annotations.NullMarked;

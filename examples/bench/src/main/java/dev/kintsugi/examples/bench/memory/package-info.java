/** How much memory a fold takes that is rebuilt with millions of keys. */
@NullMarked
package dev.kintsugi.examples.bench.memory;

import org.jspecify.annotations.NullMarked;

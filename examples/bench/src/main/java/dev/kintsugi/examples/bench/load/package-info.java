/** Persistent actors under load, on either plugin. */
@NullMarked
package dev.kintsugi.examples.bench.load;

import org.jspecify.annotations.NullMarked;

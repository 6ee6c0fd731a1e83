/** Whether an append costs more where there is more history. */
@NullMarked
package dev.kintsugi.examples.bench.size;

import org.jspecify.annotations.NullMarked;

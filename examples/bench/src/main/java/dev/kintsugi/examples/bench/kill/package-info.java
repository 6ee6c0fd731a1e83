/** Writers that are killed, and what must be in the database then. */
@NullMarked
package dev.kintsugi.examples.bench.kill;

import org.jspecify.annotations.NullMarked;

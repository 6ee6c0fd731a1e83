/** Old transactions that have nothing to do with projections, and whom they hold up. */
@NullMarked
package dev.kintsugi.examples.bench.bystanders;

import org.jspecify.annotations.NullMarked;

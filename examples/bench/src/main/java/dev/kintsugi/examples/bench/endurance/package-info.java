/**
 * A steady load for long, with a rebuild in each interval: whether anything grows that should not.
 */
@NullMarked
package dev.kintsugi.examples.bench.endurance;

import org.jspecify.annotations.NullMarked;

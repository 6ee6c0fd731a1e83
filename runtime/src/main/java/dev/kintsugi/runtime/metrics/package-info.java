/** The meters that a node reports. */
@NullMarked
package dev.kintsugi.runtime.metrics;

import org.jspecify.annotations.NullMarked;

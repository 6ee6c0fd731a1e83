/** Kintsugi's meters: what they are called, and how they get into an application's registry. */
@NullMarked
package dev.kintsugi.runtime.internal.metrics;

import org.jspecify.annotations.NullMarked;

/**
 * What is known of a projection: its generation, its rebuild, who holds it up, what was done about
 * it and why. Values only; {@link dev.kintsugi.runtime.Kintsugi} reads them.
 */
@NullMarked
package dev.kintsugi.runtime.status;

import org.jspecify.annotations.NullMarked;

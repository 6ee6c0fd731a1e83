/** What {@code runtime/SCALE.md} says of sizes that no test can have, held against simulations. */
@NullMarked
package dev.kintsugi.runtime.scale;

import org.jspecify.annotations.NullMarked;

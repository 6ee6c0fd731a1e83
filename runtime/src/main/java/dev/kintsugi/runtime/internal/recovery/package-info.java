/**
 * Mends what was recorded: drains open skip records into the read model, in each stream's order,
 * and archives them (DESIGN 8). {@link dev.kintsugi.runtime.internal.recovery.Drain} does one batch
 * in a transaction of its own; {@link dev.kintsugi.runtime.internal.recovery.RecoveryActor} decides
 * when.
 */
@NullMarked
package dev.kintsugi.runtime.internal.recovery;

import org.jspecify.annotations.NullMarked;

/**
 * The snapshot store {@code kintsugi.snapshot-store}: Pekko's contract on Pekko Persistence JDBC's
 * table, a transaction for each snapshot that is saved, loaded or deleted.
 */
@NullMarked
package dev.kintsugi.runtime.internal.snapshot;

import org.jspecify.annotations.NullMarked;

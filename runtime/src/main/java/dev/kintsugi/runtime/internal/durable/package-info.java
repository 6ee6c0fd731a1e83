/**
 * The durable state store {@code kintsugi.durable-state}: Pekko's contract on Pekko Persistence
 * JDBC's table, a transaction for each state that is read, written or deleted. Queries of changes
 * read as the read journal does.
 */
@NullMarked
package dev.kintsugi.runtime.internal.durable;

import org.jspecify.annotations.NullMarked;

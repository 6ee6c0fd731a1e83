/**
 * The writer's protocol (DESIGN 5), in one place, for the journal and for plain JDBC alike: append,
 * consult, then apply, help or record, in one transaction.
 *
 * <p>{@link dev.kintsugi.runtime.internal.writer.InlineWriter} works in a transaction that somebody
 * else owns; {@link dev.kintsugi.runtime.internal.writer.Appender} owns one.
 */
@NullMarked
package dev.kintsugi.runtime.internal.writer;

import org.jspecify.annotations.NullMarked;

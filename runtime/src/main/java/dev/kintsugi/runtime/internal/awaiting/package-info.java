/**
 * Waiting for a read model: what it has of an event, as the database's own functions tell ({@code
 * config/ddl/postgresql/functions.sql}), and who asks them how often.
 */
@NullMarked
package dev.kintsugi.runtime.internal.awaiting;

import org.jspecify.annotations.NullMarked;

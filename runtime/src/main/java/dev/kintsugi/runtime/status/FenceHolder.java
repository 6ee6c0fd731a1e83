package dev.kintsugi.runtime.status;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Somebody that a fence waits for (DESIGN 4).
 *
 * <p>Of a session of another user the database tells everybody who it is, and what it does only to
 * members of {@code pg_read_all_stats}: to others its state is empty, and its times are null.
 *
 * @param who "pid 4711", or "prepared transaction name"
 * @param application empty for a prepared transaction
 * @param state as in {@code pg_stat_activity}, or "prepared"; empty if this user may not see it
 * @param since when its transaction began, by the database's clock; null if this user may not see
 *     it
 * @param queryStart when its last statement began; null if this user may not see it
 */
public record FenceHolder(
    String who,
    String application,
    String user,
    String database,
    String state,
    @Nullable Instant since,
    @Nullable Instant queryStart) {}

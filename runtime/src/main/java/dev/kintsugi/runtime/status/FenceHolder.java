package dev.kintsugi.runtime.status;

import java.time.Instant;

/**
 * Somebody that a fence waits for (DESIGN 4).
 *
 * @param who "pid 4711", or "prepared transaction name"
 * @param since when its transaction began, by the database's clock
 * @param queryStart when its last statement began
 */
public record FenceHolder(
    String who,
    String application,
    String user,
    String database,
    String state,
    Instant since,
    Instant queryStart) {}

package dev.kintsugi.runtime.internal.rebuild;

/**
 * What a batch of a replay came to, whose transaction has committed.
 *
 * @param applied how many events the projection's handler took
 * @param failed how many events were recorded as failed
 * @param behind how many later events of their streams were recorded as behind them
 */
public record Replayed(int applied, int failed, int behind) {}

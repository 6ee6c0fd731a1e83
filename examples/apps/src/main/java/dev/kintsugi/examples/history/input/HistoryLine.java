package dev.kintsugi.examples.history.input;

import java.time.Instant;

/**
 * One change of one file by one commit.
 *
 * @param committedAt in whole seconds; not always rising from line to line
 * @param path from the repository's root, with {@code /} between its parts
 */
public record HistoryLine(
    String commit, Instant committedAt, String author, ChangeKind kind, String path) {}

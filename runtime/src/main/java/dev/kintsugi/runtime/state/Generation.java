package dev.kintsugi.runtime.state;

/**
 * A row of {@code kintsugi_projection}: one build of a projection, and what writers do about it.
 */
public record Generation(
    String projection, int generation, Status status, boolean paused, int version) {}

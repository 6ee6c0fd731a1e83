package dev.kintsugi.runtime.internal.handler;

/** Which generation of which projection: what an append does for one is no matter of another's. */
public record GenerationKey(String projection, int generation) {}

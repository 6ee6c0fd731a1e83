package dev.kintsugi.runtime;

import dev.kintsugi.runtime.status.Rebuild;
import java.util.concurrent.CompletionStage;

/**
 * A rebuild that was accepted.
 *
 * @param generation the generation that it builds
 * @param done its end: completed when it is proven that nothing is missing from the read model,
 *     failed with {@link RebuildStoppedException} when it was stopped
 */
public record RebuildHandle(String projection, int generation, CompletionStage<Rebuild> done) {}

package dev.kintsugi.examples.bench.endurance;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.runtime.state.Rebuild;

/**
 * One interval of the run.
 *
 * @param load what was persisted in it
 * @param rebuild the one that was asked for at its beginning
 * @param heap bytes in use after a full collection at its end
 * @param server what the server had at its end
 */
record Interval(Load.Done load, Rebuild rebuild, long heap, ServerSample server) {}

package dev.kintsugi.runtime.skip;

import java.util.List;
import java.util.OptionalLong;

/**
 * Some open skip records, in ordering.
 *
 * @param generation whose they are: the projection's newest
 * @param next behind which ordering the next page begins; empty if this is the last one
 */
public record SkipPage(int generation, List<OpenSkip> records, OptionalLong next) {}

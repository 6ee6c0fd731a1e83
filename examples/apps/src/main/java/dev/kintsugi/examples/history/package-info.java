/**
 * The main job, on real input: a repository's history is imported by many writers while its read
 * models are rebuilt; an oracle then checks that no event was lost and none doubled.
 *
 * <p>{@link dev.kintsugi.examples.history.History} is the program. {@code input} reads histories,
 * {@code files} has the event-sourced files and their import, {@code readmodel} the three
 * projections, {@code audit} the oracle and the comparison, {@code display} what people see.
 */
@NullMarked
package dev.kintsugi.examples.history;

import org.jspecify.annotations.NullMarked;

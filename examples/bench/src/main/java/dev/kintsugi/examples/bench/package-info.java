/**
 * The benchmarks, each a program that prints a table. {@link dev.kintsugi.examples.bench.Bench} is
 * the entry; {@code suite}, {@code append}, {@code latency}, {@code size}, {@code replay}, {@code
 * memory}, {@code kill} and {@code cuts} are the programs, {@code load} what they put on an actor
 * system, {@code server} what they run on, {@code proxy} what cuts it off.
 */
@NullMarked
package dev.kintsugi.examples.bench;

import org.jspecify.annotations.NullMarked;

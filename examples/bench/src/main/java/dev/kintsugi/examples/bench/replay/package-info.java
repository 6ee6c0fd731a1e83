/** Replays of a real history, each kind of projection beside a loop without a framework. */
@NullMarked
package dev.kintsugi.examples.bench.replay;

import org.jspecify.annotations.NullMarked;

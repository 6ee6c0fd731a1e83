/**
 * All that is measured of the runtime, each beside the plain JDBC that does the same work. {@link
 * dev.kintsugi.examples.bench.suite.Part} says what there is; a part opens groups of measures, and
 * a round runs both sides of each measure, in turn.
 */
@NullMarked
package dev.kintsugi.examples.bench.suite;

import org.jspecify.annotations.NullMarked;

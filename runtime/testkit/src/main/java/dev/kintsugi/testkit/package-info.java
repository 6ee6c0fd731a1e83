/**
 * Tests of projections, for those who write them: {@link dev.kintsugi.testkit.ProjectionTestKit}.
 *
 * <p>All that touches the database is the runtime's own code; what is missing here is its actors,
 * which decide when to do something. A scenario decides that itself, one step after the other on
 * the calling thread. Knows no test framework.
 */
@NullMarked
package dev.kintsugi.testkit;

import org.jspecify.annotations.NullMarked;

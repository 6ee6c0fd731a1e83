/**
 * What the author of a projection writes against: {@link dev.kintsugi.projections.Projection} names
 * a read model, the events it is made of, its tables, and the handler that applies one event.
 *
 * <p>This package knows Pekko Projection's handler types and nothing of the runtime.
 */
@NullMarked
package dev.kintsugi.projections;

import org.jspecify.annotations.NullMarked;

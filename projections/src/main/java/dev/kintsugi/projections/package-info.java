/**
 * What the author of a projection writes against: {@link dev.kintsugi.projections.Projection} names
 * a read model, the events it is made of, its tables, and the handler that applies one event.
 *
 * <p>This package knows Pekko Projection's handler types and nothing of the runtime. What the
 * runtime needs of a definition besides is behind {@code internal}, which is no API.
 */
@NullMarked
package dev.kintsugi.projections;

import org.jspecify.annotations.NullMarked;

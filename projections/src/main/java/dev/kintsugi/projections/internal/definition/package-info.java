/**
 * What the runtime needs of a projection, and an application does not: {@link
 * dev.kintsugi.projections.internal.definition.Definition}. It knows nothing of the kinds: each
 * says how its tables are made and its handlers.
 */
@NullMarked
package dev.kintsugi.projections.internal.definition;

import org.jspecify.annotations.NullMarked;

/** Installs or checks Kintsugi's own tables, and the tables of the projections. */
@NullMarked
package dev.kintsugi.runtime.internal.schema;

import org.jspecify.annotations.NullMarked;

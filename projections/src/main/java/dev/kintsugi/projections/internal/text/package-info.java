/** What a text may be on its way to the database: one place decides. */
@NullMarked
package dev.kintsugi.projections.internal.text;

import org.jspecify.annotations.NullMarked;

/**
 * Flat tables: an event is declared as changes of rows ({@link
 * dev.kintsugi.projections.rows.RowMapper}), and the runtime writes them as sets.
 */
@NullMarked
package dev.kintsugi.projections.rows;

import org.jspecify.annotations.NullMarked;

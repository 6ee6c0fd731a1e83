/**
 * Flat tables: an event is declared as changes of rows ({@link
 * dev.kintsugi.projections.rows.RowMapper}), and the runtime writes them as sets or, where the
 * tables have constraints, in the order of events.
 */
@NullMarked
package dev.kintsugi.projections.rows;

import org.jspecify.annotations.NullMarked;

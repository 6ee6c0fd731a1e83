/**
 * The oracle, which computes the read models straight from the history's lines, and the comparison
 * of its rows with those in the database. Shares no code with the projections it checks.
 */
@NullMarked
package dev.kintsugi.examples.history.audit;

import org.jspecify.annotations.NullMarked;

/**
 * The audit: one thread folds the journal, and compares each row of both read models. It shares no
 * code with the projections that it checks, nor with their events' classes.
 */
@NullMarked
package dev.kintsugi.examples.cluster.audit;

import org.jspecify.annotations.NullMarked;

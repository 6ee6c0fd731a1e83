/**
 * What folds and rows have in common: they gather what events come to in memory, and write it as
 * sets. {@link dev.kintsugi.projections.internal.bulk.BulkHandler} is what the runtime sees of
 * them; application code needs only {@link dev.kintsugi.projections.internal.bulk.ColumnType}, by
 * its names.
 */
@NullMarked
package dev.kintsugi.projections.internal.bulk;

import org.jspecify.annotations.NullMarked;

/**
 * What folds and rows have in common: they gather what events come to in memory, and write it as
 * sets. {@link dev.kintsugi.projections.bulk.BulkHandler} is what the runtime sees of them;
 * application code needs only {@link dev.kintsugi.projections.bulk.ColumnType}, by its names.
 */
@NullMarked
package dev.kintsugi.projections.bulk;

import org.jspecify.annotations.NullMarked;

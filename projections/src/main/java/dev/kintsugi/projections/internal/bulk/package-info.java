/**
 * What folds and rows have in common: they gather what events come to in memory, and write it as
 * sets. {@link dev.kintsugi.projections.internal.bulk.BulkHandler} is what the runtime sees of
 * them. Applications name a {@link dev.kintsugi.projections.internal.bulk.ColumnType} as PostgreSQL
 * does.
 */
@NullMarked
package dev.kintsugi.projections.internal.bulk;

import org.jspecify.annotations.NullMarked;

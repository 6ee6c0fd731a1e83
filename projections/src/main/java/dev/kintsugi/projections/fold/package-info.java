/**
 * Folds: documents that are a left fold over the events of a key ({@link
 * dev.kintsugi.projections.fold.Fold}), kept as JSON.
 */
@NullMarked
package dev.kintsugi.projections.fold;

import org.jspecify.annotations.NullMarked;

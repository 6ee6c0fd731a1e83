/**
 * What is so: the generations of each projection ({@code kintsugi_projection}), their rebuilds
 * ({@code kintsugi_rebuild}), and the {@link dev.kintsugi.runtime.internal.state.Fence} (DESIGN 3,
 * 4). Plain classes on a caller's connection and transaction.
 */
@NullMarked
package dev.kintsugi.runtime.internal.state;

import org.jspecify.annotations.NullMarked;

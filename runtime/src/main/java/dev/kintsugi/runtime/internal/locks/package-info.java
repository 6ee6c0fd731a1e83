/**
 * Who holds locks, as the server knows: what proofs that wait for the right transactions stand on,
 * and how people are told of these (DESIGN 4). Plain classes on a caller's connection.
 */
@NullMarked
package dev.kintsugi.runtime.internal.locks;

import org.jspecify.annotations.NullMarked;

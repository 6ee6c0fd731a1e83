/**
 * The door in the wall around the API. What it leads to is not public: {@link
 * dev.kintsugi.projections.internal.access.SharedSecrets}.
 *
 * <p>The public packages open it, and it names their types: here alone arrows go both ways.
 */
@NullMarked
package dev.kintsugi.projections.internal.access;

import org.jspecify.annotations.NullMarked;

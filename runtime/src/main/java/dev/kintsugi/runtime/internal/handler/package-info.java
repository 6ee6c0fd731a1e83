/**
 * The projections that this node has handlers for, and how a handler is called: one instance for
 * each thread, in somebody else's transaction, its failures told apart from the database's.
 */
@NullMarked
package dev.kintsugi.runtime.internal.handler;

import org.jspecify.annotations.NullMarked;

/**
 * What persistent actors, durable states and plain JDBC code meet when they write: an append of
 * their own, and the errors of the stores.
 */
@NullMarked
package dev.kintsugi.runtime.persistence;

import org.jspecify.annotations.NullMarked;

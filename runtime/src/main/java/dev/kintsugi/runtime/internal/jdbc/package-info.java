/** Connections, transactions, retries by SQLSTATE. Knows nothing of events or projections. */
@NullMarked
package dev.kintsugi.runtime.internal.jdbc;

import org.jspecify.annotations.NullMarked;

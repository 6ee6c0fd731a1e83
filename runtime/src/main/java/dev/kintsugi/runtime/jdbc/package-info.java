/** Connections, transactions, retries by SQLSTATE. Knows nothing of events or projections. */
@NullMarked
package dev.kintsugi.runtime.jdbc;

import org.jspecify.annotations.NullMarked;

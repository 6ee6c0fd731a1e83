/**
 * Handlers that fail: on some streams, on all of them, on the hottest; and what that does to
 * everybody else. Each benchmark proves by the rows that nothing was lost, doubled or taken out of
 * order.
 */
@NullMarked
package dev.kintsugi.examples.bench.failures;

import org.jspecify.annotations.NullMarked;

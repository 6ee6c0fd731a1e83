/** Bad HTTP requests to a node's management port, and what is to come of them. */
@NullMarked
package dev.kintsugi.examples.bench.cluster.bad;

import org.jspecify.annotations.NullMarked;

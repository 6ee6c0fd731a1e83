/**
 * What one node has: its settings, its connections, the projections that it has handlers for, and
 * its counters. The journal plugin and the projections' actors both take it from here.
 */
@NullMarked
package dev.kintsugi.runtime.internal.node;

import org.jspecify.annotations.NullMarked;

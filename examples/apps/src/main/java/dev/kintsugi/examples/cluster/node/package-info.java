/** A node of the cluster: its program, its HTTP API, and what reads the read models for it. */
@NullMarked
package dev.kintsugi.examples.cluster.node;

import org.jspecify.annotations.NullMarked;

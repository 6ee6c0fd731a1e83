/** The PostgreSQL that is measured on, and what is to be said of it. */
@NullMarked
package dev.kintsugi.examples.bench.server;

import org.jspecify.annotations.NullMarked;

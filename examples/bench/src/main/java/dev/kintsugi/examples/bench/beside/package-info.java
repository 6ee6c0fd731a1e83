/** Rebuilds beside what is served, and who notices. */
@NullMarked
package dev.kintsugi.examples.bench.beside;

import org.jspecify.annotations.NullMarked;

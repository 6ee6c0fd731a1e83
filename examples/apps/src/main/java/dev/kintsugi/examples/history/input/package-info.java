/**
 * Where a history comes from: the packed file of the example, a file of the same format, or any git
 * repository. All is read and checked before anything is imported.
 */
@NullMarked
package dev.kintsugi.examples.history.input;

import org.jspecify.annotations.NullMarked;

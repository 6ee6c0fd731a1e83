/**
 * The write side: one event-sourced actor a file, and the import that drives them with many writers
 * at once.
 */
@NullMarked
package dev.kintsugi.examples.history.files;

import org.jspecify.annotations.NullMarked;

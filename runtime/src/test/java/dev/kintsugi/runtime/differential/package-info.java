/**
 * One rule, for definitions and events that a seed makes: an event that is accepted in one grouping
 * is accepted in every grouping, inline, in help, in a drain and in a rebuild of any window, and
 * gives the same rows. {@link dev.kintsugi.runtime.differential.Ways} are what is compared; {@link
 * dev.kintsugi.runtime.differential.RandomRows} and {@link
 * dev.kintsugi.runtime.differential.RandomFold} make the definitions.
 */
@NullMarked
package dev.kintsugi.runtime.differential;

import org.jspecify.annotations.NullMarked;

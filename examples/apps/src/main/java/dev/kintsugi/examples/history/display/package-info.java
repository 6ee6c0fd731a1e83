/**
 * What people see of a run: lines that are drawn over and over on a terminal, plain lines
 * elsewhere. Formatting is apart from drawing, so that it can be tested.
 */
@NullMarked
package dev.kintsugi.examples.history.display;

import org.jspecify.annotations.NullMarked;

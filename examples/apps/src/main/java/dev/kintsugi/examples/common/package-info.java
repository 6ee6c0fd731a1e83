/** What the programs share: a server to run on, an end by Ctrl-C, tables for people. */
@NullMarked
package dev.kintsugi.examples.common;

import org.jspecify.annotations.NullMarked;

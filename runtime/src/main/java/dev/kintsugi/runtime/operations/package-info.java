/** What comes of a change that somebody asks for: typed answers, and typed refusals. */
@NullMarked
package dev.kintsugi.runtime.operations;

import org.jspecify.annotations.NullMarked;

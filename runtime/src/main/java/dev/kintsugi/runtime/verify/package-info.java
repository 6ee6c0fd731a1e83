/** Holds a read model against its journal while writers go on. */
@NullMarked
package dev.kintsugi.runtime.verify;

import org.jspecify.annotations.NullMarked;

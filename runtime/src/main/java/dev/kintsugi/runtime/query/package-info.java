/** The read journal, for Pekko Persistence Query. */
@NullMarked
package dev.kintsugi.runtime.query;

import org.jspecify.annotations.NullMarked;

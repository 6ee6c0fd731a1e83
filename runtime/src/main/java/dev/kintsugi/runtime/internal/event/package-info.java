/**
 * Events as the journal table has them, in Pekko Persistence JDBC's layout, and as handlers see
 * them: deserialized, unwrapped and adapted back.
 */
@NullMarked
package dev.kintsugi.runtime.internal.event;

import org.jspecify.annotations.NullMarked;

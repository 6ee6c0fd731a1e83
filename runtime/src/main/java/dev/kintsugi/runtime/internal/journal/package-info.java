/**
 * The journal plugin {@code kintsugi.journal}: Pekko's contract on lanes, each a thread that takes
 * all that is queued into one transaction of the writer's protocol.
 */
@NullMarked
package dev.kintsugi.runtime.internal.journal;

import org.jspecify.annotations.NullMarked;

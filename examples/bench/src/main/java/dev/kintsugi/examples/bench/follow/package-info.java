/** How fast a projection that follows catches up, beside Pekko Projection on the same journal. */
@NullMarked
package dev.kintsugi.examples.bench.follow;

import org.jspecify.annotations.NullMarked;

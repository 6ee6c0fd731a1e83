/** The durable state store, for Pekko's durable state behaviors and queries. */
@NullMarked
package dev.kintsugi.runtime.durable;

import org.jspecify.annotations.NullMarked;

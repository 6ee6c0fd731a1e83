/**
 * Projections over HTTP, as routes of Pekko Management: how they stand, changing them, events, the
 * dashboard, and a health check. What there is, {@code openapi.json} says.
 */
@NullMarked
package dev.kintsugi.management;

import org.jspecify.annotations.NullMarked;

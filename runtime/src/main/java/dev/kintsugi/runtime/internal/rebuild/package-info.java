/**
 * The rebuild of a projection, in place (DESIGN 6) or beside what is served (DESIGN 7, {@link
 * dev.kintsugi.runtime.internal.rebuild.BesideSteps}), step by step over rows: any owner can do the
 * next step, and a step that was cut off leaves nothing. {@link
 * dev.kintsugi.runtime.internal.rebuild.RebuildSteps} knows what the next step is; {@link
 * dev.kintsugi.runtime.internal.rebuild.RebuildActor} decides when. History is replayed page by
 * page, by calling a handler ({@link dev.kintsugi.runtime.internal.rebuild.PagedReplay}), or is
 * gathered in memory and written as sets ({@link
 * dev.kintsugi.runtime.internal.rebuild.BulkReplay}).
 */
@NullMarked
package dev.kintsugi.runtime.internal.rebuild;

import org.jspecify.annotations.NullMarked;

/**
 * Keeps the tables of skip records small (DESIGN 3): makes partitions of the archive ahead of time,
 * drops them behind, and compacts the table of open records after a storm; and deletes old
 * verifications. {@link dev.kintsugi.runtime.internal.housekeeping.Housekeeping} does it, on a
 * connection of its own; {@link dev.kintsugi.runtime.internal.housekeeping.HousekeepingActor}
 * decides when.
 */
@NullMarked
package dev.kintsugi.runtime.internal.housekeeping;

import org.jspecify.annotations.NullMarked;

/**
 * What comes of a network that fails. {@code Cuts} cuts connections while actors persist, by the
 * kinds of {@code Cut}; {@code Witness} hears of all that comes of it, from the {@code
 * CutOffActor}s and the {@code Readers}. {@code LateDatabase} starts before the database.
 */
@NullMarked
package dev.kintsugi.examples.bench.cuts;

import org.jspecify.annotations.NullMarked;

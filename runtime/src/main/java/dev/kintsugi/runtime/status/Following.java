package dev.kintsugi.runtime.status;

import java.time.Duration;
import java.util.Optional;
import org.apache.pekko.annotation.ApiMayChange;

/**
 * How far a projection that follows the journal has come.
 *
 * @param position all events up to this ordering are applied, or have a skip record
 * @param lag how many orderings the journal's last event is ahead of that; orderings have gaps, so
 *     it is so many events at most
 * @param behind how old the first event is that it has yet to come to, by the clock of the node
 *     that wrote it; zero if there is none
 * @param problem why it can't go on before somebody does something about it, and what
 */
@ApiMayChange
public record Following(long position, long lag, Duration behind, Optional<String> problem) {}

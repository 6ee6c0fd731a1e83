package dev.kintsugi.runtime.status;

import java.util.Optional;
import org.apache.pekko.annotation.ApiMayChange;

/**
 * A row that differs between two generations.
 *
 * @param key its primary key as JSON; the row itself where the table has none
 * @param older as the older one has it, as JSON, if it has it
 * @param newer as the newer one has it, as JSON, if it has it
 */
@ApiMayChange
public record RowChange(String key, Optional<String> older, Optional<String> newer) {}

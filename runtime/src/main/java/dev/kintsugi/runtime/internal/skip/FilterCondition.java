package dev.kintsugi.runtime.internal.skip;

import dev.kintsugi.runtime.skip.SkipFilter;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * A filter as a condition on {@code kintsugi_skip s}: of fixed parts, each with its parameters.
 * Only what the filter asks about is a part, so that PostgreSQL can see which index fits.
 */
final class FilterCondition {

  private interface Binder {
    void bind(PreparedStatement statement, int index) throws SQLException;
  }

  private final StringBuilder sql = new StringBuilder(SkipRecords.OF_GENERATION);
  private final List<Binder> binders = new ArrayList<>();

  FilterCondition(String projection, int generation, SkipFilter filter) {
    String key = SkipRecords.generationKey(projection, generation);
    binders.add((statement, index) -> statement.setString(index, key));
    filter
        .persistenceId()
        .ifPresent(
            stream -> {
              add("s.persistence_id = ?", (statement, index) -> statement.setString(index, stream));
              add("s.projection = ?", (statement, index) -> statement.setString(index, projection));
              add("s.generation = ?", (statement, index) -> statement.setInt(index, generation));
            });
    if (!filter.reasons().isEmpty()) {
      Object[] reasons = filter.reasons().stream().map(Enum::name).toArray();
      add(
          "s.reason = ANY (?)",
          (statement, index) ->
              statement.setArray(index, statement.getConnection().createArrayOf("text", reasons)));
    }
    filter
        .parked()
        .ifPresent(
            parked ->
                sql.append("AND s.parked_at IS ")
                    .append(parked ? "NOT NULL " : "NULL ")
                    .append(parked ? "AND s.first_failed_at IS NOT NULL " : ""));
    filter
        .minAge()
        .ifPresent(
            age ->
                add(
                    "s.recorded_at <= clock_timestamp() - ? * INTERVAL '1 millisecond'",
                    (statement, index) -> statement.setLong(index, age.toMillis())));
  }

  FilterCondition after(long ordering) {
    return add("s.ordering > ?", (statement, index) -> statement.setLong(index, ordering));
  }

  FilterCondition upTo(long ordering) {
    return add("s.ordering <= ?", (statement, index) -> statement.setLong(index, ordering));
  }

  private FilterCondition add(String condition, Binder binder) {
    sql.append("AND ").append(condition).append(' ');
    binders.add(binder);
    return this;
  }

  String sql() {
    return sql.toString();
  }

  /**
   * Binds its parameters as a statement's first.
   *
   * @return the next one's index
   */
  int bind(PreparedStatement statement) throws SQLException {
    int index = 1;
    for (Binder binder : binders) {
      binder.bind(statement, index++);
    }
    return index;
  }
}

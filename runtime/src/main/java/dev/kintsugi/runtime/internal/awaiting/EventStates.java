package dev.kintsugi.runtime.internal.awaiting;

import dev.kintsugi.runtime.internal.jdbc.Parameters;
import dev.kintsugi.runtime.skip.SkipId;
import dev.kintsugi.runtime.status.AwaitAnswer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Asks the database what read models have of events. In the caller's transaction. */
final class EventStates {

  private static final String OF_EVENTS =
      """
      SELECT q.i, s.* FROM (
        SELECT unnest(?::text[]) AS projection, unnest(?::text[]) AS persistence_id,
          unnest(?::bigint[]) AS number, unnest(?::int[]) AS i) q
      CROSS JOIN LATERAL kintsugi_event_state(q.projection, q.persistence_id, q.number) s
      """;

  private static final String OF_OFFSETS =
      """
      SELECT q.i, s.* FROM (
        SELECT unnest(?::text[]) AS projection, unnest(?::bigint[]) AS number,
          unnest(?::int[]) AS i) q
      CROSS JOIN LATERAL kintsugi_offset_state(q.projection, q.number) s
      """;

  private static final String IS_WHOLE = "SELECT kintsugi_is_whole(?, ?)";

  private EventStates() {}

  /**
   * An answer for each question: one that is final, or what it would be if the time were up. Empty
   * if there is no such projection.
   */
  static List<Optional<AwaitAnswer>> look(Connection connection, List<EventQuestion> questions)
      throws SQLException {
    List<Optional<AwaitAnswer>> answers =
        new ArrayList<>(Collections.nCopies(questions.size(), Optional.empty()));
    List<Integer> events = new ArrayList<>();
    List<Integer> offsets = new ArrayList<>();
    for (int i = 0; i < questions.size(); i++) {
      (questions.get(i).persistenceId() == null ? offsets : events).add(i);
    }
    if (!events.isEmpty()) {
      try (PreparedStatement select = connection.prepareStatement(OF_EVENTS)) {
        new Parameters(select)
            .texts(events, i -> questions.get(i).projection())
            .texts(events, i -> questions.get(i).persistenceId())
            .longs(events, i -> questions.get(i).number())
            .integers(events, i -> i);
        read(select, answers);
      }
    }
    if (!offsets.isEmpty()) {
      try (PreparedStatement select = connection.prepareStatement(OF_OFFSETS)) {
        new Parameters(select)
            .texts(offsets, i -> questions.get(i).projection())
            .longs(offsets, i -> questions.get(i).number())
            .integers(offsets, i -> i);
        read(select, answers);
      }
    }
    return answers;
  }

  private static void read(PreparedStatement select, List<Optional<AwaitAnswer>> into)
      throws SQLException {
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        into.set(row.getInt(1), Optional.of(answer(row)));
      }
    }
  }

  private static AwaitAnswer answer(ResultSet row) throws SQLException {
    String state = row.getString(2);
    return switch (state) {
      case "applied" -> new AwaitAnswer.Applied();
      case "discarded" -> new AwaitAnswer.Discarded();
      case "deleted" -> new AwaitAnswer.Deleted();
      case "failed" ->
          new AwaitAnswer.Failed(
              new SkipId(row.getInt(3), row.getLong(6)),
              row.getString(4),
              row.getLong(5),
              row.getBoolean(7),
              orEmpty(row.getString(8)));
      default ->
          new AwaitAnswer.TimedOut(AwaitAnswer.Waiting.valueOf(state.toUpperCase(Locale.ROOT)));
    };
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  /** Whether a read model has all events of a stream; empty if there is no such projection. */
  static Optional<Boolean> isWhole(Connection connection, String projection, String persistenceId)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(IS_WHOLE)) {
      select.setString(1, projection);
      select.setString(2, persistenceId);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return Optional.ofNullable(row.getObject(1, Boolean.class));
      }
    }
  }
}

package dev.kintsugi.examples.bench.kill;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** Compares a database with what was acknowledged, by SQL alone: no code that is tested by it. */
public final class Checker {

  private static final String TEMPORARY =
      """
      CREATE TEMPORARY TABLE acked (
        persistence_id  TEXT   NOT NULL,
        sequence_number BIGINT NOT NULL,
        text            TEXT   NOT NULL
      ) ON COMMIT DROP
      """;

  private static final String ACKED =
      "INSERT INTO acked SELECT * FROM unnest(?::text[], ?::bigint[], ?::text[])";

  private static final String LOST =
      """
      SELECT count(*) FROM acked a
      LEFT JOIN event_journal j
        ON j.persistence_id = a.persistence_id AND j.sequence_number = a.sequence_number
          AND NOT j.deleted AND convert_from(j.event_payload, 'UTF8') = a.text
      WHERE j.persistence_id IS NULL
      """;

  private static final String DOUBLED =
      "SELECT count(*) - count(DISTINCT event_payload) FROM event_journal";

  private static final String MISSING =
      """
      SELECT coalesce(sum(highest - events), 0) FROM (
        SELECT max(sequence_number) AS highest, count(*) AS events
        FROM event_journal GROUP BY persistence_id) stream
      """;

  private static final String PROJECTION =
      """
      SELECT count(*) FROM (
        SELECT persistence_id::text, count(*) AS events, max(sequence_number) AS highest
        FROM event_journal GROUP BY persistence_id) stream
      FULL JOIN writes w USING (persistence_id)
      WHERE stream.events IS DISTINCT FROM w.events
        OR stream.highest IS DISTINCT FROM w.last_sequence_number
      """;

  private static final int PART = 10_000;

  private Checker() {}

  /**
   * Looks at the database in one snapshot.
   *
   * @param connection the caller's, out of any transaction; it is left so
   */
  public static Findings check(Connection connection, List<Ack> acks) throws SQLException {
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute(TEMPORARY);
      for (int from = 0; from < acks.size(); from += PART) {
        insert(connection, acks.subList(from, Math.min(acks.size(), from + PART)));
      }
      statement.execute("ANALYZE acked");
      return new Findings(
          acks.size(),
          count(statement, "SELECT count(*) FROM event_journal"),
          count(statement, LOST),
          count(statement, DOUBLED),
          count(statement, MISSING),
          count(statement, PROJECTION),
          count(statement, "SELECT count(*) FROM kintsugi_skip"));
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  private static void insert(Connection connection, List<Ack> acks) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(ACKED)) {
      insert.setArray(
          1, connection.createArrayOf("text", acks.stream().map(Ack::persistenceId).toArray()));
      insert.setArray(
          2, connection.createArrayOf("int8", acks.stream().map(Ack::sequenceNumber).toArray()));
      insert.setArray(3, connection.createArrayOf("text", acks.stream().map(Ack::text).toArray()));
      insert.executeUpdate();
    }
  }

  private static long count(Statement statement, String query) throws SQLException {
    try (ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }
}

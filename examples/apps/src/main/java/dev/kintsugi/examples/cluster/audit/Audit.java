package dev.kintsugi.examples.cluster.audit;

import dev.kintsugi.examples.cluster.load.Acknowledged;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.ToLongFunction;

/**
 * Compares each row of the read models with a fold of the journal, and the journal with the load.
 */
public final class Audit {

  private static final String ORDERS =
      """
      SELECT key, customer, status, cents, (state ->> 'placedAt')::timestamptz,
        (state ->> 'changedAt')::timestamptz, (state ->> 'events')::bigint
      FROM order_summary
      """;

  private static final String CUSTOMERS =
      """
      SELECT customer, placed, paid, cancelled, cents_ordered, cents_paid, last_event_at
      FROM customer_totals
      """;

  private static final String OPEN_RECORDS = "SELECT count(*) FROM kintsugi_skip";

  private Audit() {}

  /**
   * Audits everything in one snapshot, which nothing may be waiting to change: no load, no rebuild.
   *
   * @param connection none's transaction; it is left with autocommit off
   */
  public static AuditReport of(Connection connection, List<Acknowledged> acknowledged)
      throws SQLException, IOException {
    connection.setAutoCommit(false);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    JournalFold journal = JournalFold.of(connection);
    Findings orders =
        compare("order_summary", journal.orders(), orders(connection), OrderRow::events);
    Findings customers =
        compare("customer_totals", journal.customers(), customers(connection), CustomerRow::events);
    long missing = acknowledged.stream().filter(event -> !journal.holds(event)).count();
    long open = open(connection);
    connection.rollback();
    return new AuditReport(
        journal.events(), acknowledged.size(), missing, open, List.of(orders, customers));
  }

  private static Map<String, OrderRow> orders(Connection connection) throws SQLException {
    Map<String, OrderRow> rows = new HashMap<>();
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery(ORDERS)) {
      while (row.next()) {
        rows.put(
            row.getString(1),
            new OrderRow(
                row.getString(2),
                row.getString(3),
                row.getLong(4),
                row.getTimestamp(5).toInstant(),
                row.getTimestamp(6).toInstant(),
                row.getLong(7)));
      }
    }
    return rows;
  }

  private static Map<String, CustomerRow> customers(Connection connection) throws SQLException {
    Map<String, CustomerRow> rows = new HashMap<>();
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery(CUSTOMERS)) {
      while (row.next()) {
        rows.put(
            row.getString(1),
            new CustomerRow(
                row.getLong(2),
                row.getLong(3),
                row.getLong(4),
                row.getLong(5),
                row.getLong(6),
                row.getTimestamp(7).toInstant()));
      }
    }
    return rows;
  }

  private static long open(Connection connection) throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery(OPEN_RECORDS)) {
      row.next();
      return row.getLong(1);
    }
  }

  private static <R> Findings compare(
      String table, Map<String, R> expected, Map<String, R> actual, ToLongFunction<R> events) {
    long lost = 0;
    long doubled = 0;
    List<Findings.Difference> differing = new ArrayList<>();
    SortedSet<String> keys = new TreeSet<>(expected.keySet());
    keys.addAll(actual.keySet());
    for (String key : keys) {
      Optional<R> should = Optional.ofNullable(expected.get(key));
      Optional<R> is = Optional.ofNullable(actual.get(key));
      if (!should.equals(is)) {
        long missing = count(should, events) - count(is, events);
        lost += Math.max(0, missing);
        doubled += Math.max(0, -missing);
        differing.add(new Findings.Difference(key, describe(should), describe(is)));
      }
    }
    return new Findings(table, expected.size(), lost, doubled, differing);
  }

  /** A row that is not there has none. */
  private static <R> long count(Optional<R> row, ToLongFunction<R> events) {
    return row.map(events::applyAsLong).orElse(0L);
  }

  private static String describe(Optional<?> row) {
    return row.map(Object::toString).orElse("no row");
  }
}

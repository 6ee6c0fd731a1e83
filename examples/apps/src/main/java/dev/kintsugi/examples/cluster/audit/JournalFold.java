package dev.kintsugi.examples.cluster.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import dev.kintsugi.examples.cluster.load.Acknowledged;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What the read models must hold, by a fold of the journal in its order. It reads the events as
 * documents, straight from the table.
 */
final class JournalFold {

  private static final int ROWS_A_FETCH = 10_000;
  private static final String STREAMS = "Order|";

  private static final String EVENTS =
      """
      SELECT persistence_id, event_ser_manifest, event_payload
      FROM event_journal WHERE persistence_id LIKE 'Order|%' ORDER BY ordering
      """;

  private static final CBORMapper CBOR = new CBORMapper();

  private final Map<String, OrderRow> orders = new HashMap<>();
  private final Map<String, CustomerRow> customers = new HashMap<>();
  private final Set<Acknowledged> stored = new HashSet<>();
  private long events;

  private JournalFold() {}

  /** Reads all of the journal, in the caller's transaction. */
  static JournalFold of(Connection connection) throws SQLException, IOException {
    JournalFold fold = new JournalFold();
    try (Statement select = connection.createStatement()) {
      select.setFetchSize(ROWS_A_FETCH);
      try (ResultSet row = select.executeQuery(EVENTS)) {
        while (row.next()) {
          fold.take(row.getString(1), row.getString(2), CBOR.readTree(row.getBytes(3)));
        }
      }
    }
    return fold;
  }

  private void take(String stream, String manifest, JsonNode event) {
    String order = stream.substring(STREAMS.length());
    String customer = event.required("customer").textValue();
    long cents = event.required("cents").longValue();
    Instant at = Instant.parse(event.required("at").textValue());
    Acknowledged.Kind kind = kind(manifest);
    switch (kind) {
      case PLACED -> {
        orders.put(stream, OrderRow.placed(customer, cents, at));
        count(customer, new CustomerRow(1, 0, 0, cents, 0, at));
      }
      case PAID -> {
        orders.computeIfPresent(stream, (id, row) -> row.then("PAID", at));
        count(customer, new CustomerRow(0, 1, 0, 0, cents, at));
      }
      case CANCELLED -> {
        orders.computeIfPresent(stream, (id, row) -> row.then("CANCELLED", at));
        count(customer, new CustomerRow(0, 0, 1, 0, 0, at));
      }
    }
    stored.add(new Acknowledged(order, kind));
    events++;
  }

  /** The event's class, by its name. */
  private static Acknowledged.Kind kind(String manifest) {
    return switch (manifest.substring(manifest.indexOf('$') + 1)) {
      case "Placed" -> Acknowledged.Kind.PLACED;
      case "Paid" -> Acknowledged.Kind.PAID;
      case "Cancelled" -> Acknowledged.Kind.CANCELLED;
      default ->
          throw new IllegalStateException(
              "the journal holds an event of an unknown kind: " + manifest);
    };
  }

  private void count(String customer, CustomerRow more) {
    customers.merge(customer, more, CustomerRow::and);
  }

  /** By stream. */
  Map<String, OrderRow> orders() {
    return orders;
  }

  /** By customer. */
  Map<String, CustomerRow> customers() {
    return customers;
  }

  /** Whether an event is in the journal. */
  boolean holds(Acknowledged event) {
    return stored.contains(event);
  }

  long events() {
    return events;
  }
}

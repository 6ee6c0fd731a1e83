package dev.kintsugi.examples.cluster.orders;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.rows.RowChanges;
import dev.kintsugi.projections.rows.RowTable;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.projection.eventsourced.EventEnvelope;

/** The example's two projections, each with one table of the same name. */
public final class OrderProjections {

  /** A fold: a document for each order, whose key is the order's stream. */
  public static final String ORDER_SUMMARY = "order_summary";

  /** Rows: what each customer's orders come to, over many streams. */
  public static final String CUSTOMER_TOTALS = "customer_totals";

  private static final RowTable CUSTOMERS =
      RowTable.named(CUSTOMER_TOTALS)
          .key("customer", "text")
          .counter("placed")
          .counter("paid")
          .counter("cancelled")
          .counter("cents_ordered")
          .counter("cents_paid")
          .greatest("last_event_at", "timestamptz");

  private OrderProjections() {}

  /** The definitions. */
  public static Projection<?>[] all() {
    return new Projection<?>[] {orderSummary(), customerTotals()};
  }

  static Projection<OrderEvent> orderSummary() {
    return Projection.named(ORDER_SUMMARY)
        .of(OrderEvent.class)
        .fold(
            OrderSummary.class,
            fold ->
                fold.evolve((order, envelope) -> Optional.of(evolve(order, envelope.event())))
                    .column("customer", "text", OrderSummary::customer)
                    .column("status", "text", order -> order.status().name())
                    .column("cents", "bigint", OrderSummary::cents)
                    .index("customer"))
        .onFailure(FailurePolicy.skip())
        .build();
  }

  static Projection<OrderEvent> customerTotals() {
    return Projection.named(CUSTOMER_TOTALS)
        .of(OrderEvent.class)
        .rows(List.of(CUSTOMERS), OrderProjections::count)
        .onFailure(FailurePolicy.skip())
        .build();
  }

  private static OrderSummary evolve(Optional<OrderSummary> order, OrderEvent event) {
    if (event instanceof OrderEvent.Placed placed) {
      return OrderSummary.of(placed);
    }
    Order.Status status =
        event instanceof OrderEvent.Paid ? Order.Status.PAID : Order.Status.CANCELLED;
    return order.orElseThrow().with(status, event.at());
  }

  private static void count(EventEnvelope<OrderEvent> envelope, RowChanges rows) {
    OrderEvent event = envelope.event();
    RowChanges.Row row =
        rows.upsert(CUSTOMERS, event.customer()).greatest("last_event_at", event.at());
    if (event instanceof OrderEvent.Placed) {
      row.increment("placed", 1).increment("cents_ordered", event.cents());
    } else if (event instanceof OrderEvent.Paid) {
      row.increment("paid", 1).increment("cents_paid", event.cents());
    } else {
      row.increment("cancelled", 1);
    }
  }
}

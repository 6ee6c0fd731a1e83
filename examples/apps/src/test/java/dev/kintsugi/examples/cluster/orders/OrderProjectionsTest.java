package dev.kintsugi.examples.cluster.orders;

import static dev.kintsugi.testkit.Row.row;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.examples.cluster.orders.OrderEvent.Cancelled;
import dev.kintsugi.examples.cluster.orders.OrderEvent.Paid;
import dev.kintsugi.examples.cluster.orders.OrderEvent.Placed;
import dev.kintsugi.testkit.ProjectionTestKit;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class OrderProjectionsTest {

  private static final Instant MONDAY = Instant.parse("2026-11-23T09:00:00Z");
  private static final Instant TUESDAY = Instant.parse("2026-11-24T09:00:00Z");
  private static final List<Line> LINES = List.of(new Line("cup", 2, 450), new Line("glue", 1, 99));

  private static ProjectionTestKit kit;

  @BeforeAll
  static void start() {
    kit = ProjectionTestKit.start(ConfigFactory.load("orders"));
  }

  @AfterAll
  static void close() {
    kit.close();
  }

  @Test
  void an_order_is_as_its_last_event_left_it() {
    kit.scenario(OrderProjections.orderSummary())
        .given("Order|a", new Placed("ann", LINES, 999, MONDAY), new Paid("ann", 999, TUESDAY))
        .when("Order|b", new Placed("bob", LINES, 999, MONDAY))
        .when("Order|b", new Cancelled("bob", 999, TUESDAY))
        .when("Order|c", new Placed("bob", LINES, 999, TUESDAY))
        .then(
            "SELECT key, customer, status, cents, state ->> 'changedAt', state ->> 'events'"
                + " FROM order_summary ORDER BY key")
        .hasRows(
            row("Order|a", "ann", "PAID", 999L, "2026-11-24T09:00:00Z", "2"),
            row("Order|b", "bob", "CANCELLED", 999L, "2026-11-24T09:00:00Z", "2"),
            row("Order|c", "bob", "PLACED", 999L, "2026-11-24T09:00:00Z", "1"));
  }

  @Test
  void a_customer_has_the_sums_of_all_orders_whatever_their_order() {
    kit.scenario(OrderProjections.customerTotals())
        .given("Order|a", new Placed("ann", LINES, 999, TUESDAY))
        .when("Order|b", new Placed("ann", LINES, 999, MONDAY))
        .when("Order|a", new Paid("ann", 999, TUESDAY))
        .when("Order|b", new Cancelled("ann", 999, MONDAY))
        .then(
            "SELECT customer, placed, paid, cancelled, cents_ordered, cents_paid FROM customer_totals")
        .hasRows(row("ann", 2L, 1L, 1L, 1998L, 999L));
  }
}

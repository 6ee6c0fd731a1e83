package dev.kintsugi.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What a query gives after a scenario. */
public final class Rows {

  private static final int ROWS_SHOWN = 20;

  private final Scenario scenario;
  private final String projection;
  private final FreshDatabase database;
  private final String query;

  Rows(Scenario scenario, String projection, FreshDatabase database, String query) {
    this.scenario = scenario;
    this.projection = projection;
    this.database = database;
    this.query = query;
  }

  /**
   * Asserts that the query gives just these rows, in this order.
   *
   * @return the scenario, for further queries
   * @throws AssertionError if it does not
   * @throws IllegalArgumentException if the query fails
   */
  public Scenario hasRows(Row... expected) {
    compare(List.of(expected), database.query(query));
    return scenario;
  }

  /**
   * Asserts that the query gives no row.
   *
   * @return the scenario, for further queries
   * @throws AssertionError if it does
   * @throws IllegalArgumentException if the query fails
   */
  public Scenario hasNoRows() {
    return hasRows();
  }

  private void compare(List<Row> expected, List<Row> found) {
    if (!found.equals(expected)) {
      throw new AssertionError(
          "Projection '%s': %s%nexpected:%n%s%nfound:%n%s%s"
              .formatted(
                  projection, query.strip(), lines(expected), lines(found), hint(expected, found)));
    }
  }

  private static String hint(List<Row> expected, List<Row> found) {
    List<Row> missing = new ArrayList<>(expected);
    found.forEach(missing::remove);
    return found.size() == expected.size() && missing.isEmpty()
        ? "%nThese are the same rows in another order: does the query lack an ORDER BY?".formatted()
        : "";
  }

  private static String lines(List<Row> rows) {
    if (rows.isEmpty()) {
      return "  no rows";
    }
    String shown =
        rows.stream()
            .limit(ROWS_SHOWN)
            .map(row -> "  " + row)
            .collect(Collectors.joining(System.lineSeparator()));
    return rows.size() <= ROWS_SHOWN
        ? shown
        : "%s%n  … and %d more".formatted(shown, rows.size() - ROWS_SHOWN);
  }
}

package dev.kintsugi.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What a query gives in each of the databases that a scenario was run in. */
public final class Rows {

  private static final int ROWS_SHOWN = 20;

  private final Scenario scenario;
  private final List<FreshDatabase> databases;
  private final String query;

  Rows(Scenario scenario, List<FreshDatabase> databases, String query) {
    this.scenario = scenario;
    this.databases = databases;
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
    for (FreshDatabase database : databases) {
      compare(database, List.of(expected));
    }
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

  private void compare(FreshDatabase database, List<Row> expected) {
    List<Row> found = database.query(query);
    if (!found.equals(expected)) {
      throw database.failure(
          "%s%nexpected:%n%s%nfound:%n%s%s"
              .formatted(query.strip(), lines(expected), lines(found), hint(expected, found)));
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

package dev.kintsugi.examples.history.audit;

import dev.kintsugi.examples.history.input.HistoryLine;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** Compares the read models with the oracle, row by row and column by column. */
public final class Audit {

  private final List<Table> expected;

  /**
   * Computes what is expected.
   *
   * @param lines what was imported, in the history's order
   */
  public Audit(List<HistoryLine> lines) {
    Oracle oracle = new Oracle(lines);
    this.expected = List.of(oracle.files(), oracle.directories(), oracle.authors());
  }

  /** Audits one of the read models, in the caller's transaction. */
  public Findings of(String table, Connection connection) throws SQLException {
    Table should =
        expected.stream()
            .filter(candidate -> candidate.shape().table().equals(table))
            .findFirst()
            .orElseThrow();
    return compare(should, TableReader.read(connection, should.shape()));
  }

  static Findings compare(Table expected, Table actual) {
    Shape shape = expected.shape();
    long lost = 0;
    long doubled = 0;
    List<Difference> differences = new ArrayList<>();
    SortedSet<String> keys = new TreeSet<>(expected.rows().keySet());
    keys.addAll(actual.rows().keySet());
    for (String key : keys) {
      List<Object> should = expected.rows().getOrDefault(key, List.of());
      List<Object> is = actual.rows().getOrDefault(key, List.of());
      differences.addAll(differences(shape, key, should, is));
      if (shape.counts(key)) {
        long missing = changes(shape, should) - changes(shape, is);
        lost += Math.max(0, missing);
        doubled += Math.max(0, -missing);
      }
    }
    return new Findings(shape.table(), lost, doubled, differences);
  }

  /** A row that is not there counts nothing. */
  private static long changes(Shape shape, List<Object> row) {
    return row.isEmpty() ? 0 : (Long) row.get(shape.columns().indexOf(Shape.CHANGES));
  }

  private static List<Difference> differences(
      Shape shape, String key, List<Object> should, List<Object> is) {
    if (should.isEmpty() || is.isEmpty()) {
      return List.of(
          new Difference(shape.table(), key, Difference.WHOLE_ROW, describe(should), describe(is)));
    }
    List<Difference> differences = new ArrayList<>();
    for (int i = 0; i < should.size(); i++) {
      if (!should.get(i).equals(is.get(i))) {
        differences.add(
            new Difference(
                shape.table(),
                key,
                shape.columns().get(i),
                should.get(i).toString(),
                is.get(i).toString()));
      }
    }
    return differences;
  }

  private static String describe(List<Object> row) {
    return row.isEmpty() ? Difference.NO_ROW : row.toString();
  }
}

package dev.kintsugi.examples.common;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A table for people: text to the left, numbers to the right, their thousands apart; a {@link
 * Double} has two decimals.
 */
public final class TextTable {

  private final List<List<Object>> rows = new ArrayList<>();

  public TextTable(String... columns) {
    rows.add(List.of((Object[]) columns));
  }

  /**
   * Adds a row, with a cell for each column.
   *
   * @param cells {@link Number}s, or what else can be printed
   */
  public TextTable row(Object... cells) {
    if (cells.length != rows.get(0).size()) {
      throw new IllegalArgumentException(
          "a row of %d cells for %d columns".formatted(cells.length, rows.get(0).size()));
    }
    rows.add(List.of(cells));
    return this;
  }

  /** The head, then the rows, a line each. */
  public List<String> lines() {
    int columns = rows.get(0).size();
    int[] widths =
        IntStream.range(0, columns)
            .map(c -> rows.stream().mapToInt(row -> text(row.get(c)).length()).max().orElse(0))
            .toArray();
    boolean[] toTheRight = new boolean[columns];
    for (int c = 0; c < columns; c++) {
      int column = c;
      toTheRight[c] = rows.stream().skip(1).anyMatch(row -> row.get(column) instanceof Number);
    }
    return rows.stream()
        .map(
            row ->
                IntStream.range(0, columns)
                    .mapToObj(c -> pad(text(row.get(c)), widths[c], toTheRight[c]))
                    .collect(Collectors.joining("  "))
                    .stripTrailing())
        .toList();
  }

  private static String text(Object cell) {
    if (cell instanceof Double number) {
      return String.format(Locale.ROOT, "%,.2f", number);
    }
    return cell instanceof Number number
        ? String.format(Locale.ROOT, "%,d", number.longValue())
        : cell.toString();
  }

  private static String pad(String text, int width, boolean toTheRight) {
    String blanks = " ".repeat(width - text.length());
    return toTheRight ? blanks + text : text + blanks;
  }
}

package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.projections.internal.bulk.Column;
import dev.kintsugi.projections.internal.bulk.DeclaredTable;
import dev.kintsugi.projections.internal.bulk.IndexBound;
import dev.kintsugi.projections.internal.text.StorableText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the indexes of a table take of a row, beside its plain key. Of most it is known how long the
 * values may be ({@link #bounds}). Where it is not, a table has to be written in the events' order,
 * so that the database judges each event by itself ({@link #reasons}).
 */
final class IndexedValues {

  /** An entry of a btree index (of version 4, in pages of 8 KiB), without its header. */
  private static final int LONGEST_ENTRY = 2_704 - 16;

  /** The length of a value, and what it is aligned by. */
  private static final int BESIDE_A_VALUE = 8;

  /** Access methods that take values of any size. */
  private static final Set<String> TAKE_ALL = Set.of("hash", "spgist");

  /** Operator classes that do, of other access methods. */
  private static final Set<String> OPERATORS_TAKE_ALL =
      Set.of("jsonb_ops", "jsonb_path_ops", "gin_trgm_ops", "gist_trgm_ops");

  /** A default that is no longer than what entries have to spare. */
  private static final Pattern SHORT =
      Pattern.compile("'[^']{0,20}'::[a-z ]+|\\(?'?-?[0-9.]{1,20}'?\\)?(::[a-z ]+)?");

  private final DeclaredTable declared;
  private final MadeTable table;
  private final List<IndexBound> bounds = new ArrayList<>();
  private final List<String> reasons = new ArrayList<>();

  IndexedValues(DeclaredTable declared, MadeTable table) {
    this.declared = declared;
    this.table = table;
    table.ofColumns().forEach(this::add);
  }

  List<IndexBound> bounds() {
    return bounds;
  }

  List<String> reasons() {
    return reasons;
  }

  private void add(MadeIndex index) {
    List<MadeIndex.Column> ofAnySize =
        index.columns().stream().filter(this::isFilled).filter(c -> !takesAll(index, c)).toList();
    if (ofAnySize.isEmpty()) {
      return;
    }
    List<Column> key = new ArrayList<>();
    List<Column> values = new ArrayList<>();
    List<String> unknown = new ArrayList<>();
    for (MadeIndex.Column column : ofAnySize) {
      Optional<Column> known = known(column.name());
      if (index.method().equals("btree") && known.isPresent()) {
        (declared.key().contains(known.get()) ? key : values).add(known.get());
      } else {
        unknown.add("'" + column.name() + "'");
      }
    }
    if (!unknown.isEmpty()) {
      reasons.add(
          "the index %s (%s), which takes values of column %s up to a size that is not known before"
              .formatted(index.name(), index.method(), String.join(" and ", unknown)));
      return;
    }
    int longest = Math.min(StorableText.LONGEST_KEY, LONGEST_ENTRY - others(index));
    if (!values.isEmpty() || longest < StorableText.LONGEST_KEY) {
      bounds.add(new IndexBound(declared.name(), index.name(), key, values, longest));
    }
  }

  /** A column that is neither declared nor has a default is always NULL; a trigger is a reason. */
  private boolean isFilled(MadeIndex.Column column) {
    return column.isOfAnySize()
        && (isDeclared(column.name())
            || table.column(column.name()).filter(made -> made.byDefault() == null).isEmpty());
  }

  private boolean isDeclared(String name) {
    return declared.columns().stream().anyMatch(column -> column.name().equals(name));
  }

  private static boolean takesAll(MadeIndex index, MadeIndex.Column column) {
    boolean byOperators =
        column.operators() != null && OPERATORS_TAKE_ALL.contains(column.operators());
    return TAKE_ALL.contains(index.method()) || (!index.method().equals("btree") && byOperators);
  }

  /** A declared column, if the table has it as the type that events are held against. */
  private Optional<Column> known(String name) {
    return declared.columns().stream()
        .filter(column -> column.name().equals(name) && column.type().isOfAnySize())
        .filter(
            column ->
                table
                    .column(name)
                    .filter(made -> made.type().equals(MadeAsDeclared.typeOf(column)))
                    .filter(IndexedValues::hasNoLongDefault)
                    .isPresent())
        .findFirst();
  }

  private static boolean hasNoLongDefault(MadeTable.Column made) {
    return made.byDefault() == null || SHORT.matcher(made.byDefault()).matches();
  }

  /** What the entry has besides the values that differ in size, in bytes at most. */
  private static int others(MadeIndex index) {
    return index.columns().stream()
        .mapToInt(
            column ->
                column.isOfAnySize()
                    ? BESIDE_A_VALUE
                    : (column.length() + BESIDE_A_VALUE - 1) / BESIDE_A_VALUE * BESIDE_A_VALUE)
        .sum();
  }
}

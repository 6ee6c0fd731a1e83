package dev.kintsugi.projections.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class RowChangesTest {

  private static final RowTable FILES =
      RowTable.named("files")
          .key("path", "text")
          .column("author", "text")
          .counter("changes")
          .least("first_at", "timestamptz");

  private final RowChanges changes = new RowChanges(Set.of(FILES));

  @Test
  void what_an_event_says_twice_of_a_column_is_combined() {
    changes
        .upsert(FILES, "a")
        .set("author", "ann")
        .set("author", "bob")
        .increment("changes", 2)
        .increment("changes", 3)
        .least("first_at", Instant.ofEpochSecond(7))
        .least("first_at", Instant.ofEpochSecond(9));

    assertThat(changes.taken().get(0).values())
        .containsExactly("bob", 5L, Instant.ofEpochSecond(7));
  }

  @Test
  void an_event_that_adds_more_than_the_column_holds_is_refused() {
    RowChanges.Row row = changes.upsert(FILES, "a").increment("changes", Long.MAX_VALUE);

    refused(
        () -> row.increment("changes", 1),
        "column 'changes' of RowTable(files): what the event adds, 9223372036854775808, is out of the range of type bigint");
  }

  @Test
  void the_columns_of_a_key_are_together_as_long_as_an_index_takes() {
    RowTable pairs = RowTable.named("pairs").key("a", "text").key("b", "text");
    RowChanges rows = new RowChanges(Set.of(pairs));

    rows.upsert(pairs, "a".repeat(1_300), "b".repeat(1_300));
    rows.upsert(pairs, "ä".repeat(650), "b".repeat(1_300));
    assertThatThrownBy(() -> rows.upsert(pairs, "a".repeat(1_300), "b".repeat(1_301)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the key of ")
        .hasMessageContaining("2,601 bytes");
    assertThatThrownBy(() -> rows.delete(pairs, "ä".repeat(651), "b".repeat(1_300)))
        .hasMessageContaining("2,602 bytes");
  }

  @Test
  void a_key_has_a_value_for_each_of_its_columns() {
    refused(() -> changes.upsert(FILES, "a", 1), "the key of RowTable(files) has 1 columns, and 2");
    refused(() -> changes.delete(FILES, new Object[] {null}), "is null in column 'path'");
    refused(
        () -> changes.upsert(FILES, 7), "column 'path' of RowTable(files): a column of type text");
  }

  @Test
  void a_column_is_changed_as_it_was_declared() {
    RowChanges.Row row = changes.upsert(FILES, "a");

    refused(
        () -> row.set("changes", 1), "declared for increment(…), and can't be changed by set(…)");
    refused(() -> row.increment("author", 1), "declared for set(…)");
    refused(() -> row.set("nobody", 1), "no column 'nobody' beside its key; there are [author, ");
    refused(() -> row.set("path", "b"), "no column 'path' beside its key");
    refused(() -> row.set("author", 1), "a column of type text takes no java.lang.Integer");
  }

  @Test
  void a_table_that_was_not_given_is_refused() {
    RowTable others = RowTable.named("others").key("k", "text");
    refused(() -> changes.delete(others, "a"), "RowTable(others) is not among the tables");
  }

  private static void refused(ThrowingCallable change, String why) {
    assertThatThrownBy(change)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }
}

package dev.kintsugi.projections.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class RowTableTest {

  private static final RowTable FILES =
      RowTable.named("files").key("path", "text").column("author", "text").counter("changes");

  @Test
  void its_ddl_has_all_that_was_declared_and_counters_begin_at_zero() {
    assertThat(FILES.greatest("last_at", "timestamptz").ddl())
        .isEqualTo(
            """
            CREATE TABLE IF NOT EXISTS "files" (
              "path" text NOT NULL,
              "author" text,
              "changes" bigint NOT NULL DEFAULT 0,
              "last_at" timestamptz,
              PRIMARY KEY ("path")
            ) WITH (fillfactor = 80);
            """);
  }

  @Test
  void a_declaration_changes_no_other() {
    FILES.column("added", "text");
    assertThat(FILES.ddl()).doesNotContain("added");
  }

  @Test
  void a_table_without_a_key_is_refused() {
    assertThatThrownBy(() -> RowTable.named("files").counter("changes").ddl())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("table 'files' has no key(...)");
  }

  @Test
  void what_depends_on_order_or_collation_is_refused() {
    refused(() -> FILES.counter("weight", "double precision"), "sum of double precision");
    refused(() -> FILES.least("first", "text"), "least of text");
    refused(() -> FILES.greatest("last", "uuid"), "greatest of uuid");
    refused(() -> FILES.key("amount", "numeric"), "can't be of type numeric");
  }

  @Test
  void a_column_is_declared_once_and_before_its_index() {
    refused(() -> FILES.column("path", "text"), "table 'files' has a column 'path' already");
    refused(() -> FILES.counter("author"), "table 'files' has a column 'author' already");
    refused(() -> FILES.index("nobody"), "no column 'nobody' to be indexed");
  }

  @Test
  void a_name_that_is_no_plain_identifier_is_refused() {
    refused(() -> RowTable.named("other.files"), "'other.files' is no name for a table");
    refused(() -> FILES.column("a\"b", "text"), "is no name for a column");
  }

  @Test
  void columns_have_a_bound() {
    RowTable wide = RowTable.named("wide").key("k", "text");
    for (int i = 0; i < 63; i++) {
      wide = wide.counter("c" + i);
    }
    RowTable full = wide;
    refused(() -> full.counter("c63"), "has 63 columns beside its key already");
  }

  private static void refused(ThrowingCallable declaration, String why) {
    assertThatThrownBy(declaration)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }
}

package dev.kintsugi.projections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProjectionTest {

  private sealed interface FileEvent {}

  private record Added(String path) implements FileEvent {}

  private record Removed(String path) implements FileEvent {}

  private static final Tables TABLES = Tables.sql("CREATE TABLE files (path TEXT)");

  private static JdbcHandler<EventEnvelope<FileEvent>, JdbcSession> handler() {
    return JdbcHandler.fromFunction(ProjectionTest::ignore);
  }

  private static void ignore(JdbcSession session, EventEnvelope<FileEvent> envelope) {}

  private static Projection.Builder<FileEvent> files() {
    return Projection.named("files").of(FileEvent.class);
  }

  @Test
  void a_definition_needs_a_name_events_tables_and_a_handler_and_has_defaults_for_the_rest() {
    Projection<FileEvent> projection =
        files().tables(TABLES).handler(ProjectionTest::handler).build();

    assertThat(projection.name()).isEqualTo("files");
    assertThat(projection.version()).isEqualTo(1);
    assertThat(projection.tables()).isEqualTo(TABLES);
    assertThat(projection.failurePolicy()).isEqualTo(FailurePolicy.reject());
    assertThat(projection)
        .hasToString("Projection(files, version 1, " + FileEvent.class.getName() + ")");
  }

  @Test
  void it_has_the_version_and_the_policy_that_it_is_given() {
    Projection<FileEvent> projection =
        files()
            .version(7)
            .tables(TABLES)
            .handler(ProjectionTest::handler)
            .onFailure(FailurePolicy.skip())
            .build();

    assertThat(projection.version()).isEqualTo(7);
    assertThat(projection.failurePolicy()).isEqualTo(FailurePolicy.skip());
  }

  @Test
  void it_subscribes_to_all_events_of_its_class_and_to_no_others() {
    Projection<FileEvent> files = files().tables(TABLES).handler(ProjectionTest::handler).build();

    assertThat(files.subscribesTo(new Added("a"))).isTrue();
    assertThat(files.subscribesTo(new Removed("a"))).isTrue();
    assertThat(files.subscribesTo("a")).isFalse();
  }

  @Test
  void each_thread_gets_a_handler_of_its_own() {
    Projection<FileEvent> files = files().tables(TABLES).handler(ProjectionTest::handler).build();

    assertThat(files.newHandler()).isNotSameAs(files.newHandler());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Files",
        "1st",
        "_files",
        "order-summary",
        "order summary",
        "größe",
        "files;drop",
        "files\n",
        "a23456789_123456789_123456789_123456789_123456789"
      })
  void a_name_that_is_no_identifier_is_refused_with_what_it_takes(String name) {
    assertThatThrownBy(() -> Projection.named(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + name + "' is no name for a projection")
        .hasMessageContaining("[a-z][a-z0-9_]{0,47}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "files", "f2_x", "a23456789_123456789_123456789_123456789_12345678"})
  void a_name_of_up_to_48_letters_digits_and_underscores_is_taken(String name) {
    assertThat(
            Projection.named(name)
                .of(FileEvent.class)
                .tables(TABLES)
                .handler(ProjectionTest::handler)
                .build()
                .name())
        .isEqualTo(name);
  }

  @Test
  void a_definition_without_tables_or_handler_is_refused_by_name() {
    assertThatThrownBy(() -> files().handler(ProjectionTest::handler).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("projection 'files' has no tables(...)");
    assertThatThrownBy(() -> files().tables(TABLES).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "projection 'files' has none of handler(...), groupedHandler(...), rows(...) and fold(...)");
  }

  @Test
  void a_version_below_one_is_refused() {
    assertThatThrownBy(() -> files().version(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("projection 'files': version 0 is below 1");
  }

  @Test
  @SuppressWarnings("NullAway") // a supplier that does not keep its contract
  void a_supplier_that_returns_null_is_named() {
    String message = "the handler supplier of projection 'files' returned null";
    assertThatThrownBy(files().tables(TABLES).handler(() -> null).build()::newHandler)
        .hasMessage(message);
    assertThatThrownBy(files().tables(TABLES).groupedHandler(() -> null).build()::newHandler)
        .hasMessage(message);
  }

  @Test
  void tables_come_from_the_class_path_of_the_events() {
    Projection<FileEvent> files =
        files()
            .tables("dev/kintsugi/projections/files.sql")
            .handler(ProjectionTest::handler)
            .build();

    assertThat(files.tables().ddl()).contains("CREATE TABLE files");
    assertThatThrownBy(() -> files().tables("no/such.sql"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no table script 'no/such.sql' on the class path");
  }
}

package dev.kintsugi.projections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.bulk.DeclaredTable;
import dev.kintsugi.projections.internal.definition.Definition;
import dev.kintsugi.projections.internal.definition.TableScript;
import dev.kintsugi.projections.internal.definition.Writing;
import dev.kintsugi.projections.rows.RowTable;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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

  /** As the runtime sees it. */
  private static Definition<FileEvent> definition(Projection.Builder<FileEvent> builder) {
    return SharedSecrets.definitionOf(builder.build());
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

  private static Subscription<FileEvent> subscription(Projection.Builder<FileEvent> builder) {
    return builder.tables(TABLES).handler(ProjectionTest::handler).build().subscription();
  }

  @Test
  void it_subscribes_to_all_events_of_its_class_and_to_no_others() {
    Subscription<FileEvent> all = subscription(files());

    assertThat(all.includes(new Added("a"))).isTrue();
    assertThat(all.includes(new Removed("a"))).isTrue();
    assertThat(all.includes("a")).isFalse();
    assertThat(all.includes("File|a", Set.of())).isTrue();
    assertThat(all.isByTag()).isFalse();
  }

  @Test
  void by_entity_type_it_subscribes_to_streams_that_begin_with_one_and_a_separator() {
    Subscription<FileEvent> some = subscription(files().entityTypes("File", "Dir"));

    assertThat(List.of("File|a", "Dir|a|b", "File|", "Dir||"))
        .allMatch(persistenceId -> some.includes(persistenceId, Set.of()))
        .allMatch(some::includesStream);
    assertThat(List.of("File", "Files|a", "Fil|a", "file|a", "a|File|a", "|File", "", "|"))
        .noneMatch(persistenceId -> some.includes(persistenceId, Set.of()))
        .noneMatch(some::includesStream);
    assertThat(some.isByTag()).isFalse();
  }

  @Test
  void by_tag_it_subscribes_to_events_with_one_of_them_at_least() {
    Subscription<FileEvent> some = subscription(files().tags("red", "green"));

    assertThat(some.includes("a", Set.of("green", "blue"))).isTrue();
    assertThat(some.includes("a", Set.of("blue", "Red"))).isFalse();
    assertThat(some.includes("a", Set.of())).isFalse();
    assertThat(some.isByTag()).isTrue();
  }

  @Test
  void all_that_is_given_must_hold() {
    Subscription<FileEvent> some = subscription(files().tags("red").entityTypes("File"));

    assertThat(some.includes("File|a", Set.of("red"))).isTrue();
    assertThat(some.includes("Dir|a", Set.of("red"))).isFalse();
    assertThat(some.includes("File|a", Set.of("blue"))).isFalse();
    assertThat(some)
        .hasToString(FileEvent.class.getName() + " of entity types [File] with a tag of [red]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "File|", "|", "File|a"})
  void what_can_be_no_entity_type_is_refused_by_name(String entityType) {
    assertThatThrownBy(() -> files().entityTypes("Dir", entityType))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + entityType + "' is no entity type");
  }

  @Test
  void a_blank_tag_is_refused() {
    assertThatThrownBy(() -> files().tags("red", " "))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("' ' is no tag: it is blank");
  }

  @Test
  void to_subscribe_to_no_entity_type_or_no_tag_is_refused() {
    assertThatThrownBy(files()::entityTypes)
        .hasMessage("projection 'files': name at least one entity type to subscribe to");
    assertThatThrownBy(files()::tags)
        .hasMessage("projection 'files': name at least one tag to subscribe to");
  }

  @Test
  void each_thread_gets_a_handler_of_its_own() {
    Definition<FileEvent> files =
        definition(files().tables(TABLES).handler(ProjectionTest::handler));

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
  @ValueSource(strings = {"events", "ui"})
  void a_name_that_is_a_path_of_the_management_routes_is_refused(String name) {
    assertThatThrownBy(() -> Projection.named(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "'%s' is no name for a projection: /projections/%s is another route of Pekko Management",
            name, name);
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
    assertThatThrownBy(definition(files().tables(TABLES).handler(() -> null))::newHandler)
        .hasMessage(message);
    assertThatThrownBy(definition(files().tables(TABLES).groupedHandler(() -> null))::newHandler)
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

  private static final RowTable ROWS = RowTable.named("files").key("path", "text");

  @Test
  void rows_make_their_tables_unless_a_script_does() {
    Projection<FileEvent> byRuntime = files().rows(List.of(ROWS), (envelope, rows) -> {}).build();
    Projection<FileEvent> byScript =
        files().tables(TABLES).rows(List.of(ROWS), (envelope, rows) -> {}).build();

    assertThat(byRuntime.tables().ddl()).isEqualTo(ROWS.ddl());
    assertThat(byScript.tables()).isEqualTo(TABLES);
    assertThat(SharedSecrets.definitionOf(byScript).script().declared())
        .isEqualTo(SharedSecrets.definitionOf(byRuntime).script().declared())
        .extracting(DeclaredTable::name)
        .containsExactly("files");
  }

  @Test
  void a_rebuild_drops_the_indexes_that_are_declared_and_keeps_those_of_a_script() {
    RowTable indexed = ROWS.column("author", "text").index("author");

    assertThat(
            definition(files().rows(List.of(indexed), (envelope, rows) -> {})).script().indexes())
        .containsExactly(
            new TableScript.Index(
                "\"files_author_idx\"",
                "CREATE INDEX IF NOT EXISTS \"files_author_idx\" ON \"files\" (\"author\");\n"));
    assertThat(
            definition(files().tables(TABLES).rows(List.of(indexed), (envelope, rows) -> {}))
                .script()
                .indexes())
        .isEmpty();
  }

  @Test
  void the_same_projection_written_otherwise_is_another_only_to_the_runtime() {
    Projection<FileEvent> files =
        files().version(7).following().rows(List.of(ROWS), (envelope, rows) -> {}).build();

    Projection<FileEvent> inOrder = SharedSecrets.written(files, new Writing(true, List.of()));

    assertThat(inOrder).hasToString(files.toString());
    assertThat(inOrder.tables()).isEqualTo(files.tables());
    assertThat(inOrder.isFollowing()).isTrue();
    assertThat(SharedSecrets.definitionOf(files))
        .matches(Definition::gathers)
        .matches(definition -> !definition.sharesRows());
    assertThat(SharedSecrets.definitionOf(inOrder))
        .matches(definition -> !definition.gathers())
        .matches(Definition::sharesRows);
  }

  @Test
  void of_a_handlers_own_sql_only_constraints_matter() {
    Projection<FileEvent> files =
        files().tables(TABLES).groupedHandler(() -> JdbcHandler.fromFunction((s, e) -> {})).build();

    assertThat(
            SharedSecrets.definitionOf(SharedSecrets.written(files, new Writing(true, List.of()))))
        .matches(Definition::handlesGroups)
        .matches(definition -> !definition.sharesRows());
    assertThat(
            SharedSecrets.definitionOf(
                SharedSecrets.written(files, new Writing(true, List.of("one_each")))))
        .matches(definition -> !definition.handlesGroups());
  }

  @Test
  void a_fold_makes_its_table_and_is_called_as_the_projection() {
    assertThat(
            files()
                .fold(Integer.class, fold -> fold.evolve((n, e) -> Optional.of(1)))
                .build()
                .tables()
                .ddl())
        .startsWith("CREATE TABLE IF NOT EXISTS \"files\"");
    assertThatThrownBy(
            () ->
                files()
                    .tables(TABLES)
                    .fold(Integer.class, fold -> fold.evolve((n, e) -> Optional.of(1)))
                    .build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is a fold, whose table the runtime makes");
  }

  @Test
  void a_projection_is_of_one_kind() {
    assertThatThrownBy(
            () ->
                files()
                    .handler(ProjectionTest::handler)
                    .rows(List.of(ROWS), (envelope, rows) -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("projection 'files' is of one kind, and can't have rows(...) beside the other");
  }
}

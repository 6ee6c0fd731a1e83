package dev.kintsugi.projections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TablesTest {

  private static final String SCRIPT = "dev/kintsugi/projections/files.sql";

  @Test
  void a_script_from_the_class_path_is_known_by_its_resource() {
    Tables tables = Tables.resource(SCRIPT, TablesTest.class.getClassLoader());

    assertThat(tables.source()).isEqualTo(SCRIPT);
    assertThat(tables.ddl()).isEqualTo("CREATE TABLE files (path TEXT PRIMARY KEY); -- Größe\n");
  }

  @Test
  void a_class_without_a_loader_has_the_system_class_path() {
    assertThat(Tables.resource(SCRIPT, null).ddl()).contains("CREATE TABLE files");
  }

  @Test
  void a_script_that_is_not_there_is_refused_by_name() {
    assertThatThrownBy(() -> Tables.resource("missing.sql", TablesTest.class.getClassLoader()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no table script 'missing.sql' on the class path");
    assertThatThrownBy(() -> Tables.resource("missing.sql", null))
        .hasMessageContaining("'missing.sql'");
  }

  @Test
  void an_empty_script_is_refused() {
    assertThatThrownBy(() -> Tables.sql(" \n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the table script (inline SQL) is empty");
    assertThatThrownBy(() -> new Tables("files.sql", ""))
        .hasMessage("the table script files.sql is empty");
  }
}

package dev.kintsugi.runtime.internal.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.testing.TestProjection;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProjectionRegistryTest {

  private final ProjectionRegistry registry = new ProjectionRegistry();
  private final Projection<String> files = new TestProjection("files").version(2).definition();
  private final Projection<String> authors = new TestProjection("authors").definition();

  @Test
  void a_projection_is_found_by_its_name_and_for_writers_in_its_version_only() {
    registry.register(List.of(files, authors));

    assertThat(registry.find("files")).containsSame(files);
    assertThat(registry.find("files", 2)).containsSame(files);
    assertThat(registry.find("files", 1)).isEmpty();
    assertThat(registry.find("files", 3)).isEmpty();
    assertThat(registry.find("nobody")).isEmpty();
    assertThat(registry.all()).hasSize(2);
  }

  @Test
  void of_projections_one_of_which_is_there_already_none_is_added() {
    registry.register(List.of(files));

    assertThatThrownBy(() -> registry.register(List.of(authors, files)))
        .hasMessage("projection 'files' is registered twice");
    assertThat(registry.find("authors")).isEmpty();
  }

  @Test
  void of_projections_one_of_which_is_given_twice_none_is_added() {
    assertThatThrownBy(() -> registry.register(List.of(authors, files, authors)))
        .hasMessage("projection 'authors' is registered twice");
    assertThat(registry.all()).isEmpty();
  }
}

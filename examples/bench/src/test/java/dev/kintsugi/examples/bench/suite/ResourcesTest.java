package dev.kintsugi.examples.bench.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResourcesTest {

  private final List<String> closed = new ArrayList<>();

  private AutoCloseable resource(String name) {
    return () -> closed.add(name);
  }

  @Test
  void the_last_is_closed_first() throws Exception {
    try (Resources resources = new Resources()) {
      resources.add(resource("database"));
      resources.add(resource("actors on it"));
    }

    assertThat(closed).containsExactly("actors on it", "database");
  }

  @Test
  void one_that_can_not_be_closed_does_not_keep_the_others_open() {
    Resources resources = new Resources();
    resources.add(resource("database"));
    resources.add(
        () -> {
          throw new IllegalStateException("no");
        });

    assertThatThrownBy(resources::close).isInstanceOf(IllegalStateException.class);
    assertThat(closed).containsExactly("database");
  }
}

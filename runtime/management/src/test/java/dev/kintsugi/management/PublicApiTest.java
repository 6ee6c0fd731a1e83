package dev.kintsugi.management;

import dev.kintsugi.runtime.testing.PublicApi;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What configurations may name. */
class PublicApiTest {

  @Test
  void management() throws Exception {
    PublicApi.compare(ProjectionRoutes.class, Path.of("api.txt"));
  }
}
